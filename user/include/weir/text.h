// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// How Click writes times and bytes.

#include <weir/handler.h>

// How the bytes of a packet are printed: the words of an argument (WEIR_T_ENUM), among them those
// of a boolean, and what each means.
enum weir_contents { WEIR_CONTENTS_NONE, WEIR_CONTENTS_HEX, WEIR_CONTENTS_ASCII };
static const char *const weir_contents_words[] = {
	"NONE", "HEX", "ASCII", "false", "true", "no", "yes", "f", "t", "n", "y", "0", "1", NULL};
static inline enum weir_contents weir_contents(unsigned word)
{
	if (word <= WEIR_CONTENTS_ASCII)
		return (enum weir_contents)word;
	return (word - WEIR_CONTENTS_ASCII) % 2 ? WEIR_CONTENTS_NONE : WEIR_CONTENTS_HEX;
}

// Seconds since 1970 to the microsecond, or to the nanosecond where that is needed.
static inline void weir_print_time(struct weir_buf *b, uint64_t ns)
{
	unsigned long long s = ns / 1000000000;
	unsigned rest = (unsigned)(ns % 1000000000);

	if (rest % 1000)
		weir_printf(b, "%llu.%09u", s, rest);
	else
		weir_printf(b, "%llu.%06u", s, rest / 1000);
}

// Bytes in hexadecimal, in groups of four.
static inline void weir_print_hex(struct weir_buf *b, const uint8_t *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		weir_printf(b, i && i % 4 == 0 ? " %02x" : "%02x", d[i]);
}

// Bytes as characters, in groups of eight.
static inline void weir_print_ascii(struct weir_buf *b, const uint8_t *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		weir_printf(b, i && i % 8 == 0 ? " %c" : "%c",
			    d[i] < 32 || d[i] > 126 ? '.' : d[i]);
}

// A duration: `20ms`, `1.500000s`.
static inline void weir_print_interval(struct weir_buf *b, uint64_t ns)
{
	if (ns >= 1000000000) {
		weir_print_time(b, ns);
		weir_append(b, "s", 1);
	} else if (ns % 1000) {
		weir_printf(b, "%uns", (unsigned)ns);
	} else if (ns % 1000000) {
		weir_printf(b, "%uus", (unsigned)(ns / 1000));
	} else {
		weir_printf(b, "%ums", (unsigned)(ns / 1000000));
	}
}
