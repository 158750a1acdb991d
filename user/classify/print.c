// SPDX-License-Identifier: BSD-2-Clause
#include <weir/dag.h>
#include <weir/handler.h>

static void print_next(struct weir_buf *out, const char *what, uint32_t to)
{
	weir_printf(out, "%s", what);
	if (to >= WEIR_DAG_STEP)
		weir_printf(out, "%u", to - WEIR_DAG_STEP);
	else if (to >= 0x8000)
		weir_printf(out, "[drop]");
	else
		weir_printf(out, "[%u]", to);
}

void weir_dag_print(const struct weir_dag *d, struct weir_buf *out)
{
	static const char *const base[] = {"data", "mac", "ip", "transp"};

	for (uint32_t i = 0; i < d->n; i++) {
		const struct weir_dag_step *s = &d->steps[i];
		uint32_t mask = d->data_only ? __builtin_bswap32(s->mask) : s->mask;
		uint32_t lo = d->data_only ? __builtin_bswap32(s->lo) : s->lo;

		weir_printf(out, "%3u  %s[%u:4] & %08x", i, base[s->base], s->off, mask);
		if (s->span)
			weir_printf(out, " in %08x..%08x", lo, lo + s->span);
		else
			weir_printf(out, " == %08x", lo);
		print_next(out, "  yes ", s->yes);
		print_next(out, "  no ", s->no);
		if (s->missing != s->no)
			print_next(out, "  missing ", s->missing);
		weir_printf(out, "\n");
	}
	if (d->root.yes == d->root.no) {
		print_next(out, "all packets: ", d->root.yes);
		print_next(out, ", if short: ", d->careful);
	} else if (d->need == UINT32_MAX) {
		print_next(out, "all packets begin at ", d->careful);
	} else {
		weir_printf(out, "packets with %u bytes or more%s begin at 0", d->need,
			    d->data_only ? "" : " behind the IP header");
		print_next(out, ", others at ", d->careful);
	}
	weir_printf(out, "\n");
}
