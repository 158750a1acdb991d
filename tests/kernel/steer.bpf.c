// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// What the driver's half makes of a frame, for comparison, and what it costs.

#include <weir/steer.h>

#include <steer_probe.h>

char weir_license[] SEC("license") = "Dual BSD/GPL";

struct steer_probe probe;

SEC("xdp")
int steer_probe(struct xdp_md *ctx)
{
	const struct weir_frame_sorted to =
		weir_sort(ctx, probe.off, !probe.no_link, probe.key, probe.has_classes);

	probe.hash = to.hash;
	probe.class = to.class;
	return XDP_DROP;
}
