// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The way up: packets that the graph gives to the host's stack, as if an interface had received
// them. They are written to a tap, on whose ingress a program redirects them to the ingress of the
// interface. The tap hangs on its fd, and the program on the tap, so both go when the process does.

#include <weir/err.h>
#include <weir/packet.h>

#include "iface.h"

struct xsk_host {
	int fd; // of the tap; -1: not open
	struct to_host *skel;
	const uint8_t *secret; // written behind each packet, if the entry program has to know them
	unsigned secret_len;
};

int xsk_host_open(struct xsk_host *h, const struct xsk_iface *f, struct weir_err *err);
void xsk_host_close(struct xsk_host *h);
bool xsk_host_send(struct xsk_host *h, struct packet *p);
