// SPDX-License-Identifier: BSD-2-Clause

// Messages taken into the mirror, and what they give reason to doubt.

#include "mirror.h"

#include <errno.h>
#include <sys/socket.h>

enum { COUNT_NS = 50 * 1000 * 1000 }; // between two looks at what takes a while to count

void kernel_doubt(struct weir_kernel *k, unsigned kinds)
{
	if (!k->doubts && kinds)
		k->doubt_from = kernel_now();
	k->doubts |= kinds;
}

void kernel_lost(struct weir_kernel *k)
{
	k->counts.overruns += !k->overrun;
	k->overrun = true;
}

// What became of a message that was understood.
static void count(struct weir_kernel *k, int rc)
{
	switch (rc) {
	case 0:
		k->counts.changes++;
		break;
	case -EINVAL:
		k->counts.malformed++;
		break;
	case -ENOSPC:
		k->counts.refused++;
		break;
	case -ENOMEM:
		k->counts.no_memory++;
		kernel_doubt(k, RIB_ALL);
		break;
	default: // it has gone before
		break;
	}
}

static bool understood(struct weir_kernel *k, enum kernel_parsed p)
{
	k->counts.malformed += p == KERNEL_MALFORMED;
	return p == KERNEL_PARSED;
}

// A link that goes down takes routes and next-hop objects with it.
static void apply_link(struct weir_kernel *k, const struct nlmsghdr *m)
{
	const struct rib_link *old;
	struct rib_link l;

	if (!understood(k, kernel_parse_link(m, &l)))
		return;
	old = rib_find_link(k->rib, l.index);
	if (m->nlmsg_type == RTM_DELLINK) {
		kernel_doubt(k, RIB_ROUTES | RIB_NEXTHOPS);
		count(k, rib_link_gone(k->rib, l.index));
		return;
	}
	if (old) {
		l.ignore_linkdown[0] = old->ignore_linkdown[0];
		l.ignore_linkdown[1] = old->ignore_linkdown[1];
		if (old->up > l.up || old->carrier > l.carrier)
			kernel_doubt(k, RIB_ROUTES | RIB_NEXTHOPS);
	} else {
		// its settings were announced before it
		kernel_doubt(k, RIB_LINKS);
	}
	count(k, rib_link(k->rib, &l));
}

static void apply_netconf(struct weir_kernel *k, const struct nlmsghdr *m)
{
	const struct rib_link *old;
	struct kernel_netconf c;
	struct rib_link l;

	if (m->nlmsg_type == RTM_DELNETCONF || !understood(k, kernel_parse_netconf(m, &c)))
		return;
	old = rib_find_link(k->rib, c.link);
	if (!old || old->ignore_linkdown[c.family == AF_INET6] == c.ignore_linkdown)
		return;
	l = *old;
	l.ignore_linkdown[c.family == AF_INET6] = c.ignore_linkdown;
	count(k, rib_link(k->rib, &l));
}

static void apply_addr(struct weir_kernel *k, const struct nlmsghdr *m)
{
	struct rib_addr a;

	if (!understood(k, kernel_parse_addr(m, &a)))
		return;
	if (m->nlmsg_type == RTM_NEWADDR) {
		count(k, rib_addr(k->rib, &a));
		return;
	}
	// routes that prefer it as their source go with it
	kernel_doubt(k, RIB_ROUTES);
	count(k, rib_addr_gone(k->rib, &a));
}

static void apply_nexthop(struct weir_kernel *k, const struct nlmsghdr *m)
{
	struct rib_nexthop n;

	if (!understood(k, kernel_parse_nexthop(m, &n, k->room)))
		return;
	if (m->nlmsg_type == RTM_NEWNEXTHOP) {
		count(k, rib_nexthop(k->rib, &n));
		return;
	}
	kernel_doubt(k, RIB_ROUTES | RIB_NEXTHOPS);
	count(k, rib_nexthop_gone(k->rib, n.id));
}

static void apply_route(struct weir_kernel *k, const struct nlmsghdr *m)
{
	struct rib_route r;
	int rc;

	if (!understood(k, kernel_parse_route(m, &r, k->room)))
		return;
	if (m->nlmsg_type == RTM_NEWROUTE) {
		rc = rib_route(k->rib, &r, m->nlmsg_flags & NLM_F_REPLACE,
			       m->nlmsg_flags & NLM_F_APPEND);
		if (rc == -ENOSPC && !k->counts.alarm[r.family == AF_INET6]) {
			k->counts.alarm[r.family == AF_INET6] = true;
			k->counts.alarms++;
		}
		count(k, rc);
		return;
	}
	k->deleted = true;
	count(k, rib_route_gone(k->rib, &r));
	// there may be room now for what was refused
	if (k->counts.alarm[r.family == AF_INET6])
		kernel_doubt(k, RIB_ROUTES);
}

static void apply_rule(struct weir_kernel *k, const struct nlmsghdr *m)
{
	struct rib_rule r;

	if (!understood(k, kernel_parse_rule(m, &r)))
		return;
	count(k, m->nlmsg_type == RTM_NEWRULE ? rib_rule(k->rib, &r) : rib_rule_gone(k->rib, &r));
}

void kernel_apply(struct weir_kernel *k, const struct nlmsghdr *m)
{
	k->counts.messages++;
	switch (m->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		apply_route(k, m);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		apply_link(k, m);
		break;
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		apply_netconf(k, m);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		apply_addr(k, m);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		apply_nexthop(k, m);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		apply_rule(k, m);
		break;
	default:
		break;
	}
}

// Texts show what is told here; they do not wait for the mirror.
void kernel_tell_counts(struct weir_kernel *k)
{
	uint64_t now = kernel_now();

	k->stale = now - k->counted < COUNT_NS;
	if (!k->stale) {
		k->counted = now;
		rib_count(k->rib, &k->counts.rib);
	}
	k->counts.alarm[0] &= rib_incomplete(k->rib, AF_INET);
	k->counts.alarm[1] &= rib_incomplete(k->rib, AF_INET6);
	k->counts.neighbors = k->neighbors.n;
	k->counts.neighbors_refused = k->neighbors.refused;
	k->counts.asked = k->neighbors.asked;
	k->counts.strange = k->inbox.strange;
	pthread_mutex_lock(&k->count_lock);
	k->told = k->counts;
	pthread_mutex_unlock(&k->count_lock);
}

bool kernel_commit(struct weir_kernel *k)
{
	bool moved;

	kernel_lock(&k->lock);
	moved = rib_commit(k->rib);
	kernel_unlock(&k->lock);
	if (moved) {
		k->counts.moves++;
		if (!kernel_move_memory(k))
			return false;
	}
	return true;
}
