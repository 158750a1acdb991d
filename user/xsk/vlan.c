// SPDX-License-Identifier: BSD-2-Clause
#include "vlan.h"

#include "iface.h"
#include "xsk.h"

#include <linux/ethtool.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[XSK_FEATURES] = {
	[XSK_STRIPS] = "rx-vlan-hw-parse",
	[XSK_STRIPS_OUTER] = "rx-vlan-stag-hw-parse",
	[XSK_FILTERS] = "rx-vlan-filter",
	[XSK_FILTERS_OUTER] = "rx-vlan-stag-filter",
};

const char *xsk_feature_name(enum xsk_feature feature)
{
	return NAMES[feature];
}

// How many features there are, by this kernel; or -errno.
static int count_features(const char *ifname)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t length;
	} set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};
	int e = xsk_iface_ethtool(ifname, &set);

	return e ?: set.info.sset_mask ? (int)set.length : -EOPNOTSUPP;
}

// The bits of the features that have names here; -1: this kernel does not know it. 0 or -errno.
static int find_features(const char *ifname, unsigned n, int bits[XSK_FEATURES])
{
	struct ethtool_gstrings *all = calloc(1, sizeof(*all) + n * (size_t)ETH_GSTRING_LEN);
	int e;

	if (!all)
		return -ENOMEM;
	*all = (struct ethtool_gstrings){ETHTOOL_GSTRINGS, ETH_SS_FEATURES, n};
	e = xsk_iface_ethtool(ifname, all);
	for (unsigned f = 0; f < XSK_FEATURES; f++) {
		bits[f] = -1;
		for (unsigned i = 0; !e && i < n; i++)
			if (!strncmp((char *)all->data + i * (size_t)ETH_GSTRING_LEN, NAMES[f],
				     ETH_GSTRING_LEN))
				bits[f] = (int)i;
	}
	free(all);
	return e;
}

static struct ethtool_gfeatures *read_blocks(const char *ifname, unsigned n)
{
	const unsigned blocks = (n + 31) / 32;
	struct ethtool_gfeatures *g =
		calloc(1, sizeof(*g) + blocks * sizeof(struct ethtool_get_features_block));

	if (!g)
		return NULL;
	g->cmd = ETHTOOL_GFEATURES;
	g->size = blocks;
	if (!xsk_iface_ethtool(ifname, g))
		return g;
	free(g);
	return NULL;
}

int xsk_features_read(const char *ifname, struct xsk_features *f)
{
	int bits[XSK_FEATURES], n = count_features(ifname), e;
	struct ethtool_gfeatures *g;

	*f = (struct xsk_features){};
	e = n < 0 ? n : find_features(ifname, (unsigned)n, bits);
	if (e)
		return e;
	g = read_blocks(ifname, (unsigned)n);
	for (unsigned i = 0; g && i < XSK_FEATURES; i++) {
		const struct ethtool_get_features_block *b = g->features + bits[i] / 32;
		const uint32_t bit = bits[i] < 0 ? 0 : 1U << bits[i] % 32;

		f->is_on[i] = bit && b->active & bit;
		f->is_fixed[i] = !bit || !(b->available & bit) || b->never_changed & bit;
	}
	free(g);
	return g ? 0 : -EOPNOTSUPP;
}

static bool is_fixed(const struct xsk_features *f, enum xsk_feature a, enum xsk_feature b)
{
	return (f->is_on[a] && f->is_fixed[a]) || (f->is_on[b] && f->is_fixed[b]);
}

// What is promiscuous does not filter.
bool weir_xsk_tags(const struct weir_device *d, struct weir_tag_offload *o)
{
	struct ethtool_drvinfo drv = {.cmd = ETHTOOL_GDRVINFO};
	struct xsk_features f;

	*o = (struct weir_tag_offload){};
	if (xsk_features_read(d->name, &f))
		return false;
	o->strips = f.is_on[XSK_STRIPS] || f.is_on[XSK_STRIPS_OUTER];
	o->strips_fixed = is_fixed(&f, XSK_STRIPS, XSK_STRIPS_OUTER);
	o->filters = !d->opt.promisc && (f.is_on[XSK_FILTERS] || f.is_on[XSK_FILTERS_OUTER]);
	o->filters_fixed = is_fixed(&f, XSK_FILTERS, XSK_FILTERS_OUTER);
	o->veth = !xsk_iface_ethtool(d->name, &drv) && !strcmp(drv.driver, "veth");
	return true;
}

int xsk_feature_set(const char *ifname, enum xsk_feature feature, bool on)
{
	int bits[XSK_FEATURES], n = count_features(ifname), e;
	const unsigned blocks = (unsigned)(n < 0 ? 0 : n + 31) / 32;
	struct xsk_features now;
	struct ethtool_sfeatures *s;

	e = n < 0 ? n : find_features(ifname, (unsigned)n, bits);
	if (e || bits[feature] < 0)
		return e ?: -EOPNOTSUPP;
	s = calloc(1, sizeof(*s) + blocks * sizeof(struct ethtool_set_features_block));
	if (!s)
		return -ENOMEM;
	s->cmd = ETHTOOL_SFEATURES;
	s->size = blocks;
	s->features[bits[feature] / 32].valid = 1U << bits[feature] % 32;
	s->features[bits[feature] / 32].requested = (uint32_t)on << bits[feature] % 32;
	e = xsk_iface_ethtool(ifname, s);
	free(s);
	// the driver may have its own idea, and the kernel calls that a success
	e = e ?: xsk_features_read(ifname, &now);
	return e ?: now.is_on[feature] == on ? 0 : -EOPNOTSUPP;
}
