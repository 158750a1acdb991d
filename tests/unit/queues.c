// SPDX-License-Identifier: BSD-2-Clause
// Who has which queue of an interface.
#include <criterion/criterion.h>
#include <queues.h>

static struct weir_workers set(uint64_t bits)
{
	return (struct weir_workers){{bits}};
}

Test(queues, without_a_plan_worker_0_does_all)
{
	const struct weir_device_plan p = {};
	bool is_own = false;

	for (unsigned q = 0; q < 4; q++)
		cr_assert_eq(weir_rx_owner(&p, q), 0);
	cr_assert_eq(weir_rx_columns(&p), 1);
	cr_assert_eq(weir_rx_column(&p, 0), 0);
	cr_assert_eq(weir_tx_queues(&p), 1);
	cr_assert_eq(weir_tx_owner(&p, 0), 0);
	cr_assert_eq(weir_tx_queue(&p, 0, &is_own), 0);
	cr_assert(is_own);
}

Test(queues, receiving_goes_around)
{
	const struct weir_device_plan p = {.n_rx = 5, .rx = set(0b10101)};
	const unsigned want[] = {0, 2, 4, 0, 2};

	for (unsigned q = 0; q < 5; q++)
		cr_assert_eq(weir_rx_owner(&p, q), want[q]);
	cr_assert_eq(weir_rx_columns(&p), 1);
	cr_assert_eq(weir_rx_column(&p, 4), 0);
}

Test(queues, every_receiver_has_a_column_where_packets_are_steered)
{
	const struct weir_device_plan p = {.n_rx = 1, .rx = set(0b11010), .steer = true};

	cr_assert_eq(weir_rx_owner(&p, 0), 1);
	cr_assert_eq(weir_rx_columns(&p), 3);
	cr_assert_eq(weir_rx_column(&p, 1), 0);
	cr_assert_eq(weir_rx_column(&p, 3), 1);
	cr_assert_eq(weir_rx_column(&p, 4), 2);
}

// Each queue has one writer, and each worker a queue.
static void check_sending(const struct weir_device_plan *p, unsigned n_queues)
{
	bool is_own;

	cr_assert_eq(weir_tx_queues(p), n_queues);
	for (unsigned w = weir_workers_next(&p->tx, 0), n_own = 0; w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&p->tx, w + 1)) {
		unsigned q = weir_tx_queue(p, w, &is_own);

		cr_assert_lt(q, n_queues);
		cr_assert_eq(is_own, weir_tx_owner(p, q) == w, "worker %u, queue %u", w, q);
		n_own += is_own;
		cr_assert_leq(n_own, n_queues);
	}
}

Test(queues, every_tx_queue_has_one_writer)
{
	for (uint64_t tx = 1; tx < 256; tx++)
		for (unsigned n_tx = 1; n_tx <= 8; n_tx++) {
			const struct weir_device_plan p = {
				.n_tx = n_tx, .tx = set(tx), .owners = set(tx)};
			unsigned n = weir_workers_count(&p.tx);

			check_sending(&p, n < n_tx ? n : n_tx);
		}
}

Test(queues, who_is_no_owner_hands_over)
{
	const struct weir_device_plan p = {.n_tx = 2, .tx = set(0b1111), .owners = set(0b1100)};
	bool is_own;

	check_sending(&p, 2);
	cr_assert_eq(weir_tx_queue(&p, 0, &is_own), 0);
	cr_assert(!is_own);
	cr_assert_eq(weir_tx_queue(&p, 1, &is_own), 1);
	cr_assert_eq(weir_tx_owner(&p, 0), 2);
	cr_assert_eq(weir_tx_owner(&p, 1), 3);
}
