// SPDX-License-Identifier: BSD-2-Clause
// Values that are written as names: of alternatives, annotations, elements and handlers.

#include "graph.h"
#include "names.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>

int parse_enum(const struct parse *c, const char *text, unsigned *out)
{
	const char *const *names = c->a ? c->a->names : NULL;
	char list[512] = "";
	size_t len = 0;

	for (unsigned i = 0; names && names[i]; i++) {
		if (strcasecmp(names[i], text) == 0) {
			*out = i;
			return 0;
		}
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						i ? ", " : "one of ", names[i]);
	}
	return parse_expected(c, list, text);
}

// Annotations by their names in Click; the sizes are those of what they hold.
static const struct {
	const char *name;
	uint8_t at, size;
} annotations[] = {
	{"DST_IP", ANNO_DST_IP, 4},
	{"DST_IP6", ANNO_DST_IP6, 16},
	{"PAINT", ANNO_PAINT, 1},
	{"ICMP_PARAMPROB", ANNO_ICMP_PARAMPROB, 1},
	{"FIX_IP_SRC", ANNO_FIX_IP_SRC, 1},
	{"VLAN_TCI", ANNO_VLAN_TCI, 2},
	{"AGGREGATE", ANNO_AGGREGATE, 4},
	{"MISC_IP", ANNO_MISC_IP, 4},
	{"EXTRA_PACKETS", ANNO_EXTRA_PACKETS, 4},
	{"EXTRA_LENGTH", ANNO_EXTRA_LENGTH, 4},
	{"FIRST_TIMESTAMP", ANNO_FIRST_TIMESTAMP, 8},
	{"SEQUENCE_NUMBER", ANNO_SEQUENCE_NUMBER, 4},
};

// Offset and size of the annotation that has such a name; `_ANNO` may follow it.
static bool find_anno(const char *text, uint64_t *at, unsigned *size)
{
	for (size_t i = 0; i < sizeof(annotations) / sizeof(*annotations); i++) {
		size_t len = strlen(annotations[i].name);

		if (strncmp(text, annotations[i].name, len) != 0 ||
		    (text[len] && strcmp(text + len, "_ANNO") != 0))
			continue;
		*at = annotations[i].at;
		*size = annotations[i].size;
		return true;
	}
	return false;
}

int parse_anno(const struct parse *c, const char *text, struct weir_anno *out)
{
	unsigned want = c->a && c->a->max > 0 ? (unsigned)c->a->max : 0, size = 0;
	bool negative = false;
	uint64_t at;

	if (!find_anno(text, &at, &size) &&
	    (parse_integer(text, strlen(text), &negative, &at) != PARSE_OK || negative))
		return parse_expected(c, "the name or the offset of an annotation", text);
	if (size && want && size != want)
		return parse_error(c, "annotation %s has %u bytes, but %u are needed", text, size,
				   want);
	if (!size)
		size = want ? want : 1;
	if (at >= WEIR_ANNO_SIZE || at + size > WEIR_ANNO_SIZE)
		return parse_error(c, "%u bytes at %.80s are beyond the %d bytes of annotations",
				   size, text, WEIR_ANNO_SIZE);
	*out = (struct weir_anno){(uint8_t)at, (uint8_t)size};
	return 0;
}

struct weir_element *parse_element(struct weir_element *e, const char *name)
{
	size_t scope = e ? weir_scope_len(e->name) : 0, len = strlen(name);
	struct weir_element *found = NULL;
	char *full;

	if (!e || !e->router)
		return NULL;
	full = malloc(scope + len + 1);
	while (full && !found) {
		memcpy(full, e->name, scope);
		memcpy(full + scope, name, len + 1);
		found = weir_find(e->router, full);
		if (!scope)
			break;
		do
			scope--;
		while (scope && e->name[scope - 1] != '/');
	}
	free(full);
	e->router->name_missed |= found		      ? weir_is_unknown(found)
				  : strchr(name, '/') ? e->router->names_lost // in a compound
						      : e->router->flat.incomplete;
	return found;
}

int parse_element_value(const struct parse *c, const char *text, struct weir_element **out)
{
	char *name = parse_string(text, NULL);

	if (!name)
		return parse_expected(c, "the name of an element", text);
	*out = parse_element(c->e, name);
	free(name);
	return *out ? 0 : parse_error(c, "there is no element `%s'", text);
}

// Completes the element's name, so that who uses the handler later needs no scope.
int parse_handler(const struct parse *c, const char *text, char **out)
{
	char *name = parse_string(text, NULL), *dot;
	struct weir_element *e;

	if (!name || !*name) {
		free(name);
		return parse_expected(c, "a handler, ELEMENT.HANDLER", text);
	}
	dot = strrchr(name, '.');
	if (dot && dot != name) {
		*dot = '\0';
		e = parse_element(c->e, name);
		*dot = '.';
		if (e && asprintf(out, "%s%s", e->name, dot) >= 0) {
			free(name);
			return 0;
		}
	}
	*out = name;
	return 0;
}

int weir_name_address(struct weir_element *e, enum weir_type type, const char *name,
		      const void *value)
{
	enum weir_name_kind kind = type == WEIR_T_IP4	       ? WEIR_NAME_IP4
				   : type == WEIR_T_IP4_PREFIX ? WEIR_NAME_IP4_PREFIX
							       : WEIR_NAME_ETHER;
	const struct weir_ip6_prefix *net6 = value;
	uint8_t bytes[17];

	switch (type) {
	case WEIR_T_IP6_PREFIX:
		weir_ip6_write(bytes, net6->addr);
		bytes[16] = (uint8_t)net6->len;
		return weir_names_add(e->router->names, e, WEIR_NAME_IP6_PREFIX, name, bytes);
	case WEIR_T_IP6:
		weir_ip6_write(bytes, *(const struct weir_ip6 *)value);
		return weir_names_add(e->router->names, e, WEIR_NAME_IP6, name, bytes);
	default:
		return weir_names_add(e->router->names, e, kind, name, value);
	}
}
