// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// AF_XDP sockets and UMEMs, as the kernel has them.
//
// All sockets of one UMEM are bound alike: its first bind decides between zero copy and copy, and
// later ones cannot ask for anything else. So a router has up to two UMEMs, one per kind, over the
// same memory: a packet still goes from any socket to any other by its address.
//
// The first socket of a queue brings its fill and completion ring; others join it there and have
// none.

#include <pool.h>
#include <ring.h>

struct xsk_umem {
	const struct weir_pool *pool;
	int fd;	 // of a bound socket that has it, for sharing; -1: nothing bound yet
	bool zc; // this is the one for zero copy
};

// The rings are where their owners have them; NULL: there is none.
struct xsk_socket {
	int fd; // 0 or -1: not open
	struct xsk_ring *rx, *tx, *fill, *comp;
};

// Sizes; 0: none. A socket without a fill ring joins that of its queue.
struct xsk_socket_want {
	unsigned rx, tx, fill, comp;
};

// Makes the socket, whose rings' places are set, and maps those that are wanted; registers the UMEM
// if no bound socket has it yet. On failure *step says what failed, for the message.
int xsk_socket_open(struct xsk_socket *s, const struct xsk_umem *umem,
		    const struct xsk_socket_want *want, const char **step);
// Binds it; EBUSY is tried again for up to two seconds, because the kernel takes sockets and
// programs of the past down in its own time.
int xsk_socket_bind(struct xsk_socket *s, struct xsk_umem *umem, unsigned ifindex, unsigned queue);
// Binds it to the queue of another bound socket, whose fill and completion ring it shares.
int xsk_socket_join(struct xsk_socket *s, const struct xsk_socket *first, unsigned ifindex,
		    unsigned queue);
// The kernel polls the driver when it is asked to, for up to `budget` packets (0: XSK_BUSY_BUDGET),
// instead of by interrupts. All sockets of a queue have to ask for it.
enum { XSK_BUSY_BUDGET = 64 };
int xsk_socket_busy_poll(const struct xsk_socket *s, unsigned budget);
void xsk_socket_close(struct xsk_socket *s);

// Is it bound with zero copy? 1, 0 or -errno.
int xsk_socket_is_zc(const struct xsk_socket *s);
