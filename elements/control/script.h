// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the parts of Script share. All of a script runs while the workers stand at a safe point: it
// is only ever entered through handlers, which see to that.

#include <weir/element.h>

enum script_op {
	SCRIPT_INITIAL, // counts as a step that the start of the router makes
	SCRIPT_PAUSE,
	SCRIPT_WAIT,
	SCRIPT_PRINT,
	SCRIPT_PRINTQ,
	SCRIPT_PRINTN,
	SCRIPT_PRINTNQ,
	SCRIPT_READ,
	SCRIPT_READQ,
	SCRIPT_WRITE,
	SCRIPT_WRITEQ,
	SCRIPT_SET,
	SCRIPT_SETQ,
	SCRIPT_INIT,
	SCRIPT_INITQ,
	SCRIPT_EXPORT,
	SCRIPT_EXPORTQ,
	SCRIPT_SAVE,
	SCRIPT_APPEND,
	SCRIPT_LABEL,
	SCRIPT_GOTO,
	SCRIPT_RETURN,
	SCRIPT_RETURNQ,
	// these also are labels
	SCRIPT_EXIT,
	SCRIPT_END,
	SCRIPT_STOP,
	SCRIPT_ERROR,
	SCRIPT_ERRORQ,
};

enum script_type {
	SCRIPT_ACTIVE,
	SCRIPT_PASSIVE,
	SCRIPT_DRIVER,
	SCRIPT_SIGNAL,
	SCRIPT_PROXY,
	SCRIPT_PACKET,
};

struct script_insn {
	enum script_op op;
	unsigned a;	       // pause: how often; set: variable; goto: instruction
	enum script_op finish; // goto: how to end, if `ends`
	bool ends;
	unsigned done; // pause: steps so far; initial: not yet passed
	char *text;
};

struct script_variable {
	char *name, *value;
};

// Handlers whose names the configuration makes up: exported variables, and all of a proxy.
struct script_handler {
	struct weir_handler h;
	struct script_handler *next;
	char name[];
};

struct script {
	char *type_text;
	enum script_type type;
	struct script_insn *insns;
	unsigned n_insns;
	struct script_variable *vars;
	unsigned n_vars;
	struct script_handler *handlers;

	unsigned pos; // next instruction; n_insns: given up
	int steps;    // so far
	int *more;    // steps that were asked for while the script ran; NULL: it does not
	int write_status;
	char *run_name, *run_args; // handler by which it was entered, and what was passed
	bool run_write;
	struct weir_timer timer;

	uint64_t signals; // bit per signal number
	int signal_fd;	  // 0: none
	bool watching;
};

enum script_step { STEP_NORMAL, STEP_ROUTER };

// Runs up to the nsteps-th blocking instruction. Returns jumps made, for the next call.
int script_run(struct weir_element *e, int nsteps, enum script_step how, int jumps,
	       struct weir_err *err);
// Starts the timer of the script: it will make a step after so many nanoseconds.
void script_set_timer(struct weir_element *e, uint64_t delay);
// After script_run: -EINVAL the script ended in an error, 1 by stop, else 0. out (may be NULL) gets
// the value it returned.
int script_finish(struct weir_element *e, struct weir_buf *out);

// Who enters a script, and how: functions of its handlers.
enum script_entry { SCRIPT_ENTER_STEP, SCRIPT_ENTER_RUN, SCRIPT_ENTER_GOTO };
// step, goto, run and the names of a proxy; h->user is the entry.
int script_write_entry(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err);
int script_read_run(struct weir_element *e, const struct weir_handler *h, const char *param,
		    struct weir_buf *out, struct weir_err *err);
// The timer fired, or the router started.
int script_write_timer(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err);
// A packet came in by the port `param`; the value is its output.
int script_read_packet(struct weir_element *e, const struct weir_handler *h, const char *param,
		       struct weir_buf *out, struct weir_err *err);
// Something asked the router to stop; true: let it.
bool script_stop_asked(struct weir_element *e);
int script_open_signals(struct script *s);
// Gives the signals their default meaning again.
void script_close_signals(struct script *s);
// While a script blocks, the signals that run it wait.
void script_watch_signals(struct weir_element *e, bool watch);

// Instruction that a label means: an index, or n_insns with *finish set; -EINVAL: no such label.
int script_label(const struct script *s, const char *label, unsigned *at, enum script_op *finish);
// Known instruction word, or -1.
int script_op_named(const char *word);

// Index of a variable; n_vars if there is none and it is not to be added (or no memory).
unsigned script_variable(struct script *s, const char *name, bool add);
void script_assign(struct script *s, unsigned var, char *value); // takes value over
// The word at *text, malloc'd ("" when there is none); *text goes on behind it and the blanks.
char *script_shift(const char **text);
// Replaces $x, ${x}, $(handler args). quote: outside of quotes, each value is put into quotes.
char *script_expand(struct weir_element *e, const char *text, bool quote, struct weir_err *err);
// Like weir_unquote, but broken quoting is left as it is.
char *script_unquote(const char *text);

// Calls the handler named by the first word of text with the rest of it (unquoted once, if asked).
int script_call_read(struct weir_element *e, const char *text, bool unquote, char **name,
		     struct weir_buf *out, struct weir_err *err);
int script_call_write(struct weir_element *e, const char *text, bool unquote, struct weir_err *err);
// Full name of the handler that `name` means to e: its own, the router's, or another element's.
char *script_handler_name(struct weir_element *e, const char *name);

// A signal by name or number; -1: there is none.
int script_signal(const char *word);

// Handlers of Script that compute.
int script_read_arithmetic(struct weir_element *e, const struct weir_handler *h, const char *param,
			   struct weir_buf *out, struct weir_err *err);
int script_read_compare(struct weir_element *e, const struct weir_handler *h, const char *param,
			struct weir_buf *out, struct weir_err *err);
int script_read_logic(struct weir_element *e, const struct weir_handler *h, const char *param,
		      struct weir_buf *out, struct weir_err *err);
int script_read_text(struct weir_element *e, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err);
int script_read_sprintf(struct weir_element *e, const struct weir_handler *h, const char *param,
			struct weir_buf *out, struct weir_err *err);
int script_read_system(struct weir_element *e, const struct weir_handler *h, const char *param,
		       struct weir_buf *out, struct weir_err *err);

enum script_function {
	FN_ADD,
	FN_SUB,
	FN_MIN,
	FN_MAX,
	FN_MUL,
	FN_DIV,
	FN_IDIV,
	FN_MOD,
	FN_REM,
	FN_NEG,
	FN_ABS,
	FN_LT,
	FN_EQ,
	FN_GT,
	FN_GE,
	FN_NE,
	FN_LE,
	FN_NOT,
	FN_AND,
	FN_OR,
	FN_NAND,
	FN_NOR,
	FN_IF,
	FN_IN,
	FN_READABLE,
	FN_WRITABLE,
	FN_FIRST,
	FN_LENGTH,
	FN_UNQUOTE,
	FN_HTONS,
	FN_HTONL,
	FN_NTOHS,
	FN_NTOHL,
	FN_NOW,
	FN_RANDOM,
	FN_CAT,
	FN_CATQ,
	FN_KILL,
};

// Arguments and instructions of the classes Script and DriverManager.
extern const struct weir_arg script_args[];
int script_configure(struct weir_element *e, struct weir_args *a);
