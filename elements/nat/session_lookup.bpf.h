// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Plain packets of established sessions, in the driver: found, rewritten, and sent on. Nothing of a
// packet changes before all is known of it, so everything else is userspace's as it came: first and
// last packets, ICMP errors, fragments, options, and sessions that are just being written.

#include <weir/clock.h>
#include <weir/csum.h>
#include <weir/element.h>

#include "session_view.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct session);
} sessions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct session_bucket);
} buckets SEC(".maps");

// What a packet is looked up by: addresses and ports in the order of the headers, source first.
struct session_words {
	__u64 addresses;
	__u32 ports;
	__u32 proto;
};

// A session as it was at one time, for a packet of one direction.
struct session_found {
	struct session *at; // NULL: there is none
	struct session_words to;
	__u32 last;
	__u16 out;
	__u16 direction;
	__u32 user;
	__u8 flags, class;
};

WEIR_INLINE struct session_words session_words(const struct session_tuple *t)
{
	return (struct session_words){
		.addresses = (__u64)t->dst.be << 32 | t->src.be,
		.ports = (__u32)t->dport.be << 16 | t->sport.be,
	};
}

WEIR_INLINE struct session_tuple session_tuple_of(const struct session_words *w)
{
	return (struct session_tuple){
		.src = {(__u32)w->addresses},
		.dst = {(__u32)(w->addresses >> 32)},
		.sport = {(__u16)w->ports},
		.dport = {(__u16)(w->ports >> 16)},
	};
}

WEIR_INLINE struct session_words session_turned(struct session_words w)
{
	return (struct session_words){
		.addresses = w.addresses << 32 | w.addresses >> 32,
		.ports = w.ports << 16 | w.ports >> 16,
	};
}

// As packets of a direction come; both are read, so that nothing waits for the direction.
WEIR_INLINE struct session_words session_key_of(const struct session *s, unsigned direction)
{
	const volatile __u64 *words = (const volatile __u64 *)s;
	const volatile __u32 *half = (const volatile __u32 *)s;
	const struct session_words from = {.addresses = words[0], .ports = half[2]};
	const struct session_words to = {
		.addresses = (__u64)half[4] << 32 | half[3],
		.ports = half[5],
	};

	return direction ? session_turned(to) : from;
}
_Static_assert(offsetof(struct session, to) == 12 && sizeof(struct session_tuple) == 12,
	       "words of session_key_of");

WEIR_INLINE bool session_fits(const struct session *s, unsigned direction,
			      const struct session_words *key)
{
	const struct session_words in = session_key_of(s, direction);

	return !((in.addresses ^ key->addresses) | (in.ports ^ key->ports) |
		 (WEIR_READ_ONCE(s->proto) ^ key->proto));
}

// The slot of an IPv4 key; 0: there is none. It is only found here, and read afterwards: then the
// verifier has one state for each slot and not one for each that came before.
WEIR_INLINE __u32 session_slot_of(const struct session_view *view, const struct session_words *key)
{
	const __u64 hash = session_hash(view->seed, session_tuple_of(key), (__u8)key->proto, 0, 0);
	const __u32 tag = (__u32)hash & ~view->slot_mask;
	__u32 more = SESSION_SPILL;

	for (__u32 step = 0; step <= SESSION_SPILL && step <= more; step++) {
		__u32 at = (session_place(hash, view->bucket_mask + 1) + step) & view->bucket_mask;
		const struct session_bucket *b = bpf_map_lookup_elem(&buckets, &at);

		if (!b)
			return 0;
		for (__u32 i = 0; i < SESSION_SLOTS; i++) {
			const __u32 slot = WEIR_READ_ONCE(b->slot[i]);
			__u32 number = (slot & view->slot_mask) >> 1;
			const struct session *s;

			if (WEIR_LIKELY((slot ^ tag) & ~view->slot_mask))
				continue;
			s = bpf_map_lookup_elem(&sessions, &number);
			if (s && session_fits(s, slot & 1, key))
				return slot & view->slot_mask;
		}
		if (!step)
			more = WEIR_READ_ONCE(b->more) & ~SESSION_LOCK ? SESSION_SPILL : 0;
	}
	return 0;
}

// All of it between two looks at the version: who is late sees another one. All loads happen, in
// this order, as far as the compiler is concerned; x86 does not change it either.
WEIR_INLINE struct session_found session_find(const struct session_view *view,
					      const struct session_words *key)
{
	const __u32 slot = session_slot_of(view, key), direction = slot & 1;
	const volatile struct session *v;
	struct session_found found = {};
	__u32 number = slot >> 1, version;
	struct session *s;

	if (!number)
		return found;
	s = bpf_map_lookup_elem(&sessions, &number);
	v = s;
	if (!s)
		return found;
	version = v->version;
	if (!session_fits(s, direction, key))
		return found;
	found = (struct session_found){
		.to = session_turned(session_key_of(s, !direction)),
		.last = v->last[direction],
		.out = v->out[direction],
		.direction = (__u16)direction,
		.user = v->user,
		.flags = v->flags,
		.class = v->class,
	};
	if (!(version & 1) && v->version == version)
		found.at = s;
	return found;
}

// --- packets ---
enum { ICMP_ECHO_REPLY = 0, ICMP_ECHO = 8 };

// False: a packet that userspace has to look at.
WEIR_INLINE bool session_look(struct packet *p, struct session_words *key)
{
	const struct ip4 *ip = weir_ip4(p);
	const struct icmp4 *icmp;
	const struct tcp *tcp;
	const struct udp *udp;

	if (!ip || ip->vihl != 0x45 || ip->frag.be & wr16(IP4_MF | IP4_OFFMASK).be)
		return false;
	*key = (struct session_words){.addresses = weir_csum_load64(&ip->src), .proto = ip->proto};
	if (key->proto == IPPROTO4_TCP) {
		tcp = weir_network_at(p, sizeof(*ip), sizeof(*tcp));
		if (!tcp || rd16(ip->len) < sizeof(*ip) + sizeof(*tcp) ||
		    tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST))
			return false;
		key->ports = (__u32)weir_csum_load32(&tcp->sport);
		return true;
	}
	if (key->proto == IPPROTO4_UDP) {
		udp = weir_network_at(p, sizeof(*ip), sizeof(*udp));
		if (!udp || rd16(ip->len) < sizeof(*ip) + sizeof(*udp))
			return false;
		key->ports = (__u32)weir_csum_load32(&udp->sport);
		return true;
	}
	icmp = weir_network_at(p, sizeof(*ip), sizeof(*icmp));
	if (key->proto != IPPROTO4_ICMP || !icmp || rd16(ip->len) < sizeof(*ip) + sizeof(*icmp))
		return false;
	key->ports = icmp->rest.be & 0xffff;
	if (!key->ports) // a request and a reply are the same then
		return false;
	if (icmp->type == ICMP_ECHO_REPLY)
		key->ports <<= 16;
	return icmp->type == ICMP_ECHO || icmp->type == ICMP_ECHO_REPLY;
}

// RFC 1624: checksums change by what was put in, less what was there.
WEIR_INLINE bool session_rewrite(struct packet *p, const struct session_words *was,
				 const struct session_words *to)
{
	const __u64 addresses = weir_csum_add64(to->addresses, ~was->addresses);
	const __u64 ports = (__u64)to->ports + (__u32)~was->ports;
	struct ip4 *ip = weir_ip4(p);
	struct icmp4 *icmp;
	struct tcp *tcp;
	struct udp *udp;
	__u16 id;

	if (!ip)
		return false;
	if (was->proto == IPPROTO4_TCP) {
		tcp = weir_network_at(p, sizeof(*ip), sizeof(*tcp));
		if (!tcp)
			return false;
		tcp->csum =
			weir_csum_fold(weir_csum_add64(addresses, ports + (__u16)~tcp->csum.be));
		*(struct weir_word32 *)&tcp->sport = (struct weir_word32){to->ports};
	} else if (was->proto == IPPROTO4_UDP) {
		udp = weir_network_at(p, sizeof(*ip), sizeof(*udp));
		if (!udp)
			return false;
		if (udp->csum.be)
			udp->csum = weir_csum_fold_udp(
				weir_csum_add64(addresses, ports + (__u16)~udp->csum.be));
		*(struct weir_word32 *)&udp->sport = (struct weir_word32){to->ports};
	} else {
		icmp = weir_network_at(p, sizeof(*ip), sizeof(*icmp));
		if (!icmp)
			return false;
		id = (__u16)(to->ports | to->ports >> 16);
		icmp->csum =
			weir_csum_fold((__u64)id + (__u16)~icmp->rest.be + (__u16)~icmp->csum.be);
		icmp->rest.be = (icmp->rest.be & 0xffff0000) | id;
	}
	ip->csum = weir_csum_fold(weir_csum_add64(addresses, (__u16)~ip->csum.be));
	*(struct weir_word64 *)&ip->src = (struct weir_word64){to->addresses};
	return true;
}

// That a packet came; time goes upwards only, whatever a process that is gone left of its clock.
WEIR_INLINE void session_note(const struct session_found *f)
{
	const __u32 tick = (__u32)(weir_clock() >> SESSION_TICK);

	if (WEIR_UNLIKELY((__s32)(tick - f->last) > 0))
		*(volatile __u32 *)&f->at->last[f->direction & 1] = tick;
}

// The session of a packet that the driver may forward. at: NULL: it may not.
WEIR_INLINE struct session_found session_of(const struct session_view *view, struct packet *p,
					    struct session_words *key)
{
	struct session_found found = {};

	if (!session_look(p, key))
		return found;
	found = session_find(view, key);
	if (found.at && !(found.flags & SESSION_FAST))
		found.at = NULL;
	return found;
}

// The output of a packet that is rewritten now, or WEIR_HANDOVER.
WEIR_INLINE unsigned session_forward(const struct session_found *f, const struct session_words *key,
				     struct packet *p, bool set_dst_ip)
{
	if (f->out >= weir_instance.n_out || !session_rewrite(p, key, &f->to))
		return WEIR_HANDOVER;
	session_note(f);
	if (set_dst_ip)
		weir_set_dst_ip(p, session_tuple_of(&f->to).dst);
	return f->out;
}
