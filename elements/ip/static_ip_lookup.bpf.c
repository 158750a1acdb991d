// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#include "ip_table.bpf.h"

IP_TABLE_PROGRAM(static_ip_lookup)
