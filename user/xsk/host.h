// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The way up: packets that the graph gives to the host's stack, as if an interface had received
// them. They are written to a tap, on whose ingress a program redirects them to the ingress of the
// interface. The tap hangs on its fd, and the program on the tap, so both go when the process does.

#include <weir/err.h>
#include <weir/packet.h>

#include "iface.h"

#include <abi/entry.h>

struct xsk_host {
	int fd; // of the tap; -1: not open
	struct to_host *skel;
	const struct weir_secret *secret; // goes behind each packet; NULL: not needed
};

// secret: if the entry program will see the packets again, what it knows them by.
int xsk_host_open(struct xsk_host *h, const struct xsk_iface *f, const struct weir_secret *secret,
		  struct weir_err *err);
void xsk_host_close(struct xsk_host *h);
bool xsk_host_send(struct xsk_host *h, struct packet *p);
