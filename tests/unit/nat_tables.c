// SPDX-License-Identifier: BSD-2-Clause
// The tables behind address translators, against twins that only keep lists.
#include <criterion/criterion.h>
#include <errno.h>
#include <nat/deterministic.h>
#include <nat/forward.h>
#include <nat/fragments.h>
#include <nat/nat_log.h>
#include <nat/pool.h>
#include <nat/tcp_state.h>
#include <rnd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static be32 ip(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return wr32(a << 24 | b << 16 | c << 8 | d);
}

// --- mappings ---
enum { TWINS = 600, SUBSCRIBERS = 20, PORTS = 16, ADDRESSES = 300 };

struct twin {
	uint32_t number, subscriber, address;
	unsigned proto;
	uint16_t port, external_port;
};

static unsigned find_twin(const struct twin *v, unsigned n, uint32_t who, unsigned proto,
			  uint16_t port, bool external)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i].proto == proto && (external ? v[i].address : v[i].subscriber) == who &&
		    (external ? v[i].external_port : v[i].port) == port)
			return v[i].number;
	return 0;
}

static void count_one(void *arg, uint32_t number)
{
	*(uint64_t *)arg += number;
}

Test(nat_tables, mappings_are_found_by_both_ends)
{
	struct numbers all;
	struct mappings t;
	static struct twin v[TWINS];
	unsigned n = 0;
	uint64_t seed = 7;

	cr_assert_eq(numbers_open(&all, TWINS, sizeof(struct mapping), 1), 0);
	cr_assert_eq(mappings_open(&t, &all, 200, 99), 0);
	for (unsigned i = 0; i < 100000; i++) {
		struct twin x = {.subscriber = 1 + rnd32(&seed) % SUBSCRIBERS,
				 .address = rnd32(&seed) % ADDRESSES,
				 .proto = rnd32(&seed) % MAPPING_PROTOS,
				 .port = (uint16_t)(rnd32(&seed) % PORTS),
				 .external_port = (uint16_t)(rnd32(&seed) % PORTS)};
		const unsigned in = find_twin(v, n, x.subscriber, x.proto, x.port, false);
		const unsigned ex = find_twin(v, n, x.address, x.proto, x.external_port, true);

		cr_assert_eq(mapping_find(&t, x.subscriber, x.proto, x.port), in);
		cr_assert_eq(mapping_find_external(&t, x.address, x.proto, x.external_port), ex);
		if (!in && !ex && n < TWINS && rnd32(&seed) % 3) {
			x.number = mapping_add(&t, x.subscriber, x.proto, x.port, x.address,
					       x.external_port);
			cr_assert(x.number);
			cr_assert_eq(mapping_address(mapping_at(&t, x.number)), x.address);
			mapping_set_sessions(mapping_at(&t, x.number), 0xabcdef);
			cr_assert_eq(mapping_proto(mapping_at(&t, x.number)), x.proto);
			v[n++] = x;
		} else if (n && rnd32(&seed) % 2) {
			const unsigned k = rnd32(&seed) % n;

			cr_assert_eq(mapping_sessions(mapping_at(&t, v[k].number)), 0xabcdef);
			mapping_remove(&t, v[k].number);
			v[k] = v[--n];
		}
	}
	uint64_t sum = 0, want = 0;

	mappings_each(&t, count_one, &sum);
	for (unsigned i = 0; i < n; i++)
		want += v[i].number;
	cr_assert_eq(sum, want);
	mappings_close(&t);
	numbers_close(&all);
}

Test(nat_tables, numbers_go_from_part_to_part)
{
	enum { MOST = 1000 };
	struct numbers_part part[2] = {};
	struct numbers t;
	static uint8_t has[MOST + 3000];
	static uint32_t v[MOST + 3000];
	uint32_t n = 0, number;

	cr_assert_eq(numbers_open(&t, MOST, 8, 2), 0);
	for (unsigned round = 0; round < 4; round++) {
		for (n = 0; (number = numbers_take(&t, &part[round & 1])); n++) {
			cr_assert(!has[number], "%u is given out twice", number);
			has[number] = 1;
			v[n] = number;
		}
		// what the other part keeps for itself is not much
		cr_assert_geq(n, MOST);
		for (uint32_t i = 0; i < n; i++) {
			has[v[i]] = 0;
			numbers_give(&t, &part[round & 1], v[i]);
		}
	}
	numbers_close(&t);
}

// --- ports ---
static void small_pool(struct pool *p, uint32_t first, uint32_t size)
{
	*p = (struct pool){};
	cr_assert_eq(pool_add(p, rd32(ip(192, 0, 2, 8)), 4), 0);
	cr_assert_eq(pool_add(p, rd32(ip(192, 0, 2, 1)), 1), 0);
	cr_assert_eq(pool_add(p, rd32(ip(192, 0, 2, 10)), 1), -EEXIST);
	cr_assert_eq(pool_open(p, first, 65536, size), 0);
}

Test(nat_tables, addresses_have_numbers)
{
	struct pool p;

	small_pool(&p, 0, 64);
	for (uint32_t i = 0; i < p.n; i++)
		cr_assert_eq(pool_find(&p, pool_address(&p, i)), i);
	cr_assert_eq(pool_find(&p, ip(192, 0, 2, 1)), 4);
	cr_assert_eq(pool_find(&p, ip(192, 0, 2, 2)), POOL_NONE);
	cr_assert_eq(pool_find(&p, ip(192, 0, 2, 12)), POOL_NONE);
	pool_close(&p);
}

// RFC 4787 REQ-3, REQ-4: all ports of an address are given out, each once, in its range, and as
// long as there are such with the right parity.
Test(nat_tables, ports_keep_range_and_parity_while_they_last)
{
	static uint8_t used[65536];
	unsigned n = 0, odd = 0, low = 0;
	uint64_t seed = 3;
	struct pool p;

	small_pool(&p, 0, 64);
	p.n_workers = 2;
	for (;; n++) {
		const struct pool_wish w = {.proto = MAPPING_UDP,
					    .parity = true,
					    .port = (uint16_t)(n % 3 ? 2000 : 2001),
					    .random = rnd32(&seed)};
		const uint16_t port = pool_take(&p, 2, n & 1, &w);

		if (!port)
			break;
		cr_assert(!used[port], "%u is given out twice", port);
		used[port] = 1;
		odd += n < 20000 && ((port ^ w.port) & 1);
		low += port < POOL_LOW;
		cr_assert(pool_is_used(&p, 2, MAPPING_UDP, port));
		cr_assert(!pool_is_used(&p, 2, MAPPING_TCP, port));
	}
	cr_assert_eq(odd, 0);
	cr_assert_eq(low, 0);
	// the other worker may have the last blocks
	cr_assert_geq(n, 65536 - POOL_LOW - 64);
	pool_close(&p);
}

Test(nat_tables, what_is_preserved_or_reserved_is_so)
{
	struct pool_wish w = {.proto = MAPPING_TCP, .preserve = true, .port = 4000};
	struct pool p;

	small_pool(&p, 0, 64);
	pool_reserve(&p, POOL_NONE, MAPPING_TCP, 5000, 5001);
	cr_assert_eq(pool_take(&p, 0, 0, &w), 4000);
	cr_assert_neq(pool_take(&p, 0, 0, &w), 4000);
	cr_assert_eq(pool_take(&p, 1, 0, &w), 4000);
	w.strict = true;
	cr_assert_eq(pool_take(&p, 0, 0, &w), 0);
	w.port = 5001;
	cr_assert_eq(pool_take(&p, 0, 0, &w), 0);
	w.port = 4001;
	cr_assert_eq(pool_take(&p, 0, 1, &w), 0, "the block is another worker's");
	w.beside = 9000;
	cr_assert_eq(pool_take(&p, 0, 1, &w), 9000);
	cr_assert_eq(pool_give(&p, 0, MAPPING_TCP, 9000), 0);
	w.port = 80;
	cr_assert_eq(pool_take(&p, 0, 0, &w), 80);
	pool_close(&p);
}

Test(nat_tables, blocks_are_whole_and_one_subscribers)
{
	enum { SIZE = 256 };
	unsigned n = 0, ports = 0;
	struct pool p;
	uint32_t b;

	small_pool(&p, 1024, SIZE);
	cr_assert_eq(p.n_blocks, 252);
	while ((b = pool_claim_any(&p, 3, n & 1, n * 77)) != POOL_NONE) {
		cr_assert_eq(pool_block_address(&p, b), 3);
		cr_assert_eq(pool_block(&p, 3, pool_block_port(&p, b)), b);
		cr_assert_eq(pool_block(&p, 3, (uint16_t)(pool_block_port(&p, b) + SIZE - 1)), b);
		cr_assert_eq(pool_owner(&p, b), n & 1);
		n++;
	}
	cr_assert_eq(n, p.n_blocks);
	cr_assert_eq(pool_block(&p, 3, 1023), POOL_NONE);
	b = pool_block(&p, 3, 2048);
	for (struct pool_wish w = {.proto = MAPPING_ICMP};; w.random += 0x12345, ports++) {
		const uint16_t port = pool_take_of(&p, b, &w);

		if (!port)
			break;
		cr_assert_eq(pool_block(&p, 3, port), b);
	}
	cr_assert_eq(ports, SIZE);
	cr_assert_eq(p.count[b], SIZE);
	pool_release_block(&p, b);
	cr_assert_eq(pool_owner(&p, b), POOL_NONE);
	cr_assert_eq(p.n_free[3], 1);
	pool_close(&p);
}

// --- RFC 7422 ---
Test(nat_tables, deterministic_blocks_are_worked_out_both_ways)
{
	const struct pool_range inside[] = {{rd32(ip(10, 0, 0, 0)), 256, 0},
					    {rd32(ip(10, 9, 0, 0)), 64, 256}};
	struct deterministic d = {.inside = inside, .n_inside = 2, .n = 320};
	struct pool p = {};
	be32 who;

	cr_assert_eq(deterministic_size(320, 5, 64512), 1008 / 64 * 64);
	cr_assert_eq(deterministic_size(200000, 1, 64512), 0);
	cr_assert_eq(pool_add(&p, rd32(ip(192, 0, 2, 0)), 5), 0);
	cr_assert_eq(pool_open(&p, 1024, 65536, deterministic_size(320, 5, 64512)), 0);
	d.pool = &p;
	for (uint32_t i = 0; i < 320; i++) {
		const be32 a = wr32(i < 256 ? inside[0].first + i : inside[1].first + i - 256);
		const uint32_t b = deterministic_block(&d, a);

		cr_assert_lt(b, p.n * p.n_blocks);
		cr_assert(deterministic_inside(&d, b, &who));
		cr_assert_eq(who.be, a.be);
	}
	cr_assert_eq(deterministic_block(&d, ip(10, 1, 0, 0)), POOL_NONE);
	cr_assert(!deterministic_inside(&d, 320, &who));
	pool_close(&p);
}

// --- what is configured ---
Test(nat_tables, forwards_come_and_go)
{
	enum { N = 300 };
	struct forwards t = {};
	struct forward v[N];
	uint8_t in[N] = {};
	uint64_t seed = 5;

	for (unsigned i = 0; i < N; i++)
		v[i] = (struct forward){.inside = ip(10, 0, 0, i % 100),
					.external = ip(192, 0, 2, i % 7),
					.proto = i % 10 ? (uint8_t)(i % 2) : FORWARD_ALL,
					.port = (uint16_t)(i % 10 ? 1000 + i : 0),
					.external_port = (uint16_t)(i % 10 ? 2000 + i : 0)};
	for (unsigned i = 0; i < N; i += 10)
		v[i].inside = v[i].external = ip(10, 1, 1, i / 10);
	for (unsigned k = 0; k < 20000; k++) {
		const unsigned i = rnd32(&seed) % N;
		const struct forward *f =
			forward_find(&t, k & 1, k & 1 ? v[i].external : v[i].inside, v[i].proto,
				     k & 1 ? v[i].external_port : v[i].port);

		cr_assert_eq(!!f, in[i]);
		cr_assert(!f || (f->inside.be == v[i].inside.be && f->port == v[i].port));
		if (rnd32(&seed) % 2) {
			cr_assert_eq(forward_remove(&t, &v[i]), in[i] ? 0 : -ENOENT);
			in[i] = 0;
		} else {
			cr_assert_eq(forward_add(&t, &v[i]), in[i] ? -EEXIST : 0);
			in[i] = 1;
		}
	}
	forwards_close(&t);
}

// --- TCP ---
// The twin looks through all that was ever said.
struct said {
	unsigned direction;
	uint8_t flags;
};

static enum tcp_state hear(const struct said *v, unsigned n)
{
	bool syn[2] = {}, acked[2] = {}, fin[2] = {}, reset = false;

	for (unsigned i = 0; i < n; i++) {
		const unsigned d = v[i].direction;
		const uint8_t f = v[i].flags;
		const bool is_syn = f & TCP_SYN && !(f & TCP_RST), none = !syn[0] && !syn[1];

		if (none && (!is_syn || f & TCP_ACK))
			continue;
		if (is_syn && (reset || (fin[0] && fin[1]))) {
			syn[!d] = acked[0] = acked[1] = fin[0] = fin[1] = reset = false;
			syn[d] = true;
			continue;
		}
		if (fin[0] && fin[1])
			continue;
		if (f & TCP_RST) {
			reset = true;
			continue;
		}
		if (reset) { // it goes on as if nothing had been closed
			reset = fin[0] = fin[1] = false;
			syn[0] = syn[1] = acked[0] = acked[1] = true;
			continue;
		}
		syn[d] |= is_syn;
		acked[d] |= f & TCP_ACK && syn[0] && syn[1];
		fin[d] |= f & TCP_FIN && !is_syn && acked[0] && acked[1];
	}
	if (reset)
		return TCP_STATE_RESET;
	if (fin[0] || fin[1])
		return fin[0] && fin[1] ? TCP_STATE_CLOSED
		       : fin[0]		? TCP_STATE_FIN_OUT
					: TCP_STATE_FIN_IN;
	if (acked[0] || acked[1])
		return acked[0] && acked[1] ? TCP_STATE_ESTABLISHED
		       : acked[0]	    ? TCP_STATE_ACK_OUT
					    : TCP_STATE_ACK_IN;
	if (syn[0] || syn[1])
		return syn[0] && syn[1] ? TCP_STATE_SYN_BOTH
		       : syn[0]		? TCP_STATE_SYN_OUT
					: TCP_STATE_SYN_IN;
	return TCP_STATE_NONE;
}

Test(nat_tables, tcp_is_where_all_that_was_said_leads)
{
	enum { LONGEST = 12, RUNS = 60000 };
	unsigned seen[TCP_STATES] = {};
	uint64_t seed = 11;

	for (unsigned run = 0; run < RUNS; run++) {
		enum tcp_state s = TCP_STATE_NONE;
		struct said v[LONGEST];

		for (unsigned i = 0; i < LONGEST; i++) {
			static const uint8_t often[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK,
							TCP_ACK | TCP_PSH, TCP_FIN | TCP_ACK};

			v[i].direction = rnd32(&seed) & 1;
			v[i].flags = rnd32(&seed) % 4 ? often[rnd32(&seed) % 5]
						      : (uint8_t)(rnd32(&seed) & 0x3f);
			s = tcp_state_after(s, v[i].direction, v[i].flags);
			cr_assert_eq(s, hear(v, i + 1), "after %u packets: %s, not %s", i + 1,
				     tcp_state_name(s), tcp_state_name(hear(v, i + 1)));
			seen[s]++;
		}
	}
	for (unsigned i = 0; i < TCP_STATES; i++)
		cr_assert_gt(seen[i], 100, "%s hardly occurs", tcp_state_name(i));
}

// RFC 5382 REQ-2: both ways to open a connection.
Test(nat_tables, tcp_opens_by_handshake_and_from_both_sides)
{
	enum tcp_state s = tcp_state_after(TCP_STATE_NONE, 0, TCP_SYN);

	s = tcp_state_after(s, 1, TCP_SYN | TCP_ACK);
	cr_assert_eq(tcp_state_timeout(s), TCP_TIMEOUT_OPENING);
	s = tcp_state_after(s, 0, TCP_ACK);
	cr_assert_eq(s, TCP_STATE_ESTABLISHED);
	s = tcp_state_after(TCP_STATE_NONE, 0, TCP_SYN);
	s = tcp_state_after(s, 1, TCP_SYN);
	s = tcp_state_after(s, 0, TCP_SYN | TCP_ACK);
	s = tcp_state_after(s, 1, TCP_SYN | TCP_ACK);
	cr_assert_eq(s, TCP_STATE_ESTABLISHED);
	cr_assert_eq(tcp_state_timeout(tcp_state_after(s, 0, TCP_RST)), TCP_TIMEOUT_CLOSING);
}

// --- fragments ---
Test(nat_tables, fragments_are_bounded_and_forgotten)
{
	struct fragments f = {.most = 4, .most_packets = 6, .timeout = 100};
	struct packet p[8] = {};
	struct ip4 h = {.src = ip(10, 0, 0, 1), .dst = ip(192, 0, 2, 1), .proto = 17};
	struct fragment_train *t, *first;

	h.id = wr16(1);
	first = t = fragment_add(&f, fragment_key(&h, 0), 5);
	cr_assert(t);
	for (unsigned i = 0; i < 6; i++)
		cr_assert(fragment_wait(&f, t, &p[i]));
	cr_assert(!fragment_wait(&f, t, &p[6]));
	cr_assert_eq(fragment_find(&f, fragment_key(&h, 0)), t);
	cr_assert_null(fragment_find(&f, fragment_key(&h, 1)));
	for (unsigned i = 2; i <= 4; i++) {
		h.id = wr16((uint16_t)i);
		cr_assert(fragment_add(&f, fragment_key(&h, 0), 10 * i));
	}
	h.id = wr16(5);
	cr_assert_null(fragment_add(&f, fragment_key(&h, 0), 60));
	cr_assert_null(fragment_expired(&f, 104));
	cr_assert_eq(fragment_expired(&f, 105), first);
	t = first;
	cr_assert_eq(fragment_take(&f, t), &p[0]);
	cr_assert_eq(f.n_packets, 0);
	fragment_remove(&f, t);
	cr_assert(fragment_add(&f, fragment_key(&h, 0), 60));
	h.id = wr16(1);
	cr_assert_null(fragment_find(&f, fragment_key(&h, 0)));
	fragments_close(&f);
	cr_assert_eq(f.n, 0);
}

// --- the log ---
Test(nat_tables, log_lines_are_whole_and_counted_when_lost)
{
	char name[] = "/tmp/weir-nat-log-XXXXXX", line[256];
	struct nat_log_event e = {.wall = 1700000000123456789,
				  .what = NAT_LOG_MAPPING_ADD,
				  .proto = IPPROTO4_UDP,
				  .inside = ip(10, 0, 0, 1),
				  .external = ip(192, 0, 2, 1),
				  .port = 1000,
				  .external_port = 2000};
	unsigned lines = 0;
	struct nat_log *log;
	FILE *f;
	int fd = mkstemp(name);

	cr_assert(fd >= 0);
	cr_assert_eq(nat_log_open(&log, name, 2, 3), 0);
	for (unsigned i = 0; i < 5; i++)
		nat_log_put(log, i & 1, &e);
	while (nat_log_lost(log) < 2)
		;
	nat_log_close(log);
	f = fopen(name, "r");
	while (fgets(line, sizeof(line), f)) {
		cr_assert_str_eq(line, "2023-11-14T22:13:20.123456Z nat44 mapping-create udp "
				       "10.0.0.1:1000 192.0.2.1:2000\n");
		lines++;
	}
	cr_assert_eq(lines, 3);
	fclose(f);
	close(fd);
	unlink(name);
}
