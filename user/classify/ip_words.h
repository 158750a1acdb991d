// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The words of IP filter expressions.

#include <stdbool.h>
#include <stdint.h>

enum {
	PROTO_UNKNOWN = -1,
	PROTO_TCP_OR_UDP = 256,
	PROTO_TRANSP = 257, // any: only says that offsets are those of the transport header
};

// What a word or a test is about. TERM_FIELD and up carry a struct field.
enum term {
	TERM_NONE,
	TERM_SYNTAX, // a word with a place in the grammar
	TERM_INT,
	TERM_HOST,
	TERM_NET,
	TERM_ETHER,
	TERM_PROTO,
	TERM_PORT,
	TERM_TCPOPT,
	TERM_FRAG,
	TERM_UNFRAG,
	TERM_ECT,
	TERM_CE,
	TERM_FIELD,
};

// Bits of the IP header, or with a proto of the transport header, counted from its first one.
struct field {
	int proto;
	uint32_t bit, bits;
	const char *name; // NULL: [POS:LEN]
};

struct word_type {
	const char *name;
	enum term term;
	struct field field;
};
struct word_name {
	const char *name;
	uint32_t value;
};

// The language for one version of IP: its words, and where its header has what they mean.
struct ip_words {
	bool is_ip6;
	const struct word_type *types; // ended by {}
	const struct word_name *protos, *icmp_types;
	int icmp;
	struct field icmp_type, tos;
	uint32_t proto, src, dst; // bits
};
extern const struct ip_words ip4_words, ip6_words;

// Words that say what a test is about (host, port, ttl, ...); NULL if it is none.
const struct word_type *word_type(const struct ip_words *words, const char *word);

// Meanings that a name has in the four databases of names.
struct meanings {
	bool is_proto, is_port, is_tcpopt, is_icmp_type;
	uint32_t proto, port, tcpopt, icmp_type;
};
bool word_meanings(const struct ip_words *words, const char *word, struct meanings *m);

// Decimal, 0x or 0 octal; the whole word.
bool word_number(const char *word, uint32_t *value);

// Splits an expression into words; operators and brackets stand alone. The words lie in one block
// with the array, to be freed. NULL without memory.
char **words_split(const char *text, unsigned *n);
