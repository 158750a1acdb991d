// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Mappings that are configured: of a whole address, or of a port. They need no session to live, and
// let in whoever comes. Few, against those that packets make.
// writer: configure and handlers, while all workers stand; readers: workers.

#include <abi/hdr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORWARD_ALL = 0xff /* protocols and ports */, FORWARD_MOST = 1 << 20 };

struct forward {
	be32 inside, external;
	uint16_t port, external_port; // both 0 with FORWARD_ALL
	uint8_t proto;		      // enum mapping_proto, or FORWARD_ALL
};

struct forwards {
	struct forward *v;
	uint32_t *place[2]; // number + 1, by the inside end and by the external one
	uint32_t n, mask;   // places: more than twice n
};

// -EEXIST: one of its ends is mapped already; -E2BIG or -ENOMEM.
int forward_add(struct forwards *t, const struct forward *f);
// -ENOENT: there is none such, with both ends.
int forward_remove(struct forwards *t, const struct forward *f);
void forwards_close(struct forwards *t);
// That of the port, else that of the address; NULL: none. proto FORWARD_ALL: of the address only.
const struct forward *forward_find_slow(const struct forwards *t, bool external, be32 address,
					uint8_t proto, uint16_t port);

static inline const struct forward *forward_find(const struct forwards *t, bool external,
						 be32 address, uint8_t proto, uint16_t port)
{
	return t->n ? forward_find_slow(t, external, address, proto, port) : NULL;
}
