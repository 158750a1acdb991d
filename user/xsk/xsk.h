// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Opens the interfaces of a router: one AF_XDP socket per RX queue, all on one piece of memory.

#include <abi/front.h>
#include <device.h>
#include <pool.h>
#include <tags.h>
#include <threads.h>

struct weir_xsk;
struct weir_owners;
struct weir_router;

struct weir_xsk_options {
	// Those that the graph needs beside the rings (queues' capacities, batches).
	unsigned buffers;
	unsigned n_workers;		    // 0: 1
	const struct weir_worker_cpu *cpus; // by worker; NULL: not pinned
	// No sockets and no buffers: everything runs in the driver.
	bool no_sockets;
	const struct weir_router *router; // whose traffic classes these are; NULL: no classes
	bool moves; // packets that are steered may be moved from worker to worker
	bool keep;  // the programs outlive this process
	// The file of the link that a past run left on an interface, malloc'd; NULL: none. Its
	// program stays in place until weir_xsk_take_over.
	char *(*kept)(void *arg, const char *ifname);
	void *kept_arg;
};

// How many queues an interface has in use. False: there is no such interface.
bool weir_xsk_queues(const char *ifname, unsigned *n_rx, unsigned *n_tx);
// The NUMA node of an interface; -1: not known.
int weir_xsk_node(const char *ifname);
// What its RSS does, and is asked to do, in words, malloc'd; NULL: it has one queue, or no table.
char *weir_xsk_rss(const struct weir_device *d);

// What it does about VLAN tags. False: it does not say.
bool weir_xsk_tags(const struct weir_device *d, struct weir_tag_offload *o);

// Opens all or nothing: on failure every interface is as before, and err says why. 0 or -errno.
int weir_xsk_open(struct weir_xsk **out, struct weir_device *devices,
		  const struct weir_xsk_options *opt, struct weir_err *err);

// From here on this router's programs run where those of a past run were kept. 0 or -errno; then
// the others go on where it failed.
int weir_xsk_take_over(struct weir_xsk *x, struct weir_err *err);

// What keeps the program of interface i alive and tells of it. False: there is no such interface;
// link -1: it receives nothing. The fds are not the caller's.
struct weir_xsk_program {
	const char *ifname;
	int link, program, counts;
};
bool weir_xsk_program(const struct weir_xsk *x, unsigned i, struct weir_xsk_program *p);
// The map of the first elements behind the interfaces: when it is closed by all and not pinned, it
// empties, and the programs are as if there were no front.
int weir_xsk_first(const struct weir_xsk *x);

// Takes the programs off, closes the sockets, restores what was changed on the interfaces.
void weir_xsk_close(struct weir_xsk *x);

// The buffers, for the workers: a pool for each NUMA node that has interfaces. NULL: no sockets.
struct weir_pool *const *weir_xsk_pools(const struct weir_xsk *x, unsigned *n);

// For weir_owner_note; lives as long as x.
struct weir_owners *weir_xsk_owners(const struct weir_xsk *x);

// One line per interface: mode and queues. Lives as long as x.
const char *weir_xsk_report(const struct weir_xsk *x);

// Looks at what others change on the interfaces while the router runs, and says in err what costs
// packets, once. To be called every WEIR_XSK_TICK_MS by the control thread; queues, which cost a
// lock of the kernel's, are looked at every second.
enum { WEIR_XSK_TICK_MS = 50, WEIR_XSK_QUEUE_TICKS = 1000 / WEIR_XSK_TICK_MS };
void weir_xsk_notice(struct weir_xsk *x, unsigned tick, struct weir_err *err);

// An fd that is readable when an interface becomes able or unable to send what a driver redirects,
// the caller's; -errno: the kernel does not tell.
int weir_xsk_features(void);
// Takes the news from it; false: there was none.
bool weir_xsk_features_heard(int fd);

// The front of the graph, for who loads it. From here on the packets of the interface go into the
// program prog_fd; with -1 they go to the sockets again. The first call for an interface comes
// before the workers run. 0 or -errno.
int weir_xsk_front(struct weir_xsk *x, struct weir_device *d, int prog_fd);
// From here on they go into the compiled path prog_fd instead, where the driver has room for a
// block; with -1 they do not. 0 or -errno.
int weir_xsk_path(struct weir_device *d, int prog_fd);
// What a path behind the interface is compiled for.
void weir_xsk_path_args(const struct weir_device *d, struct weir_path *path);
// A map as an opened object declares it, but of n values, and with the type of that name for them,
// so that other tools show them in words. Its fd, the caller's, or -errno.
struct bpf_object;
struct bpf_map;
int weir_xsk_map(const struct bpf_object *o, const struct bpf_map *map, uint32_t n,
		 const char *value);
// The map of the sockets of all interfaces, and that of how to choose among them (abi/steer.h).
// They are not the caller's.
int weir_xsk_sockets(const struct weir_xsk *x);
int weir_xsk_steering(const struct weir_xsk *x);
// Has a queue of any interface several sockets that receive?
bool weir_xsk_sorts(const struct weir_xsk *x);
// Before a program is loaded that gives packets to them. 0 or -errno.
int weir_xsk_share(const struct weir_xsk *x, struct bpf_object *o);
// Packets that came from the front and that no worker took yet. While the workers stand still; zero
// for an interface that is not open.
unsigned weir_xsk_waiting(const struct weir_device *d);

bool weir_xsk_is_zero_copy(const struct weir_device *d);
// The map of what the interface's program counted (struct weir_entry_count, by queue). It is not
// the caller's.
int weir_xsk_entry_counts(const struct weir_device *d);

// What became of packets that drivers redirected to an interface, weir's or others', as far as its
// own driver counts that.
struct weir_xsk_taken {
	bool counts_taken;
	uint64_t taken, refused;
};
struct weir_xsk_taken weir_xsk_taken(const struct weir_device *d);

// What happened to packets on a queue before and after the graph, by name. `lost` tells those that
// count packets which reached the interface's program and no element, or which left an element and
// did not get onto the wire.
struct weir_xsk_count {
	const char *name;
	uint64_t value;
	const char *class;  // of the packets; NULL: all, or there is only one class
	bool lost, sending; // sending: behind the graph
};
enum { WEIR_XSK_CLASSES = 8, WEIR_XSK_COUNTS = 21 + 2 * WEIR_XSK_CLASSES };
// "CLASS.NAME", or "NAME".
void weir_xsk_count_name(const struct weir_xsk_count *c, char *buf, size_t size);
// The number written to v.
unsigned weir_xsk_counts(const struct weir_xsk *x, const struct weir_device *d, unsigned queue,
			 struct weir_xsk_count v[WEIR_XSK_COUNTS]);
