// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// One test of an IP filter expression ("src tcp port < 1024"), from its parts to an expression.

#include <weir/args.h>
#include <weir/dag.h>
#include <weir/ip6.h>

#include "ip_words.h"

// Relations as written. With `src or dst` (the default) ==, > and >= hold if either side does,
// !=, < and <= if both do; with `src and dst` it is the other way round. This is Click's.
enum relation { REL_EQ, REL_NE, REL_LT, REL_LE, REL_GT, REL_GE };

enum srcdst { SD_NONE, SD_SRC, SD_DST, SD_AND, SD_OR };

struct value {
	uint32_t n;    // number, or address in host byte order
	uint32_t mask; // of an address
	uint8_t ether[6];
	struct weir_ip6 ip6, mask6; // the same of IPv6
};

struct ip_test {
	enum term term;	    // what the qualifiers say it is about
	struct field field; // of TERM_FIELD
	enum srcdst srcdst;
	int proto;
	char header; // 'i', 'e', or 0 if it was not said

	enum relation relation;
	enum term data; // what the value is
	struct field data_field;
	struct value value;
	enum term mask; // what the value behind & is: none, int, host or ether
	struct value mask_value;
};

struct ip_say {
	const struct ip_words *words;
	struct weir_args *args;
	int arg;
	int failed; // -errno
};
// Reports a mistake in the expression; gives -EINVAL.
int ip_error(struct ip_say *say, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ip_warn(struct ip_say *say, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Completes a test with what the test before it said ("src port 80 or 81"), and checks it. 0 or
// -EINVAL with a message.
int ip_test_check(struct ip_test *t, const struct ip_test *before, struct ip_say *say);

// A checked test as an expression.
unsigned ip_test_build(struct weir_exprs *e, const struct ip_words *words, const struct ip_test *t);
