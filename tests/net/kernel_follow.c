// SPDX-License-Identifier: BSD-2-Clause

// Follows the kernel of this network namespace as the router does, and compares: its state with
// that of a follower that has only just read everything, and where it sends packets with where the
// kernel says that it would send them.

#include <weir/fib6.h>
#include <weir/handler.h>

#include <linux/rtnetlink.h>

#include <arpa/inet.h>
#include <kernel_ways.h>
#include <libmnl/libmnl.h>
#include <mirror.h>
#include <net/if.h>
#include <rnd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define USAGE                                                                                     \
	"usage: kernel_follow [-r RCVBUF] [-l LIMIT] DEV ...: says how long reading took; then\n" \
	"does what the lines of its input say, and answers each with a line:\n"                   \
	"  same MS                 within MS it knows what a new follower does\n"                 \
	"  lookup inet|inet6 N SEED [IIF]  N addresses go where the kernel says\n"                \
	"  until NAME VALUE MS     a count of the state has that value within MS\n"               \
	"  above NAME VALUE MS     or more\n"                                                     \
	"  count NAME              of the state\n"                                                \
	"  rate                    changes a second of CPU time, since it was last asked for\n"   \
	"  latency N DEV GATEWAY   from a change of the kernel to that of the table, N times\n"   \
	"  neighbor ADDRESS STATE MS  known, failed or gone, as a watch hears\n"                  \
	"  resolve DEV ADDRESS\n"                                                                 \
	"  text WHAT               ended by a line with a dot\n"

enum { MS = 1000 * 1000, HEARD = 256 };

// What the watches heard last of a neighbour.
struct heard {
	char addr[INET6_ADDRSTRLEN];
	enum weir_neighbor_state state;
};

struct follow {
	struct weir_kernel_options options;
	struct weir_kernel *k;
	struct mnl_socket *socket;
	pthread_mutex_t lock;
	struct heard heard[HEARD]; // guarded by lock
	unsigned n_heard;
	unsigned long long changes, busy; // when the rate was last asked for
};

static void hear(void *arg, const struct weir_neighbor_news *news)
{
	struct follow *f = arg;
	char addr[INET6_ADDRSTRLEN];
	unsigned i = 0;

	inet_ntop(news->family, news->addr, addr, sizeof(addr));
	pthread_mutex_lock(&f->lock);
	while (i < f->n_heard && strcmp(f->heard[i].addr, addr))
		i++;
	if (i < HEARD) {
		strcpy(f->heard[i].addr, addr);
		f->heard[i].state = news->state;
		if (i == f->n_heard)
			f->n_heard++;
	}
	pthread_mutex_unlock(&f->lock);
}

static struct weir_kernel *start(const struct weir_kernel_options *o, struct follow *f)
{
	struct weir_err err = {};
	struct weir_kernel *k = weir_kernel_new(o, &err);

	for (unsigned i = 0; k && f && i < o->n_devices; i++)
		weir_kernel_watch_neighbors(k, o->devices[i], hear, f);
	if (!k || !weir_kernel_view(k, NULL) || weir_kernel_start(k, NULL, &err)) {
		fputs(err.text ?: "no memory\n", stderr);
		exit(1);
	}
	return k;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// The lines of a text, sorted; the text is cut up.
static unsigned lines(struct weir_buf *b, char ***v)
{
	unsigned n = 0, most = 0;
	char *at = b->text, *line;

	for (size_t i = 0; i < b->len; i++)
		most += b->text[i] == '\n';
	*v = calloc(most + 1, sizeof(**v));
	while (at && (line = strsep(&at, "\n")))
		if (*line)
			(*v)[n++] = line;
	if (n)
		qsort(*v, n, sizeof(**v), by_text);
	return n;
}

// Prints the first line that only one of them has.
static bool texts_agree(struct weir_kernel *a, struct weir_kernel *b, const char *what, bool print)
{
	struct weir_buf text[2] = {};
	char **line[2] = {};
	unsigned n[2], i = 0;
	bool agree = !weir_kernel_text(a, what, false, &text[0]) &&
		     !weir_kernel_text(b, what, false, &text[1]);

	n[0] = lines(&text[0], &line[0]);
	n[1] = lines(&text[1], &line[1]);
	while (i < n[0] && i < n[1] && !strcmp(line[0][i], line[1][i]))
		i++;
	agree &= i == n[0] && i == n[1];
	if (!agree && print)
		printf("%s: %u and %u lines; followed: %s; new: %s\n", what, n[0], n[1],
		       i < n[0] ? line[0][i] : "-", i < n[1] ? line[1][i] : "-");
	free(line[0]);
	free(line[1]);
	weir_buf_free(&text[0]);
	weir_buf_free(&text[1]);
	return agree;
}

static void same(struct follow *f, unsigned ms)
{
	static const char *const texts[] = {"links", "addresses", "nexthops", "rules", "routes"};
	uint64_t start_at = kernel_now(), until = start_at + (uint64_t)ms * MS;

	while (true) {
		struct weir_kernel *fresh = start(&f->options, NULL);
		bool last = kernel_now() > until, agree = true;

		for (unsigned i = 0; agree && i < sizeof(texts) / sizeof(texts[0]); i++)
			agree = texts_agree(f->k, fresh, texts[i], last);
		weir_kernel_free(fresh);
		if (agree)
			printf("same after %llu ms\n",
			       (unsigned long long)(kernel_now() - start_at) / MS);
		if (agree || last)
			return;
		usleep(20000);
	}
}

// --- look-ups ---

struct pick {
	uint64_t seed;
	struct weir_ip6 *dst;
	unsigned n, cap;
};

// An address of that prefix, or one beside it; now and then any.
static struct weir_ip6 pick_near(uint64_t *seed, const struct rib_route *r)
{
	struct weir_ip6 m = weir_ip6_mask(r->len), any = {rnd64(seed), rnd64(seed)};
	struct weir_ip6 dst = {r->dst.hi | (any.hi & ~m.hi), r->dst.lo | (any.lo & ~m.lo)};

	if (rnd64(seed) % 4 == 0 && r->len > 8)
		dst.hi ^= 1ull << (64 - (r->len < 64 ? r->len : 64));
	if (r->family == AF_INET)
		dst = rib_ip4(rib_to_ip4(dst));
	return dst;
}

static bool is_askable(uint8_t family, struct weir_ip6 dst)
{
	unsigned first = (unsigned)(dst.hi >> 56);

	if (family == AF_INET)
		return first && first != 127 && first < 224;
	return first >= 0x20 && first < 0xfe;
}

// Of many routes some, each with the same likelihood.
static int pick(void *arg, const struct rib_route *r, uint32_t)
{
	struct pick *p = arg;
	struct weir_ip6 dst = pick_near(&p->seed, r);
	unsigned at = p->n;

	if (!is_askable(r->family, dst))
		return 0;
	if (p->n >= p->cap)
		at = (unsigned)(rnd64(&p->seed) % (p->n + 1));
	if (at < p->cap)
		p->dst[at] = dst;
	p->n++;
	return 0;
}

static void lookup(struct follow *f, const char *family_name, unsigned n, uint64_t seed,
		   const char *iif)
{
	uint8_t family = strcmp(family_name, "inet") ? AF_INET6 : AF_INET;
	const struct weir_view *v = weir_kernel_view(f->k, iif);
	struct pick p = {.seed = seed * 2 + 1, .cap = n, .dst = calloc(n + 1, sizeof(*p.dst))};
	struct kernel_ways ways = {f->k, f->socket, f->options.devices, f->options.n_devices};
	uint32_t index = iif ? if_nametoindex(iif) : 0;
	unsigned count[3] = {};

	usleep(100000); // for a view that is new
	for (unsigned i = 0; i < 8; i++)
		rnd64(&p.seed);
	kernel_lock(&f->k->lock);
	rib_walk_routes(f->k->rib, family, pick, &p);
	kernel_unlock(&f->k->lock);
	for (unsigned i = 0; i < n && p.n; i++) {
		struct weir_ip6 dst = p.dst[i % (p.n < n ? p.n : n)];

		if (i >= p.n) { // few routes: others beside them
			dst.hi ^= rnd64(&p.seed) >> (family == AF_INET ? 40 : 52) << 32;
			if (!is_askable(family, dst))
				continue;
		}
		count[kernel_ways_compare(&ways, v, family, dst, index, !count[WAYS_DIFFER])]++;
		if (count[WAYS_DIFFER] > 10)
			break;
	}
	printf("%u agree, %u to the host, %u differ\n", count[WAYS_AGREE], count[WAYS_HOST],
	       count[WAYS_DIFFER]);
	free(p.dst);
}

// --- counts of the state ---

static bool find_count(struct follow *f, const char *name, unsigned long long *value)
{
	struct weir_buf b = {};
	char *at, *line;
	bool found = false;

	weir_kernel_text(f->k, "state", false, &b);
	at = b.text;
	while (at && (line = strsep(&at, "\n"))) {
		char *colon = strchr(line, ':');

		if (!colon || strncmp(line, name, (size_t)(colon - line)) || name[colon - line])
			continue;
		*value = strtoull(colon + 1, NULL, 10);
		found = true;
	}
	weir_buf_free(&b);
	return found;
}

static void until(struct follow *f, const char *name, unsigned long long want, unsigned ms,
		  bool or_more)
{
	uint64_t start_at = kernel_now();
	unsigned long long value = 0;

	while (find_count(f, name, &value)) {
		if (value == want || (or_more && value > want)) {
			printf("%s is %llu after %llu ms\n", name, value,
			       (unsigned long long)(kernel_now() - start_at) / MS);
			return;
		}
		if (kernel_now() - start_at > (uint64_t)ms * MS)
			break;
		usleep(2000);
	}
	printf("%s stays %llu, not %llu\n", name, value, want);
}

static void rate(struct follow *f)
{
	unsigned long long changes = 0, busy = 0;

	find_count(f, "changes", &changes);
	find_count(f, "busy_ns", &busy);
	printf("%.0f changes a second\n",
	       (double)(changes - f->changes) * 1e9 / (double)(busy - f->busy ?: 1));
	f->changes = changes;
	f->busy = busy;
}

// --- latency ---

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool change(struct follow *f, uint16_t type, uint32_t dst, uint32_t oif, uint32_t gw)
{
	char bytes[512];
	struct nlmsghdr *m = mnl_nlmsg_put_header(bytes);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (type == RTM_NEWROUTE ? NLM_F_CREATE : 0);
	r->rtm_family = AF_INET;
	r->rtm_dst_len = 32;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = RTPROT_STATIC;
	r->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(m, RTA_DST, htonl(dst));
	mnl_attr_put_u32(m, RTA_OIF, oif);
	mnl_attr_put_u32(m, RTA_GATEWAY, gw);
	if (mnl_socket_sendto(f->socket, m, m->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(f->socket, bytes, sizeof(bytes)) < 0)
		return false;
	return !((struct nlmsgerr *)mnl_nlmsg_get_payload((struct nlmsghdr *)bytes))->error;
}

static uint64_t wait_for_change(struct follow *f, const struct weir_view *v, uint32_t dst,
				uint32_t old)
{
	uint64_t from = kernel_now(), took = 0;
	uint32_t value = old;

	while (value == old && took < 1000ull * MS) {
		sched_yield();
		kernel_lock(&f->k->lock);
		value = weir_fib4_lookup(v->fib4, dst);
		kernel_unlock(&f->k->lock);
		took = kernel_now() - from;
	}
	return took;
}

static void latency(struct follow *f, unsigned n, const char *dev, const char *gateway)
{
	const struct weir_view *v = weir_kernel_view(f->k, NULL);
	uint64_t *took = calloc(n + 1, sizeof(*took));
	uint32_t oif = if_nametoindex(dev), gw = inet_addr(gateway);

	for (unsigned i = 0; i < n; i++) {
		uint32_t dst = 0x63000000 + i / 2 * 7; // 99.0.0.0
		uint32_t old = weir_fib4_lookup(v->fib4, dst);

		if (!change(f, i % 2 ? RTM_DELROUTE : RTM_NEWROUTE, dst, oif, gw)) {
			printf("the kernel refuses\n");
			break;
		}
		took[i] = wait_for_change(f, v, dst, old);
		usleep(1000);
	}
	qsort(took, n, sizeof(*took), by_number);
	printf("median %.3f ms, nine of ten %.3f ms, most %.3f ms\n", (double)took[n / 2] / MS,
	       (double)took[n * 9 / 10] / MS, (double)took[n - 1] / MS);
	free(took);
}

// The name of an IPv6 address as a next hop of IPv4 packets.
static void name_of(struct follow *f, const char *addr, char *text)
{
	uint8_t bytes[16];
	uint32_t name;

	inet_pton(AF_INET6, addr, bytes);
	kernel_lock(&f->k->lock);
	name = htonl(rib_name(f->k->rib, weir_ip6_read(bytes)));
	kernel_unlock(&f->k->lock);
	inet_ntop(AF_INET, &name, text, INET_ADDRSTRLEN);
}

static void neighbor(struct follow *f, const char *addr, const char *state, unsigned ms)
{
	static const char *const states[] = {"known", "failed", "gone"};
	char name[INET_ADDRSTRLEN];
	uint64_t end = kernel_now() + (uint64_t)ms * MS;
	const char *is = "not heard of";

	do {
		if (!strncmp(addr, "name:", 5)) {
			name_of(f, addr + 5, name);
			addr = strcmp(name, "0.0.0.0") ? name : addr;
		}
		pthread_mutex_lock(&f->lock);
		for (unsigned i = 0; i < f->n_heard; i++)
			if (!strcmp(f->heard[i].addr, addr))
				is = states[f->heard[i].state];
		pthread_mutex_unlock(&f->lock);
		if (strcmp(is, state))
			usleep(5000);
	} while (strcmp(is, state) && kernel_now() < end);
	printf("%s is %s\n", addr, is);
}

static void resolve(struct follow *f, const char *dev, const char *addr)
{
	uint8_t bytes[16], family = strchr(addr, ':') ? AF_INET6 : AF_INET;

	inet_pton(family, addr, bytes);
	weir_kernel_resolve(f->k, dev, family, bytes);
	printf("asked\n");
}

static void text(struct follow *f, const char *what, bool json)
{
	struct weir_buf b = {};
	int rc = weir_kernel_text(f->k, what, json, &b);

	printf("%s%s.\n", b.text ?: "", rc ? "refused\n" : "");
	weir_buf_free(&b);
}

static void obey(struct follow *f, char **w, unsigned n)
{
	const char *what = n ? w[0] : "";

	if (!strcmp(what, "same") && n == 2)
		same(f, (unsigned)atoi(w[1]));
	else if (!strcmp(what, "lookup") && n >= 4)
		lookup(f, w[1], (unsigned)atoi(w[2]), strtoull(w[3], NULL, 0),
		       n > 4 && strcmp(w[4], "-") ? w[4] : NULL);
	else if ((!strcmp(what, "until") || !strcmp(what, "above")) && n == 4)
		until(f, w[1], strtoull(w[2], NULL, 0), (unsigned)atoi(w[3]), what[0] == 'a');
	else if (!strcmp(what, "count") && n == 2)
		until(f, w[1], 0, 0, true);
	else if (!strcmp(what, "rate"))
		rate(f);
	else if (!strcmp(what, "latency") && n == 4)
		latency(f, (unsigned)atoi(w[1]), w[2], w[3]);
	else if (!strcmp(what, "neighbor") && n == 4)
		neighbor(f, w[1], w[2], (unsigned)atoi(w[3]));
	else if (!strcmp(what, "resolve") && n == 3)
		resolve(f, w[1], w[2]);
	else if (!strcmp(what, "text") && n >= 2)
		text(f, w[1], n > 2);
	else
		printf("not understood\n");
	fflush(stdout);
}

static void serve(struct follow *f)
{
	char line[512], *words[8], *at;

	while (fgets(line, sizeof(line), stdin)) {
		unsigned n = 0;

		at = line;
		while (n < 8 && (words[n] = strsep(&at, " \n")))
			n += *words[n] != 0;
		obey(f, words, n);
	}
}

int main(int argc, char **argv)
{
	static struct follow f = {.lock = PTHREAD_MUTEX_INITIALIZER};
	uint64_t from;
	int c;

	while ((c = getopt(argc, argv, "r:l:")) != -1)
		if (c == 'r')
			f.options.rcvbuf = strtoull(optarg, NULL, 0);
		else if (c == 'l')
			f.options.most_routes4 = f.options.most_routes6 =
				(uint32_t)strtoul(optarg, NULL, 0);
		else
			return fputs(USAGE, stderr), 2;
	f.options.devices = (const char *const *)argv + optind;
	f.options.n_devices = (unsigned)(argc - optind);
	f.socket = mnl_socket_open(NETLINK_ROUTE);
	if (!f.socket || mnl_socket_bind(f.socket, 0, MNL_SOCKET_AUTOPID))
		return perror("netlink"), 1;
	from = kernel_now();
	f.k = start(&f.options, &f);
	printf("read in %llu ms, %llu of CPU time\n",
	       (unsigned long long)(kernel_now() - from) / MS,
	       (unsigned long long)clock() * 1000 / CLOCKS_PER_SEC);
	fflush(stdout);
	serve(&f);
	weir_kernel_free(f.k);
	mnl_socket_close(f.socket);
	return 0;
}
