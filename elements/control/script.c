// SPDX-License-Identifier: BSD-2-Clause
// Script: a small program that reads and writes handlers, waits, prints and stops the router. Each
// argument is an instruction; TYPE says when it runs: ACTIVE (from the start), PASSIVE (when its
// `run` handler is used), DRIVER (when something asks the router to stop), SIGNAL (on a signal),
// PROXY (when any handler of the element is used), PACKET (for each packet).

#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROXY_NAMES_MAX = 4096 };

enum { NO_PORT };

// A packet that waits for the script, on its worker.
struct script_turn {
	struct script_turn *next;
	struct packet *packet;
	unsigned port;
};
struct script_state {
	struct script_turn *first, *last;
	unsigned n;
	struct weir_timer turn; // set while there is one
};

// The output that the script chooses for a packet.
static unsigned choose(struct weir_node *n, unsigned port)
{
	struct weir_element *e = n->element;
	struct weir_buf out = {};
	struct weir_err err = {};
	uint32_t to = UINT32_MAX;
	char *name, param[16];

	snprintf(param, sizeof(param), "%u", port);
	if (asprintf(&name, "%s.@packet", e->name) < 0)
		name = NULL;
	if (!name || weir_handler_read(e->router, name, param, &out, &err) < 0 || !out.text ||
	    weir_parse(NULL, WEIR_T_U32, out.text, NULL, &to, NULL) < 0 || to >= n->n_out)
		to = WEIR_DROP + NO_PORT;
	free(name);
	weir_buf_free(&out);
	weir_err_free(&err);
	return to;
}

static void run_for_packets(struct weir_node *n, struct weir_timer *)
{
	struct script_state *s = n->state;
	struct script_turn *t;

	while ((t = s->first)) {
		weir_emit(n, choose(n, t->port), t->packet);
		s->first = t->next;
		s->n--;
		free(t);
	}
}

// To run a script stops all workers. With several, each of them would have to stop another time for
// those of the others meanwhile, with a batch in its hands and elements on its stack; so packets
// wait until the worker is out of the graph.
static void wait_for_turn(struct weir_node *n, unsigned port, struct batch *b)
{
	struct script_state *s = n->state;

	for (unsigned i = 0; i < b->n; i++) {
		struct script_turn *t = malloc(sizeof(*t));

		if (!t) {
			weir_divert(n, b, WEIR_DROP + NO_PORT, b->p[i]);
			continue;
		}
		*t = (struct script_turn){.packet = b->p[i], .port = port};
		if (s->first)
			s->last->next = t;
		else
			s->first = t;
		s->last = t;
		s->n++;
	}
	b->n = 0;
	if (!s->turn.when)
		weir_timer_set(&s->turn, n, weir_now(n), run_for_packets);
}

static void push(struct weir_node *n, unsigned port, struct batch *b)
{
	if (weir_workers_count(&n->element->runs) > 1) {
		wait_for_turn(n, port, b);
		return;
	}
	for (unsigned i = 0; i < b->n; i++)
		weir_divert(n, b, choose(n, port), b->p[i]);
	b->n = 0;
}

static unsigned held(struct weir_node *n)
{
	return ((const struct script_state *)n->state)->n;
}

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
	const size_t size = strlen(name) + 1;
	struct script_handler *sh = malloc(sizeof(*sh) + size);

	if (!sh)
		return NULL;
	memcpy(sh->name, name, size);
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
				      .read = script_read_run,
				      .write = script_write_entry,
				      .user = SCRIPT_ENTER_RUN});
	return sh ? &sh->h : NULL;
}

// Where the value of a variable is kept; NULL: there is none. `args`: what the script was run with.
static char **find_value(struct script *s, const char *name)
{
	unsigned var = script_variable(s, name, false);

	if (strcmp(name, "args") == 0)
		return s->run_args ? &s->run_args : NULL;
	return var < s->n_vars ? &s->vars[var].value : NULL;
}

static int read_get(struct weir_element *e, const struct weir_handler *, const char *param,
		    struct weir_buf *out, struct weir_err *err)
{
	char **value = find_value(e->self, param);

	if (!value)
		return weir_error(err, NULL, "undefined variable `%s'", param);
	weir_printf(out, "%s", *value);
	return 0;
}

static int read_shift(struct weir_element *e, const struct weir_handler *, const char *param,
		      struct weir_buf *out, struct weir_err *err)
{
	char **value = find_value(e->self, *param ? param : "args"), *word;
	const char *rest;

	if (!value)
		return weir_error(err, NULL, "undefined variable `%s'", param);
	rest = *value;
	word = script_shift(&rest);
	weir_printf(out, "%s", word ? word : "");
	free(word);
	memmove(*value, rest, strlen(rest) + 1);
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

static int init(struct weir_element *e, struct weir_err *err)
{
	struct script *s = e->self;
	int r = 0;

	if (s->type == SCRIPT_DRIVER && weir_catch_stops(e, script_stop_asked) < 0)
		return weir_error(err, &e->loc, "the router has more than one driver script");
	if (s->type == SCRIPT_SIGNAL) {
		weir_take_signals(e->router, s->signals);
		r = script_open_signals(s);
	}
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

static int init_node(struct weir_node *n, struct weir_err *err)
{
	struct weir_element *e = n->element;
	struct script *s = e->self;
	struct script_insn *first = s->insns;
	uint64_t ns = 0;
	char *text;

	if (n != e->nodes[e->home])
		return 0;
	init_variables(e, err);
	if (s->type == SCRIPT_SIGNAL) {
		script_watch_signals(e, true);
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

static void fini_node(struct weir_node *n)
{
	struct script_state *state = n->state;
	struct script *s = n->element->self;
	struct script_turn *t;

	weir_timer_clear(&state->turn);
	while ((t = state->first)) {
		state->first = t->next;
		weir_packet_free(n, t->packet);
		free(t);
	}
	if (n != n->element->nodes[n->element->home])
		return;
	weir_timer_clear(&s->timer);
	script_watch_signals(n->element, false);
}

static void fini(struct weir_element *e)
{
	struct script *s = e->self;

	script_close_signals(s);
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

#define FN(name_, fn_, user_, help_)                                                      \
	{                                                                                 \
		.name = (name_), .flags = WEIR_H_READ | WEIR_H_READ_PARAM, .read = (fn_), \
		.user = (user_), .help = (help_)                                          \
	}
#define PRIVATE_FN(name_, fn_, user_, help_)                                                \
	{                                                                                   \
		.name = (name_), .flags = WEIR_H_READ | WEIR_H_READ_PARAM | WEIR_H_PRIVATE, \
		.read = (fn_), .user = (user_), .help = (help_)                             \
	}

static const struct weir_handler handlers[] = {
	WEIR_WRITE("step", script_write_entry, "goes on behind the instruction that blocks"),
	WEIR_WRITE("goto", script_write_entry, "goes on at a label", .user = SCRIPT_ENTER_GOTO),
	{.name = "run",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM | WEIR_H_WRITE,
	 .read = script_read_run,
	 .write = script_write_entry,
	 .user = SCRIPT_ENTER_RUN,
	 .help = "runs the script from its beginning; its value is what it returns"},
	WEIR_WRITE("@timer", script_write_timer, "", .flags = WEIR_H_WRITE | WEIR_H_PRIVATE),
	PRIVATE_FN("@packet", script_read_packet, 0, ""),
	FN("get", read_get, 0, "value of a variable"),
	FN("shift", read_shift, 0, "takes the first word off a variable, or off the arguments"),
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

#define SCRIPT_CLASS                                                                               \
	.args = script_args, .handlers = handlers, .handler = find_handler, .rest = "INSTRUCTION", \
	.rest_help = "a step: set VAR TEXT, print TEXT, read HANDLER, write HANDLER TEXT, "        \
		     "wait TIME, label NAME, goto NAME [CONDITION], pause, return, stop, ...",     \
	.configure = configure, .init = init, .init_node = init_node, .fini_node = fini_node,      \
	.fini = fini, .userspace = "runs a script", .self_size = sizeof(struct script),            \
	.state_size = sizeof(struct script_state)

WEIR_CLASS(script, .name = "Script", .purpose = "runs a script that uses handlers", .ports = "-/-",
	   .processing = "ah/ah", .push = push, .held = held, .drops = {"no_output"}, SCRIPT_CLASS);

WEIR_CASES(script, {"TYPE PACKET, return $input", "ip4", "0", ""},
	   {"TYPE PACKET, end", "ip4", "0", ""}, {"TYPE PACKET, exit", "ip4", "no_output", ""},
	   {"TYPE PACKET, return 7", "ip4", "no_output", ""});

// DriverManager: a Script of TYPE DRIVER: it decides what happens when something asks the router to
// stop.
WEIR_CLASS(driver_manager, .name = "DriverManager",
	   .purpose = "runs a script when the router is asked to stop", .ports = "0/0",
	   SCRIPT_CLASS);
