// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckIP6Header: checks version, length and addresses of the IPv6 header (RFC 8200 3, RFC 4291 2).
// A good packet is cut to the length that its header states (link padding goes), the header is
// marked for the elements behind, and the destination annotation is set to its destination. The
// transport header that is marked is what follows the extension headers. A bad packet leaves by
// `bad`.
//
// Bad sources are multicast addresses, ::1, those of BADADDRS, and :: unless the destination is
// multicast of the link, as in duplicate address detection. Bad destinations are ::, ::1 and
// multicast that does not leave a host. Jumbograms are bad too. The hop limit is not looked at. A
// number alone is OFFSET.
//
//	Strip(14) -> CheckIP6Header -> LookupIP6Route(...)
#include "check_ip6_header.h"

#include <weir/ip6.h>

#include <stdlib.h>

struct check_ip6_header {
	uint64_t bad_bits;
	uint32_t offset;
	char *bad_text;
	struct check_ip6 *check; // owner: the element
};

WEIR_RARE unsigned rest(const struct check_ip6_header *self, struct check_ip6_header_state *state,
			struct packet *p)
{
	return check_ip6_rest(self->check, state, p);
}

static inline unsigned check_ip6_header(const struct check_ip6_header *self,
					struct check_ip6_header_state *state, struct packet *p)
{
	const int32_t len = (int32_t)weir_len(p) - (int32_t)self->offset;
	const struct ip6 *ip = (const struct ip6 *)(weir_data(p) + self->offset);

	if (WEIR_UNLIKELY(len < (int32_t)sizeof(*ip) ||
			  !check_ip6_is_plain(self->bad_bits, ip, (uint32_t)len)))
		return rest(self, state, p);
	weir_set_network(p, self->offset, sizeof(*ip));
	weir_set_dst_ip6(p, ip->dst);
	return CHECK_IP6_OUT;
}

static int add_bad(struct check_ip6 *c, struct weir_args *a, const char *word)
{
	struct weir_ip6 addr;
	int rc = weir_parse(a->element, WEIR_T_IP6, word, "BADADDRS", &addr, a->err);

	if (rc)
		return rc;
	if (c->n_bad == CHECK_IP6_LIST)
		return weir_args_error(a, -1, "BADADDRS has more than %d addresses",
				       CHECK_IP6_LIST);
	weir_ip6_write(c->bad_src[c->n_bad++], addr);
	c->bad_bits |= 1ull << (addr.lo & 63);
	return 0;
}

static int add_all_bad(struct check_ip6 *c, struct weir_args *a, const char *text)
{
	char **words = NULL;
	int n = text ? weir_words(text, &words) : 0, rc = n < 0 ? n : 0;

	for (int i = 0; i < n && !rc; i++)
		rc = add_bad(c, a, words[i]);
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

static int check_offset(struct weir_args *a, uint32_t offset)
{
	if (offset <= CHECK_IP6_OFFSET_MAX)
		return 0;
	return weir_args_error(a, -1, "OFFSET is too large; max %d", CHECK_IP6_OFFSET_MAX);
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct check_ip6_header *self = e->self;
	int rc;

	self->check = calloc(1, sizeof(*self->check));
	if (!self->check)
		return weir_args_error(a, -1, "out of memory");
	if (self->bad_text && !weir_parse(e, WEIR_T_U32, self->bad_text, "", &self->offset, NULL))
		rc = check_offset(a, self->offset);
	else
		rc = add_all_bad(self->check, a, self->bad_text);
	self->check->offset = self->offset;
	self->bad_bits = self->check->bad_bits;
	return rc;
}

static void fini(struct weir_element *e)
{
	if (e->self)
		free(((struct check_ip6_header *)e->self)->check);
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct check_ip6_header *self = e->self;

	a->self = self->check;
	a->size = sizeof(*self->check);
	return 0;
}

static void add_reasons(void *arg, const void *state)
{
	const struct check_ip6_header_state *s = state;
	uint64_t *sum = arg;

	for (unsigned r = 0; r < CHECK_IP6_REASONS; r++)
		sum[r] += s->reason[r];
}

static int details(struct weir_element *e, const struct weir_handler *, const char *,
		   struct weir_buf *out, struct weir_err *)
{
	static const char *const reasons[] = {
		[CHECK_IP6_TINY] = "tiny packet",
		[CHECK_IP6_VERSION] = "bad IP6 version",
		[CHECK_IP6_LEN] = "bad IP6 length",
		[CHECK_IP6_SRC] = "bad source address",
		[CHECK_IP6_DST] = "bad destination address",
	};
	uint64_t sum[CHECK_IP6_REASONS] = {};

	weir_each_state(e, add_reasons, sum);
	for (unsigned r = 0; r < CHECK_IP6_REASONS; r++)
		weir_printf(out, "%llu\t%s\n", (unsigned long long)sum[r], reasons[r]);
	return 0;
}

// The framework's loop; then the batch's sum of lengths is put right.
static void check_ip6_header_push(struct weir_node *n, unsigned port, struct batch *b);
static void push(struct weir_node *n, unsigned port, struct batch *b)
{
	struct check_ip6_header_state *state = n->state;

	check_ip6_header_push(n, port, b);
	b->bytes -= state->cut;
	state->cut = 0;
}

static const struct weir_arg check_ip6_header_args[] = {
	WEIR_ARG(ARG, check_ip6_header, bad_text, "BADADDRS",
		 "addresses that are no valid source, separated by spaces", WEIR_POS),
	WEIR_ARG(U32, check_ip6_header, offset, "OFFSET", "byte at which the IPv6 header begins",
		 .max = CHECK_IP6_OFFSET_MAX, WEIR_POS),
	{},
};
static const struct weir_handler check_ip6_header_handlers[] = {
	WEIR_SUM("drops", check_ip6_header, drops, "bad packets so far"),
	WEIR_READ("drop_details", details, "bad packets by reason"),
	{},
};

WEIR_STATE_ELEMENT(check_ip6_header, "CheckIP6Header", .purpose = "checks the IPv6 header",
		   .ports = "1/1-2", .processing = "a/ah", .out = {"out", "bad"},
		   .args = check_ip6_header_args, .handlers = check_ip6_header_handlers,
		   .configure = configure, .fini = fini, .driver = driver, .push = push,
		   .reconfigures = true);

WEIR_CASES(
	check_ip6_header,
	{"", "ip6 udp data=\"abc\" network=none transport=none", "out",
	 "ip6 udp data=\"abc\" dst_ip6=2001:db8::2 network=0 transport=40"},
	{"", "ip6 udp data=\"abc\" len=60", "out", "ip6 udp data=\"abc\""},
	{"OFFSET 14", "eth ip6 tcp len=90", "out", "eth ip6 tcp network=14 transport=54"},
	{"14", "eth ip6 tcp", "out", "eth ip6 tcp network=14 transport=54"},
	{"fe80::9, 14", "eth ip6 dst=fe80::5 icmp6", "out",
	 "eth ip6 dst=fe80::5 icmp6 dst_ip6=fe80::5"},
	// extension headers; what has too many or too few bytes of them is marked as far as it goes
	{"", "ip6 hop dest frag ah udp network=none transport=none len=120", "out",
	 "ip6 hop dest frag ah udp network=0 transport=88"},
	{"", "ip6 frag off=8 udp transport=none", "out", "ip6 frag off=8 udp transport=48"},
	{"", "ip6 next=frag hex=00 transport=none", "out", "ip6 next=frag hex=00 transport=40"},
	{"", "ip6 hop hlen=9 udp transport=none", "out", "ip6 hop hlen=9 udp transport=40"},
	{"", "ip6 hop dest dest dest dest dest dest dest dest udp", "out",
	 "ip6 hop dest dest dest dest dest dest dest dest udp transport=104"},
	{"", "ip6", "out", "ip6 network=0 transport=40"}, {"", "ip6 hlim=0 udp", "out", ""},
	// what is no header, or of no such length
	{"", "ip6 cut=39", "bad", ""}, {"", "eth cut=0", "bad", ""},
	{"OFFSET 14", "eth ip6 cut=53", "bad", ""}, {"OFFSET 65535", "ip6 udp", "bad", ""},
	{"", "ip6 vers=5 udp", "bad", ""}, {"", "ip4 udp bytes=20", "bad", ""},
	{"", "ip6 plen=9 udp", "bad", ""}, {"", "ip6 plen=65535 udp", "bad", ""},
	{"", "ip6 plen=7 udp", "out", "ip6 plen=7 udp cut=47"},
	{"", "ip6 plen=0 hop opt=c20400010000 udp", "bad", ""},
	{"", "ip6 plen=0 udp", "out", "ip6 plen=0 udp cut=40"},
	// sources
	{"", "ip6 src=ff02::1 udp", "bad", ""}, {"", "ip6 src=::1 udp", "bad", ""},
	{"", "ip6 src=:: udp", "bad", ""}, {"", "ip6 src=:: dst=ff05::2 udp", "bad", ""},
	{"", "ip6 src=:: dst=ff02::1:ff00:2 icmp6 type=135 nd", "out", ""},
	{"", "ip6 src=::2 udp", "out", ""}, {"", "ip6 src=64:ff9b::a00:1 udp", "out", ""},
	{"2001:db8::9 2001:db8::7", "ip6 src=2001:db8::7 udp", "bad", ""},
	{"2001:db8::9 2001:db8::7", "ip6 src=2001:db8::8 udp", "out", ""},
	{"BADADDRS 2001:db8::9", "ip6 src=2001:db9::9 udp", "out", ""},
	// destinations
	{"", "ip6 dst=:: udp", "bad", ""}, {"", "ip6 dst=::1 udp", "bad", ""},
	{"", "ip6 dst=ff01::1 udp", "bad", ""}, {"", "ip6 dst=ff10::1 udp", "bad", ""},
	{"", "ip6 dst=ff02::1 udp", "out", "ip6 dst=ff02::1 udp dst_ip6=ff02::1"},
	{"", "ip6 dst=64:ff9b::1 udp", "out", ""});
