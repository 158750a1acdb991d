// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <rx.h>
#include <socket.h>
#include <tx.h>

// One queue of an interface. What is in it has different owners, each one worker, so it lies apart.
//
// Its first socket has the fill ring and the completion ring, the TX ring if the queue is sent on,
// and the RX ring of the fill ring's owner for packets of class 0. Each other RX ring is that of a
// socket which joins the first.
struct xsk_queue {
	_Alignas(XSK_LINES) struct xsk_fill fill;
	_Alignas(XSK_LINES) struct xsk_tx tx;
	struct xsk_socket sock; // the first
	// One for each column, and in it for each class: the order of the map of sockets. NULL: the
	// queue does not receive.
	struct xsk_rx *rx;
	struct xsk_socket *joined; // the same order; fd -1: the first socket
	unsigned n_rx;
};
