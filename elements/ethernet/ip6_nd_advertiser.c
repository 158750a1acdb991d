// SPDX-License-Identifier: BSD-2-Clause
// IP6NDAdvertiser: answers neighbor solicitations (RFC 4861) for the addresses and prefixes it was
// told, so also as a proxy. Each argument is `ADDR/LEN … ETH`: one or more IPv6 addresses or
// prefixes, and the Ethernet address to answer with; a name of AddressInfo that stands for both is
// enough. The longest prefix wins. The packet, Ethernet header first, becomes the advertisement of
// a router, which overrides what was known before unless it is for a prefix. Who has no address yet
// and looks whether it may take this one (RFC 4862 5.4) is answered before all nodes. What is no
// valid solicitation (RFC 4861 7.1.1), or not for these addresses, leaves by `other`.
//
//	c :: Classifier(12/86dd 20/3aff 54/87, ...);
//	c[0] -> IP6NDAdvertiser(2001:db8::1 fe80::1 0:0:c0:ae:67:ef) -> ToDevice(eth0);
#include <weir/ip6.h>

#include "nd.h"

#include <errno.h>
#include <stdlib.h>

enum { OUT, OTHER };
enum { NO_ROOM };

struct nd_answer {
	struct weir_ip6_prefix net;
	uint8_t eth[6];
};

// writer: control, at a safe point; readers: workers
struct ip6_nd_advertiser {
	struct nd_answer *v; // longer prefixes first
	unsigned n;
};

static bool has(const struct weir_ip6_prefix *net, struct weir_ip6 a)
{
	struct weir_ip6 mask = weir_ip6_mask(net->len);

	return !(((a.hi ^ net->addr.hi) & mask.hi) | ((a.lo ^ net->addr.lo) & mask.lo));
}

static const struct nd_answer *find(const struct ip6_nd_advertiser *self, struct weir_ip6 a)
{
	for (unsigned i = 0; i < self->n; i++)
		if (has(&self->v[i].net, a))
			return &self->v[i];
	return NULL;
}

// Writes the answer. A solicitation without an option came from whoever sent the frame.
static void advertise(struct nd_frame *f, const struct nd_message *m,
		      const struct nd_answer *answer)
{
	const bool all = nd_is_unspecified(m->src);
	const struct neighbor_key dst = all ? nd_all_nodes() : m->src;
	const uint32_t flags =
		ND_ROUTER | (all ? 0 : ND_SOLICITED) | (answer->net.len == 128 ? ND_OVERRIDE : 0);

	if (all)
		nd_multicast_ether(dst, f->eth.dst);
	else
		memcpy(f->eth.dst, m->has_eth ? m->eth : m->from, 6);
	memcpy(f->ip.dst, &dst, sizeof(dst));
	memcpy(f->eth.src, answer->eth, 6);
	memcpy(f->ip.src, &m->target, sizeof(f->ip.src));
	memcpy(f->nd.target, &m->target, sizeof(f->nd.target));
	memcpy(f->option.eth, answer->eth, 6);
	f->nd.icmp.rest = wr32(flags);
	nd_finish(f, ND_ADVERTISEMENT);
}

// In the one-packet form, but for userspace only: the list is no constant.
static inline unsigned ip6_nd_advertiser(const struct ip6_nd_advertiser *self, struct packet *p)
{
	const uint32_t size = sizeof(struct nd_frame);
	const struct nd_answer *answer;
	struct nd_message m;

	if (!nd_read(p, ND_SOLICITATION, &m))
		return OTHER;
	answer = find(self, weir_ip6_read(&m.target));
	if (!answer)
		return OTHER;
	if (p->len < size && !weir_push_back(p, size - p->len))
		return WEIR_DROP + NO_ROOM;
	weir_truncate(p, size);
	weir_clear_annos(p);
	advertise((struct nd_frame *)weir_data(p), &m, answer);
	weir_set_mac(p);
	weir_set_network(p, sizeof(struct eth), sizeof(struct ip6));
	return OUT;
}

static bool same(const struct weir_ip6_prefix *a, const struct weir_ip6_prefix *b)
{
	return a->len == b->len && weir_ip6_equal(a->addr, b->addr);
}

// Inserts or replaces, keeping the order.
static int insert(struct ip6_nd_advertiser *self, const struct nd_answer *answer,
		  unsigned *replaced)
{
	struct nd_answer *v;
	unsigned at = 0;

	for (unsigned i = 0; i < self->n; i++) {
		if (same(&self->v[i].net, &answer->net)) {
			self->v[i] = *answer;
			*replaced += 1;
			return 0;
		}
	}
	v = reallocarray(self->v, self->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	self->v = v;
	while (at < self->n && v[at].net.len >= answer->net.len)
		at++;
	memmove(v + at + 1, v + at, (self->n - at) * sizeof(*v));
	v[at] = *answer;
	self->n++;
	return 0;
}

// The prefix that a word is, without host bits.
static bool read_net(struct weir_element *e, const char *text, struct weir_ip6_prefix *net)
{
	struct weir_ip6 mask;

	if (weir_parse(e, WEIR_T_IP6_PREFIX, text, "IP6/LEN", net, NULL))
		return false;
	mask = weir_ip6_mask(net->len);
	net->addr.hi &= mask.hi;
	net->addr.lo &= mask.lo;
	return true;
}

// The Ethernet address among the words of an argument: one word or, where a name stands for both,
// the first that can be one. NULL, or what is wrong.
static const char *read_ether(struct weir_element *e, char **w, int n, uint8_t *eth)
{
	int n_ip = 0, n_eth = 0, both = -1;
	struct weir_ip6_prefix net;
	uint8_t a[6];

	for (int i = 0; i < n; i++) {
		bool is_ip = read_net(e, w[i], &net);
		bool is_eth = !weir_parse(e, WEIR_T_ETHER, w[i], "ETH", a, NULL);

		if (!is_ip && !is_eth)
			return "expected IP6/LEN ETH";
		n_ip += is_ip;
		if (is_eth && is_ip && both < 0)
			both = i;
		if (is_eth && !is_ip && !n_eth++)
			memcpy(eth, a, 6);
	}
	if (n_eth > 1)
		return "more than one ETH";
	if (!n_ip)
		return "missing IP6/LEN";
	if (!n_eth && both < 0)
		return "missing ETH";
	if (!n_eth)
		weir_parse(e, WEIR_T_ETHER, w[both], "ETH", eth, NULL);
	return NULL;
}

// One argument: all prefixes of it get its Ethernet address.
static int add(struct weir_element *e, struct ip6_nd_advertiser *self, const char *text,
	       unsigned *replaced, const char **error)
{
	char **w = NULL;
	int n = weir_words(text, &w), rc = n < 0 ? n : 0;
	struct nd_answer answer = {};

	*error = n < 0 ? "out of memory" : read_ether(e, w, n, answer.eth);
	if (*error)
		rc = -EINVAL;
	for (int i = 0; !rc && i < n; i++) {
		if (!read_net(e, w[i], &answer.net))
			continue;
		rc = insert(self, &answer, replaced);
		*error = "out of memory";
	}
	weir_words_free(w, n < 0 ? 0 : n);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	unsigned replaced = 0;
	const char *error;
	int rc = 0;

	for (unsigned i = 0; i < a->n_rest; i++)
		if (add(e, e->self, a->rest[i], &replaced, &error))
			rc = weir_args_error(a, (int)i, "argument %u: %s", i + 1, error);
	if (replaced)
		weir_warn(a->err, &e->loc, "%u %s replaced by later ones", replaced,
			  replaced > 1 ? "entries" : "entry");
	return rc;
}

static void fini(struct weir_element *e)
{
	if (e->self)
		free(((struct ip6_nd_advertiser *)e->self)->v);
}

static void print_eth(struct weir_buf *out, const uint8_t *a)
{
	weir_printf(out, "%02X-%02X-%02X-%02X-%02X-%02X", a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int read_table(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct ip6_nd_advertiser *self = e->self;
	char text[WEIR_IP6_TEXT];

	for (unsigned i = 0; i < self->n; i++) {
		weir_printf(out, "%s/%u ", weir_ip6_text(text, self->v[i].net.addr),
			    self->v[i].net.len);
		print_eth(out, self->v[i].eth);
		weir_printf(out, "\n");
	}
	return 0;
}

static int read_lookup(struct weir_element *e, const struct weir_handler *, const char *param,
		       struct weir_buf *out, struct weir_err *err)
{
	const struct nd_answer *answer;
	struct weir_ip6 addr;

	if (weir_parse(e, WEIR_T_IP6, param, "address", &addr, NULL))
		return weir_error(err, NULL, "expected IPv6 address");
	answer = find(e->self, addr);
	if (answer)
		print_eth(out, answer->eth);
	return 0;
}

static int write_add(struct weir_element *e, const struct weir_handler *, const char *value,
		     struct weir_err *err)
{
	unsigned replaced = 0;
	const char *error;
	int rc = add(e, e->self, value, &replaced, &error);

	return rc ? weir_error(err, NULL, "%s", error) : 0;
}

static int write_remove(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct ip6_nd_advertiser *self = e->self;
	struct weir_ip6_prefix net;

	if (!read_net(e, value, &net))
		return weir_error(err, NULL, "expected IP6/LEN");
	for (unsigned i = 0; i < self->n; i++) {
		if (same(&self->v[i].net, &net)) {
			self->n--;
			memmove(self->v + i, self->v + i + 1, (self->n - i) * sizeof(*self->v));
			return 0;
		}
	}
	return weir_error(err, NULL, "%s not found", value);
}

static const struct weir_handler ip6_nd_advertiser_handlers[] = {
	WEIR_READ("table", read_table, "prefixes and the Ethernet address answered"),
	{
		.name = "lookup",
		.flags = WEIR_H_READ | WEIR_H_READ_PARAM,
		.read = read_lookup,
		.help = "the Ethernet address answered for an IPv6 address",
	},
	WEIR_WRITE("add", write_add, "adds answers: ADDR/LEN … ETH"),
	WEIR_WRITE("remove", write_remove, "removes the answer for a prefix"),
	{},
};

WEIR_STRAIGHT_FORM(ip6_nd_advertiser, void, ip6_nd_advertiser(&self_, p_))
WEIR_CLASS(ip6_nd_advertiser, .name = "IP6NDAdvertiser",
	   .purpose = "answers neighbor solicitations of IPv6", .ports = "1/1-2",
	   .processing = "a/ah", .out = {"out", "other"}, .drops = {"no-room"},
	   .push = ip6_nd_advertiser_push, .self_size = sizeof(struct ip6_nd_advertiser),
	   .handlers = ip6_nd_advertiser_handlers, .rest = "ADDR[/LEN]... ETH",
	   .rest_help = "answers solicitations for these addresses and prefixes with ETH; a name "
			"that stands for both is enough",
	   .configure = configure, .fini = fini, .resizes = true,
	   .userspace = "has no half in the driver", .reconfigures = true);

#define SOLICITED                                                                             \
	"eth src=2:0:0:0:0:1 dst=33:33:ff:0:0:2 ip6 src=fe80::1 dst=ff02::1:ff00:2 hlim=255 " \
	"icmp6 "
#define ASKED SOLICITED "type=135 nd addr=fe80::2 "
WEIR_CASES(ip6_nd_advertiser,
	   {"fe80::2 2:0:0:0:0:2", ASKED "ndopt type=1 ether=2:0:0:0:0:1", "out",
	    "eth src=2:0:0:0:0:2 dst=2:0:0:0:0:1 ip6 src=fe80::2 dst=fe80::1 hlim=255 icmp6 "
	    "type=136 flags=0xe0000000 nd addr=fe80::2 ndopt type=2 ether=2:0:0:0:0:2"},
	   {"fe80::/64 2:0:0:0:0:2", ASKED, "out",
	    "eth src=2:0:0:0:0:2 dst=2:0:0:0:0:1 ip6 src=fe80::2 dst=fe80::1 hlim=255 icmp6 "
	    "type=136 flags=0xc0000000 nd addr=fe80::2 ndopt type=2 ether=2:0:0:0:0:2"},
	   {"fe80::2 2:0:0:0:0:2",
	    "eth src=2:0:0:0:0:1 dst=33:33:ff:0:0:2 ip6 src=:: dst=ff02::1:ff00:2 hlim=255 icmp6 "
	    "type=135 nd addr=fe80::2",
	    "out",
	    "eth src=2:0:0:0:0:2 dst=33:33:0:0:0:1 ip6 src=fe80::2 dst=ff02::1 hlim=255 icmp6 "
	    "type=136 flags=0xa0000000 nd addr=fe80::2 ndopt type=2 ether=2:0:0:0:0:2"},
	   {"fe80::2 2:0:0:0:0:2", SOLICITED "type=135 nd addr=fe80::3", "other", ""},
	   {"fe80::2 2:0:0:0:0:2",
	    "eth ip6 src=fe80::1 dst=fe80::2 hlim=254 icmp6 type=135 nd addr=fe80::2", "other", ""},
	   {"fe80::2 2:0:0:0:0:2", SOLICITED "type=135 csum=bad nd addr=fe80::2", "other", ""},
	   {"fe80::2 2:0:0:0:0:2", SOLICITED "type=135 code=1 nd addr=fe80::2", "other", ""},
	   {"fe80::2 2:0:0:0:0:2", ASKED "ndopt type=1 hlen=0 ether=2:0:0:0:0:1", "other", ""},
	   {"fe80::2 2:0:0:0:0:2", ASKED "ndopt type=1 hlen=2 ether=2:0:0:0:0:1", "other", ""},
	   {"fe80::2 2:0:0:0:0:2",
	    "eth ip6 src=:: dst=ff02::1:ff00:2 hlim=255 icmp6 type=135 nd addr=fe80::2 ndopt "
	    "type=1 ether=2:0:0:0:0:1",
	    "other", ""},
	   {"fe80::2 2:0:0:0:0:2",
	    "eth ip6 src=:: dst=fe80::2 hlim=255 icmp6 type=135 nd addr=fe80::2", "other", ""},
	   {"ff02::1 2:0:0:0:0:2",
	    "eth ip6 src=fe80::1 dst=ff02::1 hlim=255 icmp6 type=135 nd addr=ff02::1", "other", ""},
	   {"fe80::2 2:0:0:0:0:2", ASKED "cut=77", "other", ""});
