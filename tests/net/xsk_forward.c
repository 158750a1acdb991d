// SPDX-License-Identifier: BSD-2-Clause

// xsk_forward [-m MODE] [-r RING] [-q QUEUES] [-b] [-e] [-p] [-s SECONDS] IF IF: a bridge of two
// interfaces, straight on the rings. -b: busy polling, -e: RSS equal, -p: promiscuous. Prints the
// report, "ready", and at the end every count. For tests of user/xsk, and as the bare loop the
// router is compared with.

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xsk.h>

enum { BURST = 64 };
static volatile sig_atomic_t stop;

static void on_signal(int)
{
	stop = 1;
}

static bool move(struct weir_queue *in, struct weir_queue *out)
{
	struct packet *v[BURST];
	unsigned n = in->ops->rx(in, v, BURST), k = n ? out->ops->tx(out, v, n) : 0;

	if (k < n)
		weir_cache_put(&weir_pool_find(v[k]->pool)->caches[0], v + k, n - k);
	out->ops->flush(out);
	return n;
}

static bool round_trip(struct weir_device *d)
{
	bool any = false;

	for (unsigned i = 0; i < 2; i++) {
		const struct weir_device *from = &d[i], *to = &d[!i];

		for (unsigned k = 0; weir_device_rx(from, 0, k); k++)
			any |= move(weir_device_rx(from, 0, k), weir_device_tx(to, 0));
	}
	return any;
}

static void print_counts(struct weir_xsk *x, const struct weir_device *d)
{
	struct weir_xsk_count v[WEIR_XSK_COUNTS];

	for (unsigned q = 0; q < d->n_queues; q++) {
		unsigned n = weir_xsk_counts(x, d, q, v);

		printf("%s.%u", d->name, q);
		for (unsigned i = 0; i < n; i++)
			printf(" %s=%llu", v[i].name, (unsigned long long)v[i].value);
		putchar('\n');
	}
}

static void run(struct weir_device *d, int seconds, bool busy)
{
	struct pollfd fds[128];
	nfds_t n = 0;
	time_t end = time(NULL) + seconds;

	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; weir_device_rx(&d[i], 0, k); k++)
			fds[n++] = (struct pollfd){
				.fd = weir_device_rx(&d[i], 0, k)->fd,
				.events = POLLIN,
			};
	while (!stop && time(NULL) < end)
		if (!round_trip(d) && !busy)
			poll(fds, n, 100);
}

static int usage(void)
{
	fprintf(stderr, "xsk_forward [-m MODE] [-r RING] [-q QUEUES] [-b] [-e] [-p] [-s SECONDS] "
			"IF IF\n");
	return 2;
}

static bool parse(int argc, char **argv, struct weir_device_options *opt, int *seconds)
{
	static const char *const MODES[] = {"auto", "zerocopy", "copy", "generic"};
	int c;

	while ((c = getopt(argc, argv, "m:r:q:s:bep")) != -1) {
		if (c == 'm') {
			while (opt->mode < 4 && strcmp(optarg, MODES[opt->mode]))
				opt->mode++;
			if (opt->mode == 4)
				return false;
		} else if (c == 'r') {
			opt->ring_size = (unsigned)atoi(optarg);
		} else if (c == 'q') {
			opt->n_queues = (unsigned)atoi(optarg);
		} else if (c == 's') {
			*seconds = atoi(optarg);
		} else if (c == 'b') {
			opt->busy_poll = true;
		} else if (c == 'e') {
			opt->rss = WEIR_RSS_EQUAL;
		} else if (c == 'p') {
			opt->promisc = true;
		} else {
			return false;
		}
	}
	return optind + 2 == argc;
}

int main(int argc, char **argv)
{
	struct weir_device_options opt = {};
	struct weir_device d[2] = {};
	struct weir_err err = {};
	struct weir_xsk *x;
	int seconds = 3600;

	if (!parse(argc, argv, &opt, &seconds))
		return usage();
	for (int i = 0; i < 2; i++) {
		snprintf(d[i].name, sizeof(d[i].name), "%s", argv[optind + i]);
		d[i].index = (uint16_t)(i + 1);
		d[i].roles = WEIR_DEVICE_RX | WEIR_DEVICE_TX;
		d[i].opt = opt;
	}
	d[0].next = &d[1];
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (weir_xsk_open(&x, d, &(struct weir_xsk_options){.buffers = 256}, &err)) {
		fprintf(stderr, "%s", err.text ?: "no memory\n");
		return 1;
	}
	fprintf(stderr, "%s", err.text ?: "");
	printf("%sready\n", weir_xsk_report(x));
	fflush(stdout);
	run(d, seconds, opt.busy_poll);
	for (unsigned i = 0; i < 2; i++)
		print_counts(x, &d[i]);
	weir_xsk_close(x);
	weir_err_free(&err);
	return 0;
}
