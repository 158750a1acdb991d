// SPDX-License-Identifier: BSD-2-Clause
#include "embed.h"

#include <errno.h>

enum { U_OCTET = 8, WORD = 4 }; // bits 64 to 71 are zero, whatever the length (RFC 6052 2.2)

// 64:ff9b::/96
static const struct weir_ip6 well_known = {0x0064ff9b00000000, 0};

struct block {
	uint32_t addr;
	uint8_t len;
};
static const struct block no_host[] = {
	{0x00000000, 8}, {0x7f000000, 8}, {0xe0000000, 4}, {0xf0000000, 4}};
// RFC 1918 and RFC 5735 3; RFC 6598, which came after it
static const struct block not_global[] = {
	{0x0a000000, 8},  {0x64400000, 10}, {0xa9fe0000, 16}, {0xac100000, 12},
	{0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
	{0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24},
};

int embed_configure(struct embed_prefix *e, const struct weir_ip6_prefix *from, struct weir_args *a)
{
	const struct weir_ip6 mask = weir_ip6_mask(from->len);
	const struct weir_ip6 addr = {from->addr.hi & mask.hi, from->addr.lo & mask.lo};

	if (from->len != 96 && (from->len < 32 || from->len > 64 || from->len % 8))
		return weir_args_error(a, -1,
				       "PREFIX has a length of 32, 40, 48, 56, 64 or 96 "
				       "(RFC 6052 2.2)");
	if (!weir_ip6_equal(addr, from->addr))
		return weir_args_error(a, -1, "PREFIX has bits behind its length");
	if (addr.lo >> 56)
		return weir_args_error(a, -1,
				       "bits 64 to 71 of PREFIX are not zero (RFC 6052 2.2)");
	weir_ip6_write(e->addr, addr);
	e->len = (uint8_t)from->len;
	e->known = from->len == 96 && weir_ip6_equal(addr, well_known);
	return 0;
}

void embed_put(const struct embed_prefix *e, be32 v4, be64 v6[2])
{
	const uint8_t *from = (const uint8_t *)&v4;
	uint8_t *to = (uint8_t *)v6;

	memcpy(v6, e->addr, sizeof(e->addr));
	if (WEIR_LIKELY(e->len == 96)) {
		memcpy(to + 12, from, WORD);
		return;
	}
	for (unsigned i = 0, at = e->len / 8; i < WORD; i++, at++) {
		at += at == U_OCTET;
		to[at] = from[i];
	}
}

bool embed_get(const struct embed_prefix *e, const be64 v6[2], be32 *v4)
{
	const uint8_t *from = (const uint8_t *)v6;
	uint8_t *to = (uint8_t *)v4;

	if (memcmp(v6, e->addr, e->len / 8) != 0)
		return false;
	for (unsigned i = 0, at = e->len / 8; i < WORD; i++, at++) {
		at += at == U_OCTET;
		to[i] = from[at];
	}
	return true;
}

static bool is_in(const struct block *b, size_t n, uint32_t addr)
{
	for (size_t i = 0; i < n; i++)
		if (!((addr ^ b[i].addr) >> (32 - b[i].len)))
			return true;
	return false;
}

bool embed_allows(const struct embed_prefix *e, be32 v4)
{
	const uint32_t addr = rd32(v4);

	return !is_in(no_host, sizeof(no_host) / sizeof(*no_host), addr) &&
	       !(e->known && is_in(not_global, sizeof(not_global) / sizeof(*not_global), addr));
}
