// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A pinned XDP program of somebody else, as XDPProgram and ToXDPProgram run it.

#include <weir/element.h>

struct xdp_pin {
	char *path;
	int fd; // 0: not open
	uint32_t id;
	char name[16];
};

#define XDP_PIN_ARG(id)                                                                            \
	WEIR_ARG(FILE, id, pin.path, "PINNED", "where the program is pinned, as /sys/fs/bpf/NAME", \
		 .flags = WEIR_MANDATORY)

// For init: the program, or a message that says what else is there. 0 or -errno.
int xdp_pin_open(const struct weir_element *e, struct xdp_pin *pin, struct weir_err *err);
void xdp_pin_close(struct xdp_pin *pin);
// Can a program of weir's jump to it? The kernel lets only programs of one kind into an array.
bool xdp_pin_takes_jumps(const struct xdp_pin *pin);
// The program's number and name.
void xdp_pin_print(const struct xdp_pin *pin, struct weir_buf *out);
