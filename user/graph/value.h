// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Text to values: what weir_parse and the argument tables are made of. The functions that return
// bool add no message; none takes blanks around the value.

#include <weir/args.h>
#include <weir/element.h>

// Who asks, and where a message goes.
struct parse {
	struct weir_element *e;	  // scope of names; may be NULL
	const char *name;	  // of the argument, for messages; may be NULL
	const struct weir_arg *a; // range, names of an enum, size of an annotation; may be NULL
	const struct weir_loc *loc;
	struct weir_err *err; // may be NULL: no messages
};

// out must fit type; allocated results are the caller's. 0 or -EINVAL.
int parse_value(const struct parse *c, enum weir_type type, const char *text, void *out);
size_t parse_size(enum weir_type type); // of the field that holds such a value
bool parse_allocates(enum weir_type type);
void parse_release(enum weir_type type, void *out); // frees what parse_value allocated

// "argument `NAME': ...". -EINVAL.
int parse_error(const struct parse *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// "expected WHAT, got `TEXT'". -EINVAL.
int parse_expected(const struct parse *c, const char *what, const char *text);

// Parts of parse_value.
int parse_enum(const struct parse *c, const char *text, unsigned *out);
int parse_anno(const struct parse *c, const char *text, struct weir_anno *out);
int parse_element_value(const struct parse *c, const char *text, struct weir_element **out);
int parse_handler(const struct parse *c, const char *text, char **out);

enum parse_status { PARSE_OK, PARSE_FORMAT, PARSE_RANGE };

// A whole number as Click writes them: 0x and 0 choose the base, single underscores separate
// digits.
enum parse_status parse_integer(const char *text, size_t len, bool *negative, uint64_t *v);
// A decimal number without sign, times `factor`, to the nearest integer.
enum parse_status parse_real(const char *text, size_t len, long double factor, uint64_t *v);
enum parse_status parse_seconds(const char *text, uint64_t *ns);
// *unitless: the number stood alone.
enum parse_status parse_bandwidth(const char *text, uint64_t *v, bool *unitless);
enum parse_status parse_rate(const char *text, uint64_t *v);

// Addresses in digits, or by a name that the router of e knows in the scope of e.
bool parse_ip4(struct weir_element *e, const char *text, be32 *out);
bool parse_ip4_prefix(struct weir_element *e, const char *text, struct weir_ip4_prefix *out);
bool parse_ether(struct weir_element *e, const char *text, uint8_t out[6]);
bool parse_ip6(struct weir_element *e, const char *text, struct weir_ip6 *out);
bool parse_ip6_prefix(struct weir_element *e, const char *text, struct weir_ip6_prefix *out);
// The address that is written in digits; no names.
bool parse_ip4_digits(const char *text, be32 *out);

// proto: IPPROTO_TCP or IPPROTO_UDP.
bool parse_port(const char *text, int proto, uint16_t *out);
bool parse_ip_proto(const char *text, uint8_t *out);

// A single word or quoted string without blanks outside of the quotes; unquoted, malloc'd.
char *parse_string(const char *text, size_t *len);

// The element that a name means to e: in its compound first, then in those around. NULL: none.
struct weir_element *parse_element(struct weir_element *e, const char *name);
