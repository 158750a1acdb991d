// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_ways.h"

#include <weir/fib6.h>

#include <linux/rtnetlink.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <mirror.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct answer {
	int error;
	uint8_t type, via_family;
	uint32_t oif;
	struct weir_ip6 via;
};

static void take_answer(struct answer *a, const struct nlmsghdr *m, struct kernel_room *room)
{
	struct rib_route r;

	if (m->nlmsg_type == NLMSG_ERROR) {
		a->error = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(m))->error;
		return;
	}
	// answers are marked as cached
	((struct rtmsg *)mnl_nlmsg_get_payload(m))->rtm_flags &= ~(unsigned)RTM_F_CLONED;
	if (kernel_parse_route(m, &r, room) != KERNEL_PARSED) {
		a->error = -EBADMSG;
		return;
	}
	a->type = r.type;
	if (!r.n_hops)
		return;
	a->oif = r.hops[0].link;
	a->via_family = r.hops[0].gw_family;
	a->via = r.hops[0].gw;
}

static struct answer ask(const struct kernel_ways *w, uint8_t family, struct weir_ip6 dst,
			 uint32_t iif)
{
	static struct kernel_room room;
	static char bytes[32768];
	struct nlmsghdr *m = mnl_nlmsg_put_header(bytes);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
	size_t len = family == AF_INET ? 4 : 16;
	uint32_t src4 = htonl(0xcb007107); // 203.0.113.7
	uint8_t dst_bytes[16], src6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 7};
	struct answer a = {};
	ssize_t n;

	weir_ip6_write(dst_bytes, dst); // an IPv4 address is in the first four
	m->nlmsg_type = RTM_GETROUTE;
	m->nlmsg_flags = NLM_F_REQUEST;
	r->rtm_family = family;
	r->rtm_dst_len = (uint8_t)(8 * len);
	mnl_attr_put(m, RTA_DST, len, dst_bytes);
	if (iif) {
		r->rtm_src_len = (uint8_t)(8 * len);
		mnl_attr_put(m, RTA_SRC, len, family == AF_INET ? (void *)&src4 : src6);
		mnl_attr_put_u32(m, RTA_IIF, iif);
	}
	if (mnl_socket_sendto(w->socket, m, m->nlmsg_len) < 0 ||
	    (n = mnl_socket_recvfrom(w->socket, bytes, sizeof(bytes))) < 0)
		a.error = -errno;
	else
		take_answer(&a, (struct nlmsghdr *)bytes, &room);
	return a;
}

static uint32_t port_of(const struct kernel_ways *w, uint32_t oif)
{
	char name[IF_NAMESIZE] = "";

	if_indextoname(oif, name);
	for (unsigned i = 0; i < w->n_devices; i++)
		if (!strcmp(w->devices[i], name))
			return WEIR_HOP_DEVICE + i;
	return WEIR_HOP_HOST;
}

static bool gateway_agrees(const struct kernel_ways *w, const struct weir_hop *h, uint8_t family,
			   const struct answer *a)
{
	const struct weir_ip6 zero = {};
	uint32_t gw4 = ntohl(h->gw4.be);

	if (family == AF_INET6)
		return weir_ip6_equal(weir_ip6_read(h->gw6), a->via_family ? a->via : zero);
	if (a->via_family == AF_INET6)
		return gw4 && gw4 <= rib_names(w->k->rib) &&
		       weir_ip6_equal(rib_named(w->k->rib, gw4), a->via);
	return gw4 == (a->via_family ? rib_to_ip4(a->via) : 0);
}

static enum weir_hop_port port_of_error(const struct answer *a)
{
	if (a->error == -ENETUNREACH)
		return WEIR_HOP_NO_ROUTE;
	if (a->error == -EHOSTUNREACH || a->type == RTN_UNREACHABLE)
		return WEIR_HOP_UNREACHABLE;
	if (a->error == -EACCES || a->type == RTN_PROHIBIT)
		return WEIR_HOP_PROHIBIT;
	if (a->error == -EINVAL || a->type == RTN_BLACKHOLE)
		return WEIR_HOP_BLACKHOLE;
	return WEIR_HOP_HOST; // it is the kernel's own, or for many
}

static enum kernel_verdict hop_agrees(const struct kernel_ways *w, const struct weir_hop *h,
				      uint8_t family, const struct answer *a)
{
	uint32_t port = a->type == RTN_UNICAST && !a->error ? port_of(w, a->oif) : port_of_error(a);

	if (h->port == WEIR_HOP_HOST && port != WEIR_HOP_HOST)
		return WAYS_HOST;
	if (h->port != port)
		return WAYS_DIFFER;
	if (port < WEIR_HOP_DEVICE)
		return WAYS_AGREE;
	return gateway_agrees(w, h, family, a) ? WAYS_AGREE : WAYS_DIFFER;
}

static uint32_t value_of(const struct weir_view *v, uint8_t family, struct weir_ip6 dst)
{
	uint32_t value = family == AF_INET ? weir_fib4_lookup(v->fib4, rib_to_ip4(dst))
					   : weir_fib6_lookup(v->fib6, dst);

	return value == WEIR_FIB4_NONE ? WEIR_HOP_NO_ROUTE : value;
}

// Of a group any member may be the kernel's choice.
static enum kernel_verdict compare(const struct kernel_ways *w, const struct weir_view *v,
				   uint8_t family, struct weir_ip6 dst, const struct answer *a)
{
	enum kernel_verdict best = WAYS_DIFFER;
	const struct weir_hop *h;

	kernel_lock(&w->k->lock);
	h = &v->hops[value_of(v, family, dst)];
	for (uint32_t i = 0; i <= h->mask && best != WAYS_AGREE; i++) {
		const struct weir_hop *one = h->mask ? &v->hops[v->buckets[h->first + i]] : h;
		enum kernel_verdict now = hop_agrees(w, one, family, a);

		best = now < best ? now : best;
	}
	kernel_unlock(&w->k->lock);
	return best;
}

static void say(const struct weir_view *v, uint8_t family, struct weir_ip6 dst,
		const struct answer *a)
{
	char text[INET6_ADDRSTRLEN], via[INET6_ADDRSTRLEN] = "-";
	const struct weir_hop *h = &v->hops[value_of(v, family, dst)];
	uint8_t bytes[16], gw[16];

	weir_ip6_write(bytes, dst);
	weir_ip6_write(gw, a->via);
	if (a->via_family)
		inet_ntop(a->via_family, gw, via, sizeof(via));
	printf("%s: kernel: error %d type %u oif %u via %s; weir: port %u gw4 %08x mask %u\n",
	       inet_ntop(family, bytes, text, sizeof(text)), a->error, a->type, a->oif, via,
	       h->port, ntohl(h->gw4.be), h->mask);
}

enum kernel_verdict kernel_ways_compare(const struct kernel_ways *w, const struct weir_view *v,
					uint8_t family, struct weir_ip6 dst, uint32_t iif,
					bool print)
{
	enum kernel_verdict now = WAYS_DIFFER;
	struct answer a;

	for (unsigned i = 0; i < 20 && now == WAYS_DIFFER; i++) {
		if (i)
			usleep(20000);
		a = ask(w, family, dst, iif);
		now = compare(w, v, family, dst, &a);
	}
	if (now == WAYS_DIFFER && print)
		say(v, family, dst, &a);
	return now;
}
