// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A set of IPv4 addresses that hardly any packet hits: addresses that are bad as a source, or that
// are the router's own. Asking costs four instructions for nearly every address that is not in it.

#include <weir/args.h>
#include <weir/packet.h>

struct weir_ip4_list {
	uint64_t bits; // bit (last octet mod 64) is set for each address
	be32 *v;       // owner: the list
	unsigned n;
};

// Adds an address, or all of a space-separated list as the user wrote it (AddressInfo names
// too). 0, -ENOMEM, or -EINVAL with a message that names the argument.
int weir_ip4_list_add(struct weir_ip4_list *list, be32 addr);
int weir_ip4_list_parse(struct weir_ip4_list *list, struct weir_args *a, const char *text,
			const char *name);
void weir_ip4_list_free(struct weir_ip4_list *list);
bool weir_ip4_list_search(const struct weir_ip4_list *list, be32 addr);

// False: it is not in the list.
WEIR_INLINE bool weir_ip4_list_maybe(const struct weir_ip4_list *list, be32 addr)
{
	return list->bits >> (addr.be >> 24 & 63) & 1;
}

WEIR_INLINE bool weir_ip4_list_has(const struct weir_ip4_list *list, be32 addr)
{
	return WEIR_UNLIKELY(weir_ip4_list_maybe(list, addr)) && weir_ip4_list_search(list, addr);
}
