// SPDX-License-Identifier: BSD-2-Clause

// Reading the kernel's state as it is: at the start, after news were lost, and where the kernel may
// not have told of all that went.
//
// A dump is older than the news that come while it is read, and newer than those before. So these
// wait in a backlog, which empties the socket meanwhile, and are taken in at the end.

#include "mirror.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	BACKLOG = 256 << 20, // bytes at most; what comes then stays in the socket
	BACKLOG_FIRST = 64 << 10,
	ATTEMPTS = 8, // at a consistent dump
	TAKEN = 4096, // messages of the backlog at a time
};

// In the order in which one needs the other.
static const struct part {
	unsigned kind;
	int type;
	uint8_t family; // the first byte of each header; the rest is zero
	uint8_t header;
} parts[] = {
	{RIB_LINKS, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg)},
	{RIB_LINKS, RTM_GETNETCONF, AF_INET, sizeof(struct netconfmsg)},
	{RIB_LINKS, RTM_GETNETCONF, AF_INET6, sizeof(struct netconfmsg)},
	{RIB_ADDRS, RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg)},
	{RIB_ADDRS, RTM_GETADDR, AF_INET6, sizeof(struct ifaddrmsg)},
	{RIB_RULES, RTM_GETRULE, AF_INET, sizeof(struct fib_rule_hdr)},
	{RIB_RULES, RTM_GETRULE, AF_INET6, sizeof(struct fib_rule_hdr)},
	{RIB_NEXTHOPS, RTM_GETNEXTHOP, AF_UNSPEC, sizeof(struct nhmsg)},
	{RIB_ROUTES, RTM_GETROUTE, AF_INET, sizeof(struct rtmsg)},
	{RIB_ROUTES, RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg)},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]), HEADER = 64 };

static bool make_room(struct kernel_backlog *b, size_t more)
{
	size_t cap = b->cap ?: BACKLOG_FIRST;
	char *bytes;

	while (cap < b->len + more)
		cap *= 2;
	if (cap == b->cap)
		return true;
	bytes = realloc(b->bytes, cap);
	if (!bytes)
		return false;
	b->bytes = bytes;
	b->cap = cap;
	return true;
}

static void keep(void *arg, const struct nlmsghdr *m)
{
	struct weir_kernel *k = arg;
	struct kernel_backlog *b = &k->backlog;
	size_t len = MNL_ALIGN(m->nlmsg_len);

	if (!make_room(b, len)) {
		kernel_lost(k);
		return;
	}
	memcpy(b->bytes + b->len, m, m->nlmsg_len);
	b->len += len;
}

static void empty_socket(struct weir_kernel *k)
{
	int n = 1;

	while (n > 0 && k->backlog.len < BACKLOG) {
		n = kernel_receive(&k->news, &k->inbox, false);
		if (n < 0 || kernel_each_message(&k->inbox, n, keep, k))
			kernel_lost(k);
	}
}

static void begin(void *arg)
{
	kernel_lock(&((struct weir_kernel *)arg)->lock);
}

static void end(void *arg)
{
	kernel_unlock(&((struct weir_kernel *)arg)->lock);
	empty_socket(arg);
}

static void apply(void *arg, const struct nlmsghdr *m)
{
	kernel_apply(arg, m);
}

// What the kernel does not have is not there.
static bool is_missing(int rc)
{
	return rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT;
}

static int read_part(struct weir_kernel *k, const struct part *p, struct kernel_dump *d)
{
	uint8_t header[HEADER] = {p->family};
	int rc = -EINTR;

	d->type = p->type;
	d->header = header;
	d->len = p->header;
	d->arg = k;
	for (unsigned i = 0; rc == -EINTR && i < ATTEMPTS; i++) {
		rc = kernel_dump(&k->asker, &k->inbox, d);
		k->counts.repeated += rc == -EINTR;
	}
	if (is_missing(rc))
		return 0;
	if (rc != -EINTR) {
		k->counts.failed += rc != 0;
		k->counts.error = rc ?: k->counts.error;
		return rc;
	}
	// it never stands still; what changed is in the news
	kernel_doubt(k, p->kind);
	return 0;
}

static bool take_backlog(struct weir_kernel *k)
{
	const char *at = k->backlog.bytes, *last = at + k->backlog.len;
	bool goes_on = true;

	while (at < last && goes_on) {
		kernel_lock(&k->lock);
		for (unsigned i = 0; at < last && i < TAKEN; i++) {
			const struct nlmsghdr *m = (const struct nlmsghdr *)at;

			kernel_apply(k, m);
			at += MNL_ALIGN(m->nlmsg_len);
		}
		kernel_unlock(&k->lock);
		goes_on = kernel_commit(k);
	}
	free(k->backlog.bytes);
	k->backlog = (struct kernel_backlog){};
	return goes_on;
}

static void scope(struct weir_kernel *k, unsigned kinds)
{
	kernel_lock(&k->lock);
	rib_resync_begin(k->rib, &(struct rib_scope){.kinds = kinds});
	kernel_unlock(&k->lock);
}

static int read_parts(struct weir_kernel *k, unsigned kinds)
{
	struct kernel_dump d = {.fn = apply, .begin = begin, .end = end};
	int rc = 0;

	for (unsigned i = 0; !rc && i < PARTS && !atomic_load(&k->stop); i++)
		if (parts[i].kind & kinds)
			rc = read_part(k, &parts[i], &d);
	return rc;
}

// An IPv4 or IPv6 dump goes on at a place that it counts out, so that if a route goes there another
// may be left out: a dump during which some went is not the last word.
static void look_back(struct weir_kernel *k, unsigned kinds)
{
	if (!(kinds & RIB_ROUTES))
		return;
	k->patience = k->deleted ? k->patience + 1 : 0;
	if (k->deleted)
		kernel_doubt(k, RIB_ROUTES);
}

static void note_time(struct weir_kernel *k, uint64_t start, unsigned kinds)
{
	struct timespec t;

	k->dump_until = kernel_now();
	k->dump_took = k->dump_until - start;
	if (kinds != RIB_ALL) {
		k->counts.reconciled++;
		return;
	}
	clock_gettime(CLOCK_REALTIME, &t);
	k->counts.dumped = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	k->counts.dump_ns = k->dump_took;
	k->counts.resyncs++;
}

int kernel_resync(struct weir_kernel *k, unsigned kinds)
{
	uint64_t start = kernel_now();
	int rc;

	k->doubts &= ~kinds;
	k->deleted = false;
	scope(k, kinds);
	rc = read_parts(k, kinds);
	if (rc || atomic_load(&k->stop))
		scope(k, 0); // of which all is said
	kernel_lock(&k->lock);
	rib_resync_end(k->rib);
	kernel_unlock(&k->lock);
	note_time(k, start, rc ? 0 : kinds);
	if (rc)
		kernel_doubt(k, kinds);
	else if (kinds & RIB_LINKS)
		k->doubts &= ~RIB_LINKS; // the settings of all were read
	if (kernel_commit(k) && take_backlog(k) && !rc)
		look_back(k, kinds);
	return rc;
}

static void apply_neighbor(void *arg, const struct nlmsghdr *m)
{
	kernel_neighbor(arg, m);
}

int kernel_resync_neighbors(struct weir_kernel *k)
{
	static const struct part both[] = {
		{0, RTM_GETNEIGH, AF_INET, sizeof(struct ndmsg)},
		{0, RTM_GETNEIGH, AF_INET6, sizeof(struct ndmsg)},
	};
	struct kernel_dump d = {.fn = apply_neighbor};
	int rc;

	kernel_neighbors_resync_begin(k);
	rc = read_part(k, &both[0], &d) ?: read_part(k, &both[1], &d);
	if (!rc)
		kernel_neighbors_resync_end(k);
	return rc;
}
