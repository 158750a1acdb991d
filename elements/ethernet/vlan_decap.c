// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// VLANDecap: takes the outermost VLAN tag (IEEE 802.1Q) off an Ethernet frame, if it has one of
// ETHERTYPE: 0x8100, or 0x88a8 for the outer tag of QinQ (IEEE 802.1ad). With ANNO the tag is kept
// in the VLAN_TCI annotation, priority included, or that becomes 0. A frame without a tag passes as
// it is.
//
//	c :: Classifier(12/8100 14/0064%0fff, -) -> VLANDecap -> ...
#include "vlan_tci.h"

struct vlan_decap {
	bool anno;
	uint16_t type;
};

static inline unsigned vlan_decap(const struct vlan_decap *self, struct packet *p)
{
	uint8_t *at = weir_at(p, 0, sizeof(struct eth) + sizeof(struct vlan));
	be16 tci = {0};

	if (WEIR_LIKELY(at && rd16(((const struct eth *)at)->type) == self->type)) {
		tci = ((const struct vlan *)(at + sizeof(struct eth)))->tci;
		vlan_move_addresses(at + sizeof(struct vlan), at);
		weir_pull_front(p, sizeof(struct vlan));
	}
	weir_set_mac(p);
	if (self->anno)
		weir_set_vlan_tci(p, tci);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	e->looks_at_tags = true;
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(BOOL, vlan_decap, anno, "ANNO", "keep the tag in the annotation", WEIR_POS,
		 .def = "true"),
	WEIR_ARG(U16, vlan_decap, type, "ETHERTYPE", "Ethernet type of the tags to take off",
		 .def = "0x8100"),
	{},
};

WEIR_ELEMENT(vlan_decap, "VLANDecap", .purpose = "takes VLAN tags off Ethernet frames",
	     .args = args, .configure = configure, .reconfigures = true, .resizes = true);

WEIR_CASES(vlan_decap,
	   {"", "eth vlan tci=0xa064 ip4 udp", "0", "eth ip4 udp mac=0 network=14 anno=20:a064"},
	   {"", "eth ip4 udp anno=20:a064", "0", "eth ip4 udp anno=20:0000"},
	   {"false", "eth vlan tci=0xa064 ip4 udp anno=20:0009", "0", "eth ip4 udp anno=20:0009"},
	   {"", "eth src=1:2:3:4:5:6 dst=7:8:9:a:b:c vlan tci=1 arp", "0",
	    "eth src=1:2:3:4:5:6 dst=7:8:9:a:b:c arp"},
	   {"ETHERTYPE 0x88a8", "eth type=0x88a8 vlan tci=100 vlan tci=7 ip4 udp", "0",
	    "eth vlan tci=7 ip4 udp anno=20:0064"},
	   {"", "eth vlan tci=1 vlan tci=2 ip4 udp", "0", "eth vlan tci=2 ip4 udp anno=20:0001"},
	   {"", "eth type=0x88a8 vlan tci=100 ip4 udp", "0", ""},
	   {"", "eth vlan tci=5 type=0x0800", "0", "eth type=0x0800 anno=20:0005"},
	   {"", "eth vlan tci=5 cut=17", "0", "eth vlan tci=5 cut=17 anno=20:0000"},
	   {"", "cut=0", "0", "cut=0 anno=20:0000"});
