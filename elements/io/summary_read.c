// SPDX-License-Identifier: BSD-2-Clause
// Reads IP summary dumps: lines that say what is in the file, and records of packets.
#include "summary.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

enum { NS = 1000000000 };

static void complain(const struct summary_reader *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void complain(const struct summary_reader *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "%s:%u: ", in->name, in->line);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

// --- lines that are not packets ---------------------------------------------------------------
void summary_set_fields(struct summary_reader *in, struct weir_element *, const char *text)
{
	char **words;
	int n = weir_words(text, &words);

	in->n_fields = 0;
	for (int i = 0; i < n && i < SUMMARY_MAX_FIELDS; i++) {
		size_t len;
		char *name = weir_unquote(words[i], &len);
		int f = name ? summary_find(name) : -1;

		if (f < 0)
			complain(in, "warning: unknown content type '%s'", words[i]);
		in->field[in->n_fields++] = f < 0 ? F_NONE : (uint8_t)f;
		free(name);
	}
	if (n <= 0)
		complain(in, "no contents specified");
	weir_words_free(words, n < 0 ? 0 : n);
}

static void set_proto(struct summary_reader *in, struct weir_element *e, const char *word)
{
	uint8_t proto = !strcmp(word, "T")   ? 6
			: !strcmp(word, "U") ? 17
			: !strcmp(word, "I") ? 1
					     : 0;

	if (proto || weir_parse(e, WEIR_T_IP_PROTO, word, "!proto", &proto, NULL) == 0)
		in->defaults.proto = proto;
	else
		complain(in, "bad protocol '%s'", word);
}

static bool parse_end(struct weir_element *e, const char *address, const char *port, be32 *a,
		      uint16_t *p)
{
	struct in_addr in = {};

	*p = 0;
	if (strcmp(address, "-") != 0 && inet_pton(AF_INET, address, &in) != 1)
		return false;
	a->be = in.s_addr;
	return !strcmp(port, "-") || weir_parse(e, WEIR_T_U16, port, "port", p, NULL) == 0;
}

// SRC SPORT DST DPORT [PROTO]
void summary_set_flow(struct summary_reader *in, struct weir_element *e, const char *text)
{
	struct summary_defaults *d = &in->defaults;
	char **words;
	int n = weir_words(text, &words);

	d->has_flow = n >= 4 && parse_end(e, words[0], words[1], &d->src, &d->sport) &&
		      parse_end(e, words[2], words[3], &d->dst, &d->dport);
	if (!d->has_flow)
		complain(in, "bad flow: %s", text);
	else if (n > 4)
		set_proto(in, e, words[4]);
	weir_words_free(words, n < 0 ? 0 : n);
}

// True if line is `word`, perhaps with arguments, which *rest gets.
static bool is_line(const char *line, const char *word, const char **rest)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] && !isspace((unsigned char)line[n])))
		return false;
	*rest = line + n + strspn(line + n, " \t");
	return true;
}

static void read_directive(struct summary_reader *in, struct weir_element *e, const char *line)
{
	int major, minor;
	const char *rest;

	if (is_line(line, "!data", &rest) || is_line(line, "!contents", &rest)) {
		summary_set_fields(in, e, rest);
	} else if (is_line(line, "!proto", &rest)) {
		set_proto(in, e, rest);
	} else if (is_line(line, "!flowid", &rest)) {
		summary_set_flow(in, e, rest);
	} else if (is_line(line, "!aggregate", &rest)) {
		in->defaults.has_aggregate = weir_parse(e, WEIR_T_U32, rest, "!aggregate",
							&in->defaults.aggregate, NULL) == 0;
	} else if (is_line(line, "!binary", &rest)) {
		in->binary = true;
	} else if (is_line(line, "!IPSummaryDump", &rest) &&
		   sscanf(rest, "%d.%d", &major, &minor) == 2) {
		in->defaults.version = minor;
		if (major != 1 || minor > 3)
			complain(in, "warning: unexpected IPSummaryDump version %d.%d", major,
				 minor);
	}
}

// --- records ----------------------------------------------------------------------------------
// The next word of a line, ended with '\0'; quoted words keep their quotes. NULL at the end.
static char *next_word(char **at)
{
	char *word, *s = *at + strspn(*at, " \t");

	if (!*s)
		return NULL;
	word = s;
	while (*s && !isspace((unsigned char)*s)) {
		if (*s == '"')
			for (s++; *s && *s != '"'; s++)
				if (*s == '\\' && s[1])
					s++;
		if (*s)
			s++;
	}
	if (*s)
		*s++ = 0;
	*at = s;
	return word;
}

// The number of fields that could be read. ICMP codes wait for the type, which may come later.
static unsigned parse_line(struct summary_reader *in, char *line, struct summary_record *r)
{
	char *words[SUMMARY_MAX_FIELDS];
	unsigned n = 0, good = 0;

	while (n < in->n_fields && (words[n] = next_word(&line)))
		n++;
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < n; i++) {
			bool late = in->field[i] == F_ICMP_CODE || in->field[i] == F_ICMP_CODE_NAME;

			if (late == (pass == 1) && strcmp(words[i], "-") != 0)
				good += summary_parse(r, in->field[i], words[i], &in->defaults);
		}
	return good;
}

static uint64_t get_number(const uint8_t *b, int size)
{
	uint64_t v = 0;

	while (size-- > 0)
		v = v << 8 | *b++;
	return v;
}

// Takes a field of fixed size from a record.
static void get_fixed(const struct summary_reader *in, enum summary_field f, const uint8_t *b,
		      int size, struct summary_record *r)
{
	uint64_t v = get_number(b, size);
	char letter[2] = {(char)b[0]};

	if (f == F_TIMESTAMP || f == F_FIRST_TIMESTAMP) {
		v = (v >> 32) * NS + (v & UINT32_MAX) * 1000;
	} else if (f == F_NTIMESTAMP || f == F_FIRST_NTIMESTAMP) {
		v = (v >> 32) * NS + (v & UINT32_MAX);
	} else if (f == F_IP_FRAG) {
		summary_parse(r, f, letter, &in->defaults);
		return;
	}
	r->v[f].n = v;
	r->given |= 1ull << f;
}

// Takes options: a byte of length, then they.
static void get_options(enum summary_field f, const uint8_t *b, struct summary_record *r)
{
	uint8_t *out = f == F_IP_OPT ? r->ip_opt : r->tcp_opt;

	r->v[f].len = b[0] < 40 ? b[0] : 40;
	r->v[f].bytes = memcpy(out, b + 1, r->v[f].len);
	r->given |= 1ull << f;
}

static unsigned parse_record(struct summary_reader *in, const uint8_t *b, size_t len,
			     struct summary_record *r)
{
	unsigned good = 0;

	for (; good < in->n_fields && len; good++) {
		enum summary_field f = in->field[good];
		int size = summary_size(f);
		size_t bytes = size ? (size_t)size : b[0] + 1u;

		if (size < 0 || len < bytes)
			break;
		if (size)
			get_fixed(in, f, b, size, r);
		else
			get_options(f, b, r);
		b += bytes;
		len -= bytes;
	}
	return good;
}

static char *read_line(struct summary_reader *in, size_t *len)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t n = getline(&text, &cap, in->file);

	if (n < 0) {
		free(text);
		return NULL;
	}
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = 0;
	*len = (size_t)n;
	return text;
}

static char *read_record(struct summary_reader *in, size_t *len, bool *is_text)
{
	uint8_t head[4];
	char *text;

	if (fread(head, 1, sizeof(head), in->file) != sizeof(head))
		return NULL;
	*len = get_number(head, sizeof(head)) & 0x7fffffff;
	*is_text = head[0] & 0x80;
	if (*len < sizeof(head) || *len > 1 << 20) {
		complain(in, "bad length of a binary record");
		return NULL;
	}
	*len -= sizeof(head);
	text = calloc(1, *len + 1);
	if (text && fread(text, 1, *len, in->file) == *len)
		return text;
	free(text);
	return NULL;
}

// A packet from a line or a record; NULL if it is broken, or not a packet.
static struct packet *read_packet(struct summary_reader *in, struct weir_node *n, char *text,
				  size_t len, bool is_text)
{
	struct summary_record r = {};
	struct packet *p = NULL;
	unsigned good;

	if (is_text && (!*text || *text == '!' || *text == '#')) {
		read_directive(in, n->element, text);
		return NULL;
	}
	good = is_text ? parse_line(in, text, &r)
		       : parse_record(in, (const uint8_t *)text, len, &r);
	if (good) {
		p = summary_build(n, &r, &in->defaults);
	} else if (!in->complained) {
		complain(in, in->n_fields ? "packet parse error" : "no '!data' provided");
		in->complained = true;
	}
	summary_record_free(&r);
	return p;
}

struct packet *summary_read(struct summary_reader *in, struct weir_node *n)
{
	struct packet *p = NULL;

	while (!p && in->file) {
		bool is_text = true;
		size_t len = 0;
		char *text;

		in->line++;
		text = in->binary ? read_record(in, &len, &is_text) : read_line(in, &len);
		if (text) {
			p = read_packet(in, n, text, len, is_text);
		} else {
			fclose(in->file);
			in->file = NULL;
		}
		free(text);
	}
	return p;
}
