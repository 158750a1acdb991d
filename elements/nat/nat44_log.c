// SPDX-License-Identifier: BSD-2-Clause
// What is said in the log of what happens.
#include "nat44.h"

static void say(struct weir_node *n, struct nat_log_event e)
{
	e.wall = weir_wall(n);
	nat_log_put(nat44_of(n)->all->log, weir_worker_of(n), &e);
}

static bool says(const struct weir_node *n, enum nat44_log_events what)
{
	return nat44_of(n)->all->log && nat44_of(n)->log_events == what;
}

void nat44_log_mapping(struct weir_node *n, uint32_t mapping, bool add)
{
	const struct nat44_state *s = n->state;
	const struct mapping *m = mapping_at(&s->mappings, mapping);

	if (!says(n, NAT44_LOG_MAPPINGS))
		return;
	say(n, (struct nat_log_event){
		       .what = add ? NAT_LOG_MAPPING_ADD : NAT_LOG_MAPPING_DELETE,
		       .proto = nat44_ip_proto(mapping_proto(m)),
		       .inside = subscriber_at(&s->subscribers, m->subscriber)->inside,
		       .port = m->port,
		       .external = pool_address(&nat44_of(n)->all->pool, mapping_address(m)),
		       .external_port = m->external_port,
	       });
}

void nat44_log_session(struct weir_node *n, const struct session *s, bool add)
{
	if (!says(n, NAT44_LOG_SESSIONS))
		return;
	say(n, (struct nat_log_event){
		       .what = add ? NAT_LOG_SESSION_ADD : NAT_LOG_SESSION_DELETE,
		       .proto = s->proto,
		       .inside = s->from.src,
		       .port = rd16(s->from.sport),
		       .external = s->to.src,
		       .external_port = rd16(s->to.sport),
		       .remote = s->from.dst,
		       .remote_port = rd16(s->from.dport),
	       });
}

// RFC 6888 REQ-12, RFC 7422: one line for all that the subscriber does with the block.
void nat44_log_block(struct weir_node *n, be32 inside, uint32_t block, bool add)
{
	const struct pool *pool = &nat44_of(n)->all->pool;
	const uint16_t first = pool_block_port(pool, block);

	// what follows from the arguments needs no line
	if (!says(n, NAT44_LOG_BLOCKS) || nat44_of(n)->deterministic)
		return;
	say(n, (struct nat_log_event){
		       .what = add ? NAT_LOG_BLOCK_ADD : NAT_LOG_BLOCK_DELETE,
		       .inside = inside,
		       .external = pool_address(pool, pool_block_address(pool, block)),
		       .external_port = first,
		       .port = (uint16_t)(first + pool->size - 1),
	       });
}

void nat44_log_short(struct weir_node *n, enum nat_log_what what, be32 inside, unsigned proto)
{
	if (!nat44_of(n)->all->log)
		return;
	say(n, (struct nat_log_event){
		       .what = (uint8_t)what,
		       .proto = proto < MAPPING_PROTOS ? nat44_ip_proto(proto) : 0,
		       .inside = inside,
	       });
}
