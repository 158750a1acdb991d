// SPDX-License-Identifier: BSD-2-Clause
#include "ip_words.h"

#include <abi/hdr.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct word_type types4[] = {
	{"ce", TERM_CE, {}},
	{"dest", TERM_SYNTAX, {}},
	{"dscp", TERM_FIELD, {PROTO_UNKNOWN, 8, 6, "ip dscp"}},
	{"dst", TERM_SYNTAX, {}},
	{"ect", TERM_ECT, {}},
	{"ether", TERM_SYNTAX, {}},
	{"frag", TERM_FRAG, {}},
	{"hl", TERM_FIELD, {PROTO_UNKNOWN, 4, 4, "ip hl"}},
	{"host", TERM_HOST, {}},
	{"id", TERM_FIELD, {PROTO_UNKNOWN, 32, 16, "ip id"}},
	{"ip", TERM_SYNTAX, {}},
	{"len", TERM_FIELD, {PROTO_UNKNOWN, 16, 16, "ip len"}},
	{"net", TERM_NET, {}},
	{"not", TERM_SYNTAX, {}},
	{"opt", TERM_TCPOPT, {}},
	{"port", TERM_PORT, {}},
	{"proto", TERM_PROTO, {}},
	{"src", TERM_SYNTAX, {}},
	{"tos", TERM_FIELD, {PROTO_UNKNOWN, 8, 8, "ip tos"}},
	{"ttl", TERM_FIELD, {PROTO_UNKNOWN, 64, 8, "ip ttl"}},
	{"type", TERM_FIELD, {IPPROTO4_ICMP, 0, 8, "icmp type"}},
	{"unfrag", TERM_UNFRAG, {}},
	{"vers", TERM_FIELD, {PROTO_UNKNOWN, 0, 4, "ip vers"}},
	{"win", TERM_FIELD, {IPPROTO4_TCP, 112, 16, "tcp win"}},
	{},
};

static const struct word_type types6[] = {
	{"ce", TERM_CE, {}},
	{"dest", TERM_SYNTAX, {}},
	{"dscp", TERM_FIELD, {PROTO_UNKNOWN, 4, 6, "ip6 dscp"}},
	{"dst", TERM_SYNTAX, {}},
	{"ecn", TERM_FIELD, {PROTO_UNKNOWN, 10, 2, "ip6 ecn"}},
	{"ect", TERM_ECT, {}},
	{"ether", TERM_SYNTAX, {}},
	{"flow", TERM_FIELD, {PROTO_UNKNOWN, 12, 20, "ip6 flow"}},
	{"frag", TERM_FRAG, {}},
	{"hlim", TERM_FIELD, {PROTO_UNKNOWN, 56, 8, "ip6 hlim"}},
	{"host", TERM_HOST, {}},
	{"ip", TERM_SYNTAX, {}},
	{"ip6", TERM_SYNTAX, {}},
	{"net", TERM_NET, {}},
	{"not", TERM_SYNTAX, {}},
	{"opt", TERM_TCPOPT, {}},
	{"plen", TERM_FIELD, {PROTO_UNKNOWN, 32, 16, "ip6 plen"}},
	{"port", TERM_PORT, {}},
	{"proto", TERM_PROTO, {}},
	{"src", TERM_SYNTAX, {}},
	{"tc", TERM_FIELD, {PROTO_UNKNOWN, 4, 8, "ip6 tc"}},
	{"type", TERM_FIELD, {IPPROTO6_ICMP, 0, 8, "icmp6 type"}},
	{"unfrag", TERM_UNFRAG, {}},
	{"win", TERM_FIELD, {IPPROTO4_TCP, 112, 16, "tcp win"}},
	{},
};

static const struct word_name protos4[] = {
	{"dccp", 33},
	{"icmp", IPPROTO4_ICMP},
	{"igmp", IPPROTO4_IGMP},
	{"ipip", IPPROTO4_IPIP},
	{"tcp", IPPROTO4_TCP},
	{"tcpudp", PROTO_TCP_OR_UDP},
	{"transp", PROTO_TRANSP},
	{"udp", IPPROTO4_UDP},
	{},
};

static const struct word_name protos6[] = {
	{"dccp", 33},
	{"icmp", IPPROTO6_ICMP},
	{"icmp6", IPPROTO6_ICMP},
	{"none", IPPROTO6_NONE},
	{"tcp", IPPROTO4_TCP},
	{"tcpudp", PROTO_TCP_OR_UDP},
	{"transp", PROTO_TRANSP},
	{"udp", IPPROTO4_UDP},
	{},
};

static const struct word_name ports[] = {
	{"auth", 113},	      {"bootpc", 68},
	{"bootps", 67},	      {"chargen", 19},
	{"daytime", 13},      {"discard", 9},
	{"dns", 53},	      {"domain", 53},
	{"echo", 7},	      {"finger", 79},
	{"ftp", 21},	      {"ftp-data", 20},
	{"https", 443},	      {"imap3", 220},
	{"imaps", 993},	      {"irc", 194},
	{"netbios-dgm", 138}, {"netbios-ns", 137},
	{"netbios-ssn", 139}, {"nntp", 119},
	{"ntp", 123},	      {"pop3", 110},
	{"pop3s", 995},	      {"rip", 520},
	{"route", 520},	      {"smtp", 25},
	{"snmp", 161},	      {"snmp-trap", 162},
	{"ssh", 22},	      {"sunrpc", 111},
	{"telnet", 23},	      {"tftp", 69},
	{"www", 80},	      {},
};

static const struct word_name tcp_opts[] = {
	{"ack", TCP_ACK},
	{"fin", TCP_FIN},
	{"psh", TCP_PSH},
	{"rst", TCP_RST},
	{"syn", TCP_SYN},
	{"urg", TCP_URG},
	{},
};

// RFC 792, 950 and 1256.
static const struct word_name icmp_types4[] = {
	{"echo", 8},
	{"echo-reply", 0},
	{"inforeq", 15},
	{"inforeq-reply", 16},
	{"maskreq", 17},
	{"maskreq-reply", 18},
	{"parameterproblem", 12},
	{"redirect", 5},
	{"routeradvert", 9},
	{"routersolicit", 10},
	{"sourcequench", 4},
	{"timeexceeded", 11},
	{"timestamp", 13},
	{"timestamp-reply", 14},
	{"unreachable", 3},
	{},
};

// RFC 4443, 2710, 3810 and 4861.
static const struct word_name icmp_types6[] = {
	{"echo", 128},
	{"echo-reply", 129},
	{"listener-done", 132},
	{"listener-query", 130},
	{"listener-report", 131},
	{"listener-report2", 143},
	{"neighboradvert", 136},
	{"neighborsolicit", 135},
	{"parameterproblem", 4},
	{"redirect", 137},
	{"routeradvert", 134},
	{"routersolicit", 133},
	{"timeexceeded", 3},
	{"toobig", 2},
	{"unreachable", 1},
	{},
};

const struct ip_words ip4_words = {
	.types = types4,
	.protos = protos4,
	.icmp_types = icmp_types4,
	.icmp = IPPROTO4_ICMP,
	.icmp_type = {IPPROTO4_ICMP, 0, 8, "icmp type"},
	.tos = {PROTO_UNKNOWN, 8, 8, "ip tos"},
	.proto = 8 * offsetof(struct ip4, proto),
	.src = 8 * offsetof(struct ip4, src),
	.dst = 8 * offsetof(struct ip4, dst),
};
const struct ip_words ip6_words = {
	.is_ip6 = true,
	.types = types6,
	.protos = protos6,
	.icmp_types = icmp_types6,
	.icmp = IPPROTO6_ICMP,
	.icmp_type = {IPPROTO6_ICMP, 0, 8, "icmp6 type"},
	.tos = {PROTO_UNKNOWN, 4, 8, "ip6 tc"},
	.proto = 8 * offsetof(struct ip6, next),
	.src = 8 * offsetof(struct ip6, src),
	.dst = 8 * offsetof(struct ip6, dst),
};

static bool find(const struct word_name *names, const char *word, uint32_t *value)
{
	for (; names->name; names++) {
		if (strcmp(names->name, word) == 0) {
			*value = names->value;
			return true;
		}
	}
	return false;
}

const struct word_type *word_type(const struct ip_words *words, const char *word)
{
	for (const struct word_type *t = words->types; t->name; t++)
		if (strcmp(t->name, word) == 0)
			return t;
	return NULL;
}

bool word_meanings(const struct ip_words *words, const char *word, struct meanings *m)
{
	m->is_proto = find(words->protos, word, &m->proto);
	m->is_port = find(ports, word, &m->port);
	m->is_tcpopt = find(tcp_opts, word, &m->tcpopt);
	m->is_icmp_type = find(words->icmp_types, word, &m->icmp_type);
	return m->is_proto || m->is_port || m->is_tcpopt || m->is_icmp_type;
}

bool word_number(const char *word, uint32_t *value)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;
	v = strtoull(word, &end, 0);
	if (*end || v > UINT32_MAX || strlen(word) > 20)
		return false;
	*value = (uint32_t)v;
	return true;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-./@_:", c));
}

// The length of the word at s, which is no space.
static size_t word_length(const char *s)
{
	size_t n = 1;

	if (strchr("&|", *s))
		return s[1] == *s ? 2 : 1;
	if (strchr("<>!=", *s))
		return s[1] == '=' ? 2 : 1;
	if (is_word_char(*s))
		while (is_word_char(s[n]))
			n++;
	return n;
}

char **words_split(const char *text, unsigned *n)
{
	size_t len = strlen(text);
	// each word takes a byte of text at least, and one more for its end
	char **words = malloc((len + 1) * sizeof(*words) + 2 * len + 1);
	char *to;

	*n = 0;
	if (!words)
		return NULL;
	to = (char *)(words + len + 1);
	for (;;) {
		size_t k;

		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			return words;
		k = word_length(text);
		words[(*n)++] = memcpy(to, text, k);
		to[k] = '\0';
		to += k + 1;
		text += k;
	}
}
