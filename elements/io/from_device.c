// SPDX-License-Identifier: BSD-2-Clause
// FromDevice: emits the packets that a network interface receives, with their Ethernet headers. All
// queues of the interface are read, by all workers that receive from it. Where packets come in
// classes, those of a class with priority are emitted before the others. What it emits does not
// reach the host's own stack; ToHost gives packets to it. The packet type and time are set.
//
// FORCE_IP passes IPv4 packets only, with the network header set; others leave by `other`, or are
// lost as `not_ip`. SNIFFER, SNAPLEN, METHOD, HEADROOM and ENCAP of Click are accepted and mean
// nothing here.
#include "io.h"

enum { OUT, OTHER };
enum { NOT_IP, BAD_RESUME };

struct from_device {
	struct io_args io;
	bool promisc, promisc_set, force_ip, timestamp, outbound, active;
	char *filter;
	uint32_t protocol;
};

// The first n_urgent of the places where this worker takes packets are for classes with priority.
struct from_device_state {
	unsigned n_urgent, n_places, next;
	unsigned n_watched; // of the places, which end the worker's sleep; none while inactive
	bool awake;	    // it polls the driver, whether something comes or not
	uint64_t count;	    // of packets that were not in the driver's half
	uint64_t before;    // first node: what had entered the driver's half at the last reset
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct from_device *self = e->self;

	if (self->outbound)
		return weir_args_error(a, -1, "OUTBOUND: what the host sends cannot be read");
	if (self->filter && self->filter[0])
		return weir_args_error(a, -1, "BPF_FILTER is not known here; use IPClassifier");
	if (self->protocol)
		return weir_args_error(a, -1, "PROTOCOL is not known here; use Classifier");
	return io_configure(e, a, WEIR_DEVICE_RX, self->promisc_set ? self->promisc : -1);
}

static struct weir_queue *place(const struct weir_node *n, unsigned i)
{
	const struct from_device *self = n->self;

	return weir_device_rx(self->io.device, weir_worker_of(n), i);
}

static int attend(struct weir_node *n)
{
	const struct from_device *self = n->self;
	struct from_device_state *s = n->state;

	for (; s->n_watched < s->n_places; s->n_watched++) {
		int rc = weir_watch_fd(n, place(n, s->n_watched)->fd, NULL);

		if (rc)
			return rc;
	}
	if (!s->awake && self->io.busy_poll && s->n_places) {
		s->awake = true;
		weir_stay_awake(n);
	}
	return 0;
}

// What nobody takes stays in the sockets, which would end every sleep of the worker at once.
static void ignore(struct weir_node *n)
{
	struct from_device_state *s = n->state;

	while (s->n_watched)
		weir_unwatch_fd(n, place(n, --s->n_watched)->fd);
	if (s->awake)
		weir_may_sleep(n);
	s->awake = false;
}

static int cannot_wait(const struct weir_element *e, struct weir_err *err)
{
	const struct from_device *self = e->self;

	return weir_error(err, &e->loc, "cannot wait for packets of %s", self->io.devname);
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	const struct from_device *self = n->self;
	struct from_device_state *s = n->state;
	struct weir_queue *q;

	for (; (q = place(n, s->n_places)); s->n_places++) {
		s->n_urgent += q->class != 0;
		q->node = n;
		if (q->ops->has_post && weir_watch_inbox(n, q->ops->has_post, q))
			return cannot_wait(n->element, err);
	}
	s->next = s->n_urgent;
	return self->active && attend(n) ? cannot_wait(n->element, err) : 0;
}

static void fini_node(struct weir_node *n)
{
	const struct from_device_state *s = n->state;

	ignore(n);
	for (unsigned i = 0; i < s->n_places; i++)
		weir_unwatch_inbox(n, place(n, i));
}

// Is it IPv4? Then the network header is set.
static bool set_ip(struct packet *p)
{
	const struct eth *eth = weir_at(p, 0, sizeof(*eth));
	const struct ip4 *ip = weir_at(p, sizeof(*eth), sizeof(*ip));
	uint32_t hlen = ip ? (ip->vihl & 15) * 4U : 0;

	if (!ip || rd16(eth->type) != ETHERTYPE_IP4 || ip->vihl >> 4 != 4 || hlen < sizeof(*ip) ||
	    !weir_at(p, sizeof(*eth), hlen))
		return false;
	weir_set_network(p, sizeof(*eth), hlen);
	return true;
}

static unsigned sort_out(struct weir_node *n, struct packet **v, unsigned count)
{
	unsigned k = 0, other = weir_out_connected(n->element, OTHER) ? OTHER : WEIR_DROP + NOT_IP;

	for (unsigned i = 0; i < count; i++) {
		if (set_ip(v[i]))
			v[k++] = v[i];
		else
			weir_start(n, other, &v[i], 1);
	}
	return k;
}

static void begin(struct weir_node *n, struct packet **v, unsigned count)
{
	const struct from_device *self = n->self;
	struct from_device_state *s = n->state;

	s->count += count;
	if (self->force_ip)
		count = sort_out(n, v, count);
	if (count)
		weir_start(n, OUT, v, count);
}

// Packets that the driver's half had are not new: they go on where it left.
static void go_on(struct weir_node *n, struct packet **v, unsigned count)
{
	if (!weir_resume(n, v[0]->resume_element, v[0]->resume_input, v, count))
		weir_emit_all(n, WEIR_DROP + BAD_RESUME, v, count);
}

// Element and input where it enters the graph, as one word.
static uint32_t where(const struct packet *p)
{
	uint32_t both;

	memcpy(&both, &p->resume_element, sizeof(both));
	return both;
}
_Static_assert(offsetof(struct packet, resume_input) == offsetof(struct packet, resume_element) + 2,
	       "see where");

// How many, from the front, enter in the same place.
static unsigned same_place(struct packet *const *v, unsigned count)
{
	const uint32_t first = where(v[0]);

	WEIR_UNROLL
	for (unsigned i = 1; i < count; i++)
		if (where(v[i]) != first)
			return i;
	return count;
}

static void hand_on(struct weir_node *n, struct packet **v, unsigned count)
{
	const struct from_device *self = n->self;

	if (self->timestamp) {
		uint64_t now = weir_wall(n);

		WEIR_UNROLL
		for (unsigned i = 0; i < count; i++)
			v[i]->tstamp = now;
	}
	for (unsigned k; count; v += k, count -= k) {
		k = same_place(v, count);
		if (v[0]->resume_element == WEIR_RESUME_NONE)
			begin(n, v, k);
		else
			go_on(n, v, k);
	}
}

// What has priority, and that of the first class before the others.
static unsigned take_urgent(struct weir_node *n, struct packet **v, unsigned burst)
{
	const struct from_device_state *s = n->state;
	unsigned got = 0;

	for (unsigned i = 0; i < s->n_urgent && got < burst; i++) {
		struct weir_queue *q = place(n, i);

		got += q->ops->rx(q, v + got, burst - got);
	}
	return got;
}

// The rest, from the queues in turn.
static unsigned take_rest(struct weir_node *n, struct packet **v, unsigned burst)
{
	struct from_device_state *s = n->state;
	unsigned got = 0;

	for (unsigned i = s->n_urgent; i < s->n_places && got < burst; i++) {
		struct weir_queue *q = place(n, s->next);

		got += q->ops->rx(q, v + got, burst - got);
		if (++s->next == s->n_places)
			s->next = s->n_urgent;
	}
	return got;
}

// So that what other workers took is put back, which they wait for.
static void take_none(struct weir_node *n)
{
	const struct from_device_state *s = n->state;
	struct packet *v[1];

	for (unsigned i = 0; i < s->n_places; i++)
		place(n, i)->ops->rx(place(n, i), v, 0);
}

// Up to a batch with priority and one without: however many there are of the former, the rest is
// not starved.
static bool task(struct weir_node *n, unsigned burst)
{
	const struct from_device *self = n->self;
	const struct from_device_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned urgent, got;

	if (self->io.burst && self->io.burst < burst)
		burst = self->io.burst;
	if (!s->n_places) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	if (!self->active) {
		take_none(n);
		return false;
	}
	urgent = take_urgent(n, v, burst);
	if (urgent)
		hand_on(n, v, urgent);
	got = take_rest(n, v, burst);
	if (got)
		hand_on(n, v, got);
	return urgent || got;
}

static int read_count(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	uint64_t sum = weir_driver_count(e, OUT).packets;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		const struct from_device_state *s = e->nodes[i]->state;

		sum += s->count - s->before;
	}
	weir_printf(out, "%llu", (unsigned long long)sum);
	return 0;
}

static int reset_counts(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_err *)
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		struct from_device_state *s = e->nodes[i]->state;

		s->count = 0;
		s->before = i ? 0 : weir_driver_count(e, OUT).packets;
	}
	return 0;
}

// In the driver it is the entry program, which emits all that comes.
static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct from_device *self = e->self;

	if (self->force_ip)
		return weir_front_refuse(a, "FORCE_IP sorts packets in userspace");
	if (!self->active)
		return weir_front_refuse(a, "ACTIVE false: it does not receive from the start");
	a->device = self->io.device;
	return 0;
}

static int read_drops(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct from_device *self = e->self;

	weir_printf(out, "%llu", (unsigned long long)weir_device_lost(self->io.device));
	return 0;
}

static int read_encap(struct weir_element *, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "ETHER");
	return 0;
}

static int write_active(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct from_device *self = e->self;
	int r = weir_parse(e, WEIR_T_BOOL, value, "active", &self->active, err);

	for (unsigned i = 0; i < e->n_nodes && !r; i++) {
		if (!self->active)
			ignore(e->nodes[i]);
		else if (attend(e->nodes[i]))
			r = cannot_wait(e, err);
	}
	return r;
}

static const char *const rss_names[] = {"keep", "equal", NULL};
static const char *const steer_names[] = {"auto",   "none",	   "flow", "hosts",
					  "source", "destination", NULL};

static const struct weir_arg args[] = {
	IO_ARGS(from_device),
	WEIR_ARG(ENUM, from_device, io.rss, "RSS",
		 "keep: packets come to queues as the interface has it; equal: evenly to all, and "
		 "by the ports of UDP too",
		 .names = rss_names, .def = "keep"),
	WEIR_ARG(
		ENUM, from_device, io.steer, "STEER",
		"what has to come to one worker, over that of its queue (none): flows, all between "
		"two hosts, from a source or to a destination; auto: what elements ask for, and "
		"flows where there are fewer queues than workers",
		.names = steer_names, .def = "auto"),
	WEIR_ARG(BOOL, from_device, promisc, "PROMISC", "receive frames for other hosts too",
		 .given = offsetof(struct from_device, promisc_set), WEIR_POS),
	WEIR_ARG(U32, from_device, io.burst, "SNAPLEN", "ignored",
		 .flags = WEIR_DEPRECATED | WEIR_POSITIONAL),
	WEIR_ARG(BOOL, from_device, force_ip, "FORCE_IP", "pass IPv4 packets only"),
	WEIR_ARG(BOOL, from_device, timestamp, "TIMESTAMP", "set the time", .def = "true"),
	WEIR_ARG(BOOL, from_device, active, "ACTIVE", "receive from the start", .def = "true"),
	WEIR_ARG(BOOL, from_device, outbound, "OUTBOUND", "must be false"),
	WEIR_ARG(STRING, from_device, filter, "BPF_FILTER", "must be empty"),
	WEIR_ARG(U32, from_device, protocol, "PROTOCOL", "must be 0"),
	WEIR_ARG(BOOL, from_device, outbound, "SNIFFER", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(WORD, from_device, filter, "METHOD", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(WORD, from_device, filter, "CAPTURE", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(WORD, from_device, filter, "ENCAP", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(U32, from_device, io.burst, "HEADROOM", "ignored", .flags = WEIR_DEPRECATED),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ("count", read_count, "packets received"),
	WEIR_BUTTON("reset_counts", reset_counts, "sets the count to zero"),
	WEIR_READ("kernel_drops", read_drops, "packets lost between the interface and the router"),
	WEIR_READ("encap", read_encap, "link type", .flags = WEIR_H_READ | WEIR_H_CALM),
	{.name = "active",
	 .kind = WEIR_H_SELF,
	 .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CHECKBOX,
	 .off = offsetof(struct from_device, active),
	 .size = sizeof(bool),
	 .type = WEIR_T_BOOL,
	 .write = write_active,
	 .help = "whether it receives"},
	{},
};

WEIR_PLAIN_ELEMENT(from_device, "FromDevice",
		   .purpose = "emits the packets that a network interface receives",
		   .ports = "0/1-2", .processing = "/h", .out = {"out", "other"},
		   .drops = {"not_ip", "bad_resume"}, .args = args, .handlers = handlers,
		   .configure = configure, .init_node = init_node, .fini_node = fini_node,
		   .task = task, .driver = driver, .state_size = sizeof(struct from_device_state),
		   .is_source = true);
