// SPDX-License-Identifier: BSD-2-Clause
#include "names.h"

#include <weir/args.h>
#include <weir/element.h>

#include <errno.h>
#include <stdlib.h>

struct weir_name {
	char *text; // scope and name
	enum weir_name_kind kind;
	uint8_t value[WEIR_NAME_MAX];
};

struct weir_names {
	struct weir_name *v;
	unsigned n, cap;
};

static const uint8_t value_size[] = {
	[WEIR_NAME_IP4] = sizeof(be32), [WEIR_NAME_IP4_PREFIX] = sizeof(struct weir_ip4_prefix),
	[WEIR_NAME_ETHER] = 6,		[WEIR_NAME_IP6] = 16,
	[WEIR_NAME_IP6_PREFIX] = 17,
};

size_t weir_scope_len(const char *element_name)
{
	const char *slash = strrchr(element_name, '/');

	return slash ? (size_t)(slash - element_name) + 1 : 0;
}

static struct weir_name *find(const struct weir_names *names, enum weir_name_kind kind,
			      const char *scope, size_t scope_len, const char *name)
{
	for (unsigned i = 0; i < names->n; i++) {
		struct weir_name *n = &names->v[i];

		if (n->kind == kind && strncmp(n->text, scope, scope_len) == 0 &&
		    strcmp(n->text + scope_len, name) == 0)
			return n;
	}
	return NULL;
}

int weir_names_add(struct weir_names *names, const struct weir_element *e, enum weir_name_kind kind,
		   const char *name, const void *value)
{
	const char *scope = e ? e->name : "";
	size_t scope_len = weir_scope_len(scope), len = strlen(name);
	struct weir_name *n = find(names, kind, scope, scope_len, name);

	if (!n) {
		if (names->n == names->cap) {
			unsigned cap = names->cap ? 2 * names->cap : 16;
			struct weir_name *v = reallocarray(names->v, cap, sizeof(*v));

			if (!v)
				return -ENOMEM;
			names->v = v;
			names->cap = cap;
		}
		n = &names->v[names->n];
		*n = (struct weir_name){.kind = kind, .text = malloc(scope_len + len + 1)};
		if (!n->text)
			return -ENOMEM;
		memcpy(n->text, scope, scope_len);
		memcpy(n->text + scope_len, name, len + 1);
		names->n++;
	}
	memcpy(n->value, value, value_size[kind]);
	return 0;
}

bool weir_names_find(const struct weir_names *names, const struct weir_element *e,
		     enum weir_name_kind kind, const char *name, void *value)
{
	const char *scope = e ? e->name : "";
	size_t len = weir_scope_len(scope);

	for (;;) {
		const struct weir_name *n = find(names, kind, scope, len, name);

		if (n) {
			memcpy(value, n->value, value_size[kind]);
			return true;
		}
		if (!len)
			return false;
		do
			len--;
		while (len && scope[len - 1] != '/');
	}
}

int weir_names_init(struct weir_names **names)
{
	*names = calloc(1, sizeof(**names));
	return *names ? 0 : -ENOMEM;
}

void weir_names_free(struct weir_names *names)
{
	if (!names)
		return;
	for (unsigned i = 0; i < names->n; i++)
		free(names->v[i].text);
	free(names->v);
	free(names);
}
