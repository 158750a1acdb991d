// SPDX-License-Identifier: BSD-2-Clause
// IPv4 addresses in IPv6 addresses (RFC 6052).
#include <criterion/criterion.h>
#include <nat/embed.h>

// The examples of its section 2.4.
Test(embed, examples)
{
	static const struct {
		uint8_t len, addr[16], want[16];
	} rows[] = {
		{32, {0x20, 1, 0xd, 0xb8}, {0x20, 1, 0xd, 0xb8, 192, 0, 2, 33}},
		{40, {0x20, 1, 0xd, 0xb8, 1}, {0x20, 1, 0xd, 0xb8, 1, 192, 0, 2, 0, 33}},
		{48,
		 {0x20, 1, 0xd, 0xb8, 1, 0x22},
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 192, 0, 0, 2, 33}},
		{56,
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 3},
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 3, 192, 0, 0, 2, 33}},
		{64,
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 3, 0x44},
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 3, 0x44, 0, 192, 0, 2, 33}},
		{96,
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 3, 0x44},
		 {0x20, 1, 0xd, 0xb8, 1, 0x22, 3, 0x44, 0, 0, 0, 0, 192, 0, 2, 33}},
	};
	const be32 addr = wr32(0xc0000221);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct embed_prefix e = {.len = rows[i].len};
		be64 v6[2];
		be32 back = {0};

		memcpy(e.addr, rows[i].addr, sizeof(e.addr));
		embed_put(&e, addr, v6);
		cr_expect_arr_eq((const uint8_t *)v6, rows[i].want, 16, "/%u", rows[i].len);
		cr_expect(embed_get(&e, v6, &back) && back.be == addr.be, "/%u", rows[i].len);
		((uint8_t *)v6)[rows[i].len / 8 - 1] ^= 1;
		cr_expect(!embed_get(&e, v6, &back), "/%u", rows[i].len);
	}
}

Test(embed, allowed)
{
	static const struct {
		uint32_t addr;
		bool known, other;
	} rows[] = {
		{0x08080808, true, true},   {0x00000000, false, false}, {0x7f000001, false, false},
		{0xe0000001, false, false}, {0xffffffff, false, false}, {0x0a000001, false, true},
		{0x64400001, false, true},  {0x64800001, true, true},	{0xac100001, false, true},
		{0xac200001, true, true},   {0xc0a80001, false, true},	{0xc0000201, false, true},
		{0xc0000301, true, true},   {0xa9fe0001, false, true},	{0xc6130001, false, true},
		{0xc6140001, true, true},   {0xcb007101, false, true},
	};
	const struct embed_prefix known = {.len = 96, .known = true}, other = {.len = 96};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(embed_allows(&known, wr32(rows[i].addr)), rows[i].known, "%08x",
			     rows[i].addr);
		cr_expect_eq(embed_allows(&other, wr32(rows[i].addr)), rows[i].other, "%08x",
			     rows[i].addr);
	}
}
