// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The work of CheckIPHeader and CheckIPHeader2, which differ in the default of CHECKSUM.

#include <weir/csum.h>
#include <weir/ip4_list.h>

#include "check_ip.h"

struct check_ip {
	struct weir_ip4_list bad_src, good_dst;
	uint32_t offset;
	uint64_t csum_limit; // see check_ip
	bool checksum, verbose, details;
	bool is_usual; // see check_ip_usual
	char *interfaces_text, *bad_text, *good_text;
	struct check_ip_front *front; // owner: the element; NULL until asked for
};

// Headers with options, and why a header is bad.
static __attribute__((noinline, unused)) unsigned check_ip_rest(const struct check_ip *self,
								struct check_ip_state *state,
								struct packet *p)
{
	const struct ip4 *ip = weir_at(p, self->offset, sizeof(*ip));
	enum check_ip_reason why;
	uint32_t hlen, len;

	why = CHECK_IP_TINY;
	if (!ip)
		goto bad;
	why = CHECK_IP_VERSION;
	if (ip->vihl >> 4 != 4)
		goto bad;
	why = CHECK_IP_HLEN;
	hlen = (ip->vihl & 15u) * 4;
	if (hlen < sizeof(*ip))
		goto bad;
	why = CHECK_IP_LEN;
	len = rd16(ip->len);
	if (len < hlen || !weir_at(p, self->offset, len))
		goto bad;
	why = CHECK_IP_CSUM;
	if (self->checksum && !weir_csum_ok(weir_csum_sum(ip, hlen)))
		goto bad;
	why = CHECK_IP_SRC;
	if (weir_ip4_list_has(&self->bad_src, ip->src) &&
	    !weir_ip4_list_has(&self->good_dst, ip->dst))
		goto bad;
	state->cut += weir_len(p) - self->offset - len;
	weir_truncate(p, self->offset + len);
	weir_set_network(p, self->offset, hlen);
	weir_set_dst_ip(p, ip->dst);
	return CHECK_IP_OUT;
bad:
	state->drops++;
	state->reason[why]++;
	return CHECK_IP_BAD;
}

// Cuts off what lies behind the datagram, which is padding of the link. Nonzero: the length is bad.
static __attribute__((noinline, unused)) unsigned check_ip_padding(const struct check_ip *self,
								   struct check_ip_state *state,
								   struct packet *p)
{
	const struct ip4 *ip = (const struct ip4 *)(weir_data(p) + self->offset);
	uint32_t plen = weir_len(p) - self->offset, len = rd16(ip->len);

	if (len > plen || len < sizeof(*ip))
		return CHECK_IP_BAD; // check_ip_rest says why
	state->cut += plen - len;
	weir_truncate(p, self->offset + len);
	return CHECK_IP_OUT;
}

// RFC 1812 5.2.2, and 5.3.7 for the source. Whatever is not a good header without options is looked
// at again in check_ip_rest, so that the way of nearly all packets is short.
WEIR_INLINE unsigned check_ip(const struct check_ip *self, struct check_ip_state *state,
			      struct packet *p)
{
	int32_t plen = (int32_t)weir_len(p) - (int32_t)self->offset;
	const struct ip4 *ip = (const struct ip4 *)(weir_data(p) + self->offset);

	if (WEIR_UNLIKELY(plen < (int32_t)sizeof(*ip) || ip->vihl != 0x45))
		return check_ip_rest(self, state, p);
	// as weir_csum_ip4_ok, with a limit that lets all pass where there is nothing to check
	if (WEIR_UNLIKELY(weir_csum_ip4_sum(ip) * CHECK_IP_INVERSE > self->csum_limit ||
			  weir_ip4_list_maybe(&self->bad_src, ip->src)))
		return check_ip_rest(self, state, p);
	if (rd16(ip->len) != plen && check_ip_padding(self, state, p))
		return check_ip_rest(self, state, p);
	weir_set_network(p, self->offset, sizeof(*ip));
	weir_set_dst_ip(p, ip->dst);
	return CHECK_IP_OUT;
}

// The same for the usual arguments (no offset, checksum checked), for as many packets of the batch
// as are good and without options: true if all are. To check a packet again changes nothing.
WEIR_INLINE bool check_ip_usual(const struct check_ip *self, struct check_ip_state *state,
				const struct batch *b)
{
	const struct weir_ip4_list bad_src = self->bad_src;
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		const struct ip4 *ip = (const struct ip4 *)weir_data(p);

		if (WEIR_UNLIKELY(weir_len(p) < sizeof(*ip) || ip->vihl != 0x45 ||
				  !weir_csum_ip4_ok(ip) || weir_ip4_list_maybe(&bad_src, ip->src)))
			return false;
		if (rd16(ip->len) != weir_len(p) && check_ip_padding(self, state, p))
			return false;
		weir_set_network(p, 0, sizeof(*ip));
		weir_set_dst_ip(p, ip->dst);
	}
	return true;
}

// The framework's loop, with a short cut; then the batch's sum of lengths is put right, and the bad
// packets are told.
#define CHECK_IP_PUSH(id)                                                           \
	static void id##_push(struct weir_node *n, unsigned port, struct batch *b); \
	static void id##_exact(struct weir_node *n, unsigned port, struct batch *b) \
	{                                                                           \
		const struct check_ip *self = &((const struct id *)n->self)->c;     \
		struct check_ip_state *state = &((struct id##_state *)n->state)->c; \
		if (!self->is_usual || !check_ip_usual(self, state, b))             \
			id##_push(n, port, b);                                      \
		b->bytes -= state->cut;                                             \
		state->cut = 0;                                                     \
		if (WEIR_UNLIKELY(state->drops != state->told))                     \
			check_ip_tell(n);                                           \
	}

void check_ip_tell(struct weir_node *n);
int check_ip_configure(struct weir_element *e, struct weir_args *a);
void check_ip_fini(struct weir_element *e);
int check_ip_driver(const struct weir_element *e, struct weir_front_args *a);
int check_ip_details(struct weir_element *e, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err);

#define CHECK_IP_ARGS(id, checksum_)                                                           \
	static const struct weir_arg id##_args[] = {                                           \
		WEIR_ARG(U32, id, c.offset, "OFFSET", "byte at which the IP header begins",    \
			 .max = CHECK_IP_OFFSET_MAX),                                          \
		WEIR_ARG(ARG, id, c.interfaces_text, "INTERFACES",                             \
			 "addresses/prefix of the router: their broadcast addresses are bad "  \
			 "sources, the addresses good destinations"),                          \
		WEIR_ARG(ARG, id, c.bad_text, "BADSRC", "addresses that are no valid source"), \
		WEIR_ARG(ARG, id, c.good_text, "GOODDST",                                      \
			 "destinations for which the source is not checked"),                  \
		WEIR_ARG(BOOL, id, c.checksum, "CHECKSUM", "check the header checksum",        \
			 .def = checksum_),                                                    \
		WEIR_ARG(BOOL, id, c.verbose, "VERBOSE", "say something for every bad packet", \
			 .def = "false"),                                                      \
		WEIR_ARG(BOOL, id, c.details, "DETAILS", "count by reason (weir always does)", \
			 .def = "false"),                                                      \
		{},                                                                            \
	}
// for users, the old positional form is BADSRC, OFFSET
#define CHECK_IP_REST                 \
	.rest = "[BADSRC,] [OFFSET]", \
	.rest_help =                  \
		"the same as by keyword; behind BADSRC, 0.0.0.0 and 255.255.255.255 are bad too"
#define CHECK_IP_HANDLERS(id)                                                         \
	static const struct weir_handler id##_handlers[] = {                          \
		WEIR_SUM("drops", id, c.drops, "bad packets so far"),                 \
		WEIR_READ("drop_details", check_ip_details, "bad packets by reason"), \
		{},                                                                   \
	}
