// SPDX-License-Identifier: BSD-2-Clause

// The kernel's neighbours, and those who hear of them.

#include "mirror.h"

#include <linux/neighbour.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

int kernel_neighbors_open(struct kernel_neighbors *n)
{
	pthread_mutex_init(&n->watch_lock, NULL);
	for (unsigned i = 0; i < REQUESTS; i++)
		atomic_init(&n->queue[i].turn, i);
	n->rows = calloc(NEIGHBOR_ROWS, sizeof(struct kernel_neighbor *));
	return n->rows ? 0 : -ENOMEM;
}

void kernel_neighbors_close(struct kernel_neighbors *n)
{
	for (unsigned i = 0; n->rows && i < NEIGHBOR_ROWS; i++)
		while (n->rows[i]) {
			struct kernel_neighbor *gone = n->rows[i];

			n->rows[i] = gone->next;
			free(gone);
		}
	free(n->rows);
	free(n->watches);
}

uint64_t kernel_neighbor_hash(uint32_t link, uint8_t family, const uint8_t addr[16])
{
	uint64_t half[2], h;

	memcpy(half, addr, sizeof(half));
	h = (half[0] ^ (uint64_t)link << 8 ^ family) * 0x9e3779b97f4a7c15;
	h = (h ^ h >> 32 ^ half[1]) * 0xbf58476d1ce4e5b9;
	return h ^ h >> 29;
}

// Where the pointer to it is, or would be.
static struct kernel_neighbor **find(struct kernel_neighbors *n, const struct kernel_neigh *m)
{
	uint64_t h = kernel_neighbor_hash(m->link, m->family, m->addr);
	struct kernel_neighbor **at = &n->rows[h % NEIGHBOR_ROWS];

	while (*at && ((*at)->link != m->link || (*at)->family != m->family ||
		       memcmp((*at)->addr, m->addr, sizeof(m->addr)) != 0))
		at = &(*at)->next;
	return at;
}

const struct kernel_neighbor *kernel_neighbor_find(struct kernel_neighbors *n,
						   const struct kernel_neigh *m)
{
	return *find(n, m);
}

// A watch hears only of its own device.
static void tell_watch(const struct kernel_watch *w, const char *device,
		       const struct weir_neighbor_news *news)
{
	if (!strcmp(w->device, device))
		w->fn(w->arg, news);
}

static void tell_all(struct weir_kernel *k, const char *device, bool fresh_only,
		     const struct weir_neighbor_news *news)
{
	struct kernel_neighbors *n = &k->neighbors;

	for (unsigned i = 0; i < n->n_watches; i++)
		if (n->watches[i].fresh || !fresh_only)
			tell_watch(&n->watches[i], device, news);
}

// Under its address, and under the name that it has as a next hop of IPv4 packets. Under watch_lock
static void tell(struct weir_kernel *k, const struct kernel_neighbor *at, bool fresh_only,
		 bool name_only)
{
	const struct rib_link *l = rib_find_link(k->rib, at->link);
	struct weir_neighbor_news news = {.family = at->family, .state = at->state};
	uint32_t name;

	if (!l || !at->told)
		return;
	memcpy(news.mac, at->mac, sizeof(news.mac));
	memcpy(news.addr, at->addr, sizeof(news.addr));
	if (!name_only)
		tell_all(k, l->name, fresh_only, &news);
	if (at->family != AF_INET6)
		return;
	name = htonl(rib_name(k->rib, weir_ip6_read(at->addr)));
	if (!name)
		return;
	memset(news.addr, 0, sizeof(news.addr));
	memcpy(news.addr, &name, sizeof(name));
	news.family = AF_INET;
	tell_all(k, l->name, fresh_only, &news);
}

static void tell_now(struct weir_kernel *k, const struct kernel_neighbor *at)
{
	pthread_mutex_lock(&k->neighbors.watch_lock);
	tell(k, at, false, false);
	pthread_mutex_unlock(&k->neighbors.watch_lock);
}

// What the kernel's state of a neighbour says to those who send to it. False: nothing; the kernel
// is asking and has no answer yet.
static bool judge(const struct kernel_neigh *m, enum weir_neighbor_state *state)
{
	const unsigned known =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

	if (m->nud & known && m->has_mac)
		*state = WEIR_NEIGHBOR_KNOWN;
	else if (m->nud & NUD_FAILED)
		*state = WEIR_NEIGHBOR_FAILED;
	else
		return false;
	return true;
}

static void remove_neighbor(struct weir_kernel *k, struct kernel_neighbor **at)
{
	struct kernel_neighbor *gone = *at;

	gone->state = WEIR_NEIGHBOR_GONE;
	tell_now(k, gone);
	kernel_lock(&k->lock);
	*at = gone->next;
	k->neighbors.n--;
	kernel_unlock(&k->lock);
	free(gone);
}

static struct kernel_neighbor *add(struct weir_kernel *k, struct kernel_neighbor **at,
				   const struct kernel_neigh *m)
{
	struct kernel_neighbor *fresh =
		k->neighbors.n < NEIGHBORS_MOST ? calloc(1, sizeof(*fresh)) : NULL;

	if (!fresh) {
		k->neighbors.refused++;
		return NULL;
	}
	fresh->link = m->link;
	fresh->family = m->family;
	memcpy(fresh->addr, m->addr, sizeof(fresh->addr));
	*at = fresh;
	k->neighbors.n++;
	return fresh;
}

static bool is_news(const struct kernel_neighbor *n, const struct kernel_neigh *m,
		    enum weir_neighbor_state state)
{
	// one that fails again was asked for again, so somebody waits for the answer
	if (!n->told || n->state != state || state == WEIR_NEIGHBOR_FAILED)
		return true;
	return state == WEIR_NEIGHBOR_KNOWN && memcmp(n->mac, m->mac, sizeof(n->mac)) != 0;
}

static void update(struct weir_kernel *k, struct kernel_neighbor **at, const struct kernel_neigh *m)
{
	enum weir_neighbor_state state;
	struct kernel_neighbor *n;
	bool news = false;

	kernel_lock(&k->lock);
	n = *at ? *at : add(k, at, m);
	if (n) {
		n->nud = m->nud;
		n->learned = m->learned;
		n->managed = m->managed;
		n->said = true;
		news = judge(m, &state) && is_news(n, m, state);
	}
	if (news) {
		n->told = true;
		n->state = state;
		memcpy(n->mac, m->mac, sizeof(n->mac));
	}
	kernel_unlock(&k->lock);
	if (news)
		tell_now(k, n);
}

void kernel_neighbor(struct weir_kernel *k, const struct nlmsghdr *m)
{
	struct kernel_neighbor **at;
	struct kernel_neigh said;

	if (m->nlmsg_type != RTM_NEWNEIGH && m->nlmsg_type != RTM_DELNEIGH)
		return;
	k->counts.messages++;
	switch (kernel_parse_neigh(m, &said)) {
	case KERNEL_MALFORMED:
		k->counts.malformed++;
		return;
	case KERNEL_OTHER:
		return;
	case KERNEL_PARSED:
		break;
	}
	at = find(&k->neighbors, &said);
	if (m->nlmsg_type == RTM_NEWNEIGH)
		update(k, at, &said);
	else if (*at)
		remove_neighbor(k, at);
}

void kernel_neighbors_resync_begin(struct weir_kernel *k)
{
	for (unsigned i = 0; i < NEIGHBOR_ROWS; i++)
		for (struct kernel_neighbor *n = k->neighbors.rows[i]; n; n = n->next)
			n->said = false;
}

void kernel_neighbors_resync_end(struct weir_kernel *k)
{
	for (unsigned i = 0; i < NEIGHBOR_ROWS; i++) {
		struct kernel_neighbor **at = &k->neighbors.rows[i];

		while (*at)
			if ((*at)->said)
				at = &(*at)->next;
			else
				remove_neighbor(k, at);
	}
}

static void tell_each(struct weir_kernel *k, bool fresh_only, bool name_only)
{
	for (unsigned i = 0; i < NEIGHBOR_ROWS; i++)
		for (struct kernel_neighbor *n = k->neighbors.rows[i]; n; n = n->next)
			tell(k, n, fresh_only, name_only);
}

void kernel_neighbors_settle(struct weir_kernel *k)
{
	struct kernel_neighbors *n = &k->neighbors;
	uint32_t names = rib_names(k->rib);

	if (names == k->names && !atomic_load(&n->fresh))
		return;
	pthread_mutex_lock(&n->watch_lock);
	if (names != k->names)
		tell_each(k, false, true);
	k->names = names;
	if (atomic_exchange(&n->fresh, false))
		tell_each(k, true, false);
	for (unsigned i = 0; i < n->n_watches; i++)
		n->watches[i].fresh = false;
	pthread_mutex_unlock(&n->watch_lock);
}

int weir_kernel_watch_neighbors(struct weir_kernel *k, const char *device,
				void (*fn)(void *arg, const struct weir_neighbor_news *news),
				void *arg)
{
	struct kernel_neighbors *n = &k->neighbors;
	struct kernel_watch *v;
	int rc = -ENOMEM;

	pthread_mutex_lock(&n->watch_lock);
	v = realloc(n->watches, (n->n_watches + 1) * sizeof(*v));
	if (v) {
		n->watches = v;
		v += n->n_watches++;
		*v = (struct kernel_watch){.fn = fn, .arg = arg, .fresh = true};
		strncpy(v->device, device, sizeof(v->device) - 1);
		atomic_store(&n->fresh, true);
		rc = 0;
	}
	pthread_mutex_unlock(&n->watch_lock);
	if (!rc && k->wake >= 0)
		eventfd_write(k->wake, 1);
	return rc;
}
