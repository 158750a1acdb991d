// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The XDP program on an interface. It hangs on a BPF link, whose only owner is this process unless
// somebody pins it: when the process ends, however it ends, the program is gone.

#include <weir/err.h>

#include "steer.h"

#include <abi/entry.h>
#include <stdbool.h>
#include <stdint.h>

// What the program of an interface is told.
struct xsk_program_args {
	const char *ifname;
	unsigned ifindex, n_queues;
	uint8_t mac[6];
	bool generic;
	int sockets_fd;		       // map of the sockets of all interfaces of the router
	unsigned first_socket;	       // of this interface's queues in it
	const struct xsk_steer *steer; // how all interfaces choose among them
	int front_fd;		       // map of the first elements behind all interfaces, and paths
	unsigned number;	       // of this interface in both
	const char *kept;	       // file of the link that a past run left there; NULL: none
};

struct xsk_program {
	struct entry *skel;
	int link_fd;
	unsigned n_queues, first_socket;
	int sockets_fd; // not owned
	int front_fd;	// not owned
	unsigned number;
	bool waits; // the link runs the program of a past run, until it is taken over
	struct weir_secret secret; // generic mode: behind what is sent up to the host
};

// Is a program on the interface that is not one of weir's? Then a message names it. 0 or -errno.
int xsk_program_check(const char *ifname, unsigned ifindex, struct weir_err *err);

// Loads the program and attaches it in the mode asked for, native or generic.
int xsk_program_open(struct xsk_program *p, const struct xsk_program_args *a, struct weir_err *err);
void xsk_program_close(struct xsk_program *p);

// Puts the program in the place of a past run's, so that no packet finds none. 0 or -errno.
int xsk_program_take_over(struct xsk_program *p);

// From here on, packets for place i of the interface's in the map of sockets go to that socket.
int xsk_program_serve(struct xsk_program *p, unsigned i, int fd);

// From here on, packets go into the front of the graph, which begins with the program fd; with -1
// they go to the sockets again. 0 or -errno.
int xsk_program_front(struct xsk_program *p, int fd);

// From here on, they go into the compiled path fd instead; with -1 they do not. 0 or -errno.
int xsk_program_path(struct xsk_program *p, int fd);

// What the program counted on a queue, over all CPUs.
int xsk_program_count(const struct xsk_program *p, unsigned queue, struct weir_entry_count *sum);
