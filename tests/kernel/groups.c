// SPDX-License-Identifier: BSD-2-Clause

// Several next hops: both halves take the same one for a packet, whatever it looks like: fragments,
// extension headers, tunnels, tags, errors of ICMP, cut off and changed at random, with and without
// its link header.
//
//	groups BUILD	needs root

#include <errno.h>
#include <frames.h>
#include <net/if.h>
#include <packages.h>
#include <pkt.h>
#include <rnd.h>
#include <route/kernel_lookup.h>
#include <sched.h>
#include <shared_half.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLOWS = 60, GATEWAYS = 8, TEXT = 2 * FRAME_SIZE + 200 };

static uint64_t seed = 1;

static uint32_t below(uint32_t n)
{
	return rnd32(&seed) % n;
}

// One family: its look-up, and which of its gateways packets went to.
struct family {
	struct half h;
	bool is_ip6;
	unsigned sent, wrong, seen; // seen: a bit for each gateway
};

static const struct kernel_lookup *lookup_of(const struct half *h)
{
	return h->e->self; // it is all that the element is
}

static uint8_t gateway_of(struct family *f, struct packet *p)
{
	uint8_t bytes[16];

	if (!f->is_ip6)
		return (uint8_t)rd32(weir_dst_ip(p));
	weir_dst_ip6(p, bytes);
	return bytes[15];
}

static const struct weir_hop *in_userspace(const struct family *f, struct packet *p)
{
	const struct weir_view *view = lookup_of(&f->h)->view;
	const struct kernel_hops v = kernel_hops_of(view);
	uint8_t to[16];
	uint32_t value;

	weir_dst_ip6(p, to);
	value = f->is_ip6 ? weir_fib6_lookup(view->fib6, weir_ip6_read(to))
			  : weir_fib4_lookup(view->fib4, rd32(weir_dst_ip(p)));

	kernel_resolve(&v, &p, &value, 1);
	return &v.hops[value];
}

// The packet, of which so many bytes were stripped. has_link: they are its link header.
static void write_packet(char *text, const struct family *f, const uint8_t *b, unsigned len,
			 unsigned strip, bool has_link)
{
	int at = sprintf(text, "hex=");

	for (unsigned i = 0; i < len; i++)
		at += sprintf(text + at, "%02x", b[i]);
	at += sprintf(text + at, " strip=%u network=0 %s", strip,
		      f->is_ip6 ? "dst_ip6=2400::1" : "dst_ip=198.51.100.1");
	if (has_link)
		sprintf(text + at, " mac=-%u", strip);
}

static void compare(struct family *f, const uint8_t *b, unsigned len, unsigned strip, bool has_link)
{
	char text[TEXT];
	struct pkt k = {};
	struct packet *p;
	const struct weir_hop *hop;
	int port;

	write_packet(text, f, b, len, strip, has_link);
	half_need(pkt_parse(&k, text, strlen(text)), k.error);
	p = pkt_new(&k);
	hop = in_userspace(f, p);
	free(p);
	pkt_free(&k);
	port = half_sends(&f->h, text);
	p = f->h.p;
	f->sent++;
	f->seen |= 1u << gateway_of(f, p) % GATEWAYS;
	if (port == (int)hop->port &&
	    gateway_of(f, p) == (f->is_ip6 ? hop->gw6[15] : (uint8_t)rd32(hop->gw4)))
		return;
	if (!f->wrong++)
		fprintf(stderr,
			"FAIL groups: IPv%u by output %d, gateway %u in the driver, %u in "
			"userspace: %s\n",
			f->is_ip6 ? 6 : 4, port, gateway_of(f, p), hop->port, text);
}

// Where IP begins behind Ethernet and its tags; 0: it does not.
static unsigned ip_at(const uint8_t *b, unsigned len)
{
	unsigned at = 12;

	while (at + 6 <= len && weir_frame_is_tag((uint16_t)(b[at] << 8 | b[at + 1])))
		at += 4;
	at += 2;
	return at + 20 <= len && (b[at] >> 4 == 4 || b[at] >> 4 == 6) ? at : 0;
}

// As it is, then cut off somewhere and with some bytes that are others.
static void compare_ways(struct family *f, const struct frame *frame)
{
	unsigned len = frame_len(frame), strip = ip_at(frame_bytes(frame), len);
	uint8_t b[FRAME_SIZE];

	if (!strip)
		return;
	memcpy(b, frame_bytes(frame), len);
	compare(f, b, len, strip, true);
	compare(f, b, len, strip, false);
	len = strip + 20 + below(len - strip - 19);
	for (unsigned i = below(4); i--;)
		b[strip + below(len - strip)] = (uint8_t)below(256);
	compare(f, b, len, strip, below(2));
}

static struct flow any_flow(void)
{
	static const uint8_t protos[] = {IPPROTO4_TCP, IPPROTO4_UDP, IPPROTO4_SCTP, 89};

	return (struct flow){.is_ip6 = below(2),
			     .proto = protos[below(sizeof(protos))],
			     .src = rnd32(&seed),
			     .dst = rnd32(&seed),
			     .sport = (uint16_t)below(65536),
			     .dport = (uint16_t)below(65536),
			     .options = (uint8_t)(below(2) * below(FLOW_OPTIONS))};
}

static void compare_all_kinds(struct family *f)
{
	const struct flow w = any_flow();
	struct frame frame;

	for (const struct carrier *c = carriers; c->name; c++) {
		frame_clear(&frame);
		frame_flow(&frame, &w);
		c->wrap(&frame, &w, false);
		compare_ways(f, &frame);
	}
	for (unsigned i = 0; frame_fragment(&frame, &w, i); i++)
		compare_ways(f, &frame);
	for (unsigned i = 0; frame_error(&frame, &w, i, (w.is_ip6 ? 40 : 20) + 4U * w.options); i++)
		compare_ways(f, &frame);
	for (unsigned i = 0; frame_ipsec(&frame, &w, i, rnd32(&seed)); i++)
		compare_ways(f, &frame);
}

static void check_family(bool is_ip6)
{
	struct family f = {.is_ip6 = is_ip6};
	char text[300];

	snprintf(text, sizeof(text),
		 "k :: KernelRoutes(wa, wc); Idle -> e :: %s(k) -> Idle; e[1] -> Idle; e[2] -> "
		 "Idle; e[3] -> Idle; e[4] -> Idle; e[5] -> Idle; e[6] -> Idle;",
		 is_ip6 ? "KernelIP6Lookup" : "KernelIPLookup");
	half_open(&f.h, is_ip6 ? "route/kernel_ip6_lookup" : "route/kernel_ip_lookup", text);
	for (unsigned i = 0; i < FLOWS; i++)
		compare_all_kinds(&f);
	printf("groups: %u packets in both halves of IPv%u\n", f.sent, is_ip6 ? 6 : 4);
	half_check(!f.wrong && f.sent > 40 * FLOWS, "both halves take the same next hop");
	half_check(f.seen == (1u << GATEWAYS) - 1, "packets went to every gateway");
	half_close(&f.h);
}

// In each family a route by eight gateways, on two interfaces.
static bool make_routes(void)
{
	if (unshare(CLONE_NEWNET) ||
	    system("for p in a:b c:d; do ip link add w${p%:*} type veth peer name w${p#*:} && "
		   "ip link set w${p%:*} up && ip link set w${p#*:} up || exit; done;"
		   "ip addr add 10.1.0.1/24 dev wa; ip addr add 10.2.0.1/24 dev wc;"
		   "ip addr add fd00:1::ff/64 dev wa nodad; ip addr add fd00:2::ff/64 dev wc "
		   "nodad"))
		return false;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		char cmd[1000];
		int at = sprintf(cmd, "ip %s route add default", v6 ? "-6" : "-4");

		for (unsigned i = 0; i < GATEWAYS; i++)
			at += sprintf(cmd + at,
				      v6 ? " nexthop via fd00:%u::%x" : " nexthop via 10.%u.0.%u",
				      i % 2 + 1, i + 8);
		if (system(cmd))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: groups BUILD\n");
		return 2;
	}
	half_build = argv[1];
	weir_packages_load((const char *const[]){half_build, NULL}, NULL); // objects are below it
	half_need(make_routes(), "a namespace with routes");
	check_family(false);
	check_family(true);
	printf("groups: %u passed, %u failed\n", half_passed, half_failed);
	return half_failed || !half_passed;
}
