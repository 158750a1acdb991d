// SPDX-License-Identifier: BSD-2-Clause

// Traffic classes: from the configuration to the class of a packet.

#include <weir/steer.h>

#include <criterion/criterion.h>
#include <frames.h>
#include <graph.h>
#include <pkt.h>
#include <stdlib.h>
#include <traffic.h>

static struct weir_classes table;

static struct weir_router *build(const char *config)
{
	struct weir_router *r = NULL;
	struct lang_router flat = {};
	struct weir_err err = {};

	cr_assert_eq(lang_parse(&flat, "test", config, strlen(config), NULL, 0, &err), 0);
	cr_assert_eq(weir_router_build(&r, &flat, &err), 0, "%s", err.text);
	cr_assert_eq(weir_traffic_fill(r, &table), 0);
	weir_err_free(&err);
	return r;
}

static unsigned class_of(const struct frame *f)
{
	struct packet *p = calloc(1, sizeof(*p) + frame_len(f));
	struct weir_frame_sorted flow, none;

	p->off = p->mac = sizeof(*p);
	p->len = frame_len(f);
	memcpy(p + 1, frame_bytes(f), p->len);
	flow = weir_steer(p, WEIR_KEY_FLOW, &table, NULL);
	none = weir_steer(p, WEIR_KEY_NONE, &table, NULL);
	free(p);
	cr_expect_eq(flow.class, none.class, "the key does not matter");
	return none.class;
}

// The class of a flow's packet in both directions, with and without a tag.
static void expect_flow(const struct flow *w, unsigned want)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct flow v = i & 1 ? flow_back(w) : *w;
		struct frame f;

		frame_clear(&f);
		frame_flow(&f, &v);
		carriers[i / 2].wrap(&f, &v, false);
		cr_expect_eq(class_of(&f), want, "proto %u, ports %u, %u, IPv%d: %u, not %u",
			     w->proto, w->sport, w->dport, w->is_ip6 ? 6 : 4, class_of(&f), want);
	}
}

static void expect_port(uint8_t proto, uint16_t port, unsigned want)
{
	for (unsigned i = 0; i < 4; i++)
		expect_flow(&(struct flow){i & 1, proto, 1, 2, 40000, port, i & 2}, want);
}

static void expect_proto(uint8_t proto, unsigned want)
{
	expect_flow(&(struct flow){false, proto, 1, 2, 0, 0, 0}, want);
	expect_flow(&(struct flow){true, proto, 1, 2, 0, 0, 0}, want);
}

static void expect_type(uint16_t type, unsigned want)
{
	static const uint8_t bytes[50];
	struct frame f;

	frame_clear(&f);
	frame_put(&f, bytes, sizeof(bytes));
	frame_eth(&f, type);
	cr_expect_eq(class_of(&f), want, "type %04x: %u, not %u", type, class_of(&f), want);
}

static void expect_icmp6(uint8_t type, unsigned want)
{
	const struct icmp4 h = {.type = type};
	struct frame f;

	frame_clear(&f);
	frame_put(&f, &h, sizeof(h));
	frame_ip6(&f, IPPROTO6_ICMP, 1, 2);
	frame_eth(&f, ETHERTYPE_IP6);
	cr_expect_eq(class_of(&f), want, "ICMPv6 %u: %u, not %u", type, class_of(&f), want);
}

Test(traffic, built_in_control)
{
	static const uint16_t types[] = {0x0806, 38, 1500, 0x8809, 0x88cc, 0x888e, 0x8863};
	static const uint8_t protos[] = {2, 46, 88, 89, 103, 112};
	static const uint16_t tcp[] = {179, 639, 646};
	static const uint16_t udp[] = {67,  68,	  500,	520,  521,  546,  547,
				       646, 3784, 3785, 4784, 6784, 7784, 1985};
	struct weir_router *r = build("Idle -> Discard;");

	cr_expect_eq(weir_traffic_classes(r), 2);
	cr_expect_str_eq(weir_traffic_name(r, 0), "rest");
	cr_expect_str_eq(weir_traffic_name(r, 1), "control");
	for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++)
		expect_type(types[i], 1);
	for (unsigned i = 0; i < sizeof(protos); i++)
		expect_proto(protos[i], 1);
	for (unsigned i = 0; i < sizeof(tcp) / sizeof(*tcp); i++)
		expect_port(IPPROTO4_TCP, tcp[i], 1);
	for (unsigned i = 0; i < sizeof(udp) / sizeof(*udp); i++)
		expect_port(IPPROTO4_UDP, udp[i], 1);
	for (uint8_t type = 133; type <= 137; type++)
		expect_icmp6(type, 1);
	expect_icmp6(128, 0);
	expect_icmp6(1, 0);
	expect_type(0x88f7, 0);
	expect_port(IPPROTO4_UDP, 179, 0);
	expect_port(IPPROTO4_TCP, 80, 0);
	expect_port(IPPROTO4_TCP, 435, 0); // 179 in the next page
	expect_port(IPPROTO4_UDP, 40001, 0);
	expect_proto(1, 0);
	weir_router_free(r);
}

// IKE behind a NAT, not what it is about.
Test(traffic, ike)
{
	const struct flow w = {false, IPPROTO4_UDP, 1, 2, 4500, 4500, 0};
	struct weir_router *r = build("TrafficClass(nat, udp port 4500);");
	struct frame f;

	frame_ipsec(&f, &w, 2, 0);
	cr_expect_eq(class_of(&f), 1);
	frame_ipsec(&f, &w, 2, 4711);
	cr_expect_eq(class_of(&f), 2);
	weir_router_free(r);
}

Test(traffic, the_first_of_several)
{
	struct weir_router *r = build("TrafficClass(a, dscp 46 or udp port 5000-5010);"
				      "TrafficClass(b, port 5005-6000 or proto tcp);"
				      "TrafficClass(c, ether proto ip6 or ether proto 0x88f7);");

	cr_expect_eq(weir_traffic_classes(r), 5);
	cr_expect_str_eq(weir_traffic_name(r, 2), "a");
	cr_expect_str_eq(weir_traffic_name(r, 4), "c");
	expect_port(IPPROTO4_UDP, 5000, 2);
	expect_port(IPPROTO4_UDP, 5005, 2);
	expect_port(IPPROTO4_UDP, 5011, 3);
	expect_port(IPPROTO4_UDP, 6000, 3);
	expect_port(IPPROTO4_TCP, 5005, 3);
	expect_port(IPPROTO4_TCP, 179, 1);
	expect_port(IPPROTO4_TCP, 8080, 3);
	expect_flow(&(struct flow){false, IPPROTO4_UDP, 1, 2, 40000, 6001, 0}, 0);
	expect_flow(&(struct flow){true, IPPROTO4_UDP, 1, 2, 40000, 6001, 0}, 4);
	expect_type(0x88f7, 4);
	weir_router_free(r);
}

Test(traffic, by_dscp)
{
	struct weir_router *r = build("TrafficClass(voice, dscp 46);");
	const struct flow w = {false, IPPROTO4_UDP, 1, 2, 40000, 5, 0},
			  v = {true, 6, 1, 2, 3, 4, 0};

	for (unsigned i = 0; i < 4; i++) {
		const struct flow *of = i & 1 ? &v : &w;
		struct frame f;

		frame_clear(&f);
		frame_flow(&f, of);
		if (of->is_ip6) {
			f.b[f.at] = 0x6b; // 46, ECN 2
			f.b[f.at + 1] = 0xa0;
		} else {
			f.b[f.at + 1] = 46 << 2 | 1;
		}
		carriers[i / 2].wrap(&f, of, false);
		cr_expect_eq(class_of(&f), 2, "case %u", i);
	}
	weir_router_free(r);
}

// What a tunnel carries is not the router's; a fragment has no ports.
Test(traffic, only_the_outermost_header)
{
	const struct flow bgp = {false, IPPROTO4_TCP, 1, 2, 40000, 179, 0},
			  rip = {false, IPPROTO4_UDP, 1, 2, 520, 520, 0};
	struct weir_router *r = build("TrafficClass(tunnel, proto gre or udp port 4789);");
	struct frame f;

	for (const struct carrier *c = carriers; c->name; c++) {
		const unsigned want = c - carriers < 6					   ? 1
				      : strstr(c->name, "GRE") || strstr(c->name, "VXLAN") ? 2
											   : 0;

		frame_clear(&f);
		frame_flow(&f, &bgp);
		c->wrap(&f, &bgp, false);
		cr_expect_eq(class_of(&f), want, "%s: %u, not %u", c->name, class_of(&f), want);
	}
	for (unsigned i = 0; frame_fragment(&f, &rip, i); i++)
		cr_expect_eq(class_of(&f), 0);
	weir_router_free(r);
}

Test(traffic, another_control)
{
	struct weir_router *r = build("TrafficClass(x, tcp port 179);"
				      "TrafficClass(control, proto ospf or tcp port 22);");

	cr_expect_eq(weir_traffic_classes(r), 3);
	expect_proto(89, 1);
	expect_port(IPPROTO4_TCP, 22, 1);
	expect_port(IPPROTO4_TCP, 179, 2);
	expect_type(ETHERTYPE_ARP, 0);
	weir_router_free(r);
	r = build("TrafficClass(x, tcp port 179); TrafficClass(control, none);");
	cr_expect_eq(weir_traffic_classes(r), 2);
	cr_expect_str_eq(weir_traffic_name(r, 1), "x");
	expect_port(IPPROTO4_TCP, 179, 1);
	expect_proto(89, 0);
	weir_router_free(r);
	r = build("TrafficClass(control, none);");
	cr_expect_eq(weir_traffic_classes(r), 1);
	expect_proto(89, 0);
	weir_router_free(r);
}
