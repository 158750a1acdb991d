// SPDX-License-Identifier: BSD-2-Clause

// Messages of rtnetlink: whole ones are understood, and of broken ones none does harm. Each message
// lies at the very end of its memory, so that a sanitizer sees who reads beyond it.

#include <weir/handler.h>

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/lwtunnel.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <messages.h>
#include <mirror.h>
#include <net/if.h>
#include <rnd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct kernel_room room;
static char bytes[4096];

static uint64_t seed = 1;

static uint32_t rnd(void)
{
	return rnd32(&seed);
}

static struct nlmsghdr *begin(uint16_t type, const void *header, size_t len)
{
	struct nlmsghdr *m;

	memset(bytes, 0, sizeof(bytes));
	m = mnl_nlmsg_put_header(bytes);
	m->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(m, len), header, len);
	return m;
}

static void put_ip4(struct nlmsghdr *m, uint16_t type, const char *addr)
{
	mnl_attr_put_u32(m, type, inet_addr(addr));
}

static void put_ip6(struct nlmsghdr *m, uint16_t type, const char *addr)
{
	uint8_t ip6[16];

	inet_pton(AF_INET6, addr, ip6);
	mnl_attr_put(m, type, sizeof(ip6), ip6);
}

static struct weir_ip6 ip6(const char *addr)
{
	uint8_t in[16];

	inet_pton(AF_INET6, addr, in);
	return weir_ip6_read(in);
}

static void put_via(struct nlmsghdr *m, const char *addr)
{
	struct {
		uint16_t family;
		uint8_t addr[16];
	} via = {.family = AF_INET6};

	inet_pton(AF_INET6, addr, via.addr);
	mnl_attr_put(m, RTA_VIA, sizeof(via), &via);
}

static struct nlmsghdr *route4(void)
{
	struct rtmsg r = {.rtm_family = AF_INET,
			  .rtm_dst_len = 24,
			  .rtm_type = RTN_UNICAST,
			  .rtm_protocol = RTPROT_BGP,
			  .rtm_table = RT_TABLE_MAIN,
			  .rtm_tos = 8,
			  .rtm_flags = RTNH_F_ONLINK};
	struct nlmsghdr *m = begin(RTM_NEWROUTE, &r, sizeof(r));

	mnl_attr_put_u32(m, RTA_TABLE, 1000);
	put_ip4(m, RTA_DST, "10.1.2.0");
	mnl_attr_put_u32(m, RTA_PRIORITY, 20);
	put_ip4(m, RTA_PREFSRC, "10.9.9.9");
	mnl_attr_put_u32(m, RTA_OIF, 7);
	put_via(m, "fe80::1");
	return m;
}

static struct nlmsghdr *multipath(void)
{
	struct rtmsg r = {.rtm_family = AF_INET6, .rtm_dst_len = 48, .rtm_type = RTN_UNICAST};
	struct nlmsghdr *m = begin(RTM_NEWROUTE, &r, sizeof(r));
	struct nlattr *nest;

	put_ip6(m, RTA_DST, "2001:db8:1::");
	nest = mnl_attr_nest_start(m, RTA_MULTIPATH);
	for (int i = 0; i < 3; i++) {
		struct rtnexthop *nh = mnl_nlmsg_get_payload_tail(m);
		uint32_t before = m->nlmsg_len;

		*nh = (struct rtnexthop){.rtnh_ifindex = i + 1, .rtnh_hops = (uint8_t)i};
		m->nlmsg_len += sizeof(*nh);
		put_ip6(m, RTA_GATEWAY, i ? "fe80::2" : "fe80::3");
		if (i == 2)
			mnl_attr_put_u16(m, RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_SEG6);
		nh->rtnh_len = (uint16_t)(m->nlmsg_len - before);
	}
	mnl_attr_nest_end(m, nest);
	return m;
}

static struct nlmsghdr *vlan(void)
{
	struct ifinfomsg i = {.ifi_index = 5, .ifi_flags = IFF_UP | IFF_RUNNING};
	struct nlmsghdr *m = begin(RTM_NEWLINK, &i, sizeof(i));
	struct nlattr *info, *data;

	mnl_attr_put_strz(m, IFLA_IFNAME, "eth0.7");
	mnl_attr_put_u32(m, IFLA_LINK, 2);
	mnl_attr_put_u32(m, IFLA_MASTER, 9);
	mnl_attr_put(m, IFLA_ADDRESS, 6, "\2\0\0\0\0\1");
	info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	mnl_attr_put_u16(m, IFLA_VLAN_ID, 7);
	mnl_attr_put_u16(m, IFLA_VLAN_PROTOCOL, htons(0x88a8));
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	return m;
}

static struct nlmsghdr *vrf(void)
{
	struct ifinfomsg i = {.ifi_index = 9, .ifi_flags = IFF_UP};
	struct nlmsghdr *m = begin(RTM_NEWLINK, &i, sizeof(i));
	struct nlattr *info, *data;

	mnl_attr_put_strz(m, IFLA_IFNAME, "red");
	info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "vrf");
	data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	mnl_attr_put_u32(m, IFLA_VRF_TABLE, 10);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	return m;
}

static struct nlmsghdr *group(void)
{
	struct nhmsg h = {.nh_family = AF_UNSPEC};
	struct nlmsghdr *m = begin(RTM_NEWNEXTHOP, &h, sizeof(h));
	uint8_t members[2][8] = {{1, 0, 0, 0, 0}, {2, 0, 0, 0, 4, 1}};
	struct nlattr *nest;

	mnl_attr_put_u32(m, NHA_ID, 77);
	mnl_attr_put(m, NHA_GROUP, sizeof(members), members);
	mnl_attr_put_u16(m, NHA_GROUP_TYPE, NEXTHOP_GRP_TYPE_RES);
	nest = mnl_attr_nest_start(m, NHA_RES_GROUP);
	mnl_attr_put_u16(m, NHA_RES_GROUP_BUCKETS, 64);
	mnl_attr_nest_end(m, nest);
	return m;
}

static struct nlmsghdr *nexthop(void)
{
	struct nhmsg h = {.nh_family = AF_INET6, .nh_flags = RTNH_F_ONLINK};
	struct nlmsghdr *m = begin(RTM_NEWNEXTHOP, &h, sizeof(h));

	mnl_attr_put_u32(m, NHA_ID, 1);
	mnl_attr_put_u32(m, NHA_OIF, 3);
	put_ip6(m, NHA_GATEWAY, "fe80::9");
	return m;
}

static struct nlmsghdr *rule(void)
{
	struct fib_rule_hdr h = {.family = AF_INET,
				 .src_len = 16,
				 .action = FR_ACT_TO_TBL,
				 .flags = FIB_RULE_INVERT};
	struct fib_rule_port_range ports = {80, 443};
	struct nlmsghdr *m = begin(RTM_NEWRULE, &h, sizeof(h));

	put_ip4(m, FRA_SRC, "10.0.0.0");
	mnl_attr_put_strz(m, FRA_IIFNAME, "eth0");
	mnl_attr_put_u32(m, FRA_PRIORITY, 100);
	mnl_attr_put_u32(m, FRA_TABLE, 300);
	mnl_attr_put_u32(m, FRA_FWMARK, 1);
	mnl_attr_put_u32(m, FRA_FWMASK, 0xff);
	mnl_attr_put_u32(m, FRA_SUPPRESS_PREFIXLEN, UINT32_MAX);
	mnl_attr_put(m, FRA_DPORT_RANGE, sizeof(ports), &ports);
	return m;
}

static struct nlmsghdr *addr(void)
{
	struct ifaddrmsg h = {.ifa_family = AF_INET, .ifa_prefixlen = 30, .ifa_index = 4};
	struct nlmsghdr *m = begin(RTM_NEWADDR, &h, sizeof(h));

	put_ip4(m, IFA_ADDRESS, "10.0.0.2"); // the peer's
	put_ip4(m, IFA_LOCAL, "10.0.0.1");
	mnl_attr_put_u32(m, IFA_FLAGS, IFA_F_SECONDARY);
	return m;
}

static struct nlmsghdr *neigh(void)
{
	struct ndmsg h = {.ndm_family = AF_INET, .ndm_ifindex = 4, .ndm_state = NUD_REACHABLE};
	struct nlmsghdr *m = begin(RTM_NEWNEIGH, &h, sizeof(h));

	put_ip4(m, NDA_DST, "10.0.0.2");
	mnl_attr_put(m, NDA_LLADDR, 6, "\2\0\0\0\0\2");
	return m;
}

static struct nlmsghdr *netconf(void)
{
	struct netconfmsg h = {.ncm_family = AF_INET6};
	struct nlmsghdr *m = begin(RTM_NEWNETCONF, &h, sizeof(h));

	mnl_attr_put_u32(m, NETCONFA_IFINDEX, 4);
	mnl_attr_put_u32(m, NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 1);
	return m;
}

Test(kernel_parse, routes)
{
	struct rib_route r;

	cr_assert_eq(kernel_parse_route(route4(), &r, &room), KERNEL_PARSED);
	cr_assert_eq(r.family, AF_INET);
	cr_assert_eq(rib_to_ip4(r.dst), 0x0a010200);
	cr_assert_eq(r.len, 24);
	cr_assert_eq(r.table, 1000); // beyond a byte
	cr_assert_eq(r.metric, 20);
	cr_assert_eq(r.tos, 8);
	cr_assert_eq(r.protocol, RTPROT_BGP);
	cr_assert(r.has_prefsrc && rib_to_ip4(r.prefsrc) == 0x0a090909);
	cr_assert_eq(r.n_hops, 1);
	cr_assert_eq(r.hops[0].link, 7);
	cr_assert_eq(r.hops[0].gw_family, AF_INET6);
	cr_assert(weir_ip6_equal(r.hops[0].gw, ip6("fe80::1")));
	cr_assert(r.hops[0].onlink && !r.hops[0].encap);
}

Test(kernel_parse, several_next_hops)
{
	struct rib_route r;

	cr_assert_eq(kernel_parse_route(multipath(), &r, &room), KERNEL_PARSED);
	cr_assert_eq(r.n_hops, 3);
	cr_assert_eq(r.hops[0].link, 1);
	cr_assert_eq(r.hops[0].weight, 1);
	cr_assert(weir_ip6_equal(r.hops[0].gw, ip6("fe80::3")));
	cr_assert_eq(r.hops[2].weight, 3);
	cr_assert(!r.hops[1].encap && r.hops[2].encap);
}

// What the kernel keeps for itself is left out, as are routes of other families.
Test(kernel_parse, other_routes)
{
	struct nlmsghdr *m = route4();
	struct rtmsg *h = mnl_nlmsg_get_payload(m);
	struct rib_route r;

	h->rtm_flags |= RTM_F_CLONED;
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_OTHER);
	h->rtm_flags = 0;
	h->rtm_family = 128; // RTNL_FAMILY_IPMR
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_OTHER);
	h->rtm_family = AF_INET6;
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_MALFORMED);
	h->rtm_family = AF_INET;
	h->rtm_type = RTN_BLACKHOLE;
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_PARSED);
	cr_assert_eq(r.n_hops, 0);
	h->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(m, RTA_NH_ID, 12);
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_PARSED);
	cr_assert(r.nexthop == 12 && !r.n_hops);
}

Test(kernel_parse, links)
{
	struct rib_link l;
	struct nlmsghdr *m = vlan();

	cr_assert_eq(kernel_parse_link(m, &l), KERNEL_PARSED);
	cr_assert_str_eq(l.name, "eth0.7");
	cr_assert(l.index == 5 && l.lower == 2 && l.master == 9);
	cr_assert(l.vlan_id == 7 && l.vlan_protocol == 0x88a8 && !l.vrf_table);
	cr_assert(l.up && l.carrier && !l.loopback);
	cr_assert_eq(l.mac[5], 1);
	((struct ifinfomsg *)mnl_nlmsg_get_payload(m))->ifi_family = AF_BRIDGE;
	cr_assert_eq(kernel_parse_link(m, &l), KERNEL_OTHER);
	m = vrf();
	cr_assert_eq(kernel_parse_link(m, &l), KERNEL_PARSED);
	cr_assert(l.vrf_table == 10 && !l.vlan_protocol && l.up && !l.carrier);
	// what lies below is in another namespace
	m = vlan();
	mnl_attr_put_u32(m, IFLA_LINK_NETNSID, 1);
	cr_assert_eq(kernel_parse_link(m, &l), KERNEL_PARSED);
	cr_assert_eq(l.lower, 0);
}

Test(kernel_parse, next_hop_objects)
{
	struct rib_nexthop n;

	cr_assert_eq(kernel_parse_nexthop(group(), &n, &room), KERNEL_PARSED);
	cr_assert(n.id == 77 && n.resilient && n.n_buckets == 64);
	cr_assert_eq(n.n_members, 2);
	cr_assert(n.members[0].id == 1 && n.members[0].weight == 1);
	cr_assert(n.members[1].id == 2 && n.members[1].weight == 0x105);
	cr_assert_eq(kernel_parse_nexthop(nexthop(), &n, &room), KERNEL_PARSED);
	cr_assert(n.id == 1 && !n.n_members && n.hop.link == 3 && n.hop.onlink);
	cr_assert_eq(n.hop.gw_family, AF_INET6);
}

Test(kernel_parse, rules)
{
	struct nlmsghdr *m = rule();
	struct rib_rule r;

	cr_assert_eq(kernel_parse_rule(m, &r), KERNEL_PARSED);
	cr_assert(r.priority == 100 && r.table == 300 && r.invert && !r.other);
	cr_assert(r.src_len == 16 && rib_to_ip4(r.src) == 0x0a000000);
	cr_assert(r.mark == 1 && r.mark_mask == 0xff);
	cr_assert(r.dport.first == 80 && r.dport.last == 443);
	cr_assert(r.suppress_prefixlength == -1 && r.suppress_ifgroup == -1);
	cr_assert_str_eq(r.iif, "eth0");
	// a selector of a later kernel
	mnl_attr_put_u32(m, FRA_DPORT_RANGE + 1, 1);
	cr_assert_eq(kernel_parse_rule(m, &r), KERNEL_PARSED);
	cr_assert(r.other);
}

Test(kernel_parse, addresses_and_neighbors)
{
	struct kernel_netconf c;
	struct kernel_neigh n;
	struct rib_addr a;
	struct nlmsghdr *m;

	cr_assert_eq(kernel_parse_addr(addr(), &a), KERNEL_PARSED);
	cr_assert(a.link == 4 && a.len == 30 && a.secondary && rib_to_ip4(a.addr) == 0x0a000001);
	cr_assert_eq(kernel_parse_netconf(netconf(), &c), KERNEL_PARSED);
	cr_assert(c.link == 4 && c.family == AF_INET6 && c.ignore_linkdown);
	m = neigh();
	cr_assert_eq(kernel_parse_neigh(m, &n), KERNEL_PARSED);
	cr_assert(n.link == 4 && n.nud == NUD_REACHABLE && n.has_mac && n.mac[5] == 2);
	((struct ndmsg *)mnl_nlmsg_get_payload(m))->ndm_family = AF_BRIDGE;
	cr_assert_eq(kernel_parse_neigh(m, &n), KERNEL_OTHER);
}

// Every parser gets every message.
static void parse_all(const struct nlmsghdr *m)
{
	struct kernel_netconf c;
	struct rib_nexthop n;
	struct kernel_neigh ne;
	struct rib_route r;
	struct rib_link l;
	struct rib_addr a;
	struct rib_rule u;

	kernel_parse_link(m, &l);
	kernel_parse_addr(m, &a);
	kernel_parse_route(m, &r, &room);
	cr_assert_leq(r.n_hops, KERNEL_MOST_HOPS);
	kernel_parse_nexthop(m, &n, &room);
	cr_assert_leq(n.n_members, KERNEL_MOST_HOPS);
	kernel_parse_rule(m, &u);
	kernel_parse_netconf(m, &c);
	kernel_parse_neigh(m, &ne);
}

// A datagram as it came, in memory of exactly its length.
static void receive(const void *datagram, size_t len)
{
	struct nlmsghdr *copy = malloc(len ?: 1), *m = copy;
	int rest = (int)len;

	memcpy(copy, datagram, len);
	for (; kernel_message_ok(m, rest); m = mnl_nlmsg_next(m, &rest))
		parse_all(m);
	free(copy);
}

static struct nlmsghdr *(*const makers[])(void) = {
	route4, multipath, vlan, vrf, group, nexthop, rule, addr, neigh, netconf,
};
enum { MAKERS = sizeof(makers) / sizeof(makers[0]) };

Test(kernel_parse, truncated)
{
	for (unsigned i = 0; i < MAKERS; i++) {
		uint32_t len = makers[i]()->nlmsg_len;

		for (uint32_t n = 0; n <= len; n++) {
			struct nlmsghdr *m = makers[i]();

			receive(m, n); // the length says more than there is
			m->nlmsg_len = n;
			receive(m, n);
		}
	}
}

// A type that is known and too short, or longer than the message, is malformed.
Test(kernel_parse, wrong_lengths)
{
	struct nlmsghdr *m = route4();
	struct nlattr *a = mnl_nlmsg_get_payload_offset(m, sizeof(struct rtmsg));
	struct rib_route r;

	a->nla_len = MNL_ATTR_HDRLEN + 2;
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_MALFORMED);
	a->nla_len = 0;
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_MALFORMED);
	a->nla_len = 60000;
	cr_assert_eq(kernel_parse_route(m, &r, &room), KERNEL_MALFORMED);
	m = group();
	a = mnl_nlmsg_get_payload_offset(m, sizeof(struct nhmsg));
	a = mnl_attr_next(a);
	a->nla_len -= 3; // not a whole number of members
	cr_assert_eq(kernel_parse_nexthop(m, &(struct rib_nexthop){}, &room), KERNEL_MALFORMED);
}

Test(kernel_parse, random_changes)
{
	for (unsigned i = 0; i < 200000; i++) {
		struct nlmsghdr *m = makers[rnd() % MAKERS]();
		uint32_t len = m->nlmsg_len;

		for (unsigned n = rnd() % 6 + 1; n; n--)
			bytes[rnd() % len] = (char)rnd();
		if (rnd() % 2)
			m->nlmsg_len = len;
		receive(m, len);
	}
}

Test(kernel_parse, random_bytes)
{
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t len = rnd() % 256;
		struct nlmsghdr *m = (struct nlmsghdr *)bytes;

		for (uint32_t n = 0; n < len; n++)
			bytes[n] = (char)rnd();
		m->nlmsg_len = len;
		receive(m, len);
	}
}

static void apply(void *k, const struct nlmsghdr *m)
{
	kernel_apply(k, m);
	kernel_neighbor(k, m);
}

// The same into a follower: whatever it takes for true, its tables and texts hold.
Test(kernel_parse, random_changes_followed)
{
	static const char *const texts[] = {"routes",	 "nexthops",  "rules", "links",
					    "addresses", "neighbors", "state"};
	const char *devices[] = {"eth0", "eth0.7"};
	struct weir_kernel_options o = {.devices = devices, .n_devices = 2, .most_routes4 = 1000};
	struct weir_err err = {};
	struct weir_kernel *k = weir_kernel_new(&o, &err);
	struct weir_buf b = {};

	cr_assert(k && weir_kernel_view(k, NULL) && weir_kernel_view(k, "eth0"));
	for (unsigned i = 0; i < 40000; i++) {
		struct nlmsghdr *m = makers[rnd() % MAKERS]();
		uint32_t len = m->nlmsg_len;

		if (rnd() % 4)
			bytes[sizeof(*m) + rnd() % (len - sizeof(*m))] = (char)rnd();
		if (!(rnd() % 8))
			m->nlmsg_type++; // from new to gone
		m->nlmsg_flags = (uint16_t)rnd();
		apply(k, m);
		if (!(rnd() % 64))
			cr_assert(kernel_commit(k));
	}
	cr_assert(kernel_commit(k));
	kernel_tell_counts(k);
	cr_assert(k->counts.changes && k->counts.malformed);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert_eq(weir_kernel_text(k, texts[i], false, &b), 0);
		cr_assert_eq(weir_kernel_text(k, texts[i], true, &b), 0);
	}
	cr_assert_eq(weir_kernel_text(k, "nothing", false, &b), -ENOENT);
	weir_buf_free(&b);
	weir_kernel_free(k);
	weir_err_free(&err);
}

// What reads well and makes no sense is refused by the mirror.
Test(kernel_parse, impossible_lengths)
{
	struct weir_kernel_options o = {};
	struct weir_err err = {};
	struct weir_kernel *k = weir_kernel_new(&o, &err);
	struct nlmsghdr *m = rule();

	cr_assert(k && weir_kernel_view(k, NULL));
	((struct fib_rule_hdr *)mnl_nlmsg_get_payload(m))->src_len = 200;
	kernel_apply(k, m);
	m = rule();
	((struct fib_rule_hdr *)mnl_nlmsg_get_payload(m))->dst_len = 33;
	kernel_apply(k, m);
	m = route4();
	((struct rtmsg *)mnl_nlmsg_get_payload(m))->rtm_dst_len = 33;
	kernel_apply(k, m);
	m = addr();
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(m))->ifa_prefixlen = 129;
	kernel_apply(k, m);
	cr_assert_eq(k->counts.malformed, 4);
	cr_assert(kernel_commit(k));
	weir_kernel_free(k);
	weir_err_free(&err);
}

static unsigned counted;

static void count(void *, const struct nlmsghdr *)
{
	counted++;
}

// Datagrams of other processes, and what was cut off.
Test(kernel_parse, datagrams)
{
	struct sockaddr_nl from = {.nl_family = AF_NETLINK};
	struct nlmsghdr *m = route4();
	struct kernel_inbox in;
	struct iovec piece;

	cr_assert_eq(kernel_inbox_open(&in), 0);
	piece = (struct iovec){in.bytes, KERNEL_DATAGRAM_SIZE};
	memcpy(in.bytes, m, m->nlmsg_len);
	in.head[0].msg_len = m->nlmsg_len;
	in.head[0].msg_hdr = (struct msghdr){
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &piece, .msg_iovlen = 1};
	cr_assert_eq(kernel_each_message(&in, 1, count, NULL), 0);
	cr_assert(counted == 1 && !in.strange);
	from.nl_pid = 4711;
	kernel_each_message(&in, 1, count, NULL);
	cr_assert(counted == 1 && in.strange == 1);
	from.nl_pid = 0;
	in.head[0].msg_hdr.msg_flags = MSG_TRUNC;
	cr_assert_eq(kernel_each_message(&in, 1, count, NULL), -EMSGSIZE);
	in.head[0].msg_hdr.msg_flags = 0;
	in.head[0].msg_len -= 8;
	kernel_each_message(&in, 1, count, NULL);
	cr_assert_eq(in.strange, 2);
	kernel_inbox_close(&in);
}
