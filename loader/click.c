// SPDX-License-Identifier: BSD-2-Clause

// `weir click`: takes the options of Click's userlevel driver and does the same with them, so that
// weir can stand where Click stood. Packets go one by one, in Click's order.

#include <click.h>
#include <cmd.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

// The one that runs: for the signal handler, and for `hotconfig`.
static struct click *current;
static volatile sig_atomic_t is_running;

static void stop_on_signal(int sig)
{
	if (is_running) {
		weir_engine_stop(current->s.engine);
		return;
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = stop_on_signal, .sa_flags = SA_RESTART};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

// A new configuration: checked and initialised here, so that who writes it gets the errors and the
// router stays as it is; swapped in by run.
static int write_hotconfig(struct weir_element *e, const struct weir_handler *, const char *value,
			   struct weir_err *err)
{
	struct session_options opt = current->session;
	struct session s = {};
	char *text = strdup(value);
	int r = -ENOMEM;

	opt.file = NULL;
	opt.text = text;
	if (text)
		r = session_check(&s, &opt, err);
	if (!r)
		r = weir_router_init_beside(s.router, err);
	if (r < 0) {
		session_close(&s);
		free(text);
		return r;
	}
	session_close(&current->next);
	free(current->next_text);
	current->next = s;
	current->next_text = text;
	weir_engine_stop(e->router->engine);
	return 0;
}

static const struct weir_handler hot_handlers[] = {
	{.name = "hotconfig",
	 .flags = WEIR_H_WRITE | WEIR_H_RAW,
	 .write = write_hotconfig,
	 .help = "replaces the configuration"},
	{},
};

// c->s has been checked; shows the messages.
static int start_router(struct click *c, const struct session_options *opt, struct weir_err *err)
{
	int r = session_open(&c->s, opt, err);

	if (!r && c->reconfigure)
		c->s.router->handlers = hot_handlers;
	click_messages(c, err);
	return r;
}

static int open_router(struct click *c, const struct session_options *opt)
{
	struct weir_err err = {};
	int r = session_check(&c->s, opt, &err);

	if (!r)
		return start_router(c, opt, &err);
	click_messages(c, &err);
	return r;
}

// What one router at a time can have may be refused to the next one: then the old one comes back.
static int swap(struct click *c)
{
	struct session_options opt = c->session;
	char *next_text = c->next_text;
	struct weir_err err = {};
	int r;

	session_close(&c->s);
	c->s = c->next;
	c->next = (struct session){};
	c->next_text = NULL;
	opt.file = NULL;
	opt.text = next_text;
	r = start_router(c, &opt, &err);
	if (r < 0) {
		fprintf(stderr, "click: going back to the configuration before\n");
		session_close(&c->s);
		opt = c->session;
		if (c->text)
			opt.file = NULL;
		if (c->text)
			opt.text = c->text;
		free(next_text);
		return open_router(c, &opt);
	}
	free(c->text);
	c->text = next_text;
	return 0;
}

static int run(struct click *c)
{
	int r;

	for (;;) {
		r = click_serve_listeners(c);
		if (r < 0)
			break;
		is_running = true;
		weir_engine_run(c->s.engine);
		is_running = false;
		click_leave_listeners(c);
		if (!c->next.router)
			break;
		r = swap(c);
		if (r < 0)
			break;
	}
	return r;
}

struct times {
	struct rusage usage;
	struct timespec clock;
};

static struct times take_times(void)
{
	struct times t;

	getrusage(RUSAGE_SELF, &t.usage);
	clock_gettime(CLOCK_MONOTONIC, &t.clock);
	return t;
}

static long long milliseconds(struct timeval a, struct timeval b)
{
	long long us = (a.tv_sec - b.tv_sec) * 1000000ll + (a.tv_usec - b.tv_usec);

	return (us + 500) / 1000;
}

static void print_times(const struct times *a, const struct times *b)
{
	long long user = milliseconds(b->usage.ru_utime, a->usage.ru_utime);
	long long sys = milliseconds(b->usage.ru_stime, a->usage.ru_stime);
	long long cs = ((b->clock.tv_sec - a->clock.tv_sec) * 1000000000ll +
			(b->clock.tv_nsec - a->clock.tv_nsec) + 5000000) /
		       10000000;

	printf("%lld.%03lldu %lld.%03llds %lld:%02lld.%02lld\n", user / 1000, user % 1000,
	       sys / 1000, sys % 1000, cs / 6000, cs / 100 % 60, cs % 100);
}

static int run_router(struct click *c)
{
	struct times before, after;
	int status = 0;

	if (c->output)
		status = click_write_output(c);
	before = take_times();
	if (!c->quit && c->s.router->n_elements) {
		if (run(c) < 0)
			return 1;
	} else if (!c->quit && !c->no_warnings) {
		fprintf(stderr, "%s: warning: configuration has no elements, exiting\n",
			c->session.text ? "<expr>" : c->session.file);
	}
	after = take_times();
	if (c->time)
		print_times(&before, &after);
	if (c->n_handlers && click_print_handlers(c))
		status = 1;
	return c->exit_handler ? click_exit_value(c) : status;
}

int cmd_click(int argc, char **argv)
{
	struct weir_err err = {};
	struct click c = {};
	int r = click_options(&c, argc, argv), status = r > 0 ? 0 : 1;

	if (r)
		goto done;
	current = &c;
	catch_signals();
	if (click_open_listeners(&c, &err) < 0) {
		click_messages(&c, &err);
		goto done;
	}
	if (open_router(&c, &c.session) == 0)
		status = run_router(&c);
	click_leave_listeners(&c);
	session_close(&c.s);
	session_close(&c.next);
done:
	click_close_listeners(&c);
	free(c.text);
	free(c.next_text);
	free(c.defines);
	free((void *)c.session.folders);
	free(c.handlers);
	free(c.listeners);
	return status;
}
