// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

#include <stdlib.h>

// Many tests of one field in a row ("port 80, port 443, ...") become a tree: a thousand of them
// take ten steps instead of a thousand.

enum { ROW_MIN = 6, ROW_MAX = 8192 };

// The values from lo up to the next piece's lo lead to `to`.
struct piece {
	uint32_t lo, to;
};

struct balance {
	struct graph *dst;
	const struct graph *src;
	bool present;
	uint32_t
		*row; // for each step of src: 0 not needed, else how many tests of its field follow
	uint32_t *to; // its new name
	struct piece *pieces;
	uint32_t *skip;		  // for each piece the next one that may lead nowhere yet
	uint32_t work, most_work; // tests in rows
};

static uint32_t index_of(uint32_t step)
{
	return step - WEIR_DAG_STEP;
}

// How many steps from `first` on test the same field and are left if they do not hold. Only the
// first can miss its bytes.
static uint32_t row_length(struct balance *b, uint32_t first)
{
	const struct step *s = graph_step(b->src, first);
	const struct test *field = graph_test(b->src, s->test);
	uint32_t n = 1, left = b->most_work - b->work;
	uint32_t most = left < ROW_MAX ? left + 1 : ROW_MAX;

	while (n < most && is_step(s->no)) {
		s = graph_step(b->src, s->no);
		if (!same_field(field, graph_test(b->src, s->test)))
			break;
		n++;
	}
	if (n < ROW_MIN || n > left)
		return 1;
	b->work += n;
	return n;
}

static void need(struct balance *b, uint32_t to)
{
	if (is_step(to) && !b->row[index_of(to)])
		b->row[index_of(to)] = 1;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

// The first piece at or behind i that leads nowhere yet.
static uint32_t next_free(struct balance *b, uint32_t i)
{
	uint32_t end = i;

	while (b->skip[end] != end)
		end = b->skip[end];
	while (b->skip[i] != end) {
		uint32_t next = b->skip[i];

		b->skip[i] = end;
		i = next;
	}
	return end;
}

static uint32_t find_piece(const struct balance *b, uint32_t n, uint32_t lo)
{
	const struct piece key = {.lo = lo}, *p;

	p = bsearch(&key, b->pieces, n, sizeof(key), compare_pieces);
	return (uint32_t)(p - b->pieces);
}

// Cuts the values of the field into pieces at the borders of all tests. Their number.
static uint32_t cut(struct balance *b, uint32_t step, uint32_t n, uint32_t mask)
{
	uint32_t count = 0, kept = 0;

	b->pieces[count++].lo = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct step *s = graph_step(b->src, step);
		const struct test *t = graph_test(b->src, s->test);

		b->pieces[count++].lo = t->lo;
		if (t->hi < mask)
			b->pieces[count++].lo = t->hi + 1;
		step = s->no;
	}
	qsort(b->pieces, count, sizeof(*b->pieces), compare_pieces);
	for (uint32_t i = 0; i < count; i++)
		if (!i || b->pieces[kept - 1].lo != b->pieces[i].lo)
			b->pieces[kept++] = b->pieces[i];
	return kept;
}

// Says of all pieces where they lead: to the first test of the row that holds. The number of
// pieces that is left when those that lead to the same step are joined.
static uint32_t assign(struct balance *b, uint32_t step, uint32_t n, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i <= count; i++)
		b->skip[i] = i;
	for (uint32_t i = 0; i < n; i++) {
		const struct step *s = graph_step(b->src, step);
		const struct test *t = graph_test(b->src, s->test);
		uint32_t k = next_free(b, find_piece(b, count, t->lo));

		for (; k < count && b->pieces[k].lo <= t->hi; k = next_free(b, k)) {
			b->pieces[k].to = s->yes;
			b->skip[k] = k + 1;
		}
		step = s->no;
	}
	for (uint32_t k = next_free(b, 0); k < count; k = next_free(b, k + 1))
		b->pieces[k].to = step;
	for (uint32_t i = 0; i < count; i++)
		if (!i || b->pieces[kept - 1].to != b->pieces[i].to)
			b->pieces[kept++] = b->pieces[i];
	return kept;
}

static uint32_t renamed(const struct balance *b, uint32_t to)
{
	return is_step(to) ? b->to[index_of(to)] : to;
}

static uint32_t make(struct balance *b, struct test t, uint32_t yes, uint32_t no, uint32_t missing)
{
	struct step s = {.yes = yes, .no = no, .missing = b->present ? no : missing};

	if (yes == no && yes == s.missing)
		return yes;
	s.test = intern_add(&b->dst->tests, &t);
	return WEIR_DAG_STEP + intern_add(&b->dst->steps, &s);
}

// A tree over pieces[first, last). Its depth is the logarithm of their number.
static uint32_t grow_tree(struct balance *b, struct test field, uint32_t first, uint32_t last,
			  uint32_t missing)
{
	uint32_t middle = first + (last - first) / 2, low, high;

	if (last - first == 1)
		return renamed(b, b->pieces[first].to);
	low = grow_tree(b, field, first, middle, missing);
	high = grow_tree(b, field, middle, last, missing);
	field.lo = b->pieces[first].lo;
	field.hi = b->pieces[middle].lo - 1;
	return make(b, field, low, high, missing);
}

static uint32_t rebuild(struct balance *b, uint32_t step)
{
	const struct step *s = graph_step(b->src, step);
	struct test t = *graph_test(b->src, s->test);
	uint32_t n = b->row[index_of(step)], missing = renamed(b, s->missing);

	if (n == 1)
		return make(b, t, renamed(b, s->yes), renamed(b, s->no), missing);
	n = assign(b, step, n, cut(b, step, n, t.mask));
	// one piece: presence alone decides
	return n == 1 ? make(b, t, renamed(b, b->pieces[0].to), renamed(b, b->pieces[0].to),
			     missing)
		      : grow_tree(b, t, 0, n, missing);
}

uint32_t graph_balance(struct graph *dst, const struct graph *src, uint32_t root, bool present)
{
	struct balance b = {.dst = dst, .src = src, .present = present};
	uint32_t n, to = 0;

	if (!is_step(root))
		return root;
	n = index_of(root) + 1;
	b.most_work = 4 * n + 1000;
	b.row = calloc(n, sizeof(*b.row));
	b.to = calloc(n, sizeof(*b.to));
	b.pieces = calloc(2 * ROW_MAX + 1, sizeof(*b.pieces));
	b.skip = calloc(2 * ROW_MAX + 2, sizeof(*b.skip));
	if (!b.row || !b.to || !b.pieces || !b.skip) {
		dst->steps.failed = true;
		goto done;
	}
	need(&b, root);
	for (uint32_t i = n; i-- > 0;) {
		uint32_t step = WEIR_DAG_STEP + i;

		if (!b.row[i])
			continue;
		b.row[i] = row_length(&b, step);
		need(&b, graph_step(src, step)->missing);
		for (uint32_t k = b.row[i]; k; k--) {
			const struct step *s = graph_step(src, step);

			need(&b, s->yes);
			if (k == 1)
				need(&b, s->no);
			step = s->no;
		}
	}
	for (uint32_t i = 0; i < n; i++)
		if (b.row[i])
			b.to[i] = rebuild(&b, WEIR_DAG_STEP + i);
	to = b.to[n - 1];
done:
	free(b.row);
	free(b.to);
	free(b.pieces);
	free(b.skip);
	return to;
}
