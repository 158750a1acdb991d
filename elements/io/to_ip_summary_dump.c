// SPDX-License-Identifier: BSD-2-Clause
// ToIPSummaryDump: writes a line about each packet, of the FIELDS that are asked for. Packets go on
// by output 0 if it is connected. Click's fields `payload_md5` and `payload_md5_hex` are not there.
#include <weir/text.h>

#include "summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FIELDS = 64 };

struct to_ip_summary_dump {
	char *filename, *fields, *contents, *data, *banner;
	bool verbose, header, binary, multipacket, bad_packets, careful_trunc, extra_length;

	uint8_t field[MAX_FIELDS];
	unsigned n_fields;
	FILE *file;
	bool failed;
};

struct to_ip_summary_dump_state {
	uint64_t count;
};

// In binary dumps what is not a packet has its length before it, with the highest bit set.
static void write_note(const struct to_ip_summary_dump *self, const char *text, size_t len)
{
	if (self->binary) {
		be32 mark = wr32((uint32_t)(len + 4) | 0x80000000);

		fwrite(&mark, sizeof(mark), 1, self->file);
	}
	fwrite(text, 1, len, self->file);
}

static void add_field_text(struct weir_buf *b, enum summary_field f, struct summary_packet *s)
{
	struct summary_value v;

	if (summary_get(s, f, &v))
		summary_print(b, f, &v);
	else
		weir_append(b, "-", 1);
}

static void add_field_bytes(struct weir_buf *b, enum summary_field f, struct summary_packet *s)
{
	static const uint8_t none[8];
	struct summary_value v;

	if (!summary_get(s, f, &v))
		v = (struct summary_value){.bytes = none};
	summary_print_binary(b, f, &v);
}

static void write_record(const struct to_ip_summary_dump *self, struct packet *p,
			 struct weir_buf *b)
{
	struct summary_packet s;

	summary_look(&s, p, self->careful_trunc, self->extra_length);
	b->len = 0;
	if (self->binary)
		weir_append(b, "\0\0\0", 4); // for the length
	for (unsigned i = 0; i < self->n_fields; i++) {
		if (self->binary) {
			add_field_bytes(b, self->field[i], &s);
			continue;
		}
		if (i)
			weir_append(b, " ", 1);
		add_field_text(b, self->field[i], &s);
	}
	if (self->bad_packets && s.bad[0]) {
		char note[96];
		int n = snprintf(note, sizeof(note), "!bad %s\n", s.bad);

		write_note(self, note, (size_t)n);
	}
	if (!self->binary)
		weir_append(b, "\n", 1);
	if (b->failed)
		return;
	if (self->binary) {
		be32 len = wr32((uint32_t)b->len);

		memcpy(b->text, &len, sizeof(len));
	}
	fwrite(b->text, 1, b->len, self->file);
}

// With MULTIPACKET, a packet that stands for several is written as several, which share the length
// and the time that it has.
static void write_packet(struct weir_node *n, struct packet *p, struct weir_buf *b)
{
	const struct to_ip_summary_dump *self = n->element->self;
	uint32_t count = self->multipacket ? 1 + weir_anno_u32(p, ANNO_EXTRA_PACKETS) : 1;
	uint32_t extra = weir_anno_u32(p, ANNO_EXTRA_LENGTH);
	uint32_t extra_packets = weir_anno_u32(p, ANNO_EXTRA_PACKETS);
	uint64_t total = (uint64_t)p->len + (self->extra_length ? extra : 0), end = p->tstamp,
		 first;

	((struct to_ip_summary_dump_state *)n->state)->count += count;
	if (count == 1) {
		write_record(self, p, b);
		return;
	}
	if (total < (uint64_t)count * p->len)
		total = (uint64_t)count * p->len;
	memcpy(&first, p->anno + ANNO_FIRST_TIMESTAMP, sizeof(first));
	weir_set_anno_u32(p, ANNO_EXTRA_PACKETS, 0);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t len = total / (count - i);

		if (first)
			p->tstamp = first + (end - first) * i / (count - 1);
		weir_set_anno_u32(p, ANNO_EXTRA_LENGTH, (uint32_t)(len - p->len));
		total -= len;
		write_record(self, p, b);
	}
	p->tstamp = end;
	weir_set_anno_u32(p, ANNO_EXTRA_LENGTH, extra);
	weir_set_anno_u32(p, ANNO_EXTRA_PACKETS, extra_packets);
}

// Says once that the file cannot be written.
static void check(const struct weir_element *e)
{
	struct to_ip_summary_dump *self = e->self;

	if (self->failed || !ferror(self->file))
		return;
	self->failed = true;
	fprintf(stderr, "%s: %s: %s\n", e->name, self->filename, strerror(errno));
}

static void to_ip_summary_dump(struct weir_node *n, unsigned, struct batch *b)
{
	struct weir_buf line = {};

	for (unsigned i = 0; i < b->n; i++)
		write_packet(n, b->p[i], &line);
	weir_buf_free(&line);
	check(n->element);
	if (n->element->n_out)
		return;
	weir_end(n, b->p, b->n);
	b->n = 0;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct packet *v[WEIR_BATCH_MAX];
	struct weir_buf line = {};
	unsigned got;

	if (!weir_in_is_pull(n->element, 0)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	got = weir_pull(n, 0, v, burst < WEIR_BATCH_MAX ? burst : WEIR_BATCH_MAX);
	for (unsigned i = 0; i < got; i++)
		write_packet(n, v[i], &line);
	weir_buf_free(&line);
	check(n->element);
	if (n->element->n_out)
		weir_emit_all(n, 0, v, got);
	else
		weir_end(n, v, got);
	return got;
}

static int add_field(struct to_ip_summary_dump *self, struct weir_args *a, const char *word)
{
	size_t len;
	char *name = weir_unquote(word, &len);
	int f = name ? summary_find(name) : -1;

	free(name);
	if (f < 0)
		return weir_args_error(a, -1, "FIELDS: there is no field '%s'", word);
	if (self->n_fields == MAX_FIELDS)
		return weir_args_error(a, -1, "FIELDS: more than %u fields", MAX_FIELDS);
	if (self->binary && summary_size(f) < 0)
		return weir_args_error(a, -1, "FIELDS: '%s' cannot be in a BINARY dump", word);
	if (f == F_COUNT)
		self->multipacket = false;
	self->field[self->n_fields++] = (uint8_t)f;
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct to_ip_summary_dump *self = e->self;
	const char *fields = self->fields     ? self->fields
			     : self->contents ? self->contents
					      : self->data;
	char **words;
	int n = weir_words(fields ? fields : "timestamp ip_src", &words), r = 0;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (add_field(self, a, words[i]) < 0)
			r = -EINVAL;
	weir_words_free(words, n);
	if (!n)
		r = weir_args_error(a, -1, "FIELDS: there are none");
	return r;
}

static void write_header(const struct to_ip_summary_dump *self, uint64_t now)
{
	struct weir_buf b = {};
	char text[256];

	weir_printf(&b, "!IPSummaryDump 1.3\n");
	if (self->banner) {
		char *quoted = weir_quote(self->banner, strlen(self->banner));

		weir_printf(&b, "!creator %s\n", quoted ? quoted : "");
		free(quoted);
	}
	if (self->verbose) {
		time_t seconds = (time_t)(now / 1000000000);
		struct tm tm;

		if (gethostname(text, sizeof(text)) == 0)
			weir_printf(&b, "!host %.255s\n", text);
		localtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%c", &tm);
		weir_printf(&b, "!runtime ");
		weir_print_time(&b, now);
		weir_printf(&b, " (%s)\n", text);
	}
	weir_printf(&b, "!data");
	for (unsigned i = 0; i < self->n_fields; i++)
		weir_printf(&b, " %s",
			    self->field[i] == F_NTIMESTAMP && !self->binary
				    ? summary_names[F_TIMESTAMP]
				    : summary_names[self->field[i]]);
	weir_printf(&b, self->binary ? "\n!binary\n" : "\n");
	if (!b.failed)
		fwrite(b.text, 1, b.len, self->file);
	weir_buf_free(&b);
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct to_ip_summary_dump *self = e->self;

	self->file = strcmp(self->filename, "-") ? fopen(self->filename, "we") : stdout;
	if (!self->file)
		return weir_error(err, &e->loc, "%s: %s: %s", e->name, self->filename,
				  strerror(errno));
	return 0;
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	const struct to_ip_summary_dump *self = n->element->self;

	if (n == n->element->nodes[n->element->home] && self->header)
		write_header(self, weir_wall(n));
	return 0;
}

static void fini(struct weir_element *e)
{
	struct to_ip_summary_dump *self = e->self;

	if (!self->file)
		return;
	fflush(self->file);
	check(e);
	if (self->file != stdout)
		fclose(self->file);
	self->file = NULL;
}

static int flush(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	fflush(((struct to_ip_summary_dump *)e->self)->file);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(FILE, to_ip_summary_dump, filename, "FILENAME", "file; -: standard output",
		 WEIR_MAND),
	WEIR_ARG(ARG, to_ip_summary_dump, fields, "FIELDS", "names of the fields"),
	WEIR_ARG(ARG, to_ip_summary_dump, contents, "CONTENTS", "the same as FIELDS"),
	WEIR_ARG(ARG, to_ip_summary_dump, data, "DATA", "the same as FIELDS"),
	WEIR_ARG(STRING, to_ip_summary_dump, banner, "BANNER", "text of a !creator line"),
	WEIR_ARG(BOOL, to_ip_summary_dump, verbose, "VERBOSE", "write host and time"),
	WEIR_ARG(BOOL, to_ip_summary_dump, header, "HEADER", "write lines about the format",
		 .def = "true"),
	WEIR_ARG(BOOL, to_ip_summary_dump, binary, "BINARY", "write binary records"),
	WEIR_ARG(BOOL, to_ip_summary_dump, multipacket, "MULTIPACKET",
		 "a line for each packet that a packet stands for"),
	WEIR_ARG(BOOL, to_ip_summary_dump, bad_packets, "BAD_PACKETS",
		 "write !bad lines about broken headers"),
	WEIR_ARG(BOOL, to_ip_summary_dump, careful_trunc, "CAREFUL_TRUNC",
		 "packets that are shorter than IP says are bad", .def = "true"),
	WEIR_ARG(BOOL, to_ip_summary_dump, extra_length, "EXTRA_LENGTH",
		 "add the extra length annotation to lengths", .def = "true"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("count", to_ip_summary_dump, count, "packets written"),
	WEIR_BUTTON("flush", flush, "writes what is buffered"),
	{},
};

WEIR_BATCH_ELEMENT(to_ip_summary_dump, "ToIPSummaryDump",
		   .purpose = "writes a line about each IP packet", .ports = "1/0-1",
		   .processing = "a/h", .args = args, .handlers = handlers, .configure = configure,
		   .init = init, .init_node = init_node, .alone = true, .one_at_a_time = true,
		   .fini = fini, .task = task,
		   .state_size = sizeof(struct to_ip_summary_dump_state), .is_sink = true);
