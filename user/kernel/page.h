// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Lists of things with fields, as text (one thing a line) or as JSON.

#include <weir/handler.h>

#include <stdbool.h>

struct weir_kernel;

// A list that is being written.
struct page {
	struct weir_kernel *k;
	struct weir_buf *out;
	bool json;
	unsigned things; // so far
	unsigned fields; // of this thing
};

void page_begin_thing(struct page *p);
void page_end_thing(struct page *p);
// A value of its own kind, which the caller writes.
void page_begin_field(struct page *p, const char *name);
void page_string(struct page *p, const char *s);
// In text the value stands alone, or behind its name.
void page_word(struct page *p, const char *name, const char *value);
void page_named(struct page *p, const char *name, const char *value);
void page_number(struct page *p, const char *name, unsigned long long value);
void page_flag(struct page *p, const char *name, bool value);
// Several things within one: in text behind it, in JSON a list of its own.
void page_begin_list(struct page *p, const char *name);
void page_begin_item(struct page *p, unsigned i, const char *name);
void page_end_item(struct page *p);
void page_end_list(struct page *p);
