// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// VLAN tags: which interfaces have to leave them in the packets, and what they do about them.

#include <graph.h>

// What an interface does with tags before anyone sees the packet.
struct weir_tag_offload {
	bool strips;  // takes them off (rx-vlan-offload)
	bool filters; // loses those of VLANs that the host does not have (rx-vlan-filter)
	bool strips_fixed, filters_fixed; // it cannot be told not to
	bool veth; // none of that matters: the sender's stack does not put them into the packet
};

// The first element behind `from` that looks at tags; NULL: there is none.
const struct weir_element *weir_tags_reader(struct weir_element *from);

// What the interface does about tags, and what comes of that; nothing if it does nothing.
void weir_tags_print(const struct weir_tag_offload *o, const struct weir_element *reader,
		     struct weir_buf *out);
