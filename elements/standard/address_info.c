// SPDX-License-Identifier: BSD-2-Clause
// AddressInfo: gives names to addresses. Each argument is `NAME ADDRESS...`; a name may have an IP
// address, an IP prefix, the same of IPv6, and an Ethernet address at once, and what is meant
// follows from where it is used. It is known in the compound of the AddressInfo and inside of it.
// `NAME:ip`, `NAME:net`, `NAME:bcast`, `NAME:gw`, `NAME:ip6`, `NAME:ip6net` and `NAME:eth` say
// which is meant; instead of a NAME, those suffixes also take a network interface (`eth0:eth`), of
// which `ip6` is the first address that is not only good on its own link, and `ip6ll` the one that
// is. (`NAME:gw` and `NAME:ip6ll` can be given addresses, too.)

#include <weir/element.h>
#include <weir/ip6.h>

#include <errno.h>

struct address_info {
};

enum { IP = 1, NET = 2, ETHER = 4, IP6 = 8, NET6 = 16 };

struct meaning {
	be32 ip;
	struct weir_ip4_prefix net;
	struct weir_ip6 ip6;
	struct weir_ip6_prefix net6;
	uint8_t ether[6];
};

// A prefix with host bits also is the address of a host.
static unsigned recognize4(struct weir_element *e, const char *text, struct meaning *m)
{
	if (weir_parse(e, WEIR_T_IP4, text, NULL, &m->ip, NULL) == 0)
		return IP;
	if (weir_parse(e, WEIR_T_IP4_PREFIX, text, NULL, &m->net, NULL))
		return 0;
	m->ip = m->net.addr;
	return m->net.addr.be & ~m->net.mask.be ? NET | IP : NET;
}

static unsigned recognize6(struct weir_element *e, const char *text, struct meaning *m)
{
	struct weir_ip6 mask;

	if (weir_parse(e, WEIR_T_IP6, text, NULL, &m->ip6, NULL) == 0)
		return IP6;
	if (weir_parse(e, WEIR_T_IP6_PREFIX, text, NULL, &m->net6, NULL))
		return 0;
	m->ip6 = m->net6.addr;
	mask = weir_ip6_mask(m->net6.len);
	return (m->ip6.hi & ~mask.hi) | (m->ip6.lo & ~mask.lo) ? NET6 | IP6 : NET6;
}

// What an address can be.
static unsigned recognize(struct weir_element *e, const char *text, struct meaning *m)
{
	unsigned kinds = recognize4(e, text, m) | recognize6(e, text, m);

	if (weir_parse(e, WEIR_T_ETHER, text, NULL, m->ether, NULL) == 0)
		kinds |= ETHER;
	return kinds;
}

static int define(struct weir_element *e, const char *name, const char *text, unsigned *have)
{
	struct meaning m;
	const struct {
		unsigned kind;
		enum weir_type type;
		const void *value;
	} all[] = {{ETHER, WEIR_T_ETHER, m.ether},
		   {IP, WEIR_T_IP4, &m.ip},
		   {NET, WEIR_T_IP4_PREFIX, &m.net},
		   {IP6, WEIR_T_IP6, &m.ip6},
		   {NET6, WEIR_T_IP6_PREFIX, &m.net6}};
	unsigned kinds = recognize(e, text, &m), fresh;
	int r = 0;

	if (!kinds)
		return -EINVAL;
	// What could be several things does not replace what was said before.
	fresh = kinds & (kinds - 1) ? kinds & ~*have : kinds;
	for (size_t i = 0; !r && i < sizeof(all) / sizeof(*all); i++)
		if (fresh & all[i].kind)
			r = weir_name_address(e, all[i].type, name, all[i].value);
	*have |= kinds;
	return r;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	for (unsigned i = 0; i < a->n_rest; i++) {
		unsigned have = 0;
		char **words;
		int n = weir_words(a->rest[i], &words);

		if (n < 0)
			return n;
		if (n == 1)
			weir_args_error(a, (int)i, "expected `NAME ADDRESS...', got `%s'",
					words[0]);
		for (int w = 1; w < n; w++) {
			int r = define(e, words[0], words[w], &have);

			if (r == -ENOMEM) {
				weir_words_free(words, n);
				return r;
			}
			if (r < 0)
				weir_args_error(a, (int)i, "`%s' is not an address", words[w]);
		}
		weir_words_free(words, n);
	}
	return 0;
}

WEIR_PLAIN_ELEMENT(address_info, "AddressInfo", .purpose = "gives names to addresses",
		   .ports = "0/0", .rest = "NAME ADDRESS...",
		   .rest_help =
			   "the addresses that NAME means: IP address, IP prefix, IPv6 address, "
			   "IPv6 prefix, Ethernet address; or those of an interface",
		   .configure = configure, .early = WEIR_EARLIEST);
