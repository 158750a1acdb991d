// SPDX-License-Identifier: BSD-2-Clause
#include "vlan_tci.h"

#include <errno.h>

static int set_whole(struct weir_element *e, struct vlan_tci *t, const char *text, bool may_anno,
		     struct weir_err *err)
{
	t->anno = may_anno && !strcmp(text, "ANNO");
	return t->anno ? 0 : weir_parse(e, WEIR_T_U16, text, "VLAN_TCI", &t->tci, err);
}

int vlan_tci_configure(struct vlan_tci *t, struct weir_args *a, bool may_anno)
{
	if (!t->text == !t->id_given)
		return weir_args_error(a, -1, "one of VLAN_TCI and VLAN_ID must be given%s",
				       t->text ? ", not both" : "");
	t->tci = t->id;
	if (t->text && set_whole(a->element, t, t->text, may_anno, a->err))
		return -EINVAL;
	if (t->anno && t->pcp_given)
		return weir_args_error(a, -1, "VLAN_PCP: with ANNO the annotation has it");
	t->tci |= (uint16_t)(t->pcp << VLAN_PCP_SHIFT);
	return 0;
}

static struct vlan_tci *tag_of(const struct weir_element *e, const struct weir_handler *h)
{
	return (struct vlan_tci *)((uint8_t *)e->self + h->off);
}

int vlan_tci_read(struct weir_element *e, const struct weir_handler *h, const char *,
		  struct weir_buf *out, struct weir_err *)
{
	const struct vlan_tci *t = tag_of(e, h);

	if (h->user == VLAN_TCI_ID)
		weir_printf(out, "%u", t->tci & VLAN_ID);
	else if (h->user == VLAN_TCI_PCP)
		weir_printf(out, "%u", t->tci >> VLAN_PCP_SHIFT);
	else if (t->anno)
		weir_printf(out, "ANNO");
	else
		weir_printf(out, "%u", t->tci);
	return 0;
}

static int write_part(struct weir_element *e, struct vlan_tci *t, const struct weir_handler *h,
		      const char *value, struct weir_err *err)
{
	const bool is_id = h->user == VLAN_TCI_ID;
	const unsigned max = is_id ? VLAN_ID : VLAN_PCP, shift = is_id ? 0 : VLAN_PCP_SHIFT;
	uint16_t v;
	int rc = weir_parse(e, WEIR_T_U16, value, h->name, &v, err);

	if (rc)
		return rc;
	if (v > max)
		return weir_error(err, NULL, "%s: %u is more than %u", h->name, v, max);
	if (t->anno)
		return weir_error(err, NULL, "the annotation says the tag; write vlan_tci first");
	t->tci = (uint16_t)((t->tci & ~(max << shift)) | v << shift);
	return 0;
}

int vlan_tci_write(struct weir_element *e, const struct weir_handler *h, const char *value,
		   struct weir_err *err)
{
	struct vlan_tci *t = tag_of(e, h);

	if (h->user == VLAN_TCI_ID || h->user == VLAN_TCI_PCP)
		return write_part(e, t, h, value, err);
	return set_whole(e, t, value, h->user == VLAN_TCI_WHOLE_OR_ANNO, err);
}
