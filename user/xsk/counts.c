// SPDX-License-Identifier: BSD-2-Clause
#include "open.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct xdp_statistics statistics(int fd)
{
	struct xdp_statistics s = {};
	socklen_t len = sizeof(s);

	getsockopt(fd, SOL_XDP, XDP_STATISTICS, &s, &len);
	return s;
}

static unsigned add(struct weir_xsk_count *to, const struct weir_xsk_count *v, unsigned n)
{
	memcpy(to, v, n * sizeof(*v));
	return n;
}

static unsigned add_entry(const struct xsk_device *d, unsigned queue, struct weir_xsk_count *to)
{
	struct weir_entry_count entry;

	xsk_program_count(&d->program, queue, &entry);
	const struct weir_xsk_count v[] = {
		{.name = "seen", .value = entry.front + entry.rest},
		{.name = "seen_bytes", .value = entry.front_bytes + entry.rest_bytes},
		{.name = "passed", .value = entry.passed},
		{.name = "from_self", .value = entry.from_self},
		{.name = "front", .value = entry.front},
		{.name = "no_block", .value = entry.no_meta},
	};
	return add(to, v, sizeof(v) / sizeof(*v));
}

static unsigned add_rx(const struct xsk_queue *q, struct weir_xsk_count *to)
{
	const struct xdp_statistics s = statistics(q->sock.fd);
	struct xsk_rx_count sum = {};

	for (unsigned i = 0; i < q->n_rx; i++) {
		sum.packets += q->rx[i].count.packets;
		sum.bytes += q->rx[i].count.bytes;
		sum.multi_buffer += q->rx[i].count.multi_buffer;
	}
	const struct weir_xsk_count v[] = {
		{.name = "rx_packets", .value = sum.packets},
		{.name = "rx_bytes", .value = sum.bytes},
		{.name = "multi_buffer", .value = sum.multi_buffer, .lost = true},
		// of rx_dropped: looked for a buffer and found none
		{.name = "fill_empty", .value = s.rx_fill_ring_empty_descs},
		{.name = "fill_invalid", .value = s.rx_invalid_descs},
	};
	return add(to, v, sizeof(v) / sizeof(*v));
}

// What the sockets of a class lost, in all columns.
static unsigned add_class(const struct xsk_device *d, const struct xsk_queue *q, unsigned class,
			  struct weir_xsk_count *to)
{
	const char *name = d->n_classes > 1 ? d->class_names[class] : NULL;
	uint64_t full = 0, dropped = 0;

	for (unsigned i = class; i < q->n_rx; i += d->n_classes) {
		const struct xdp_statistics s = statistics(q->rx[i].base.fd);

		full += s.rx_ring_full;
		dropped += s.rx_dropped;
	}
	const struct weir_xsk_count v[] = {
		{.name = "rx_ring_full", .value = full, .class = name, .lost = true},
		// too long, or no buffer in the fill ring
		{.name = "rx_dropped", .value = dropped, .class = name, .lost = true},
	};
	return add(to, v, sizeof(v) / sizeof(*v));
}

static unsigned add_tx(const struct xsk_queue *q, struct weir_xsk_count *to)
{
	const struct xsk_tx_count *c = &q->tx.count;
	const struct weir_xsk_count v[] = {
		{.name = "tx_packets", .value = c->packets},
		{.name = "tx_pending", .value = q->tx.in_flight},
		{.name = "tx_bytes", .value = c->bytes},
		{.name = "tx_handed_over", .value = c->handed_over},
		{.name = "tx_copied", .value = c->copied},
		{.name = "tx_copied_numa", .value = c->copied_numa},
		{.name = "tx_rejected",
		 .value = statistics(q->sock.fd).tx_invalid_descs,
		 .lost = true,
		 .sending = true},
		{.name = "tx_no_buffer", .value = c->no_buffer, .lost = true, .sending = true},
		{.name = "tx_invalid", .value = c->invalid, .lost = true, .sending = true},
	};
	return add(to, v, sizeof(v) / sizeof(*v));
}

void weir_xsk_count_name(const struct weir_xsk_count *c, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", c->class ?: "", c->class ? "." : "", c->name);
}

unsigned weir_xsk_counts(const struct weir_xsk *, const struct weir_device *device, unsigned queue,
			 struct weir_xsk_count v[WEIR_XSK_COUNTS])
{
	const struct xsk_device *d = device->opened;
	const struct xsk_queue *q = &d->queues[queue];
	unsigned n = add_entry(d, queue, v);

	n += add_rx(q, v + n);
	for (unsigned class = 0; class < d->n_classes; class ++)
		n += add_class(d, q, class, v + n);
	return n + add_tx(q, v + n);
}
