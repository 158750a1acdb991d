// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// HashSwitch: chooses the output by a hash of LENGTH bytes from OFFSET on: their sum, folded.
// Packets that are shorter leave by output 0.
//
//	HashSwitch(16, 4) -> ... // IP packets by their destination
#include <weir/element.h>

struct hash_switch {
	uint32_t offset, length, n_out;
};

static inline unsigned hash_switch(const struct hash_switch *self, struct packet *p)
{
	const uint8_t *data = weir_at(p, self->offset, self->length);
	uint32_t sum = 0;

	if (WEIR_UNLIKELY(!data))
		return 0;
	for (uint32_t i = 0; i < self->length; i++)
		sum += data[i];
	if (self->n_out == 2 || self->n_out == 4 || self->n_out == 8)
		return (sum ^ sum >> 4) & (self->n_out - 1);
	return sum % self->n_out;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct hash_switch *self = e->self;

	self->n_out = e->n_out;
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, hash_switch, offset, "OFFSET", "first byte to look at", WEIR_MAND),
	WEIR_ARG(U32, hash_switch, length, "LENGTH", "number of bytes", WEIR_MAND, .min = 1,
		 .max = 65535),
	{},
};

WEIR_SPLIT_ELEMENT(hash_switch, "HashSwitch", .purpose = "chooses outputs by a hash of bytes",
		   .ports = "1/1-", .processing = "h/h", .args = args, .configure = configure);
WEIR_CASES(hash_switch, {"16, 4", "ip4 dst=10.0.0.3", "0", "ip4 dst=10.0.0.3"},
	   {"16, 4", "cut=3 zero=3", "0", ""});
