// SPDX-License-Identifier: BSD-2-Clause
// Arguments of NAT64.
#include "nat64.h"

#include <errno.h>
#include <stdlib.h>

enum { BLOCK = 256 }; // ports that a worker takes at a time

static int add_pool(struct weir_element *e, struct weir_args *a, const char *word)
{
	struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	struct weir_ip4_prefix net;
	uint32_t mask;

	if (weir_parse(e, WEIR_T_IP4_PREFIX, word, "POOL", &net, a->err))
		return -EINVAL;
	mask = rd32(net.mask);
	switch (mask ? pool_add(&all->pool, rd32(net.addr) & mask, ~mask + 1) : -E2BIG) {
	case 0:
		return 0;
	case -EEXIST:
		return weir_args_error(a, -1, "POOL has addresses twice");
	case -E2BIG:
		return weir_args_error(a, -1, "POOL has more than %d addresses", POOL_ADDRESSES);
	default:
		return -ENOMEM;
	}
}

static int take_pool(struct weir_element *e, struct weir_args *a)
{
	struct nat64 *self = e->self;
	char **words = NULL;
	int n = weir_words(self->pool_text ? self->pool_text : "", &words), rc = n < 0 ? n : 0;

	for (int i = 0; i < n; i++)
		if (add_pool(e, a, words[i]))
			rc = -EINVAL;
	weir_words_free(words, n < 0 ? 0 : n);
	if (!rc && !n)
		rc = weir_args_error(a, -1, "POOL has no address");
	return rc ?: pool_open(&self->all->pool, 0, 65536, BLOCK);
}

static int take_static(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	const char *error = nat64_static_add(e, words, n);

	return error ? weir_args_error(a, (int)i, "argument %u: %s", i + 1, error) : 0;
}

int nat64_configure(struct weir_element *e, struct weir_args *a)
{
	struct nat64 *self = e->self;
	int rc;

	self->all = calloc(1, sizeof(*self->all));
	if (!self->all)
		return -ENOMEM;
	rc = embed_configure(&self->embed, &self->prefix, a);
	if (take_pool(e, a))
		rc = -EINVAL;
	return rc ?: weir_args_each(e, a, take_static);
}

void nat64_all_free(struct nat64_all *all)
{
	sessions_close(&all->sessions);
	numbers_close(&all->mappings);
	numbers_close(&all->hosts);
	pool_close(&all->pool);
	free(all->fixed);
	free(all);
}

static const char *const filters[] = {"none", "address", "address-and-port", NULL};

const struct weir_arg nat64_args[] = {
	WEIR_ARG(IP6_PREFIX, nat64, prefix, "PREFIX", "where IPv4 addresses are embedded",
		 WEIR_MAND),
	WEIR_ARG(ARG, nat64, pool_text, "POOL", "external addresses or prefixes", WEIR_MAND),
	WEIR_ARG(U32, nat64, sessions, "SESSIONS", "most sessions", .def = "262144", .min = 1,
		 .max = SESSION_MOST - 1),
	WEIR_ARG(U32, nat64, hosts, "HOSTS", "most hosts with sessions", .def = "65536", .min = 1,
		 .max = NUMBERS_MOST),
	WEIR_ARG(U32, nat64, sessions_each, "SESSIONS_EACH",
		 "most sessions of a host; 0: any number", .def = "0"),
	WEIR_ARG(ENUM, nat64, filtering, "FILTERING", "who may send to a mapping", .def = "none",
		 .names = filters),
	WEIR_ARG(BOOL, nat64, preserve, "PRESERVE", "keep ports that are free", .def = "true"),
	WEIR_ARG(BOOL, nat64, hairpin, "HAIRPIN", "send back what is for POOL", .def = "true"),
	// RFC 6146 4
	WEIR_ARG(SECONDS, nat64, udp, "UDP", "UDP sessions end after", .def = "300",
		 .min = 120000000000, .max = INT64_MAX),
	WEIR_ARG(SECONDS, nat64, tcp_established, "TCP_EST", "established TCP sessions end after",
		 .def = "7440", .min = 7440000000000, .max = INT64_MAX),
	WEIR_ARG(SECONDS, nat64, tcp_transitory, "TCP_TRANS",
		 "TCP sessions that open or close end after", .def = "240", .min = 240000000000,
		 .max = INT64_MAX),
	WEIR_ARG(SECONDS, nat64, tcp_incoming_syn, "TCP_INCOMING_SYN",
		 "SYNs that nobody wants wait for; 0: they do not", .def = "6", .max = 60000000000),
	WEIR_ARG(SECONDS, nat64, icmp, "ICMP", "ping sessions end after", .def = "60",
		 .min = 60000000000, .max = INT64_MAX),
	WEIR_ARG(SECONDS, nat64, fragment, "FRAGMENT", "fragments wait for their first for",
		 .def = "2", .min = 2000000000, .max = 60000000000),
	WEIR_ARG(U32, nat64, fragments, "FRAGMENTS", "most that wait, and datagrams, of a worker",
		 .def = "1024", .max = 65536),
	XLAT_ARGS(nat64, links),
	{},
};
