// SPDX-License-Identifier: BSD-2-Clause
// Parts of argument texts, and where they stand in the source. There are no comments in them.

#include "parse.h"

#include <string.h>

void lang_text_add_span(struct lang_run *run, struct arg_text *t, size_t offset,
			const struct weir_loc *loc, bool fixed)
{
	t->spans =
		lang_grow(run, &run->tmp, t->spans, t->n_spans, &t->cap_spans, sizeof(*t->spans));
	t->spans[t->n_spans++] = (struct span){offset, *loc, fixed};
}

void lang_text_loc_advance(struct weir_loc *loc, const char *s, const char *end)
{
	for (; s < end; s++) {
		loc->column++;
		if (*s == '\n' || (*s == '\r' && s[1] != '\n')) {
			loc->text += loc->column - 1;
			loc->line++;
			loc->column = 1;
		}
	}
}

struct weir_loc lang_text_loc(const struct arg_text *t, const char *at)
{
	size_t offset = (size_t)(at - t->s);
	unsigned low = 0, high = t->n_spans, mid;
	const struct span *span;
	struct weir_loc loc;

	while (high - low > 1) { // the last span that begins at or before offset
		mid = low + (high - low) / 2;
		if (t->spans[mid].offset <= offset)
			low = mid;
		else
			high = mid;
	}
	if (!t->n_spans)
		return (struct weir_loc){0};
	span = &t->spans[low];
	loc = span->loc;
	if (span->fixed || !loc.text)
		return loc;
	lang_text_loc_advance(&loc, t->s + span->offset, at);
	return loc;
}

const char *lang_text_piece(const char *s, const char *end)
{
	if (*s == '\'' || *s == '"')
		return lang_scan_quote(s, end);
	if (*s == '\\' && s + 1 < end && s[1] == '<')
		return lang_scan_angle(s, end);
	return s + 1;
}

static const char *piece_end(const char *s, const char *end)
{
	const char *stop = lang_text_piece(s, end);

	return stop ? stop : end;
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && lang_scan_is_space(*s))
		s++;
	return s;
}

// An empty argument counts, except as the last one.
bool lang_text_next_arg(const char **pos, const char *end, struct slice *out)
{
	const char *s = skip_space(*pos, end), *stop;

	out->s = s;
	while (s < end && *s != ',')
		s = piece_end(s, end);
	stop = s;
	*pos = s < end ? s + 1 : end;
	while (s > out->s && lang_scan_is_space(s[-1]))
		s--;
	out->len = (size_t)(s - out->s);
	return out->len || stop < end;
}

bool lang_text_next_word(const char **pos, const char *end, struct slice *out)
{
	const char *s = skip_space(*pos, end);

	out->s = s;
	while (s < end && !lang_scan_is_space(*s))
		s = piece_end(s, end);
	out->len = (size_t)(s - out->s);
	*pos = skip_space(s, end);
	return out->len;
}

struct arg_text lang_text_cut(struct lang_run *run, const struct arg_text *t, struct slice part)
{
	struct arg_text cut = {0};
	size_t offset = (size_t)(part.s - t->s);
	struct weir_loc loc;
	unsigned i;

	lang_count_work(run, NULL, part.len + offset + t->n_spans); // the two searches below
	cut.s = lang_strndup(run, &run->tmp, part.s, part.len);
	cut.len = part.len;
	loc = lang_text_loc(t, part.s);
	lang_text_add_span(run, &cut, 0, &loc, false);
	for (i = 0; i < t->n_spans; i++) {
		const struct span *s = &t->spans[i];

		if (s->offset > offset && s->offset < offset + part.len)
			lang_text_add_span(run, &cut, s->offset - offset, &s->loc, s->fixed);
	}
	return cut;
}
