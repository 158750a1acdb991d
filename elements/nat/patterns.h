// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Patterns that have names, in an IPRewriterPatterns element.

#include "pattern.h"

struct named_pattern {
	char *name;
	struct rewriter_pattern *pattern;
};
struct ip_rewriter_patterns {
	struct named_pattern *v;
	unsigned n;
};

int ip_rewriter_patterns_configure(struct weir_element *e, struct weir_args *a);
struct rewriter_pattern *ip_rewriter_patterns_find(const struct ip_rewriter_patterns *self,
						   const char *name);
