// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Settings of an interface that are changed for the time of a run, and put back when it ends.
//
// Before a setting is changed its old value goes into a journal, /run/weir/restore.*. Three may put
// it back, with the same code: the router when it closes; if it was killed, a child that waits for
// its pipe to close; and if that was killed too, the next start, which finds a journal that nobody
// holds the lock of.

#include <weir/err.h>

#include <rss.h>
#include <sys/types.h>
#include <vlan.h>

struct xsk_guard {
	int journal; // open and locked; -1: nothing was changed yet
	int pipe;    // closes when this process ends
	pid_t child;
	char path[64]; // of the journal; empty: in memory only
};

// Changes a value in sysfs (path below the mount point). 0 or -errno.
int xsk_guard_sysfs(struct xsk_guard *g, const char *path, const char *value);

// Changes the number of an interface's queues; their indirection table, which drivers make anew
// then, is put back with them. may_reset: a table that was set by hand and names queues that go is
// no reason to refuse.
int xsk_guard_channels(struct xsk_guard *g, const char *ifname, unsigned n, bool may_reset);

// Deals the indirection table out to so many queues.
int xsk_guard_spread(struct xsk_guard *g, const char *ifname, unsigned n_queues);

// The hash takes the flow's ports in.
int xsk_guard_hash_ports(struct xsk_guard *g, const char *ifname, enum xsk_flow flow);

// Switches a feature off, if it is on. 0 or -errno; -EOPNOTSUPP: it cannot be.
int xsk_guard_feature_off(struct xsk_guard *g, const char *ifname, enum xsk_feature feature);

// Puts everything back, and ends the child.
void xsk_guard_close(struct xsk_guard *g);

// Puts back what runs left that could not do it themselves. Says what.
void xsk_guard_repair(struct weir_err *err);
