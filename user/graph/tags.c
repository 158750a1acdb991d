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

static void print_strips(const struct weir_tag_offload *o, const struct weir_element *reader,
			 struct weir_buf *out)
{
	weir_printf(out, "%s by the interface (%s); ", o->strips ? "taken off" : "filtered",
		    o->strips ? "rx-vlan-offload" : "rx-vlan-filter");
	if (!reader)
		weir_printf(out, "nothing here looks at them");
	else if (o->fixed)
		weir_printf(out, "that cannot be changed, so `%s' (%s) misses them", reader->name,
			    reader->class->name);
	else
		weir_printf(out, "not while the router runs, as `%s' (%s) looks at them",
			    reader->name, reader->class->name);
}

void weir_tags_print(const struct weir_tag_offload *o, const struct weir_element *reader,
		     struct weir_buf *out)
{
	if (!o->veth && (o->strips || o->filters))
		print_strips(o, reader, out);
	else if (o->veth && reader)
		weir_printf(out,
			    "`%s' (%s) sees those that the far end of the veth puts into the "
			    "packet; there: ethtool -K DEV tx-vlan-offload off "
			    "tx-vlan-stag-hw-insert off",
			    reader->name, reader->class->name);
}
