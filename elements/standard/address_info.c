// SPDX-License-Identifier: BSD-2-Clause
// AddressInfo: gives names to addresses. Each argument is `NAME ADDRESS...`; a name may have an IP
// address, an IP prefix and an Ethernet address at once, and what is meant follows from where it is
// used. It is known in the compound of the AddressInfo and inside of it. `NAME:ip`, `NAME:net`,
// `NAME:bcast`, `NAME:gw` and `NAME:eth` say which is meant; instead of a NAME, those suffixes also
// take a network interface (`eth0:eth`).

#include <weir/element.h>

#include <errno.h>

struct address_info {
};

enum { IP = 1, NET = 2, ETHER = 4 };

// What an address can be. *net has host bits: it also is the address of a host.
static unsigned recognize(struct weir_element *e, const char *text, be32 *ip,
			  struct weir_ip4_prefix *net, uint8_t ether[6])
{
	unsigned kinds = 0;

	if (weir_parse(e, WEIR_T_ETHER, text, NULL, ether, NULL) == 0)
		kinds |= ETHER;
	if (weir_parse(e, WEIR_T_IP4, text, NULL, ip, NULL) == 0) {
		kinds |= IP;
	} else if (weir_parse(e, WEIR_T_IP4_PREFIX, text, NULL, net, NULL) == 0) {
		kinds |= NET;
		*ip = net->addr;
		if (net->addr.be & ~net->mask.be)
			kinds |= IP;
	}
	return kinds;
}

static int define(struct weir_element *e, const char *name, const char *text, unsigned *have)
{
	struct weir_ip4_prefix net;
	uint8_t ether[6];
	be32 ip;
	unsigned kinds = recognize(e, text, &ip, &net, ether), fresh;
	int r = 0;

	if (!kinds)
		return -EINVAL;
	// What could be several things does not replace what was said before.
	fresh = kinds & (kinds - 1) ? kinds & ~*have : kinds;
	if (fresh & ETHER)
		r = weir_name_address(e, WEIR_T_ETHER, name, ether);
	if (!r && fresh & IP)
		r = weir_name_address(e, WEIR_T_IP4, name, &ip);
	if (!r && fresh & NET)
		r = weir_name_address(e, WEIR_T_IP4_PREFIX, name, &net);
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
		   .rest_help = "the addresses that NAME means: IP address, IP prefix, Ethernet "
				"address; or those of an interface",
		   .configure = configure, .early = true);
