// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <stdint.h>

// Milliseconds since midnight UTC, as in IPv4 and ICMP timestamps (RFC 791 3.1).
uint32_t weir_day_ms(void);
