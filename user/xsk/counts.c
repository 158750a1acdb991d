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
		{"seen", entry.seen, false},
		{"seen_bytes", entry.bytes, false},
		{"passed", entry.passed, false},
		{"from_self", entry.from_self, false},
		{"rx_packets", q->count.rx_packets, false},
		{"rx_bytes", q->count.rx_bytes, false},
		{"rx_ring_full", s.rx_ring_full, true},
		{"rx_dropped", s.rx_dropped, true}, // too long, or no buffer in the fill ring
		{"multi_buffer", q->count.multi_buffer, true},
		// of rx_dropped: looked for a buffer and found none
		{"fill_empty", s.rx_fill_ring_empty_descs, false},
		{"fill_invalid", s.rx_invalid_descs, false},
		{"tx_packets", q->count.tx_packets, false},
		{"tx_pending", q->in_flight, false},
		{"tx_bytes", q->count.tx_bytes, false},
		{"tx_rejected", s.tx_invalid_descs, true},
		{"tx_no_buffer", q->count.tx_no_buffer, true},
		{"tx_invalid", q->count.tx_invalid, true},
	};
	_Static_assert(sizeof(all) / sizeof(*all) <= WEIR_XSK_COUNTS, "fits");
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		v[i] = all[i];
	return sizeof(all) / sizeof(*all);
}
