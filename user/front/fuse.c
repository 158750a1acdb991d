// SPDX-License-Identifier: BSD-2-Clause

// One program of many: the instructions of elements that follow one another stand one behind the
// other, and where an element would make a tail call to the next there is a jump. A tail call costs
// a packet some 5 ns, which along the path of a router is half of its time. The programs of the
// elements stay what they are; a fused one only stands for them at the beginning of the front.

#include "parts.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MOST = 16384,	// instructions: jumps have 16 bits
	MOST_MAPS = 60, // the kernel takes 64 in a program
};

struct fuse {
	const struct weir_front *f;
	struct bpf_insn *v;
	size_t n, n_elements, n_maps;
	const struct weir_connection *rest; // where a next fused program is to begin; NULL: nowhere
};

static struct bpf_program *program_of(const struct weir_front *f, const struct weir_element *e)
{
	return bpf_object__next_program(f->programs[e->index].object, NULL);
}

// One that calls functions of its own cannot be moved: calls count instructions.
static bool is_movable(const struct weir_front *f, const struct weir_element *e)
{
	const struct bpf_program *p = program_of(f, e);
	const struct bpf_insn *v = bpf_program__insns(p);

	for (size_t i = 0; i < bpf_program__insn_cnt(p); i++)
		if ((v[i].code == (BPF_JMP | BPF_CALL) && v[i].src_reg) ||
		    (v[i].code == (BPF_LD | BPF_IMM | BPF_DW) && v[i].src_reg == BPF_PSEUDO_FUNC))
			return false;
	return true;
}

static bool is_constant(const struct bpf_insn *v)
{
	return v->dst_reg == BPF_REG_3 &&
	       (v->code == (BPF_ALU64 | BPF_MOV | BPF_K) || v->code == (BPF_ALU | BPF_MOV | BPF_K));
}

static bool is_map(const struct bpf_insn *v)
{
	return v->code == (BPF_LD | BPF_IMM | BPF_DW) && v->src_reg;
}

// Different maps that an element's program uses.
static size_t count_maps(const struct bpf_program *p)
{
	const struct bpf_insn *v = bpf_program__insns(p);
	size_t n = 0;

	for (size_t i = 0; i < bpf_program__insn_cnt(p); i++) {
		bool seen = false;

		for (size_t k = 0; is_map(&v[i]) && k < i && !seen; k++)
			seen = is_map(&v[k]) && v[k].imm == v[i].imm;
		n += is_map(&v[i]) && !seen;
	}
	return n;
}

// The only connection of an element that stays in the driver; NULL if there are more, or none.
static const struct weir_connection *straight_on(const struct weir_front *f,
						 const struct weir_element *e)
{
	const struct weir_connection *only = NULL;

	for (unsigned i = 0; i < e->n_out; i++) {
		const struct weir_connection *c = front_connection(e, i);

		if (!c || !weir_plan_is_inside(f->plan, c))
			continue;
		if (only)
			return NULL;
		only = c;
	}
	return only;
}

bool front_goes_on(const struct weir_front *f, const struct weir_element *e)
{
	const struct weir_connection *c = straight_on(f, e);

	return is_movable(f, e) && c && is_movable(f, c->to);
}

static bool fits(const struct fuse *u, const struct weir_element *e)
{
	const struct bpf_program *p = program_of(u->f, e);

	return u->n + bpf_program__insn_cnt(p) <= MOST && u->n_maps + count_maps(p) <= MOST_MAPS;
}

static bool is_tail_call(const struct bpf_insn *v, unsigned slot)
{
	return is_constant(v) && v[0].imm == (int)slot && v[1].code == (BPF_JMP | BPF_CALL) &&
	       !v[1].src_reg && v[1].imm == BPF_FUNC_tail_call;
}

// Puts an element's instructions at the end. Tail calls to the one that follows become jumps to
// where that will stand. The context is in r1 there already; the condition always holds, and keeps
// what is behind it reachable for the verifier.
static void append(struct fuse *u, const struct weir_element *e, const struct weir_connection *next)
{
	const struct bpf_program *p = program_of(u->f, e);
	const size_t n = bpf_program__insn_cnt(p), end = u->n + n;

	memcpy(u->v + u->n, bpf_program__insns(p), n * sizeof(*u->v));
	for (size_t i = u->n; next && i + 1 < end; i++)
		if (is_tail_call(&u->v[i], next->from_port))
			u->v[i + 1] = (struct bpf_insn){
				.code = BPF_JMP | BPF_JEQ | BPF_K,
				.dst_reg = BPF_REG_3,
				.imm = u->v[i].imm,
				.off = (__s16)(end - (i + 2)),
			};
	u->n = end;
	u->n_maps += count_maps(p);
	u->n_elements++;
}

static void append_all(struct fuse *u, const struct weir_element *e)
{
	while (e) {
		const struct weir_connection *next =
			front_goes_on(u->f, e) ? straight_on(u->f, e) : NULL;
		struct fuse after = *u;

		after.n += bpf_program__insn_cnt(program_of(u->f, e));
		after.n_maps += count_maps(program_of(u->f, e));
		u->rest = next && !fits(&after, next->to) ? next : NULL;
		if (u->rest)
			next = NULL;
		append(u, e, next);
		e = next ? next->to : NULL;
	}
}

int front_fuse(const struct weir_front *f, const struct weir_element *e,
	       const struct weir_connection **rest)
{
	const struct bpf_program *p = program_of(f, e);
	struct fuse u = {.f = f, .v = calloc(MOST, sizeof(*u.v))};
	LIBBPF_OPTS(bpf_prog_load_opts, opt,
		    .expected_attach_type = bpf_program__expected_attach_type(p));
	int fd = -ENOENT;

	*rest = NULL;
	if (!u.v)
		return -ENOMEM;
	if (front_goes_on(f, e) && fits(&u, e))
		append_all(&u, e);
	if (u.n_elements > 1)
		fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_path", "Dual BSD/GPL", u.v, u.n, &opt);
	if (fd > 0)
		*rest = u.rest;
	free(u.v);
	return fd;
}
