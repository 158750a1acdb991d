// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_state.h"

#include <abi/hdr.h>

// What a packet is to the state machine: the first of these that it has.
enum event { RST, SYN, FIN, ACK, OTHER };

static enum event event_of(uint8_t flags)
{
	if (flags & TCP_RST)
		return RST;
	if (flags & TCP_SYN)
		return SYN;
	if (flags & TCP_FIN)
		return FIN;
	return flags & TCP_ACK ? ACK : OTHER;
}

// Both SYNs were seen; this end acknowledges the other's.
static enum tcp_state acknowledged(enum tcp_state s, unsigned direction)
{
	const enum tcp_state mine = direction ? TCP_STATE_ACK_IN : TCP_STATE_ACK_OUT;

	if (s == TCP_STATE_SYN_BOTH)
		return mine;
	return s == mine ? s : TCP_STATE_ESTABLISHED;
}

static enum tcp_state opening(enum tcp_state s, unsigned direction, uint8_t flags)
{
	const enum tcp_state mine = direction ? TCP_STATE_SYN_IN : TCP_STATE_SYN_OUT;

	if (s == TCP_STATE_SYN_OUT || s == TCP_STATE_SYN_IN) {
		if (!(flags & TCP_SYN) || s == mine)
			return s;
		s = TCP_STATE_SYN_BOTH;
	}
	return flags & TCP_ACK ? acknowledged(s, direction) : s;
}

static enum tcp_state closed_by(enum tcp_state s, unsigned direction)
{
	const enum tcp_state mine = direction ? TCP_STATE_FIN_IN : TCP_STATE_FIN_OUT;

	if (s == TCP_STATE_ESTABLISHED || s == mine)
		return mine;
	return TCP_STATE_CLOSED;
}

// There is no connection, or none any more.
static enum tcp_state afresh(enum tcp_state s, unsigned direction, enum event event, uint8_t flags)
{
	if (event == SYN && (s || !(flags & TCP_ACK)))
		return direction ? TCP_STATE_SYN_IN : TCP_STATE_SYN_OUT;
	// RFC 6146: it was not gone after all
	return s == TCP_STATE_RESET && event != RST ? TCP_STATE_ESTABLISHED : s;
}

enum tcp_state tcp_state_after(enum tcp_state s, unsigned direction, uint8_t flags)
{
	const enum event event = event_of(flags);

	if (s == TCP_STATE_NONE || s >= TCP_STATE_CLOSED)
		return afresh(s, direction, event, flags);
	if (event == RST)
		return TCP_STATE_RESET;
	if (s < TCP_STATE_ESTABLISHED)
		s = opening(s, direction, flags);
	if (event == FIN && s >= TCP_STATE_ESTABLISHED)
		s = closed_by(s, direction);
	return s;
}

const char *tcp_state_name(enum tcp_state s)
{
	static const char *const names[TCP_STATES] = {
		"none",	       "syn-out", "syn-in", "syn-both", "ack-out", "ack-in",
		"established", "fin-out", "fin-in", "closed",	"reset",
	};

	return s < TCP_STATES ? names[s] : "?";
}
