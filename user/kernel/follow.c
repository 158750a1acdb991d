// SPDX-License-Identifier: BSD-2-Clause

// The follower's thread: news of the kernel, as they come, into the mirror and the tables.

#include "mirror.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

enum {
	NS_PER_MS = 1000 * 1000,

	BATCH_NS = 2 * NS_PER_MS,  // after so long what came is published
	BATCH_RECEIVES = 64,	   // or after so many receives
	DOUBT_NS = 50 * NS_PER_MS, // more reasons may follow the first
	RARELY = 20,		   // of the time at most one part goes into reading again
	MOST_PATIENCE = 6,	   // doublings of that
	STALE_NS = 60 * NS_PER_MS,
	ATTEMPTS = 8,		     // at a start without lost news
	RETRY_NS = 1000 * NS_PER_MS, // after a dump that failed
};

static const uint64_t NEVER_NS = 60ull * 1000 * NS_PER_MS;

// Subscribed before anything is read, so that no change falls in between.
static const unsigned news_groups[] = {
	RTNLGRP_LINK,
	RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV6_IFADDR,
	RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_ROUTE,
	RTNLGRP_IPV4_RULE,
	RTNLGRP_IPV6_RULE,
	RTNLGRP_NEXTHOP,
	RTNLGRP_IPV4_NETCONF,
	RTNLGRP_IPV6_NETCONF,
	0,
};
static const unsigned near_groups[] = {RTNLGRP_NEIGH, 0};
static const unsigned no_groups[] = {0};

// Messages that say nothing new.
static void forget(void *, const struct nlmsghdr *) {}

// What was told before is older than what is read now, and after some was lost the kernel tells no
// more until all of it was taken.
static void forget_all(struct weir_kernel *k, struct kernel_socket *s)
{
	int n;

	do {
		n = kernel_receive(s, &k->inbox, false);
		kernel_each_message(&k->inbox, n, forget, k);
	} while (n > 0 || n == -ENOBUFS);
}

// At the start changes are waited out, as what is read should be whole; if they never end, the
// thread goes on with that.
static int read_all(struct weir_kernel *k)
{
	int rc = 0;

	k->overrun = true;
	for (unsigned i = 0; !rc && k->overrun && i < ATTEMPTS; i++) {
		k->overrun = false;
		forget_all(k, &k->news);
		rc = kernel_resync(k, RIB_ALL);
	}
	rc = rc ?: kernel_resync_neighbors(k);
	kernel_tell_counts(k);
	return rc;
}

int kernel_open(struct weir_kernel *k)
{
	return kernel_inbox_open(&k->inbox)
		       ?: kernel_socket_open(&k->news, news_groups, k->rcvbuf)
		       ?: kernel_socket_open(&k->near, near_groups, k->rcvbuf)
		       ?: kernel_socket_open(&k->asker, no_groups, k->rcvbuf)
		       ?: read_all(k);
}

void kernel_close(struct weir_kernel *k)
{
	kernel_socket_close(&k->news);
	kernel_socket_close(&k->near);
	kernel_socket_close(&k->asker);
	kernel_inbox_close(&k->inbox);
	free(k->backlog.bytes);
}

static void apply(void *arg, const struct nlmsghdr *m)
{
	kernel_apply(arg, m);
}

static void apply_neighbor(void *arg, const struct nlmsghdr *m)
{
	kernel_neighbor(arg, m);
}

// Is there more? What was cut off is lost.
static bool receive_news(struct weir_kernel *k)
{
	int n = kernel_receive(&k->news, &k->inbox, false);

	if (n > 0) {
		kernel_lock(&k->lock);
		if (kernel_each_message(&k->inbox, n, apply, k))
			n = -ENOBUFS;
		kernel_unlock(&k->lock);
	}
	if (n < 0)
		kernel_lost(k);
	return n == KERNEL_DATAGRAMS;
}

// Of this thread, ns: what it took of itself, however busy the machine is.
static uint64_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool take_news(struct weir_kernel *k)
{
	uint64_t start = kernel_now(), cpu = cpu_time(), took;

	for (unsigned i = 0; i < BATCH_RECEIVES && receive_news(k); i++)
		if (kernel_now() - start > BATCH_NS)
			break;
	if (!kernel_commit(k))
		return false;
	took = kernel_now() - start;
	k->counts.batches++;
	k->counts.busy_ns += cpu_time() - cpu;
	k->counts.latency_last = took;
	if (took > k->counts.latency_most)
		k->counts.latency_most = took;
	return true;
}

static void take_neighbors(struct weir_kernel *k)
{
	int n;

	do {
		n = kernel_receive(&k->near, &k->inbox, false);
		if (n < 0 || kernel_each_message(&k->inbox, n, apply_neighbor, k)) {
			k->near_overrun = true;
			k->counts.overruns++;
		}
	} while (n > 0);
}

// Answers to requests for neighbours are errors.
static void take_answers(struct weir_kernel *k)
{
	int n;

	while ((n = kernel_receive(&k->asker, &k->inbox, false)) > 0)
		kernel_each_message(&k->inbox, n, forget, k);
}

static void recover(struct weir_kernel *k)
{
	if (k->overrun) {
		k->overrun = false;
		forget_all(k, &k->news);
		if (kernel_resync(k, RIB_ALL)) {
			k->overrun = true;
			k->doubt_from = kernel_now();
		}
	}
	if (k->near_overrun) {
		forget_all(k, &k->near);
		k->near_overrun = kernel_resync_neighbors(k);
	}
}

// When what is doubted is read again: soon, but rarely, and the later the longer it takes, as the
// mirror lets routes go by itself that the kernel does not tell of. What the kernel changes in the
// wake of a failure is not to wait for a dump.
static uint64_t doubt_due(const struct weir_kernel *k)
{
	unsigned patience = k->patience < MOST_PATIENCE ? k->patience : MOST_PATIENCE;
	uint64_t from = k->doubt_from > k->dump_until ? k->doubt_from : k->dump_until;
	uint64_t rarely = k->dump_took * RARELY << patience;

	return from + (rarely > DOUBT_NS ? rarely : DOUBT_NS);
}

static int wait_ms(const struct weir_kernel *k, bool asks)
{
	uint64_t now = kernel_now(), due;

	if (k->overrun || k->near_overrun)
		return RETRY_NS / NS_PER_MS;
	if (asks)
		return 1;
	due = k->doubts ? doubt_due(k) : now + NEVER_NS;
	if (k->stale && due > now + STALE_NS)
		due = now + STALE_NS;
	return due <= now ? 0 : (int)((due - now) / NS_PER_MS) + 1;
}

// False: it is to end.
static bool follow(struct weir_kernel *k, const struct pollfd *ready)
{
	eventfd_t count;

	if (ready[0].revents)
		eventfd_read(k->wake, &count);
	if (ready[1].revents || ready[0].revents)
		if (!take_news(k))
			return false;
	take_neighbors(k); // in any case: who is asked for may have been set by hand just now
	if (ready[3].revents)
		take_answers(k);
	if (k->overrun || k->near_overrun)
		recover(k);
	else if (k->doubts && doubt_due(k) <= kernel_now())
		kernel_resync(k, k->doubts);
	kernel_neighbors_settle(k);
	kernel_tell_counts(k);
	return !atomic_load(&k->stop);
}

void *kernel_thread(void *arg)
{
	struct weir_kernel *k = arg;
	struct pollfd ready[] = {
		{.fd = k->wake, .events = POLLIN},
		{.fd = k->news.fd, .events = POLLIN},
		{.fd = k->near.fd, .events = POLLIN},
		{.fd = k->asker.fd, .events = POLLIN},
	};
	bool asks = false;

	kernel_neighbors_settle(k);
	while (!atomic_load(&k->stop)) {
		atomic_store(&k->waits, !k->overrun && !k->near_overrun);
		poll(ready, sizeof(ready) / sizeof(ready[0]), wait_ms(k, asks));
		atomic_store(&k->waits, false);
		if (!follow(k, ready))
			break;
		asks = kernel_neighbors_ask(k);
	}
	return NULL;
}
