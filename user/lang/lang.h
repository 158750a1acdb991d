// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The Click language: text in, flat graph out. Knows nothing of packets or element classes; a name
// that no `elementclass` defines is a class of the router's and stays as it is.

#include <weir/err.h>

#include <stdbool.h>
#include <stddef.h>

struct lang_element {
	char *name; // full name: "a", "comp/a", "Class@3" for anonymous ones (numbered as Click
		    // does)
	char *class_name; // as written; never the name of a compound; "": a mistake hides it
	char *config; // argument text with variables substituted and comments removed; "" if none
	struct weir_loc loc;
	struct weir_loc config_loc; // where the argument text begins
	bool class_lost;  // the class may have been defined by something that could not be read
	bool config_lost; // the arguments may be others, because of a mistake that was told
};

// A port is a number, or a name (our extension, `t[expired]`) that the graph resolves by class.
struct lang_port {
	int number;	  // -1: see name
	const char *name; // NULL unless number is -1
};

struct lang_connection {
	unsigned from, to; // indices of elements
	struct lang_port from_port, to_port;
	struct weir_loc loc;
};

struct lang_requirement {
	char *kind, *value; // require(package "x"): kind "package", value "x"
	struct weir_loc loc;
};

struct lang_router {
	struct lang_element *elements;
	unsigned n_elements;
	struct lang_connection *connections;
	unsigned n_connections;
	struct lang_requirement *requirements;
	unsigned n_requirements;
	bool incomplete;  // a mistake may hide elements, connections and names
	const char *text; // what it was parsed from; NULL if that could not be read
	size_t text_len;
	struct lang_sources *sources; // keeps every text that a weir_loc points into
};

struct lang_define { // NAME=VALUE from the command line; wins over `define` in the text
	const char *name, *value;
};

// Parses and flattens. All errors go to err; returns 0, or -EINVAL if there was any, in which case
// *out holds what could be read, for further checks: nothing after a limit was reached. `file` is
// only a name for messages; text need not end in '\0' and may hold any bytes.
int lang_parse(struct lang_router *out, const char *file, const char *text, size_t len,
	       const struct lang_define *defines, unsigned n_defines, struct weir_err *err);

// Reads FILE ("-": standard input) and parses it. -errno if it cannot be read (also in err).
int lang_parse_file(struct lang_router *out, const char *file, const struct lang_define *defines,
		    unsigned n_defines, struct weir_err *err);

void lang_router_free(struct lang_router *r);

// Where the byte at `offset` of e->config stands in the source; a variable's value stands where the
// variable is used. Together with the offsets of lang_args_split, the place of each argument.
struct weir_loc lang_config_loc(const struct lang_router *r, const struct lang_element *e,
				size_t offset);

// Splits an argument text at its top-level commas; each argument is trimmed, comments are removed,
// quotes and \<hex> stay. Trailing empty argument is dropped, as in Click. Offsets give each
// argument's place in the text, for messages. Returns the count or -ENOMEM; free with
// lang_args_free.
struct lang_args {
	char **v;
	size_t *offset;
	unsigned n;
};
int lang_args_split(struct lang_args *out, const char *config);
void lang_args_free(struct lang_args *a);

// Undoes quoting of one argument or word: "..." with its escapes, '...', \<hex> data. The result
// may hold NUL bytes; *len gets its length. malloc'd; NULL and errno EINVAL if the quoting is
// broken.
char *lang_unquote(const char *arg, size_t *len);

// Quotes a byte string so that lang_unquote gives it back; plain words stay plain. malloc'd.
char *lang_quote(const char *s, size_t len);

// Prints the flat graph as a configuration that parses to the same graph (Click's flatconfig:
// declarations in order, then connections, chains joined). malloc'd.
char *lang_unparse(const struct lang_router *r);
