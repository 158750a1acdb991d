// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Files.

#include "mem.h"

struct lang_sources {
	struct arena keep;	  // texts, names and the flat graph itself
	struct arg_text *configs; // of the elements: where each part of their arguments stood
};

// The text of a file, with a '\0' behind it; NULL and errno after reporting at `loc`. A library
// must be a regular file, others can be anything, "-" is standard input.
char *lang_source_read(struct lang_run *run, const char *file, bool library,
		       const struct weir_loc *loc, size_t *len);
bool lang_source_readable(const char *file);
