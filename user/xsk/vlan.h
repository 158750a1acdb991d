// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What an interface does with VLAN tags on its own. One that takes them off tells the kernel beside
// the packet, where neither XDP nor AF_XDP look; one that filters loses VLANs which the kernel has
// no device for.

#include <tags.h>

// The features of an interface (ethtool -k) that weir knows.
enum xsk_feature { XSK_STRIPS, XSK_STRIPS_OUTER, XSK_FILTERS, XSK_FILTERS_OUTER, XSK_FEATURES };

struct xsk_features {
	bool is_on[XSK_FEATURES];
	bool is_fixed[XSK_FEATURES]; // it cannot be changed
};

// 0 or -errno.
int xsk_features_read(const char *ifname, struct xsk_features *f);
// 0 or -errno; -EOPNOTSUPP: it stays as it is.
int xsk_feature_set(const char *ifname, enum xsk_feature feature, bool on);
const char *xsk_feature_name(enum xsk_feature feature); // the kernel's
