// SPDX-License-Identifier: BSD-2-Clause
// The instructions of Script, and the counting of steps, which is Click's.

#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { JUMPS_MAX = 1000 }; // without blocking: then the script is taken to be in a loop

// What an instruction does to the run.
enum outcome { NEXT, BLOCK, FINISH };

// One run.
struct run {
	struct weir_element *e;
	struct script *s;
	struct weir_err *err;
	int steps; // count of steps at which the next blocking instruction blocks
	enum script_step how;
};

static bool read_time(struct run *x, const char *text, uint64_t *ns)
{
	char *value = script_expand(x->e, text, false, x->err);
	bool ok = value && weir_parse(NULL, WEIR_T_SECONDS, value, NULL, ns, NULL) == 0;

	if (!ok)
		weir_error(x->err, NULL, "syntax error at `wait %s'", value ? value : text);
	free(value);
	return ok;
}

static enum outcome run_pause(struct run *x, struct script_insn *insn)
{
	struct script *s = x->s;

	while (s->steps < x->steps && insn->done < insn->a) {
		insn->done++;
		s->steps++;
	}
	return s->steps == x->steps && insn->done < insn->a ? BLOCK : NEXT;
}

static enum outcome run_wait(struct run *x, const struct script_insn *insn)
{
	uint64_t ns;

	if (x->s->steps == x->steps) {
		if (!read_time(x, insn->text, &ns))
			return FINISH;
		script_set_timer(x->e, ns);
		return BLOCK;
	}
	x->s->steps++;
	weir_timer_clear(&x->s->timer);
	return NEXT;
}

// Takes ">FILE" or ">>FILE" off the front of a print's text.
static FILE *open_output(struct run *x, const char **text)
{
	bool append = (*text)[0] == '>' && (*text)[1] == '>';
	FILE *f = stdout;
	char *file;

	if (**text != '>')
		return f;
	*text += 1 + append;
	file = script_shift(text);
	if (file && *file && strcmp(file, "-") != 0) {
		f = fopen(file, append ? "abe" : "wbe");
		if (!f)
			weir_error(x->err, NULL, "%s: %s", file, strerror(errno));
	}
	free(file);
	return f;
}

// A handler's value if the text begins like a name, else the text itself, unquoted.
static int print_value(struct run *x, const char *text, bool unquote, struct weir_buf *out)
{
	bool call = isalpha((unsigned char)*text) || *text == '@' || *text == '_';
	char *expanded = script_expand(x->e, text, !call, x->err), *plain;
	size_t len;
	int r = -ENOMEM;

	if (!expanded)
		return r;
	if (call) {
		r = script_call_read(x->e, expanded, unquote, NULL, out, x->err);
	} else {
		plain = weir_unquote(expanded, &len);
		weir_append(out, plain ? plain : expanded, plain ? len : strlen(expanded));
		free(plain);
		r = 0;
	}
	free(expanded);
	return r;
}

static void print_text(struct run *x, const char *text, bool unquote, bool newline)
{
	FILE *f = open_output(x, &text);
	struct weir_buf out = {};

	if (!f)
		return;
	if (print_value(x, text, unquote, &out) >= 0 && newline &&
	    (!out.len || out.text[out.len - 1] != '\n'))
		weir_append(&out, "\n", 1);
	if (out.len && fwrite(out.text, 1, out.len, f) < out.len)
		weir_error(x->err, NULL, "cannot print: %s", strerror(errno));
	weir_buf_free(&out);
	if (f == stdout)
		fflush(f);
	else
		fclose(f);
}

static void run_print(struct run *x, const struct script_insn *insn)
{
	bool newline = insn->op != SCRIPT_PRINTN && insn->op != SCRIPT_PRINTNQ;
	bool unquote = insn->op == SCRIPT_PRINTQ || insn->op == SCRIPT_PRINTNQ;

	print_text(x, insn->text, unquote, newline);
}

// `save HANDLER FILE` is `print >FILE HANDLER`, append with >>.
static void run_save(struct run *x, const struct script_insn *insn)
{
	const char *rest = insn->text;
	char *handler = script_shift(&rest), *text = NULL;

	if (handler && asprintf(&text, "%s%s %s", insn->op == SCRIPT_SAVE ? ">" : ">>",
				*rest ? rest : "-", handler) >= 0)
		print_text(x, text, false, true);
	free(handler);
	free(text);
}

// Shows a handler's value among the messages.
static void run_read(struct run *x, const struct script_insn *insn)
{
	char *text = script_expand(x->e, insn->text, false, x->err), *name = NULL;
	struct weir_buf out = {};

	if (text &&
	    script_call_read(x->e, text, insn->op == SCRIPT_READQ, &name, &out, x->err) >= 0)
		fprintf(stderr, "%s:\n%s\n", name, out.text ? out.text : "");
	weir_buf_free(&out);
	free(name);
	free(text);
}

static void run_write(struct run *x, const struct script_insn *insn)
{
	char *text = script_expand(x->e, insn->text, false, x->err);

	if (text)
		x->s->write_status =
			script_call_write(x->e, text, insn->op == SCRIPT_WRITEQ, x->err);
	free(text);
}

static void run_set(struct run *x, const struct script_insn *insn, bool unquote)
{
	char *value = script_expand(x->e, insn->text, false, x->err), *plain;

	if (value && unquote) {
		plain = script_unquote(value);
		free(value);
		value = plain;
	}
	script_assign(x->s, insn->a, value);
}

static void reset_pauses(struct script *s, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		if (s->insns[i].op == SCRIPT_PAUSE)
			s->insns[i].done = 0;
}

static enum outcome run_goto(struct run *x, const struct script_insn *insn)
{
	struct script *s = x->s;
	char *condition = script_expand(x->e, insn->text, false, x->err);
	bool jump = true;

	if (!condition)
		return NEXT;
	if (*condition && weir_parse(NULL, WEIR_T_BOOL, condition, NULL, &jump, NULL) < 0) {
		weir_error(x->err, NULL, "bad condition `%s'", condition);
		jump = false;
	}
	free(condition);
	if (!jump)
		return NEXT;
	if (insn->ends) {
		if (insn->finish != SCRIPT_STOP)
			return FINISH;
		s->steps++;
		if (x->how != STEP_ROUTER)
			weir_stop(x->e->router);
		return FINISH;
	}
	reset_pauses(s, insn->a, s->pos - 1);
	s->pos = insn->a;
	return NEXT;
}

static void run_error(struct run *x, const struct script_insn *insn)
{
	char *text = script_expand(x->e, insn->text, false, x->err), *plain;

	if (text && insn->op == SCRIPT_ERRORQ) {
		plain = script_unquote(text);
		free(text);
		text = plain;
	}
	if (text && *text)
		weir_error(x->err, NULL, "%s", text);
	free(text);
}

static enum outcome run_insn(struct run *x, struct script_insn *insn)
{
	const unsigned next = x->s->pos;

	switch (insn->op) {
	case SCRIPT_INITIAL:
		x->s->steps += (int)insn->done;
		insn->done = 0;
		return NEXT;
	case SCRIPT_PAUSE:
		return run_pause(x, insn);
	case SCRIPT_WAIT:
		return run_wait(x, insn);
	case SCRIPT_PRINT:
	case SCRIPT_PRINTQ:
	case SCRIPT_PRINTN:
	case SCRIPT_PRINTNQ:
		run_print(x, insn);
		return NEXT;
	case SCRIPT_SAVE:
	case SCRIPT_APPEND:
		run_save(x, insn);
		return NEXT;
	case SCRIPT_READ:
	case SCRIPT_READQ:
		run_read(x, insn);
		return NEXT;
	case SCRIPT_WRITE:
	case SCRIPT_WRITEQ:
		run_write(x, insn);
		return NEXT;
	case SCRIPT_SET:
	case SCRIPT_SETQ:
		run_set(x, insn, insn->op == SCRIPT_SETQ);
		return NEXT;
	case SCRIPT_RETURN:
	case SCRIPT_RETURNQ:
		run_set(x, insn, insn->op == SCRIPT_RETURNQ);
		// unless the value's computation jumped
		return x->s->pos == next ? FINISH : NEXT;
	case SCRIPT_GOTO:
		return run_goto(x, insn);
	case SCRIPT_STOP:
		x->s->steps++;
		if (x->how != STEP_ROUTER)
			weir_stop(x->e->router);
		return FINISH;
	case SCRIPT_ERROR:
	case SCRIPT_ERRORQ:
		run_error(x, insn);
		return FINISH;
	case SCRIPT_END:
	case SCRIPT_EXIT:
		return FINISH;
	default: // init, export and label do nothing here
		return NEXT;
	}
}

int script_run(struct weir_element *e, int nsteps, enum script_step how, int jumps,
	       struct weir_err *err)
{
	struct script *s = e->self;
	struct run x = {.e = e, .s = s, .err = err, .steps = nsteps + s->steps, .how = how};

	while (x.steps >= s->steps && s->pos < s->n_insns && jumps < JUMPS_MAX) {
		// the position moves on first, as a handler may move it again
		unsigned at = s->pos++;
		enum outcome what = run_insn(&x, &s->insns[at]);

		if (what != NEXT) {
			s->pos = at;
			return jumps + 1;
		}
		jumps += s->pos == at + 1 ? 0 : 1;
	}
	if (jumps >= JUMPS_MAX) {
		fprintf(stderr, "%s :: %s: too many jumps, giving up\n", e->name, e->class->name);
		s->pos = s->n_insns;
		weir_timer_clear(&s->timer);
	}
	return jumps + 1;
}

int script_finish(struct weir_element *e, struct weir_buf *out)
{
	struct script *s = e->self;
	const struct script_insn *last = s->pos < s->n_insns ? &s->insns[s->pos] : NULL;
	enum script_op op = last ? last->op : SCRIPT_INITIAL;
	unsigned value;

	if (op == SCRIPT_GOTO && last->ends)
		op = last->finish;
	if (out && (op == SCRIPT_RETURN || op == SCRIPT_RETURNQ)) {
		value = script_variable(s, "_", false);
		if (value < s->n_vars)
			weir_printf(out, "%s", s->vars[value].value);
	} else if (out && op == SCRIPT_END && s->type == SCRIPT_PACKET) {
		weir_printf(out, "0");
	}
	if (op == SCRIPT_ERROR || op == SCRIPT_ERRORQ)
		return -EINVAL;
	return op == SCRIPT_STOP;
}
