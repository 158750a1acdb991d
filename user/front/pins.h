// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What of a router stays in the kernel without its process, by name, below /sys/fs/bpf/weir/NAME:
//
//	interfaces/IF/link, entry, counts	the program of an interface and what holds it there
//	ELEMENT/program, counts, state, ...	each element and its tables
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

// From here on the router stays when its process ends; it takes the place of what was kept.
int weir_pins_keep(struct weir_pins *p, struct weir_front *f, struct weir_xsk *x,
		   struct weir_err *err);
// Takes away what is kept. Programs that were taken over stay with their process.
void weir_pins_drop(struct weir_pins *p);

// What is kept, for people: names, and of one name its interfaces and what it counted.
void weir_pins_each(void (*fn)(void *arg, const char *name), void *arg);
// Calls fn for each element of a name, with the packets that came to it. 0 or -errno.
int weir_pins_tally(const char *name,
		    void (*fn)(void *arg, const char *element, const char *class_name,
			       uint64_t packets),
		    void *arg);
struct weir_pins_sum {
	char interfaces[256];
	unsigned elements;
	uint64_t packets;
};
int weir_pins_look(const char *name, struct weir_pins_sum *sum);
