// SPDX-License-Identifier: BSD-2-Clause
#include "rss.h"

#include "iface.h"

#include <linux/ethtool.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	uint32_t type;
	const char *name; // ethtool's
} FLOWS[XSK_FLOWS] = {
	[XSK_TCP4] = {TCP_V4_FLOW, "tcp4"},
	[XSK_UDP4] = {UDP_V4_FLOW, "udp4"},
	[XSK_TCP6] = {TCP_V6_FLOW, "tcp6"},
	[XSK_UDP6] = {UDP_V6_FLOW, "udp6"},
};
static const uint64_t ADDRESSES = RXH_IP_SRC | RXH_IP_DST, PORTS = RXH_L4_B_0_1 | RXH_L4_B_2_3;

// Toeplitz (Microsoft's RSS) adds up the key from the position of each bit that is set. With a key
// that repeats every 16 bits, fields that change places by a multiple of that add up to the same.
static bool repeats(const uint8_t *key, unsigned len)
{
	for (unsigned i = 2; i < len; i++)
		if (key[i] != key[i - 2])
			return false;
	return len > 2;
}

static int read_table(const char *ifname, struct xsk_rss *r)
{
	struct ethtool_rxfh size = {.cmd = ETHTOOL_GRSSH}, *all;
	int e = xsk_iface_ethtool(ifname, &size);

	if (e)
		return e == -EOPNOTSUPP ? 0 : e;
	all = calloc(1, sizeof(*all) + size.indir_size * sizeof(uint32_t) + size.key_size);
	r->table = calloc(size.indir_size ?: 1, sizeof(uint32_t));
	if (!all || !r->table) {
		free(all);
		return -ENOMEM;
	}
	all->cmd = ETHTOOL_GRSSH;
	all->indir_size = size.indir_size;
	all->key_size = size.key_size;
	e = xsk_iface_ethtool(ifname, all);
	if (!e) {
		r->n = size.indir_size;
		memcpy(r->table, all->rss_config, r->n * sizeof(uint32_t));
		r->is_symmetric = all->hfunc & 1 && // ETH_RSS_HASH_TOP of the kernel
				  repeats((uint8_t *)(all->rss_config + r->n), size.key_size);
	}
	free(all);
	return e;
}

int xsk_rss_read(const char *ifname, struct xsk_rss *r)
{
	int e;

	*r = (struct xsk_rss){};
	e = read_table(ifname, r);
	for (unsigned i = 0; !e && i < XSK_FLOWS; i++) {
		struct ethtool_rxnfc flow = {.cmd = ETHTOOL_GRXFH, .flow_type = FLOWS[i].type};

		if (!xsk_iface_ethtool(ifname, &flow))
			r->fields[i] = flow.data;
	}
	if (e)
		xsk_rss_free(r);
	return e;
}

void xsk_rss_free(struct xsk_rss *r)
{
	free(r->table);
	*r = (struct xsk_rss){};
}

bool xsk_rss_is_even(const struct xsk_rss *r, unsigned n_queues)
{
	unsigned *count = calloc(n_queues ?: 1, sizeof(*count)), least = r->n, most = 0;
	bool is_even = count;

	for (unsigned i = 0; is_even && i < r->n; i++) {
		is_even = r->table[i] < n_queues;
		if (is_even)
			count[r->table[i]]++;
	}
	for (unsigned q = 0; is_even && q < n_queues; q++) {
		least = count[q] < least ? count[q] : least;
		most = count[q] > most ? count[q] : most;
	}
	free(count);
	return is_even && most - least <= 1;
}

bool xsk_rss_has_ports(const struct xsk_rss *r, enum xsk_flow flow)
{
	return (r->fields[flow] & PORTS) == PORTS;
}

uint64_t xsk_rss_with_ports(uint64_t fields)
{
	return fields | ADDRESSES | PORTS;
}

int xsk_rss_set(const char *ifname, const uint32_t *table, unsigned n)
{
	struct ethtool_rxfh now = {.cmd = ETHTOOL_GRSSH}, *set;
	int e = xsk_iface_ethtool(ifname, &now);

	if (e)
		return e;
	set = calloc(1, sizeof(*set) + n * sizeof(uint32_t));
	if (!set)
		return -ENOMEM;
	*set = now; // with what newer kernels have in reserved bytes and take back only as it was
	set->cmd = ETHTOOL_SRSSH;
	set->indir_size = n;
	set->key_size = 0; // key and function stay
	set->hfunc = 0;
	if (n)
		memcpy(set->rss_config, table, n * sizeof(uint32_t));
	e = xsk_iface_ethtool(ifname, set);
	free(set);
	return e;
}

int xsk_rss_reset(const char *ifname)
{
	return xsk_rss_set(ifname, NULL, 0);
}

static bool is_now(const char *ifname, const uint32_t *table, unsigned n)
{
	struct xsk_rss now;
	bool same;

	if (xsk_rss_read(ifname, &now))
		return false;
	same = now.n == n && !memcmp(now.table, table, n * sizeof(uint32_t));
	xsk_rss_free(&now);
	return same;
}

int xsk_rss_put_back(const char *ifname, const uint32_t *table, unsigned n)
{
	if (is_now(ifname, table, n))
		return 0;
	if (!xsk_rss_reset(ifname) && is_now(ifname, table, n))
		return 0;
	return xsk_rss_set(ifname, table, n);
}

int xsk_rss_set_fields(const char *ifname, enum xsk_flow flow, uint64_t fields)
{
	struct ethtool_rxnfc set = {
		.cmd = ETHTOOL_SRXFH,
		.flow_type = FLOWS[flow].type,
		.data = fields,
	};

	return xsk_iface_ethtool(ifname, &set);
}

static void print_flows(FILE *f, const struct xsk_rss *r, bool ports, const char *before)
{
	for (unsigned i = 0; i < XSK_FLOWS; i++) {
		if (!r->fields[i] || xsk_rss_has_ports(r, i) != ports)
			continue;
		fprintf(f, "%s%s", before, FLOWS[i].name);
		before = " ";
	}
}

void xsk_rss_print(FILE *f, const struct xsk_rss *r, unsigned n_queues)
{
	fprintf(f, "%u entries, %s over %u queues", r->n,
		xsk_rss_is_even(r, n_queues) ? "even" : "not even", n_queues);
	print_flows(f, r, true, "; hashes ports of ");
	print_flows(f, r, false, "; hashes addresses only of ");
	if (r->is_symmetric)
		fputs("; the same both ways", f);
}
