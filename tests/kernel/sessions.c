// SPDX-License-Identifier: BSD-2-Clause

// Sessions in the driver: random ones and random packets through the program and through what
// userspace does with a packet of that session: same bytes, same port, or handed over as it came.
// Sessions that are written meanwhile. What the program notes of the time.
//
//	sessions BUILD	needs root

#include "session_forward.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/front.h>
#include <figure.h>
#include <nat/session_share.h>
#include <nat/translate.h>
#include <packages.h>
#include <pthread.h>
#include <rnd.h>
#include <shared_half.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

// --- an element with a table, that only the driver looks into ---
struct session_test {
	uint32_t most;
	struct sessions table;
	struct session_part part;
	struct session_forward front;
};

static int init(struct weir_element *e, struct weir_err *err)
{
	struct session_test *self = e->self;
	bool found;

	return sessions_open(&self->table, e, self->most, &found, err);
}

static void fini(struct weir_element *e)
{
	struct session_test *self = e->self;

	sessions_close(&self->table);
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct session_test *self = e->self;

	sessions_share(&self->table, &self->front.view, a);
	a->self = &self->front;
	a->size = sizeof(self->front);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, session_test, most, "SESSIONS", "there may be", WEIR_POS),
	{},
};
WEIR_DRIVER_CLASS(session_test, "SessionTest", .purpose = "forwards packets of sessions",
		  .ports = "1/3", .processing = "h/h", .args = args, .init = init, .fini = fini,
		  .driver = driver);

static void open_half(struct half *h, unsigned most)
{
	char text[64];

	snprintf(text, sizeof(text), "Idle -> e :: SessionTest(%u); e[0], e[1], e[2] -> Idle;",
		 most);
	half_open(h, "../tests/kernel/session_forward", text);
}

static struct session_test *test_of(const struct half *h)
{
	return h->e->self;
}

// --- sessions and packets ---
enum { ENDS = 1 << 16, PAUSE = 200 }; // a session is changed so often, and left alone between
enum { NET = 0x0a000000, FEW = 40, OUTS = 3, LONGEST = 120, ICMP_REPLY = 0, ICMP_REQUEST = 8 };

static uint64_t seed = 7;

static unsigned draw(unsigned n)
{
	return rnd32(&seed) % n;
}

static uint8_t draw_proto(void)
{
	static const uint8_t protos[] = {IPPROTO4_TCP, IPPROTO4_UDP, IPPROTO4_TCP, IPPROTO4_ICMP};

	return protos[draw(4)];
}

static struct session_tuple draw_tuple(uint8_t proto)
{
	struct session_tuple t = {
		.src = wr32(NET + draw(FEW)),
		.dst = wr32(NET + 0x10000 + draw(FEW)),
		.sport = wr16((uint16_t)draw(FEW)),
		.dport = wr16((uint16_t)draw(4)),
	};

	if (proto == IPPROTO4_ICMP) // a request has its identifier there
		t.dport = wr16(0);
	return t;
}

// A session that may be changed until it is inserted.
static uint32_t begin_session(struct session_test *self, struct session *s)
{
	const uint32_t number = session_new(&self->table, &self->part);
	struct session *to = &self->table.at[number];

	if (!number)
		return 0;
	s->version = to->version;
	*to = *s;
	return number;
}

static bool add_session(struct session_test *self, struct session *s)
{
	const uint32_t number = begin_session(self, s);
	struct session_hit other;

	if (!number)
		return false;
	if (!session_insert(&self->table, &self->part, number, &other))
		return true;
	session_end(&self->table, &self->part, number);
	return false;
}

static unsigned add_sessions(struct session_test *self, unsigned n)
{
	unsigned made = 0;

	while (n--) {
		struct session s = {.proto = draw_proto(), .state = 1};

		s.from = draw_tuple(s.proto);
		s.to = draw_tuple(s.proto);
		s.to.src.be ^= wr32(0x20000).be;
		s.out[0] = (uint16_t)draw(OUTS);
		s.out[1] = (uint16_t)draw(OUTS);
		s.flags = draw(8) ? SESSION_FAST : 0;
		made += add_session(self, &s);
	}
	return made;
}

struct frame {
	struct eth eth;
	struct ip4 ip;
	uint8_t rest[LONGEST];
} __attribute__((packed));

static void fill_transport(struct frame *f, const struct session_tuple *t)
{
	struct udp *udp = (struct udp *)f->rest;
	struct tcp *tcp = (struct tcp *)f->rest;
	struct icmp4 *icmp = (struct icmp4 *)f->rest;

	if (f->ip.proto == IPPROTO4_ICMP) {
		icmp->type = t->dport.be ? ICMP_REPLY : ICMP_REQUEST;
		if (!draw(8))
			icmp->type = (uint8_t)draw(20);
		icmp->rest.be = (icmp->rest.be & 0xffff0000) | t->sport.be | t->dport.be;
		return;
	}
	udp->sport = t->sport;
	udp->dport = t->dport;
	if (f->ip.proto == IPPROTO4_TCP)
		tcp->flags = draw(4) ? TCP_ACK : (uint8_t)draw(64);
	else if (!draw(4))
		udp->csum = wr16(0);
}

// Mostly a packet that such a session would have.
static struct packet *draw_packet(const struct session_tuple *t, uint8_t proto)
{
	struct packet *p = aligned_alloc(64, 1024);
	struct frame f = {.eth.type = wr16(ETHERTYPE_IP4)};
	unsigned len = sizeof(struct tcp) + draw(40);

	for (unsigned i = 0; i < LONGEST; i++)
		f.rest[i] = (uint8_t)rnd32(&seed);
	f.ip = (struct ip4){
		.vihl = draw(16) ? 0x45 : (uint8_t)(0x40 + draw(16)),
		.len = wr16((uint16_t)(sizeof(f.ip) + len)),
		.frag = wr16(draw(16) ? (uint16_t)draw(2) * IP4_DF : (uint16_t)rnd32(&seed)),
		.ttl = 64,
		.proto = proto,
		.csum = wr16(draw(50) ? (uint16_t)rnd32(&seed) : (uint16_t)(draw(2) - 1)),
		.src = t->src,
		.dst = t->dst,
	};
	fill_transport(&f, t);
	if (!draw(16)) // shorter than it says, or it says less
		len = draw(len);
	if (!draw(16))
		f.ip.len = wr16((uint16_t)draw(sizeof(f.ip) + len));
	half_need(p, "no memory");
	*p = (struct packet){.off = sizeof(*p) + WEIR_HEADROOM, .room = 1024};
	memcpy((uint8_t *)p + p->off, &f, sizeof(f.eth) + sizeof(f.ip) + len);
	p->off += sizeof(f.eth);
	p->len = (uint32_t)sizeof(f.ip) + len;
	p->network = (uint16_t)p->off;
	p->transport = (uint16_t)(p->off + sizeof(f.ip));
	return p;
}

static struct packet *draw_any_packet(const struct session_test *self)
{
	const struct session *s = &self->table.at[1 + draw(self->part.live)];
	const uint8_t proto = draw(8) ? s->proto : draw_proto();
	struct session_tuple t = draw(2) ? s->from : session_flip(s->to);

	if (!draw(8))
		t = draw_tuple(proto);
	return draw_packet(&t, proto);
}

// --- what userspace does ---
static bool is_plain(struct packet *p, const struct translate_seen *seen)
{
	const struct ip4 *ip = weir_ip4(p);

	if (ip->vihl != 0x45 || seen->kind != TRANSLATE_PLAIN || seen->first ||
	    seen->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return false;
	if (seen->proto == IPPROTO4_ICMP && !(seen->tuple.sport.be | seen->tuple.dport.be))
		return false;
	if (seen->proto == IPPROTO4_ICMP)
		return ((const uint8_t *)(ip + 1))[0] == ICMP_REPLY ||
		       ((const uint8_t *)(ip + 1))[0] == ICMP_REQUEST;
	return true;
}

static struct session_tuple leaves_as(const struct session *s, unsigned direction)
{
	return direction ? session_flip(s->from) : s->to;
}

// The output, or PROGRAM_HANDED.
static int twin(struct session_test *self, struct packet *p)
{
	const struct translate_seen seen = translate_look(p);
	struct session_tuple to;
	struct session_hit hit;
	const struct session *s;

	if (!is_plain(p, &seen))
		return PROGRAM_HANDED;
	hit = sessions_find(&self->table, sessions_hash4(&self->table, &seen.tuple, seen.proto),
			    &seen.tuple, seen.proto, NULL);
	s = &self->table.at[hit.number];
	if (!hit.number || !(s->flags & SESSION_FAST))
		return PROGRAM_HANDED;
	to = leaves_as(s, hit.direction);
	translate_packet(p, &seen, &to);
	weir_set_dst_ip(p, to.dst);
	return s->out[hit.direction];
}

static struct packet *draw_plain(const struct session_tuple *t, uint8_t proto)
{
	for (;;) {
		struct packet *p = draw_packet(t, proto);
		const struct translate_seen seen = translate_look(p);

		if (is_plain(p, &seen))
			return p;
		free(p);
	}
}

static bool is_same(const struct packet *a, const struct packet *b)
{
	return a->len == b->len &&
	       !memcmp((const uint8_t *)a + a->off, (const uint8_t *)b + b->off, a->len) &&
	       !memcmp(a->anno, b->anno, sizeof(a->anno));
}

static struct packet *copy_of(const struct packet *p)
{
	struct packet *c = aligned_alloc(64, 1024);

	half_need(c, "no memory");
	memcpy(c, p, 1024);
	return c;
}

static void test_parity(unsigned most, unsigned sessions, unsigned packets)
{
	unsigned forwarded = 0, handed = 0, wrong = 0, made;
	struct half h;

	open_half(&h, most);
	made = add_sessions(test_of(&h), sessions);
	for (unsigned i = 0; i < packets; i++) {
		struct packet *p = draw_any_packet(test_of(&h)), *q = copy_of(p);
		const int want = twin(test_of(&h), p), got = program_run(&h.prog, q);

		wrong += want != got || !is_same(p, q);
		forwarded += want != PROGRAM_HANDED;
		handed += want == PROGRAM_HANDED;
		free(p);
		free(q);
	}
	half_check(!wrong, "both halves agree");
	half_check(forwarded > packets / 4 && handed > packets / 16, "packets of both kinds");
	printf("sessions: %u of %u, %u packets forwarded, %u handed over\n", made, most, forwarded,
	       handed);
	half_close(&h);
}

// --- while it is written ---
struct writer {
	struct session_test *self;
	atomic_bool stop;
	struct session_tuple from;
	uint64_t n;
};

enum { MANY = 100, SOME = 5 };

// The source's last byte says which output belongs to it.
static void fill_in(struct session *s, const struct session_tuple *from, uint64_t n)
{
	s->from = *from;
	s->to = *from;
	s->to.src = wr32(NET + 0x30000 + (uint32_t)(n % OUTS));
	s->to.sport = wr16((uint16_t)(1000 + n % OUTS));
	s->out[0] = (uint16_t)(n % OUTS);
	s->proto = IPPROTO4_UDP;
	s->state = 1;
	s->flags = SESSION_FAST;
}

// Changes it in place, or ends it and makes another one of the same key.
static void *write_on(void *arg)
{
	struct writer *w = arg;
	struct sessions *t = &w->self->table;
	uint32_t number = 0;
	struct session_hit other;

	for (; !atomic_load(&w->stop); w->n++) {
		for (volatile unsigned i = 0; i < PAUSE; i++)
			;
		if (number && w->n % ENDS) {
			session_write_begin(&t->at[number]);
			t->at[number].out[0] = (uint16_t)(w->n % OUTS);
			t->at[number].to.src = wr32(NET + 0x30000 + (uint32_t)(w->n % OUTS));
			t->at[number].to.sport = wr16((uint16_t)(1000 + w->n % OUTS));
			session_write_end(&t->at[number]);
			continue;
		}
		if (number)
			session_end(t, &w->self->part, number);
		number = session_new(t, &w->self->part);
		if (number) {
			fill_in(&t->at[number], &w->from, w->n);
			if (session_insert(t, &w->self->part, number, &other))
				number = 0;
		}
		sessions_turn(t, &w->self->part, figure_clock(), 1, NULL, NULL);
	}
	return NULL;
}

static bool is_whole(const struct packet *p, int port)
{
	const struct ip4 *ip = (const struct ip4 *)((const uint8_t *)p + p->off);
	const struct udp *udp = (const struct udp *)(ip + 1);

	return rd32(ip->src) == NET + 0x30000 + (uint32_t)port &&
	       rd16(udp->sport) == 1000 + (unsigned)port;
}

static void test_race(void)
{
	struct writer w = {.from = {wr32(NET + 1), wr32(NET + 2), wr16(3), wr16(4)}};
	uint64_t begin = figure_clock(), whole = 0, handed = 0, torn = 0;
	const uint64_t second = 1000000000;
	struct half h;
	pthread_t thread;

	open_half(&h, 1000);
	w.self = test_of(&h);
	half_need(!pthread_create(&thread, NULL, write_on, &w), "no thread");
	while (figure_clock() < begin + second ||
	       ((whole < MANY || handed < SOME) && figure_clock() < begin + 20 * second)) {
		struct packet *p = draw_plain(&w.from, IPPROTO4_UDP);
		const int port = program_run(&h.prog, p);

		if (port == PROGRAM_HANDED)
			handed++;
		else if (port >= 0 && port < OUTS && is_whole(p, port))
			whole++;
		else
			torn++;
		free(p);
	}
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	half_check(whole >= MANY && handed >= SOME, "packets meet changes");
	half_check(!torn, "no packet of half a session");
	printf("sessions: %llu changes, %llu packets forwarded, %llu handed over\n",
	       (unsigned long long)w.n, (unsigned long long)whole, (unsigned long long)handed);
	half_close(&h);
}

// --- the time ---
static void beat(const struct half *h, uint64_t tick)
{
	int fd = bpf_object__find_map_fd_by_name(h->prog.object, "weir_beat");
	struct weir_beat now = {.last = tick << SESSION_TICK};
	__u32 zero = 0;

	half_need(!bpf_map_update_elem(fd, &zero, &now, BPF_ANY), "no clock");
}

static int sends(struct half *h, const struct session_tuple *t)
{
	struct packet *p = draw_plain(t, IPPROTO4_TCP);
	const int port = program_run(&h->prog, p);

	free(p);
	return port;
}

static uint32_t find_number(const struct half *h, const struct session_tuple *t)
{
	const struct sessions *all = &test_of(h)->table;

	return sessions_find(all, sessions_hash4(all, t, IPPROTO4_TCP), t, IPPROTO4_TCP, NULL)
		.number;
}

static void set_flags(struct session *s, uint8_t flags)
{
	session_write_begin(s);
	s->flags = flags;
	session_write_end(s);
}

static void test_time(void)
{
	struct session s = {.proto = IPPROTO4_TCP, .state = 1, .flags = SESSION_FAST}, *x;
	struct session_tuple back;
	struct half h;

	s.from = (struct session_tuple){wr32(NET), wr32(NET + 1), wr16(2), wr16(3)};
	s.to = (struct session_tuple){wr32(NET + 4), wr32(NET + 1), wr16(5), wr16(3)};
	s.out[0] = 1;
	s.out[1] = 2;
	back = session_flip(s.to);
	open_half(&h, 1000);
	half_need(add_session(test_of(&h), &s), "no session");
	x = &test_of(&h)->table.at[find_number(&h, &s.from)];
	beat(&h, 100);
	half_check(sends(&h, &s.from) == 1 && x->last[0] == 100 && !x->last[1],
		   "a direction has its time");
	beat(&h, 101);
	half_check(sends(&h, &back) == 2 && x->last[0] == 100 && x->last[1] == 101,
		   "and the other its own");
	beat(&h, 99);
	half_check(sends(&h, &s.from) == 1 && x->last[0] == 100, "time does not go back");
	beat(&h, 200);
	set_flags(x, 0);
	half_check(sends(&h, &s.from) == PROGRAM_HANDED && x->last[0] == 100,
		   "what is handed over is not noted");
	set_flags(x, SESSION_FAST);
	session_write_begin(x);
	half_check(sends(&h, &s.from) == PROGRAM_HANDED && x->last[0] == 100,
		   "what is being written is handed over");
	session_write_end(x);
	half_check(sends(&h, &s.from) == 1 && x->last[0] == 200, "and goes on afterwards");
	half_close(&h);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: sessions BUILD\n");
		return 2;
	}
	half_build = argv[1];
	weir_packages_load((const char *const[]){half_build, NULL}, NULL); // objects are below it
	test_parity(3000, 3000, 20000);
	test_parity(60, 80, 5000);
	test_parity(1, 1, 1000);
	test_parity(1 << 20, 30000, 5000);
	test_race();
	test_time();
	printf("%u passed, %u failed\n", half_passed, half_failed);
	return half_failed || !half_passed;
}
