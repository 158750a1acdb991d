// SPDX-License-Identifier: BSD-2-Clause

// What an interface says of the packets that drivers redirected to it. There is no common way to
// ask that: it is among the driver's own statistics, under names of its own.

#include "open.h"

#include <linux/ethtool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE = 64 }; // statistics that may come to be between two questions

static bool ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n >= m && !strcmp(name + n - m, end);
}

// veth, mvneta, mvpp2, gve; virtio_net; mlx5, for all queues together.
static bool is_refused(const char *name)
{
	return strstr(name, "xdp_xmit_err") || ends_with(name, "_xdp_tx_drops") ||
	       !strcmp(name, "tx_xdp_full") || !strcmp(name, "tx_xdp_err");
}

// veth counts what went to the other end and what did not, and neither while there is nobody.
static bool is_taken(const char *name)
{
	return !strncmp(name, "tx_queue_", 9) && ends_with(name, "_xdp_xmit");
}

static unsigned count_statistics(const char *ifname)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t n;
	} ask = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_STATS}};

	if (xsk_iface_ethtool(ifname, &ask) || !ask.info.sset_mask)
		return 0;
	return ask.n;
}

static void add(struct weir_xsk_taken *t, const char *name, uint64_t value)
{
	if (is_taken(name)) {
		t->counts_taken = true;
		t->taken += value;
	} else if (is_refused(name)) {
		t->refused += value;
	}
}

struct weir_xsk_taken weir_xsk_taken(const struct weir_device *device)
{
	const char *ifname = weir_device_name(device);
	const unsigned n = count_statistics(ifname) + SPARE;
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	struct ethtool_stats *values = calloc(1, sizeof(*values) + (size_t)n * sizeof(uint64_t));
	struct weir_xsk_taken t = {};
	char name[ETH_GSTRING_LEN + 1] = "";

	if (n > SPARE && names && values) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_STATS;
		values->cmd = ETHTOOL_GSTATS;
		if (xsk_iface_ethtool(ifname, names) || xsk_iface_ethtool(ifname, values))
			values->n_stats = 0;
		for (unsigned i = 0; i < values->n_stats && i < names->len && i < n; i++) {
			memcpy(name, names->data + (size_t)i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
			add(&t, name, values->data[i]);
		}
	}
	free(names);
	free(values);
	return t;
}
