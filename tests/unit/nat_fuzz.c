// SPDX-License-Identifier: BSD-2-Clause
// Address translators with packets that nobody sends: all flags of TCP, all lengths that a header
// may speak of, fragments in any order, options, ICMP of all types, quoted packets that are cut or
// wrong. Few addresses and ports, so that many of them meet a session. Each lies in memory of its
// own. One packet may be lost for it, by name; what was sound and whole comes out sound.
#include <weir/csum.h>
#include <weir/element.h>

#include <abi/hdr.h>
#include <criterion/criterion.h>
#include <engine.h>
#include <lang.h>
#include <rnd.h>
#include <string.h>

enum { STEPS = 30000, LONGEST = 160, INSIDE = 0, OUTSIDE = 1 };

struct nat_source {
};
WEIR_PLAIN_ELEMENT(nat_source, "NatSource", .purpose = "gives a test's packets", .ports = "0/-",
		   .processing = "/h", .is_source = true);

static unsigned n_out;
static bool was_sound;

static bool is_sound(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	const uint32_t hlen = (ip->vihl & 15u) * 4, len = rd16(ip->len);
	const uint8_t *l4 = (const uint8_t *)ip + hlen;
	const uint32_t n = len - hlen;
	uint64_t sum = 0;

	if (!weir_csum_ok(weir_csum_sum(ip, hlen)))
		return false;
	if (ip->proto == IPPROTO4_TCP || ip->proto == IPPROTO4_UDP) {
		const be16 pseudo[] = {wr16(ip->proto), wr16((uint16_t)n)};

		sum = weir_csum_add64(weir_csum_sum(&ip->src, 8), weir_csum_sum(pseudo, 4));
		if (ip->proto == IPPROTO4_UDP && n >= 8 && !l4[6] && !l4[7])
			return true;
	}
	return weir_csum_ok(weir_csum_add64(sum, weir_csum_sum(l4, n)));
}

struct nat_sink {
};
static void nat_sink(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		cr_assert(b->p[i]->off + b->p[i]->len <= b->p[i]->room);
		cr_assert(!was_sound || is_sound(b->p[i]));
	}
	n_out += b->n;
	weir_end(n, b->p, b->n);
	b->n = 0;
}
WEIR_BATCH_ELEMENT(nat_sink, "NatSink", .purpose = "ends a test's packets", .ports = "-/0",
		   .processing = "h/", .is_sink = true);

// --- packets ---
static uint8_t byte(uint64_t *seed)
{
	return (uint8_t)rnd32(seed);
}

static be32 host(uint64_t *seed, unsigned net)
{
	static const uint32_t nets[] = {0x0a000100, 0xcb007100, 0xc6336400};

	return wr32(nets[net] + 1 + rnd32(seed) % 2);
}

static void fill_tcp(uint8_t *l4, uint64_t *seed)
{
	static const uint8_t usual[] = {2, 0x12, 0x10, 0x18, 0x11, 4, 0x14};

	l4[12] = rnd32(seed) % 4 ? 0x50 : byte(seed);
	l4[13] = rnd32(seed) % 2 ? usual[rnd32(seed) % sizeof(usual)] : byte(seed);
}

static void fill(uint8_t *at, uint32_t n, unsigned side, bool quoted, uint64_t *seed);

static void fill_icmp(uint8_t *l4, uint32_t n, unsigned side, bool quoted, uint64_t *seed)
{
	static const uint8_t types[] = {8, 0, 3, 3, 11, 12, 4, 5, 13};

	l4[0] = rnd32(seed) % 8 ? types[rnd32(seed) % sizeof(types)] : byte(seed);
	l4[1] = rnd32(seed) % 4 ? 0 : byte(seed) % 16;
	l4[4] = 0;
	l4[5] = (uint8_t)(rnd32(seed) % 4);
	if (!quoted && n > 8 && l4[0] != 8 && l4[0])
		fill(l4 + 8, n - 8, !side, true, seed);
}

static void put_sum(uint8_t *l4, uint32_t n, unsigned at, const struct ip4 *ip)
{
	const be16 pseudo[] = {wr16(ip->proto), wr16((uint16_t)n)};
	uint64_t sum = 0;
	be16 c;

	if (n < at + 2)
		return;
	memset(l4 + at, 0, 2);
	if (ip->proto != IPPROTO4_ICMP)
		sum = weir_csum_add64(weir_csum_sum(&ip->src, 8), weir_csum_sum(pseudo, 4));
	c = weir_csum_fold(weir_csum_add64(sum, weir_csum_sum(l4, n)));
	memcpy(l4 + at, &c, 2);
}

static void fill_l4(struct ip4 *ip, uint8_t *l4, uint32_t n, unsigned side, bool quoted,
		    uint64_t *seed)
{
	uint8_t kept[LONGEST] = {};

	for (uint32_t i = 0; i < sizeof(kept); i++)
		kept[i] = byte(seed);
	kept[0] = kept[2] = 0x10;
	kept[1] = (uint8_t)(rnd32(seed) % 4);
	kept[3] = (uint8_t)(rnd32(seed) % 4);
	if (ip->proto == IPPROTO4_TCP)
		fill_tcp(kept, seed);
	else if (ip->proto == IPPROTO4_ICMP)
		fill_icmp(kept, n, side, quoted, seed);
	else if (rnd32(seed) % 4)
		memcpy(kept + 4, &(be16){wr16((uint16_t)n).be}, 2);
	if (rnd32(seed) % 8)
		put_sum(kept, n,
			ip->proto == IPPROTO4_TCP   ? 16
			: ip->proto == IPPROTO4_UDP ? 6
						    : 2,
			ip);
	memcpy(l4, kept, n);
}

// n bytes of a packet that comes in by that side, or of one that an error there quotes.
static void fill(uint8_t *at, uint32_t n, unsigned side, bool quoted, uint64_t *seed)
{
	static const uint8_t protos[] = {IPPROTO4_TCP, IPPROTO4_TCP,  IPPROTO4_UDP,
					 IPPROTO4_UDP, IPPROTO4_ICMP, IPPROTO4_ICMP};
	uint8_t whole[LONGEST + 60] = {};
	struct ip4 *ip = (struct ip4 *)whole;
	const uint32_t hlen = rnd32(seed) % 8 ? 20 : 20 + 4 * (rnd32(seed) % 11);
	be16 c;

	for (uint32_t i = sizeof(*ip); i < hlen; i++)
		whole[i] = rnd32(seed) % 2 ? 1 : 0;
	ip->vihl = (uint8_t)(0x40 | hlen / 4);
	ip->len = wr16((uint16_t)(rnd32(seed) % 16 ? n : n - rnd32(seed) % (n + 1)));
	ip->id = wr16((uint16_t)(rnd32(seed) % 3));
	if (!(rnd32(seed) % 4))
		ip->frag = wr16((uint16_t)((rnd32(seed) % 2) << 13 | (rnd32(seed) % 4) * 3));
	ip->ttl = 64;
	ip->proto = rnd32(seed) % 16 ? protos[rnd32(seed) % sizeof(protos)] : byte(seed);
	ip->src = host(seed, side == INSIDE ? 0 : 1);
	ip->dst = host(seed, rnd32(seed) % 8 ? (side == INSIDE ? 1 : 2) : rnd32(seed) % 3);
	ip->csum = wr16(0);
	c = weir_csum(whole, hlen);
	ip->csum = c;
	if (n > hlen)
		fill_l4(ip, whole + hlen, n - hlen, side, quoted, seed);
	if (!(rnd32(seed) % 64))
		whole[rnd32(seed) % n] ^= (uint8_t)(1u << rnd32(seed) % 8);
	memcpy(at, whole, n);
}

static bool is_whole(struct packet *p)
{
	const struct ip4 *ip = (const struct ip4 *)weir_data(p);
	const uint32_t hlen = (ip->vihl & 15u) * 4;

	if (p->len < sizeof(*ip) || ip->vihl >> 4 != 4 || hlen < sizeof(*ip) || hlen > p->len ||
	    rd16(ip->len) < hlen || rd16(ip->len) > p->len || rd16(ip->frag) & 0x3fff)
		return false;
	weir_set_network(p, 0, hlen);
	return true;
}

// --- a translator ---
struct rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_err err;
};

static void open_rig(struct rig *g, const char *nat, unsigned outs)
{
	struct weir_engine_options opt = {.n_workers = 1, .simtime = true};
	struct lang_router flat = {};
	struct weir_buf b = {};

	*g = (struct rig){};
	weir_printf(&b, "source :: NatSource; sink :: NatSink; nat :: %s;\n", nat);
	weir_printf(&b, "source[0] -> CheckIPHeader -> [0] nat;\n");
	weir_printf(&b, "source[1] -> CheckIPHeader -> [1] nat;\n");
	for (unsigned i = 0; i < outs; i++)
		weir_printf(&b, "nat[%u] -> [%u] sink;\n", i, i);
	cr_assert(!lang_parse(&flat, "test", b.text, b.len, NULL, 0, &g->err) &&
			  !weir_router_build(&g->router, &flat, &g->err) &&
			  !weir_router_init(g->router, &g->err) &&
			  !weir_engine_open(&g->engine, g->router, &opt, &g->err),
		  "%s", g->err.text);
	weir_buf_free(&b);
}

static void push(struct rig *g, uint64_t *seed)
{
	struct weir_node *n = weir_find(g->router, "source")->nodes[0];
	const uint32_t len = 20 + rnd32(seed) % (LONGEST - 20);
	const unsigned side = rnd32(seed) % 2;
	struct packet *p = weir_packet_new(n, 0, len);

	cr_assert_not_null(p);
	fill(weir_data(p), len, side, false, seed);
	// a fragment that waits comes out with another
	was_sound = is_whole(p) && is_sound(p);
	weir_made(n, 1, p->len);
	weir_emit(n, side, p);
	for (unsigned i = 0; i < 64 && weir_worker_round(&g->engine->workers[0]); i++)
		continue;
	was_sound = false;
}

static void fuzz(const char *nat, unsigned outs, uint64_t seed)
{
	struct weir_ledger l;
	struct rig g;

	open_rig(&g, nat, outs);
	n_out = 0;
	for (unsigned i = 0; i < STEPS; i++) {
		push(&g, &seed);
		if (!(rnd32(&seed) % 64)) {
			g.engine->sim_offset += (int64_t)(rnd64(&seed) % 3000000000);
			weir_worker_round(&g.engine->workers[0]);
		}
	}
	for (unsigned i = 0; i < 1000; i++) {
		g.engine->sim_offset += 200000000;
		weir_worker_round(&g.engine->workers[0]);
	}
	weir_ledger(g.engine, &l);
	cr_assert_eq(l.made, l.ended + l.held + l.dropped);
	cr_assert_eq(l.held, 0, "%lu are held", l.held);
	cr_assert_gt(n_out, STEPS / 4, "%u of %u came out", n_out, STEPS);
	weir_engine_close(g.engine);
	weir_router_free(g.router);
	weir_err_free(&g.err);
}

#define TIMES                                                                              \
	"UDP_TIMEOUT 2, ICMP_TIMEOUT 2, TCP_ESTABLISHED 5, TCP_OPENING 2, TCP_CLOSING 2, " \
	"FRAGMENT_TIMEOUT 1, SYN_HOLD 1, PORT_HOLD 1, FRAGMENTS 16"
#define POOL "NAT44(POOL 198.51.100.1 198.51.100.2, INSIDE 10.0.1.0/24, " TIMES

Test(nat_fuzz, nat44)
{
	fuzz(POOL ")", 8, 1);
}

Test(nat_fuzz, nat44_that_filters)
{
	fuzz(POOL ", FILTERING ADDRESS_AND_PORT_DEPENDENT, SESSIONS 16)", 8, 2);
}

Test(nat_fuzz, nat44_with_blocks_and_forwarded_ports)
{
	fuzz(POOL ", BLOCK 64, BLOCKS 1, FORWARD udp 198.51.100.1 4096 10.0.1.1 4097, "
		  "FORWARD tcp 198.51.100.2 4098 10.0.1.2)",
	     8, 3);
}

Test(nat_fuzz, nat44_with_an_address_for_each)
{
	fuzz("NAT44(STATIC 10.0.1.1 198.51.100.1, STATIC 10.0.1.2 198.51.100.2, " TIMES ")", 8, 4);
}

Test(nat_fuzz, ip_rewriter)
{
	fuzz("IPRewriter(pattern 198.51.100.1 4096-4099 - - 0 1, pass 1, TCP_TIMEOUT 5, "
	     "TCP_NODATA_TIMEOUT 2, TCP_DONE_TIMEOUT 1, UDP_TIMEOUT 2, MAPPING_CAPACITY 64)",
	     2, 5);
}
