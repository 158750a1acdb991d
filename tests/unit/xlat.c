// SPDX-License-Identifier: BSD-2-Clause
// Translation between IPv4 and IPv6 (RFC 7915), addresses in addresses (RFC 6052): every entry of
// the RFCs' tables, random packets whose checksums are summed again, there and back, quotes of all
// lengths, and broken packets.
#include <weir/csum.h>

#include "pkt.h"
#include "random_rules.h"

#include <criterion/criterion.h>
#include <nat/embed.h>
#include <nat/xlat.h>
#include <stdio.h>
#include <stdlib.h>

// fd00::/96
static const struct embed_prefix prefix = {.addr = {{0xfd}, {0}}, .len = 96};
static const struct xlat_links links = {1500, 1500, 1280, true, true};
enum { ID = 0x1234 };

static struct packet *parse(const char *text)
{
	struct packet *p;
	struct pkt k;

	cr_assert(pkt_parse(&k, text, strlen(text)), "%s: %s", text, k.error);
	p = pkt_new(&k);
	pkt_free(&k);
	return p;
}

static enum xlat_verdict to4(struct packet *p)
{
	const struct xlat_seen6 s = xlat_look6(p);
	struct session_tuple to = {.sport = s.tuple.sport, .dport = s.tuple.dport};
	be32 src;

	if (s.kind == TRANSLATE_BAD)
		return s.verdict;
	cr_assert(embed_get(&prefix, s.tuple.src, &to.src) &&
		  embed_get(&prefix, s.tuple.dst, &to.dst) &&
		  embed_get(&prefix, ((const struct ip6 *)weir_data(p))->src, &src));
	return xlat_to4(p, &to, src, wr16(ID), &links);
}

static enum xlat_verdict to6(struct packet *p)
{
	const struct translate_seen s = translate_look(p);
	struct xlat_tuple6 to = {.sport = s.tuple.sport, .dport = s.tuple.dport};
	be64 src[2];

	if (s.kind == TRANSLATE_BAD)
		return XLAT_BAD;
	embed_put(&prefix, s.tuple.src, to.src);
	embed_put(&prefix, s.tuple.dst, to.dst);
	embed_put(&prefix, ((const struct ip4 *)weir_data(p))->src, src);
	return xlat_to6(p, &to, src, &links);
}

static enum xlat_verdict translate(struct packet *p)
{
	return *weir_data(p) >> 4 == 6 ? to4(p) : to6(p);
}

// Texts in which an ip6 has the addresses of IPv4's defaults, and IP6 and IP4 the other way round.
static char *expand(const char *text, char *out)
{
	char *at = out;

	for (; *text; text++)
		if (!strncmp(text, "ip6", 3) && (text[3] == ' ' || !text[3])) {
			at += sprintf(at, "ip6 src=fd00::10.0.0.1 dst=fd00::10.0.0.2");
			text += 2;
		} else if (!strncmp(text, "IP6", 3)) {
			at += sprintf(at, "ip6 src=fd00::10.0.0.2 dst=fd00::10.0.0.1");
			text += 2;
		} else if (!strncmp(text, "IP4", 3)) {
			at += sprintf(at, "ip4 src=10.0.0.2 dst=10.0.0.1");
			text += 2;
		} else {
			*at++ = *text;
		}
	*at = 0;
	return out;
}

struct row {
	const char *in;
	enum xlat_verdict verdict;
	const char *out;
};

static void check_rows(const struct row *rows, unsigned n)
{
	char text[2][1024];

	for (unsigned i = 0; i < n; i++) {
		struct packet *p = parse(expand(rows[i].in, text[0]));
		enum xlat_verdict v = translate(p);
		char *why = NULL;
		struct pkt k;

		cr_expect_eq(v, rows[i].verdict, "%s: verdict %d", rows[i].in, v);
		if (rows[i].out) {
			expand(rows[i].out, text[1]);
			cr_assert(pkt_parse(&k, text[1], strlen(text[1])), "%s: %s", text[1],
				  k.error);
			cr_expect(pkt_matches(p, &k, &why), "%s: %s", rows[i].in, why);
			free(why);
			pkt_free(&k);
		}
		free(p);
	}
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

Test(xlat, headers6)
{
	static const struct row rows[] = {
		{"ip6 tc=9 flow=5 hlim=3 udp data=\"abc\"", 0,
		 "ip4 tos=9 ttl=3 id=4660 udp data=\"abc\" network=0 transport=20 "
		 "dst_ip=10.0.0.2"},
		{"ip6 tcp flags=syn+ack opt=020405b4 len=90", 0,
		 "ip4 id=4660 tcp flags=syn+ack opt=020405b4"},
		{"ip6 udp bytes=1232", 0, "ip4 id=4660 udp bytes=1232"},
		{"ip6 udp bytes=1233", 0, "ip4 id=4660 df udp bytes=1233"},
		{"ip6 next=132 bytes=20", 0, "ip4 id=4660 proto=132 bytes=20"},
		{"ip6 next=59", 0, "ip4 id=4660 proto=59"},
		{"ip6 next=51 bytes=20", 0, "ip4 id=4660 proto=51 bytes=20"},
		{"ip6 hop opt=05020000 dest routing rtype=4 dest udp", 0, "ip4 id=4660 udp"},
		{"ip6 routing rtype=0 left=1 udp", XLAT_ROUTING,
		 "ip6 routing rtype=0 left=1 udp param_prob=43"},
		{"ip6 hop routing rtype=0 left=1 udp", XLAT_ROUTING,
		 "ip6 hop routing rtype=0 left=1 udp param_prob=51"},
		{"ip6 next=1 bytes=8", XLAT_HEADERS, NULL},
		{"ip6 udp bytes=9 cut=50", XLAT_BAD, NULL},
		{"ip6 udp cut=39", XLAT_BAD, NULL},
		{"ip6 vers=5 udp", XLAT_BAD, NULL},
		{"ip6 next=udp bytes=7", XLAT_BAD, NULL},
		{"ip6 next=tcp bytes=19", XLAT_BAD, NULL},
		{"ip6 next=0 hex=11", XLAT_BAD, NULL},
		// fragments: the lower half of the identification, and no DF
		{"ip6 frag mf id=305419896 udp bytes=8", 0, "ip4 mf id=22136 udp bytes=8"},
		{"ip6 frag off=1232 id=9 next=17 bytes=3", 0,
		 "ip4 frag=1232 id=9 proto=17 bytes=3"},
		{"ip6 hop frag off=1232 mf id=9 next=17 bytes=1400", 0,
		 "ip4 frag=1232 mf id=9 proto=17 bytes=1400"},
		{"ip6 frag id=9 icmp6 type=128", 0, "ip4 id=9 icmp type=8"},
		{"ip6 frag mf id=9 icmp6 type=128", XLAT_FRAGMENT, NULL},
		{"ip6 frag off=8 id=9 next=58 bytes=8", XLAT_FRAGMENT, NULL},
		{"ip6 frag id=9 dest udp", XLAT_HEADERS, NULL},
		{"ip6 frag id=9 ah udp", XLAT_HEADERS, NULL},
		{"ip6 frag mf id=9 next=17 bytes=7", XLAT_BAD, NULL},
		{"ip6 next=frag hex=11000000", XLAT_BAD, NULL},
	};

	CHECK(rows);
}

Test(xlat, headers4)
{
	static const struct row rows[] = {
		{"ip4 tos=9 ttl=3 df udp data=\"abc\" len=60", 0,
		 "ip6 tc=9 hlim=3 udp data=\"abc\" network=0 transport=40 dst_ip6=fd00::10.0.0.2"},
		{"ip4 tcp flags=syn opt=020405b4", 0, "ip6 tcp flags=syn opt=020405b4"},
		{"ip4 df udp bytes=1400", 0, "ip6 udp bytes=1400"},
		{"ip4 id=7 udp bytes=1232", 0, "ip6 udp bytes=1232"},
		{"ip4 id=7 udp bytes=1233", 0, "ip6 frag id=7 udp bytes=1233"},
		{"ip4 proto=132 bytes=20", 0, "ip6 next=132 bytes=20"},
		{"ip4 proto=50 bytes=20", 0, "ip6 next=50 bytes=20"},
		{"ip4 proto=58 bytes=20", XLAT_HEADERS, NULL},
		{"ip4 proto=0 bytes=20", XLAT_HEADERS, NULL},
		{"ip4 proto=44 bytes=20", XLAT_HEADERS, NULL},
		// options go, but not with a route to follow
		{"ip4 opt=01010101 udp", 0, "ip6 udp"},
		{"ip4 opt=830708010203040000 udp", 0, "ip6 udp"},
		{"ip4 opt=83070401020304 udp", XLAT_SOURCE_ROUTE, NULL},
		{"ip4 opt=01890704010203040000 udp", XLAT_SOURCE_ROUTE, NULL},
		{"ip4 opt=0089070401020304 udp", 0, "ip6 udp"},
		{"ip4 opt=44040500890704010203040000 udp", XLAT_SOURCE_ROUTE, NULL},
		{"ip4 mf id=7 udp bytes=8", 0, "ip6 frag mf id=7 udp bytes=8"},
		{"ip4 frag=16 id=7 proto=17 bytes=5", 0, "ip6 frag off=16 id=7 next=17 bytes=5"},
		{"ip4 frag=16 mf df id=7 proto=17 bytes=8", 0,
		 "ip6 frag off=16 mf id=7 next=17 bytes=8"},
		{"ip4 mf id=7 icmp", XLAT_FRAGMENT, NULL},
		{"ip4 frag=8 id=7 proto=1 bytes=8", XLAT_FRAGMENT, NULL},
		// RFC 7915 4.5
		{"ip4 udp csum=0 data=\"abc\"", 0, "ip6 udp data=\"abc\""},
		{"ip4 mf udp csum=0 bytes=8", XLAT_NO_CHECKSUM, NULL},
		{"ip4 frag=8 proto=17 hex=0000000000000000", 0,
		 "ip6 frag off=8 next=17 hex=0000000000000000"},
		{"ip4 udp csum=0 udplen=7", XLAT_BAD, NULL},
		{"ip4 udp csum=0 udplen=20", XLAT_BAD, NULL},
		{"ip4 iplen=60 udp", XLAT_BAD, NULL},
	};

	CHECK(rows);
}

// --- ICMP: types and codes --------------------------------------------------------------------
enum { DROPPED = -1 };

struct answer {
	int type, code, word;
};

// RFC 7915 4.2, written down once more. The quoted packet has 28 bytes, the word is that of the
// message, with an MTU of 1400.
static struct answer wanted6(unsigned type, unsigned code)
{
	static const int unreachable[16] = {0, 0, -2, 4, -3, 0, 0, 0, 0, 1, 1, 0, 0, 1, -1, 1};

	if (type == 11)
		return (struct answer){3, (int)code, 0};
	if (type == 12 && (code == 0 || code == 2))
		return (struct answer){4, 0, 0};
	if (type != 3 || code > 15 || unreachable[code] == -1)
		return (struct answer){DROPPED, 0, 0};
	if (unreachable[code] == -2)
		return (struct answer){4, 1, 6};
	if (unreachable[code] == -3)
		return (struct answer){2, 0, 1420};
	return (struct answer){1, unreachable[code], 0};
}

static struct answer wanted4(unsigned type, unsigned code)
{
	static const int unreachable[5] = {1, 10, 1, 1, 3};

	if (type == 1 && code < 5)
		return (struct answer){3, unreachable[code], 0};
	if (type == 2)
		return (struct answer){3, 4, 1380};
	if (type == 3)
		return (struct answer){11, (int)code, 0};
	if (type == 4 && code == 0)
		return (struct answer){12, 0, 0};
	if (type == 4 && code == 1)
		return (struct answer){3, 2, 0};
	return (struct answer){DROPPED, 0, 0};
}

static void check_message(const char *text, unsigned type, unsigned code, struct answer want,
			  const char *format)
{
	struct packet *p = parse(text);
	enum xlat_verdict v = translate(p);
	char wanted[512], *why = NULL;
	struct pkt k;

	if (want.type == DROPPED) {
		cr_expect_eq(v, XLAT_ICMP, "type %u code %u: %d", type, code, v);
	} else {
		snprintf(wanted, sizeof(wanted), format, want.type, want.code, want.word);
		cr_assert(pkt_parse(&k, wanted, strlen(wanted)), "%s: %s", wanted, k.error);
		cr_expect_eq(v, XLAT_OK, "type %u code %u: %d", type, code, v);
		cr_expect(pkt_matches(p, &k, &why), "type %u code %u: %s", type, code, why);
		free(why);
		pkt_free(&k);
	}
	free(p);
}

Test(xlat, messages6)
{
	char text[512];

	for (unsigned type = 0; type < 256; type++)
		for (unsigned code = 0; code < 256; code += code < 20 ? 1 : 47) {
			if (type == 0 || type == 8)
				continue;
			snprintf(text, sizeof(text),
				 "ip4 src=10.0.0.2 dst=10.0.0.1 icmp type=%u code=%u %s ip4 udp",
				 type, code,
				 type == 12  ? "ptr=0"
				 : type == 3 ? "mtu=1400"
					     : "");
			check_message(
				text, type, code, wanted6(type, code),
				"ip6 src=fd00::10.0.0.2 dst=fd00::10.0.0.1 icmp6 type=%d "
				"code=%d mtu=%d ip6 src=fd00::10.0.0.1 dst=fd00::10.0.0.2 udp");
		}
}

Test(xlat, messages4)
{
	char text[512];

	for (unsigned type = 0; type < 256; type++)
		for (unsigned code = 0; code < 256; code += code < 20 ? 1 : 47) {
			if (type == 128 || type == 129)
				continue;
			snprintf(text, sizeof(text),
				 "ip6 src=fd00::10.0.0.2 dst=fd00::10.0.0.1 icmp6 type=%u code=%u "
				 "mtu=%u ip6 src=fd00::10.0.0.1 dst=fd00::10.0.0.2 udp",
				 type, code, type == 2 ? 1400 : 0);
			check_message(text, type, code, wanted4(type, code),
				      "ip4 id=4660 src=10.0.0.2 dst=10.0.0.1 icmp type=%d code=%d "
				      "mtu=%d ip4 id=0 udp");
		}
}

// Figures 3 and 6 of RFC 7915.
Test(xlat, pointers)
{
	static const int six[20] = {0,	1,  4, 4, -1, -1, -1, -1, 7,  6,
				    -1, -1, 8, 8, 8,  8,  24, 24, 24, 24};
	char text[512], format[512];

	for (int at = 0; at < 256; at++) {
		int want = at < 20 ? six[at] : -1;

		snprintf(text, sizeof(text),
			 "ip4 src=10.0.0.2 dst=10.0.0.1 icmp type=12 ptr=%d ip4 tcp", at);
		check_message(
			text, 12, 0, (struct answer){want < 0 ? DROPPED : 4, 0, want},
			"ip6 src=fd00::10.0.0.2 dst=fd00::10.0.0.1 icmp6 type=%d code=%d ptr=%d "
			"ip6 src=fd00::10.0.0.1 dst=fd00::10.0.0.2 tcp");
		want = at < 2	 ? at
		       : at < 4	 ? -1
		       : at < 6	 ? 2
		       : at == 6 ? 9
		       : at == 7 ? 8
		       : at < 24 ? 12
		       : at < 40 ? 16
				 : -1;
		snprintf(text, sizeof(text),
			 "ip6 src=fd00::10.0.0.2 dst=fd00::10.0.0.1 icmp6 type=4 ptr=%d ip6 "
			 "src=fd00::10.0.0.1 dst=fd00::10.0.0.2 tcp",
			 at);
		snprintf(format, sizeof(format),
			 "ip4 id=4660 src=10.0.0.2 dst=10.0.0.1 icmp type=%%d code=%%d ptr=%%d "
			 "ip4 id=0 tcp");
		check_message(text, 4, 0, (struct answer){want < 0 ? DROPPED : 12, 0, want},
			      format);
	}
}

Test(xlat, icmp)
{
	static const struct row rows[] = {
		{"ip6 icmp6 type=128 id=5 seq=6 data=\"abc\"", 0,
		 "ip4 id=4660 icmp type=8 id=5 seq=6 data=\"abc\""},
		{"ip6 icmp6 type=129 id=5 seq=6 bytes=9", 0,
		 "ip4 id=4660 icmp type=0 id=5 seq=6 bytes=9"},
		{"ip4 icmp type=8 id=5 seq=6 data=\"abc\"", 0,
		 "ip6 icmp6 type=128 id=5 seq=6 data=\"abc\""},
		{"ip4 icmp type=0 id=5 seq=6 bytes=9", 0, "ip6 icmp6 type=129 id=5 seq=6 bytes=9"},
		{"ip6 next=58 hex=80000000000000", XLAT_ICMP, NULL},
		// MTUs: of the message, of the links, none (plateaus), and with a fragment header
		{"IP4 icmp type=3 code=4 mtu=1300 ip4 udp", 0, "IP6 icmp6 type=2 mtu=1320 ip6 udp"},
		{"IP4 icmp type=3 code=4 mtu=1490 ip4 udp", 0, "IP6 icmp6 type=2 mtu=1500 ip6 udp"},
		{"IP4 icmp type=3 code=4 mtu=68 ip4 udp", 0, "IP6 icmp6 type=2 mtu=1280 ip6 udp"},
		{"IP4 icmp type=3 code=4 mtu=0 ip4 iplen=9000 udp", 0,
		 "IP6 icmp6 type=2 mtu=1500 ip6 plen=8980 udp udplen=8"},
		{"IP4 icmp type=3 code=4 mtu=0 ip4 iplen=1400 udp", 0,
		 "IP6 icmp6 type=2 mtu=1280 ip6 plen=1380 udp udplen=8"},
		{"IP6 icmp6 type=2 mtu=1280 ip6 udp", 0,
		 "IP4 id=4660 icmp type=3 code=4 mtu=1260 ip4 id=0 udp"},
		{"IP6 icmp6 type=2 mtu=9000 ip6 udp", 0,
		 "IP4 id=4660 icmp type=3 code=4 mtu=1480 ip4 id=0 udp"},
		{"IP6 icmp6 type=2 mtu=0 ip6 udp", 0,
		 "IP4 id=4660 icmp type=3 code=4 mtu=68 ip4 id=0 udp"},
		{"IP6 icmp6 type=2 mtu=1280 ip6 frag id=7 udp", 0,
		 "IP4 id=4660 icmp type=3 code=4 mtu=1252 ip4 id=7 udp"},
		// what is quoted
		{"IP6 icmp6 type=3 ip6 hlim=1 tc=3 hop icmp6 type=128 id=5", 0,
		 "IP4 id=4660 icmp type=11 mtu=0 ip4 id=0 ttl=1 tos=3 icmp type=8 id=5"},
		{"IP4 icmp type=11 ip4 ttl=1 opt=01010101 icmp type=8 id=5", 0,
		 "IP6 icmp6 type=3 mtu=0 ip6 hlim=1 icmp6 type=128 id=5"},
		{"IP4 icmp type=11 ip4 frag=8 id=5 proto=17 bytes=8", 0,
		 "IP6 icmp6 type=3 mtu=0 ip6 frag off=8 id=5 next=17 bytes=8"},
		{"IP4 icmp type=11 ip4 udp csum=0 bytes=8", 0,
		 "IP6 icmp6 type=3 mtu=0 ip6 udp csum=0 bytes=8"},
		{"IP4 icmp type=11 ip4 proto=132 bytes=12", 0,
		 "IP6 icmp6 type=3 mtu=0 ip6 next=132 bytes=12"},
		// errors about errors, about what the receiver did not send, wrong checksums
		{"IP4 icmp type=11 ip4 icmp type=11", XLAT_BAD, NULL},
		{"IP6 icmp6 type=3 ip6 icmp6 type=3", XLAT_ICMP, NULL},
		{"ip4 icmp type=11 ip4 udp", XLAT_BAD, NULL},
		{"ip6 icmp6 type=3 ip6 udp", XLAT_BAD, NULL},
		{"IP4 icmp type=11 csum=bad ip4 udp", XLAT_BAD, NULL},
		{"IP6 icmp6 type=3 csum=bad ip6 udp", XLAT_BAD, NULL},
		{"IP6 icmp6 type=3 hex=6000", XLAT_BAD, NULL},
	};

	CHECK(rows);
}

// --- ICMP: extensions and lengths (RFC 4884) --------------------------------------------------
// Behind 128 bytes of the quoted packet, which are said in words of 4 or 8, an extension of 12.
Test(xlat, extensions)
{
	static const struct row rows[] = {
		// 148 bytes are no multiple of 8
		{"IP4 icmp type=11 gw=0.32.0.0 ip4 iplen=128 proto=132 bytes=108 "
		 "hex=200000000008010100001000",
		 0,
		 "IP6 icmp6 type=3 mtu=318767104 ip6 plen=108 next=132 bytes=108 zero=4 "
		 "hex=200000000008010100001000"},
		{"IP6 icmp6 type=3 mtu=318767104 ip6 plen=112 next=132 bytes=112 "
		 "hex=200000000008010100001000",
		 0,
		 "IP4 id=4660 icmp type=11 gw=0.33.0.0 ip4 iplen=132 id=0 proto=132 bytes=112 "
		 "hex=200000000008010100001000"},
		// what became shorter than 128 bytes is padded
		{"IP6 icmp6 type=1 code=4 mtu=268435456 ip6 plen=88 next=132 bytes=88 "
		 "hex=200000000008010100001000",
		 0,
		 "IP4 id=4660 icmp type=3 code=3 gw=0.32.0.0 ip4 iplen=108 id=0 proto=132 bytes=88 "
		 "zero=20 hex=200000000008010100001000"},
		// what has none, and no room for it
		{"IP4 icmp type=3 code=2 gw=0.32.0.0 ip4 iplen=128 proto=132 bytes=108 "
		 "hex=200000000008010100001000",
		 0, "IP6 icmp6 type=4 code=1 ptr=6 ip6 plen=108 next=132 bytes=108"},
		{"IP6 icmp6 type=3 mtu=268435456 ip6 plen=88 next=132 bytes=88 zero=421", 0,
		 "IP4 id=4660 icmp type=11 mtu=0 ip4 iplen=108 id=0 proto=132 bytes=88"},
	};

	CHECK(rows);
}

// Are the lengths and checksums of the packet right? All of it is there.
static bool is_sound(struct packet *p)
{
	const uint8_t *h = weir_data(p);
	const struct ip4 *ip4 = (const struct ip4 *)h;
	const struct ip6 *ip6 = (const struct ip6 *)h;
	const bool six = h[0] >> 4 == 6;
	const uint32_t hlen = six ? sizeof(*ip6) : sizeof(*ip4), n = p->len - hlen;
	const uint8_t proto = six ? ip6->next : ip4->proto;
	uint32_t pseudo = six ? pkt_pseudo6(ip6, proto, n) : pkt_pseudo(ip4, n);

	if (proto == IPPROTO4_ICMP)
		pseudo = 0;
	if (six ? rd16(ip6->len) != n : rd16(ip4->len) != p->len || pkt_csum(h, sizeof(*ip4), 0))
		return false;
	return pkt_csum(h + hlen, n, pseudo) == 0;
}

static const char *const upper[][2] = {{"udp", "udp"},
				       {"tcp", "tcp"},
				       {"icmp6 type=128", "icmp type=8"},
				       {"icmp6 type=129", "icmp type=0"}};

static void random_text(char *text, size_t room, bool six, uint32_t bytes)
{
	static const char *const ports[] = {"sport=%u dport=%u", "sport=%u dport=%u",
					    "id=%u seq=%u", "id=%u seq=%u"};
	const unsigned kind = random_below(4);
	size_t at = 0;

	at += (size_t)snprintf(text, room,
			       six ? "ip6 src=fd00::%u.%u.%u.%u dst=fd00::%u.%u.%u.%u %s "
				   : "ip4 src=%u.%u.%u.%u dst=%u.%u.%u.%u df %s ",
			       random_below(256), random_below(256), random_below(256),
			       random_below(256), random_below(256), random_below(256),
			       random_below(256), random_below(256), upper[kind][!six]);
	at += (size_t)snprintf(text + at, room - at, ports[kind], random_below(65536),
			       random_below(65536));
	at += (size_t)snprintf(text + at, room - at, " hex=");
	for (uint32_t i = 0; i < bytes; i++)
		at += (size_t)snprintf(text + at, room - at, "%02x",
				       random_below(4) ? random_below(256) : 255);
}

// Random packets are sound afterwards, and the same when they come back.
Test(xlat, there_and_back)
{
	char text[4096];

	for (unsigned i = 0; i < 20000; i++) {
		const bool six = i & 1;
		struct packet *p, *was;

		random_text(text, sizeof(text), six, 1 + random_below(40));
		p = parse(text);
		was = parse(text);
		cr_assert_eq(translate(p), XLAT_OK, "%s", text);
		cr_assert(is_sound(p), "%s", text);
		cr_assert_eq(translate(p), XLAT_OK, "%s", text);
		cr_assert(is_sound(p), "%s", text);
		if (!six) { // what IPv6 has no place for
			struct ip4 *ip = (struct ip4 *)weir_data(p);

			ip->id.be = 0;
			ip->frag = wr16(IP4_DF);
			weir_csum_ip4_set(ip, sizeof(*ip));
		}
		cr_assert_eq(p->len, was->len, "%s", text);
		cr_assert_arr_eq(weir_data(p), weir_data(was), p->len, "%s", text);
		free(p);
		free(was);
	}
}

// However much is quoted: the error is sound, and quotes as much of what the whole packet becomes.
Test(xlat, quotes)
{
	char text[4096], quoted[2048];

	for (unsigned i = 0; i < 3000; i++) {
		const bool six = i & 1;
		const uint32_t outer = six ? 48 : 28, hlen = six ? 40 : 20;
		struct packet *p, *whole;
		uint32_t cut;

		random_text(quoted, sizeof(quoted), six, 1 + random_below(40));
		whole = parse(quoted);
		cut = hlen + 8 + random_below(whole->len - hlen - 7);
		cut += cut == hlen + 17 &&
		       cut < whole->len; // half of TCP's checksum stays as it is
		snprintf(text, sizeof(text),
			 six ? "ip6 src=fd00::9.9.9.9 dst=%.*s icmp6 type=3 %s quote=%u"
			     : "ip4 src=9.9.9.9 dst=%.*s icmp type=11 mtu=0 %s quote=%u",
			 (int)strcspn(quoted + 8, " "), quoted + 8, quoted, outer + cut);
		p = parse(text);
		cr_assert_eq(translate(p), XLAT_OK, "%s", text);
		cr_assert(is_sound(p), "%s", text);
		cr_assert_eq(translate(whole), XLAT_OK, "%s", quoted);
		if (six) { // what is quoted has no identification of its own
			struct ip4 *ip = (struct ip4 *)weir_data(whole);

			ip->id.be = 0;
			weir_csum_ip4_set(ip, sizeof(*ip));
		}
		cr_assert_eq(p->len, six ? 28 + cut - 20 : 48 + cut + 20, "%s", text);
		cr_assert_arr_eq(weir_data(p) + (six ? 28 : 48), weir_data(whole),
				 p->len - (six ? 28 : 48), "%s", text);
		free(p);
		free(whole);
	}
}

// Errors are no longer than they may be.
Test(xlat, long_errors)
{
	struct packet *p = parse("ip6 src=fd00::2 dst=fd00::1 icmp6 type=3 ip6 src=fd00::1 "
				 "dst=fd00::2 udp bytes=1100");

	cr_assert_eq(translate(p), XLAT_OK);
	cr_assert_eq(p->len, 576);
	cr_assert(is_sound(p));
	free(p);
	p = parse("ip4 icmp type=11 ip4 src=10.0.0.2 dst=10.0.0.1 udp bytes=1400");
	cr_assert_eq(translate(p), XLAT_OK);
	cr_assert_eq(p->len, 1280);
	cr_assert(is_sound(p));
	free(p);
}

// Any bytes: one packet is lost, at worst, and no byte outside it is touched.
Test(xlat, broken)
{
	static const char *const seeds[] = {
		"ip6 src=fd00::1 dst=fd00::2 hop dest routing frag mf id=7 udp bytes=30",
		"ip6 src=fd00::2 dst=fd00::1 icmp6 type=3 mtu=318767104 ip6 src=fd00::1 "
		"dst=fd00::2 "
		"hop tcp bytes=180",
		"ip6 src=fd00::1 dst=fd00::2 icmp6 bytes=9",
		"ip4 opt=83070401020304 mf frag=64 tcp bytes=30",
		"ip4 icmp type=3 gw=0.32.0.0 ip4 src=10.0.0.2 dst=10.0.0.1 opt=0101 tcp bytes=180",
		"ip4 udp csum=0 bytes=20",
	};

	for (unsigned i = 0; i < 60000; i++) {
		struct packet *p = parse(seeds[i % (sizeof(seeds) / sizeof(*seeds))]), *q;
		const uint32_t cut = random_below(4) ? p->len : 20 + random_below(p->len - 20);
		uint8_t *h;

		// without a byte behind it, so that a sanitizer sees who goes there
		q = malloc(p->off + cut);
		cr_assert(q);
		memcpy(q, p, p->off + cut);
		q->room = p->off + cut;
		q->len = cut;
		h = weir_data(q);
		for (unsigned k = random_below(4); k; k--)
			h[random_below(random_below(2) ? cut
				       : 60 < cut      ? 60
						       : cut)] = (uint8_t)random_below(256);
		if (h[0] >> 4 == 6) {
			struct xlat_seen6 s = xlat_look6(q);
			struct session_tuple to = {{1}, {2}, {3}, {4}};

			if (s.kind != TRANSLATE_BAD)
				xlat_to4(q, &to, to.src, wr16(ID), &links);
		} else {
			struct xlat_tuple6 to = {.sport = {3}, .dport = {4}};

			xlat_to6(q, &to, to.src, &links);
		}
		cr_assert(q->off >= sizeof(*q) && q->off + q->len <= q->room);
		free(p);
		free(q);
	}
}
