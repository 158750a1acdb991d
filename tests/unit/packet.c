// SPDX-License-Identifier: BSD-2-Clause
#include <weir/packet.h>

#include <criterion/criterion.h>

Test(packet, truncate_forgets_headers)
{
	_Alignas(64) uint8_t buf[512] = {};
	struct packet *p = (struct packet *)buf;

	p->off = 200, p->len = 100, p->room = 512;
	weir_set_network(p, 0, 20);
	weir_truncate(p, 20);
	cr_assert(weir_ip4(p));
	weir_truncate(p, 19);
	cr_assert_null(weir_ip4(p));
	cr_assert_eq(weir_len(p), 19);
}
