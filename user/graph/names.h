// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Names for addresses, as AddressInfo gives them. A name belongs to the compound in which it was
// given (its scope: "a/b/" with the slash, or "") and is seen from there and from everything
// inside.

#include <stdbool.h>
#include <stddef.h>

struct weir_element;

enum weir_name_kind {
	WEIR_NAME_IP4,	      // be32
	WEIR_NAME_IP4_PREFIX, // struct weir_ip4_prefix
	WEIR_NAME_ETHER,      // uint8_t[6]
	WEIR_NAME_IP6,	      // uint8_t[16]
	WEIR_NAME_IP6_PREFIX, // uint8_t[16], then the length as uint8_t
};

enum { WEIR_NAME_MAX = 17 }; // bytes of the longest value

struct weir_names;

// owner: the router. 0 or -ENOMEM.
int weir_names_init(struct weir_names **names);
void weir_names_free(struct weir_names *names); // may be NULL

// Defines or redefines a name in the scope of the element e. 0 or -ENOMEM.
int weir_names_add(struct weir_names *names, const struct weir_element *e, enum weir_name_kind kind,
		   const char *name, const void *value);
// The value that the name has for e (NULL: outermost scope); the innermost scope wins.
bool weir_names_find(const struct weir_names *names, const struct weir_element *e,
		     enum weir_name_kind kind, const char *name, void *value);
// The same, and the router remembers when a name that it lost was asked for.
bool weir_find_name(struct weir_element *e, enum weir_name_kind kind, const char *name, void *out);
// Length of the compound part of an element's name, with its slash.
size_t weir_scope_len(const char *element_name);
