// SPDX-License-Identifier: BSD-2-Clause
// Values of argument fields as text.

#include "handlers.h"
#include "value.h"

#include <inttypes.h>

static unsigned mask_len(be32 mask)
{
	return (unsigned)__builtin_popcount(mask.be);
}

static void show_ip4(struct weir_buf *out, be32 a)
{
	const uint8_t *b = (const uint8_t *)&a;

	weir_printf(out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

static void show_prefix(struct weir_buf *out, const struct weir_ip4_prefix *p)
{
	uint32_t mask = rd32(p->mask);

	show_ip4(out, p->addr);
	weir_append(out, "/", 1);
	if (mask & (~mask >> 1))
		show_ip4(out, p->mask);
	else
		weir_printf(out, "%u", mask_len(p->mask));
}

static void show_ip6(struct weir_buf *out, const struct weir_ip6 *a)
{
	char text[WEIR_IP6_TEXT];

	weir_printf(out, "%s", weir_ip6_text(text, *a));
}

// Nanoseconds as seconds, without zeros at the end.
static void show_seconds(struct weir_buf *out, uint64_t ns)
{
	uint64_t rest = ns % 1000000000;
	int digits = 9;

	weir_printf(out, "%" PRIu64, ns / 1000000000);
	if (!rest)
		return;
	for (; rest % 10 == 0; digits--)
		rest /= 10;
	weir_printf(out, ".%0*" PRIu64, digits, rest);
}

static void show_integer(struct weir_buf *out, enum weir_type type, const void *value)
{
	uint64_t v = 0;

	if (type == WEIR_T_I32)
		weir_printf(out, "%" PRId32, *(const int32_t *)value);
	else if (type == WEIR_T_I64)
		weir_printf(out, "%" PRId64, *(const int64_t *)value);
	else
		weir_printf(out, "%" PRIu64,
			    *(uint64_t *)memcpy(&v, value, parse_size(type))); // little-endian
}

void weir_show_value(struct weir_buf *out, unsigned type, const void *value)
{
	const uint8_t *b = value;
	const char *s;

	switch ((enum weir_type)type) {
	case WEIR_T_BOOL:
		weir_printf(out, "%s", *(const bool *)value ? "true" : "false");
		break;
	case WEIR_T_DOUBLE:
		weir_printf(out, "%g", *(const double *)value);
		break;
	case WEIR_T_IP4:
		show_ip4(out, *(const be32 *)value);
		break;
	case WEIR_T_IP4_PREFIX:
		show_prefix(out, value);
		break;
	case WEIR_T_IP6:
		show_ip6(out, value);
		break;
	case WEIR_T_IP6_PREFIX:
		show_ip6(out, &((const struct weir_ip6_prefix *)value)->addr);
		weir_printf(out, "/%u", ((const struct weir_ip6_prefix *)value)->len);
		break;
	case WEIR_T_ETHER:
		weir_printf(out, "%02X-%02X-%02X-%02X-%02X-%02X", b[0], b[1], b[2], b[3], b[4],
			    b[5]);
		break;
	case WEIR_T_SECONDS:
		show_seconds(out, *(const uint64_t *)value);
		break;
	case WEIR_T_ANNO:
		weir_printf(out, "%u", ((const struct weir_anno *)value)->at);
		break;
	case WEIR_T_DATA:
		weir_append(out, ((const struct weir_bytes *)value)->data,
			    ((const struct weir_bytes *)value)->len);
		break;
	case WEIR_T_ELEMENT:
		if (*(struct weir_element *const *)value)
			weir_printf(out, "%s", (*(struct weir_element *const *)value)->name);
		break;
	case WEIR_T_STRING:
	case WEIR_T_WORD:
	case WEIR_T_FILE:
	case WEIR_T_HANDLER:
	case WEIR_T_ARG:
		s = *(const char *const *)value;
		weir_printf(out, "%s", s ? s : "");
		break;
	default:
		show_integer(out, (enum weir_type)type, value);
	}
}
