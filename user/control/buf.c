// SPDX-License-Identifier: BSD-2-Clause
// Growing text.

#include <weir/handler.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct weir_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 128;
	char *text;

	if (b->failed)
		return false;
	if (more < b->cap - b->len)
		return true;
	while (cap - b->len <= more)
		cap *= 2;
	text = realloc(b->text, cap);
	if (!text) {
		b->failed = true;
		return false;
	}
	b->text = text;
	b->cap = cap;
	return true;
}

void weir_append(struct weir_buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->text + b->len, data, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void weir_vprintf(struct weir_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->failed = true;
	else if (reserve(b, (size_t)n)) {
		vsnprintf(b->text + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void weir_printf(struct weir_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	weir_vprintf(b, fmt, ap);
	va_end(ap);
}

void weir_buf_free(struct weir_buf *b)
{
	free(b->text);
	*b = (struct weir_buf){};
}
