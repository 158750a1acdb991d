// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What CheckIPHeader and CheckIPHeader2 have in both halves.

#include <weir/element.h>

enum { CHECK_IP_OUT, CHECK_IP_BAD };

enum check_ip_reason {
	CHECK_IP_TINY,
	CHECK_IP_VERSION,
	CHECK_IP_HLEN,
	CHECK_IP_LEN,
	CHECK_IP_CSUM,
	CHECK_IP_SRC,
	CHECK_IP_REASONS,
};

// x is a multiple of 65535 when x times its inverse modulo 2^64 is at most (2^64 - 1) / 65535.
#define CHECK_IP_INVERSE 0xfffefffefffeffffull
#define CHECK_IP_MULTIPLE 0x0001000100010001ull

enum { CHECK_IP_OFFSET_MAX = 65535 };

struct check_ip_state {
	uint64_t drops, reason[CHECK_IP_REASONS];
	uint64_t told, told_reason[CHECK_IP_REASONS]; // what of drops and reason was told about
	uint64_t cut; // bytes of padding taken from packets of this batch
};

enum { CHECK_IP_FRONT_LIST = 32 };

// What is needed in the driver, with the short lists that routers have.
struct check_ip_front {
	uint64_t bad_bits; // as in struct weir_ip4_list
	uint32_t offset, n_bad, n_good;
	be32 bad_src[CHECK_IP_FRONT_LIST], good_dst[CHECK_IP_FRONT_LIST];
	bool checksum;
};
