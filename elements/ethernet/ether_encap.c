// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// EtherEncap: puts an Ethernet header in front.
//
//	EtherEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2) -> ToDevice(eth0);
#include <weir/element.h>

enum { NO_ROOM = WEIR_DROP };

struct ether_encap {
	struct eth eth;
	uint16_t type; // as given
};

static inline unsigned ether_encap(const struct ether_encap *self, struct packet *p)
{
	struct eth *eth = weir_push_front(p, sizeof(*eth));

	if (WEIR_UNLIKELY(!eth))
		return NO_ROOM;
	weir_set_mac(p);
	// 14 bytes as two words that overlap
	__builtin_memcpy(eth, &self->eth, 8);
	__builtin_memcpy((uint8_t *)eth + 6, (const uint8_t *)&self->eth + 6, 8);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct ether_encap *self = e->self;

	self->eth.type = wr16(self->type);
	e->len_delta = sizeof(self->eth);
	return 0;
}

static int read_type(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "0x%04x", ((const struct ether_encap *)e->self)->type);
	return 0;
}

static int write_type(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	struct ether_encap *self = e->self;
	int rc = weir_parse(e, WEIR_T_U16, value, "ETHERTYPE", &self->type, err);

	self->eth.type = wr16(self->type);
	return rc;
}

static const struct weir_arg ether_encap_args[] = {
	WEIR_ARG(U16, ether_encap, type, "ETHERTYPE", "Ethernet type, such as 0x0800", WEIR_MAND),
	WEIR_ARG(ETHER, ether_encap, eth.src, "SRC", "source address", WEIR_MAND),
	WEIR_ARG(ETHER, ether_encap, eth.dst, "DST", "destination address", WEIR_MAND),
	{},
};
static const struct weir_handler ether_encap_handlers[] = {
	WEIR_FIELD_RW("src", ETHER, ether_encap, eth.src, "source address"),
	WEIR_FIELD_RW("dst", ETHER, ether_encap, eth.dst, "destination address"),
	WEIR_READ_WRITE("ethertype", read_type, write_type, "Ethernet type"),
	{},
};

WEIR_ELEMENT(ether_encap, "EtherEncap", .purpose = "encapsulates in an Ethernet header",
	     .drops = {"no-room"}, .args = ether_encap_args, .handlers = ether_encap_handlers,
	     .configure = configure, .reconfigures = true);

WEIR_CASES(ether_encap,
	   {"0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2", "ip4 udp", "0",
	    "eth src=1:1:1:1:1:1 dst=2:2:2:2:2:2 ip4 udp mac=0"},
	   {"ETHERTYPE 2054, SRC 1:1:1:1:1:1, DST ff:ff:ff:ff:ff:ff", "arp", "0",
	    "eth src=1:1:1:1:1:1 dst=ff:ff:ff:ff:ff:ff arp"});
