// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// How far a TCP connection has come, as a translator sees it: RFC 5382 5, RFC 7857 2, and the state
// machine of RFC 6146 3.5.2. Of that one it differs in two places. A connection is established when
// each end has acknowledged the other's SYN, not when both have sent one: so what was never
// answered again is half open (RFC 7857 2.1). And a SYN begins a connection anew where the old one
// is closed or reset.
//
// No sequence numbers are kept. A RST that nobody sent shortens the timeout until the next packet
// of the connection, and does nothing else (RFC 7857 2.2).

#include <stdbool.h>
#include <stdint.h>

enum tcp_state {
	TCP_STATE_NONE,	   // no connection
	TCP_STATE_SYN_OUT, // a SYN from inside
	TCP_STATE_SYN_IN,  // a SYN from outside
	TCP_STATE_SYN_BOTH,
	TCP_STATE_ACK_OUT, // of those, the inside has acknowledged the other's
	TCP_STATE_ACK_IN,  // or the outside
	TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_OUT, // one side has closed: the other may go on for long (RFC 6146 3.5.2.2)
	TCP_STATE_FIN_IN,
	TCP_STATE_CLOSED, // both have
	TCP_STATE_RESET,  // transitory: no packet since a RST
	TCP_STATES,
};

// Which of the timeouts holds (RFC 5382 REQ-5, RFC 7857 2.1).
enum tcp_timeout { TCP_TIMEOUT_OPENING, TCP_TIMEOUT_ESTABLISHED, TCP_TIMEOUT_CLOSING };

// The state after a packet of direction 0 (from inside) or 1. From NONE only a SYN leads away.
enum tcp_state tcp_state_after(enum tcp_state s, unsigned direction, uint8_t flags);

static inline enum tcp_timeout tcp_state_timeout(enum tcp_state s)
{
	if (s >= TCP_STATE_CLOSED)
		return TCP_TIMEOUT_CLOSING;
	return s >= TCP_STATE_ESTABLISHED ? TCP_TIMEOUT_ESTABLISHED : TCP_TIMEOUT_OPENING;
}

const char *tcp_state_name(enum tcp_state s);
