// SPDX-License-Identifier: BSD-2-Clause
#include "open.h"

#include <sys/socket.h>

unsigned weir_xsk_counts(const struct weir_xsk *, const struct weir_device *d, unsigned queue,
			 struct weir_xsk_count v[WEIR_XSK_COUNTS])
{
	const struct xsk_device *x = d->opened;
	const struct xsk_queue *q = &x->queues[queue];
	struct weir_entry_count entry;
	struct xdp_statistics s = {};
	socklen_t len = sizeof(s);

	getsockopt(q->sock.fd, SOL_XDP, XDP_STATISTICS, &s, &len);
	xsk_program_count(&x->program, queue, &entry);
	const struct weir_xsk_count all[] = {
		{"seen", entry.front + entry.rest, false, false},
		{"seen_bytes", entry.front_bytes + entry.rest_bytes, false, false},
		{"passed", entry.passed, false, false},
		{"from_self", entry.from_self, false, false},
		{"front", entry.front, false, false},
		{"no_block", entry.no_meta, false, false},
		{"rx_packets", q->count.rx_packets, false, false},
		{"rx_bytes", q->count.rx_bytes, false, false},
		{"rx_ring_full", s.rx_ring_full, true, false},
		// too long, or no buffer in the fill ring
		{"rx_dropped", s.rx_dropped, true, false},
		{"multi_buffer", q->count.multi_buffer, true, false},
		// of rx_dropped: looked for a buffer and found none
		{"fill_empty", s.rx_fill_ring_empty_descs, false, false},
		{"fill_invalid", s.rx_invalid_descs, false, false},
		{"tx_packets", q->count.tx_packets, false, false},
		{"tx_pending", q->in_flight, false, false},
		{"tx_bytes", q->count.tx_bytes, false, false},
		{"tx_rejected", s.tx_invalid_descs, true, true},
		{"tx_no_buffer", q->count.tx_no_buffer, true, true},
		{"tx_invalid", q->count.tx_invalid, true, true},
	};
	_Static_assert(sizeof(all) / sizeof(*all) <= WEIR_XSK_COUNTS, "fits");
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		v[i] = all[i];
	return sizeof(all) / sizeof(*all);
}
