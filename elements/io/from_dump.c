// SPDX-License-Identifier: BSD-2-Clause
// FromDump: the packets of a pcap file, as fast as they are taken or, with TIMING, as far apart as
// they were. With FORCE_IP those without an IPv4 header leave by output 1.
#include <weir/call.h>
#include <weir/element.h>

#include "dump_file.h"
#include "encap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/stat.h>

enum { OUT, NOT_IP };
enum { NS = 1000000000 };

// The file belongs to the node at home; the others have nothing to do.
struct from_dump {
	char *filename;
	bool timing, stop, active, force_ip;
	double sample;
	uint64_t filepos; // where to begin; 0: with the first packet
	uint64_t start, start_after, end, end_after, interval;
	bool start_given, start_after_given, end_given, end_after_given, interval_given;
	char *end_call;

	pcap_t *pcap;
	pid_t child; // that uncompresses; 0: none
	int linktype;

	struct pcap_pkthdr *next; // the packet that is to leave next, or NULL
	const uint8_t *next_data;
	long next_at; // its place in the file
	bool finished, ended;
	bool has_times;			    // the times below are known
	uint64_t from, to;		    // timestamps; to is UINT64_MAX for no end
	uint64_t timing_packet, timing_now; // TIMING: a moment in the file, and when that is
	bool has_timing;
	struct weir_call call;
	uint64_t count;
};

static uint64_t time_of(const struct pcap_pkthdr *h)
{
	return (uint64_t)h->ts.tv_sec * NS + (uint64_t)h->ts.tv_usec; // opened for nanoseconds
}

static int open_file(struct from_dump *self, char *why, size_t size)
{
	FILE *f = dump_open(self->filename, &self->child, why, size);
	char pcap_why[PCAP_ERRBUF_SIZE];

	if (!f)
		return -1;
	self->pcap =
		pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, pcap_why);
	if (self->pcap)
		return 0;
	snprintf(why, size, "%s", pcap_why);
	fclose(f);
	return -1;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct from_dump *self = e->self;
	char why[PCAP_ERRBUF_SIZE + 64], name[16];

	if (self->end_call && weir_call_check(e, self->end_call, "END_CALL", err) < 0)
		return -EINVAL;
	if (open_file(self, why, sizeof(why)) < 0)
		return weir_error(err, &e->loc, "%s: %s: %s", e->name, self->filename, why);
	if (self->filepos && fseeko(pcap_file(self->pcap), (off_t)self->filepos, SEEK_SET))
		return weir_error(err, &e->loc, "%s: %s: FILEPOS %llu: %s", e->name, self->filename,
				  (unsigned long long)self->filepos, strerror(errno));
	self->linktype = pcap_datalink(self->pcap);
	if (self->force_ip && !encap_has_ip(self->linktype))
		return weir_error(err, &e->loc,
				  "%s: %s: FORCE_IP does not know the encapsulation %s", e->name,
				  self->filename, encap_name(self->linktype, name, sizeof(name)));
	if (self->linktype == DLT_RAW)
		self->force_ip = true;
	return 0;
}

// START and the like, once the first timestamp is known.
static void set_times(struct from_dump *self, uint64_t first)
{
	self->has_times = true;
	self->from = self->start_given ? self->start : first + self->start_after;
	self->to = UINT64_MAX;
	if (self->end_given)
		self->to = self->end;
	else if (self->end_after_given)
		self->to = first + self->end_after;
	else if (self->interval_given)
		self->to = self->from + self->interval;
}

static void end(struct weir_node *n, struct from_dump *self)
{
	if (self->ended)
		return;
	self->ended = true;
	if (self->stop)
		weir_stop(n->element->router);
	else if (self->end_call)
		weir_call(n, &self->call, self->end_call);
}

// Reads a packet, or comes to the end of the file.
static void fetch(struct weir_node *n, struct from_dump *self)
{
	int r;

	self->next_at = pcap_file(self->pcap) ? ftell(pcap_file(self->pcap)) : -1;
	r = pcap_next_ex(self->pcap, &self->next, &self->next_data);
	if (r == 1)
		return;
	if (r == PCAP_ERROR)
		fprintf(stderr, "%s: %s: %s\n", n->element->name, self->filename,
			pcap_geterr(self->pcap));
	self->next = NULL;
	self->finished = true;
}

static bool is_wanted(struct weir_node *n, struct from_dump *self)
{
	if (!self->has_times)
		set_times(self, time_of(self->next));
	if (time_of(self->next) < self->from)
		return false;
	if (self->next->caplen > WEIR_PACKET_MAX) {
		fprintf(stderr, "%s: %s: a packet of %u bytes is too long, left out\n",
			n->element->name, self->filename, self->next->caplen);
		return false;
	}
	return self->sample >= 1 || weir_random(n) / 4294967296. < self->sample;
}

// Reads on to the next packet that is wanted. False at the end.
static bool look(struct weir_node *n, struct from_dump *self)
{
	while (!self->next && !self->finished) {
		fetch(n, self);
		if (self->next && !is_wanted(n, self))
			self->next = NULL;
	}
	if (self->next && time_of(self->next) >= self->to) {
		self->to = UINT64_MAX; // whoever activates it again wants the rest
		self->active = false;
		end(n, self);
		return false;
	}
	if (!self->next)
		end(n, self);
	return self->next;
}

// With TIMING: is it time for the next packet? If not the node sleeps until then.
static bool is_due(struct weir_node *n, struct from_dump *self)
{
	uint64_t t = time_of(self->next), now = weir_now(n), due;

	if (!self->timing)
		return true;
	if (!self->has_timing) {
		self->has_timing = true;
		self->timing_packet = t;
		self->timing_now = now;
	}
	due = self->timing_now + (t > self->timing_packet ? t - self->timing_packet : 0);
	if (due <= now)
		return true;
	weir_sleep_until(n, due);
	return false;
}

static struct packet *take(struct weir_node *n, struct from_dump *self)
{
	const struct pcap_pkthdr *h = self->next;
	struct packet *p = weir_packet_new(n, WEIR_HEADROOM, h->caplen);

	if (!p)
		return NULL;
	memcpy(weir_data(p), self->next_data, h->caplen);
	p->tstamp = time_of(h);
	if (h->len > h->caplen)
		weir_set_anno_u32(p, ANNO_EXTRA_LENGTH, h->len - h->caplen);
	if (self->linktype == DLT_EN10MB && p->len >= sizeof(struct eth))
		weir_set_mac(p);
	self->next = NULL;
	self->count++;
	return p;
}

// Up to max packets. Those that are not IP, if that matters, are pushed to output 1 on the way.
static unsigned read_packets(struct weir_node *n, struct packet **v, unsigned max)
{
	struct from_dump *self = n->element->self;
	unsigned got = 0;

	if (n != n->element->nodes[n->element->home] || !self->active)
		return 0;
	while (got < max && look(n, self) && is_due(n, self)) {
		struct packet *p = take(n, self);

		if (!p)
			break;
		if (self->force_ip && !encap_mark_ip(self->linktype, p))
			weir_start(n, NOT_IP, &p, 1);
		else
			v[got++] = p;
	}
	return got;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct from_dump *self = n->element->self;
	struct packet *v[WEIR_BATCH_MAX];
	uint64_t before = self->count;
	unsigned got;

	if (n != n->element->nodes[n->element->home] || !self->active ||
	    weir_out_is_pull(n->element, 0) || (self->finished && self->ended)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	got = read_packets(n, v, burst < WEIR_BATCH_MAX ? burst : WEIR_BATCH_MAX);
	if (got)
		weir_start(n, OUT, v, got);
	return self->count != before;
}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	unsigned got = read_packets(n, v, max);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < got; i++)
		bytes += v[i]->len;
	weir_made(n, got, bytes);
	return got;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct from_dump *self = e->self;
	unsigned before = a->err->n_errors;

	if (self->start_given && self->start_after_given)
		weir_args_error(a, -1, "START and START_AFTER exclude each other");
	if (self->end_given + self->end_after_given + self->interval_given > 1)
		weir_args_error(a, -1, "END, END_AFTER and INTERVAL exclude each other");
	if (self->stop && self->end_call)
		weir_args_error(a, -1, "END_CALL and STOP exclude each other");
	if (self->sample < 0 || self->sample > 1)
		weir_args_error(a, -1, "SAMPLE must be between 0 and 1");
	return a->err->n_errors > before ? -EINVAL : 0;
}

static void fini_node(struct weir_node *n)
{
	if (n == n->element->nodes[n->element->home])
		weir_call_cancel(&((struct from_dump *)n->element->self)->call);
}

static void fini(struct weir_element *e)
{
	struct from_dump *self = e->self;

	if (self->pcap)
		pcap_close(self->pcap);
	self->pcap = NULL;
	dump_close(&self->child);
}

// --- handlers ---------------------------------------------------------------------------------
enum { COUNT, SAMPLING_PROB, ENCAP, FILENAME, FILESIZE, FILEPOS, PACKET_FILEPOS, ACTIVE };

// Length of the file; -1 where it is not known.
static long long file_size(const struct from_dump *self)
{
	FILE *f = self->pcap ? pcap_file(self->pcap) : NULL;
	struct stat st;

	return !self->child && f && !fstat(fileno(f), &st) ? (long long)st.st_size : -1;
}

static int read_value(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct from_dump *self = e->self;
	FILE *f = self->pcap ? pcap_file(self->pcap) : NULL;
	char name[16];

	switch (h->user) {
	case COUNT:
		weir_printf(out, "%llu", (unsigned long long)self->count);
		break;
	case SAMPLING_PROB:
		weir_printf(out, "%g", self->sample);
		break;
	case ENCAP:
		weir_printf(out, "%s", encap_name(self->linktype, name, sizeof(name)));
		break;
	case FILENAME:
		weir_printf(out, "%s", self->filename);
		break;
	case FILESIZE:
		weir_printf(out, file_size(self) < 0 ? "-" : "%lld", file_size(self));
		break;
	case FILEPOS:
		weir_printf(out, "%ld", self->next || !f ? self->next_at : ftell(f));
		break;
	case PACKET_FILEPOS:
		weir_printf(out, "%ld", self->next_at);
		break;
	default:
		weir_printf(out, "%s", self->active ? "true" : "false");
	}
	return 0;
}

static void activate(struct weir_element *e, bool active)
{
	struct from_dump *self = e->self;

	self->active = active;
	self->ended = self->ended && !active;
	if (e->n_nodes)
		weir_wake(e->nodes[e->home]);
}

static int write_active(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	bool active;
	int r = weir_parse(e, WEIR_T_BOOL, value, "active", &active, err);

	if (r == 0)
		activate(e, active);
	return r;
}

static int extend_interval(struct weir_element *e, const struct weir_handler *, const char *value,
			   struct weir_err *err)
{
	struct from_dump *self = e->self;
	uint64_t t;
	int r = weir_parse(e, WEIR_T_SECONDS, value, "extend_interval", &t, err);

	if (r < 0)
		return r;
	if (self->has_times) {
		uint64_t was =
			self->to == UINT64_MAX && self->next ? time_of(self->next) : self->to;

		self->to = was < UINT64_MAX - t ? was + t : UINT64_MAX;
	}
	activate(e, true);
	return 0;
}

static int stop(struct weir_element *e, const struct weir_handler *, const char *,
		struct weir_err *)
{
	activate(e, false);
	weir_stop(e->router);
	return 0;
}

static int reset_timing(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_err *)
{
	((struct from_dump *)e->self)->has_timing = false;
	activate(e, ((struct from_dump *)e->self)->active);
	return 0;
}

static int reset_counts(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_err *)
{
	((struct from_dump *)e->self)->count = 0;
	return 0;
}

#define GIVEN(field) .given = offsetof(struct from_dump, field##_given)

static const struct weir_arg args[] = {
	WEIR_ARG(FILE, from_dump, filename, "FILENAME", "pcap file; -: standard input", WEIR_MAND),
	WEIR_ARG(BOOL, from_dump, timing, "TIMING", "keep the time between packets", WEIR_POS),
	WEIR_ARG(BOOL, from_dump, stop, "STOP", "stop the router at the end"),
	WEIR_ARG(BOOL, from_dump, active, "ACTIVE", "read packets", .def = "true"),
	WEIR_ARG(BOOL, from_dump, force_ip, "FORCE_IP",
		 "only IP packets, with their header marked"),
	WEIR_ARG(DOUBLE, from_dump, sample, "SAMPLE", "probability of each packet", .def = "1"),
	WEIR_ARG(SECONDS, from_dump, start, "START", "first timestamp that is wanted",
		 GIVEN(start)),
	WEIR_ARG(SECONDS, from_dump, start_after, "START_AFTER",
		 "time to leave out at the beginning", GIVEN(start_after)),
	WEIR_ARG(SECONDS, from_dump, end, "END", "first timestamp that is not wanted", GIVEN(end)),
	WEIR_ARG(SECONDS, from_dump, end_after, "END_AFTER",
		 "time from the first packet of the file to the end", GIVEN(end_after)),
	WEIR_ARG(SECONDS, from_dump, interval, "INTERVAL", "time from the start to the end",
		 GIVEN(interval)),
	WEIR_ARG(ARG, from_dump, end_call, "END_CALL", "handler to call at the end"),
	WEIR_ARG(U64, from_dump, filepos, "FILEPOS", "position in the file at which to begin",
		 .max = INT64_MAX),
	WEIR_ARG(BOOL, from_dump, active, "MMAP", "is ignored", .flags = WEIR_DEPRECATED),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ("count", read_value, "packets so far", .user = COUNT),
	WEIR_BUTTON("reset_counts", reset_counts, "sets the count to zero"),
	WEIR_READ("sampling_prob", read_value, "probability of each packet", .user = SAMPLING_PROB),
	WEIR_READ("encap", read_value, "encapsulation of the file", .user = ENCAP),
	WEIR_READ("filename", read_value, "name of the file", .user = FILENAME),
	WEIR_READ("filesize", read_value, "length of the file; -: not known", .user = FILESIZE),
	WEIR_READ("filepos", read_value, "position in the file", .user = FILEPOS),
	WEIR_READ("packet_filepos", read_value, "position of the latest packet",
		  .user = PACKET_FILEPOS),
	WEIR_READ_WRITE("active", read_value, write_active, "whether it reads packets",
			.user = ACTIVE),
	WEIR_WRITE("extend_interval", extend_interval, "puts the end off, and activates"),
	WEIR_BUTTON("reset_timing", reset_timing, "counts TIMING from the next packet on"),
	WEIR_BUTTON("stop", stop, "stops reading, and the router"),
	{},
};

WEIR_PLAIN_ELEMENT(from_dump, "FromDump", .purpose = "reads packets from a pcap file",
		   .ports = "0/1-2", .processing = "a/ah", .out = {"out", "not_ip"}, .args = args,
		   .handlers = handlers, .configure = configure, .init = init,
		   .fini_node = fini_node, .fini = fini, .task = task, .pull = pull,
		   .is_source = true);
