// SPDX-License-Identifier: BSD-2-Clause
#include "ip_words.h"

#include <abi/hdr.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct field field_icmp_type = {IPPROTO4_ICMP, 0, 8, "icmp type"};
const struct field field_tos = {PROTO_UNKNOWN, 8, 8, "ip tos"};

static const struct word_type types[] = {
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
};

struct name {
	const char *name;
	uint32_t value;
};

static const struct name protos[] = {
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

static const struct name ports[] = {
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

static const struct name tcp_opts[] = {
	{"ack", TCP_ACK},
	{"fin", TCP_FIN},
	{"psh", TCP_PSH},
	{"rst", TCP_RST},
	{"syn", TCP_SYN},
	{"urg", TCP_URG},
	{},
};

// RFC 792, 950 and 1256.
static const struct name icmp_types[] = {
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

static bool find(const struct name *names, const char *word, uint32_t *value)
{
	for (; names->name; names++) {
		if (strcmp(names->name, word) == 0) {
			*value = names->value;
			return true;
		}
	}
	return false;
}

const struct word_type *word_type(const char *word)
{
	for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, word) == 0)
			return &types[i];
	return NULL;
}

bool word_meanings(const char *word, struct meanings *m)
{
	m->is_proto = find(protos, word, &m->proto);
	m->is_port = find(ports, word, &m->port);
	m->is_tcpopt = find(tcp_opts, word, &m->tcpopt);
	m->is_icmp_type = find(icmp_types, word, &m->icmp_type);
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
