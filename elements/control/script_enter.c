// SPDX-License-Identifier: BSD-2-Clause
// How a Script is entered: by handlers, its timer, signals, packets, and requests to stop.

#include "script.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

// Messages of a script that nobody called go to standard error.
static void tell(const struct weir_element *e, struct weir_err *err)
{
	if (err->len)
		fprintf(stderr, "while executing `%s :: %s':\n%s", e->name, e->class->name,
			err->text);
	weir_err_free(err);
}

static void signal_came(struct weir_node *n, int fd)
{
	struct weir_element *e = n->element;
	struct signalfd_siginfo info;
	struct weir_err err = {};
	char *name = NULL;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	script_watch_signals(e, false);
	if (asprintf(&name, "%s.run", e->name) >= 0)
		weir_handler_write(e->router, name, "", &err);
	free(name);
	tell(e, &err);
}

void script_watch_signals(struct weir_element *e, bool watch)
{
	struct script *s = e->self;

	if (s->signal_fd <= 0 || watch == s->watching || !e->nodes)
		return;
	if (watch)
		watch = weir_watch_fd(e->nodes[e->home], s->signal_fd, signal_came) == 0;
	else
		weir_unwatch_fd(e->nodes[e->home], s->signal_fd);
	s->watching = watch;
}

static void fill_signals(const struct script *s, sigset_t *set)
{
	sigemptyset(set);
	for (int i = 1; i < 32; i++)
		if (s->signals & 1ull << i)
			sigaddset(set, i);
}

int script_open_signals(struct script *s)
{
	sigset_t set;

	fill_signals(s, &set);
	// the workers' threads inherit the mask
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

// Gives the signals their default meaning again.
void script_close_signals(struct script *s)
{
	sigset_t set;

	if (s->signal_fd <= 0)
		return;
	close(s->signal_fd);
	s->signal_fd = 0;
	fill_signals(s, &set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool is_blocked(const struct script *s)
{
	return s->pos < s->n_insns &&
	       (s->insns[s->pos].op == SCRIPT_PAUSE || s->insns[s->pos].op == SCRIPT_WAIT);
}

static int finish(struct weir_element *e, struct weir_buf *out)
{
	struct script *s = e->self;
	int r = script_finish(e, out);

	if (s->type == SCRIPT_SIGNAL && !is_blocked(s)) {
		if (s->pos < s->n_insns && s->insns[s->pos].op == SCRIPT_EXIT) {
			script_watch_signals(e, false);
			script_close_signals(s);
		} else {
			script_watch_signals(e, true);
		}
	}
	return r;
}

static int find_entry(struct script *s, const char *label, struct weir_err *err)
{
	enum script_op ends;
	unsigned at;

	if (script_label(s, label, &at, &ends) < 0 || at >= s->n_insns)
		return weir_error(err, NULL, "jump to nonexistent label `%s'", label);
	for (unsigned i = at; i < s->n_insns; i++)
		if (s->insns[i].op == SCRIPT_PAUSE)
			s->insns[i].done = 0;
	s->pos = at;
	return 0;
}

static void set_entry(struct script *s, const char *name, const char *args, bool write)
{
	char *run_name = strdup(name), *run_args = strdup(args);

	free(s->run_name);
	free(s->run_args);
	s->run_name = run_name;
	s->run_args = run_args;
	s->run_write = write;
}

// Where and how far the run goes: nothing, N, or `router` for a step that the router makes.
static int read_steps(const char *text, int32_t *steps, enum script_step *how, struct weir_err *err)
{
	*steps = 1;
	*how = strcmp(text, "router") == 0 ? STEP_ROUTER : STEP_NORMAL;
	if (!*text || *how == STEP_ROUTER ||
	    weir_parse(NULL, WEIR_T_I32, text, NULL, steps, NULL) == 0)
		return 0;
	return weir_error(err, NULL, "syntax error at `%s'", text);
}

static int enter(struct weir_element *e, const struct weir_handler *h, enum script_entry what,
		 bool write, const char *text, struct weir_buf *out, struct weir_err *err)
{
	const unsigned errors = err->n_errors;
	struct script *s = e->self;
	enum script_step how = STEP_NORMAL;
	int32_t steps = 0;
	int jumps = 0, more, r = 0;

	set_entry(s, h->name, what == SCRIPT_ENTER_RUN ? text : "", write);
	if (what == SCRIPT_ENTER_GOTO)
		r = find_entry(s, text, err);
	else if (what == SCRIPT_ENTER_RUN)
		s->pos = 0;
	else
		r = read_steps(text, &steps, &how, err);
	if (r < 0)
		return r;
	if (s->more) { // called by the script itself: it goes on when it comes back
		*s->more += what == SCRIPT_ENTER_STEP ? steps : 0;
		return finish(e, out);
	}
	s->more = &more;
	for (more = steps; more >= 0; how = STEP_NORMAL) {
		steps = more;
		more = -1;
		jumps = script_run(e, steps, how, jumps, err);
	}
	s->more = NULL;
	r = finish(e, out);
	return r < 0 || err->n_errors > errors ? -EINVAL : r;
}

int script_write_entry(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err)
{
	return enter(e, h, (enum script_entry)h->user, true, value, NULL, err);
}

int script_read_run(struct weir_element *e, const struct weir_handler *h, const char *param,
		    struct weir_buf *out, struct weir_err *err)
{
	return enter(e, h, SCRIPT_ENTER_RUN, false, param, out, err);
}

// The timer of the script fired, or the router started.
int script_write_timer(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_err *)
{
	struct weir_err err = {};

	script_run(e, 1, STEP_NORMAL, 0, &err);
	finish(e, NULL);
	tell(e, &err);
	return 0;
}

static void timer_fired(struct weir_node *n, struct weir_timer *)
{
	struct weir_err err = {};
	char *name = NULL;

	// by way of a handler, so that the workers stand still
	if (asprintf(&name, "%s.@timer", n->element->name) >= 0)
		weir_handler_write(n->element->router, name, "", &err);
	free(name);
	tell(n->element, &err);
}

void script_set_timer(struct weir_element *e, uint64_t delay)
{
	struct script *s = e->self;
	struct weir_node *n = e->nodes[e->home];

	weir_timer_set(&s->timer, n, weir_clock(n) + delay, timer_fired);
}

// Something asked the router to stop; true: let it.
bool script_stop_asked(struct weir_element *e)
{
	struct weir_err err = {};
	struct script *s = e->self;

	script_run(e, 1, STEP_ROUTER, 0, &err);
	finish(e, NULL);
	tell(e, &err);
	return !is_blocked(s);
}

// Runs the script for a packet that came in by the port `param`; its value is the output.
int script_read_packet(struct weir_element *e, const struct weir_handler *, const char *param,
		       struct weir_buf *out, struct weir_err *)
{
	struct script *s = e->self;
	struct weir_err err = {};

	script_assign(s, script_variable(s, "input", true), strdup(param));
	s->pos = 0;
	script_run(e, 0, STEP_NORMAL, 0, &err);
	finish(e, out);
	tell(e, &err);
	return 0;
}
