// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// IPv4 addresses in IPv6 addresses (RFC 6052).

#include <weir/args.h>

struct embed_prefix {
	be64 addr[2]; // all but the prefix is zero
	uint8_t len;  // 32, 40, 48, 56, 64 or 96
	bool known;   // the well-known one, behind which there are only global addresses
};

// Takes what the argument says. -EINVAL and a message if nothing can be embedded behind it.
int embed_configure(struct embed_prefix *e, const struct weir_ip6_prefix *from,
		    struct weir_args *a);
// The IPv6 address that stands for v4.
void embed_put(const struct embed_prefix *e, be32 v4, be64 v6[2]);
// The IPv4 address in there; false if the prefix is another one.
bool embed_get(const struct embed_prefix *e, const be64 v6[2], be32 *v4);
// May the address be translated at all? Neither those that mean no host (RFC 1812 5.3.7) nor, with
// the well-known prefix, those that are not global (RFC 6052 3.1).
bool embed_allows(const struct embed_prefix *e, be32 v4);
