// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Asked of tests/kernel/steer.bpf.c, and answered.

#include <linux/types.h>

struct steer_probe {
	__u32 off, no_link, key, has_classes;
	__u32 hash, class;
};
