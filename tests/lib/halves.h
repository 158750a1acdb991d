// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// One configuration twice: in userspace alone, and with its front in the driver, as the composer
// loads and joins it. Packets come in by its FromDevice `fd` on the interface `nowhere0`, which
// there is not: the driver's programs run by BPF_PROG_RUN, and what they hand over goes on in the
// second router. Needs root.

#include <device.h>
#include <engine.h>
#include <front.h>
#include <open.h>

// A router and the queue of its device, which gives the packet that is put there.
struct halves_one {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_device *device;
	struct halves_queue {
		struct weir_queue base;
		struct weir_queue *list[1];
		struct weir_device_worker worker;
		struct packet *p;
	} queue;
};

struct halves {
	struct halves_one alone, both;
	struct weir_plan plan;
	struct weir_front *front;
	bool compiled;		// the path behind FromDevice is one program
	int first_fd, entry_fd; // programs: behind FromDevice, and of the interface

	// instead of an interface and its socket
	struct weir_xsk xsk;
	struct xsk_device device;
	struct xsk_queue queue;
	struct xsk_rx rx;
	uint32_t nothing; // waits in its ring
	int socket_fd;

	struct weir_count marked; // packets that did not come by the entry program
};

// 0, or -errno after saying why on stderr. compile: if it can be, which `compiled` tells.
int halves_open(struct halves *h, const char *text, bool compile);
void halves_close(struct halves *h);

// A copy of p into the router in userspace alone, and into the one of two halves. marked: it comes
// with the marks and annotations of p to what is behind FromDevice; else as received. 0 or -errno.
int halves_to_alone(struct halves *h, const struct packet *p, bool marked);
int halves_to_both(struct halves *h, const struct packet *p, bool marked);

// Is the element's program in the driver?
bool halves_in_driver(const struct halves *h, const struct weir_element *e);
