// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <weir/element.h>

struct from_host {
	char *devname;
	struct weir_ip4_prefix dst;
	be32 gateway;
	uint8_t ether[6];
	bool dst_set, gateway_set, ether_set, ignored;
	uint32_t mtu, burst, headroom;
	int fd; // of the tap, from init on; 0: none
};

// Hands a packet to the host on the tap. The packet stays the caller's.
bool from_host_write(const struct from_host *f, struct packet *p);
