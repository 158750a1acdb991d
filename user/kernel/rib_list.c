// SPDX-License-Identifier: BSD-2-Clause

// Rules as one interface sees them. What a packet that came in by it cannot change (the interface,
// its VRF, no output interface, user 0) is decided here; the destination is left to the steps; the
// rest may be or not.

#include "rib_parts.h"

#include <linux/fib_rules.h>

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

struct seen_from {
	const char *name;   // "lo": what the host sends
	const char *master; // of a VRF; NULL: in none
	uint32_t table;	    // its
};

static struct seen_from seen_from(const struct rib *r, const char *iif)
{
	struct seen_from s = {.name = iif[0] ? iif : "lo"};
	const struct rib_link *l = rib_find_name(r, s.name), *m = l;

	if (l && l->master && !l->vrf_table)
		m = rib_find_link(r, l->master);
	if (m && m->vrf_table) {
		s.master = m->name;
		s.table = m->vrf_table;
	}
	return s;
}

static bool is_name(const char *rule, const char *name)
{
	return name && !strncmp(rule, name, RIB_NAME);
}

static bool never(const struct rib_rule *rule, const struct seen_from *s)
{
	if (rule->iif[0] && !is_name(rule->iif, s->name) && !is_name(rule->iif, s->master))
		return true;
	// what is forwarded has no output interface yet, but it has a VRF
	if (rule->oif[0] && !is_name(rule->oif, s->master))
		return true;
	return (rule->l3mdev && !s->master) || (rule->has_uid && rule->uid.first);
}

static bool depends(const struct rib_rule *rule)
{
	return rule->src_len || rule->tos || rule->mark || rule->mark_mask || rule->ip_proto ||
	       rule->sport.last || rule->dport.last || rule->tunnel || rule->other;
}

// Does it hold for addresses within its dst, and for others?
static void judge(const struct rib_rule *rule, const struct seen_from *s, struct rib_step *step)
{
	step->inside = never(rule, s) ? RIB_NO : depends(rule) ? RIB_MAYBE : RIB_YES;
	step->outside = RIB_NO;
	step->dst_len = rule->dst_len;
	step->dst = rule->dst;
	if (rule->invert) {
		step->inside = RIB_YES - step->inside;
		step->outside = RIB_YES;
	}
}

// Of the rule that goto leads to, the first of that priority, behind i; 0: there is none.
static uint32_t target_of(const struct rib *r, uint32_t i, uint8_t family)
{
	const struct rib_rule_entry *v = r->rules.v;
	uint32_t target = v[i].said.target;

	while (++i < r->rules.n)
		if (v[i].said.family == family && v[i].said.priority == target)
			return i;
	return 0;
}

static bool is_always(const struct rib_step *s)
{
	return s->inside == RIB_YES && (s->outside == RIB_YES || !s->dst_len);
}

static bool is_never(const struct rib_step *s)
{
	return s->inside == RIB_NO && (s->outside == RIB_NO || !s->dst_len);
}

// A rule that is jumped over perhaps holds perhaps.
static void weaken(struct rib_step *s)
{
	if (s->inside == RIB_YES)
		s->inside = RIB_MAYBE;
	if (s->outside == RIB_YES)
		s->outside = RIB_MAYBE;
}

static bool set_action(struct rib *r, const struct rib_rule *rule, const struct seen_from *s,
		       struct rib_step *step)
{
	step->suppress = rule->suppress_prefixlength;
	step->may_suppress = rule->suppress_ifgroup >= 0;
	switch (rule->action) {
	case FR_ACT_TO_TBL:
		step->table = rib_table_get(r, rule->l3mdev ? s->table : rule->table,
					    rule->family == AF_INET6);
		return step->table;
	case FR_ACT_BLACKHOLE:
		step->value = WEIR_HOP_BLACKHOLE;
		return true;
	case FR_ACT_UNREACHABLE:
		step->value = WEIR_HOP_UNREACHABLE;
		return true;
	case FR_ACT_PROHIBIT:
		step->value = WEIR_HOP_PROHIBIT;
		return true;
	default:
		step->value = WEIR_HOP_HOST; // of an action that is new to us
		return true;
	}
}

struct maker {
	struct rib *r;
	struct seen_from from;
	uint8_t family;
	struct rib_step *steps;
	uint32_t n;
	uint32_t perhaps; // rules before that one may be jumped over
};

// The rule to look at next; -ENOMEM.
static int64_t make_step(struct maker *m, uint32_t i)
{
	const struct rib_rule *rule = &((struct rib_rule_entry *)m->r->rules.v)[i].said;
	struct rib_step s = {0};
	uint32_t target;

	if (rule->family != m->family || rule->action == FR_ACT_NOP)
		return i + 1;
	judge(rule, &m->from, &s);
	if (is_never(&s))
		return i + 1;
	if (rule->action == FR_ACT_GOTO) {
		target = target_of(m->r, i, m->family);
		if (is_always(&s) && i >= m->perhaps && target)
			return target;
		m->perhaps = target > m->perhaps ? target : m->perhaps;
		return i + 1;
	}
	if (i < m->perhaps)
		weaken(&s);
	if (!set_action(m->r, rule, &m->from, &s))
		return -ENOMEM;
	m->steps[m->n++] = s;
	return i + 1;
}

int rib_list(struct rib *r, const char *iif, bool v6, struct rib_step **steps, uint32_t *n)
{
	struct maker m = {r, seen_from(r, iif), v6 ? AF_INET6 : AF_INET, NULL, 0, 0};
	int64_t i = 0;

	m.steps = calloc(r->rules.n + 1, sizeof(*m.steps));
	if (!m.steps)
		return -ENOMEM;
	while (i >= 0 && i < r->rules.n)
		i = make_step(&m, (uint32_t)i);
	*steps = m.steps;
	*n = m.n;
	if (i >= 0)
		return 0;
	rib_list_free(r, m.steps, m.n);
	*steps = NULL;
	return -ENOMEM;
}

void rib_list_free(struct rib *r, struct rib_step *steps, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (steps[i].table)
			rib_table_put(r, steps[i].table);
	free(steps);
}
