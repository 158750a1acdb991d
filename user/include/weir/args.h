// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Arguments of an element, typed. A class lists them in a table; the framework parses, checks
// ranges, fills the struct and words the messages, which name the argument. As in Click an argument
// is given by position or as `KEYWORD value`.

#include <weir/err.h>
#include <weir/ip6.h>
#include <weir/packet.h>

struct weir_element;
struct weir_args;

enum weir_type {
	WEIR_T_BOOL = 1, // bool
	WEIR_T_U8,	 // uint8_t .. : decimal, 0x, 0 octal
	WEIR_T_U16,
	WEIR_T_U32,
	WEIR_T_U64,
	WEIR_T_I32,
	WEIR_T_I64,
	WEIR_T_DOUBLE,
	WEIR_T_STRING, // char *, unquoted, malloc'd and freed by the framework
	WEIR_T_WORD,   // char *: one word
	WEIR_T_FILE,   // char *: file name
	WEIR_T_DATA,   // struct weir_bytes: string with \<hex>, malloc'd and freed by the framework
	WEIR_T_IP4,    // be32; also a name from AddressInfo, or a host name of /etc/hosts kind
	WEIR_T_IP4_PREFIX, // struct weir_ip4_prefix: 10.0.0.0/8, a.b.c.d/m.m.m.m, or a bare address
			   // (/32)
	WEIR_T_IP6,	   // struct weir_ip6; also a name from AddressInfo
	WEIR_T_IP6_PREFIX, // struct weir_ip6_prefix: 2001:db8::/32, or a bare address (/128)
	WEIR_T_ETHER,	   // uint8_t[6]; also a name from AddressInfo
	WEIR_T_TCP_PORT,   // uint16_t, host order; number or service name
	WEIR_T_UDP_PORT,
	WEIR_T_IP_PROTO,  // uint8_t; number or name
	WEIR_T_SECONDS,	  // uint64_t nanoseconds: "1.5", "10ms", "2 min", as Click's durations
	WEIR_T_BANDWIDTH, // uint64_t bytes per second: "1Mbps", "64kBps"; bare number: bytes per
			  // second
	WEIR_T_RATE,	  // uint64_t packets per second (plain number, k/M/G suffix)
	WEIR_T_ANNO,	  // struct weir_anno: PAINT, or offset; size from .max (bytes)
	WEIR_T_ELEMENT,	  // struct weir_element *: must exist
	WEIR_T_HANDLER,	  // char *: "element.handler"; checked at init by the user
	WEIR_T_ENUM,	  // unsigned: index into .names
	WEIR_T_ARG,	  // char *: the raw argument text, malloc'd and freed by the framework
};

struct weir_bytes {
	uint8_t *data;
	uint32_t len;
};
struct weir_ip4_prefix {
	be32 addr, mask; // addr as written (host bits kept)
};
struct weir_ip6_prefix {
	struct weir_ip6 addr; // as written (host bits kept)
	unsigned len;
};
struct weir_anno {
	uint8_t at, size;
};

enum {
	WEIR_MANDATORY = 1,  // must be given
	WEIR_POSITIONAL = 2, // may be given by position, in table order
	WEIR_DEPRECATED = 4, // accepted and ignored, for Click's sake
	WEIR_LIST = 8,	     // KEYWORD may be given several times; left to configure, in rest
};

struct weir_arg {
	const char *name; // keyword, upper case
	enum weir_type type;
	unsigned flags;
	size_t off;		  // of the field in the class's struct
	size_t size;		  // of the field; checked against the type
	const char *def;	  // parsed like a given value; NULL: all zero
	const char *help;	  // lower case, no full stop
	int64_t min, max;	  // range of numbers; both 0: the type's
	const char *const *names; // WEIR_T_ENUM, ended by NULL
	size_t given;		  // offset of a bool that says whether it was given; 0: none
};

#define WEIR_ARG(type_, id, field, name_, help_, ...)                                     \
	{                                                                                 \
		.name = name_, .type = WEIR_T_##type_, .off = offsetof(struct id, field), \
		.size = sizeof(((struct id *)0)->field), .help = help_, __VA_ARGS__       \
	}
// Shorthands for the two common kinds.
#define WEIR_MAND .flags = WEIR_MANDATORY | WEIR_POSITIONAL
#define WEIR_POS .flags = WEIR_POSITIONAL

// What configure gets: what the table left over, and the means to parse it.
struct weir_args {
	struct weir_element *element;
	struct weir_err *err;
	char **rest;	  // arguments the table did not take, in order; owner: the framework
	size_t *rest_off; // where each begins in the argument text
	unsigned n_rest;
	bool reconfigure; // a write to the `config` handler; self is a fresh struct
};

// Messages about an argument. i: index into rest, or -1 for the element as a whole. -EINVAL.
int weir_args_error(struct weir_args *a, int i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void weir_args_warn(struct weir_args *a, int i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Parses one value as the table would; out must fit the type. 0 or -EINVAL, and no message when
// err is NULL. name is for the message. e gives AddressInfo its scope; may be NULL.
int weir_parse(struct weir_element *e, enum weir_type type, const char *text, const char *name,
	       void *out, struct weir_err *err);

// Gives an address (WEIR_T_IP4, _IP6, _IP4_PREFIX, _IP6_PREFIX or _ETHER) a name in the compound
// that e is part of, as AddressInfo does. 0 or -ENOMEM.
int weir_name_address(struct weir_element *e, enum weir_type type, const char *name,
		      const void *value);

// Calls fn for each number of a list such as "0-3,6" or "1 2", in its order, until it returns
// nonzero, which is the result then. -EINVAL: it is no list of numbers up to max.
int weir_each_number(const char *list, uint32_t max, int (*fn)(void *arg, uint32_t number),
		     void *arg);

// Writes an IPv6 address as RFC 5952 says; text.
enum { WEIR_IP6_TEXT = 46 };
char *weir_ip6_text(char text[WEIR_IP6_TEXT], struct weir_ip6 a);

// Splits into white-space separated words, respecting quotes; each still quoted. Returns the count
// or -ENOMEM. Free with weir_words_free.
int weir_words(const char *text, char ***words);
void weir_words_free(char **words, int n);
// Calls take with the words of each argument that the table did not take. 0, or the first failure;
// the others are looked at all the same, but not without memory.
int weir_args_each(struct weir_element *e, struct weir_args *a,
		   int (*take)(struct weir_element *e, struct weir_args *a, unsigned i,
			       char **words, int n));
// Where the word that begins at s ends: at a blank that is not quoted.
const char *weir_word_end(const char *s);
// Undoes quoting and \<hex>; malloc'd. NULL if it is broken.
char *weir_unquote(const char *text, size_t *len);
// Quotes bytes so that weir_unquote gives them back; plain words stay plain. malloc'd.
char *weir_quote(const char *s, size_t len);
