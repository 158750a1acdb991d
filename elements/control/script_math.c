// SPDX-License-Identifier: BSD-2-Clause
// The functions of Script on numbers and truth values. Their arguments are words.

#include "script.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

// A number, whole as long as it can be.
struct number {
	bool real;
	int64_t i;
	double d;
};

static bool read_number(const char *word, struct number *n)
{
	n->real = weir_parse(NULL, WEIR_T_I64, word, NULL, &n->i, NULL) < 0;
	if (n->real)
		return weir_parse(NULL, WEIR_T_DOUBLE, word, NULL, &n->d, NULL) == 0;
	n->d = (double)n->i;
	return true;
}

static void show_number(struct weir_buf *out, const struct number *n)
{
	if (n->real)
		weir_printf(out, "%.12g", n->d);
	else
		weir_printf(out, "%" PRId64, n->i);
}

static struct number combine(enum script_function fn, struct number a, struct number b)
{
	struct number r = {.real = a.real || b.real || fn == FN_DIV || fn == FN_IDIV};

	switch (fn) {
	case FN_ADD:
		r.i = (int64_t)((uint64_t)a.i + (uint64_t)b.i);
		r.d = a.d + b.d;
		break;
	case FN_SUB:
		r.i = (int64_t)((uint64_t)a.i - (uint64_t)b.i);
		r.d = a.d - b.d;
		break;
	case FN_MUL:
		r.i = (int64_t)((uint64_t)a.i * (uint64_t)b.i);
		r.d = a.d * b.d;
		break;
	case FN_MIN:
	case FN_MAX:
		r.i = (a.i < b.i) == (fn == FN_MIN) ? a.i : b.i;
		r.d = (a.d < b.d) == (fn == FN_MIN) ? a.d : b.d;
		break;
	default:
		r.d = a.d / b.d;
	}
	if (!r.real)
		r.d = (double)r.i;
	return r;
}

static int remainder_of(enum script_function fn, struct number a, struct number b,
			struct weir_buf *out, struct weir_err *err)
{
	struct number r = {.real = a.real || b.real};

	if (r.real && fn == FN_MOD)
		return weir_error(err, NULL, "expected two numbers");
	if (r.real) {
		r.d = fmod(a.d, b.d);
	} else if (!b.i) {
		return weir_error(err, NULL, "division by zero");
	} else {
		r.i = b.i == -1 ? 0 : a.i % b.i;
	}
	show_number(out, &r);
	return 0;
}

static int fold(enum script_function fn, char **words, int n, struct weir_buf *out,
		struct weir_err *err)
{
	struct number sum = {.i = fn == FN_MUL || fn == FN_DIV || fn == FN_IDIV};

	sum.d = (double)sum.i;
	for (int i = 0; i < n; i++) {
		struct number x;

		if (!read_number(words[i], &x))
			return weir_error(err, NULL, "expected a list of numbers");
		sum = i ? combine(fn, sum, x) : x;
	}
	if (fn == FN_DIV)
		sum.real = true;
	if (fn == FN_IDIV) {
		sum.real = false;
		sum.i = fabs(sum.d) < 0x1p63 ? (int64_t)sum.d : INT64_MIN;
	}
	show_number(out, &sum);
	return 0;
}

static int one_number(enum script_function fn, char **words, int n, struct weir_buf *out,
		      struct weir_err *err)
{
	struct number x;

	if (n != 1 || !read_number(words[0], &x))
		return weir_error(err, NULL, "expected one number");
	if (fn == FN_NEG || x.d < 0) {
		x.i = (int64_t) - (uint64_t)x.i;
		x.d = -x.d;
	}
	show_number(out, &x);
	return 0;
}

int script_read_arithmetic(struct weir_element *, const struct weir_handler *h, const char *param,
			   struct weir_buf *out, struct weir_err *err)
{
	enum script_function fn = (enum script_function)h->user;
	struct number a, b;
	char **words;
	int n = weir_words(param, &words), r;

	if (n < 0)
		return n;
	if (fn == FN_NEG || fn == FN_ABS)
		r = one_number(fn, words, n, out, err);
	else if (fn != FN_MOD && fn != FN_REM)
		r = fold(fn, words, n, out, err);
	else if (n != 2 || !read_number(words[0], &a) || !read_number(words[1], &b))
		r = weir_error(err, NULL, "expected two numbers");
	else
		r = remainder_of(fn, a, b, out, err);
	weir_words_free(words, n);
	return r;
}

// As numbers if both are, else as texts. -1, 0 or 1.
static int compare(const char *a, const char *b)
{
	struct number x, y;
	char *s, *t;
	int r;

	if (read_number(a, &x) && read_number(b, &y)) {
		if (x.real || y.real)
			return x.d < y.d ? -1 : x.d > y.d;
		return x.i < y.i ? -1 : x.i > y.i;
	}
	s = script_unquote(a);
	t = script_unquote(b);
	r = s && t ? strcmp(s, t) : 0;
	free(s);
	free(t);
	return r < 0 ? -1 : r > 0;
}

static bool holds(enum script_function fn, int order)
{
	switch (fn) {
	case FN_LT:
		return order < 0;
	case FN_LE:
		return order <= 0;
	case FN_EQ:
		return order == 0;
	case FN_NE:
		return order != 0;
	case FN_GE:
		return order >= 0;
	default:
		return order > 0;
	}
}

static void show_bool(struct weir_buf *out, bool b)
{
	weir_printf(out, "%s", b ? "true" : "false");
}

int script_read_compare(struct weir_element *, const struct weir_handler *h, const char *param,
			struct weir_buf *out, struct weir_err *err)
{
	char **words;
	int n = weir_words(param, &words), r = 0;

	if (n < 0)
		return n;
	if (n == 2)
		show_bool(out, holds((enum script_function)h->user, compare(words[0], words[1])));
	else
		r = weir_error(err, NULL, "expected two numbers");
	weir_words_free(words, n);
	return r;
}

static bool read_bool(const char *word, bool *b)
{
	return weir_parse(NULL, WEIR_T_BOOL, word, NULL, b, NULL) == 0;
}

// and, or and their opposites; later words are not looked at once the result is known.
static int combine_bools(enum script_function fn, char **words, int n, struct weir_buf *out,
			 struct weir_err *err)
{
	bool neutral = fn == FN_AND || fn == FN_NAND, value = neutral;

	for (int i = 0; i < n && value == neutral; i++)
		if (!read_bool(words[i], &value))
			return weir_error(err, NULL, "expected truth values, got `%s'", words[i]);
	show_bool(out, fn == FN_AND || fn == FN_OR ? value : !value);
	return 0;
}

static int choose(char **words, int n, struct weir_buf *out, struct weir_err *err)
{
	bool b;

	if (n < 1 || !read_bool(words[0], &b))
		return weir_error(err, NULL, "expected a truth value and two words");
	weir_printf(out, "%s", b && n > 1 ? words[1] : !b && n > 2 ? words[2] : "");
	return 0;
}

static bool is_among(char **words, int n)
{
	char *wanted = n ? script_unquote(words[0]) : NULL, *word;
	bool found = false;

	for (int i = 1; i < n && wanted && !found; i++) {
		word = script_unquote(words[i]);
		found = word && strcmp(word, wanted) == 0;
		free(word);
	}
	free(wanted);
	return found;
}

static bool have_handlers(struct weir_element *e, char **words, int n, unsigned flag)
{
	for (int i = 0; i < n; i++) {
		char *name = script_handler_name(e, words[i]);
		const struct weir_handler *h =
			name ? weir_handler_find(e->router, name, NULL) : NULL;

		free(name);
		if (!h || !(h->flags & flag))
			return false;
	}
	return true;
}

int script_read_logic(struct weir_element *e, const struct weir_handler *h, const char *param,
		      struct weir_buf *out, struct weir_err *err)
{
	char **words;
	int n = weir_words(param, &words), r = 0;
	bool b;

	if (n < 0)
		return n;
	switch (h->user) {
	case FN_NOT:
		if (n == 1 && read_bool(words[0], &b))
			show_bool(out, !b);
		else
			r = weir_error(err, NULL, "expected a truth value");
		break;
	case FN_IF:
		r = choose(words, n, out, err);
		break;
	case FN_IN:
		show_bool(out, is_among(words, n));
		break;
	case FN_READABLE:
		show_bool(out, have_handlers(e, words, n, WEIR_H_READ));
		break;
	case FN_WRITABLE:
		show_bool(out, have_handlers(e, words, n, WEIR_H_WRITE));
		break;
	default:
		r = combine_bools((enum script_function)h->user, words, n, out, err);
	}
	weir_words_free(words, n);
	return r;
}
