// SPDX-License-Identifier: BSD-2-Clause

// Tables of neighbours that both halves read: what userspace learns is seen by the programs at
// once, and no program ever sees half of a neighbour.
//
//	neighbors BUILD	needs root

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/front.h>
#include <arpa/inet.h>
#include <ethernet/kernel_neighbors.h>
#include <figure.h>
#include <packages.h>
#include <pthread.h>
#include <shared_half.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

// --- addresses of 4 bytes ---
static bool goes_to(struct half *h, uint32_t ip, uint8_t last)
{
	const uint8_t want[14] = {2, 0, 0, 0, 0, last, 2, 0, 0, 0, 0, 1, 8, 0};

	return half_leaves_by(h, ip) == 0 && !memcmp(weir_data(h->p), want, sizeof(want));
}

// A sign of life, as the router gives.
static void beat(struct half *h)
{
	int fd = bpf_object__find_map_fd_by_name(h->prog.object, "weir_beat");
	struct weir_beat now = {.last = weir_clock_ns(h->engine)};
	__u32 zero = 0;

	half_need(!bpf_map_update_elem(fd, &zero, &now, BPF_ANY), "no clock");
}

enum { NET = 10u << 24 };

static void test_neighbors(void)
{
	struct half h;

	half_open(&h, "ethernet/arp_querier",
		  "Idle -> e :: ARPQuerier(10.0.0.1/24, 2:0:0:0:0:1) -> Idle; Idle -> [1]e;");
	half_check(half_leaves_by(&h, NET | 2) == PROGRAM_HANDED, "an unknown neighbour");
	half_write(&h, "e.insert", "10.0.0.2 2:0:0:0:0:2");
	half_write(&h, "e.insert", "10.0.0.3 2:0:0:0:0:3");
	half_check(goes_to(&h, NET | 2, 2) && goes_to(&h, NET | 3, 3), "two neighbours");
	half_check(half_leaves_by(&h, NET | 4) == PROGRAM_HANDED, "an address that is not there");
	half_write(&h, "e.insert", "10.0.0.2 2:0:0:0:0:9");
	half_check(goes_to(&h, NET | 2, 9), "a neighbour's new address");
	half_write(&h, "e.delete", "10.0.0.2");
	half_check(half_leaves_by(&h, NET | 2) == PROGRAM_HANDED && goes_to(&h, NET | 3, 3),
		   "one is deleted");
	half_write(&h, "e.clear", "");
	half_check(half_leaves_by(&h, NET | 3) == PROGRAM_HANDED, "all are cleared");
	half_check(half_leaves_by(&h, 0) == PROGRAM_HANDED, "no address");
	half_close(&h);
	half_open(&h, "ethernet/arp_querier",
		  "Idle -> e :: ARPQuerier(10.0.0.1/24, 2:0:0:0:0:1, POLL_TIMEOUT 0.4) -> Idle;"
		  "Idle -> [1]e;");
	half_write(&h, "e.insert", "10.0.0.2 2:0:0:0:0:2");
	beat(&h);
	half_check(goes_to(&h, NET | 2, 2), "a neighbour that was just heard");
	usleep(500000);
	half_check(goes_to(&h, NET | 2, 2), "who stays known where nobody could ask");
	beat(&h);
	half_check(half_leaves_by(&h, NET | 2) == PROGRAM_HANDED, "it is time to ask again");
	half_close(&h);
}

struct flapper {
	struct half *h;
	atomic_bool stop;
	uint64_t n;
};

static void *flap(void *arg)
{
	struct flapper *f = arg;

	for (; !atomic_load(&f->stop); f->n++)
		half_write(f->h, "e.insert",
			   f->n % 2 ? "10.0.0.2 2:1:1:1:1:1" : "10.0.0.2 4:5:5:5:5:5");
	return NULL;
}

// A neighbour whose address changes, and no packet with half of each.
static void test_flapping(void)
{
	struct flapper f = {};
	uint64_t end = figure_clock() + 1000000000, whole = 0, given = 0, other = 0;
	struct half h;
	pthread_t thread;

	half_open(&h, "ethernet/arp_querier",
		  "Idle -> e :: ARPQuerier(10.0.0.1/24, 2:0:0:0:0:1) -> Idle; Idle -> [1]e;");
	f.h = &h;
	half_need(!pthread_create(&thread, NULL, flap, &f), "no thread");
	while (figure_clock() < end) {
		int port = half_leaves_by(&h, NET | 2);
		const uint8_t *d = weir_data(h.p);

		if (port == PROGRAM_HANDED)
			given++;
		else if (port == 0 &&
			 (!memcmp(d, "\2\1\1\1\1\1", 6) || !memcmp(d, "\4\5\5\5\5\5", 6)))
			whole++;
		else
			other++;
	}
	atomic_store(&f.stop, true);
	pthread_join(thread, NULL);
	half_check(whole > 100 && f.n > 100 && !other, "a neighbour has one address or the other");
	printf("neighbour: %llu changes, %llu packets to it, %llu to userspace\n",
	       (unsigned long long)f.n, (unsigned long long)whole, (unsigned long long)given);
	half_close(&h);
}

// --- addresses of 16 bytes ---
static bool goes_to6(struct half *h, const char *text, uint8_t last)
{
	const uint8_t want[14] = {2, 0, 0, 0, 0, last, 2, 0, 0, 0, 0, 1, 0x86, 0xdd};

	return half_sends(h, text) == 0 && !memcmp(weir_data(h->p), want, sizeof(want));
}

static const char ND[] = "Idle -> e :: IP6NDSolicitor(fe80::1, 2:0:0:0:0:1, POLL_TIMEOUT 0.4)"
			 " -> Idle; Idle -> [1]e;";

static void test_neighbors6(void)
{
	struct half h;

	half_open(&h, "ethernet/ip6_nd_solicitor", ND);
	half_check(half_sends(&h, "ip6 dst_ip6=fe80::2") == PROGRAM_HANDED, "an unknown neighbour");
	half_write(&h, "e.insert", "fe80::2 2:0:0:0:0:2");
	half_write(&h, "e.insert", "fe80::3 2:0:0:0:0:3");
	half_check(goes_to6(&h, "ip6 dst_ip6=fe80::2", 2) && goes_to6(&h, "ip6 dst_ip6=fe80::3", 3),
		   "two neighbours");
	half_check(half_sends(&h, "ip6 dst_ip6=fe81::2") == PROGRAM_HANDED &&
			   half_sends(&h, "ip6 dst_ip6=fe80:0:0:1::2") == PROGRAM_HANDED &&
			   half_sends(&h, "ip6 dst_ip6=fe80::1:2") == PROGRAM_HANDED,
		   "addresses that differ in one bit");
	half_write(&h, "e.insert", "fe80::2 2:0:0:0:0:9");
	half_check(goes_to6(&h, "ip6 dst_ip6=fe80::2", 9), "a neighbour's new address");
	half_write(&h, "e.delete", "fe80::2");
	half_check(half_sends(&h, "ip6 dst_ip6=fe80::2") == PROGRAM_HANDED &&
			   goes_to6(&h, "ip6 dst_ip6=fe80::3", 3),
		   "one is deleted");
	beat(&h);
	usleep(550000);
	beat(&h);
	half_check(half_sends(&h, "ip6 dst_ip6=fe80::3") == PROGRAM_HANDED,
		   "it is time to ask again");
	half_close(&h);
}

// All pairs of places are full: whoever is there is told right, and nobody else.
static void test_many6(void)
{
	enum { MANY = 60000 };
	unsigned known = 0, other = 0;
	char text[64];
	struct half h;

	half_open(&h, "ethernet/ip6_nd_solicitor", ND);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "2001:db8::%x:%x 2:0:0:0:0:%x", i >> 4, i & 15,
			 i & 255);
		half_write(&h, "e.insert", text);
	}
	for (unsigned i = 0; i < MANY; i += 7) {
		int port;

		snprintf(text, sizeof(text), "ip6 dst_ip6=2001:db8::%x:%x", i >> 4, i & 15);
		port = half_sends(&h, text);
		known += port == 0 && weir_data(h.p)[5] == (i & 255);
		other += port ? port != PROGRAM_HANDED : weir_data(h.p)[5] != (i & 255);
	}
	half_check(known > MANY / 7 / 4 && !other, "a full table names nobody wrongly");
	half_close(&h);
}

// Three neighbours that share two places, so that each drives another out.
static void *flap6(void *arg)
{
	static const char *const neighbors[] = {"fe80::2 2:1:1:1:1:1", "fe80::82 2:2:2:2:2:2",
						"fe80::3102 2:3:3:3:3:3"};
	struct flapper *f = arg;

	for (; !atomic_load(&f->stop); f->n++)
		half_write(f->h, "e.insert", neighbors[f->n % 3]);
	return NULL;
}

enum { MOST_MET = 100, LEAST_MET = 10 };

// A second at least, and on a busy machine until packets met what is rare.
static bool meets_few(uint64_t begin, uint64_t whole, uint64_t given)
{
	const uint64_t second = 1000000000, since = figure_clock() - begin;

	return since < second || (since < 20 * second && (whole <= MOST_MET || given <= LEAST_MET));
}

// A packet has the Ethernet address of its own neighbour, or none.
static void test_flapping6(void)
{
	struct flapper f = {};
	uint64_t begin = figure_clock(), whole = 0, given = 0, other = 0;
	struct half h;
	pthread_t thread;

	half_open(&h, "ethernet/ip6_nd_solicitor", ND);
	f.h = &h;
	half_need(!pthread_create(&thread, NULL, flap6, &f), "no thread");
	while (meets_few(begin, whole, given)) {
		int port = half_sends(&h, "ip6 dst_ip6=fe80::82");

		if (port == PROGRAM_HANDED)
			given++;
		else if (port == 0 && !memcmp(weir_data(h.p), "\2\2\2\2\2\2", 6))
			whole++;
		else
			other++;
	}
	atomic_store(&f.stop, true);
	pthread_join(thread, NULL);
	half_check(whole > MOST_MET && given > LEAST_MET, "packets meet changes");
	half_check(!other, "a neighbour of IPv6 is whole");
	printf("neighbour of IPv6: %llu changes, %llu packets to it, %llu to userspace\n",
	       (unsigned long long)f.n, (unsigned long long)whole, (unsigned long long)given);
	half_close(&h);
}

// --- neighbours of the kernel ---
static void kernel_says(struct half *h, const char *address, enum weir_neighbor_state state,
			uint8_t last)
{
	const bool is_ip4 = !strchr(address, ':');
	struct weir_neighbor_news news = {
		.family = is_ip4 ? AF_INET : AF_INET6, .mac = {2, [5] = last}, .state = state};

	half_need(inet_pton(news.family, address, news.addr) == 1, address);
	kernel_neighbors_hear(h->e->self, &news);
	weir_worker_round(&h->engine->workers[0]);
}

// There is no such interface, so its address is all zeros.
static bool leads_to(struct half *h, const char *packet, const uint8_t dst[6], uint16_t type)
{
	const struct eth want = {.type = wr16(type)};
	struct eth got;

	if (half_sends(h, packet) != 0)
		return false;
	memcpy(&got, weir_data(h->p), sizeof(got));
	return !memcmp(got.dst, dst, 6) && !memcmp(got.src, want.src, 6) &&
	       got.type.be == want.type.be;
}

static bool is_marked(struct half *h, const char *address)
{
	const struct kernel_neighbors *self = h->e->self;
	struct neighbor_key k;

	half_need(inet_pton(AF_INET6, address, &k) == 1, address);
	return neighbor6_used(&self->core.front, k);
}

static const char KERNEL[] = "k :: KernelRoutes; Idle -> e :: KernelNeighbors(k, nowhere0) -> Idle;"
			     "e[1] -> Idle;";

static void test_kernel(void)
{
	const uint8_t two[6] = {2, [5] = 2}, three[6] = {2, [5] = 3}, six[6] = {2, [5] = 6};
	const uint8_t group4[6] = {1, 0, 0x5e, 1, 2, 3}, group6[6] = {0x33, 0x33, 0, 0, 0, 5};
	struct half h;

	half_open(&h, "ethernet/kernel_neighbors", KERNEL);
	half_check(half_sends(&h, "ip4 dst_ip=10.0.0.2") == PROGRAM_HANDED &&
			   half_sends(&h, "ip6 dst_ip6=fe80::2") == PROGRAM_HANDED,
		   "neighbours that the kernel does not know");
	kernel_says(&h, "10.0.0.2", WEIR_NEIGHBOR_KNOWN, 2);
	kernel_says(&h, "fe80::2", WEIR_NEIGHBOR_KNOWN, 3);
	kernel_says(&h, "0.0.0.5", WEIR_NEIGHBOR_KNOWN, 6);
	half_check(leads_to(&h, "ip4 dst_ip=10.0.0.2", two, ETHERTYPE_IP4), "one of IPv4");
	half_check(leads_to(&h, "ip6 dst_ip6=fe80::2", three, ETHERTYPE_IP6), "one of IPv6");
	half_check(leads_to(&h, "ip4 dst_ip=0.0.0.5", six, ETHERTYPE_IP4), "one by its name");
	half_check(is_marked(&h, "fe80::2") && !is_marked(&h, "fe80::2") &&
			   is_marked(&h, "::ffff:10.0.0.2"),
		   "who was used is marked");
	half_check(leads_to(&h, "ip4 dst_ip=239.129.2.3", group4, ETHERTYPE_IP4) &&
			   leads_to(&h, "ip6 dst_ip6=ff02::5", group6, ETHERTYPE_IP6),
		   "multicasts");
	half_check(half_sends(&h, "ip6 dst_ip6=::ffff:10.0.0.2") == PROGRAM_HANDED &&
			   half_sends(&h, "ip6 dst_ip6=::") == PROGRAM_HANDED &&
			   half_sends(&h, "ip4") == PROGRAM_HANDED &&
			   half_sends(&h, "hex=00 dst_ip=10.0.0.2") == PROGRAM_HANDED,
		   "what has no next hop of its family");
	kernel_says(&h, "fe80::2", WEIR_NEIGHBOR_KNOWN, 6);
	half_check(leads_to(&h, "ip6 dst_ip6=fe80::2", six, ETHERTYPE_IP6), "it moved");
	kernel_says(&h, "fe80::2", WEIR_NEIGHBOR_GONE, 6);
	kernel_says(&h, "10.0.0.2", WEIR_NEIGHBOR_FAILED, 6);
	half_check(half_sends(&h, "ip6 dst_ip6=fe80::2") == PROGRAM_HANDED &&
			   half_sends(&h, "ip4 dst_ip=10.0.0.2") == PROGRAM_HANDED,
		   "one is gone, one does not answer");
	half_close(&h);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: neighbors BUILD\n");
		return 2;
	}
	half_build = argv[1];
	weir_packages_load((const char *const[]){half_build, NULL}, NULL); // objects are below it
	test_neighbors();
	test_flapping();
	test_neighbors6();
	test_many6();
	test_flapping6();
	test_kernel();
	printf("%u passed, %u failed\n", half_passed, half_failed);
	return half_failed || !half_passed;
}
