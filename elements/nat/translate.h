// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What address translators see of a packet, and how they change it: RFC 3022 4, RFC 5508, RFC 1624.
// The packet's network header is set (CheckIPHeader, MarkIPHeader).

#include <weir/element.h>

#include "session_front.h"

enum translate_kind {
	TRANSLATE_PLAIN, // the tuple is that of the packet
	TRANSLATE_ERROR, // of ICMP: the tuple is that of the packet it quotes, flipped, so that it
			 // is found as a packet of the direction in which the error goes
	TRANSLATE_FRAGMENT, // not the first: it has no ports
	TRANSLATE_OTHER,    // a protocol without ports: addresses only
	TRANSLATE_BAD,	    // too short for what it says
};

struct translate_seen {
	struct session_tuple tuple;
	uint8_t proto; // of the session: of an ICMP error, that of the quoted packet
	uint8_t kind;  // enum translate_kind
	uint8_t flags; // of TCP
	bool first;    // the first of several fragments
	bool query;    // ICMP that is a request or reply with an identifier
};

// What the packet is. Never looks beyond its end.
struct translate_seen translate_look(struct packet *p);
// Gives the packet the other tuple: addresses, ports, checksums (0 of UDP stays 0), and of an ICMP
// error what it quotes (tuple: of the direction in which it goes) with the checksums in there, as
// far as they are quoted.
void translate_packet(struct packet *p, const struct translate_seen *s,
		      const struct session_tuple *to);
