// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Network interfaces as elements see them: queues that give and take packets. What is behind a
// queue (an AF_XDP socket, a test) is known to the one who opened it.

#include <weir/err.h>
#include <weir/packet.h>

struct weir_element;
struct weir_node;

enum weir_device_mode {
	WEIR_MODE_AUTO,	    // the best native mode: zero copy, else copy; never generic
	WEIR_MODE_ZEROCOPY, // demanded: anything else is an error
	WEIR_MODE_COPY,	    // native XDP, copying sockets
	WEIR_MODE_GENERIC,  // generic (SKB) XDP, copying sockets
};

// How the interface deals packets out to its queues.
enum weir_device_rss {
	WEIR_RSS_KEEP,	// as it is
	WEIR_RSS_EQUAL, // evenly over all queues, and by the ports of UDP too
};

// What is on one worker, of the packets that an interface receives.
enum weir_device_steer {
	WEIR_STEER_AUTO, // what elements behind it ask for, else flows where queues do not suffice
	WEIR_STEER_NONE, // what the interface puts into one queue
	WEIR_STEER_FLOW, // these are in the order of enum weir_key
	WEIR_STEER_HOSTS,
	WEIR_STEER_SOURCE,
	WEIR_STEER_DESTINATION,
};

// What elements ask of an interface. Claims on the same interface are merged; contradictions are
// errors that name both elements.
struct weir_device_options {
	enum weir_device_mode mode;
	unsigned n_queues;  // 0: all that the interface has
	unsigned ring_size; // descriptors per ring, a power of two; 0: default
	enum weir_device_rss rss;
	enum weir_device_steer steer;
	bool busy_poll;	      // SO_PREFER_BUSY_POLL instead of need_wakeup
	unsigned busy_budget; // packets that a poll takes at most; 0: default
	unsigned busy_usecs;  // without a poll, until interrupts come back; 0: default
	bool promisc;
	bool promisc_set, busy_poll_set; // the option was given
};

enum weir_device_role {
	WEIR_DEVICE_RX = 1,   // FromDevice
	WEIR_DEVICE_TX = 2,   // ToDevice
	WEIR_DEVICE_HOST = 4, // ToHost: packets go up the host's stack as if received there
};

struct weir_device;

// Called from an element's configure: says that the router needs this interface. Nothing is opened
// yet. owner of the result: the router. NULL if the claim contradicts an earlier one (in err).
struct weir_device *weir_device_claim(struct weir_element *e, const char *ifname, unsigned roles,
				      const struct weir_device_options *opt, struct weir_err *err);

// A place where packets of an opened device are taken, or left. owner: one worker, alone.
struct weir_queue {
	const struct weir_queue_ops *ops;
	struct weir_device *device;
	unsigned index;	  // of the device's queue
	unsigned class;	  // of the packets; 0: the rest, behind all others
	unsigned reserve; // of sending: places to be kept for packets of a class with priority
	int fd;		  // readable when packets wait; -1: it has to be asked
	struct weir_node *node; // who uses it; set by its init_node
};

// What is for receiving or for sending only is NULL where the other is done.
struct weir_queue_ops {
	// Received packets, at most max, ready for the graph (offset, length, link header, type,
	// device set; the first bytes prefetched). The caller owns them.
	unsigned (*rx)(struct weir_queue *q, struct packet **v, unsigned max);
	// Hands packets over for sending. Returns how many were taken, from the front; those belong
	// to the queue until sent, then to their pool. The rest stays with the caller. Nothing
	// need be on the wire before flush.
	unsigned (*tx)(struct weir_queue *q, struct packet *const *v, unsigned n);
	// Free descriptors of the TX ring, after reclaiming what was sent.
	unsigned (*tx_room)(struct weir_queue *q);
	// Tells the kernel about what tx took, where it has to be told, and takes back what was
	// sent. Called once per round by the worker for every queue that sent something. False: the
	// kernel did not take all yet, call again in a while.
	bool (*flush)(struct weir_queue *q);
	// Takes over what workers without a queue of their own left to be sent here, as far as
	// there is room. The number of packets. NULL: there are none.
	unsigned (*relay)(struct weir_queue *q);
	// For weir_watch_inbox, with the queue: do other workers wait for the next rx, or relay?
	// NULL: they never do.
	bool (*has_post)(const void *q);
};

// After opening: the i-th place where this worker takes packets of the device, classes with
// priority first; NULL: no more.
struct weir_queue *weir_device_rx(const struct weir_device *d, unsigned worker, unsigned i);
// Where this worker leaves packets to be sent; NULL: it does not send.
struct weir_queue *weir_device_tx(const struct weir_device *d, unsigned worker);
unsigned weir_device_n_queues(const struct weir_device *d); // of the device itself
const char *weir_device_name(const struct weir_device *d);
const uint8_t *weir_device_mac(const struct weir_device *d); // 6 bytes; valid after opening
unsigned weir_device_mtu(const struct weir_device *d);
bool weir_device_has_link(const struct weir_device *d); // as last looked at
// Can the interface of that number send what a program in another driver redirects to it? As the
// kernel says; false if it does not.
bool weir_takes_redirects(unsigned ifindex);

// Packets that the interface received for the router and that got lost before it.
uint64_t weir_device_lost(const struct weir_device *d);

// For elements that send packets up on whatever interface they came from. To be called from init:
// gives every interface that receives the role WEIR_DEVICE_HOST.
void weir_device_host_all(struct weir_element *e);
// The interface of that number (packet.device), or NULL.
struct weir_device *weir_device_find(const struct weir_element *e, unsigned index);

// Hands a packet, from its link header on, to the host's stack on the device, as if it had just
// arrived there. The packet stays the caller's. False: the host did not take it.
bool weir_device_to_host(struct weir_device *d, struct packet *p);
