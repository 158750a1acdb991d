// SPDX-License-Identifier: BSD-2-Clause
// IPRewriterPatterns: gives names to patterns that several inputs of IPRewriter and its relatives
// use, and so choose ports from one range. A name is known in the compound in which it is given and
// in those within it.
//
//	IPRewriterPatterns(to_world 18.26.4.9 50000-65535 - -, to_server - - 10.0.0.10 -);
//	rw :: IPRewriter(pattern to_world 0 1, pattern to_server 1 0);
#include "patterns.h"

#include <errno.h>
#include <stdlib.h>

struct rewriter_pattern *ip_rewriter_patterns_find(const struct ip_rewriter_patterns *self,
						   const char *name)
{
	for (unsigned i = 0; i < self->n; i++)
		if (strcmp(self->v[i].name, name) == 0)
			return self->v[i].pattern;
	return NULL;
}

// Of another element in the same compound, too.
static bool is_taken(struct weir_element *e, const char *name)
{
	const struct ip_rewriter_patterns *self = e->self;

	return ip_rewriter_patterns_find(self, name) || rewriter_pattern_named(e, name);
}

static int add(struct ip_rewriter_patterns *self, const char *name,
	       const struct rewriter_pattern *p)
{
	struct named_pattern *v = reallocarray(self->v, self->n + 1, sizeof(*v));
	struct named_pattern new = {};

	if (!v)
		return -ENOMEM;
	self->v = v;
	new.name = strdup(name);
	new.pattern = malloc(sizeof(*p));
	if (!new.name || !new.pattern) {
		free(new.name);
		free(new.pattern);
		return -ENOMEM;
	}
	*new.pattern = *p;
	self->v[self->n++] = new;
	return 0;
}

static int take(struct weir_element *e, struct weir_args *a, unsigned i, char **words, int n)
{
	struct rewriter_pattern p;
	const char *wrong;

	if (!n)
		return 0;
	if (is_taken(e, words[0]))
		return weir_args_error(a, (int)i, "pattern '%s' already defined", words[0]);
	wrong = rewriter_pattern_parse(e, words + 1, n - 1, &p);
	if (wrong)
		return weir_args_error(a, (int)i, "%s", wrong);
	return add(e->self, words[0], &p);
}

int ip_rewriter_patterns_configure(struct weir_element *e, struct weir_args *a)
{
	return weir_args_each(e, a, take);
}

static void fini(struct weir_element *e)
{
	struct ip_rewriter_patterns *self = e->self;

	if (!self)
		return;
	for (unsigned i = 0; i < self->n; i++) {
		free(self->v[i].name);
		free(self->v[i].pattern);
	}
	free(self->v);
}

WEIR_PLAIN_ELEMENT(ip_rewriter_patterns, "IPRewriterPatterns",
		   .purpose = "gives names to patterns of rewriters", .ports = "0/0",
		   .rest = "NAME PATTERN",
		   .rest_help = "any number: `NAME SADDR SPORT DADDR DPORT`",
		   .configure = ip_rewriter_patterns_configure, .fini = fini, .early = 1,
		   .userspace = "says something about others");
