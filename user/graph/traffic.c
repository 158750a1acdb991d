// SPDX-License-Identifier: BSD-2-Clause
#include "traffic.h"

#include <weir/traffic.h>

#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { PROTO, TCP_PORT, UDP_PORT, DSCP, TYPE, LLC, ICMP6_TYPE };

// One pattern: numbers from lo to hi.
struct pattern {
	enum kind kind;
	uint16_t lo, hi;
};

struct class
{
	char *name;
	struct pattern *v;
	unsigned n;
};

enum { OWN = WEIR_CLASSES - 2 };

struct weir_traffic {
	struct class control; // no name: the built-in one; no patterns: none
	struct class own[OWN];
	unsigned n_own;
};

// What neighbours of a router take it for dead without, or what an address or a session depends on.
// Not what manages it or what it serves (SSH, AAA, DNS, NTP): that is carried by protocols which
// send again, hosts behind the router use it as well, and it has bulk.
//
// ARP; LLC (spanning tree, IS-IS, CDP), slow protocols (LACP), LLDP, 802.1X, PPPoE and PPP's own;
// ND and MLD; IGMP, RSVP, EIGRP, OSPF, PIM, VRRP and CARP; BGP, MSDP, LDP; RIP, RIPng, BFD (single
// hop, echo, multihop, of a LAG, seamless), HSRP, GLBP; DHCP of both; IKE, also by NAT traversal.
static const char CONTROL[] =
	"ether proto arp or llc or ether proto 0x8809 or ether proto 0x88cc or ether proto 0x888e "
	"or ether proto 0x8863 or icmp6 type 130-137 or icmp6 type 143 or proto 2 or proto 46 or "
	"proto 88-89 or proto 103 or proto 112 or tcp port 179 or tcp port 639 or tcp port 646 or "
	"udp port 646 or udp port 520-521 or udp port 3784-3785 or udp port 4784 or udp port 6784 "
	"or udp port 7784 or udp port 1985 or udp port 2029 or udp port 3222 or udp port 67-68 or "
	"udp port 546-547 or udp port 500";

// --- reading ---
struct reader {
	char **words;
	unsigned n, at;
	struct class *class;
	char why[160]; // empty: nothing is wrong
};

static bool fail(struct reader *r, const char *what)
{
	if (!r->why[0] && r->at < r->n)
		snprintf(r->why, sizeof(r->why), "expected %s, got `%s'", what, r->words[r->at]);
	else if (!r->why[0])
		snprintf(r->why, sizeof(r->why), "expected %s at the end", what);
	return false;
}

static bool take(struct reader *r, const char *word)
{
	if (r->at >= r->n || strcmp(r->words[r->at], word) != 0)
		return false;
	r->at++;
	return true;
}

static bool type_named(const char *text, uint16_t *v)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {{"arp", ETHERTYPE_ARP}, {"ip", ETHERTYPE_IP4}, {"ip6", ETHERTYPE_IP6}};

	for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(text, types[i].name)) {
			*v = types[i].type;
			return true;
		}
	return false;
}

static bool number_up_to(uint32_t max, const char *text, uint16_t *v)
{
	uint32_t n;

	if (weir_parse(NULL, WEIR_T_U32, text, NULL, &n, NULL) || n > max)
		return false;
	*v = (uint16_t)n;
	return true;
}

// A number, or a name of the kind.
static bool number(enum kind kind, const char *text, uint16_t *v)
{
	uint8_t proto;

	switch (kind) {
	case TCP_PORT:
		return parse_port(text, IPPROTO_TCP, v);
	case UDP_PORT:
		return parse_port(text, IPPROTO_UDP, v);
	case TYPE:
		return type_named(text, v) || number_up_to(UINT16_MAX, text, v);
	case PROTO:
		if (!parse_ip_proto(text, &proto))
			return false;
		*v = proto;
		return true;
	default:
		return number_up_to(kind == DSCP ? 63 : UINT8_MAX, text, v);
	}
}

// Names may have a hyphen in them.
static bool range(enum kind kind, const char *text, struct pattern *p)
{
	const char *hyphen = strchr(text, '-');
	char first[64];

	p->kind = kind;
	if (number(kind, text, &p->lo)) {
		p->hi = p->lo;
		return true;
	}
	if (!hyphen || hyphen - text >= (ptrdiff_t)sizeof(first))
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)(hyphen - text), text);
	return number(kind, first, &p->lo) && number(kind, hyphen + 1, &p->hi) && p->lo <= p->hi;
}

static bool add(struct reader *r, const struct pattern *p)
{
	struct pattern *v = reallocarray(r->class->v, r->class->n + 1, sizeof(*v));

	if (!v)
		return false;
	r->class->v = v;
	v[r->class->n++] = *p;
	return true;
}

static bool read_range(struct reader *r, enum kind kind, const char *what)
{
	struct pattern p;

	if (r->at >= r->n || !range(kind, r->words[r->at], &p))
		return fail(r, what);
	r->at++;
	return add(r, &p);
}

static bool read_port(struct reader *r)
{
	static const char what[] = "a port or a range of ports";
	const unsigned at = r->at;

	if (!read_range(r, TCP_PORT, what))
		return false;
	r->at = at;
	return read_range(r, UDP_PORT, what);
}

// The two words of a pattern, if they are there.
static bool take_two(struct reader *r, const char *first, const char *second)
{
	if (r->at + 1 >= r->n || strcmp(r->words[r->at], first) != 0 ||
	    strcmp(r->words[r->at + 1], second) != 0)
		return false;
	r->at += 2;
	return true;
}

static bool read_pattern(struct reader *r)
{
	static const char ports[] = "a port or a range of ports";

	if (take_two(r, "tcp", "port"))
		return read_range(r, TCP_PORT, ports);
	if (take_two(r, "udp", "port"))
		return read_range(r, UDP_PORT, ports);
	if (take(r, "port"))
		return read_port(r);
	if (take_two(r, "ether", "proto"))
		return read_range(r, TYPE, "the type of an Ethernet frame");
	if (take_two(r, "icmp6", "type"))
		return read_range(r, ICMP6_TYPE, "a type of ICMPv6 or a range of them");
	if (take(r, "llc"))
		return add(r, &(struct pattern){.kind = LLC});
	take(r, "ip"); // as IPClassifier has it
	if (take(r, "proto"))
		return read_range(r, PROTO, "a protocol of IP or a range of them");
	if (take(r, "dscp"))
		return read_range(r, DSCP, "a DSCP from 0 to 63 or a range of them");
	return fail(r, "`tcp port', `udp port', `port', `proto', `dscp', `ether proto', "
		       "`icmp6 type' or `llc'");
}

static bool read_all(struct reader *r)
{
	do
		if (!read_pattern(r))
			return false;
	while (take(r, "or"));
	return r->at == r->n || fail(r, "`or'");
}

// 0, -ENOMEM, or -EINVAL with the reason in r->why.
static int read_patterns(struct reader *r, const char *text)
{
	int n = weir_words(text, &r->words);
	bool ok;

	if (n < 0)
		return n;
	r->n = (unsigned)n;
	ok = r->n == 1 && take(r, "none") ? true : read_all(r);
	weir_words_free(r->words, n);
	return ok ? 0 : r->why[0] ? -EINVAL : -ENOMEM;
}

static void class_free(struct class *c)
{
	free(c->name);
	free(c->v);
	*c = (struct class){};
}

// --- the classes of a router ---
void weir_traffic_free(struct weir_traffic *t)
{
	if (!t)
		return;
	class_free(&t->control);
	for (unsigned i = 0; i < t->n_own; i++)
		class_free(&t->own[i]);
	free(t);
}

static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return false;
	return *name;
}

static bool is_taken(const struct weir_traffic *t, const char *name)
{
	if (t->control.name && !strcmp(name, t->control.name))
		return true;
	for (unsigned i = 0; i < t->n_own; i++)
		if (!strcmp(name, t->own[i].name))
			return true;
	return !strcmp(name, "rest");
}

static int check(struct weir_args *a, const struct weir_traffic *t, const char *name,
		 bool is_control)
{
	if (!is_name(name))
		return weir_args_error(a, -1, "`%s' is no name: letters, digits and `_'", name);
	if (is_taken(t, name))
		return weir_args_error(a, -1, "there is a class `%s' already", name);
	if (!is_control && t->n_own == OWN)
		return weir_args_error(a, -1, "there are %u classes already", (unsigned)OWN);
	return 0;
}

int weir_traffic_class(struct weir_args *a, const char *name, const char *patterns)
{
	struct weir_router *router = a->element->router;
	const bool is_control = !strcmp(name, "control");
	struct weir_traffic *t = router->traffic ?: calloc(1, sizeof(*t));
	struct class c = {};
	struct reader r = {.class = &c};
	int e;

	if (!t)
		return -ENOMEM;
	router->traffic = t;
	e = check(a, t, name, is_control) ?: read_patterns(&r, patterns);
	if (r.why[0])
		weir_args_error(a, -1, "%s", r.why);
	if (!e && !c.n && !is_control)
		e = weir_args_error(a, -1, "a class of nothing: only `control' can be none");
	c.name = e ? NULL : strdup(name);
	if (!c.name) {
		class_free(&c);
		return e ?: -ENOMEM;
	}
	if (is_control)
		t->control = c;
	else
		t->own[t->n_own++] = c;
	return 0;
}

static bool has_control(const struct weir_traffic *t)
{
	return !t || !t->control.name || t->control.n;
}

unsigned weir_traffic_classes(const struct weir_router *r)
{
	return 1 + has_control(r->traffic) + (r->traffic ? r->traffic->n_own : 0);
}

const char *weir_traffic_name(const struct weir_router *r, unsigned class)
{
	const unsigned own = 1 + has_control(r->traffic);

	if (!class)
		return "rest";
	return class < own ? "control" : r->traffic->own[class - own].name;
}

// --- the table ---
// Who came first stays.
static void set(uint8_t *v, unsigned n, uint8_t class)
{
	for (unsigned i = 0; i < n; i++)
		if (!v[i])
			v[i] = class;
}

static void set_ports(struct weir_classes *t, unsigned proto, const struct pattern *p,
		      uint8_t class)
{
	set(t->port[proto] + p->lo, p->hi - p->lo + 1U, class);
	for (unsigned page = p->lo >> 8; page <= p->hi >> 8; page++)
		t->has_port[page] = 1;
}

// Those of IP are read by their DSCP, whatever that is.
static void set_types(struct weir_classes *t, const struct pattern *p, uint8_t class)
{
	set(t->type + p->lo, p->hi - p->lo + 1U, class);
	if (p->lo <= ETHERTYPE_IP4 && p->hi >= ETHERTYPE_IP4)
		set(t->dscp[0], 64, class);
	if (p->lo <= ETHERTYPE_IP6 && p->hi >= ETHERTYPE_IP6)
		set(t->dscp[1], 64, class);
}

static void set_pattern(struct weir_classes *t, const struct pattern *p, uint8_t class)
{
	const unsigned n = p->hi - p->lo + 1U;

	switch (p->kind) {
	case PROTO:
		set(t->proto + p->lo, n, class);
		break;
	case TCP_PORT:
		set_ports(t, WEIR_CLASS_TCP, p, class);
		break;
	case UDP_PORT:
		set_ports(t, WEIR_CLASS_UDP, p, class);
		break;
	case DSCP:
		set(t->dscp[0] + p->lo, n, class);
		set(t->dscp[1] + p->lo, n, class);
		break;
	case ICMP6_TYPE:
		set(t->icmp6 + p->lo, n, class);
		break;
	case TYPE:
		set_types(t, p, class);
		break;
	case LLC:
		set(t->type, 1, class);
		break;
	}
}

static void set_class(struct weir_classes *t, const struct class *c, uint8_t class)
{
	for (unsigned i = 0; i < c->n; i++)
		set_pattern(t, &c->v[i], class);
}

static uint8_t first(uint8_t a, uint8_t b)
{
	return !a || (b && b < a) ? b : a;
}

static void fill_plain(struct weir_classes *t)
{
	for (unsigned ip6 = 0; ip6 < 2; ip6++)
		for (unsigned d = 0; d < 64; d++) {
			uint8_t *tcp = &t->plain[ip6][WEIR_CLASS_TCP][d],
				*udp = &t->plain[ip6][WEIR_CLASS_UDP][d];

			*tcp = first(t->dscp[ip6][d], t->proto[IPPROTO4_TCP]);
			*udp = first(t->dscp[ip6][d], t->proto[IPPROTO4_UDP]);
		}
}

static int set_built_in(struct weir_classes *t)
{
	struct class c = {};
	struct reader r = {.class = &c};
	int e = read_patterns(&r, CONTROL);

	if (!e)
		set_class(t, &c, 1);
	class_free(&c);
	return e;
}

int weir_traffic_fill(const struct weir_router *r, struct weir_classes *t)
{
	const struct weir_traffic *traffic = r->traffic;
	uint8_t class = 1;
	int e = 0;

	memset(t, 0, sizeof(*t));
	if (!traffic || !traffic->control.name)
		e = set_built_in(t);
	else
		set_class(t, &traffic->control, class);
	class += has_control(traffic);
	for (unsigned i = 0; traffic && i < traffic->n_own; i++)
		set_class(t, &traffic->own[i], class ++);
	fill_plain(t);
	return e;
}
