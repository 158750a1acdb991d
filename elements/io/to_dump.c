// SPDX-License-Identifier: BSD-2-Clause
// ToDump: writes packets to a pcap file, compressed if its name ends in .gz, .bz2, .xz or .zst.
// They go on by output 0 if it is connected.
#include <weir/element.h>

#include "dump_file.h"
#include "encap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

enum { NS = 1000000000, SNAPLEN_MAX = 262144 };

struct to_dump {
	char *filename, *encap, *encap_from;
	uint32_t snaplen;
	bool extra_length, unbuffered, nano;

	pcap_t *pcap; // describes the file; NULL: not open
	pcap_dumper_t *file;
	pid_t child; // that compresses; 0: none
	bool failed;
};

struct to_dump_state {
	uint64_t count;
};

static void fail(const struct weir_element *e)
{
	struct to_dump *self = e->self;

	fprintf(stderr, "%s: %s: %s\n", e->name, self->filename, strerror(errno));
	self->failed = true;
}

static void write_packet(struct weir_node *n, struct packet *p)
{
	struct to_dump *self = n->element->self;
	uint64_t t = p->tstamp ? p->tstamp : weir_wall(n);
	struct pcap_pkthdr h = {.caplen = p->len, .len = p->len};

	if (self->failed)
		return;
	h.ts.tv_sec = (time_t)(t / NS);
	h.ts.tv_usec = (suseconds_t)(self->nano ? t % NS : t % NS / 1000);
	if (self->extra_length)
		h.len += weir_anno_u32(p, ANNO_EXTRA_LENGTH);
	if (h.caplen > self->snaplen)
		h.caplen = self->snaplen;
	pcap_dump((u_char *)self->file, &h, weir_data(p));
	if (ferror(pcap_dump_file(self->file))) {
		fail(n->element);
		return;
	}
	((struct to_dump_state *)n->state)->count++;
}

static void to_dump(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		write_packet(n, b->p[i]);
	if (n->element->n_out)
		return;
	weir_end(n, b->p, b->n);
	b->n = 0;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct packet *v[WEIR_BATCH_MAX];
	unsigned got;

	if (!weir_in_is_pull(n->element, 0) || n->element->n_out) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	got = weir_pull(n, 0, v, burst < WEIR_BATCH_MAX ? burst : WEIR_BATCH_MAX);
	for (unsigned i = 0; i < got; i++)
		write_packet(n, v[i]);
	weir_end(n, v, got);
	return got;
}

// ENCAP, or what the `encap` handlers of USE_ENCAP_FROM say; -1 and an error if that is nothing.
static int find_encap(struct weir_element *e, struct weir_err *err)
{
	const struct to_dump *self = e->self;
	char **words;
	int n, dlt = -1;

	if (!self->encap_from)
		return self->encap ? encap_parse(self->encap) : DLT_EN10MB;
	n = weir_words(self->encap_from, &words);
	for (int i = 0; i < n; i++) {
		struct weir_buf text = {};
		char handler[512];
		int other;

		snprintf(handler, sizeof(handler), "%s.encap", words[i]);
		if (weir_handler_read(e->router, handler, "", &text, err) < 0)
			n = -1;
		other = text.text ? encap_parse(text.text) : -1;
		if (n >= 0 && other < 0)
			weir_error(err, &e->loc, "%s: %s has no known encapsulation", e->name,
				   words[i]);
		else if (n >= 0 && dlt >= 0 && dlt != other)
			weir_error(err, &e->loc, "%s: the encapsulations of %s differ", e->name,
				   self->encap_from);
		dlt = other;
		weir_buf_free(&text);
	}
	weir_words_free(words, n < 0 ? 0 : n);
	return dlt;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct to_dump *self = e->self;
	unsigned before = err->n_errors;
	int dlt = find_encap(e, err);
	char why[128];
	FILE *f;

	if (err->n_errors > before || dlt < 0)
		return -EINVAL;
	self->pcap = pcap_open_dead_with_tstamp_precision(dlt, (int)self->snaplen,
							  self->nano ? PCAP_TSTAMP_PRECISION_NANO
								     : PCAP_TSTAMP_PRECISION_MICRO);
	if (!self->pcap)
		return weir_error(err, &e->loc, "%s: no memory", e->name);
	f = dump_create(self->filename, &self->child, why, sizeof(why));
	if (!f)
		return weir_error(err, &e->loc, "%s: %s: %s", e->name, self->filename, why);
	self->file = pcap_dump_fopen(self->pcap, f);
	if (!self->file) {
		fclose(f);
		return weir_error(err, &e->loc, "%s: %s", e->name, pcap_geterr(self->pcap));
	}
	if (self->unbuffered)
		setvbuf(pcap_dump_file(self->file), NULL, _IONBF, 0);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct to_dump *self = e->self;

	if (self->encap && self->encap_from)
		return weir_args_error(a, -1, "ENCAP and USE_ENCAP_FROM exclude each other");
	if (self->encap && encap_parse(self->encap) < 0)
		return weir_args_error(a, -1, "ENCAP: there is no encapsulation '%s'", self->encap);
	if (!self->snaplen)
		self->snaplen = SNAPLEN_MAX;
	return 0;
}

static void fini(struct weir_element *e)
{
	struct to_dump *self = e->self;

	if (self->file && pcap_dump_flush(self->file) && !self->failed)
		fail(e);
	if (self->file)
		pcap_dump_close(self->file);
	dump_close(&self->child);
	if (self->pcap)
		pcap_close(self->pcap);
	self->file = NULL;
	self->pcap = NULL;
}

static int read_filename(struct weir_element *e, const struct weir_handler *, const char *,
			 struct weir_buf *out, struct weir_err *)
{
	const struct to_dump *self = e->self;

	weir_printf(out, "%s", strcmp(self->filename, "-") ? self->filename : "<stdout>");
	return 0;
}

static int flush(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	pcap_dump_flush(((struct to_dump *)e->self)->file);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(FILE, to_dump, filename, "FILENAME", "pcap file; -: standard output", WEIR_MAND),
	WEIR_ARG(U32, to_dump, snaplen, "SNAPLEN", "most bytes of a packet to write; 0: all",
		 WEIR_POS, .def = "2000", .max = SNAPLEN_MAX),
	WEIR_ARG(WORD, to_dump, encap, "ENCAP", "encapsulation: ETHER, IP, ...", WEIR_POS),
	WEIR_ARG(ARG, to_dump, encap_from, "USE_ENCAP_FROM",
		 "elements whose encapsulation is to be taken"),
	WEIR_ARG(BOOL, to_dump, extra_length, "EXTRA_LENGTH",
		 "add the extra length annotation to the length", .def = "true"),
	WEIR_ARG(BOOL, to_dump, unbuffered, "UNBUFFERED", "write each packet at once"),
	WEIR_ARG(BOOL, to_dump, nano, "NANO", "write nanoseconds", .def = "true"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("count", to_dump, count, "packets written"),
	WEIR_RESET("reset_counts", "sets the count to zero"),
	WEIR_READ("filename", read_filename, "name of the file"),
	WEIR_BUTTON("flush", flush, "writes what is buffered"),
	{},
};

WEIR_BATCH_ELEMENT(to_dump, "ToDump", .purpose = "writes packets to a pcap file", .ports = "1/0-1",
		   .args = args, .handlers = handlers, .configure = configure, .init = init,
		   .late = true, .alone = true, .one_at_a_time = true, .fini = fini, .task = task,
		   .state_size = sizeof(struct to_dump_state), .is_sink = true);
