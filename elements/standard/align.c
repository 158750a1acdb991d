// SPDX-License-Identifier: BSD-2-Clause
// Align: moves packets so that their first byte lies OFFSET bytes behind a multiple of MODULUS.
#include <weir/element.h>

enum { NO_BUFFER };

struct align {
	uint32_t modulus, offset;
};

static void move_mark(uint16_t *mark, int32_t by)
{
	if (*mark)
		*mark = (uint16_t)(*mark + by);
}

// Moves the bytes, from the link header on if that was stripped. Buffers begin at cache lines, so
// an offset has the alignment of its address.
static bool move(struct packet *p, uint32_t up, uint32_t down)
{
	uint32_t from = p->mac && p->mac < p->off ? p->mac : p->off;
	uint32_t len = p->off + p->len - from;
	int32_t by;

	if (from - sizeof(*p) >= down)
		by = -(int32_t)down;
	else if (weir_tailroom(p) >= up)
		by = (int32_t)up;
	else
		return false;
	memmove((uint8_t *)p + from + by, (uint8_t *)p + from, len);
	p->off = (uint32_t)((int32_t)p->off + by);
	move_mark(&p->mac, by);
	move_mark(&p->network, by);
	move_mark(&p->transport, by);
	return true;
}

static void align(struct weir_node *n, unsigned, struct batch *b)
{
	const struct align self = *(const struct align *)n->self;
	unsigned kept = 0, count = b->n;

	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		uint32_t down = (p->off - self.offset) % self.modulus;

		if (WEIR_UNLIKELY(down) && !move(p, self.modulus - down, down)) {
			struct packet *larger = weir_packet_room(n, p, self.modulus, 0);

			if (!larger) {
				weir_divert(n, b, WEIR_DROP + NO_BUFFER, p);
				continue;
			}
			p = larger;
			down = (p->off - self.offset) % self.modulus;
			move(p, self.modulus - down, down);
		}
		b->p[kept++] = p;
	}
	b->n = kept;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct align *self = e->self;

	if (self->modulus != 2 && self->modulus != 4 && self->modulus != 8)
		return weir_args_error(a, -1, "MODULUS must be 2, 4 or 8");
	if (self->offset >= self->modulus)
		return weir_args_error(a, -1, "OFFSET must be less than MODULUS");
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, align, modulus, "MODULUS", "2, 4 or 8", WEIR_MAND),
	WEIR_ARG(U32, align, offset, "OFFSET", "bytes behind a multiple of it", WEIR_MAND),
	{},
};

WEIR_BATCH_ELEMENT(align, "Align", .purpose = "moves packets to aligned addresses", .args = args,
		   .reconfigures = true, .configure = configure, .drops = {"no_buffer"});
WEIR_CASES(align, {"4, 2", "eth ip4 udp", "0", "eth ip4 udp mac=0 network=14 transport=34"},
	   {"4, 1", "eth ip4 udp strip=14", "0", "ip4 udp network=0 mac=-14"},
	   {"8, 7", "hex=0102", "0", ""}, {"2, 0", "cut=0", "0", ""});
