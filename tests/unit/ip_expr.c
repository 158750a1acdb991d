// SPDX-License-Identifier: BSD-2-Clause
// The language of IPClassifier and IPFilter, and Classifier's patterns: what they match, and what
// they say of mistakes.
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

#include <args_table.h>
#include <criterion/criterion.h>
#include <graph.h>
#include <pkt.h>
#include <stdio.h>
#include <stdlib.h>
#include <twin.h>

struct made {
	struct weir_element e;
	struct weir_err err;
	int r;
};

static struct made make(const char *class, const char *config)
{
	struct made m = {.e = {.name = "c", .loc = {"test", 1, 1, NULL}}};

	m.e.class = weir_class_find(class);
	cr_assert(m.e.class);
	m.e.self = calloc(1, m.e.class->self_size);
	m.r = weir_configure(&m.e, config, NULL, &m.err);
	return m;
}

static void unmake(struct made *m)
{
	m->e.class->fini(&m->e);
	free(m->e.self);
	weir_err_free(&m->err);
}

// The port by which a packet leaves, -1 if it is lost.
static int run(const struct made *m, const char *text)
{
	struct pkt k = {};
	struct packet *p;
	const struct weir_dag *d = m->e.self; // the only member of all three
	unsigned port;

	cr_assert(pkt_parse(&k, text, strlen(text)), "%s: %s", text, k.error);
	p = pkt_new(&k);
	if (!strncmp(m->e.class->name, "IP6", 3)) {
		port = weir_dag_run_ip6(d, p);
	} else {
		port = d->data_only ? weir_dag_run_data(d, p) : weir_dag_run_ip(d, p);
		cr_assert_eq(weir_dag_run_careful(d->steps, d->careful, d->data_only, p), port);
	}
	free(p);
	pkt_free(&k);
	return port >= WEIR_DROP ? -1 : (int)port;
}

Test(ip_expr, case_rows)
{
	static const char *const classes[] = {"Classifier", "IPClassifier", "IPFilter",
					      "IP6Classifier", "IP6Filter"};
	extern const struct weir_cases *const __start_weir_cases[], *const __stop_weir_cases[];
	unsigned n = 0;

	for (const struct weir_cases *const *c = __start_weir_cases; c < __stop_weir_cases; c++) {
		for (unsigned i = 0; i < 5; i++) {
			if (strcmp((*c)->class->name, classes[i]))
				continue;
			for (const struct weir_case *row = (*c)->rows; row->in; row++, n++) {
				struct made m = make(classes[i], row->args);
				int want =
					*row->out >= '0' && *row->out <= '9' ? atoi(row->out) : -1;

				cr_assert_eq(m.r, 0, "%s(%s): %s", classes[i], row->args,
					     m.err.text);
				cr_expect_eq(run(&m, row->in), want, "%s(%s) %s", classes[i],
					     row->args, row->in);
				unmake(&m);
			}
		}
	}
	cr_assert_gt(n, 20);
}

// Each expression, packets it matches, and packets it does not (separated by |).
struct sample {
	const char *expr, *yes, *no;
};
static const struct sample table[] = {
	{"src host 10.0.0.1", "ip4 src=10.0.0.1", "ip4 src=10.0.0.2 dst=10.0.0.1"},
	{"host 10.0.0.1", "ip4 src=10.0.0.1|ip4 src=1.1.1.1 dst=10.0.0.1", "ip4 src=1.1.1.1"},
	{"src and dst host 10.0.0.1", "ip4 src=10.0.0.1 dst=10.0.0.1", "ip4 src=10.0.0.1"},
	{"src or dst 10.0.0.1", "ip4 src=10.0.0.1|ip4 src=1.1.1.1 dst=10.0.0.1", "ip4 src=1.1.1.1"},
	{"host != 10.0.0.1", "ip4 src=1.1.1.1", "ip4 src=10.0.0.1|ip4 src=1.1.1.1 dst=10.0.0.1"},
	{"net 10.0.0.0/8", "ip4 src=10.200.0.1 dst=1.1.1.1", "ip4 src=11.0.0.1 dst=1.1.1.1"},
	{"src net 10.1.0.0 mask 255.255.0.0", "ip4 src=10.1.9.9", "ip4 src=10.2.0.0"},
	{"src 10.1.0.0/16 or 10.3.0.0/16", "ip4 src=10.3.0.1|ip4 src=10.1.0.1",
	 "ip4 src=10.2.0.1 dst=10.3.0.1"},
	{"src & 255.0.0.255 == 10.0.0.7", "ip4 src=10.1.2.7", "ip4 src=10.1.2.8"},
	{"ip proto tcp", "ip4 tcp", "ip4 udp|ip4 icmp"},
	{"ip proto 50", "ip4 proto=50", "ip4 tcp"},
	{"ip proto != 6", "ip4 udp", "ip4 tcp"},
	{"ip proto & 0xfe == 0x10", "ip4 udp|ip4 proto=16", "ip4 tcp"},
	{"ip proto > 10", "ip4 udp", "ip4 tcp"},
	{"tcp or udp", "ip4 udp|ip4 tcp", "ip4 icmp"},
	{"tcpudp", "ip4 udp|ip4 tcp", "ip4 icmp"},
	{"src tcp port 80", "ip4 tcp sport=80", "ip4 tcp dport=80|ip4 udp sport=80"},
	{"port 80", "ip4 tcp sport=80|ip4 udp dport=80", "ip4 tcp|ip4 icmp"},
	{"dst port www or ssh", "ip4 tcp dport=80|ip4 tcp dport=22", "ip4 tcp dport=23 sport=22"},
	{"dst port 80 or 443 or 8080", "ip4 tcp dport=80|ip4 udp dport=443|ip4 tcp dport=8080",
	 "ip4 tcp dport=81"},
	{"dst tcp www", "ip4 tcp dport=80", "ip4 udp dport=80"},
	{"src tcp port < 1024", "ip4 tcp sport=1023|ip4 tcp sport=0",
	 "ip4 tcp sport=1024|ip4 udp sport=1"},
	{"src tcp port >= 1024", "ip4 tcp sport=1024|ip4 tcp sport=65535", "ip4 tcp sport=1023"},
	{"src tcp port > 1023 and src port <= 2000", "ip4 tcp sport=1024|ip4 tcp sport=2000",
	 "ip4 tcp sport=1023|ip4 tcp sport=2001"},
	{"src tcp port != 5", "ip4 tcp sport=6", "ip4 tcp sport=5|ip4 udp sport=6"},
	{"!(src tcp port == 5)", "ip4 tcp sport=6|ip4 udp sport=5", "ip4 tcp sport=5"},
	{"port < 1024", "ip4 tcp sport=1 dport=2", "ip4 tcp sport=1 dport=2000"},
	{"port >= 1024", "ip4 tcp sport=1 dport=2000", "ip4 tcp sport=1 dport=2"},
	{"port <= 1024", "ip4 tcp sport=1 dport=1024", "ip4 tcp sport=1 dport=1025"},
	{"port > 1024", "ip4 tcp sport=1 dport=1025", "ip4 tcp sport=1 dport=1024"},
	{"src and dst port <= 1024", "ip4 tcp sport=1 dport=2000", "ip4 tcp sport=1500 dport=2000"},
	{"src and dst port != 5", "ip4 tcp sport=5 dport=6", "ip4 tcp sport=5 dport=5"},
	{"src and dst port > 1024", "ip4 tcp sport=1025 dport=2000", "ip4 tcp sport=1 dport=2000"},
	{"src and dst port < 1024", "ip4 tcp sport=1 dport=2000", "ip4 tcp sport=1500 dport=2000"},
	{"src tcp port & 10 == 8", "ip4 tcp sport=8|ip4 tcp sport=13",
	 "ip4 tcp sport=10|ip4 tcp sport=2"},
	{"tcp port 80", "ip4 tcp dport=80 cut=24",
	 "ip4 tcp dport=80 cut=23|ip4 frag=8 tcp dport=80"},
	{"tcp opt syn", "ip4 tcp flags=syn|ip4 tcp flags=syn+ack", "ip4 tcp flags=ack|ip4 udp"},
	{"tcp opt syn ack", "ip4 tcp flags=syn+ack", "ip4 tcp flags=syn"},
	{"syn and not ack", "ip4 tcp flags=syn", "ip4 tcp flags=syn+ack|ip4 udp"},
	{"tcp win 0", "ip4 tcp win=0", "ip4 tcp win=1"},
	{"icmp type echo", "ip4 icmp type=8", "ip4 icmp type=0|ip4 udp"},
	{"icmp type unreachable or timeexceeded", "ip4 icmp type=3|ip4 icmp type=11",
	 "ip4 icmp type=8"},
	{"icmp echo-reply", "ip4 icmp type=0", "ip4 icmp type=8"},
	{"icmp type != 8", "ip4 icmp type=0", "ip4 icmp type=8|ip4 udp"},
	{"icmp type 8 and icmp[1] == 0", "ip4 icmp type=8 code=0", "ip4 icmp type=8 code=1"},
	{"ip frag", "ip4 mf udp|ip4 frag=8 udp", "ip4 udp|ip4 df udp"},
	{"ip unfrag", "ip4 udp", "ip4 mf udp"},
	{"unfrag", "ip4 df udp", "ip4 frag=16 udp"},
	{"not ip frag", "ip4 df udp", "ip4 frag=16 udp"},
	{"ip vers 4", "ip4 udp", ""},
	{"ip hl > 5", "ip4 opt=01010101 udp", "ip4 udp"},
	{"ip tos 16", "ip4 tos=16", "ip4 tos=17"},
	{"ip dscp 46", "ip4 tos=184|ip4 tos=187", "ip4 tos=180"},
	{"ip ect", "ip4 tos=1|ip4 tos=2|ip4 tos=3", "ip4 tos=4"},
	{"ip ce", "ip4 tos=3|ip4 tos=255", "ip4 tos=2"},
	{"ip ttl <= 1", "ip4 ttl=1|ip4 ttl=0", "ip4 ttl=2"},
	{"ip len > 100", "ip4 udp bytes=100", "ip4 udp"},
	{"ip id 7", "ip4 id=7", "ip4 id=8"},
	{"ip[8] 3", "ip4 ttl=3", "ip4 ttl=4"},
	{"ip[12:4] == 0x0a000001", "ip4 src=10.0.0.1", "ip4 src=10.0.0.2"},
	{"ip[13:4] == 0x0000010a", "ip4 src=10.0.0.1 dst=10.0.0.2", "ip4 src=10.0.1.1"},
	{"ip[0] & 0x0f > 5", "ip4 opt=01010101 udp", "ip4 udp"},
	{"transp[0:2] 53", "ip4 udp sport=53|ip4 tcp sport=53",
	 "ip4 udp sport=54|ip4 frag=8 udp sport=53"},
	{"tcp[13] & 2 != 0", "ip4 tcp flags=syn", "ip4 tcp flags=ack|ip4 udp"},
	{"\"udp[4,5] > 8\"", "ip4 udp bytes=1", "ip4 udp"},
	{"ether src 2:0:0:0:0:1", "eth src=2:0:0:0:0:1 ip4 strip=14",
	 "eth src=2:0:0:0:0:2 ip4 strip=14|ip4"},
	{"2:0:0:0:0:9", "eth src=2:0:0:0:0:9 ip4|eth dst=2:0:0:0:0:9 ip4", "eth ip4"},
	{"ether host != 2:0:0:0:0:9", "eth ip4", "eth src=2:0:0:0:0:9 ip4|eth dst=2:0:0:0:0:9 ip4"},
	{"transp[1] & 128 == 0", "ip4 udp sport=0", "ip4 udp sport=128|ip4 udp sport=0 cut=21"},
	{"transp[1] & 128 != 0", "ip4 udp sport=128", "ip4 udp sport=0|ip4 udp sport=128 cut=21"},
	{"not (transp[1] & 128 == 0)", "ip4 udp sport=128|ip4 udp cut=21", "ip4 udp sport=0"},
	{"transp[1] & 128 == 0 || transp[1] & 128 == 128", "ip4 udp", "ip4 udp cut=21"},
	{"true", "ip4", ""},
	{"false", "", "ip4"},
	{"-", "ip4|eth arp", ""},
	{"any", "ip4", ""},
	{"all", "ip4", ""},
	{"none", "", "ip4"},
	{"tcp ? dst port 80 : src 10.0.0.1", "ip4 tcp dport=80|ip4 src=10.0.0.1 udp",
	 "ip4 tcp dport=81|ip4 src=10.0.0.2 udp"},
	{"tcp ? port 1 : udp ? port 2 : port 3 or icmp", "ip4 tcp dport=1|ip4 udp dport=2|ip4 icmp",
	 "ip4 udp dport=1|ip4 tcp dport=2"},
	{"tcp and dst port 80 or udp and dst port 53", "ip4 tcp dport=80|ip4 udp dport=53",
	 "ip4 udp dport=80|ip4 tcp dport=53"},
	{"tcp && (dst port 80 || dst port 81) && !src 10.0.0.1", "ip4 src=1.1.1.1 tcp dport=81",
	 "ip4 src=10.0.0.1 tcp dport=81|ip4 src=1.1.1.1 tcp dport=82"},
	{"not not tcp", "ip4 tcp", "ip4 udp"},
	{"src not 10.0.0.1", "ip4 src=10.0.0.2", "ip4 src=10.0.0.1"},
	{"dst port dns", "ip4 udp dport=53|ip4 tcp dport=53", "ip4 udp"},
	{"\"udp\"", "ip4 udp", "ip4 tcp"},
};

static void each(const struct made *m, const char *texts, int want, const char *expr)
{
	while (texts && *texts) {
		char one[200];
		const char *next;
		size_t n = pkt_split(texts, &next);

		cr_assert_lt(n, sizeof(one));
		memcpy(one, texts, n);
		one[n] = '\0';
		cr_expect_eq(run(m, one), want, "'%s' and '%s'", expr, one);
		texts = next;
	}
}

// The same of IPv6.
static const struct sample table6[] = {
	{"src host 2001:db8::1", "ip6", "ip6 src=2001:db8::3 dst=2001:db8::1"},
	{"host 2001:db8::1", "ip6|ip6 src=::9 dst=2001:db8::1", "ip6 src=::9 dst=2001:db8:1::1"},
	{"src and dst host 2001:db8::1", "ip6 dst=2001:db8::1", "ip6"},
	{"host != 2001:db8::1", "ip6 src=2001:db8::4", "ip6|ip6 src=::9 dst=2001:db8::1"},
	{"net 2001:db8::/32", "ip6 src=2001:db8:9::1 dst=::7", "ip6 src=2001:db9::1 dst=::7"},
	{"dst net fe80::/10", "ip6 dst=febf::1", "ip6 dst=fec0::1"},
	{"src 2001:db8::/33 or fe80::/64", "ip6|ip6 src=fe80::9", "ip6 src=2001:db8:8000::1"},
	{"src net 2001:db8:: mask ffff:ffff::", "ip6", "ip6 src=2001::1"},
	{"src & ::ff == ::1", "ip6|ip6 src=fe80::ab01", "ip6 src=fe80::ab02"},
	{"::/0", "ip6", ""},
	{"ip6 proto tcp", "ip6 tcp|ip6 hop dest tcp", "ip6 udp|ip6 hop udp"},
	{"ip proto 50", "ip6 next=50|ip6 hop next=50", "ip6 tcp"},
	{"ip6 proto != 6", "ip6 udp|ip6 hop udp", "ip6 tcp|ip6 hop tcp"},
	{"none", "", "ip6 tcp"},
	{"proto none", "ip6|ip6 dest", "ip6 tcp"},
	{"tcp or udp", "ip6 udp|ip6 ah tcp", "ip6 icmp6"},
	{"tcpudp", "ip6 udp|ip6 frag tcp", "ip6 icmp6"},
	{"src tcp port 80", "ip6 tcp sport=80|ip6 dest tcp sport=80", "ip6 udp sport=80"},
	{"dst port www or ssh", "ip6 tcp dport=80|ip6 tcp dport=22", "ip6 tcp dport=23 sport=22"},
	{"src tcp port < 1024", "ip6 tcp sport=1023", "ip6 tcp sport=1024|ip6 udp sport=1"},
	{"src port != 5", "ip6 tcp sport=6", "ip6 tcp sport=5|ip6 frag off=8 next=6 zero=9"},
	{"tcp opt syn and not ack", "ip6 hop tcp flags=syn", "ip6 tcp flags=syn+ack"},
	{"tcp win 0", "ip6 tcp win=0", "ip6 tcp win=1"},
	{"icmp6 type echo", "ip6 icmp6|ip6 frag mf icmp6", "ip6 icmp6 type=129|ip6 udp"},
	{"icmp type unreachable or timeexceeded", "ip6 icmp6 type=1|ip6 icmp6 type=3", "ip6 icmp6"},
	{"icmp6 type 1 and transp[1] == 4", "ip6 icmp6 type=1 code=4", "ip6 icmp6 type=1"},
	{"ip6 frag", "ip6 frag mf udp|ip6 frag off=8 udp", "ip6 udp|ip6 frag udp"},
	{"ip6 unfrag", "ip6 udp|ip6 frag udp", "ip6 frag mf udp"},
	{"not frag", "ip6 udp", "ip6 frag off=16 udp"},
	{"ip6 hlim <= 1", "ip6 hlim=1|ip6 hlim=0", "ip6 hlim=2"},
	{"ip6 tc 16", "ip6 tc=16", "ip6 tc=17"},
	{"ip6 dscp 46", "ip6 tc=184|ip6 tc=187", "ip6 tc=180"},
	{"ip6 ecn 1", "ip6 tc=1|ip6 tc=253", "ip6 tc=2"},
	{"ip6 ect", "ip6 tc=1|ip6 tc=2|ip6 tc=3", "ip6 tc=4"},
	{"ip6 ce", "ip6 tc=3|ip6 tc=255", "ip6 tc=2"},
	{"ip6 flow 0xabcde", "ip6 tc=9 flow=0xabcde", "ip6 flow=0xabcdf"},
	{"ip6 flow > 0xffff0", "ip6 flow=0xfffff", "ip6 flow=0xffff0"},
	{"ip6 plen > 100", "ip6 udp bytes=100", "ip6 udp"},
	{"ip6[7] 3", "ip6 hlim=3", "ip6 hlim=4"},
	{"ip6[0] & 0x0f == 1", "ip6 tc=16", "ip6 tc=32"},
	{"ether host 2:0:0:0:0:1", "eth ip6 udp", "eth src=2:0:0:0:0:9 ip6 udp"},
	{"udp ? dst port 53 : src ::9", "ip6 udp dport=53|ip6 src=::9", "ip6 udp|ip6 tcp"},
};

static void check_table(const char *class, const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char config[200];
		struct made m;

		snprintf(config, sizeof(config), "%s, -", samples[i].expr);
		m = make(class, config);
		cr_expect_eq(m.r, 0, "%s: %s", samples[i].expr, m.err.text);
		if (m.r == 0) {
			each(&m, samples[i].yes, 0, samples[i].expr);
			each(&m, samples[i].no, 1, samples[i].expr);
		}
		unmake(&m);
	}
}

Test(ip_expr, matches_what_click_says)
{
	check_table("IPClassifier", table, sizeof(table) / sizeof(*table));
}

Test(ip_expr, matches_ip6)
{
	check_table("IP6Classifier", table6, sizeof(table6) / sizeof(*table6));
}

static const struct {
	const char *class, *config, *says;
} mistakes[] = {
	{"IPClassifier", "tcp, src", "pattern 1: unfinished test"},
	{"IPClassifier", "tcp and", "pattern 0: a test is expected after 'and'"},
	{"IPClassifier", "tcp or", "a test is expected at the end"},
	{"IPClassifier", "or tcp", "a test is expected, not 'or'"},
	{"IPClassifier", "(tcp", "')' missing"},
	{"IPClassifier", "tcp)", "')' is not expected behind the expression"},
	{"IPClassifier", "", "need a pattern"},
	{"IPClassifier", "tcp udp port 5", "two transport protocols"},
	{"IPClassifier", "src src 1.0.0.1", "said twice"},
	{"IPClassifier", "port ttl 5", "two types"},
	{"IPClassifier", "10.0.0.1 & 0", "mask of zero"},
	{"IPClassifier", "port 70000", "70000 is out of range 0-65535"},
	{"IPClassifier", "ip ttl & 256 == 1", "mask 0x100 is out of range"},
	{"IPClassifier", "echo", "ambiguous"},
	{"IPClassifier", "icmp port 80", "protocol 1 has no ports"},
	{"IPClassifier", "host > 10.0.0.1", "only == and !="},
	{"IPClassifier", "port >", "a value must follow"},
	{"IPClassifier", "port 80 or =", "a value must follow"},
	{"IPClassifier", "nonsense-word", "a test is expected, not 'nonsense-word'"},
	{"IPClassifier", "ip[0:5] 1", "LEN"},
	{"IPClassifier", "ip[x] 1", "[POS]"},
	{"IPClassifier", "ip[0 1", "']' missing"},
	{"IPClassifier", "tcp ? udp", "':' (between spaces) is missing"},
	{"IPClassifier", "ip frag 5", "takes no value"},
	{"IPClassifier", "ether port 5", "not in an Ethernet header"},
	{"IPClassifier", "5", "what is 5?"},
	{"IP6Classifier", "10.0.0.1", "a test is expected, not '10.0.0.1'"},
	{"IP6Classifier", "src host 10.0.0.0/8", "address missing"},
	{"IP6Classifier", "ip6 flow 0x100000", "out of range 0-1048575"},
	{"IP6Classifier", "ip6 ttl 5", "unfinished test"},
	{"IP6Classifier", "host > ::1", "only == and !="},
	{"IP6Classifier", "host & 255 == ::1", "mask must be an IP address"},
	{"IP6Classifier", "src & :: == ::1", "mask of zero"},
	{"IP6Classifier", "ip6[0] 96", "the version is always 6"},
	{"IP6Classifier", "ip6[0:4] & 0xf0000000 == 1", "the version is always 6"},
	{"IP6Classifier", "ip6 vers 6", "unfinished test"},
	{"IPClassifier", "2001:db8::1", "a test is expected"},
	{"IP6Filter", "frobnicate tcp", "an action (allow, drop or an output) is expected"},
	{"IPFilter", "frobnicate tcp", "an action (allow, drop or an output) is expected"},
	{"IPFilter", "300 tcp", "there is no output 300"},
	{"Classifier", "12/080", "pattern 0: value has odd number of hex digits"},
	{"Classifier", "-, 12/", "pattern 1: value has less than 2 hex digits"},
	{"Classifier", "12/0800%f", "mask has too few hex digits"},
	{"Classifier", "12/08%ffff", "mask has too many hex digits"},
	{"Classifier", "x", "an offset is expected at 'x'"},
	{"Classifier", "12 0800", "'/' and a value must follow"},
	{"Classifier", "12/0800z", "'z' is not expected"},
	{"Classifier", "12/0800 !", "a clause must follow '!'"},
	{"Classifier", "70000/00", "offset is larger"},
	{"Classifier", "99999999999999999999999/00", "offset is larger"},
};

Test(ip_expr, says_what_is_wrong)
{
	for (unsigned i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct made m = make(mistakes[i].class, mistakes[i].config);

		cr_expect_lt(m.r, 0, "%s", mistakes[i].config);
		cr_expect(m.err.text && strstr(m.err.text, mistakes[i].says), "'%s': %s",
			  mistakes[i].config, m.err.text);
		unmake(&m);
	}
}

static const struct {
	const char *class, *config, *says;
} warnings[] = {
	{"IPClassifier", "tcp, tcp dst port 80, -", "pattern 1 matches no packets"},
	{"IPClassifier", "src port www and src port ftp, -", "pattern 0 matches no packets"},
	{"IPClassifier", "ip ttl > 255, -", "'ip ttl > 255' is always false (range 0-255)"},
	{"IPClassifier", "ip ttl >= 0, -", "'ip ttl >= 0' is always true (range 0-255)"},
	{"IPClassifier", "src ip ttl 5, -", "'src' or 'dst' is ignored"},
	{"IPFilter", "allow 10.0.0.0/8, deny src 10.1.0.0/16, allow all", "pattern 1 matches no"},
	{"Classifier", "12/08, 12/0800, -", "pattern 1 matches no packets"},
	{"Classifier", "-, 12/0800", "pattern 1 matches no packets"},
};

Test(ip_expr, warns)
{
	for (unsigned i = 0; i < sizeof(warnings) / sizeof(*warnings); i++) {
		struct made m = make(warnings[i].class, warnings[i].config);

		cr_expect_eq(m.r, 0, "%s: %s", warnings[i].config, m.err.text);
		cr_expect(m.err.text && strstr(m.err.text, warnings[i].says), "'%s': %s",
			  warnings[i].config, m.err.text);
		cr_expect_gt(m.err.n_warnings, 0, "%s", m.err.text);
		unmake(&m);
	}
}

// Hostile texts: long chains, deep nesting, noise.
Test(ip_expr, survives, .timeout = 120)
{
	static char text[400000];
	struct made m;
	char *s = text;

	for (unsigned i = 0; i < 16000; i++)
		s += sprintf(s, "%s%u", i ? " or " : "src tcp port ", i * 3);
	m = make("IPClassifier", text);
	cr_expect_lt(m.r, 0); // three tests for each
	unmake(&m);
	s = text;
	for (unsigned i = 0; i < 5000; i++)
		s += sprintf(s, "%s%u", i ? " or " : "src tcp port ", i * 3);
	m = make("IPClassifier", text);
	cr_expect_eq(m.r, 0, "%s", m.err.text);
	cr_expect_leq(((const struct weir_dag *)m.e.self)->depth, 18);
	cr_expect_eq(run(&m, "ip4 tcp sport=300"), 0);
	cr_expect_eq(run(&m, "ip4 tcp sport=301"), -1);
	unmake(&m);
	memset(text, '(', 100000);
	text[100000] = '\0';
	m = make("IPClassifier", text);
	cr_expect(m.err.text && strstr(m.err.text, "nested too deeply"));
	unmake(&m);
	for (unsigned i = 0; i < 50000; i++)
		memcpy(text + 4 * i, "not ", 5);
	m = make("IPClassifier", text);
	cr_expect(m.err.text && strstr(m.err.text, "nested too deeply"));
	unmake(&m);
	for (unsigned i = 0; i < 3000; i++)
		memcpy(text + 6 * i, "tcp ? ", 7);
	m = make("IPClassifier", text);
	cr_expect_lt(m.r, 0);
	unmake(&m);
}

static const char *const noise[] = {"src",
				    "dst",
				    "host",
				    "net",
				    "port",
				    "tcp",
				    "udp",
				    "icmp",
				    "type",
				    "ip",
				    "(",
				    ")",
				    "[",
				    "]",
				    "&",
				    "10.0.0.1",
				    "10.0.0.0/8",
				    "80",
				    "<",
				    ">=",
				    "!=",
				    "!",
				    "not",
				    "and",
				    "or",
				    "?",
				    " : ",
				    "ttl",
				    "echo",
				    "www",
				    "true",
				    "-",
				    "frag",
				    "mask",
				    "0",
				    "opt",
				    "syn",
				    "ether",
				    "1:2:3:4:5:6",
				    "2:4",
				    "2001:db8::/32",
				    "::1",
				    "ip6",
				    "flow",
				    "hlim",
				    "icmp6"};

Test(ip_expr, survives_noise)
{
	uint32_t x = 7;

	for (unsigned i = 0; i < 5000; i++) {
		char text[300];
		struct made m;
		size_t n = 0;

		for (unsigned k = 0; k < 1 + i % 12; k++) {
			x = x * 1664525 + 1013904223;
			n += (size_t)sprintf(text + n, "%s ",
					     noise[(x >> 16) % (sizeof(noise) / sizeof(*noise))]);
		}
		m = make(i % 2 ? "IPClassifier" : "IP6Classifier", text);
		cr_assert_eq(m.r != 0, m.err.n_errors != 0, "%s", text);
		if (m.r == 0)
			run(&m, i % 2 ? "ip4 tcp" : "ip6 hop frag tcp");
		unmake(&m);
	}
}

// A class that only parses: its expressions for the twin.
struct expr_twin {
	struct weir_exprs e;
	unsigned expr[8], n;
};

static int configure_twin(struct weir_element *el, struct weir_args *a)
{
	struct expr_twin *self = el->self;

	for (; self->n < a->n_rest; self->n++)
		if (weir_ip_expr_parse(&self->e, a, (int)self->n, a->rest[self->n], WEIR_IP4,
				       &self->expr[self->n]))
			return -1;
	return 0;
}

static void fini_twin(struct weir_element *el)
{
	struct expr_twin *self = el->self;

	weir_exprs_free(&self->e);
}

WEIR_PLAIN_ELEMENT(expr_twin, "ExprTwin", .purpose = "parses for a test", .ports = "0/0",
		   .processing = "/", .rest = "PATTERN", .rest_help = "as IPClassifier",
		   .configure = configure_twin, .fini = fini_twin);

static uint32_t state = 1;

static uint32_t rnd(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)state * n >> 32);
}

static const char *random_atom(void)
{
	for (;;) {
		const char *atom = table[rnd(sizeof(table) / sizeof(*table))].expr;

		if (!strpbrk(atom, "\"-,") && strcmp(atom, "any") && strcmp(atom, "all") &&
		    strcmp(atom, "none"))
			return atom;
	}
}

static void random_pattern(char *out, size_t size)
{
	static const char *const joints[] = {"and", "or", "&&", "||", "", "and not", "or !"};
	size_t n = (size_t)snprintf(out, size, "(%s)", random_atom());

	for (unsigned k = rnd(4); k && n + 100 < size; k--)
		n += (size_t)snprintf(out + n, size - n, rnd(4) ? " %s (%s)" : " %s (%s and tcp)",
				      joints[rnd(7)], random_atom());
	if (rnd(10) == 0 && n + 100 < size)
		snprintf(out + n, size - n, " ? %s : %s", random_atom(), random_atom());
}

// A packet of the table, sometimes cut.
static struct packet *random_packet(void)
{
	for (;;) {
		unsigned i = rnd(sizeof(table) / sizeof(*table));
		const char *text = rnd(2) ? table[i].yes : table[i].no, *next;
		struct pkt k = {};
		struct packet *p = NULL;

		if (*text && pkt_parse(&k, text, pkt_split(text, &next)))
			p = pkt_new(&k);
		pkt_free(&k);
		if (p && rnd(4) == 0)
			weir_truncate(p, rnd(60));
		if (p)
			return p;
	}
}

Test(ip_expr, agrees_with_the_twin, .timeout = 120)
{
	for (unsigned round = 0; round < 600; round++) {
		char config[2000];
		size_t n = 0;
		struct made m, t;
		const struct expr_twin *twin;

		for (unsigned k = 1 + rnd(6); k; k--) {
			char one[300];

			random_pattern(one, sizeof(one));
			n += (size_t)snprintf(config + n, sizeof(config) - n, "%s%s", n ? ", " : "",
					      one);
		}
		m = make("IPClassifier", config);
		t = make("ExprTwin", config);
		cr_assert(m.r == 0 && t.r == 0, "%s: %s", config, m.err.text);
		twin = t.e.self;
		for (unsigned i = 0; i < 60; i++) {
			struct packet *p = random_packet();
			unsigned want = 0;

			while (want < twin->n && !twin_holds(&twin->e, twin->expr[want], p))
				want++;
			if (want == twin->n)
				want = WEIR_DROP;
			cr_assert_eq(weir_dag_run_ip(m.e.self, p), want, "%s", config);
			free(p);
		}
		unmake(&m);
		unmake(&t);
	}
}
