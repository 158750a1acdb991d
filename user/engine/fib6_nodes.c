// SPDX-License-Identifier: BSD-2-Clause
#include "fib6_nodes.h"

#include <weir/grace.h>

#include <errno.h>

enum {
	FIRST_LINES = FIB6_ROOT_LINES + 1024,
	MOST_LINES = 1 << 23,
	BATCH = 128, // lines for which it is worth to wait
};

static int grow(struct fib6_nodes *n, size_t lines)
{
	int err = weir_area_grow(&n->note_area, lines * sizeof(*n->note), false);

	return err ? err : weir_area_grow(&n->word_area, lines * FIB6_LINE_BYTES, false);
}

int fib6_nodes_init(struct fib6_nodes *n)
{
	int err;

	*n = (struct fib6_nodes){.made = FIB6_ROOT_LINES};
	err = weir_area_reserve(&n->word_area, (size_t)MOST_LINES * FIB6_LINE_BYTES);
	if (!err)
		err = weir_area_reserve(&n->note_area, MOST_LINES * sizeof(*n->note));
	if (!err)
		err = grow(n, FIRST_LINES);
	if (err) {
		fib6_nodes_free(n);
		return err;
	}
	n->words = n->word_area.at;
	n->note = n->note_area.at;
	for (size_t i = 0; i < 1 << WEIR_FIB6_ROOT_BITS; i++)
		n->words[i] = WEIR_FIB6_NONE;
	return 0;
}

void fib6_nodes_free(struct fib6_nodes *n)
{
	weir_area_free(&n->word_area);
	weir_area_free(&n->note_area);
}

uint32_t fib6_nodes_room(const struct fib6_nodes *n)
{
	size_t words = n->word_area.bytes / FIB6_LINE_BYTES;
	size_t notes = n->note_area.bytes / sizeof(*n->note);

	return (uint32_t)(words < notes ? words : notes);
}

int fib6_nodes_reserve(struct fib6_nodes *n, uint32_t lines)
{
	size_t room = fib6_nodes_room(n), want = (size_t)n->made + lines;

	if (want <= room)
		return 0;
	return grow(n, want > room + room / 2 ? want : room + room / 2);
}

static void push(struct fib6_nodes *n, uint32_t line, unsigned class)
{
	n->note[line] = (struct fib6_note){.next = n->unused.free[class], .class = class};
	n->unused.free[class] = line;
}

// What no reader can be in any more becomes free, what was left since then begins to wait.
static void turn(struct fib6_nodes *n)
{
	struct fib6_unused *u = &n->unused;
	uint32_t line, next;

	if (u->waiting && weir_grace_over(u->period)) {
		for (line = u->waiting; line; line = next) {
			next = n->note[line].next;
			push(n, line, n->note[line].class);
		}
		u->waiting = 0;
	}
	if (u->waiting || u->n_left < BATCH)
		return;
	u->waiting = u->left;
	u->left = u->n_left = 0;
	u->period = weir_grace_begin();
}

// A free block, cut to size if it is larger.
static uint32_t reuse(struct fib6_nodes *n, unsigned class)
{
	unsigned c = class;
	uint32_t line;

	while (c < FIB6_CLASSES && !n->unused.free[c])
		c++;
	if (c == FIB6_CLASSES)
		return 0;
	line = n->unused.free[c];
	n->unused.free[c] = n->note[line].next;
	while (c-- > class)
		push(n, line + (1u << c), c);
	return line;
}

uint32_t fib6_nodes_take(struct fib6_nodes *n, unsigned class)
{
	uint32_t line = reuse(n, class);

	if (!line) {
		turn(n);
		line = reuse(n, class);
	}
	if (!line) {
		if (fib6_nodes_reserve(n, 1u << class))
			return 0;
		line = n->made;
		n->made += 1u << class;
	}
	n->in_use += 1u << class;
	return line;
}

void fib6_nodes_untake(struct fib6_nodes *n, uint32_t line, unsigned class)
{
	n->in_use -= 1u << class;
	push(n, line, class);
}

void fib6_nodes_give(struct fib6_nodes *n, uint32_t line, unsigned class)
{
	if (!n->shared) {
		fib6_nodes_untake(n, line, class);
		return;
	}
	n->in_use -= 1u << class;
	n->note[line] = (struct fib6_note){.next = n->unused.left, .class = class};
	n->unused.left = line;
	n->unused.n_left += 1u << class;
	turn(n);
}
