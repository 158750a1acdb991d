// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Memory and limits of one run of the parser. Everything is allocated in one of two arenas: `tmp`
// dies with the run, `keep` lives as long as the router. Running into a limit, or out of memory,
// ends the run from wherever it stands (lang_fatal), so that callers never see a NULL.

#include <weir/err.h>

#include "lang.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

// A hostile configuration ends at one of these; no real one comes near them.
enum {
	LANG_SOURCE_MAX = 64 << 20,	// bytes of text in one file
	LANG_FLAT_MAX = 64 << 20,	// bytes of the flat configuration: names and arguments
	LANG_MEMORY_MAX = 1536 << 20,	// bytes in the arenas
	LANG_WORK_MAX = 256 << 20,	// bytes looked at for variables, steps through tunnels
	LANG_ELEMENTS_MAX = 1000000,	// after expansion, compounds counted too
	LANG_CONNECTIONS_MAX = 4000000, // the same
	LANG_PORT_MAX = 65535,		// highest port number
	LANG_NESTING_MAX = 200,		// compounds and groups in one another, libraries, classes
	LANG_FORMALS_MAX = 1000,	// parameters of one compound
	LANG_ERRORS_MAX = 100,		// then the run stops
};

struct arena_chunk;
struct arena {
	struct arena_chunk *last;
};

// Names to numbers. Zeroed is empty; keys are kept by pointer.
struct lang_table {
	struct lang_slot *slots;
	unsigned n, size; // size is 0 or a power of two
};
enum { LANG_NONE = ~0u };

struct lang_run {
	struct weir_err *err;
	struct arena tmp, *keep;
	size_t memory, flat, work; // used so far, see the limits
	unsigned n_errors;	   // of this run
	unsigned n_apart;	   // of them, by lang_error_apart
	bool declared_late;	   // an element after its use, so it lacks what it was connected to
	bool bad_values;	   // what variables stand for is not always known
	bool no_library;	   // that was required, so its classes are not known
	unsigned quiet;		   // > 0: look-ahead, errors will be found again
	struct lang_table told;	   // places of lang_error_once
	char *pending;		   // a file being read, freed with the run
	jmp_buf fatal;
};

// Reports and ends the run.
_Noreturn void lang_fatal(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Reports one mistake; the run ends after LANG_ERRORS_MAX of them.
void lang_error(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// The same for a mistake that hides no element, connection or name from who reads the rest.
void lang_error_apart(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// The same as lang_error, but only one at any place: what is wrong in a compound is wrong in each
// instance.
void lang_error_once(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Counts towards LANG_FLAT_MAX and LANG_WORK_MAX.
void lang_count_flat(struct lang_run *run, const struct weir_loc *loc, size_t bytes);
void lang_count_work(struct lang_run *run, const struct weir_loc *loc, size_t steps);

// Zeroed, aligned for any struct.
void *lang_alloc(struct lang_run *run, struct arena *a, size_t size);
char *lang_strndup(struct lang_run *run, struct arena *a, const char *s, size_t len);
char *lang_printf(struct lang_run *run, struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void lang_arena_free(struct arena *a);

// Room for one more: returns the array, moved if it was full. *cap is 0 at first.
void *lang_grow(struct lang_run *run, struct arena *a, void *v, unsigned n, unsigned *cap,
		size_t size);

// Text that grows, in `tmp`.
struct lang_buf {
	char *s; // ends in '\0' after any put
	size_t len, size;
};
void lang_buf_put(struct lang_run *run, struct lang_buf *b, const char *s, size_t len);

unsigned lang_table_get(const struct lang_table *t, const char *key, size_t len);
void lang_table_set(struct lang_run *run, struct lang_table *t, const char *key, unsigned value);
