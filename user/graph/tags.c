// SPDX-License-Identifier: BSD-2-Clause
#include "tags.h"

static bool looks(struct weir_element *e)
{
	return e->looks_at_tags;
}

const struct weir_element *weir_tags_reader(struct weir_element *from)
{
	struct weir_element *first;

	return weir_find_downstream(from, -1, looks, &first, 1) ? first : NULL;
}

static const char *until_told(const struct weir_element *reader, bool fixed, const char *instead)
{
	if (!reader)
		return "";
	return fixed ? instead : ", but not while the router runs";
}

static void print_offload(const struct weir_tag_offload *o, const struct weir_element *reader,
			  struct weir_buf *out)
{
	if (o->strips)
		weir_printf(out, "taken off by the interface (rx-vlan-offload)%s",
			    until_told(reader, o->strips_fixed, ", which cannot be changed"));
	if (o->filters)
		weir_printf(out,
			    "%sthose of VLANs that the host does not have are filtered "
			    "(rx-vlan-filter)%s",
			    o->strips ? "; " : "",
			    until_told(reader, o->filters_fixed,
				       ", which cannot be changed; PROMISC true lets them pass"));
	if (reader)
		weir_printf(out, "; `%s' (%s) looks at them", reader->name, reader->class->name);
	else
		weir_printf(out, "; nothing here looks at them");
}

void weir_tags_print(const struct weir_tag_offload *o, const struct weir_element *reader,
		     struct weir_buf *out)
{
	if (!o->veth && (o->strips || o->filters))
		print_offload(o, reader, out);
	else if (o->veth && reader)
		weir_printf(out,
			    "`%s' (%s) sees those that the far end of the veth puts into the "
			    "packet; there: ethtool -K DEV tx-vlan-offload off "
			    "tx-vlan-stag-hw-insert off",
			    reader->name, reader->class->name);
}
