// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// How many ICMP errors an element sends (RFC 1812 4.3.2.8, RFC 4443 2.4 f): in all, and to one
// host. One limit for all workers, without a lock: each bucket is a word, the time at which it will
// be full again (the virtual scheduling algorithm of ITU-T I.371). A flood of packets that get no
// answer only reads it.

#include <weir/element.h>

struct icmp_limit_shared;

struct icmp_limit {
	uint64_t rate, host_rate; // errors a second; 0: no limit
	uint32_t burst, host_burst;
	struct icmp_limit_shared *shared; // owner: the element; written by all workers
};

// The values of drop reasons.
enum icmp_limit_verdict { ICMP_LIMIT_PASS, ICMP_LIMIT_RATE, ICMP_LIMIT_HOST };

// For configure. 0 or -ENOMEM.
int icmp_limit_open(struct icmp_limit *l);
void icmp_limit_close(struct icmp_limit *l);

// May an error be sent now? host: stands for its destination; spared: path-MTU discovery depends on
// it, for which the limit of a host does not hold.
enum icmp_limit_verdict icmp_limit_ask(const struct icmp_limit *l, uint64_t now, uint64_t host,
				       bool spared);

enum { ICMP_LIMIT_BURST_MAX = 1000000 };
#define ICMP_LIMIT_ARGS(id_)                                                                      \
	WEIR_ARG(RATE, id_, limit.rate, "RATE", "most errors a second; 0: no limit",              \
		 .def = "1000"),                                                                  \
		WEIR_ARG(U32, id_, limit.burst, "BURST", "how many of them at once", .def = "50", \
			 .min = 1, .max = ICMP_LIMIT_BURST_MAX),                                  \
		WEIR_ARG(RATE, id_, limit.host_rate, "HOST_RATE",                                 \
			 "most errors a second to one host; 0: no limit", .def = "1"),            \
		WEIR_ARG(U32, id_, limit.host_burst, "HOST_BURST", "how many of them at once",    \
			 .def = "6", .min = 1, .max = ICMP_LIMIT_BURST_MAX)
#define ICMP_LIMIT_HANDLERS(id_)                                                           \
	WEIR_FIELD_RW("rate", RATE, id_, limit.rate, "most errors a second"),              \
		WEIR_FIELD_RW("burst", U32, id_, limit.burst, "how many of them at once"), \
		WEIR_FIELD_RW("host_rate", RATE, id_, limit.host_rate,                     \
			      "most errors a second to one host"),                         \
		WEIR_FIELD_RW("host_burst", U32, id_, limit.host_burst,                    \
			      "how many of them at once")
