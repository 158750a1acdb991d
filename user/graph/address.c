// SPDX-License-Identifier: BSD-2-Clause
// Addresses in digits, by names of AddressInfo, of network interfaces and of the hosts file.

#include "graph.h"
#include "names.h"
#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netdb.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>

// Reads up to four dotted numbers. Returns how many, 0 if the text is something else; the bytes
// that are not there are zero.
static unsigned ip4_portion(const char *s, size_t len, uint8_t v[4])
{
	const char *end = s + len;

	memset(v, 0, 4);
	for (unsigned d = 0; d < 4; d++) {
		unsigned part = 0;

		if (d && s < end && *s == '.')
			s++;
		if (s == end)
			return d;
		if (!isdigit((unsigned char)*s))
			return 0;
		for (; s < end && isdigit((unsigned char)*s) && part <= 255; s++)
			part = 10 * part + (unsigned)(*s - '0');
		if (part > 255)
			return 0;
		v[d] = (uint8_t)part;
	}
	return s == end ? 4 : 0;
}

bool parse_ip4_digits(const char *text, be32 *out)
{
	uint8_t v[4];

	if (ip4_portion(text, strlen(text), v) != 4)
		return false;
	memcpy(out, v, 4);
	return true;
}

bool weir_find_name(struct weir_element *e, enum weir_name_kind kind, const char *name, void *out)
{
	if (!e || !e->router)
		return false;
	if (weir_names_find(e->router->names, e, kind, name, out))
		return true;
	e->router->name_missed |= weir_name_is_lost(e->router, name);
	return false;
}

enum interface_fact { IF_IP4, IF_IP4_PREFIX, IF_ETHER };

static bool interface_take(const struct ifaddrs *a, enum interface_fact what, void *out)
{
	const struct sockaddr_ll *ll = (const struct sockaddr_ll *)a->ifa_addr;

	if (what == IF_ETHER) {
		if (a->ifa_addr->sa_family != AF_PACKET || ll->sll_halen != 6 ||
		    ll->sll_hatype != ARPHRD_ETHER)
			return false;
		memcpy(out, ll->sll_addr, 6);
		return true;
	}
	if (a->ifa_addr->sa_family != AF_INET || (what == IF_IP4_PREFIX && !a->ifa_netmask))
		return false;
	memcpy(out, &((struct sockaddr_in *)a->ifa_addr)->sin_addr, 4);
	if (what == IF_IP4_PREFIX)
		memcpy((uint8_t *)out + 4, &((struct sockaddr_in *)a->ifa_netmask)->sin_addr, 4);
	return true;
}

static bool interface_query(const char *ifname, enum interface_fact what, void *out)
{
	struct ifaddrs *all;
	bool found = false;

	if (!*ifname || getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *a = all; a && !found; a = a->ifa_next)
		if (a->ifa_addr && strcmp(a->ifa_name, ifname) == 0)
			found = interface_take(a, what, out);
	freeifaddrs(all);
	return found;
}

// The gateway of the default route by that interface.
static bool interface_gateway(const char *ifname, be32 *out)
{
	FILE *f = fopen("/proc/net/route", "re");
	char line[256], name[64];
	unsigned dst, gw, mask;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%63s %x %x %*x %*d %*d %*d %x", name, &dst, &gw, &mask) ==
				4 &&
			!dst && !mask && gw && strcmp(name, ifname) == 0;
	if (f)
		fclose(f);
	if (found)
		out->be = gw; // the file shows the bytes as they lie in memory
	return found;
}

// Reads the hosts file only: a configuration must not hang on a name server.
static bool hosts_query(const char *name, be32 *out)
{
	struct hostent *h;
	bool found = false;

	sethostent(0);
	while (!found && (h = gethostent())) {
		found = strcasecmp(h->h_name, name) == 0;
		for (char **alias = h->h_aliases; !found && *alias; alias++)
			found = strcasecmp(*alias, name) == 0;
		found = found && h->h_addrtype == AF_INET && h->h_length == 4;
		if (found)
			memcpy(out, h->h_addr_list[0], 4);
	}
	endhostent();
	return found;
}

// Splits "name:suffix" at the last colon; the suffix is NULL when there is none.
static bool split_suffix(const char *text, char *name, size_t size, const char **suffix)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (!len || len >= size)
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	*suffix = colon ? colon + 1 : NULL;
	return true;
}

static bool is_suffix(const char *suffix, const char *a, const char *b, const char *c)
{
	return !suffix || strcasecmp(suffix, a) == 0 || strcasecmp(suffix, b) == 0 ||
	       strcasecmp(suffix, c) == 0;
}

static bool named_prefix(struct weir_element *e, const char *name, struct weir_ip4_prefix *out)
{
	return weir_find_name(e, WEIR_NAME_IP4_PREFIX, name, out) ||
	       interface_query(name, IF_IP4_PREFIX, out);
}

static bool named_gateway(struct weir_element *e, const char *text, const char *name, be32 *out)
{
	struct weir_ip4_prefix p;

	if (weir_find_name(e, WEIR_NAME_IP4, text, out))
		return true;
	if (!weir_find_name(e, WEIR_NAME_IP4_PREFIX, name, &p)) {
		if (interface_gateway(name, out))
			return true;
		if (!interface_query(name, IF_IP4_PREFIX, &p))
			return false;
	}
	out->be = (p.addr.be & p.mask.be) | htonl(1);
	return true;
}

static bool named_ip4(struct weir_element *e, const char *text, be32 *out)
{
	struct weir_ip4_prefix p;
	const char *suffix;
	char name[256];

	if (!split_suffix(text, name, sizeof(name), &suffix))
		return false;
	if (suffix && strcasecmp(suffix, "gw") == 0)
		return named_gateway(e, text, name, out);
	if (suffix && strcasecmp(suffix, "bcast") == 0) {
		if (!named_prefix(e, name, &p))
			return false;
		out->be = p.addr.be | ~p.mask.be;
		return true;
	}
	return is_suffix(suffix, "ip", "ip4", "ip") &&
	       (weir_find_name(e, WEIR_NAME_IP4, name, out) || interface_query(name, IF_IP4, out) ||
		(!suffix && hosts_query(name, out)));
}

bool parse_ip4(struct weir_element *e, const char *text, be32 *out)
{
	return parse_ip4_digits(text, out) || named_ip4(e, text, out);
}

// The mask behind the slash. bytes: how many numbers the address has.
static bool prefix_mask(struct weir_element *e, const char *text, unsigned bytes, be32 *mask)
{
	bool negative;
	uint64_t bits;

	// numbers first: looking for a name costs a thousand times as much
	if (parse_integer(text, strlen(text), &negative, &bits) != PARSE_OK)
		return bytes == 4 && parse_ip4(e, text, mask);
	if (negative || bits > 32 || bytes < (bits + 7) / 8)
		return false;
	mask->be = bits ? htonl(~0u << (32 - bits)) : 0;
	return true;
}

bool parse_ip4_prefix(struct weir_element *e, const char *text, struct weir_ip4_prefix *out)
{
	const char *slash = strrchr(text, '/'), *suffix;
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct weir_ip4_prefix p = {.mask.be = ~0u};
	unsigned bytes;
	char name[256];

	bytes = ip4_portion(text, len, (uint8_t *)&p.addr);
	if (!bytes && slash && len < sizeof(name)) {
		memcpy(name, text, len);
		name[len] = '\0';
		bytes = named_ip4(e, name, &p.addr) ? 4 : 0;
	}
	if (bytes && (slash ? prefix_mask(e, slash + 1, bytes, &p.mask) : bytes == 4)) {
		*out = p;
		return true;
	}
	if (split_suffix(text, name, sizeof(name), &suffix) &&
	    is_suffix(suffix, "net", "ipnet", "ip4net") && named_prefix(e, name, out))
		return true;
	if (!slash && named_ip4(e, text, &p.addr)) {
		p.mask.be = ~0u;
		*out = p;
		return true;
	}
	return false;
}

static bool ether_digits(const char *s, uint8_t out[6])
{
	uint8_t v[6];

	for (int d = 0; d < 6; d++) {
		char *end;

		if (!isxdigit((unsigned char)*s))
			return false;
		v[d] = (uint8_t)strtoul((char[]){s[0], s[1], '\0'}, &end, 16);
		s += isxdigit((unsigned char)s[1]) ? 2 : 1;
		if (d == 5)
			break;
		if (*s != ':' && *s != '-')
			return false;
		s++;
	}
	if (*s)
		return false;
	memcpy(out, v, 6);
	return true;
}

bool parse_ether(struct weir_element *e, const char *text, uint8_t out[6])
{
	const char *suffix;
	char name[256];

	if (ether_digits(text, out))
		return true;
	return split_suffix(text, name, sizeof(name), &suffix) &&
	       is_suffix(suffix, "eth", "ether", "ethernet") &&
	       (weir_find_name(e, WEIR_NAME_ETHER, name, out) ||
		interface_query(name, IF_ETHER, out));
}

struct named_number {
	const char *name;
	uint16_t value;
};

// The ports that configurations name most; others come from the services file.
static const struct named_number ports[] = {
	{"auth", 113},	      {"bgp", 179},	     {"bootpc", 68},	   {"bootps", 67},
	{"chargen", 19},      {"discard", 9},	     {"domain", 53},	   {"dns", 53},
	{"echo", 7},	      {"finger", 79},	     {"ftp", 21},	   {"ftp-data", 20},
	{"http", 80},	      {"https", 443},	     {"imap3", 220},	   {"imaps", 993},
	{"irc", 194},	      {"isakmp", 500},	     {"netbios-dgm", 138}, {"netbios-ns", 137},
	{"netbios-ssn", 139}, {"nntp", 119},	     {"ntp", 123},	   {"pop3", 110},
	{"rip", 520},	      {"route", 520},	     {"smtp", 25},	   {"snmp", 161},
	{"snmp-trap", 162},   {"ssh", 22},	     {"sunrpc", 111},	   {"telnet", 23},
	{"tftp", 69},	      {"traceroute", 33434}, {"www", 80},	   {},
};

static const struct named_number protocols[] = {
	{"icmp", 1},   {"igmp", 2},  {"ipip", 4},  {"tcp", 6},	  {"egp", 8},  {"udp", 17},
	{"dccp", 33},  {"ip6", 41},  {"rsvp", 46}, {"gre", 47},	  {"esp", 50}, {"ah", 51},
	{"icmp6", 58}, {"ospf", 89}, {"pim", 103}, {"sctp", 132}, {},
};

static bool number_named(const struct named_number *table, const char *name, uint16_t *out)
{
	for (; table->name; table++) {
		if (strcasecmp(table->name, name) == 0) {
			*out = table->value;
			return true;
		}
	}
	return false;
}

static bool number_up_to(const char *text, uint64_t max, uint16_t *out)
{
	bool negative;
	uint64_t v;

	if (parse_integer(text, strlen(text), &negative, &v) != PARSE_OK || negative || v > max)
		return false;
	*out = (uint16_t)v;
	return true;
}

bool parse_port(const char *text, int proto, uint16_t *out)
{
	struct servent *s;

	if (number_up_to(text, UINT16_MAX, out) || number_named(ports, text, out))
		return true;
	s = getservbyname(text, proto == IPPROTO_TCP ? "tcp" : "udp");
	if (s)
		*out = ntohs((uint16_t)s->s_port);
	return s != NULL;
}

bool parse_ip_proto(const char *text, uint8_t *out)
{
	uint16_t v;

	if (!number_up_to(text, UINT8_MAX, &v) && !number_named(protocols, text, &v))
		return false;
	*out = (uint8_t)v;
	return true;
}
