// SPDX-License-Identifier: BSD-2-Clause
// Print: prints the length and the first MAXLENGTH bytes of each packet, behind LABEL, on stderr.
#include <weir/element.h>
#include <weir/text.h>

#include <sched.h>
#include <stdio.h>

struct print {
	char *label;
	int32_t max, length, nbytes;
	bool length_given, nbytes_given;
	unsigned contents;
	bool timestamp, anno, active, headroom, cpu;
};

static void print_bytes(struct weir_buf *b, const struct print *self, struct packet *p)
{
	uint32_t n = self->max < 0 || p->len < (uint32_t)self->max ? p->len : (uint32_t)self->max;

	if (!n || self->contents == WEIR_CONTENTS_NONE)
		return;
	weir_printf(b, self->contents == WEIR_CONTENTS_HEX ? " | " : " |  ");
	if (self->contents == WEIR_CONTENTS_HEX)
		weir_print_hex(b, weir_data(p), n);
	else
		weir_print_ascii(b, weir_data(p), n);
}

static void print_packet(struct weir_buf *b, const struct print *self, struct packet *p)
{
	const char *sep = "";

	b->len = 0;
	if (self->label && *self->label) {
		weir_printf(b, "%s", self->label);
		sep = ": ";
	}
	if (self->cpu) {
		weir_printf(b, "(%d)", sched_getcpu());
		sep = ": ";
	}
	if (self->timestamp) {
		weir_printf(b, "%s", sep);
		weir_print_time(b, p->tstamp);
		sep = ": ";
	}
	weir_printf(b, "%s%4u", sep, p->len);
	if (self->headroom)
		weir_printf(b, " (h%u t%u)", weir_headroom(p), weir_tailroom(p));
	if (self->anno) {
		weir_printf(b, " | ");
		for (unsigned i = 0; i < WEIR_ANNO_SIZE; i++)
			weir_printf(b, "%02x", p->anno[i]);
	}
	print_bytes(b, self, p);
	weir_append(b, "\n", 1);
}

static void print(struct weir_node *n, unsigned, struct batch *b)
{
	const struct print *self = n->self;
	struct weir_buf line = {};

	for (unsigned i = 0; self->active && i < b->n; i++) {
		print_packet(&line, self, b->p[i]);
		if (!line.failed)
			fwrite(line.text, 1, line.len, stderr);
	}
	weir_buf_free(&line);
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct print *self = e->self;

	if (self->length_given)
		self->max = self->length;
	if (self->nbytes_given)
		self->max = self->nbytes;
	self->contents = weir_contents(self->contents);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(STRING, print, label, "LABEL", "text before each line", WEIR_POS),
	WEIR_ARG(I32, print, max, "MAXLENGTH", "bytes to print; negative: all", WEIR_POS,
		 .def = "24"),
	WEIR_ARG(I32, print, length, "LENGTH", "the same as MAXLENGTH",
		 .given = offsetof(struct print, length_given)),
	WEIR_ARG(I32, print, nbytes, "NBYTES", "the same as MAXLENGTH",
		 .given = offsetof(struct print, nbytes_given)),
	WEIR_ARG(ENUM, print, contents, "CONTENTS", "how to print the bytes", .def = "HEX",
		 .names = weir_contents_words),
	WEIR_ARG(BOOL, print, timestamp, "TIMESTAMP", "print the timestamp"),
	WEIR_ARG(BOOL, print, anno, "PRINTANNO", "print the annotations"),
	WEIR_ARG(BOOL, print, active, "ACTIVE", "print", .def = "true"),
	WEIR_ARG(BOOL, print, headroom, "HEADROOM", "print the room before and behind the packet"),
	WEIR_ARG(BOOL, print, cpu, "CPU", "print the number of the CPU"),
	{},
};

static const struct weir_handler handlers[] = {
	{.name = "active",
	 .kind = WEIR_H_SELF,
	 .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CHECKBOX | WEIR_H_CALM,
	 .off = offsetof(struct print, active),
	 .size = sizeof(bool),
	 .type = WEIR_T_BOOL,
	 .help = "whether it prints"},
	{},
};

WEIR_BATCH_ELEMENT(print, "Print", .purpose = "prints packets", .args = args, .handlers = handlers,
		   .reconfigures = true, .configure = configure);
