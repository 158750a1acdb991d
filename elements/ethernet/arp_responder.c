// SPDX-License-Identifier: BSD-2-Clause
// ARPResponder: answers ARP queries (RFC 826) for the addresses and prefixes it was told, so also
// as a proxy. Each argument is `ADDR/MASK … ETH`: one or more addresses or prefixes, and the
// Ethernet address to answer with; a name of AddressInfo that stands for both is enough. The
// longest prefix wins. The packet, Ethernet header first, becomes the answer; what is no query, or
// not for these addresses, leaves by `other`.
//
//	c :: Classifier(12/0806 20/0001, ...);
//	c[0] -> ARPResponder(18.26.4.24 18.26.7.0/24 0:0:c0:ae:67:ef) -> ToDevice(eth0);
#include <weir/element.h>

#include <errno.h>
#include <stdlib.h>

enum { OUT, OTHER };

struct arp_answer {
	be32 addr, mask;
	uint8_t eth[6];
};

// writer: control, at a safe point; readers: workers
struct arp_responder {
	struct arp_answer *v; // longer prefixes first
	unsigned n;
};

static const struct arp_answer *find(const struct arp_responder *self, be32 addr)
{
	for (unsigned i = 0; i < self->n; i++)
		if ((addr.be & self->v[i].mask.be) == self->v[i].addr.be)
			return &self->v[i];
	return NULL;
}

// In the one-packet form, but for userspace only: the list is no constant.
static inline unsigned arp_responder(const struct arp_responder *self, struct packet *p)
{
	struct eth *eth = weir_at(p, 0, sizeof(*eth) + sizeof(struct arp4));
	const struct arp_answer *answer;
	struct arp4 *arp;
	be32 asked;

	if (!eth)
		return OTHER;
	arp = (struct arp4 *)(eth + 1);
	if (rd16(eth->type) != ETHERTYPE_ARP || rd16(arp->htype) != 1 ||
	    rd16(arp->ptype) != ETHERTYPE_IP4 || arp->hlen != 6 || arp->plen != 4 ||
	    rd16(arp->op) != ARP_REQUEST)
		return OTHER;
	asked = arp->tpa;
	answer = find(self, asked);
	if (!answer)
		return OTHER;
	weir_truncate(p, sizeof(*eth) + sizeof(*arp));
	weir_clear_annos(p);
	memcpy(arp->tha, arp->sha, 6);
	arp->tpa = arp->spa;
	memcpy(arp->sha, answer->eth, 6);
	arp->spa = asked;
	arp->op = wr16(ARP_REPLY);
	memcpy(eth->dst, arp->tha, 6);
	memcpy(eth->src, answer->eth, 6);
	weir_set_mac(p);
	weir_set_network(p, sizeof(*eth), sizeof(*arp));
	return OUT;
}

// Inserts or replaces, keeping the order.
static int insert(struct arp_responder *self, const struct arp_answer *answer, unsigned *replaced)
{
	struct arp_answer *v;
	unsigned at = 0;

	for (unsigned i = 0; i < self->n; i++) {
		if (self->v[i].addr.be == answer->addr.be &&
		    self->v[i].mask.be == answer->mask.be) {
			self->v[i] = *answer;
			*replaced += 1;
			return 0;
		}
	}
	v = reallocarray(self->v, self->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	self->v = v;
	while (at < self->n && rd32(v[at].mask) >= rd32(answer->mask))
		at++;
	memmove(v + at + 1, v + at, (self->n - at) * sizeof(*v));
	v[at] = *answer;
	self->n++;
	return 0;
}

// What the words of an argument are: its Ethernet address, which is one word or, where a name
// stands for both, the first that can be one. NULL, or what is wrong.
static const char *read_words(struct weir_element *e, char **w, int n, uint8_t *eth)
{
	int n_ip = 0, n_eth = 0, both = -1;
	struct weir_ip4_prefix net;
	uint8_t a[6];

	for (int i = 0; i < n; i++) {
		bool is_ip = !weir_parse(e, WEIR_T_IP4_PREFIX, w[i], "IP/MASK", &net, NULL);
		bool is_eth = !weir_parse(e, WEIR_T_ETHER, w[i], "ETH", a, NULL);

		if (!is_ip && !is_eth)
			return "expected IP/MASK ETH";
		n_ip += is_ip;
		if (is_eth && is_ip && both < 0)
			both = i;
		if (is_eth && !is_ip && !n_eth++)
			memcpy(eth, a, 6);
	}
	if (n_eth > 1)
		return "more than one ETH";
	if (!n_ip)
		return "missing IP/MASK";
	if (!n_eth && both < 0)
		return "missing ETH";
	if (!n_eth)
		weir_parse(e, WEIR_T_ETHER, w[both], "ETH", eth, NULL);
	return NULL;
}

// One argument: all prefixes of it get its Ethernet address.
static int add(struct weir_element *e, struct arp_responder *self, const char *text,
	       unsigned *replaced, const char **error)
{
	char **w = NULL;
	int n = weir_words(text, &w), rc = n < 0 ? n : 0;
	struct arp_answer answer = {};

	*error = n < 0 ? "out of memory" : read_words(e, w, n, answer.eth);
	if (*error)
		rc = -EINVAL;
	for (int i = 0; !rc && i < n; i++) {
		struct weir_ip4_prefix net;

		if (weir_parse(e, WEIR_T_IP4_PREFIX, w[i], "IP/MASK", &net, NULL))
			continue;
		answer.mask = net.mask;
		answer.addr.be = net.addr.be & net.mask.be;
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
		free(((struct arp_responder *)e->self)->v);
}

static void print_eth(struct weir_buf *out, const uint8_t *a)
{
	weir_printf(out, "%02X-%02X-%02X-%02X-%02X-%02X", a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int read_table(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct arp_responder *self = e->self;

	for (unsigned i = 0; i < self->n; i++) {
		uint32_t a = rd32(self->v[i].addr);

		weir_printf(out, "%u.%u.%u.%u/%d ", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
			    __builtin_popcount(self->v[i].mask.be));
		print_eth(out, self->v[i].eth);
		weir_printf(out, "\n");
	}
	return 0;
}

static int read_lookup(struct weir_element *e, const struct weir_handler *, const char *param,
		       struct weir_buf *out, struct weir_err *err)
{
	const struct arp_answer *answer;
	be32 addr;

	if (weir_parse(e, WEIR_T_IP4, param, "address", &addr, NULL))
		return weir_error(err, NULL, "expected IP address");
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
	struct arp_responder *self = e->self;
	struct weir_ip4_prefix net;

	if (weir_parse(e, WEIR_T_IP4_PREFIX, value, "IP/MASK", &net, NULL))
		return weir_error(err, NULL, "expected IP/MASK");
	for (unsigned i = 0; i < self->n; i++) {
		if (self->v[i].addr.be == (net.addr.be & net.mask.be) &&
		    self->v[i].mask.be == net.mask.be) {
			self->n--;
			memmove(self->v + i, self->v + i + 1, (self->n - i) * sizeof(*self->v));
			return 0;
		}
	}
	return weir_error(err, NULL, "%s not found", value);
}

static const struct weir_handler arp_responder_handlers[] = {
	WEIR_READ("table", read_table, "prefixes and the Ethernet address answered"),
	{
		.name = "lookup",
		.flags = WEIR_H_READ | WEIR_H_READ_PARAM,
		.read = read_lookup,
		.help = "the Ethernet address answered for an IP address",
	},
	WEIR_WRITE("add", write_add, "adds answers: ADDR/MASK … ETH"),
	WEIR_WRITE("remove", write_remove, "removes the answer for a prefix"),
	{},
};

WEIR_STRAIGHT_FORM(arp_responder, void, arp_responder(&self_, p_))
WEIR_CLASS(arp_responder, .name = "ARPResponder", .purpose = "answers ARP queries",
	   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "other"},
	   .push = arp_responder_push, .self_size = sizeof(struct arp_responder),
	   .handlers = arp_responder_handlers, .rest = "ADDR[/MASK]... ETH",
	   .rest_help = "answers queries for these addresses and prefixes with ETH; a name that "
			"stands for both is enough",
	   .configure = configure, .fini = fini, .resizes = true,
	   .userspace = "has no half in the driver", .reconfigures = true);

WEIR_CASES(arp_responder,
	   {"10.0.0.2 2:0:0:0:0:2",
	    "eth src=2:0:0:0:0:1 dst=ff:ff:ff:ff:ff:ff arp op=request sha=2:0:0:0:0:1 spa=10.0.0.1 "
	    "tpa=10.0.0.2 len=60",
	    "out",
	    "eth src=2:0:0:0:0:2 dst=2:0:0:0:0:1 arp op=reply sha=2:0:0:0:0:2 spa=10.0.0.2 "
	    "tha=2:0:0:0:0:1 tpa=10.0.0.1"},
	   {"10.0.0.0/8 2:0:0:0:0:2, 10.0.0.2 2:0:0:0:0:3",
	    "eth src=2:0:0:0:0:1 arp op=request sha=2:0:0:0:0:1 spa=10.0.0.1 tpa=10.0.0.2", "out",
	    "eth src=2:0:0:0:0:3 dst=2:0:0:0:0:1 arp op=reply sha=2:0:0:0:0:3 spa=10.0.0.2 "
	    "tha=2:0:0:0:0:1 tpa=10.0.0.1"},
	   {"10.0.0.2 2:0:0:0:0:2", "eth arp op=request tpa=10.0.0.3", "other", ""},
	   {"10.0.0.2 2:0:0:0:0:2", "eth arp op=reply tpa=10.0.0.2", "other", ""},
	   {"10.0.0.2 2:0:0:0:0:2", "eth arp op=request tpa=10.0.0.2 cut=41", "other", ""},
	   {"10.0.0.2 2:0:0:0:0:2", "eth arp op=request hlen=8 tpa=10.0.0.2", "other", ""});
