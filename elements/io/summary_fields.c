// SPDX-License-Identifier: BSD-2-Clause
// Names of the fields, and their values as text and as bytes.
#include <weir/icmp.h>
#include <weir/text.h>

#include "summary.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

const char *const summary_names[N_FIELDS] = {
	[F_NONE] = "none",
	[F_TIMESTAMP] = "timestamp",
	[F_NTIMESTAMP] = "ntimestamp",
	[F_TS_SEC] = "ts_sec",
	[F_TS_USEC] = "ts_usec",
	[F_TS_USEC1] = "ts_usec1",
	[F_FIRST_TIMESTAMP] = "first_timestamp",
	[F_FIRST_NTIMESTAMP] = "first_ntimestamp",
	[F_COUNT] = "count",
	[F_LINK] = "link",
	[F_PAINT] = "paint",
	[F_DIRECTION] = "direction",
	[F_AGGREGATE] = "aggregate",
	[F_WIRE_LEN] = "wire_len",
	[F_ETH_SRC] = "eth_src",
	[F_ETH_DST] = "eth_dst",
	[F_ETH_TYPE] = "eth_type",
	[F_IP_SRC] = "ip_src",
	[F_IP_DST] = "ip_dst",
	[F_IP_TOS] = "ip_tos",
	[F_IP_DSCP] = "ip_dscp",
	[F_IP_ECN] = "ip_ecn",
	[F_IP_TTL] = "ip_ttl",
	[F_IP_FRAG] = "ip_frag",
	[F_IP_FRAGOFF] = "ip_fragoff",
	[F_IP_ID] = "ip_id",
	[F_IP_SUM] = "ip_sum",
	[F_IP_PROTO] = "ip_proto",
	[F_IP_HL] = "ip_hl",
	[F_IP_LEN] = "ip_len",
	[F_IP_CAPTURE_LEN] = "ip_capture_len",
	[F_IP_OPT] = "ip_opt",
	[F_SPORT] = "sport",
	[F_DPORT] = "dport",
	[F_TCP_SEQ] = "tcp_seq",
	[F_TCP_ACK] = "tcp_ack",
	[F_TCP_OFF] = "tcp_off",
	[F_TCP_FLAGS] = "tcp_flags",
	[F_TCP_WINDOW] = "tcp_window",
	[F_TCP_URP] = "tcp_urp",
	[F_TCP_OPT] = "tcp_opt",
	[F_TCP_NTOPT] = "tcp_ntopt",
	[F_TCP_SACK] = "tcp_sack",
	[F_UDP_LEN] = "udp_len",
	[F_ICMP_TYPE] = "icmp_type",
	[F_ICMP_CODE] = "icmp_code",
	[F_ICMP_TYPE_NAME] = "icmp_type_name",
	[F_ICMP_CODE_NAME] = "icmp_code_name",
	[F_ICMP_FLOWID] = "icmp_flowid",
	[F_ICMP_SEQ] = "icmp_seq",
	[F_ICMP_NEXTMTU] = "icmp_nextmtu",
	[F_PAYLOAD] = "payload",
	[F_PAYLOAD_LEN] = "payload_len",
};

static const struct {
	const char *name;
	uint8_t field;
} synonyms[] = {
	{"utimestamp", F_TIMESTAMP},
	{"ts", F_TIMESTAMP},
	{"sec", F_TS_SEC},
	{"usec", F_TS_USEC},
	{"usec1", F_TS_USEC1},
	{"first_utimestamp", F_FIRST_TIMESTAMP},
	{"first_ts", F_FIRST_TIMESTAMP},
	{"pkt_count", F_COUNT},
	{"packet_count", F_COUNT},
	{"agg", F_AGGREGATE},
	{"wire_length", F_WIRE_LEN},
	{"ether_src", F_ETH_SRC},
	{"ether_dst", F_ETH_DST},
	{"ether_type", F_ETH_TYPE},
	{"length", F_IP_LEN},
	{"ip_p", F_IP_PROTO},
	{"tcp_win", F_TCP_WINDOW},
	{"payload_length", F_PAYLOAD_LEN},
};

static int find_exactly(const char *name)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(*synonyms); i++)
		if (!strcmp(synonyms[i].name, name))
			return synonyms[i].field;
	for (int i = 0; i < N_FIELDS; i++)
		if (!strcmp(summary_names[i], name))
			return i;
	return -1;
}

// Old files write "ip src"; and "src" is "ip_src".
int summary_find(const char *name)
{
	int f = find_exactly(name);
	char other[64];
	char *space;

	if (f >= 0 || strlen(name) > 40)
		return f;
	snprintf(other, sizeof(other), "%s", name);
	space = strchr(other, ' ');
	if (space)
		*space = '_';
	else if (!strchr(name, '_'))
		snprintf(other, sizeof(other), "ip_%s", name);
	return find_exactly(other);
}

int summary_size(enum summary_field f)
{
	switch (f) {
	case F_NONE:
	case F_PAYLOAD:
		return -1;
	case F_IP_OPT:
	case F_TCP_OPT:
	case F_TCP_NTOPT:
	case F_TCP_SACK:
		return 0;
	case F_TIMESTAMP:
	case F_NTIMESTAMP:
	case F_TS_USEC1:
	case F_FIRST_TIMESTAMP:
	case F_FIRST_NTIMESTAMP:
		return 8;
	case F_ETH_SRC:
	case F_ETH_DST:
		return 6;
	case F_ETH_TYPE:
	case F_IP_FRAGOFF:
	case F_IP_ID:
	case F_IP_SUM:
	case F_SPORT:
	case F_DPORT:
	case F_TCP_WINDOW:
	case F_TCP_URP:
	case F_ICMP_FLOWID:
	case F_ICMP_SEQ:
	case F_ICMP_NEXTMTU:
		return 2;
	case F_LINK:
	case F_PAINT:
	case F_DIRECTION:
	case F_IP_TOS:
	case F_IP_DSCP:
	case F_IP_ECN:
	case F_IP_TTL:
	case F_IP_FRAG:
	case F_IP_PROTO:
	case F_IP_HL:
	case F_TCP_OFF:
	case F_TCP_FLAGS:
	case F_ICMP_TYPE:
	case F_ICMP_CODE:
	case F_ICMP_TYPE_NAME:
	case F_ICMP_CODE_NAME:
		return 1;
	default:
		return 4;
	}
}

static const char tcp_flag_letters[] = "FSRPAUECN";
static const char *const ecn_names[] = {"no", "ect1", "ect2", "ce"};

static void print_flags(struct weir_buf *b, unsigned flags)
{
	for (unsigned i = 0; tcp_flag_letters[i]; i++)
		if (flags >> i & 1)
			weir_append(b, &tcp_flag_letters[i], 1);
	if (!flags)
		weir_append(b, ".", 1);
}

static void print_name_or_number(struct weir_buf *b, const char *name, uint64_t n)
{
	if (name)
		weir_printf(b, "%s", name);
	else
		weir_printf(b, "%llu", (unsigned long long)n);
}

static void print_payload(struct weir_buf *b, const struct summary_value *v)
{
	char *quoted = weir_quote((const char *)v->bytes, v->len);

	weir_printf(b, "%s", quoted ? quoted : "-");
	free(quoted);
}

static void print_link(struct weir_buf *b, enum summary_field f, const struct summary_value *v)
{
	if (f == F_ETH_TYPE)
		weir_printf(b, "%04X", (unsigned)v->n);
	for (unsigned i = 0; f != F_ETH_TYPE && i < 6; i++)
		weir_printf(b, "%s%02X", i ? "-" : "", v->bytes[i]);
}

static void print_ip(struct weir_buf *b, enum summary_field f, const struct summary_value *v)
{
	uint64_t n = v->n;

	switch (f) {
	case F_IP_SRC:
	case F_IP_DST:
		weir_printf(b, "%u.%u.%u.%u", (unsigned)(n >> 24), (unsigned)(n >> 16 & 255),
			    (unsigned)(n >> 8 & 255), (unsigned)(n & 255));
		break;
	case F_IP_FRAG:
		weir_printf(b, "%c", (char)n);
		break;
	case F_IP_FRAGOFF:
		weir_printf(b, "%u%s%s", (unsigned)(n & IP4_OFFMASK) * 8, n & IP4_MF ? "+" : "",
			    n & IP4_DF ? "!" : "");
		break;
	case F_IP_PROTO:
		print_name_or_number(b, n == 6 ? "T" : n == 17 ? "U" : n == 1 ? "I" : NULL, n);
		break;
	case F_IP_ECN:
		weir_printf(b, "%s", ecn_names[n & 3]);
		break;
	case F_IP_OPT:
		summary_print_ip_opt(b, v->bytes, v->len);
		break;
	default:
		weir_printf(b, "%llu", (unsigned long long)n);
	}
}

void summary_print(struct weir_buf *b, enum summary_field f, const struct summary_value *v)
{
	uint64_t n = v->n;

	switch (f) {
	case F_TIMESTAMP:
	case F_NTIMESTAMP:
	case F_FIRST_TIMESTAMP:
	case F_FIRST_NTIMESTAMP:
		weir_print_time(b, n);
		break;
	case F_DIRECTION:
		print_name_or_number(b, n == 0 ? ">" : n == 1 ? "<" : NULL, n);
		break;
	case F_ETH_SRC ... F_ETH_TYPE:
		print_link(b, f, v);
		break;
	case F_IP_SRC ... F_IP_OPT:
		print_ip(b, f, v);
		break;
	case F_TCP_OPT ... F_TCP_SACK:
		summary_print_tcp_opt(b, v->bytes, v->len, (int)f - F_TCP_OPT);
		break;
	case F_TCP_FLAGS:
		print_flags(b, (unsigned)n);
		break;
	case F_ICMP_TYPE_NAME:
		print_name_or_number(b, weir_icmp_type_name((unsigned)n), n);
		break;
	case F_ICMP_CODE_NAME:
		print_name_or_number(b, weir_icmp_code_name(v->type, (unsigned)n), n);
		break;
	case F_PAYLOAD:
		print_payload(b, v);
		break;
	default:
		weir_printf(b, "%llu", (unsigned long long)n);
	}
}

void summary_print_binary(struct weir_buf *b, enum summary_field f, const struct summary_value *v)
{
	int size = summary_size(f);
	uint64_t n = v->n;
	uint8_t bytes[8];

	if (f == F_TIMESTAMP || f == F_FIRST_TIMESTAMP) // seconds and microseconds
		n = n / 1000000000 << 32 | n % 1000000000 / 1000;
	else if (f == F_NTIMESTAMP || f == F_FIRST_NTIMESTAMP)
		n = n / 1000000000 << 32 | n % 1000000000;
	if (size == 0) {
		bytes[0] = (uint8_t)v->len;
		weir_append(b, bytes, 1);
		weir_append(b, v->bytes, v->len);
		return;
	}
	for (int i = 0; i < size && i < 8; i++)
		bytes[i] = v->bytes ? v->bytes[i] : (uint8_t)(n >> 8 * (size - 1 - i));
	weir_append(b, bytes, (size_t)size);
}

// --- text to values ---------------------------------------------------------------------------
static bool parse_number(const char *text, uint64_t max, uint64_t *n)
{
	char *end;

	*n = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && *n <= max;
}

static bool parse_time(const char *text, uint64_t *ns)
{
	char *end;
	uint64_t scale = 100000000;

	*ns = strtoull(text, &end, 10) * 1000000000;
	if (end == text)
		return false;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
			*ns += (uint64_t)(*end - '0') * scale;
	return !*end;
}

static bool parse_fragment(const char *text, int version, uint64_t *n)
{
	static const struct {
		char letter;
		uint16_t frag;
	} letters[] = {{'.', 0}, {'!', IP4_DF}, {'F', IP4_MF}, {'f', 100}};
	char *end;

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (text[0] == letters[i].letter && !text[1]) {
			*n = letters[i].frag;
			return true;
		}
	*n = strtoull(text, &end, 0);
	if (end == text)
		return false;
	if (version > 0) // version 1.0 counted in units of 8 bytes
		*n >>= 3;
	if (*n > IP4_OFFMASK)
		return false;
	for (; *end == '!' || *end == '+'; end++)
		*n |= *end == '!' ? IP4_DF : IP4_MF;
	return !*end;
}

// Old names: X and Y, and W for CWR.
static int flag_letter(char c)
{
	return c == 'X' ? 'E' : c == 'Y' || c == 'W' ? 'C' : c;
}

static bool parse_flags(const char *text, uint64_t *n)
{
	*n = 0;
	if (*text >= '0' && *text <= '9')
		return parse_number(text, 0xfff, n);
	if (!strcmp(text, "."))
		return true;
	for (; *text; text++) {
		const char *at = strchr(tcp_flag_letters, flag_letter(*text));

		if (!at)
			return false;
		*n |= 1u << (at - tcp_flag_letters);
	}
	return true;
}

static bool parse_ether(const char *text, struct summary_record *r, struct summary_value *v)
{
	unsigned b[6];
	int len = 0;

	(void)r;
	if (sscanf(text, "%2x%*[:-]%2x%*[:-]%2x%*[:-]%2x%*[:-]%2x%*[:-]%2x%n", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &len) != 6 ||
	    text[len])
		return false;
	for (unsigned i = 0; i < 6; i++)
		v->n = v->n << 8 | b[i];
	return true;
}

static bool parse_word(const char *text, const char *const *names, unsigned n_names, uint64_t max,
		       uint64_t *n)
{
	for (unsigned i = 0; i < n_names; i++)
		if (!strcmp(names[i], text)) {
			*n = i;
			return true;
		}
	return parse_number(text, max, n);
}

static bool parse_proto(const char *text, uint64_t *n)
{
	*n = !strcmp(text, "T") ? 6 : !strcmp(text, "U") ? 17 : !strcmp(text, "I") ? 1 : 0;
	return *n || parse_number(text, 255, n);
}

static bool parse_options(struct summary_record *r, enum summary_field f, const char *text,
			  struct summary_value *v)
{
	uint8_t *out = f == F_IP_OPT ? r->ip_opt : r->tcp_opt;
	int len =
		f == F_IP_OPT ? summary_parse_ip_opt(text, out) : summary_parse_tcp_opt(text, out);

	v->bytes = out;
	v->len = len < 0 ? 0 : (uint32_t)len;
	return len >= 0;
}

static bool parse_icmp(struct summary_record *r, enum summary_field f, const char *text,
		       uint64_t *n)
{
	uint64_t type = r->v[r->given >> F_ICMP_TYPE & 1 ? F_ICMP_TYPE : F_ICMP_TYPE_NAME].n;
	int named = f == F_ICMP_TYPE || f == F_ICMP_TYPE_NAME
			    ? weir_icmp_type(text)
			    : weir_icmp_code((unsigned)type, text);

	*n = named < 0 ? 0 : (uint64_t)named;
	return named >= 0 || parse_number(text, 255, n);
}

static bool parse_payload(struct summary_record *r, const char *text, struct summary_value *v)
{
	size_t len;
	char *payload = weir_unquote(text, &len);

	free(r->payload);
	r->payload = payload;
	v->bytes = (const uint8_t *)payload;
	v->len = payload && len < 65535 ? (uint32_t)len : 0;
	return payload && len < 65535;
}

static bool parse_value(struct summary_record *r, enum summary_field f, const char *text,
			const struct summary_defaults *d, struct summary_value *v)
{
	static const char *const directions[] = {">", "<"};
	int size = summary_size(f);
	struct in_addr a;

	switch (f) {
	case F_NONE:
		return false;
	case F_TIMESTAMP:
	case F_NTIMESTAMP:
	case F_FIRST_TIMESTAMP:
	case F_FIRST_NTIMESTAMP:
		return parse_time(text, &v->n);
	case F_LINK:
	case F_PAINT:
	case F_DIRECTION:
		return parse_word(text, directions, 2, 255, &v->n);
	case F_ETH_SRC:
	case F_ETH_DST:
		return parse_ether(text, r, v);
	case F_ETH_TYPE:
		v->n = strtoul(text, NULL, 16);
		return v->n && v->n < 65536;
	case F_IP_SRC:
	case F_IP_DST:
		if (inet_pton(AF_INET, text, &a) != 1)
			return false;
		v->n = ntohl(a.s_addr);
		return true;
	case F_IP_FRAG:
	case F_IP_FRAGOFF:
		return parse_fragment(text, d->version, &v->n);
	case F_IP_PROTO:
		return parse_proto(text, &v->n);
	case F_IP_ECN:
		return parse_word(text, ecn_names, 4, 3, &v->n);
	case F_IP_OPT:
	case F_TCP_OPT:
	case F_TCP_NTOPT:
	case F_TCP_SACK:
		return parse_options(r, f, text, v);
	case F_TCP_FLAGS:
		return parse_flags(text, &v->n);
	case F_ICMP_TYPE:
	case F_ICMP_TYPE_NAME:
	case F_ICMP_CODE:
	case F_ICMP_CODE_NAME:
		return parse_icmp(r, f, text, &v->n);
	case F_PAYLOAD:
		return parse_payload(r, text, v);
	default:
		return parse_number(text, size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1, &v->n);
	}
}

bool summary_parse(struct summary_record *r, enum summary_field f, const char *text,
		   const struct summary_defaults *d)
{
	struct summary_value v = {};

	if (!parse_value(r, f, text, d, &v))
		return false;
	r->v[f] = v;
	r->given |= 1ull << f;
	return true;
}

void summary_record_free(struct summary_record *r)
{
	free(r->payload);
	*r = (struct summary_record){};
}
