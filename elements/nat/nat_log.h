// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The log of an address translator: a line for each mapping, session or block of ports that comes
// and goes, with what RFC 6888 REQ-12 asks for. Workers put events into rings of their own and
// never wait; a thread writes the lines, at most so many a second. What finds no room is counted.

#include <abi/hdr.h>
#include <stdbool.h>
#include <stdint.h>

enum nat_log_what {
	NAT_LOG_BLOCK_ADD,
	NAT_LOG_BLOCK_DELETE,
	NAT_LOG_MAPPING_ADD,
	NAT_LOG_MAPPING_DELETE,
	NAT_LOG_SESSION_ADD,
	NAT_LOG_SESSION_DELETE,
	NAT_LOG_EXHAUSTED, // of `external` no port is left for `inside`
	NAT_LOG_LIMIT,	   // `inside` has reached one of its limits
};

struct nat_log_event {
	uint64_t wall; // ns since 1970
	be32 inside, external, remote;
	uint16_t port, external_port, remote_port; // of a block: external_port to port
	uint8_t what, proto;			   // proto: of IP
};

struct nat_log;

// file "-" is standard output. rate: lines a second, 0: any number. 0 or -errno.
int nat_log_open(struct nat_log **out, const char *file, unsigned n_workers, uint32_t rate);
void nat_log_close(struct nat_log *log); // writes what is there. NULL is permitted
void nat_log_put(struct nat_log *log, unsigned worker, const struct nat_log_event *e);
uint64_t nat_log_lost(const struct nat_log *log);
// The line of an event with its newline, as snprintf does.
int nat_log_line(char *to, unsigned size, const struct nat_log_event *e);
