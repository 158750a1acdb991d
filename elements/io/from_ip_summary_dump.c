// SPDX-License-Identifier: BSD-2-Clause
// FromIPSummaryDump: makes packets of the lines of an IP summary dump. Click's fields `payload_md5`
// and `payload_md5_hex` are passed over with a warning: no payload can be made of them.
#include "dump_file.h"
#include "summary.h"

#include <errno.h>

// The file belongs to the first worker's node; the others have nothing to do.
struct from_ip_summary_dump {
	char *filename, *fields, *contents, *flowid;
	struct weir_bytes data;
	bool data_given, stop, active, zero, checksum, timing, multipacket, allow_nonexistent;
	uint8_t proto;
	double sample;

	struct summary_reader in;
	pid_t child;
	bool ended;
	struct packet *next; // read, and waiting for its time
	struct packet *many; // MULTIPACKET: stands for several packets that are still to come
	uint64_t many_len, many_delta, many_end;
	bool has_timing;
	uint64_t timing_packet, timing_now;
	uint64_t count;
};

// --- one packet that stands for many ----------------------------------------------------------
static void set_length(struct packet *p, uint64_t len)
{
	struct ip4 *ip = weir_ip4(p);
	uint32_t hlen = ip ? (ip->vihl & 15) * 4u : 0;
	struct udp *u;

	if (!ip || len > 65535)
		return;
	ip->len = wr16((uint16_t)len);
	u = weir_transport_at(p, 0, sizeof(*u));
	if (ip->proto == IPPROTO4_UDP && u && len > hlen)
		u->len = wr16((uint16_t)(len - hlen));
}

static void begin_many(struct from_ip_summary_dump *self, struct packet *p)
{
	uint32_t count = 1 + weir_anno_u32(p, ANNO_EXTRA_PACKETS);
	uint64_t first;

	memcpy(&first, p->anno + ANNO_FIRST_TIMESTAMP, sizeof(first));
	self->many = p;
	self->many_len = ((uint64_t)p->len + weir_anno_u32(p, ANNO_EXTRA_LENGTH)) / count;
	self->many_end = p->tstamp;
	self->many_delta = first ? (p->tstamp - first) / (count - 1) : 0;
	if (self->many_len < p->len) {
		self->many_len = p->len;
		weir_set_anno_u32(p, ANNO_EXTRA_LENGTH, p->len * (count - 1));
	}
	if (first)
		p->tstamp = first;
	set_length(p, self->many_len);
}

// The next one of them. The last one gets what is left of the length.
static struct packet *one_of_many(struct weir_node *n, struct from_ip_summary_dump *self)
{
	struct packet *all = self->many, *p;
	uint32_t left = weir_anno_u32(all, ANNO_EXTRA_PACKETS);
	uint32_t extra = weir_anno_u32(all, ANNO_EXTRA_LENGTH);

	if (!left) {
		self->many = NULL;
		return all;
	}
	p = weir_packet_copy(n, all);
	if (!p)
		return NULL;
	weir_set_anno_u32(p, ANNO_EXTRA_PACKETS, 0);
	weir_set_anno_u32(p, ANNO_EXTRA_LENGTH, (uint32_t)(self->many_len - p->len));
	weir_set_anno_u32(all, ANNO_EXTRA_PACKETS, left - 1);
	extra = extra > self->many_len ? extra - (uint32_t)self->many_len : 0;
	weir_set_anno_u32(all, ANNO_EXTRA_LENGTH, extra);
	all->tstamp = left == 1 ? self->many_end : all->tstamp + self->many_delta;
	if (left == 1)
		set_length(all, (uint64_t)all->len + extra);
	return p;
}

static struct packet *next_packet(struct weir_node *n, struct from_ip_summary_dump *self)
{
	for (;;) {
		struct packet *p = self->many ? one_of_many(n, self) : summary_read(&self->in, n);

		if (p && !self->many && self->multipacket && weir_anno_u32(p, ANNO_EXTRA_PACKETS)) {
			begin_many(self, p);
			p = one_of_many(n, self);
		}
		if (!p || self->sample >= 1 || weir_random(n) / 4294967296. < self->sample)
			return p;
		weir_packet_free(n, p);
	}
}

// --- when packets leave -----------------------------------------------------------------------
static bool is_due(struct weir_node *n, struct from_ip_summary_dump *self)
{
	uint64_t t = self->next->tstamp, now = weir_now(n), due;

	if (!self->timing)
		return true;
	if (!self->has_timing) {
		self->has_timing = true;
		self->timing_packet = t;
		self->timing_now = now;
	}
	due = self->timing_now + (t > self->timing_packet ? t - self->timing_packet : 0);
	if (due > now)
		weir_sleep_until(n, due);
	return due <= now;
}

static unsigned take(struct weir_node *n, struct packet **v, unsigned max)
{
	struct from_ip_summary_dump *self = n->element->self;
	unsigned got = 0;

	if (n != n->element->nodes[n->element->home] || !self->active)
		return 0;
	while (got < max) {
		if (!self->next)
			self->next = next_packet(n, self);
		if (!self->next || !is_due(n, self))
			break;
		v[got++] = self->next;
		self->next = NULL;
	}
	self->count += got;
	if (!self->in.file && !self->next && !self->many && !got && !self->ended) {
		self->ended = true;
		if (self->stop)
			weir_stop(n->element->router);
	}
	return got;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct from_ip_summary_dump *self = n->element->self;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned got;

	if (n != n->element->nodes[n->element->home] || !self->active || self->ended ||
	    weir_out_is_pull(n->element, 0)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	got = take(n, v, burst < WEIR_BATCH_MAX ? burst : WEIR_BATCH_MAX);
	if (got)
		weir_start(n, 0, v, got);
	return got;
}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	unsigned got = take(n, v, max);
	uint64_t bytes = 0;

	for (unsigned i = 0; i < got; i++)
		bytes += v[i]->len;
	weir_made(n, got, bytes);
	return got;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct from_ip_summary_dump *self = e->self;
	const char *fields = self->fields ? self->fields : self->contents;

	self->in.name = self->filename ? self->filename : e->name;
	self->in.defaults.proto = self->proto;
	self->in.defaults.checksum = self->checksum;
	self->in.defaults.version = 3;
	if (self->data_given == !!self->filename)
		return weir_args_error(a, -1, "give either FILENAME or DATA");
	if (self->sample < 0 || self->sample > 1)
		return weir_args_error(a, -1, "SAMPLE must be between 0 and 1");
	if (fields)
		summary_set_fields(&self->in, e, fields);
	if (self->flowid)
		summary_set_flow(&self->in, e, self->flowid);
	return 0;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct from_ip_summary_dump *self = e->self;
	char why[256] = "no memory";

	if (!self->filename)
		self->in.file = self->data.len ? fmemopen(self->data.data, self->data.len, "r")
					       : fopen("/dev/null", "re");
	else
		self->in.file = dump_open(self->filename, &self->child, why, sizeof(why));
	if (self->in.file || (self->allow_nonexistent && errno == ENOENT))
		return 0;
	return weir_error(err, &e->loc, "%s: %s: %s", e->name,
			  self->filename ? self->filename : "DATA", why);
}

static void fini_node(struct weir_node *n)
{
	struct from_ip_summary_dump *self = n->element->self;

	if (n != n->element->nodes[n->element->home])
		return;
	if (self->next)
		weir_packet_free(n, self->next);
	if (self->many)
		weir_packet_free(n, self->many);
	self->next = self->many = NULL;
}

static void fini(struct weir_element *e)
{
	struct from_ip_summary_dump *self = e->self;

	if (self->in.file)
		fclose(self->in.file);
	self->in.file = NULL;
	dump_close(&self->child);
}

enum { COUNT, SAMPLING_PROB, ACTIVE, ENCAP, FILENAME };

static int read_value(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct from_ip_summary_dump *self = e->self;

	if (h->user == COUNT)
		weir_printf(out, "%llu", (unsigned long long)self->count);
	else if (h->user == SAMPLING_PROB)
		weir_printf(out, "%g", self->sample);
	else if (h->user == ACTIVE)
		weir_printf(out, "%s", self->active ? "true" : "false");
	else
		weir_printf(out, "%s",
			    h->user == ENCAP ? "IP"
			    : self->filename ? self->filename
					     : "");
	return 0;
}

static int write_active(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct from_ip_summary_dump *self = e->self;
	int r = weir_parse(e, WEIR_T_BOOL, value, "active", &self->active, err);

	if (e->n_nodes)
		weir_wake(e->nodes[e->home]);
	return r;
}

static int stop(struct weir_element *e, const struct weir_handler *, const char *,
		struct weir_err *)
{
	((struct from_ip_summary_dump *)e->self)->active = false;
	weir_stop(e->router);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(FILE, from_ip_summary_dump, filename, "FILENAME", "file; -: standard input",
		 WEIR_POS),
	WEIR_ARG(BOOL, from_ip_summary_dump, stop, "STOP", "stop the router at the end"),
	WEIR_ARG(BOOL, from_ip_summary_dump, active, "ACTIVE", "read packets", .def = "true"),
	WEIR_ARG(BOOL, from_ip_summary_dump, zero, "ZERO", "what is not given is always zero",
		 .flags = WEIR_DEPRECATED),
	WEIR_ARG(BOOL, from_ip_summary_dump, timing, "TIMING", "keep the time between packets"),
	WEIR_ARG(BOOL, from_ip_summary_dump, checksum, "CHECKSUM",
		 "set checksums, and make packets as long as IP says"),
	WEIR_ARG(DOUBLE, from_ip_summary_dump, sample, "SAMPLE", "probability of each packet",
		 .def = "1"),
	WEIR_ARG(U8, from_ip_summary_dump, proto, "PROTO", "IP protocol if none is given",
		 .def = "6"),
	WEIR_ARG(BOOL, from_ip_summary_dump, multipacket, "MULTIPACKET",
		 "as many packets as the count says"),
	WEIR_ARG(ARG, from_ip_summary_dump, fields, "FIELDS", "names of the fields"),
	WEIR_ARG(ARG, from_ip_summary_dump, contents, "CONTENTS", "the same as FIELDS"),
	WEIR_ARG(ARG, from_ip_summary_dump, flowid, "FLOWID",
		 "SRC SPORT DST DPORT [PROTO] if they are not given"),
	WEIR_ARG(BOOL, from_ip_summary_dump, allow_nonexistent, "ALLOW_NONEXISTENT",
		 "a file that does not exist is an empty one"),
	WEIR_ARG(DATA, from_ip_summary_dump, data, "DATA", "the dump itself, instead of a file",
		 .given = offsetof(struct from_ip_summary_dump, data_given)),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ("count", read_value, "packets so far", .user = COUNT),
	WEIR_READ("sampling_prob", read_value, "probability of each packet", .user = SAMPLING_PROB),
	WEIR_READ_WRITE("active", read_value, write_active, "whether it reads packets",
			.user = ACTIVE),
	WEIR_READ("encap", read_value, "IP, for USE_ENCAP_FROM", .user = ENCAP),
	WEIR_READ("filename", read_value, "name of the file", .user = FILENAME),
	WEIR_BUTTON("stop", stop, "stops reading, and the router"),
	{},
};

WEIR_PLAIN_ELEMENT(from_ip_summary_dump, "FromIPSummaryDump",
		   .purpose = "makes packets of the lines of an IP summary dump", .ports = "0/1",
		   .args = args, .handlers = handlers, .configure = configure, .init = init,
		   .fini_node = fini_node, .fini = fini, .task = task, .pull = pull,
		   .is_source = true);
