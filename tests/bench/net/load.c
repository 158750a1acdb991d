// SPDX-License-Identifier: BSD-2-Clause

// Sends a load through whatever joins two interfaces and prints what arrived, as lines of JSON: at
// full speed with the rate per interval, or at a given rate with losses and latencies.

#include "load.h"

#include "bench_load.skel.h"
#include "target.h"

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USAGE                                                                                \
	"usage: load --from NS:IF --to NS:IF --mac ROUTER --src IP --dst IP [options]\n"     \
	"  of IPv6 one size (84 bytes), and no probes\n"                                     \
	"  --dsts FILE       destinations instead, as on the wire, a power of two of them\n" \
	"  --rate PPS        paced; without it as fast as it goes\n"                         \
	"  --seconds S       how long to measure (2)\n"                                      \
	"  --warm S          before measuring (0.3; at full speed only)\n"                   \
	"  --interval S      length of one sample (0.1; at full speed only)\n"               \
	"  --mix             64, 594 and 1518 byte frames as 7 to 4 to 1, instead of 64\n"   \
	"  --times           latencies\n"                                                    \
	"  --probes N        every Nth packet is sent back, and its round trip timed\n"      \
	"  --first           stop at the first packet that arrives\n"                        \
	"  --cpu N           where to generate (0)\n"

enum { N_SAMPLES = 10000, MAX_CPUS = 1024, LOAD_BATCH = 64, DRAIN_MS = 20 };

struct options {
	const char *from, *to;
	struct target target;
	double rate, seconds, warm, interval;
	unsigned cpu, probe_every;
	bool mix, times, first;
};

struct end {
	int ns, link;
	unsigned ifindex;
	uint8_t mac[6];
};

struct load {
	struct options opt;
	struct end from, to;
	struct bench_load *skel;
	pthread_t thread;
	uint32_t repeat; // packets to send in one call
	int err;	 // of the generator; valid when done
	atomic_bool done;
};

static void stop_call(int)
{
	// only there to end the system call
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_for(double seconds)
{
	uint64_t until = clock_ns() + (uint64_t)(seconds * 1e9);
	struct timespec t = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

// "NS:IF": joins the namespace and finds the interface there.
static int end_find(struct end *e, const char *name)
{
	const char *colon = strchr(name, ':');
	struct ifreq req = {};
	char path[256];
	int fd;

	if (!colon)
		return -EINVAL;
	snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(colon - name), name);
	e->ns = open(path, O_RDONLY | O_CLOEXEC);
	if (e->ns < 0 || setns(e->ns, CLONE_NEWNET))
		return -errno;
	e->ifindex = if_nametoindex(colon + 1);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", colon + 1);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &req))
		return -errno;
	memcpy(e->mac, req.ifr_hwaddr.sa_data, sizeof(e->mac));
	close(fd);
	return 0;
}

// The link goes when the process goes, however it ends.
static int end_attach(struct end *e, struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_link_create_opts, opt, .flags = XDP_FLAGS_DRV_MODE);

	if (setns(e->ns, CLONE_NEWNET))
		return -errno;
	e->link = bpf_link_create(bpf_program__fd(prog), (int)e->ifindex, BPF_XDP, &opt);
	return e->link < 0 ? e->link : 0;
}

static int load_open(struct load *l)
{
	const struct options *o = &l->opt;
	struct load_config *c;
	int err = end_find(&l->from, o->from);

	if (!err)
		err = end_find(&l->to, o->to);
	if (err)
		return err;
	l->skel = bench_load__open_and_load();
	if (!l->skel)
		return -errno;
	c = &l->skel->bss->config;
	memcpy(c->src_mac, l->from.mac, sizeof(c->src_mac));
	c->run = (uint32_t)clock_ns();
	memcpy(c->src, o->target.src, sizeof(c->src));
	c->ip6 = o->target.family == AF_INET6;
	c->mix = o->mix;
	c->measure_time = o->times;
	c->probe_every = o->probe_every;
	c->slack = 20000;
	if (o->rate > 0)
		c->gap = (uint64_t)(1e9 / o->rate * (1 << LOAD_NS_BITS) + .5);
	err = target_read(&l->opt.target, l->skel->bss->destinations, LOAD_DESTINATIONS,
			  &l->skel->bss->config.mask);
	if (!err)
		err = target_mac(o->target.mac, c->dst_mac);
	if (!err)
		err = end_attach(&l->from, l->skel->progs.back);
	if (!err)
		err = end_attach(&l->to, l->skel->progs.sink);
	return err;
}

static unsigned longest(const struct options *o)
{
	if (o->mix)
		return LOAD_MAX;
	return o->target.family == AF_INET6 ? LOAD_MIN6 : LOAD_MIN;
}

// One call sends everything: each call costs some 30 ms of setting up.
static void *generate(void *arg)
{
	struct load *l = arg;
	static unsigned char frame[LOAD_MAX];
	struct xdp_md ctx = {.data_end = longest(&l->opt), .ingress_ifindex = l->from.ifindex};
	// paced packets go one by one, each through to the far side of the pair at once
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = frame, .data_size_in = ctx.data_end,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = (int)l->repeat,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = l->opt.rate > 0 ? 1 : LOAD_BATCH);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(l->opt.cpu, &cpus);
	if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) ||
	    setns(l->from.ns, CLONE_NEWNET))
		l->err = -errno;
	else
		l->err = bpf_prog_test_run_opts(bpf_program__fd(l->skel->progs.generate), &opt);
	atomic_store(&l->done, true);
	return NULL;
}

static struct load_seen load_seen(const struct load *l, enum load_way way)
{
	static struct load_seen per_cpu[MAX_CPUS];
	struct load_seen sum = {};
	uint32_t key = way;
	int n = libbpf_num_possible_cpus();

	if (n > MAX_CPUS || bpf_map_lookup_elem(bpf_map__fd(l->skel->maps.seen), &key, per_cpu))
		return sum;
	for (int i = 0; i < n; i++) {
		const struct load_seen *s = &per_cpu[i];

		sum.packets += s->packets;
		sum.bytes += s->bytes;
		if (s->first && (!sum.first || s->first < sum.first))
			sum.first = s->first;
		if (s->last > sum.last)
			sum.last = s->last;
	}
	return sum;
}

// Middle of a bucket, in ns.
static double bucket_ns(unsigned b)
{
	unsigned log = b >> LOAD_SUB_BITS;
	uint64_t low;

	if (log < 2)
		return b;
	low = (uint64_t)((b & ((1 << LOAD_SUB_BITS) - 1)) | 1 << LOAD_SUB_BITS) << (log - 1);
	return (double)low + (double)(1ull << (log - 1)) / 2;
}

static void print_times(const struct load *l, enum load_way way)
{
	static uint64_t per_cpu[MAX_CPUS], hist[LOAD_BUCKETS];
	static const double q[] = {.5, .99, .999};
	static const char *const name[] = {"p50", "p99", "p999"};
	uint64_t total = 0, below;
	unsigned b;

	for (b = 0; b < LOAD_BUCKETS; b++) {
		uint32_t key = way * LOAD_BUCKETS + b;

		hist[b] = 0;
		if (bpf_map_lookup_elem(bpf_map__fd(l->skel->maps.times), &key, per_cpu))
			continue;
		for (int i = 0; i < libbpf_num_possible_cpus(); i++)
			hist[b] += per_cpu[i];
		total += hist[b];
	}
	printf(", \"%s\": {\"n\": %llu", way == LOAD_ONE_WAY ? "one_way" : "round_trip",
	       (unsigned long long)total);
	for (unsigned i = 0; total && i < sizeof(q) / sizeof(*q); i++) {
		for (b = 0, below = 0; b < LOAD_BUCKETS - 1; b++) {
			below += hist[b];
			if ((double)below >= q[i] * (double)total)
				break;
		}
		printf(", \"%s\": %.0f", name[i], bucket_ns(b));
	}
	printf("}");
}

static void say_begin(void)
{
	printf("{\"begin\": true}\n");
	fflush(stdout);
}

static void end_flood(struct load *l)
{
	while (!atomic_load(&l->done)) {
		pthread_kill(l->thread, SIGUSR1);
		sleep_for(.001);
	}
	if (l->err == -EINTR)
		l->err = 0;
}

static void flood(struct load *l)
{
	static double rate[N_SAMPLES];
	const struct options *o = &l->opt;
	const volatile struct load_sent *sent = &l->skel->bss->sent;
	unsigned n = 0, wanted = (unsigned)(o->seconds / o->interval + .5);
	uint64_t t, t0, last_t, count, last, sent0;

	sleep_for(o->warm);
	say_begin();
	last_t = t0 = clock_ns();
	last = load_seen(l, LOAD_ONE_WAY).packets;
	sent0 = sent->packets;
	while (n < wanted && n < N_SAMPLES && !atomic_load(&l->done)) {
		sleep_for(o->interval);
		t = clock_ns();
		count = load_seen(l, LOAD_ONE_WAY).packets;
		rate[n++] = (double)(count - last) * 1e9 / (double)(t - last_t);
		last = count;
		last_t = t;
	}
	printf("{\"offered\": %.0f, \"pps\": [",
	       (double)(sent->packets - sent0) * 1e9 / (double)(last_t - t0));
	for (unsigned i = 0; i < n; i++)
		printf("%s%.0f", i ? ", " : "", rate[i]);
	printf("]}\n");
	fflush(stdout);
	end_flood(l);
}

static void paced(struct load *l)
{
	struct load_seen seen, before;
	struct load_sent sent;
	double seconds;

	say_begin();
	pthread_join(l->thread, NULL);
	seen = load_seen(l, LOAD_ONE_WAY);
	do {
		before = seen;
		sleep_for(DRAIN_MS * 1e-3);
		seen = load_seen(l, LOAD_ONE_WAY);
	} while (seen.packets != before.packets);
	sent = l->skel->bss->sent;
	seconds = (double)(sent.ended - sent.begun) * 1e-9;
	printf("{\"sent\": %llu, \"seen\": %llu, \"rate\": %.0f, \"bits\": %.0f, \"late\": %llu, "
	       "\"slipped\": %llu",
	       (unsigned long long)sent.packets, (unsigned long long)seen.packets,
	       seconds > 0 ? (double)(sent.packets - 1) / seconds : 0,
	       seconds > 0 ? (double)sent.bytes * 8 / seconds : 0, (unsigned long long)sent.late,
	       (unsigned long long)sent.slipped);
	if (l->opt.times)
		print_times(l, LOAD_ONE_WAY);
	if (l->opt.probe_every)
		print_times(l, LOAD_ROUND_TRIP);
	printf("}\n");
}

static void first(struct load *l)
{
	struct load_seen seen;

	say_begin();
	do {
		sleep_for(.002);
		seen = load_seen(l, LOAD_ONE_WAY);
	} while (!seen.first && !atomic_load(&l->done));
	printf("{\"first\": %llu}\n", (unsigned long long)seen.first);
	fflush(stdout);
	end_flood(l);
}

static int run(struct load *l)
{
	struct sigaction act = {.sa_handler = stop_call};
	const struct options *o = &l->opt;
	int err = load_open(l);

	if (err)
		return err;
	l->repeat = o->rate > 0 ? (uint32_t)(o->rate * o->seconds) : INT32_MAX;
	sigaction(SIGUSR1, &act, NULL);
	if (pthread_create(&l->thread, NULL, generate, l))
		return -EAGAIN;
	if (o->first)
		first(l);
	else if (o->rate > 0)
		paced(l);
	else
		flood(l);
	if (o->first || o->rate <= 0)
		pthread_join(l->thread, NULL);
	return l->err;
}

static const struct option longs[] = {
	TARGET_OPTIONS,
	{"from", 1, NULL, 'f'},
	{"to", 1, NULL, 't'},
	{"rate", 1, NULL, 'r'},
	{"seconds", 1, NULL, 'S'},
	{"warm", 1, NULL, 'w'},
	{"interval", 1, NULL, 'i'},
	{"cpu", 1, NULL, 'c'},
	{"probes", 1, NULL, 'p'},
	{"mix", 0, NULL, 'x'},
	{"times", 0, NULL, 'T'},
	{"first", 0, NULL, '1'},
	{},
};

static bool parse(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->from = optarg;
			break;
		case 't':
			o->to = optarg;
			break;
		case 'r':
			o->rate = atof(optarg);
			break;
		case 'S':
			o->seconds = atof(optarg);
			break;
		case 'w':
			o->warm = atof(optarg);
			break;
		case 'i':
			o->interval = atof(optarg);
			break;
		case 'c':
			o->cpu = (unsigned)atoi(optarg);
			break;
		case 'p':
			o->probe_every = (unsigned)atoi(optarg);
			break;
		case 'x':
			o->mix = true;
			break;
		case 'T':
			o->times = true;
			break;
		case '1':
			o->first = true;
			break;
		default:
			if (!target_take(&o->target, c, optarg))
				return false;
		}
	}
	if (o->target.family == AF_INET6 && (o->mix || o->probe_every))
		return false;
	return o->from && o->to && target_is_whole(&o->target) && o->interval > 0;
}

int main(int argc, char **argv)
{
	static struct load l = {.opt = {.seconds = 2, .warm = .3, .interval = .1}};
	int err;

	if (!parse(&l.opt, argc, argv)) {
		fputs(USAGE, stderr);
		return 2;
	}
	err = run(&l);
	if (err)
		fprintf(stderr, "load: %s\n", strerror(-err));
	return err != 0;
}
