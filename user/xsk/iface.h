// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the kernel says of an interface.

#include <weir/err.h>

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct xsk_iface {
	char name[IFNAMSIZ];
	char driver[32];
	unsigned ifindex, mtu;
	unsigned n_rx, n_tx; // queues in use
	uint8_t mac[6];
	bool has_carrier;
};

// Asks the interface's driver, with one of the commands of linux/ethtool.h. 0 or -errno.
int xsk_iface_ethtool(const char *name, void *command);

struct xsk_channels {
	unsigned rx, tx, combined;
};
int xsk_iface_channels(const char *name, struct xsk_channels *c);
int xsk_iface_set_channels(const char *name, const struct xsk_channels *c);

// Looks at the interface; refuses one that is not there, not up, or not Ethernet. 0 or -errno.
int xsk_iface_look(struct xsk_iface *f, const char *name, struct weir_err *err);

bool xsk_iface_has_carrier(const char *name);
unsigned xsk_iface_mtu(const char *name); // 0: it cannot be read

// Promiscuous while the returned fd is open. -errno if it cannot be.
int xsk_iface_promisc(const struct xsk_iface *f);

// The sysfs of this process's network namespace, wherever /sys leads; an fd to open paths under.
// owner: the caller. -errno.
int xsk_sysfs(void);
// A value of one word, by its path below the mount point. 0 or -errno.
int xsk_sysfs_read(const char *path, char *value, size_t size);
int xsk_sysfs_write(const char *path, const char *value);
