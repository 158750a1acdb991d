// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The kernel as control plane: its links, addresses, neighbours, routes, next-hop objects, rules
// and VRFs, followed over rtnetlink (RFC 3549, rtnetlink(7)) and turned into tables that workers
// and programs in the driver read. Whoever writes the kernel's routes (ip, FRR, BIRD) need not know
// of weir.

#include <weir/err.h>
#include <weir/fib.h>
#include <weir/ip6.h>

#include <abi/hop.h>

struct weir_args;
struct weir_buf;
struct weir_element;
struct weir_fib6;
struct weir_kernel;
struct weir_router;

enum { WEIR_KERNEL_DEVICES = 256 };

struct weir_kernel_options {
	const char *const *devices; // names, each once; their order numbers the hops' ports
	unsigned n_devices;
	uint32_t most_routes4, most_routes6; // more are refused; 0: default
	size_t rcvbuf;			     // bytes of the netlink socket's buffer; 0: default
};

// For configure: nothing on the system is opened. NULL: in err. The options are copied.
struct weir_kernel *weir_kernel_new(const struct weir_kernel_options *o, struct weir_err *err);
// For init: opens sockets in the network namespace of the caller, reads everything, and follows
// from then on in a thread of its own. The tables are complete when it returns. 0 or -errno.
int weir_kernel_start(struct weir_kernel *k, struct weir_router *r, struct weir_err *err);
// What views hold stays as it is until it is called again with false: for the driver half, while it
// takes their memory over.
void weir_kernel_hold(struct weir_kernel *k, bool on);
// For fini_node: from then on nobody is told anything, and nothing changes.
void weir_kernel_stop(struct weir_kernel *k);
void weir_kernel_free(struct weir_kernel *k); // NULL is fine
// Memory that workers read moves at a safe point, to which the follower leaves the way to a worker:
// whoever started it with a router calls weir_watch_fd(n, weir_kernel_move_fd(k), fn) in init_node
// of its home, and fn calls weir_kernel_move(k). Without a router memory moves at once.
int weir_kernel_move_fd(const struct weir_kernel *k);
void weir_kernel_move(struct weir_kernel *k);

// The follower that an element is (KernelRoutes), for the configure of those that name it. NULL:
// it is none, which is said; or it could not be configured, which was.
struct weir_kernel *weir_kernel_of(struct weir_args *a, const struct weir_element *e);

// What packets that came in by an interface see: its tables, as rules and VRFs say, in one table a
// family, whose values number the hops. Views that are equal share their memory.
// owner: the weir_kernel; the pointer stays as it is, what it holds moves at safe points only.
struct weir_view {
	struct weir_fib4 *fib4;
	struct weir_fib6 *fib6;
	const struct weir_hop *hops; // in whole pages, as all of these
	const uint32_t *buckets;
	uint32_t n_hops, n_buckets; // for which there is memory
	// What this will be from the next safe point on, for the driver half. writer: the follower,
	// while nobody holds it (weir_kernel_hold)
	const struct weir_view *soon;
};
// iif: name of the interface; NULL: none. NULL without memory. From configure on; empty tables
// until the start.
const struct weir_view *weir_kernel_view(struct weir_kernel *k, const char *iif);
// fn is called at a safe point after memory of a view moved, or there is more of it; before that
// `ahead` by the follower's thread, for what takes long: nothing of the view changes in between. To
// be asked for before the start.
int weir_kernel_on_move(struct weir_kernel *k, void (*ahead)(void *arg), void (*fn)(void *arg),
			void *arg);

// The address from which an ICMP error to dst is sent that goes by the routes of a view: the
// preferred source of the route, else the primary address of the interface that it leaves by.
// False: there is none. Any thread.
bool weir_kernel_source4(const struct weir_kernel *k, const struct weir_view *v, be32 dst,
			 be32 *src);
bool weir_kernel_source6(const struct weir_kernel *k, const struct weir_view *v,
			 struct weir_ip6 dst, struct weir_ip6 *src);

enum weir_neighbor_state {
	WEIR_NEIGHBOR_KNOWN,
	WEIR_NEIGHBOR_FAILED, // does not answer
	WEIR_NEIGHBOR_GONE,   // the kernel has forgotten it
};

struct weir_neighbor_news {
	uint8_t family;	  // AF_INET, AF_INET6; an IPv6 neighbour that is a next hop of IPv4 packets
			  // comes once more, as AF_INET under its name (struct weir_hop)
	uint8_t addr[16]; // network byte order; IPv4: the first four
	uint8_t mac[6];
	enum weir_neighbor_state state;
};

// fn is called on the follower's thread for each change of a neighbour of that device, and at first
// for all that are known. 0 or -ENOMEM.
int weir_kernel_watch_neighbors(struct weir_kernel *k, const char *device,
				void (*fn)(void *arg, const struct weir_neighbor_news *news),
				void *arg);
// Asks the kernel to find a neighbour out, or whether it is still there. addr as in the news, names
// included. Never waits; may be asked too often. Any thread.
void weir_kernel_resolve(struct weir_kernel *k, const char *device, uint8_t family,
			 const void *addr);

// What it knows and how it fares, for handlers: "routes", "nexthops", "rules", "links",
// "addresses", "neighbors", "state"; with json, as JSON. -ENOENT: there is no such text; -EBUSY:
// the follower is taking in too much to be looked at right now ("state" can always be).
int weir_kernel_text(struct weir_kernel *k, const char *what, bool json, struct weir_buf *out);
