// SPDX-License-Identifier: BSD-2-Clause

// `weir run`: opens everything, forwards until a signal or the configuration says stop, and leaves
// the system as it was.

#include <cmd.h>
#include <ctl.h>
#include <errno.h>
#include <getopt.h>
#include <session.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xsk.h>

static const char usage[] =
	"usage: weir run [options] FILE [NAME=VALUE ...]\n"
	"Runs the router that FILE describes, until SIGINT or SIGTERM.\n"
	"\n"
	"  -j, --workers N   threads that forward packets (one per CPU)\n"
	"      --cpus LIST   the CPUs that they are pinned to, such as 0-3,6\n"
	"  -b, --burst N     packets per batch, 1 to 256 (256)\n"
	"  -n, --name NAME   under which `weir stats' and others find it (that of FILE)\n"
	"      --driver NAME     an element or compound that must run in the driver\n"
	"      --userspace NAME  one that must not\n"
	"      --no-driver   run everything in userspace\n"
	"      --gone pass|drop  what nobody in userspace takes is the host's (pass) or lost\n"
	"      --keep        what runs in the driver stays there when the process ends\n"
	"      --no-compile  let each element in the driver be a program of its own\n"
	"  -L, --elements DIR  take the elements in DIR too\n"
	"      --balance     move flows from busy workers to idle ones\n"
	"      --no-pin      let the kernel move the workers between CPUs\n"
	"  -s, --stats       print the table of `weir stats' at the end\n"
	"  NAME=VALUE        gives the variable $NAME of the configuration a value\n";

enum { BEAT_MS = 2000 }; // without a sign of life for so long, nobody listens

struct run_options {
	struct session_options session;
	struct lang_define *defines;
	bool stats;
};

// The one that runs, for its handlers.
static const struct session *running;

static int read_stats(struct weir_element *, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	session_stats(running, out);
	return 0;
}

static int read_status(struct weir_element *, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	session_status(running, out);
	return 0;
}

static int read_since(struct weir_element *, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	session_since(running, out);
	return 0;
}

static int read_devices(struct weir_element *, const struct weir_handler *, const char *,
			struct weir_buf *out, struct weir_err *)
{
	if (running->xsk)
		weir_printf(out, "%s", weir_xsk_report(running->xsk));
	return 0;
}

static int read_plan(struct weir_element *, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	if (running->plan.placed)
		weir_plan_text(&running->plan, out);
	else
		weir_threads_text(&running->threads, out);
	return 0;
}

static int read_balance(struct weir_element *, const struct weir_handler *, const char *,
			struct weir_buf *out, struct weir_err *)
{
	if (running->balance)
		weir_balance_show(running->balance, out);
	return 0;
}

static struct weir_device *find_device(const char *name)
{
	struct weir_device *d = weir_router_devices(running->router);

	while (d && strcmp(weir_device_name(d), name) != 0)
		d = d->next;
	return d;
}

// DEVICE FIRST-LAST WORKER
static int write_move(struct weir_element *, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	struct weir_buckets what = {};
	unsigned first, last, worker;
	struct weir_device *d;
	char name[16];
	int rc, end = 0;

	if (!running->balance)
		return weir_error(err, NULL, "move: this router runs without --balance");
	if (sscanf(value, "%15s %u-%u %u %n", name, &first, &last, &worker, &end) != 4 ||
	    value[end] || first > last || last >= WEIR_BUCKETS)
		return weir_error(err, NULL,
				  "move: `%s' is not `DEVICE FIRST-LAST WORKER', with "
				  "buckets from 0 to %d",
				  value, WEIR_BUCKETS - 1);
	d = find_device(name);
	if (!d)
		return weir_error(err, NULL, "move: there is no interface %s", name);
	for (unsigned i = first; i <= last; i++)
		weir_buckets_add(&what, i);
	rc = weir_balance_ask(running->balance, d, &what, worker);
	if (rc == -EBUSY)
		return weir_error(err, NULL, "move: another one is under way");
	if (rc)
		return weir_error(err, NULL, "move: worker %u has no part of what %s receives",
				  worker, name);
	return 0;
}

static const struct weir_handler run_handlers[] = {
	WEIR_READ("stats", read_stats, "the table of `weir stats'"),
	WEIR_READ("status", read_status, "its line of `weir status'"),
	WEIR_READ("since", read_since, "when the counters began, in seconds since 1970"),
	WEIR_READ("devices", read_devices, "mode and queues of each device"),
	WEIR_READ("balance", read_balance, "how busy workers are, and what was moved between them"),
	WEIR_WRITE("move", write_move,
		   "`DEVICE FIRST-LAST WORKER': moves these steering buckets to the worker"),
	WEIR_READ("plan", read_plan, "where its elements run, as `weir plan' says it"),
	{},
};

// "NAME=VALUE", with or without a `$' in front.
static int add_define(struct run_options *o, char *arg)
{
	char *value = strchr(arg, '=');

	if (!value || value == arg) {
		fprintf(stderr, "weir run: `%s' is neither an option nor NAME=VALUE\n", arg);
		return -EINVAL;
	}
	*value++ = '\0';
	o->defines[o->session.n_defines++] =
		(struct lang_define){.name = arg + (*arg == '$'), .value = value};
	return 0;
}

enum { NO_PIN = 256, NO_DRIVER, NO_COMPILE, GONE, KEEP };

static int set_burst(struct run_options *o, const char *text)
{
	uint32_t n;

	if (weir_parse(NULL, WEIR_T_U32, text, NULL, &n, NULL) < 0 || !n || n > WEIR_BATCH_MAX) {
		fprintf(stderr, "weir run: --burst is a number from 1 to %d\n", WEIR_BATCH_MAX);
		return -EINVAL;
	}
	o->session.engine.burst = n;
	return 0;
}

static int set_name(struct run_options *o, const char *name)
{
	o->session.name = name;
	if (*name)
		return 0;
	fprintf(stderr, "weir run: --name cannot be empty\n");
	return -EINVAL;
}

// 0, 1 (there is nothing more to do) or -errno after a message.
static int take_option(struct run_options *o, int c, const char *value)
{
	struct session_front *front = &o->session.front;

	switch (c) {
	case 'b':
		return set_burst(o, value);
	case 'n':
		return set_name(o, value);
	case NO_PIN:
		o->session.pin = false;
		return 0;
	case 's':
		o->stats = true;
		return 0;
	case CMD_DRIVER:
	case CMD_USERSPACE:
	case 'L':
		return cmd_place(&o->session, c, value);
	case 'j':
	case CMD_CPUS:
	case CMD_BALANCE:
		return cmd_workers(&o->session, c, value);
	case NO_DRIVER:
		front->on = false;
		return 0;
	case GONE:
		return cmd_gone(value, front);
	case KEEP:
		front->keep = true;
		return 0;
	case NO_COMPILE:
		front->opt.no_compile = true;
		return 0;
	case 'h':
		fputs(usage, stdout);
		return 1;
	default:
		fputs(usage, stderr);
		return -EINVAL;
	}
}

// FILE and NAME=VALUE.
static int take_arguments(struct run_options *o, int argc, char **argv)
{
	if (!argc) {
		fputs(usage, stderr);
		return -EINVAL;
	}
	o->session.file = argv[0];
	o->defines = calloc((size_t)argc, sizeof(*o->defines));
	if (!o->defines)
		return -ENOMEM;
	o->session.defines = o->defines;
	for (int i = 1; i < argc; i++)
		if (add_define(o, argv[i]))
			return -EINVAL;
	return 0;
}

static int parse_options(struct run_options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"burst", required_argument, NULL, 'b'},
		{"name", required_argument, NULL, 'n'},
		{"no-pin", no_argument, NULL, NO_PIN},
		{"stats", no_argument, NULL, 's'},
		CMD_PLACE_OPTIONS,
		CMD_WORKER_OPTIONS,
		{"no-driver", no_argument, NULL, NO_DRIVER},
		{"gone", required_argument, NULL, GONE},
		{"keep", no_argument, NULL, KEEP},
		{"no-compile", no_argument, NULL, NO_COMPILE},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, rc = 0;

	o->session.pin = true;
	o->session.front = (struct session_front){.on = true, .opt.beat_ms = BEAT_MS};
	while (!rc && (c = getopt_long(argc, argv, "b:j:n:sL:h", longs, NULL)) != -1)
		rc = take_option(o, c, optarg);
	cmd_workers_default(&o->session);
	return rc ? rc : take_arguments(o, argc - optind, argv + optind);
}

// The signals that end a run are taken here, by nobody else.
static void block_signals(sigset_t *set)
{
	// a shell starts background jobs with SIGINT ignored, and then it would never arrive
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void notice(struct session *s, unsigned tick)
{
	struct weir_err err = {};

	weir_xsk_notice(s->xsk, tick, &err);
	if (err.text)
		fputs(err.text, stderr);
	weir_err_free(&err);
}

enum { MOVE_MS = 1 }; // between two looks at a move that is under way

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void wait_for_end(struct session *s, sigset_t *set)
{
	uint64_t noticed = now_ms();
	unsigned tick = 0;
	bool moves = false;

	for (int i = 1; i < 64; i++)
		if (s->router->signals & 1ull << i)
			sigdelset(set, i);
	while (!atomic_load(&s->engine->stop)) {
		const struct timespec pause = {.tv_nsec = (moves ? MOVE_MS : WEIR_XSK_TICK_MS) *
							  1000L * 1000};

		if (sigtimedwait(set, NULL, &pause) > 0)
			weir_engine_stop(s->engine);
		moves = s->balance && weir_balance_tick(s->balance);
		if (now_ms() - noticed < WEIR_XSK_TICK_MS)
			continue;
		noticed = now_ms();
		if (s->front)
			weir_front_beat(s->front);
		if (s->xsk)
			notice(s, ++tick);
	}
}

// Two routers of one name cannot both run; without a folder for the socket a router can.
static int serve_handlers(struct ctl_server *ctl, struct session *s, const char *name)
{
	struct weir_err err = {};
	int rc = ctl_serve(ctl, s, name, &err);

	running = s;
	s->router->handlers = run_handlers;
	if (rc && err.text)
		fprintf(stderr, "weir: %s", err.text);
	if (rc == -EADDRINUSE)
		fprintf(stderr, "weir: a router named `%s' runs already, choose a --name\n", name);
	weir_err_free(&err);
	return rc == -EADDRINUSE || rc == -EINVAL ? rc : 0;
}

static void report_workers(const struct session *s)
{
	unsigned n = s->engine->opt.n_workers, cpus = 0;

	for (unsigned i = 0; s->cpus && i < n; i++) {
		unsigned k = 0;

		while (s->cpus[k].cpu != s->cpus[i].cpu)
			k++;
		cpus += k == i;
	}
	if (n > 1 && cpus && cpus < n)
		printf("workers: %u, on %u CPU%s\n", n, cpus, cpus == 1 ? "" : "s");
	else if (n > 1)
		printf("workers: %u\n", n);
}

static void report(const struct session *s, const char *file)
{
	report_workers(s);
	if (s->xsk)
		fputs(weir_xsk_report(s->xsk), stdout);
	if (s->front)
		printf("driver: %u of %u elements; exits to userspace: %u\n", s->plan.n_driver,
		       s->router->n_elements, s->plan.n_crossings);
	else if (s->xsk)
		printf("driver: no elements\n");
	printf("weir: running %s, %u elements\n", file, s->router->n_elements);
	fflush(stdout);
}

static int settle(struct session *s)
{
	struct weir_err err = {};
	int rc = session_settle(s, &err);

	if (err.text)
		fputs(err.text, stderr);
	weir_err_free(&err);
	return rc;
}

static int begin(struct session *s, const char *file)
{
	int rc = settle(s);

	if (rc)
		return rc;
	report(s, file);
	return weir_engine_start(s->engine);
}

int cmd_run(int argc, char **argv)
{
	struct ctl_server ctl = {};
	struct run_options o = {};
	struct session s = {};
	struct weir_err err = {};
	struct weir_buf stats = {};
	char *name;
	sigset_t set;
	int rc = parse_options(&o, argc, argv);

	if (rc) {
		cmd_file_free(&o.session);
		return rc < 0 ? 2 : 0;
	}
	block_signals(&set);
	o.session.name = name = ctl_name(o.session.name, o.session.file);
	rc = name ? session_check(&s, &o.session, &err) : -ENOMEM;
	if (!rc)
		rc = session_open(&s, &o.session, &err);
	if (err.text)
		fputs(err.text, stderr);
	if (!rc)
		rc = serve_handlers(&ctl, &s, name);
	if (!rc)
		rc = begin(&s, o.session.file);
	if (!rc)
		wait_for_end(&s, &set);
	if (s.engine)
		weir_engine_join(s.engine);
	if (!rc && o.stats) {
		session_stats(&s, &stats);
		fputs(stats.text, stdout);
	}
	weir_buf_free(&stats);
	ctl_close(&ctl);
	session_close(&s);
	weir_err_free(&err);
	free(name);
	cmd_file_free(&o.session);
	return rc ? 1 : 0;
}
