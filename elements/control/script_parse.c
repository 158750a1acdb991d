// SPDX-License-Identifier: BSD-2-Clause
// From the arguments of a Script to its instructions.

#include "script.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

const struct weir_arg script_args[] = {
	WEIR_ARG(ARG, script, type_text, "TYPE",
		 "ACTIVE, PASSIVE, DRIVER, PROXY, PACKET or SIGNAL with the signals"),
	{},
};

static const struct {
	const char *word;
	int op;
} words[] = {
	{"append", SCRIPT_APPEND},   {"end", SCRIPT_END},	  {"error", SCRIPT_ERROR},
	{"errorq", SCRIPT_ERRORQ},   {"exit", SCRIPT_EXIT},	  {"export", SCRIPT_EXPORT},
	{"exportq", SCRIPT_EXPORTQ}, {"goto", SCRIPT_GOTO},	  {"init", SCRIPT_INIT},
	{"initq", SCRIPT_INITQ},     {"label", SCRIPT_LABEL},	  {"loop", SCRIPT_GOTO},
	{"pause", SCRIPT_PAUSE},     {"print", SCRIPT_PRINT},	  {"printn", SCRIPT_PRINTN},
	{"printnq", SCRIPT_PRINTNQ}, {"printq", SCRIPT_PRINTQ},	  {"read", SCRIPT_READ},
	{"readq", SCRIPT_READQ},     {"return", SCRIPT_RETURN},	  {"returnq", SCRIPT_RETURNQ},
	{"save", SCRIPT_SAVE},	     {"set", SCRIPT_SET},	  {"setq", SCRIPT_SETQ},
	{"stop", SCRIPT_STOP},	     {"wait", SCRIPT_WAIT},	  {"wait_for", SCRIPT_WAIT},
	{"wait_step", SCRIPT_PAUSE}, {"wait_stop", SCRIPT_PAUSE}, {"wait_time", SCRIPT_WAIT},
	{"write", SCRIPT_WRITE},     {"writeq", SCRIPT_WRITEQ},
};

int script_op_named(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].op;
	return -1;
}

int script_signal(const char *word)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"HUP", SIGHUP},	 {"INT", SIGINT},
		{"IO", SIGIO},	   {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"TERM", SIGTERM},
		{"TSTP", SIGTSTP}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
	};
	uint8_t n;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, word) == 0)
			return names[i].number;
	return weir_parse(NULL, WEIR_T_U8, word, NULL, &n, NULL) < 0 || n >= 32 ? -1 : n;
}

int script_label(const struct script *s, const char *label, unsigned *at, enum script_op *finish)
{
	int op = script_op_named(label);

	*at = s->n_insns;
	for (unsigned i = 0; i < s->n_insns; i++) {
		if (s->insns[i].op == SCRIPT_LABEL && strcmp(s->insns[i].text, label) == 0) {
			*at = i;
			return 0;
		}
	}
	if (op >= SCRIPT_EXIT) {
		*finish = (enum script_op)op;
		return 0;
	}
	if (strcmp(label, "begin") != 0 && strcmp(label, "loop") != 0)
		return -EINVAL;
	*at = 0;
	return 0;
}

static int add_insn(struct script *s, enum script_op op, unsigned arg, const char *text)
{
	struct script_insn *v;

	// the first instruction is where the start of the router waits
	if (!s->n_insns && op > SCRIPT_WAIT && add_insn(s, SCRIPT_INITIAL, 0, "") < 0)
		return -ENOMEM;
	v = reallocarray(s->insns, s->n_insns + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->insns = v;
	v += s->n_insns;
	*v = (struct script_insn){.op = op, .a = arg, .text = strdup(text)};
	if (!v->text)
		return -ENOMEM;
	s->n_insns++;
	return 0;
}

// `set x text` and its kin; the variable of a return is `_`.
static int add_variable_insn(struct script *s, enum script_op op, const char *rest)
{
	bool returns = op == SCRIPT_RETURN || op == SCRIPT_RETURNQ;
	char *name = returns ? strdup("_") : script_shift(&rest);
	int r = -ENOMEM;
	unsigned var;

	if (name && (!*name || ((op == SCRIPT_SET || op == SCRIPT_SETQ) && !*rest))) {
		r = -EINVAL;
	} else if (name) {
		var = script_variable(s, name, true);
		r = var < s->n_vars ? add_insn(s, op, var, rest) : -ENOMEM;
	}
	free(name);
	return r;
}

static int add_label(struct script *s, const char *rest)
{
	char *name = script_shift(&rest);
	int r = !name ? -ENOMEM : !*name || *rest ? -EINVAL : add_insn(s, SCRIPT_LABEL, 0, name);

	free(name);
	return r;
}

static int add_pause(struct script *s, const char *rest)
{
	uint32_t n = 1;

	if (*rest && weir_parse(NULL, WEIR_T_U32, rest, NULL, &n, NULL) < 0)
		return -EINVAL;
	return add_insn(s, SCRIPT_PAUSE, n, "");
}

// 0, -ENOMEM, or -EINVAL when the instruction is not well formed.
static int add_statement(struct script *s, const char *word, const char *rest)
{
	int op = script_op_named(word);

	switch (op) {
	case -1:
		return -EINVAL;
	case SCRIPT_PAUSE:
		return add_pause(s, rest);
	case SCRIPT_WAIT:
		// a bare `wait` is a pause
		return *rest || strcmp(word, "wait") != 0 ? add_insn(s, SCRIPT_WAIT, 0, rest)
							  : add_pause(s, rest);
	case SCRIPT_LABEL:
		return add_label(s, rest);
	case SCRIPT_GOTO:
		if (strcmp(word, "loop") == 0)
			return *rest ? -EINVAL : add_insn(s, SCRIPT_GOTO, 0, "loop");
		return *rest ? add_insn(s, SCRIPT_GOTO, 0, rest) : -EINVAL;
	case SCRIPT_SET ... SCRIPT_EXPORTQ:
	case SCRIPT_RETURN:
	case SCRIPT_RETURNQ:
		return add_variable_insn(s, (enum script_op)op, rest);
	case SCRIPT_EXIT:
	case SCRIPT_END:
	case SCRIPT_STOP:
		return *rest ? -EINVAL : add_insn(s, (enum script_op)op, 0, "");
	default:
		return add_insn(s, (enum script_op)op, 0, rest);
	}
}

static int parse_statements(struct script *s, struct weir_args *a)
{
	for (unsigned i = 0; i < a->n_rest; i++) {
		const char *rest = a->rest[i];
		char *word = script_shift(&rest);
		int r = !word ? -ENOMEM : *word ? add_statement(s, word, rest) : 0;

		if (r == -EINVAL)
			weir_args_error(a, (int)i,
					script_op_named(word) < 0 ? "unknown instruction `%s'"
								  : "syntax error at `%s'",
					word);
		free(word);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

// Replaces the labels of gotos by what they mean; their conditions remain as texts.
static int resolve_labels(struct script *s, struct weir_args *a)
{
	for (unsigned i = 0; i < s->n_insns; i++) {
		struct script_insn *insn = &s->insns[i];
		const char *rest = insn->text;
		char *label, *condition;

		if (insn->op != SCRIPT_GOTO)
			continue;
		label = script_shift(&rest);
		condition = strdup(rest);
		if (!label || !condition) {
			free(label);
			free(condition);
			return -ENOMEM;
		}
		if (script_label(s, label, &insn->a, &insn->finish) < 0)
			weir_args_error(a, -1, "no such label `%s'", label);
		insn->ends = insn->a >= s->n_insns;
		free(label);
		free(insn->text);
		insn->text = condition;
	}
	return 0;
}

static int parse_type(struct weir_element *e, struct weir_args *a)
{
	static const char *const types[] = {
		[SCRIPT_ACTIVE] = "ACTIVE", [SCRIPT_PASSIVE] = "PASSIVE",
		[SCRIPT_DRIVER] = "DRIVER", [SCRIPT_SIGNAL] = "SIGNAL",
		[SCRIPT_PROXY] = "PROXY",   [SCRIPT_PACKET] = "PACKET",
	};
	struct script *s = e->self;
	char **v;
	int n = weir_words(s->type_text, &v), signal, r = 0;
	unsigned type = 0;

	if (n < 0)
		return n;
	while (n && type <= SCRIPT_PACKET && strcmp(types[type], v[0]) != 0)
		type++;
	if (n && strcmp(v[0], "PUSH") == 0)
		type = SCRIPT_PACKET;
	if (!n || type > SCRIPT_PACKET || (type != SCRIPT_SIGNAL && n > 1))
		r = weir_args_error(a, -1,
				    "argument `TYPE': expected one of ACTIVE, PASSIVE, DRIVER, "
				    "PROXY, PACKET, SIGNAL SIGNO..., got `%s'",
				    s->type_text);
	s->type = (enum script_type)type;
	if (!r && type == SCRIPT_SIGNAL && n < 2)
		r = weir_args_error(a, -1, "argument `TYPE': SIGNAL needs the signals");
	for (int i = 1; !r && i < n; i++) {
		signal = script_signal(v[i]);
		if (signal <= 0)
			r = weir_args_error(a, -1, "argument `TYPE': `%s' is no signal", v[i]);
		else
			s->signals |= 1ull << signal;
	}
	weir_words_free(v, n);
	return r;
}

int script_configure(struct weir_element *e, struct weir_args *a)
{
	struct script *s = e->self;
	int r;

	if (strcmp(e->class->name, "DriverManager") == 0)
		s->type = SCRIPT_DRIVER;
	else if (e->n_in)
		s->type = SCRIPT_PACKET;
	if (s->type_text && parse_type(e, a) < 0)
		return -EINVAL;
	if (s->type == SCRIPT_PACKET && !e->n_in && weir_ports_known(e))
		weir_args_error(a, -1, "a script of TYPE PACKET must have inputs");
	if (s->type != SCRIPT_PACKET && (e->n_in || e->n_out))
		weir_args_error(a, -1, "only a script of TYPE PACKET may have ports");
	r = parse_statements(s, a);
	if (!r && !s->n_insns && s->type == SCRIPT_DRIVER)
		r = add_insn(s, SCRIPT_PAUSE, 1, "");
	if (!r)
		r = add_insn(s, s->type == SCRIPT_DRIVER ? SCRIPT_STOP : SCRIPT_END, 0, "");
	if (!r)
		r = resolve_labels(s, a);
	return r;
}
