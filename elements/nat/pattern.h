// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// How Click's rewriters are told what to do with a flow: input specifications, and the patterns in
// them that say what its addresses and ports become.

#include <weir/element.h>

#include "session_front.h"

// What is zero stays as it is in the packet.
struct rewriter_pattern {
	be32 src, dst;
	uint16_t sport, dport; // sport: the first of those that may be chosen
	uint32_t top;	       // so many more source ports, or addresses if !ports, may be chosen
	bool ports;	       // written with ports
	bool consecutive;      // choose in order; else at random
	bool same_first;       // but the packet's own port, if it is one of them and free
	uint32_t next;	       // consecutive: how far from the first. writer: any worker, atomic
};

enum rewriter_input { REWRITER_DROP, REWRITER_PASS, REWRITER_KEEP, REWRITER_PATTERN, REWRITER_ASK };

struct rewriter_spec {
	enum rewriter_input kind;
	uint16_t out[2]; // of PASS the first
	struct rewriter_pattern *pattern;
	bool owns;		     // the pattern
	struct weir_element *mapper; // whom to ASK
};

enum { REWRITER_WHY = 160 };

// From "SADDR SPORT DADDR DPORT", "SADDR DADDR SPORT", "SADDR DADDR" or "SADDR". NULL, or what is
// wrong.
const char *rewriter_pattern_parse(struct weir_element *e, char *const *words, int n,
				   struct rewriter_pattern *p);
void rewriter_pattern_print(struct weir_buf *out, const struct rewriter_pattern *p);
// Those of IPRewriterPatterns elements around e; NULL: there is none of that name.
struct rewriter_pattern *rewriter_pattern_named(struct weir_element *e, const char *name);

// From "PATTERN FOUTPUT ROUTPUT", words as above or a name. 0, or -EINVAL and why.
int rewriter_spec_pattern(struct weir_element *e, char *const *words, int n,
			  struct rewriter_spec *s, char why[REWRITER_WHY]);
// From all that an input may be given.
int rewriter_spec_parse(struct weir_element *e, const char *text, struct rewriter_spec *s,
			char why[REWRITER_WHY]);
void rewriter_spec_free(struct rewriter_spec *s);
// Does an element with so many outputs have those of the specification?
bool rewriter_spec_fits(const struct rewriter_spec *s, unsigned n_out);

// What a mapper's struct begins with. owner: the element; it stays as it is once configured.
struct mapper {
	struct rewriter_spec *spec;
	unsigned n;
	void *own[2]; // of the class; freed with the rest
	// Which of them a flow gets, and how many may be tried in turn from there on. By any
	// worker.
	unsigned (*choose)(struct mapper *m, const struct session_tuple *flow, unsigned *tries);
};
bool mapper_is(const struct weir_element *e);
int mapper_add(struct weir_element *e, struct mapper *m, struct weir_args *a, unsigned i,
	       char *const *words, int n);
void mapper_fini(struct weir_element *e); // every mapper's, by which it is known
