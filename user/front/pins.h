// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What of a router stays in the kernel without its process, by name, below /sys/fs/bpf/weir/NAME:
//
//	interfaces/IF/link, entry, counts	the program of an interface and what holds it there
//	ELEMENT/program, counts, state, ...	each element and its tables
//	ELEMENT/kept/NAME			memory of an element that goes to the next process
//	sockets, beat				what packets to userspace need
//	front					the first elements: written last, and taken first
//
// Without `front` the programs leave all packets to the host, so each step is whole or nothing,
// wherever the process is killed. All is written to ~NAME beside it, which then takes its place.

#include <front.h>

struct weir_pins;

// Takes the name: no other process has it until it is closed. What killed processes left half done
// is finished or taken away. Unless `must`, *out is NULL where nothing is kept under the name or
// there is no bpffs. 0 or -errno.
int weir_pins_open(struct weir_pins **out, const char *name, bool must, struct weir_err *err);
void weir_pins_close(struct weir_pins *p);

// Is what is kept on interfaces of this network namespace? 0 or -errno.
int weir_pins_here(const struct weir_pins *p, struct weir_err *err);
// Is something kept under the name?
bool weir_pins_has(const struct weir_pins *p);
// The file of the link that is kept on an interface (malloc'd), or NULL: for weir_xsk_options.
char *weir_pins_link(void *pins, const char *ifname);

// Before the router's elements are initialised: what they ask for by weir_persist_open is what is
// kept under the name, or (keep) new memory that is to be.
void weir_pins_memory(struct weir_pins *p, struct weir_router *r, bool keep);

// From here on the router stays when its process ends; it takes the place of what was kept.
// folders: of elements beside weir's own; ended by NULL; NULL: none. It calls weir_front_begin.
int weir_pins_keep(struct weir_pins *p, struct weir_front *f, struct weir_xsk *x,
		   const char *const *folders, struct weir_err *err);
// Takes away what is kept. Programs that were taken over stay with their process.
void weir_pins_drop(struct weir_pins *p);

// The same, for those who do not take the name.
bool weir_pins_known(const char *name);
// What is kept, for people: names, and of one name its interfaces and what it counted.
void weir_pins_each(void (*fn)(void *arg, const char *name), void *arg);
struct weir_pins_sum {
	char interfaces[256];
	unsigned elements;
	uint64_t packets;
};
int weir_pins_look(const char *name, struct weir_pins_sum *sum);

// A router whose process is gone, as it was written down when it was kept.
struct weir_kept;
// *out is to be closed in any case. 0 or -errno.
int weir_kept_open(struct weir_kept **out, const char *name, struct weir_err *err);
void weir_kept_close(struct weir_kept *k); // NULL is permitted
const char *weir_kept_config(const struct weir_kept *k);
const char *const *weir_kept_folders(const struct weir_kept *k); // NULL: none
// What its programs counted and the state they have, of a router built from that configuration; the
// plan gets what is where. *out and k are closed together. 0 or -errno.
int weir_kept_half(struct weir_front **out, struct weir_plan *plan, struct weir_router *r,
		   struct weir_kept *k);
