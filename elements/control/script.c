// SPDX-License-Identifier: BSD-2-Clause
// Script: a small program that reads and writes handlers, waits, prints and stops the router. Each
// argument is an instruction; TYPE says when it runs: ACTIVE (from the start), PASSIVE (when its
// `run` handler is used), DRIVER (when something asks the router to stop), SIGNAL (on a signal),
// PROXY (when any handler of the element is used), PACKET (for each packet).

#include "script.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { PROXY_NAMES_MAX = 4096 };

// Who enters a script through a handler.
enum entry { ENTER_STEP, ENTER_RUN, ENTER_GOTO };

static int enter(struct weir_element *e, const struct weir_handler *h, enum entry what, bool write,
		 const char *text, struct weir_buf *out, struct weir_err *err);

// Messages of a script that nobody called go to standard error.
static void tell(const struct weir_element *e, struct weir_err *err)
{
	if (err->len)
		fprintf(stderr, "while executing `%s :: %s':\n%s", e->name, e->class->name,
			err->text);
	weir_err_free(err);
}

// --- signals ----------------------------------------------------------------------------------

// While a script blocks, the signals that run it wait.
static void watch_signals(struct weir_element *e, bool watch);

static void signal_came(struct weir_node *n, int fd)
{
	struct weir_element *e = n->element;
	struct signalfd_siginfo info;
	struct weir_err err = {};
	char *name = NULL;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	watch_signals(e, false);
	if (asprintf(&name, "%s.run", e->name) >= 0)
		weir_handler_write(e->router, name, "", &err);
	free(name);
	tell(e, &err);
}

static void watch_signals(struct weir_element *e, bool watch)
{
	struct script *s = e->self;

	if (s->signal_fd <= 0 || watch == s->watching || !e->n_nodes)
		return;
	if (watch)
		watch = weir_watch_fd(e->nodes[0], s->signal_fd, signal_came) == 0;
	else
		weir_unwatch_fd(e->nodes[0], s->signal_fd);
	s->watching = watch;
}

static void fill_signals(const struct script *s, sigset_t *set)
{
	sigemptyset(set);
	for (int i = 1; i < 32; i++)
		if (s->signals & 1ull << i)
			sigaddset(set, i);
}

static int open_signals(struct script *s)
{
	sigset_t set;

	fill_signals(s, &set);
	// the workers' threads inherit the mask
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

// Gives the signals their default meaning again.
static void close_signals(struct script *s)
{
	sigset_t set;

	if (s->signal_fd <= 0)
		return;
	close(s->signal_fd);
	s->signal_fd = 0;
	fill_signals(s, &set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// --- entering ---------------------------------------------------------------------------------

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
			watch_signals(e, false);
			close_signals(s);
		} else {
			watch_signals(e, true);
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

static int enter(struct weir_element *e, const struct weir_handler *h, enum entry what, bool write,
		 const char *text, struct weir_buf *out, struct weir_err *err)
{
	const unsigned errors = err->n_errors;
	struct script *s = e->self;
	enum script_step how = STEP_NORMAL;
	int32_t steps = 0;
	int jumps = 0, more, r;

	set_entry(s, h->name, what == ENTER_RUN ? text : "", write);
	if (what == ENTER_GOTO) {
		r = find_entry(s, text, err);
		if (r < 0)
			return r;
	} else if (what == ENTER_RUN) {
		s->pos = 0;
	} else if (!*text || strcmp(text, "router") == 0) {
		steps = 1;
		how = *text ? STEP_ROUTER : STEP_NORMAL;
	} else if (weir_parse(NULL, WEIR_T_I32, text, NULL, &steps, NULL) < 0) {
		return weir_error(err, NULL, "syntax error at `%s'", text);
	}
	if (s->more) { // called by the script itself: it goes on when it comes back
		if (what == ENTER_STEP)
			*s->more += steps;
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

static int write_entry(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err)
{
	return enter(e, h, (enum entry)h->user, true, value, NULL, err);
}

static int read_run(struct weir_element *e, const struct weir_handler *h, const char *param,
		    struct weir_buf *out, struct weir_err *err)
{
	return enter(e, h, ENTER_RUN, false, param, out, err);
}

// The timer of the script fired, or the router started.
static int write_timer(struct weir_element *e, const struct weir_handler *, const char *,
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
	struct weir_node *n = e->nodes[0];

	weir_timer_set(&s->timer, n, weir_clock(n) + delay, timer_fired);
}

// Something asked the router to stop; true: let it.
static bool stop_asked(struct weir_element *e)
{
	struct weir_err err = {};
	struct script *s = e->self;

	script_run(e, 1, STEP_ROUTER, 0, &err);
	finish(e, NULL);
	tell(e, &err);
	return !is_blocked(s);
}

// Runs the script for a packet that came in by the port `param`; its value is the output.
static int read_packet(struct weir_element *e, const struct weir_handler *, const char *param,
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

enum { NO_PORT };

static void push(struct weir_node *n, unsigned port, struct batch *b)
{
	struct weir_element *e = n->element;
	char *name = NULL, param[16];

	snprintf(param, sizeof(param), "%u", port);
	if (asprintf(&name, "%s.@packet", e->name) < 0)
		name = NULL;
	for (unsigned i = 0; i < b->n; i++) {
		struct weir_buf out = {};
		struct weir_err err = {};
		uint32_t to = UINT32_MAX;

		if (!name || weir_handler_read(e->router, name, param, &out, &err) < 0 ||
		    !out.text || weir_parse(NULL, WEIR_T_U32, out.text, NULL, &to, NULL) < 0 ||
		    to >= n->n_out)
			to = WEIR_DROP + NO_PORT;
		weir_divert(n, b, to, b->p[i]);
		weir_buf_free(&out);
		weir_err_free(&err);
	}
	b->n = 0;
	free(name);
}

// --- handlers that the configuration names ----------------------------------------------------

static int read_export(struct weir_element *e, const struct weir_handler *h, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct script *s = e->self;

	weir_printf(out, "%s", s->vars[h->user].value);
	return 0;
}

static struct script_handler *add_handler(struct script *s, const char *name,
					  struct weir_handler like)
{
	struct script_handler *sh = malloc(sizeof(*sh) + strlen(name) + 1);

	if (!sh)
		return NULL;
	strcpy(sh->name, name);
	sh->h = like;
	sh->h.name = sh->name;
	sh->next = s->handlers;
	s->handlers = sh;
	return sh;
}

static const struct weir_handler *find_handler(struct weir_element *e, const char *name, unsigned i)
{
	struct script *s = e->self;
	struct script_handler *sh = s->handlers;
	unsigned n = 0;

	for (; sh; sh = sh->next, n++) {
		if (name && strcmp(sh->name, name) == 0)
			return &sh->h;
		if (!name && sh->h.read == read_export && !i--)
			return &sh->h;
	}
	if (!name || s->type != SCRIPT_PROXY || n >= PROXY_NAMES_MAX || !*name)
		return NULL;
	sh = add_handler(
		s, name,
		(struct weir_handler){.flags = WEIR_H_READ | WEIR_H_READ_PARAM | WEIR_H_WRITE,
				      .read = read_run,
				      .write = write_entry,
				      .user = ENTER_RUN});
	return sh ? &sh->h : NULL;
}

static int read_variable(struct weir_element *e, const struct weir_handler *h, const char *param,
			 struct weir_buf *out, struct weir_err *err)
{
	const bool shift = h->user;
	struct script *s = e->self;
	char *name = script_shift(&param), **value = NULL, *word;
	unsigned var;

	if (name && (strcmp(name, "args") == 0 || (shift && !*name)))
		value = &s->run_args;
	else if (name && (var = script_variable(s, name, false)) < s->n_vars)
		value = &s->vars[var].value;
	if (!value || !*value || *param) {
		weir_error(err, NULL, *param ? "too many arguments" : "undefined variable `%s'",
			   name ? name : "");
		free(name);
		return -EINVAL;
	}
	free(name);
	if (shift) {
		const char *rest = *value;

		word = script_shift(&rest);
		weir_printf(out, "%s", word ? word : "");
		free(word);
		memmove(*value, rest, strlen(rest) + 1);
	} else {
		weir_printf(out, "%s", *value);
	}
	return 0;
}

static int write_set(struct weir_element *e, const struct weir_handler *, const char *value,
		     struct weir_err *err)
{
	struct script *s = e->self;
	char *name = script_shift(&value);

	if (!name || !*name) {
		free(name);
		return weir_error(err, NULL, "expected a variable and its value");
	}
	script_assign(s, script_variable(s, name, true), strdup(value));
	free(name);
	return 0;
}

// --- life -------------------------------------------------------------------------------------

int script_init(struct weir_element *e, struct weir_err *err)
{
	struct script *s = e->self;
	int r = 0;

	if (s->type == SCRIPT_DRIVER && weir_catch_stops(e, stop_asked) < 0)
		return weir_error(err, &e->loc, "the router has more than one driver script");
	if (s->type == SCRIPT_SIGNAL)
		r = open_signals(s);
	return r;
}

static void init_variables(struct weir_element *e, struct weir_err *err)
{
	struct script *s = e->self;

	for (unsigned i = 0; i < s->n_insns; i++) {
		const struct script_insn *insn = &s->insns[i];
		bool unquote = insn->op == SCRIPT_INITQ || insn->op == SCRIPT_EXPORTQ;
		char *value, *plain;

		if (insn->op < SCRIPT_INIT || insn->op > SCRIPT_EXPORTQ)
			continue;
		value = script_expand(e, insn->text, false, err);
		if (value && unquote) {
			plain = script_unquote(value);
			free(value);
			value = plain;
		}
		script_assign(s, insn->a, value);
	}
}

int script_init_node(struct weir_node *n, struct weir_err *err)
{
	struct weir_element *e = n->element;
	struct script *s = e->self;
	struct script_insn *first = s->insns;
	uint64_t ns = 0;
	char *text;

	if (n != e->nodes[0])
		return 0;
	init_variables(e, err);
	if (s->type == SCRIPT_SIGNAL) {
		s->watching = weir_watch_fd(n, s->signal_fd, signal_came) == 0;
	} else if (s->type != SCRIPT_ACTIVE && s->type != SCRIPT_DRIVER) {
		return 0;
	} else if (first->op == SCRIPT_WAIT) {
		text = script_expand(e, first->text, false, err);
		if (!text || weir_parse(e, WEIR_T_SECONDS, text, "wait", &ns, err) < 0)
			ns = 0;
		free(text);
		script_set_timer(e, ns);
	} else if (first->op == SCRIPT_INITIAL) {
		first->done = 1;
		if (s->type == SCRIPT_DRIVER)
			weir_stop(e->router); // the first step is made at once
		else
			script_set_timer(e, 0);
	}
	return 0;
}

void script_fini_node(struct weir_node *n)
{
	struct script *s = n->element->self;

	if (n != n->element->nodes[0])
		return;
	weir_timer_clear(&s->timer);
	watch_signals(n->element, false);
}

void script_fini(struct weir_element *e)
{
	struct script *s = e->self;

	close_signals(s);
	for (unsigned i = 0; i < s->n_insns; i++)
		free(s->insns[i].text);
	for (unsigned i = 0; i < s->n_vars; i++) {
		free(s->vars[i].name);
		free(s->vars[i].value);
	}
	while (s->handlers) {
		struct script_handler *gone = s->handlers;

		s->handlers = gone->next;
		free(gone);
	}
	free(s->insns);
	free(s->vars);
	free(s->run_name);
	free(s->run_args);
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct script *s = e->self;
	int r = script_configure(e, a);

	for (unsigned i = 0; !r && i < s->n_insns; i++) {
		const struct script_insn *insn = &s->insns[i];

		if ((insn->op == SCRIPT_EXPORT || insn->op == SCRIPT_EXPORTQ) &&
		    !add_handler(s, s->vars[insn->a].name,
				 (struct weir_handler){.flags = WEIR_H_READ,
						       .read = read_export,
						       .user = insn->a}))
			return -ENOMEM;
	}
	return r;
}

#define FN(name_, fn_, user_, help_)                                                  \
	{                                                                             \
		.name = name_, .flags = WEIR_H_READ | WEIR_H_READ_PARAM, .read = fn_, \
		.user = user_, .help = help_                                          \
	}
#define PRIVATE_FN(name_, fn_, user_, help_)                                              \
	{                                                                                 \
		.name = name_, .flags = WEIR_H_READ | WEIR_H_READ_PARAM | WEIR_H_PRIVATE, \
		.read = fn_, .user = user_, .help = help_                                 \
	}

static const struct weir_handler handlers[] = {
	WEIR_WRITE("step", write_entry, "goes on behind the instruction that blocks"),
	WEIR_WRITE("goto", write_entry, "goes on at a label", .user = ENTER_GOTO),
	{.name = "run",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM | WEIR_H_WRITE,
	 .read = read_run,
	 .write = write_entry,
	 .user = ENTER_RUN,
	 .help = "runs the script from its beginning; its value is what it returns"},
	WEIR_WRITE("@timer", write_timer, "", .flags = WEIR_H_WRITE | WEIR_H_PRIVATE),
	PRIVATE_FN("@packet", read_packet, 0, ""),
	FN("get", read_variable, false, "value of a variable"),
	FN("shift", read_variable, true,
	   "takes the first word off a variable, or off the arguments"),
	WEIR_WRITE("set", write_set, "sets a variable"),
	FN("add", script_read_arithmetic, FN_ADD, "sum"),
	FN("sub", script_read_arithmetic, FN_SUB, "difference"),
	FN("min", script_read_arithmetic, FN_MIN, "smallest"),
	FN("max", script_read_arithmetic, FN_MAX, "largest"),
	FN("mul", script_read_arithmetic, FN_MUL, "product"),
	FN("div", script_read_arithmetic, FN_DIV, "quotient"),
	FN("idiv", script_read_arithmetic, FN_IDIV, "quotient without its fraction"),
	FN("mod", script_read_arithmetic, FN_MOD, "remainder of whole numbers"),
	FN("rem", script_read_arithmetic, FN_REM, "remainder"),
	FN("neg", script_read_arithmetic, FN_NEG, "negative"),
	FN("abs", script_read_arithmetic, FN_ABS, "absolute value"),
	FN("lt", script_read_compare, FN_LT, "is the first less than the second?"),
	FN("eq", script_read_compare, FN_EQ, "are both equal?"),
	FN("gt", script_read_compare, FN_GT, "is the first greater?"),
	FN("ge", script_read_compare, FN_GE, "is the first greater or equal?"),
	FN("ne", script_read_compare, FN_NE, "are they different?"),
	FN("le", script_read_compare, FN_LE, "is the first less or equal?"),
	FN("not", script_read_logic, FN_NOT, "the opposite of a truth value"),
	FN("and", script_read_logic, FN_AND, "are all true?"),
	FN("or", script_read_logic, FN_OR, "is any true?"),
	FN("nand", script_read_logic, FN_NAND, "is any false?"),
	FN("nor", script_read_logic, FN_NOR, "are all false?"),
	FN("if", script_read_logic, FN_IF, "the second word if the first is true, else the third"),
	FN("in", script_read_logic, FN_IN, "is the first word among the others?"),
	FN("readable", script_read_logic, FN_READABLE, "can all these handlers be read?"),
	FN("writable", script_read_logic, FN_WRITABLE, "can all these handlers be written?"),
	FN("first", script_read_text, FN_FIRST, "the first word"),
	FN("length", script_read_text, FN_LENGTH, "length of the text"),
	FN("unquote", script_read_text, FN_UNQUOTE, "the text without a layer of quotes"),
	FN("htons", script_read_text, FN_HTONS, "16 bits in network order"),
	FN("htonl", script_read_text, FN_HTONL, "32 bits in network order"),
	FN("ntohs", script_read_text, FN_NTOHS, "16 bits from network order"),
	FN("ntohl", script_read_text, FN_NTOHL, "32 bits from network order"),
	FN("sprintf", script_read_sprintf, 0, "words formatted as by printf"),
	WEIR_READ("now", script_read_system, "the time", .user = FN_NOW),
	FN("random", script_read_system, FN_RANDOM, "a random number, below N, or from N1 to N2"),
	PRIVATE_FN("cat", script_read_system, FN_CAT, "contents of a file"),
	PRIVATE_FN("catq", script_read_system, FN_CATQ, "contents of a file, in quotes"),
	PRIVATE_FN("kill", script_read_system, FN_KILL, "sends a signal to processes"),
	{},
};

#define SCRIPT_CLASS                                                                            \
	.args = script_args, .handlers = handlers, .handler = find_handler, .takes_rest = true, \
	.configure = configure, .init = script_init, .init_node = script_init_node,             \
	.fini_node = script_fini_node, .fini = script_fini, .userspace = true,                  \
	.self_size = sizeof(struct script)

WEIR_CLASS(script, .name = "Script", .purpose = "runs a script that uses handlers", .ports = "-/-",
	   .processing = "ah/ah", .push = push, .drops = {"no_output"}, SCRIPT_CLASS);

WEIR_CASES(script, {"TYPE PACKET, return $input", "ip4", "0", ""},
	   {"TYPE PACKET, end", "ip4", "0", ""}, {"TYPE PACKET, exit", "ip4", "no_output", ""},
	   {"TYPE PACKET, return 7", "ip4", "no_output", ""});

// DriverManager: a Script of TYPE DRIVER: it decides what happens when something asks the router to
// stop.
WEIR_CLASS(driver_manager, .name = "DriverManager",
	   .purpose = "runs a script when the router is asked to stop", .ports = "0/0",
	   SCRIPT_CLASS);
