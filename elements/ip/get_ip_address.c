// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// GetIPAddress: copies the four bytes at OFFSET to the destination annotation (or another one),
// from where look-ups and ARPQuerier take the address. 16 is the destination of an IPv4 header that
// the packet begins with; `IP dst` and `IP src` take it from wherever the header is marked. A
// packet that ends before, or has no header then, is lost as `short`.
//
//	CheckIPHeader -> GetIPAddress(16) -> RadixIPLookup(...)
#include <weir/element.h>

enum { SHORT = WEIR_DROP };

struct get_ip_address {
	uint32_t offset, end;
	struct weir_anno anno;
	bool offset_given, field_given;
	unsigned field; // of the header
};

enum { OFFSET_MAX = 65535 };
enum { SRC, DST };

static inline const be32 *address(const struct get_ip_address *self, struct packet *p)
{
	const struct ip4 *ip;

	if (!self->field_given)
		return weir_at_end(p, self->offset, sizeof(be32), self->end);
	ip = weir_ip4(p);
	if (!ip)
		return NULL;
	return self->field == SRC ? &ip->src : &ip->dst;
}

static inline unsigned get_ip_address(const struct get_ip_address *self, struct packet *p)
{
	const be32 *a = address(self, p);

	if (WEIR_UNLIKELY(!a))
		return SHORT;
	weir_set_anno_u32(p, self->anno.at, a->be);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct get_ip_address *self = e->self;

	if (self->offset_given == self->field_given)
		return weir_args_error(a, -1, "expected an OFFSET, `IP src' or `IP dst'");
	self->end = self->offset + (uint32_t)sizeof(be32);
	return 0;
}

static const char *const fields[] = {"src", "dst", NULL};

static const struct weir_arg get_ip_address_args[] = {
	WEIR_ARG(U32, get_ip_address, offset, "OFFSET", "byte at which the address begins",
		 .max = OFFSET_MAX, .given = offsetof(struct get_ip_address, offset_given),
		 WEIR_POS),
	WEIR_ARG(ANNO, get_ip_address, anno, "ANNO", "annotation to set", .def = "DST_IP", .max = 4,
		 WEIR_POS),
	WEIR_ARG(ENUM, get_ip_address, field, "IP", "field of the marked IP header: src or dst",
		 .names = fields, .given = offsetof(struct get_ip_address, field_given)),
	{},
};

WEIR_ELEMENT(get_ip_address, "GetIPAddress", .purpose = "sets the destination annotation from data",
	     .drops = {"short"}, .args = get_ip_address_args, .configure = configure,
	     .reconfigures = true);

WEIR_CASES(get_ip_address,
	   {"16", "ip4 dst=10.7.7.7 udp", "0", "ip4 dst=10.7.7.7 udp dst_ip=10.7.7.7"},
	   {"12, ANNO MISC_IP", "ip4 udp", "0", "ip4 udp misc_ip=10.0.0.1 dst_ip=0.0.0.0"},
	   {"12, MISC_IP", "ip4 udp", "0", "ip4 udp misc_ip=10.0.0.1 dst_ip=0.0.0.0"},
	   {"IP dst", "eth ip4 dst=10.7.7.7 udp", "0", "eth ip4 dst=10.7.7.7 udp dst_ip=10.7.7.7"},
	   {"IP src", "eth ip4 udp", "0", "eth ip4 udp dst_ip=10.0.0.1"},
	   {"IP src", "ip4 udp network=none transport=none", "short", ""},
	   {"16", "ip4 cut=19", "short", ""}, {"65535", "ip4", "short", ""});
