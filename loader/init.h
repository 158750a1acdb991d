// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// `weir init`: a router for what the kernel routes, for the interfaces at hand.

#include <weir/handler.h>

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

// An interface that the router is to have: an Ethernet device, or a VLAN on one of those.
struct init_iface {
	char name[IFNAMSIZ];
	char vrf[IFNAMSIZ]; // that it is in; empty: none
	unsigned mtu;
	bool link_local;       // it has such an IPv6 address, which redirects come from
	int port;	       // of a VLAN: the number of the interface below; -1: it is none
	uint16_t vlan, tagged; // its number, and the type that announces its tag
};

// Those on the wire come before VLANs.
struct init_router {
	struct init_iface *v;
	unsigned n;
};

// The configuration.
void init_text(const struct init_router *r, struct weir_buf *out);
