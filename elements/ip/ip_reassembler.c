// SPDX-License-Identifier: BSD-2-Clause
// IPReassembler: puts fragments of IPv4 packets together (RFC 791 3.2, RFC 815); other packets
// pass. A packet is given up 30 seconds after its first fragment, or when the fragments held exceed
// HIMEM bytes (the oldest packet goes first); its first fragment then leaves by `expired`, for
// ICMPError(…, timeexceeded, reassembly), the others are lost as `timeout`. Fragments that overlap
// take their whole packet with them; a repeated one is lost alone.
//
// All fragments of a packet have to come to one worker, as they do from an interface. HIMEM is for
// all workers together; but each may always hold its part of it, whatever the others hold.
//
//	CheckIPHeader -> re :: IPReassembler -> ...; re[1] -> ICMPError(1.0.0.1, 11, 1) -> ...
#include <weir/csum.h>
#include <weir/element.h>

#include <stdlib.h>

enum { OUT, EXPIRED };
enum reason { BAD_FRAGMENT, DUPLICATE, OVERLAP, TIMEOUT, NO_BUFFER };

enum {
	BUCKETS = 256,
	OVERHEAD = 256, // counted for each fragment beside its bytes
};
static const uint64_t lifetime = 30000000000; // ns

// A packet of which fragments are held. owner: worker.
struct datagram {
	struct datagram *chain;		// of the bucket
	struct datagram *older, *newer; // by arrival
	be32 src, dst;
	be16 id;
	uint8_t proto;
	bool complete_end;   // the last fragment is there: `total` is known
	uint32_t total, got; // bytes of payload
	uint32_t mem;
	uint64_t until;
	struct packet *first; // by offset, through next
};

struct ip_reassembler {
	uint32_t himem;
	uint64_t mem; // that all workers hold. Atomic
};
struct ip_reassembler_state {
	struct datagram *buckets[BUCKETS], *oldest, *newest;
	uint32_t mem, n_packets, seed;
	uint32_t share; // part of himem that is this worker's
	struct weir_timer timer;
};

struct extent {
	uint32_t off, end; // of the payload
};

static uint32_t header_len(const struct ip4 *ip)
{
	return (ip->vihl & 15u) * 4;
}

static struct extent extent_of(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	uint32_t off = (rd16(ip->frag) & IP4_OFFMASK) * 8u;

	return (struct extent){off, off + rd16(ip->len) - header_len(ip)};
}

static struct datagram **bucket_of(struct ip_reassembler_state *s, const struct ip4 *ip)
{
	uint32_t h = (ip->src.be ^ s->seed) * 0x9e3779b1;

	h = (h ^ ip->dst.be ^ (uint32_t)ip->id.be << 16 ^ ip->proto) * 0x85ebca6b;
	return &s->buckets[h >> 24];
}

static struct datagram *find(struct ip_reassembler_state *s, const struct ip4 *ip)
{
	struct datagram *d = *bucket_of(s, ip);

	while (d && (d->src.be != ip->src.be || d->dst.be != ip->dst.be || d->id.be != ip->id.be ||
		     d->proto != ip->proto))
		d = d->chain;
	return d;
}

static struct datagram *add(struct weir_node *n, const struct ip4 *ip)
{
	struct ip_reassembler_state *s = n->state;
	struct datagram *d = calloc(1, sizeof(*d)), **at = bucket_of(s, ip);

	if (!d)
		return NULL;
	d->src = ip->src;
	d->dst = ip->dst;
	d->id = ip->id;
	d->proto = ip->proto;
	d->until = weir_now(n) + lifetime;
	d->chain = *at;
	*at = d;
	d->older = s->newest;
	if (s->newest)
		s->newest->newer = d;
	else
		s->oldest = d;
	s->newest = d;
	return d;
}

static uint64_t *mem_of_all(struct weir_node *n)
{
	return &((struct ip_reassembler *)n->element->self)->mem;
}

// Takes a datagram out of the table and frees it; its packets are the caller's.
static struct packet *take_out(struct weir_node *n, struct datagram *d)
{
	struct ip_reassembler_state *s = n->state;
	const struct ip4 key = {.src = d->src, .dst = d->dst, .id = d->id, .proto = d->proto};
	struct datagram **at = bucket_of(s, &key);
	struct packet *first = d->first;

	while (*at != d)
		at = &(*at)->chain;
	*at = d->chain;
	if (d->older)
		d->older->newer = d->newer;
	else
		s->oldest = d->newer;
	if (d->newer)
		d->newer->older = d->older;
	else
		s->newest = d->older;
	s->mem -= d->mem;
	__atomic_fetch_sub(mem_of_all(n), d->mem, __ATOMIC_RELAXED);
	for (struct packet *p = first; p; p = p->next)
		s->n_packets--;
	free(d);
	return first;
}

static void lose_all(struct weir_node *n, struct packet *p, enum reason why)
{
	while (p) {
		struct packet *next = p->next;

		weir_drop(n, why, p);
		p = next;
	}
}

static void give_up(struct weir_node *n, struct datagram *d)
{
	struct packet *p = take_out(n, d);

	if (p && !extent_of(p).off) {
		struct packet *next = p->next;

		weir_emit(n, EXPIRED, p);
		p = next;
	}
	lose_all(n, p, TIMEOUT);
}

static void reap(struct weir_node *n, struct weir_timer *timer)
{
	struct ip_reassembler_state *s = n->state;

	while (s->oldest && s->oldest->until <= weir_now(n))
		give_up(n, s->oldest);
	if (s->oldest)
		weir_timer_set(timer, n, s->oldest->until, reap);
}

// Puts a fragment into its place. False: it is gone, perhaps with the datagram.
static bool insert(struct weir_node *n, struct datagram *d, struct packet *p)
{
	struct ip_reassembler_state *s = n->state;
	struct extent x = extent_of(p);
	struct packet **at = &d->first;
	bool last = !(rd16(weir_ip4(p)->frag) & IP4_MF);
	uint32_t mem = p->len + OVERHEAD;

	while (*at && extent_of(*at).end <= x.off)
		at = &(*at)->next;
	if (*at) {
		struct extent y = extent_of(*at);

		if (y.off == x.off && y.end == x.end) {
			weir_drop(n, DUPLICATE, p);
			return false;
		}
		if (y.off < x.end)
			goto overlap;
	}
	// something beyond the end, or two different ends
	if ((last && (*at || d->complete_end)) || (d->complete_end && x.end > d->total))
		goto overlap;
	if (last) {
		d->complete_end = true;
		d->total = x.end;
	}
	p->next = *at;
	*at = p;
	d->got += x.end - x.off;
	d->mem += mem;
	s->mem += mem;
	__atomic_fetch_add(mem_of_all(n), mem, __ATOMIC_RELAXED);
	s->n_packets++;
	return true;
overlap:
	weir_drop(n, OVERLAP, p);
	lose_all(n, take_out(n, d), OVERLAP);
	return false;
}

// One packet of all fragments: the first, with the others behind it.
static struct packet *join(struct weir_node *n, struct packet *p, uint32_t total)
{
	struct packet *rest = p->next, *whole;
	uint32_t hlen = header_len(weir_ip4(p)), have = extent_of(p).end;
	struct ip4 *ip;

	weir_truncate(p, (uint32_t)(p->network - p->off) + hlen + have);
	whole = hlen + total <= 65535 ? weir_packet_room(n, p, weir_headroom(p), total - have)
				      : NULL;
	if (!whole) {
		lose_all(n, p, NO_BUFFER);
		return NULL;
	}
	while (rest) {
		struct packet *next = rest->next;
		struct extent x = extent_of(rest);
		uint32_t len = x.end - x.off;
		uint8_t *to = weir_push_back(whole, len);

		memcpy(to, (uint8_t *)weir_ip4(rest) + header_len(weir_ip4(rest)), len);
		weir_absorb(n, rest);
		rest = next;
	}
	ip = weir_ip4(whole);
	ip->len = wr16((uint16_t)(hlen + total));
	ip->frag = wr16(rd16(ip->frag) & (IP4_RF | IP4_DF));
	weir_csum_ip4_set(ip, hlen);
	whole->next = NULL;
	return whole;
}

static bool is_sane(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	struct extent x;

	if (header_len(ip) < sizeof(*ip) || rd16(ip->len) <= header_len(ip) ||
	    rd16(ip->len) > weir_network_len(p))
		return false;
	x = extent_of(p);
	return x.end <= 65535 && (!(x.end & 7) || !(rd16(ip->frag) & IP4_MF));
}

// After a fragment that did not complete its packet.
static void keep_in_bounds(struct weir_node *n)
{
	const struct ip_reassembler *self = n->self;
	struct ip_reassembler_state *s = n->state;

	while (s->mem > s->share && __atomic_load_n(mem_of_all(n), __ATOMIC_RELAXED) > self->himem)
		give_up(n, s->oldest);
	if (!s->timer.when && s->oldest)
		weir_timer_set(&s->timer, n, s->oldest->until, reap);
}

// Takes a fragment that is in no batch; the whole packet when this was the last that was missing.
static struct packet *reassemble(struct weir_node *n, struct packet *p)
{
	struct ip_reassembler_state *s = n->state;
	const struct ip4 *ip = weir_ip4(p);
	uint64_t tstamp = p->tstamp;
	struct datagram *d = NULL;
	struct packet *whole;
	uint32_t total;

	if (!is_sane(p)) {
		weir_drop(n, BAD_FRAGMENT, p);
		return NULL;
	}
	if (weir_may_keep(n)) {
		d = find(s, ip);
		d = d ? d : add(n, ip);
	}
	if (!d) {
		weir_drop(n, NO_BUFFER, p);
		return NULL;
	}
	if (!insert(n, d, p))
		return NULL;
	if (!d->complete_end || d->got != d->total) {
		keep_in_bounds(n);
		return NULL;
	}
	total = d->total;
	whole = join(n, take_out(n, d), total);
	if (whole)
		whole->tstamp = tstamp;
	return whole;
}

static void ip_reassembler(struct weir_node *n, unsigned, struct batch *b)
{
	const unsigned count = b->n;
	unsigned k = 0;

	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		const struct ip4 *ip = weir_ip4(p);

		if (WEIR_UNLIKELY(ip && rd16(ip->frag) & (IP4_MF | IP4_OFFMASK))) {
			b->bytes -= p->len;
			p = reassemble(n, p);
			if (!p)
				continue;
			b->bytes += p->len;
		}
		b->p[k++] = p;
	}
	b->n = k;
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	const struct ip_reassembler *self = n->self;
	struct ip_reassembler_state *s = n->state;

	s->seed = weir_random(n);
	s->share = self->himem / weir_workers_count(&n->element->runs);
	return 0;
}

static void fini_node(struct weir_node *n)
{
	struct ip_reassembler_state *s = n->state;

	weir_timer_clear(&s->timer);
	for (struct datagram *d = s->oldest, *newer; d; d = newer) {
		newer = d->newer;
		for (struct packet *p = d->first, *next; p; p = next) {
			next = p->next;
			weir_packet_free(n, p);
		}
		free(d);
	}
	s->oldest = s->newest = NULL;
}

static bool keeps(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		  void *arg)
{
	const struct ip_reassembler_state *s = n->state;

	for (const struct datagram *d = s->oldest; d; d = d->newer)
		for (const struct packet *p = d->first; p; p = p->next)
			if (fn(arg, p))
				return true;
	return false;
}

static unsigned held(struct weir_node *n)
{
	return ((const struct ip_reassembler_state *)n->state)->n_packets;
}

// Of several workers, one may hold all while the others hold their part, too.
static unsigned capacity(const struct weir_element *e)
{
	const struct ip_reassembler *self = e->self;

	return self->himem / OVERHEAD * (weir_workers_count(&e->runs) > 1 ? 2 : 1);
}

static const struct weir_arg ip_reassembler_args[] = {
	WEIR_ARG(U32, ip_reassembler, himem, "HIMEM", "most bytes that fragments may take",
		 .def = "262144"),
	{},
};

WEIR_BATCH_ELEMENT(ip_reassembler, "IPReassembler", .purpose = "reassembles fragmented IP packets",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "expired"},
		   .drops = {"bad-fragment", "duplicate", "overlap", "timeout", "no-buffer"},
		   .state_size = sizeof(struct ip_reassembler_state), .args = ip_reassembler_args,
		   .init_node = init_node, .fini_node = fini_node, .held = held, .keeps = keeps,
		   .affinity = WEIR_AFFINITY_DATAGRAM, .capacity = capacity);

WEIR_CASES(ip_reassembler, {"", "ip4 udp", "out", ""}, {"", "ip4 df udp", "out", ""},
	   {"", "ip4 mf proto=17 bytes=7", "bad-fragment", ""},
	   {"", "ip4 frag=8 iplen=20", "bad-fragment", ""},
	   {"", "ip4 frag=65528 bytes=16", "bad-fragment", ""},
	   {"", "ip4 id=7 mf proto=17 hex=0001020304050607 | ip4 id=7 frag=8 proto=17 hex=08090a",
	    "out", "ip4 id=7 proto=17 bytes=11"},
	   {"", "ip4 id=7 frag=8 proto=17 hex=08090a | ip4 id=7 mf proto=17 hex=0001020304050607",
	    "out", "ip4 id=7 proto=17 bytes=11"});
