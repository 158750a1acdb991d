// SPDX-License-Identifier: BSD-2-Clause
// What an indirection table is judged to do.
#include <linux/ethtool.h>

#include <criterion/criterion.h>
#include <rss.h>
#include <stdlib.h>

static bool is_even(unsigned n_queues, unsigned n, const uint32_t *table)
{
	return xsk_rss_is_even(&(struct xsk_rss){.table = (uint32_t *)table, .n = n}, n_queues);
}

Test(rss, even_is_the_same_number_of_entries_for_each_queue)
{
	cr_assert(is_even(2, 4, (const uint32_t[]){0, 1, 0, 1}));
	cr_assert(is_even(2, 4, (const uint32_t[]){0, 0, 1, 1}), "whatever their order");
	cr_assert(is_even(1, 2, (const uint32_t[]){0, 0}));
	cr_assert(is_even(3, 4, (const uint32_t[]){0, 1, 2, 0}), "up to one");
	cr_assert_not(is_even(2, 4, (const uint32_t[]){0, 0, 0, 1}));
	cr_assert_not(is_even(2, 2, (const uint32_t[]){0, 0}), "a queue gets nothing");
	cr_assert_not(is_even(2, 3, (const uint32_t[]){0, 1, 2}), "a queue that nobody reads");
}

static char *text_of(const struct xsk_rss *r, unsigned n_queues)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	xsk_rss_print(f, r, n_queues);
	fclose(f);
	return text;
}

Test(rss, is_told_in_words)
{
	const uint64_t addresses = RXH_IP_SRC | RXH_IP_DST;
	struct xsk_rss r = {
		.table = (uint32_t[]){0, 1, 0, 1},
		.n = 4,
		.is_symmetric = true,
		.fields = {[XSK_TCP4] = xsk_rss_with_ports(0), [XSK_UDP4] = addresses},
	};
	char *even = text_of(&r, 2), *uneven;

	cr_assert_str_eq(even, "4 entries, even over 2 queues; hashes ports of tcp4; hashes "
			       "addresses only of udp4; the same both ways");
	r.is_symmetric = false;
	r.fields[XSK_UDP4] = xsk_rss_with_ports(addresses);
	uneven = text_of(&r, 3);
	cr_assert_str_eq(uneven, "4 entries, not even over 3 queues; hashes ports of tcp4 udp4");
	free(even);
	free(uneven);
}
