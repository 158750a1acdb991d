// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// VLANEncap: puts a VLAN tag (IEEE 802.1Q) behind the addresses of an Ethernet frame. The tag is
// VLAN_TCI, or made of VLAN_ID and VLAN_PCP; VLAN_TCI ANNO takes that of the packet's annotation,
// as VLANDecap and SetVLANAnno leave it, priority included. ETHERTYPE announces it: 0x8100 for
// VLANs, 0x88a8 for the outer tag of QinQ (IEEE 802.1ad).
//
// Frames of NATIVE_VLAN stay without a tag. By default that is 0, so a frame that would only get a
// priority stays without too; NATIVE_VLAN -1 tags every frame.
//
//	... -> VLANEncap(VLAN_ID 100) -> ToDevice(eth0);
//	... -> VLANEncap(VLAN_ID 7) -> VLANEncap(VLAN_ID 100, ETHERTYPE 0x88a8) -> ToDevice(eth0);
#include "vlan_tci.h"

enum { SHORT = WEIR_DROP, NO_ROOM };

struct vlan_encap {
	struct vlan_tci tag;
	uint16_t type;
	int32_t native;
};

static inline unsigned vlan_encap(const struct vlan_encap *self, struct packet *p)
{
	const uint16_t tci = self->tag.anno ? rd16(weir_vlan_tci(p)) : self->tag.tci;
	uint8_t *to;

	if (WEIR_UNLIKELY((tci & VLAN_ID) == self->native)) {
		weir_set_mac(p);
		return 0;
	}
	if (WEIR_UNLIKELY(weir_len(p) < sizeof(struct eth)))
		return SHORT;
	if (WEIR_UNLIKELY(!weir_push_front(p, sizeof(struct vlan))))
		return NO_ROOM;
	to = weir_at(p, 0, sizeof(struct eth) + sizeof(struct vlan));
	if (WEIR_UNLIKELY(!to))
		return SHORT;
	vlan_move_addresses(to, to + sizeof(struct vlan));
	((struct eth *)to)->type = wr16(self->type);
	((struct vlan *)(to + sizeof(struct eth)))->tci = wr16(tci);
	weir_set_mac(p);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct vlan_encap *self = e->self;

	return vlan_tci_configure(&self->tag, a, true);
}

static int read_type(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "0x%04x", ((const struct vlan_encap *)e->self)->type);
	return 0;
}

static int write_type(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	return weir_parse(e, WEIR_T_U16, value, "ETHERTYPE", &((struct vlan_encap *)e->self)->type,
			  err);
}

static const struct weir_arg args[] = {
	VLAN_TCI_ARGS(vlan_encap, "the whole tag, or ANNO: that of the annotation"),
	WEIR_ARG(I32, vlan_encap, native, "NATIVE_VLAN", "VLAN without tags; -1: none", .def = "0",
		 .min = -1, .max = VLAN_ID),
	WEIR_ARG(U16, vlan_encap, type, "ETHERTYPE", "Ethernet type that announces the tag",
		 .def = "0x8100"),
	{},
};
static const struct weir_handler handlers[] = {
	VLAN_TCI_HANDLERS(vlan_encap, VLAN_TCI_WHOLE_OR_ANNO),
	WEIR_FIELD_RW("native_vlan", I32, vlan_encap, native, "VLAN without tags"),
	WEIR_READ_WRITE("ethertype", read_type, write_type, "Ethernet type that announces the tag"),
	{},
};

WEIR_ELEMENT(vlan_encap, "VLANEncap", .purpose = "puts VLAN tags on Ethernet frames",
	     .drops = {"short", "no-room"}, .args = args, .handlers = handlers,
	     .configure = configure, .reconfigures = true, .resizes = true);

WEIR_CASES(vlan_encap, {"VLAN_ID 100", "eth ip4 udp", "0", "eth vlan tci=100 ip4 udp mac=0"},
	   {"VLAN_ID 100, VLAN_PCP 5", "eth arp", "0", "eth vlan tci=0xa064 arp"},
	   {"0xb064", "eth ip4 udp", "0", "eth vlan tci=0xb064 ip4 udp"},
	   {"5, 3", "eth ip4 udp", "0", "eth vlan tci=0x6005 ip4 udp"},
	   {"ANNO", "eth ip4 udp anno=20:f064", "0", "eth vlan tci=0xf064 ip4 udp"},
	   {"ANNO", "eth ip4 udp anno=20:e000", "0", "eth ip4 udp mac=0"},
	   {"ANNO, NATIVE_VLAN -1", "eth ip4 udp anno=20:e000", "0", "eth vlan tci=0xe000 ip4 udp"},
	   {"ANNO, NATIVE_VLAN 9", "eth ip4 udp anno=20:2009", "0", "eth ip4 udp"},
	   {"ANNO, NATIVE_VLAN 9", "eth ip4 udp", "0", "eth vlan tci=0 ip4 udp"},
	   {"VLAN_ID 0", "eth ip4 udp", "0", ""}, {"VLAN_ID 1, NATIVE_VLAN 1", "eth ip4", "0", ""},
	   {"VLAN_ID 100, ETHERTYPE 0x88a8", "eth vlan tci=7 ip4 udp", "0",
	    "eth type=0x88a8 vlan tci=100 vlan tci=7 ip4 udp"},
	   {"VLAN_ID 4095", "eth src=1:2:3:4:5:6 dst=7:8:9:a:b:c ip4 udp strip=0", "0",
	    "eth src=1:2:3:4:5:6 dst=7:8:9:a:b:c vlan tci=0xfff ip4 udp network=18"},
	   {"VLAN_ID 1", "eth type=0x0800 cut=14", "0", "eth vlan tci=1 type=0x0800"},
	   {"VLAN_ID 1", "eth cut=13", "short", ""});
