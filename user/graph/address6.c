// SPDX-License-Identifier: BSD-2-Clause
// IPv6 addresses in digits (RFC 4291 section 2.2), by names of AddressInfo and of interfaces.

#include "graph.h"
#include "names.h"
#include "value.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

enum { WHOLE = 128 };

static bool digits(const char *text, size_t len, struct weir_ip6 *out)
{
	char s[INET6_ADDRSTRLEN];
	struct in6_addr a;

	if (len >= sizeof(s))
		return false;
	memcpy(s, text, len);
	s[len] = '\0';
	if (inet_pton(AF_INET6, s, &a) != 1)
		return false;
	*out = weir_ip6_read(&a);
	return true;
}

enum wanted { ANY, LINK_LOCAL };

// An interface's address and mask: the one that is good on its own link only, or ANY, where that
// counts when there is no other.
static bool interface_query(const char *ifname, enum wanted wanted, struct weir_ip6_prefix *out)
{
	const struct sockaddr_in6 *addr, *mask;
	struct ifaddrs *all;
	bool found = false, global = false;

	if (!*ifname || getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *a = all; a && !(found && global); a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET6 || !a->ifa_netmask ||
		    strcmp(a->ifa_name, ifname) != 0)
			continue;
		addr = (const struct sockaddr_in6 *)a->ifa_addr;
		mask = (const struct sockaddr_in6 *)a->ifa_netmask;
		global = !IN6_IS_ADDR_LINKLOCAL(&addr->sin6_addr);
		if (global ? wanted == LINK_LOCAL : found)
			continue;
		found = true;
		out->addr = weir_ip6_read(&addr->sin6_addr);
		out->len = 0;
		for (unsigned i = 0; i < 16; i++)
			out->len += (unsigned)__builtin_popcount(mask->sin6_addr.s6_addr[i]);
	}
	freeifaddrs(all);
	return found;
}

static bool find_address(struct weir_element *e, const char *name, struct weir_ip6 *out)
{
	uint8_t bytes[16];

	if (!weir_find_name(e, WEIR_NAME_IP6, name, bytes))
		return false;
	*out = weir_ip6_read(bytes);
	return true;
}

static bool find_prefix(struct weir_element *e, const char *name, struct weir_ip6_prefix *out)
{
	uint8_t bytes[17];

	if (!weir_find_name(e, WEIR_NAME_IP6_PREFIX, name, bytes))
		return interface_query(name, ANY, out);
	*out = (struct weir_ip6_prefix){weir_ip6_read(bytes), bytes[16]};
	return true;
}

// Takes `:suffix` off the name. False: it has another, or none of it fits.
static bool without_suffix(const char *text, const char *suffix, char *name, size_t size)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (!len || len >= size || (colon && strcasecmp(colon + 1, suffix) != 0))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return true;
}

static bool named(struct weir_element *e, const char *text, struct weir_ip6 *out)
{
	struct weir_ip6_prefix p;
	char name[256];
	bool found;

	if (without_suffix(text, "ip6", name, sizeof(name))) {
		if (find_address(e, name, out))
			return true;
		found = interface_query(name, ANY, &p);
	} else {
		if (!without_suffix(text, "ip6ll", name, sizeof(name)))
			return false;
		if (find_address(e, text, out)) // which AddressInfo can give
			return true;
		found = interface_query(name, LINK_LOCAL, &p);
	}
	if (!found)
		return false;
	*out = p.addr;
	return true;
}

bool parse_ip6(struct weir_element *e, const char *text, struct weir_ip6 *out)
{
	return digits(text, strlen(text), out) || named(e, text, out);
}

bool parse_ip6_prefix(struct weir_element *e, const char *text, struct weir_ip6_prefix *out)
{
	const char *slash = strrchr(text, '/');
	struct weir_ip6_prefix p = {.len = WHOLE};
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	bool negative;
	uint64_t bits;
	char name[256];

	if (slash) {
		if (parse_integer(slash + 1, strlen(slash + 1), &negative, &bits) != PARSE_OK ||
		    negative || bits > WHOLE || len >= sizeof(name))
			return false;
		p.len = (unsigned)bits;
		memcpy(name, text, len);
		name[len] = '\0';
		if (!digits(text, len, &p.addr) && !named(e, name, &p.addr))
			return false;
	} else if (!digits(text, len, &p.addr)) {
		if (without_suffix(text, "ip6net", name, sizeof(name)) && find_prefix(e, name, out))
			return true;
		if (!named(e, text, &p.addr))
			return false;
	}
	*out = p;
	return true;
}

char *weir_ip6_text(char text[WEIR_IP6_TEXT], struct weir_ip6 a)
{
	struct in6_addr bytes;

	weir_ip6_write(&bytes, a);
	inet_ntop(AF_INET6, &bytes, text, WEIR_IP6_TEXT);
	return text;
}
