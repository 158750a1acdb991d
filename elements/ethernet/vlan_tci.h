// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// VLAN tags (IEEE 802.1Q), and what VLANEncap and SetVLANAnno are told of them: the whole, or the
// priority code point and the VLAN identifier.

#include <weir/element.h>

enum { VLAN_ID = 0xfff, VLAN_PCP = 7, VLAN_PCP_SHIFT = 13 };

struct vlan_tci {
	char *text; // VLAN_TCI as given; NULL: it was not
	uint16_t id;
	uint8_t pcp;
	bool id_given, pcp_given;
	// what comes of those
	bool anno; // the tag is what the packet's annotation says
	uint16_t tci;
};

// The two addresses of a frame, to where they overlap the place they come from.
WEIR_INLINE void vlan_move_addresses(uint8_t *to, const uint8_t *from)
{
	uint64_t first;
	uint32_t last;

	__builtin_memcpy(&first, from, sizeof(first));
	__builtin_memcpy(&last, from + sizeof(first), sizeof(last));
	__builtin_memcpy(to, &first, sizeof(first));
	__builtin_memcpy(to + sizeof(first), &last, sizeof(last));
}

// For configure, after the table. 0 or -EINVAL.
int vlan_tci_configure(struct vlan_tci *t, struct weir_args *a, bool may_anno);

// Handlers: .off is that of the struct, .user is one of these.
enum vlan_tci_part { VLAN_TCI_WHOLE, VLAN_TCI_WHOLE_OR_ANNO, VLAN_TCI_ID, VLAN_TCI_PCP };
int vlan_tci_read(struct weir_element *e, const struct weir_handler *h, const char *param,
		  struct weir_buf *out, struct weir_err *err);
int vlan_tci_write(struct weir_element *e, const struct weir_handler *h, const char *value,
		   struct weir_err *err);

#define VLAN_TCI_ARGS(id_, whole_help_)                                                       \
	WEIR_ARG(WORD, id_, tag.text, "VLAN_TCI", whole_help_, WEIR_POS),                     \
		WEIR_ARG(U8, id_, tag.pcp, "VLAN_PCP", "priority code point", WEIR_POS,       \
			 .max = VLAN_PCP, .given = offsetof(struct id_, tag.pcp_given)),      \
		WEIR_ARG(U16, id_, tag.id, "VLAN_ID", "VLAN identifier, instead of VLAN_TCI", \
			 .max = VLAN_ID, .given = offsetof(struct id_, tag.id_given))
#define VLAN_TCI_HANDLERS(id_, whole_)                                                            \
	WEIR_READ_WRITE("vlan_tci", vlan_tci_read, vlan_tci_write, "the whole tag",               \
			.off = offsetof(struct id_, tag), .user = (whole_)),                      \
		WEIR_READ_WRITE("vlan_id", vlan_tci_read, vlan_tci_write, "VLAN identifier",      \
				.off = offsetof(struct id_, tag), .user = VLAN_TCI_ID),           \
		WEIR_READ_WRITE("vlan_pcp", vlan_tci_read, vlan_tci_write, "priority code point", \
				.off = offsetof(struct id_, tag), .user = VLAN_TCI_PCP)
