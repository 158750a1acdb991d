// SPDX-License-Identifier: BSD-2-Clause
#include "pkt.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct packet *build(const char *text)
{
	struct pkt k;
	struct packet *p = NULL;

	if (!pkt_parse(&k, text, strlen(text)))
		cr_log_error("%s: %s", text, k.error);
	else
		p = pkt_new(&k);
	pkt_free(&k);
	return p;
}

static bool matches(const char *packet, const char *want, char **why)
{
	struct packet *p = build(packet);
	struct pkt k;
	bool same;

	cr_assert(pkt_parse(&k, want, strlen(want)), "%s", k.error);
	same = p && pkt_matches(p, &k, why);
	pkt_free(&k);
	free(p);
	return same;
}

static void expect_bytes(const char *text, const char *bytes)
{
	char *why = NULL;

	cr_expect(matches(text, bytes, &why), "%s: %s", text, why);
	free(why);
}

Test(pkt, builds_headers)
{
	expect_bytes("eth src=0:1:2:3:4:5 dst=ff:ff:ff:ff:ff:ff type=0x1234 hex=aabb",
		     "hex ffffffffffff hex 000102030405 hex 1234aabb");
	// an example of RFC 1071's kind, worked out by hand: 4500 0018 0001 4000 4011 ...
	expect_bytes("ip4 src=10.0.0.1 dst=10.0.0.2 id=1 df udp sport=1 dport=2 data=\"ab\"",
		     "hex 4500001e000140004011 hex 26cc hex 0a0000010a000002 hex 00010002000a8a72 "
		     "hex 6162");
	expect_bytes("arp op=reply sha=2:0:0:0:0:1 spa=1.2.3.4 tha=0:0:0:0:0:9 tpa=5.6.7.8",
		     "hex=0001080006040002 hex 02000000000101020304 hex 00000000000905060708");
	expect_bytes("icmp type=3 code=4 mtu=1500 csum=0x1111", "hex=03041111000005dc");
	expect_bytes("ip4 opt=07 csum=0 iplen=24",
		     "hex=46000018000000004000 hex=0000 hex=0a0000010a00000207000000");
	expect_bytes("ip4 mf frag=16 csum=0 ttl=1 cut=9", "hex=450000140000200201");
	expect_bytes("data=\"a\\x00\\\"\\n\" zero=2 len=8", "hex=6100220a0000 hex=0000");
}

Test(pkt, checksums_are_right)
{
	struct packet *p = build("ip4 src=1.2.3.4 tcp seq=77 opt=020405b4 flags=syn bytes=99");
	struct ip4 *ip = weir_ip4(p);
	uint8_t *t = weir_transport_at(p, 0, 20);

	cr_assert(ip && t);
	cr_expect_eq(pkt_csum((uint8_t *)ip, 20, 0), 0);
	cr_expect_eq(pkt_csum(t, p->len - 20, pkt_pseudo(ip, p->len - 20)), 0);
	t[25] ^= 1;
	cr_expect_neq(pkt_csum(t, p->len - 20, pkt_pseudo(ip, p->len - 20)), 0);
	free(p);
	p = build("ip4 csum=bad");
	cr_expect_neq(pkt_csum((uint8_t *)weir_ip4(p), 20, 0), 0);
	free(p);
}

Test(pkt, quotes)
{
	struct packet *p = build("ip4 icmp type=3 code=1 ip4 udp bytes=50 quote=56");
	const uint8_t *d = weir_data(p);

	cr_assert_eq(p->len, 56);
	cr_expect_eq(d[3], 56);
	cr_expect_eq(d[28 + 3], 78);
	cr_expect_eq(pkt_csum(d + 20, 36, 0), 0);
	cr_expect_eq(pkt_csum(d + 28, 20, 0), 0);
	free(p);
}

// Worked out by hand from RFC 8200, 4443 and 4302.
Test(pkt, builds_ip6)
{
	expect_bytes(
		"ip6 tc=0x12 flow=0x34567 hlim=9 src=::1 dst=1:2:3:4:5:6:7:8",
		"hex=61234567 hex=00003b09 zero=15 hex=01 hex=00010002000300040005000600070008");
	expect_bytes("ip6 hop dest opt=c204 routing left=2 opt=aa frag off=16 mf id=5 ah spi=7",
		     "hex=6000000000400040 hex=20010db8000000000000000000000001 "
		     "hex=20010db8000000000000000000000002 hex=3c00010400000000 "
		     "hex=2b00c20400000000 hex=2c01000200000000aa00000000000000 "
		     "hex=3300001100000005 hex=3b0400000000000700000000 zero=12");
}

Test(pkt, checksums_of_ip6_are_right)
{
	static const char *const texts[] = {"ip6 udp data=\"abc\"", "ip6 hop dest tcp bytes=3",
					    "ip6 frag icmp6 id=3", "ip6 ah icmp6 type=135 nd ndopt",
					    "ip6 icmp6 type=1 ip6 udp bytes=2000 quote=1240"};
	static const uint8_t protos[] = {17, 6, 58, 58, 58};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct packet *p = build(texts[i]);
		const uint8_t *t = weir_transport_at(p, 0, 8);
		uint32_t n;

		cr_assert(t);
		n = (uint32_t)(weir_data(p) + p->len - t);
		cr_expect_eq(pkt_csum(t, n, pkt_pseudo6((struct ip6 *)weir_data(p), protos[i], n)),
			     0, "%s", texts[i]);
		free(p);
	}
}

Test(pkt, marks_headers)
{
	struct packet *p = build("eth ip4 opt=01 udp");

	cr_expect_eq(p->mac, p->off);
	cr_expect_eq(p->network, p->off + 14);
	cr_expect_eq(p->transport, p->off + 14 + 24);
	free(p);
	p = build("eth ip4 udp network=none mac=none transport=none strip=14");
	cr_expect(!p->network && !p->mac && !p->transport);
	cr_expect_eq(p->len, 28);
	cr_expect_eq(weir_data(p)[-2], 0x08);
	free(p);
	p = build("eth ip4 cut=30");
	cr_expect(!p->network, "20 bytes are not there");
	free(p);
}

Test(pkt, compares_what_is_named)
{
	cr_expect(matches("ip4 paint=3", "ip4", NULL));
	cr_expect(matches("ip4 paint=3", "ip4 paint=3", NULL));
	cr_expect_not(matches("ip4 paint=3", "ip4 paint=4", NULL));
	cr_expect_not(matches("ip4", "ip4 ttl=63", NULL));
	cr_expect_not(matches("ip4", "ip4 zero=1", NULL));
	cr_expect_not(matches("ip4 zero=1", "ip4", NULL));
	cr_expect_not(matches("ip4", "ip4 type=broadcast", NULL));
	cr_expect_not(matches("ip4 network=none", "ip4 network=0", NULL));
	cr_expect_not(matches("ip4 dst_ip=1.2.3.4", "ip4 dst_ip=1.2.3.5", NULL));
	cr_expect_not(matches("ip4 time=1.5", "ip4 time=1.25", NULL));
	cr_expect(matches("eth ip4 strip=14", "ip4 network=0 mac=-14", NULL));
}

Test(pkt, refuses_nonsense)
{
	static const char *const bad[] = {"ip4 ttl=256",
					  "ip4 src=1.2.3",
					  "eth src=1:2:3:4:5",
					  "foo",
					  "foo=1",
					  "ttl=1",
					  "ip4 udp ttl=3",
					  "hex=0",
					  "hex=xx",
					  "len=x",
					  "zero=",
					  "ip4 len=19",
					  "ip4 cut=21",
					  "data=abc",
					  "ip4 frag=9",
					  "paint=256",
					  "df",
					  "zero=99999999",
					  "anno=47:0102",
					  "strip=2",
					  "ip4 udp quote=20",
					  "ip4 icmp quote=27",
					  "hex=00 network=0",
					  "ip4 flags=syn",
					  "ip6 hlim=256",
					  "ip6 src=1.2.3.4",
					  "ip6 tc=256",
					  "ip6 flow=0x100000",
					  "ip6 frag off=12",
					  "ip6 frag opt=00",
					  "ip6 mf",
					  "ip6 hop zero=1 opt=00",
					  "ip6 quote=40"};
	struct pkt k;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_expect_not(pkt_parse(&k, bad[i], strlen(bad[i])), "%s", bad[i]);
		cr_expect(k.error[0], "%s", bad[i]);
		pkt_free(&k);
	}
}

// What is printed, parsed again, is the same packet.
Test(pkt, prints_what_it_parses)
{
	static const char *const texts[] = {
		"eth ip4 df id=7 tos=0xc0 udp sport=53 dport=99 data=\"hello\"",
		"eth vlan tci=0x2005 ip4 ttl=1 icmp type=11 code=0 ip4 src=9.9.9.9 udp bytes=4",
		"ip4 opt=0704040a000001 tcp opt=02 flags=syn+ack bytes=3",
		"ip4 csum=bad udp csum=0 hex=00",
		"eth arp op=request spa=1.2.3.4 len=60",
		"ip4 iplen=900 udp udplen=3 cut=25",
		"ip4 frag=800 mf proto=17 bytes=40",
		"eth type=0x88cc bytes=9",
		"zero=3",
		"eth ip6 tc=0xb8 flow=77 hlim=3 udp sport=53 dport=99 data=\"hello\"",
		"ip6 src=fe80::1 dst=ff02::1 hlim=255 icmp6 type=135 nd addr=fe80::9 ndopt "
		"ether=2:0:0:0:0:9",
		"ip6 hop opt=050200000104000000000000 dest routing rtype=4 left=1 opt=20010db8 "
		"frag off=1280 mf "
		"id=7 bytes=40",
		"ip6 frag id=3 ah spi=9 seq=2 tcp flags=syn",
		"ip6 icmp6 type=3 code=0 ip6 hlim=1 udp bytes=4",
		"ip6 plen=9 vers=5 next=17 zero=9 cut=43",
		"ip6 icmp6 csum=bad id=3 seq=4 hex=00 len=60",
		"ip6 ip4 udp",
		"ip4 ip6 hop icmp6",
		"ip6 hop hlen=9 next=6 zero=3",
		"eth ip4 proto=50 bytes=30 paint=3 dst_ip=1.2.3.4 type=multicast strip=14",
		"",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct packet *p = build(texts[i]);
		char *text = pkt_text(p), *why = NULL;
		struct pkt k;

		cr_expect(pkt_parse(&k, text, strlen(text)) || !strncmp(k.error, "mac:", 4),
			  "%s: %s", text, k.error);
		cr_expect(pkt_matches(p, &k, &why), "%s: %s", text, why);
		pkt_free(&k);
		free(why);
		free(text);
		free(p);
	}
}
