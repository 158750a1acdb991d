// SPDX-License-Identifier: BSD-2-Clause

// What `weir click` prints: handlers, the flat configuration, and the value it exits with.

#include <click.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

void click_messages(const struct click *c, struct weir_err *err)
{
	if (err->text && (err->n_errors || !c->no_warnings))
		fputs(err->text, stderr);
	weir_err_free(err);
}

// Prints the value of a handler, with its name above and an empty line below if there are several.
static int print_handler(struct click *c, const char *name, bool with_name, struct weir_err *err)
{
	const struct weir_handler *h = weir_handler_find(c->s.router, name, NULL);
	struct weir_buf value = {};
	int r;

	if (!h || h->flags & WEIR_H_PRIVATE)
		return weir_error(err, NULL, "no `%s' handler", name);
	if (!(h->flags & WEIR_H_READ))
		return weir_error(err, NULL, "`%s' is a write handler", name);
	r = weir_handler_read(c->s.router, name, "", &value, err);
	if (with_name)
		printf("%s:\n", name);
	if (r >= 0 && value.len)
		fwrite(value.text, 1, value.len, stdout);
	if (r >= 0 && !(h->flags & WEIR_H_RAW) && value.len && value.text[value.len - 1] != '\n')
		putchar('\n');
	if (with_name)
		putchar('\n');
	weir_buf_free(&value);
	return r;
}

// All elements that a pattern matches, or of that class, which have such a handler.
static int print_matching(struct click *c, const char *pattern, const char *handler,
			  struct weir_err *err)
{
	const bool is_pattern = strpbrk(pattern, "?*[") != NULL;
	bool any = false;

	for (unsigned i = 0; i < c->s.router->n_elements; i++) {
		const struct weir_element *e = c->s.router->elements[i];
		const struct weir_handler *h;
		char *name;

		if (is_pattern ? fnmatch(pattern, e->name, 0) != 0
			       : strcmp(pattern, e->class->name) != 0)
			continue;
		any = true;
		if (asprintf(&name, "%s.%s", e->name, handler) < 0)
			return -ENOMEM;
		h = weir_handler_find(c->s.router, name, NULL);
		if (h && h->flags & WEIR_H_READ && !(h->flags & WEIR_H_PRIVATE))
			print_handler(c, name, true, err);
		free(name);
	}
	if (any)
		return 0;
	return weir_error(err, NULL, is_pattern ? "no element matching `%s'" : "no element `%s'",
			  pattern);
}

int click_print_handlers(struct click *c)
{
	struct weir_err err = {};

	for (unsigned i = 0; i < c->n_handlers; i++) {
		const char *name = c->handlers[i], *dot = strchr(name, '.');
		char *element = dot ? strndup(name, (size_t)(dot - name)) : NULL;

		if (!element || weir_find(c->s.router, element))
			print_handler(c, name, c->n_handlers > 1, &err);
		else
			print_matching(c, element, dot + 1, &err);
		free(element);
	}
	fflush(stdout);
	if (!err.n_errors) {
		weir_err_free(&err);
		return 0;
	}
	click_messages(c, &err);
	return 1;
}

int click_exit_value(struct click *c)
{
	struct weir_buf value = {};
	struct weir_err err = {};
	int32_t n = -1;
	bool b;

	if (weir_handler_read(c->s.router, c->exit_handler, "", &value, &err) >= 0) {
		const char *text = value.text ? value.text : "";
		char *word = strndup(text, strcspn(text, "\n"));

		if (word && weir_parse(NULL, WEIR_T_BOOL, word, NULL, &b, NULL) == 0 &&
		    !isdigit((unsigned char)*word))
			n = b ? 0 : 1;
		else if (!word || weir_parse(NULL, WEIR_T_I32, word, NULL, &n, NULL) < 0)
			weir_error(&err, NULL, "exit handler value should be integer");
		free(word);
	}
	if (err.n_errors)
		n = -1;
	weir_buf_free(&value);
	click_messages(c, &err);
	return n;
}

int click_write_output(struct click *c)
{
	bool to_stdout = strcmp(c->output, "-") == 0;
	FILE *f = to_stdout ? stdout : fopen(c->output, "we");
	struct weir_buf text = {};
	struct weir_err err = {};

	if (!f) {
		fprintf(stderr, "%s: %s\n", c->output, strerror(errno));
		return 1;
	}
	weir_handler_read(c->s.router, "flatconfig", "", &text, &err);
	if (text.len)
		fwrite(text.text, 1, text.len, f);
	weir_buf_free(&text);
	weir_err_free(&err);
	if (to_stdout)
		fflush(f);
	else
		fclose(f);
	return 0;
}
