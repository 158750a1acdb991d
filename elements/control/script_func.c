// SPDX-License-Identifier: BSD-2-Clause
// The functions of Script on text, and those that ask the system.

#include "script.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIELD_MAX = 4096, SPEC_MAX = 32 };

static int swap_bytes(enum script_function fn, const char *param, struct weir_buf *out,
		      struct weir_err *err)
{
	int64_t n;

	if (weir_parse(NULL, WEIR_T_I64, param, NULL, &n, NULL) < 0)
		return weir_error(err, NULL, "expected a number, got `%s'", param);
	if (fn == FN_HTONS || fn == FN_NTOHS)
		weir_printf(out, "%u", htons((uint16_t)n));
	else
		weir_printf(out, "%u", htonl((uint32_t)n));
	return 0;
}

int script_read_text(struct weir_element *, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err)
{
	char *text;

	switch (h->user) {
	case FN_FIRST:
		text = script_shift(&param);
		break;
	case FN_UNQUOTE:
		text = script_unquote(param);
		break;
	case FN_LENGTH:
		weir_printf(out, "%zu", strlen(param));
		return 0;
	default:
		return swap_bytes((enum script_function)h->user, param, out, err);
	}
	if (!text)
		return -ENOMEM;
	weir_printf(out, "%s", text);
	free(text);
	return 0;
}

// A conversion specification under construction, and where it stands in the format.
struct spec {
	char text[SPEC_MAX];
	size_t len;
	const char *s;
	char width; // 'h', 'l', 'q' or 0
};

static void add_spec(struct spec *p, char c)
{
	if (p->len + 4 < sizeof(p->text))
		p->text[p->len++] = c;
	p->text[p->len] = '\0';
}

// The number of a width or precision: digits, or the next argument for `*`.
static bool add_field(struct spec *p, const char **args)
{
	int32_t n = 0;
	char *word;
	bool ok;

	if (*p->s == '*') {
		p->s++;
		word = script_shift(args);
		ok = word && weir_parse(NULL, WEIR_T_I32, word, NULL, &n, NULL) == 0;
		free(word);
	} else {
		ok = true;
		while (isdigit((unsigned char)*p->s) && n <= FIELD_MAX)
			n = 10 * n + (*p->s++ - '0');
		if (!n)
			return true;
	}
	if (!ok || n > FIELD_MAX || n < -FIELD_MAX)
		return false;
	p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, "%d", n);
	return true;
}

static void read_width(struct spec *p)
{
	for (; *p->s && strchr("hlLq", *p->s); p->s++) {
		if (*p->s == 'h' || (*p->s == 'l' && p->width != 'l'))
			p->width = *p->s;
		else
			p->width = 'q';
	}
}

static bool read_spec(struct spec *p, const char **args)
{
	add_spec(p, '%');
	while (*p->s && strchr("0#- +", *p->s)) {
		if (!strchr(p->text, *p->s))
			add_spec(p, *p->s);
		p->s++;
	}
	if (!add_field(p, args))
		return false;
	if (*p->s == '.') {
		add_spec(p, *p->s++);
		if (*p->s == '-' || !add_field(p, args))
			return false;
	}
	read_width(p);
	return true;
}

static bool convert_integer(struct spec *p, const char *word, struct weir_buf *out)
{
	bool is_signed = *p->s == 'd' || *p->s == 'i';
	char *fmt = p->text;
	int64_t v = 0;

	if (weir_parse(NULL, is_signed ? WEIR_T_I64 : WEIR_T_U64, word, NULL, &v, NULL) < 0)
		return false;
	if (p->width == 'h')
		v = is_signed ? (int16_t)v : (uint16_t)v;
	add_spec(p, 'l');
	add_spec(p, *p->s);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	weir_printf(out, fmt, (long)v);
#pragma GCC diagnostic pop
	return true;
}

static bool convert_string(struct spec *p, const char *word, struct weir_buf *out)
{
	char *fmt = p->text, *text = *word ? weir_unquote(word, NULL) : NULL;

	if (!text)
		return false;
	add_spec(p, 's');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	weir_printf(out, fmt, text);
#pragma GCC diagnostic pop
	free(text);
	return true;
}

static bool convert(struct spec *p, const char **args, struct weir_buf *out)
{
	char *word;
	bool ok;

	if (*p->s == '%') {
		weir_append(out, "%", 1);
		return true;
	}
	if (!*p->s || !strchr("diouxXs", *p->s))
		return false;
	word = script_shift(args);
	ok = word && (*p->s == 's' ? convert_string(p, word, out) : convert_integer(p, word, out));
	free(word);
	return ok;
}

int script_read_sprintf(struct weir_element *, const struct weir_handler *, const char *param,
			struct weir_buf *out, struct weir_err *err)
{
	char *word = script_shift(&param), *format = word ? script_unquote(word) : NULL;
	bool ok = format != NULL;
	const char *s;

	free(word);
	for (s = format; ok && *s; s++) {
		struct spec p = {.s = s + 1};

		if (*s != '%') {
			weir_append(out, s, 1);
			continue;
		}
		ok = read_spec(&p, &param) && convert(&p, &param, out);
		s = p.s;
	}
	free(format);
	return ok && !*param ? 0 : weir_error(err, NULL, "format and arguments do not match");
}

static int random_number(struct weir_element *e, const char *param, struct weir_buf *out,
			 struct weir_err *err)
{
	uint32_t v[2] = {}, low = 0, high = INT32_MAX;
	char **words;
	int n = weir_words(param, &words);
	bool ok = n >= 0 && n <= 2;

	for (int i = 0; ok && i < n; i++)
		ok = weir_parse(NULL, WEIR_T_U32, words[i], NULL, &v[i], NULL) == 0;
	if (n >= 0)
		weir_words_free(words, n);
	if (!ok || (n == 1 && !v[0]) || (n == 2 && v[1] < v[0]))
		return weir_error(err, NULL,
				  "expected nothing, N above 0, or N1 and N2 not below it");
	if (n == 1) {
		high = v[0] - 1;
	} else if (n == 2) {
		low = v[0];
		high = v[1];
	}
	weir_printf(out, "%" PRIu64,
		    low + weir_random(e->nodes[e->home]) % ((uint64_t)high - low + 1));
	return 0;
}

static int read_file(const char *param, bool quote, struct weir_buf *out, struct weir_err *err)
{
	struct weir_buf text = {};
	char *file, chunk[4096], *quoted;
	size_t n;
	FILE *f;

	if (weir_parse(NULL, WEIR_T_FILE, param, "FILE", &file, err) < 0)
		return -EINVAL;
	f = fopen(file, "re");
	if (!f) {
		weir_error(err, NULL, "%s: %s", file, strerror(errno));
		free(file);
		return -EINVAL;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		weir_append(quote ? &text : out, chunk, n);
	fclose(f);
	free(file);
	if (!quote)
		return 0;
	quoted = weir_quote(text.text ? text.text : "", text.len);
	weir_buf_free(&text);
	if (!quoted)
		return -ENOMEM;
	weir_printf(out, "%s", quoted);
	free(quoted);
	return 0;
}

static int send_signal(const char *param, struct weir_err *err)
{
	char **words;
	int n = weir_words(param, &words), number, r = 0;
	int32_t pid;

	if (n < 0)
		return n;
	number = n ? script_signal(words[0]) : -1;
	if (number < 0)
		r = weir_error(err, NULL, "expected a signal and processes");
	for (int i = 1; !r && i < n; i++) {
		if (weir_parse(NULL, WEIR_T_I32, words[i], NULL, &pid, NULL) < 0)
			r = weir_error(err, NULL, "`%s' is no process", words[i]);
		else if (kill(pid, number) < 0)
			r = weir_error(err, NULL, "kill %d %d: %s", number, pid, strerror(errno));
	}
	weir_words_free(words, n);
	return r;
}

int script_read_system(struct weir_element *e, const struct weir_handler *h, const char *param,
		       struct weir_buf *out, struct weir_err *err)
{
	uint64_t now;

	switch (h->user) {
	case FN_RANDOM:
		return random_number(e, param, out, err);
	case FN_CAT:
	case FN_CATQ:
		return read_file(param, h->user == FN_CATQ, out, err);
	case FN_KILL:
		return send_signal(param, err);
	default:
		now = weir_wall(e->nodes[e->home]);
		weir_printf(out, "%" PRIu64 ".%09" PRIu64, now / 1000000000, now % 1000000000);
		return 0;
	}
}
