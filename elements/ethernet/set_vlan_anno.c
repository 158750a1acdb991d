// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// SetVLANAnno: sets the VLAN_TCI annotation: to VLAN_TCI, or to what VLAN_ID and VLAN_PCP make.
//
//	SetVLANAnno(VLAN_ID 100, VLAN_PCP 5) -> VLANEncap(ANNO) -> ToDevice(eth0);
#include "vlan_tci.h"

struct set_vlan_anno {
	struct vlan_tci tag;
};

static inline unsigned set_vlan_anno(const struct set_vlan_anno *self, struct packet *p)
{
	weir_set_vlan_tci(p, wr16(self->tag.tci));
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	return vlan_tci_configure(&((struct set_vlan_anno *)e->self)->tag, a, false);
}

static const struct weir_arg args[] = {
	VLAN_TCI_ARGS(set_vlan_anno, "the whole tag"),
	{},
};
static const struct weir_handler handlers[] = {
	VLAN_TCI_HANDLERS(set_vlan_anno, VLAN_TCI_WHOLE),
	{},
};

WEIR_ELEMENT(set_vlan_anno, "SetVLANAnno", .purpose = "sets the VLAN annotation", .args = args,
	     .handlers = handlers, .configure = configure, .reconfigures = true);

WEIR_CASES(set_vlan_anno, {"0xa064", "eth ip4", "0", "eth ip4 anno=20:a064"},
	   {"100, 5", "eth ip4 anno=20:01020304", "0", "eth ip4 anno=20:a0640304"},
	   {"VLAN_ID 4095, VLAN_PCP 7", "cut=0", "0", "cut=0 anno=20:efff"});
