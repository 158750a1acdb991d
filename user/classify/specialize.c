// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

#include <stdlib.h>

// Every step is copied once for each different set of facts with which it can be reached, as far
// as they matter below it. For usual rule lists that makes the graph smaller. It could also make it
// exponentially larger: then it is done again with fewer facts, in the end with none.

enum { STAGE_YES, STAGE_NO, STAGE_MISSING, STAGE_DONE };

struct frame {
	struct facts facts;
	uint32_t memo;
	unsigned stage, can;
	uint32_t to[STAGE_DONE];
};

struct run {
	struct graph *dst;
	const struct graph *src;
	uint64_t *reach;    // for each step of src, blocks of bytes that are tested from there on
	struct intern memo; // struct facts
	uint32_t *result;   // for each memo
	struct frame *stack;
	uint32_t depth, cap, most_facts, most_memos;
	uint64_t work, most_work;
	bool present, failed;
};

// Eight bytes share a bit; so do blocks that are far apart, which is harmless.
static uint64_t blocks(const struct test *t)
{
	uint32_t a = t->base * 16 + t->off / 8, b = t->base * 16 + (t->off + 3) / 8;

	return 1ull << a % 64 | 1ull << b % 64;
}

static bool find_reach(struct run *r)
{
	uint32_t n = r->src->steps.n;

	r->reach = calloc(n, sizeof(*r->reach));
	if (!r->reach)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct step *s = graph_step(r->src, WEIR_DAG_STEP + i);
		const uint32_t to[] = {s->yes, s->no, s->missing};

		r->reach[i] = blocks(graph_test(r->src, s->test));
		for (unsigned k = 0; k < 3; k++)
			if (is_step(to[k]))
				r->reach[i] |= r->reach[to[k] - WEIR_DAG_STEP];
	}
	return true;
}

// Forgets what does not matter from f->step on, and the oldest facts if there are too many.
static void forget(const struct run *r, struct facts *f)
{
	uint64_t reach = r->reach[f->step - WEIR_DAG_STEP];
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++)
		if (blocks(graph_test(r->src, f->v[i] >> 1)) & reach)
			f->v[n++] = f->v[i];
	if (n > r->most_facts) {
		memmove(f->v, f->v + (n - r->most_facts), r->most_facts * sizeof(*f->v));
		n = r->most_facts;
	}
	memset(f->v + n, 0, (FACTS_MAX - n) * sizeof(*f->v));
	f->n = n;
}

// Which fact to forget for one about `test`: an old one that says what a value is not, if possible
// of the same field, because long rows of tests leave many of those.
static uint32_t victim(const struct run *r, const struct facts *f, const struct test *test)
{
	uint32_t negative = f->n;

	for (uint32_t i = 0; i < f->n; i++) {
		if (f->v[i] & 1)
			continue;
		if (same_field(graph_test(r->src, f->v[i] >> 1), test))
			return i;
		if (negative == f->n)
			negative = i;
	}
	return negative < f->n ? negative : 0;
}

static void learn(const struct run *r, struct facts *f, uint32_t test, unsigned outcome)
{
	const struct test *t = graph_test(r->src, test);
	uint32_t need = test_need(t);

	if (!r->most_facts)
		return;
	if (outcome == STAGE_MISSING) {
		if (f->max[t->base] >= need)
			f->max[t->base] = need - 1;
		return;
	}
	if (f->min[t->base] < need)
		f->min[t->base] = need;
	if (f->n == r->most_facts) {
		uint32_t i = victim(r, f, t);

		memmove(f->v + i, f->v + i + 1, (f->n - i - 1) * sizeof(*f->v));
		f->n--;
	}
	f->v[f->n++] = test << 1 | (outcome == STAGE_YES);
}

// Follows f->step as long as the facts decide. The open outcomes of the step where they do not; 0
// at a port.
static unsigned skip(struct run *r, struct facts *f)
{
	while (is_step(f->step)) {
		const struct step *s = graph_step(r->src, f->step);
		unsigned can = facts_decide(r->src, f, s->test, &r->work);
		bool miss = can & CAN_MISS;

		r->work++;
		if (!(can & CAN_YES) && (!miss || s->missing == s->no))
			f->step = s->no;
		else if (!(can & CAN_NO) && (!miss || s->missing == s->yes))
			f->step = s->yes;
		else if (can == CAN_MISS)
			f->step = s->missing;
		else
			return can;
	}
	return 0;
}

static struct frame *push_frame(struct run *r)
{
	if (r->depth == r->cap) {
		uint32_t cap = r->cap ? 2 * r->cap : 64;
		struct frame *stack = realloc(r->stack, cap * sizeof(*stack));

		if (!stack)
			return NULL;
		r->stack = stack;
		r->cap = cap;
	}
	return &r->stack[r->depth++];
}

// True if f leads to a port, or to a step that was met before with the same facts, or there is no
// more room: then *to is the result. Otherwise a frame for it is pushed.
static bool resolve(struct run *r, struct facts *f, uint32_t *to)
{
	unsigned can = skip(r, f);
	uint32_t memo, n_before = r->memo.n;
	struct frame *top;

	*to = f->step;
	if (!can)
		return true;
	forget(r, f);
	memo = intern_add(&r->memo, f);
	if (memo < n_before) {
		*to = r->result[memo];
		return true;
	}
	top = push_frame(r);
	if (!top || r->memo.failed || r->memo.n > r->most_memos || r->work > r->most_work) {
		r->failed = true;
		return true;
	}
	top->facts = *f;
	top->memo = memo;
	top->stage = STAGE_YES;
	top->can = can;
	return false;
}

static uint32_t finish(struct run *r, struct frame *f)
{
	const struct step *s = graph_step(r->src, f->facts.step);
	const struct test *t = graph_test(r->src, s->test);
	struct step new = {.yes = f->to[STAGE_YES], .no = f->to[STAGE_NO]};

	if (!(f->can & CAN_YES))
		new.yes = new.no;
	if (!(f->can & CAN_NO))
		new.no = new.yes;
	new.missing = f->can &CAN_MISS ? f->to[STAGE_MISSING] : new.no;
	if (new.yes == new.no &&new.yes == new.missing)
		return new.yes;
	new.test = intern_add(&r->dst->tests, t);
	return WEIR_DAG_STEP + intern_add(&r->dst->steps, &new);
}

static uint32_t walk(struct run *r, struct facts *f)
{
	static const unsigned open[] = {CAN_YES, CAN_NO, CAN_MISS};
	uint32_t to = 0;

	if (resolve(r, f, &to))
		return to;
	while (r->depth && !r->failed) {
		struct frame *top = &r->stack[r->depth - 1];
		const struct step *s = graph_step(r->src, top->facts.step);
		const uint32_t next[] = {s->yes, s->no, s->missing};
		uint32_t self = r->depth - 1;

		if (top->stage == STAGE_DONE) {
			to = finish(r, top);
			r->result[top->memo] = to;
			r->depth--;
			if (r->depth) {
				top = &r->stack[r->depth - 1];
				top->to[top->stage++] = to;
			}
			continue;
		}
		if (!(top->can & open[top->stage])) {
			top->stage++;
			continue;
		}
		*f = top->facts;
		f->step = next[top->stage];
		learn(r, f, s->test, top->stage);
		if (resolve(r, f, &to)) {
			top = &r->stack[self];
			top->to[top->stage++] = to;
		}
	}
	return to;
}

static uint32_t attempt(struct run *r, uint32_t root)
{
	struct facts f = {.step = root};
	uint32_t to;

	r->failed = false;
	r->depth = 0;
	r->work = 0;
	intern_init(&r->memo, sizeof(struct facts));
	for (unsigned i = 0; i < 4; i++) {
		f.min[i] = r->present ? UINT32_MAX : 0;
		f.max[i] = UINT32_MAX;
	}
	to = walk(r, &f);
	r->failed |= graph_failed(r->dst);
	intern_free(&r->memo);
	return to;
}

uint32_t graph_specialize(struct graph *dst, const struct graph *src, uint32_t root, bool present)
{
	static const uint32_t facts[] = {FACTS_MAX, 8, 2, 0};
	struct run r = {.dst = dst, .src = src, .present = present};
	uint32_t n = src->steps.n, to = root;

	if (!is_step(root))
		return root;
	// Without facts there are as many memos as steps.
	r.most_memos = 4 * n + 512;
	r.most_work = 20000000;
	r.result = calloc(r.most_memos + 1, sizeof(*r.result));
	if (r.result && find_reach(&r)) {
		for (unsigned i = 0; i < 4; i++) {
			r.most_facts = facts[i];
			to = attempt(&r, root);
			if (!r.failed)
				break;
		}
	}
	if (!r.result || !r.reach || r.failed)
		dst->steps.failed = true;
	free(r.result);
	free(r.reach);
	free(r.stack);
	return to;
}
