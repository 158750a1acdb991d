// SPDX-License-Identifier: BSD-2-Clause

// Requests for neighbours, from any thread to the kernel by way of the follower's.

#include "mirror.h"

#include <linux/neighbour.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum { NS_PER_MS = 1000 * 1000 };

static int device_of(const struct weir_kernel *k, const char *device)
{
	for (unsigned i = 0; i < k->n_devices; i++)
		if (!strcmp(k->devices[i], device))
			return (int)i;
	return -1;
}

// A place in the queue, or NULL if all are taken.
static struct kernel_request *claim(struct kernel_neighbors *n, unsigned *number)
{
	unsigned at = atomic_load_explicit(&n->put, memory_order_relaxed);

	while (true) {
		struct kernel_request *q = &n->queue[at % REQUESTS];
		int ahead = (int)(atomic_load_explicit(&q->turn, memory_order_acquire) - at);

		if (ahead < 0)
			return NULL;
		if (ahead > 0)
			at = atomic_load_explicit(&n->put, memory_order_relaxed);
		else if (atomic_compare_exchange_weak_explicit(&n->put, &at, at + 1,
							       memory_order_relaxed,
							       memory_order_relaxed)) {
			*number = at;
			return q;
		}
	}
}

void weir_kernel_resolve(struct weir_kernel *k, const char *device, uint8_t family,
			 const void *addr)
{
	struct kernel_neighbors *n = &k->neighbors;
	int index = device_of(k, device);
	struct kernel_request *q;
	unsigned number;

	if (index < 0)
		return;
	q = claim(n, &number);
	if (!q) {
		atomic_fetch_add_explicit(&n->lost, 1, memory_order_relaxed);
		return;
	}
	q->device = (uint16_t)index;
	q->family = family;
	memset(q->addr, 0, sizeof(q->addr));
	memcpy(q->addr, addr, family == AF_INET ? 4 : 16);
	atomic_store_explicit(&q->turn, number + 1, memory_order_release);
	// the follower says that it looks before it looks
	if (!atomic_exchange(&n->rung, true))
		eventfd_write(k->wake, 1);
}

// The oldest request, copied; false: there is none.
static bool take(struct kernel_neighbors *n, struct kernel_neigh *m, unsigned *device)
{
	struct kernel_request *q = &n->queue[n->taken % REQUESTS];

	if (atomic_load_explicit(&q->turn, memory_order_acquire) != n->taken + 1)
		return false;
	*device = q->device;
	m->family = q->family;
	memcpy(m->addr, q->addr, sizeof(m->addr));
	atomic_store_explicit(&q->turn, n->taken + REQUESTS, memory_order_release);
	n->taken++;
	return true;
}

// What a name stands for.
static bool unname(const struct weir_kernel *k, struct kernel_neigh *m)
{
	uint32_t name;

	memcpy(&name, m->addr, sizeof(name));
	name = ntohl(name);
	if (m->family != AF_INET || name >> 24)
		return true;
	if (!name || name > rib_names(k->rib))
		return false;
	m->family = AF_INET6;
	weir_ip6_write(m->addr, rib_named(k->rib, name));
	return true;
}

static bool was_asked(struct kernel_neighbors *n, const struct kernel_neigh *m, uint64_t now)
{
	uint64_t key = kernel_neighbor_hash(m->link, m->family, m->addr);
	struct kernel_recent *r = &n->recent[key % RECENT];

	if (r->key == key && now - r->when < (uint64_t)REQUEST_MS * NS_PER_MS)
		return true;
	*r = (struct kernel_recent){key, now};
	return false;
}

// Is there something to find out? Not of those that an administrator set, nor of those that the
// kernel sees to by itself.
static bool may_ask(const struct kernel_neighbor *known)
{
	return !known || !(known->nud & (NUD_PERMANENT | NUD_NOARP) || known->managed);
}

// NTF_USE: as if the kernel itself had a packet for it. But the kernel takes it for a change of the
// neighbour too (since 5.16): one that is permanent would be so no more, and lose its address. So
// one that we do not know of is asked for only if the kernel does not have it either.
static void ask(struct weir_kernel *k, const struct kernel_neigh *m,
		const struct kernel_neighbor *known)
{
	char bytes[128] = {};
	struct nlmsghdr *h = mnl_nlmsg_put_header(bytes);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(h, sizeof(*nd));

	h->nlmsg_type = RTM_NEWNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | (known ? 0 : NLM_F_EXCL);
	nd->ndm_family = m->family;
	nd->ndm_ifindex = (int)m->link;
	nd->ndm_flags = (uint8_t)(NTF_USE | (known && known->learned ? NTF_EXT_LEARNED : 0));
	mnl_attr_put(h, NDA_DST, m->family == AF_INET ? 4 : 16, m->addr);
	kernel_send(&k->asker, h);
	k->neighbors.asked++;
}

static void refill(struct kernel_neighbors *n, uint64_t now)
{
	uint64_t more = (now - n->tokens_at) / NS_PER_MS * REQUESTS_A_MS;

	if (!more)
		return;
	n->tokens = more + n->tokens < REQUESTS_BURST ? n->tokens + (unsigned)more : REQUESTS_BURST;
	n->tokens_at = now;
}

bool kernel_neighbors_ask(struct weir_kernel *k)
{
	struct kernel_neighbors *n = &k->neighbors;
	uint64_t now = kernel_now();
	const struct kernel_neighbor *known;
	const struct rib_link *l;
	struct kernel_neigh m = {};
	unsigned device;

	refill(n, now);
	atomic_store(&n->rung, false);
	while (n->tokens) {
		if (!take(n, &m, &device))
			return false;
		l = rib_find_name(k->rib, k->devices[device]);
		if (!l)
			continue;
		m.link = l->index;
		if (!unname(k, &m) || was_asked(n, &m, now))
			continue;
		known = kernel_neighbor_find(n, &m);
		if (!may_ask(known))
			continue;
		n->tokens--;
		ask(k, &m, known);
	}
	return true;
}
