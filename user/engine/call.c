// SPDX-License-Identifier: BSD-2-Clause
#include <weir/call.h>
#include <weir/element.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// "handler" of "a/b/element.handler value", with the caller's scope put before it as long as no
// element has that name. malloc'd; NULL if there is none, or no memory.
static char *resolve(struct weir_element *e, const char *word, size_t len)
{
	const char *dot = memrchr(word, '.', len);
	size_t scope = strlen(e->name);

	if (!dot)
		return strndup(word, len);
	for (;;) {
		char *name, *full;
		bool found;

		while (scope && e->name[scope - 1] != '/')
			scope--;
		if (asprintf(&name, "%.*s%.*s", (int)scope, e->name, (int)(dot - word), word) < 0)
			return NULL;
		found = weir_find(e->router, name);
		if (found && asprintf(&full, "%s%.*s", name, (int)(word + len - dot), dot) < 0)
			full = NULL;
		free(name);
		if (found)
			return full;
		if (!scope)
			return NULL;
		scope--;
	}
}

int weir_call_check(struct weir_element *e, const char *text, const char *arg, struct weir_err *err)
{
	size_t len = strcspn(text, " \t\n");
	char *name = resolve(e, text, len);

	if (!name)
		return weir_error(err, &e->loc, "%s: %s: there is no element for '%.*s'", e->name,
				  arg, (int)len, text);
	free(name);
	return 0;
}

static void run(struct weir_node *n, struct weir_timer *t)
{
	struct weir_call *c = (struct weir_call *)((char *)t - offsetof(struct weir_call, timer));
	struct weir_element *e = n->element;
	struct weir_err err = {};
	char *text = c->text, *name;
	size_t len = strcspn(text, " \t\n");

	c->text = NULL; // the handler may lead to another call
	name = resolve(e, text, len);
	if (!name)
		weir_error(&err, NULL, "%s: there is no element for '%.*s'", e->name, (int)len,
			   text);
	else
		weir_handler_write(e->router, name, text + len + strspn(text + len, " \t\n"), &err);
	if (err.text)
		fputs(err.text, stderr);
	weir_err_free(&err);
	free(name);
	free(text);
}

void weir_call(struct weir_node *n, struct weir_call *c, const char *text)
{
	weir_call_cancel(c);
	c->text = strdup(text);
	if (c->text)
		weir_timer_set(&c->timer, n, weir_now(n), run);
	else
		fprintf(stderr, "%s: no memory to call '%s'\n", n->element->name, text);
}

void weir_call_cancel(struct weir_call *c)
{
	weir_timer_clear(&c->timer);
	free(c->text);
	c->text = NULL;
}
