// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

#include <weir/element.h>

struct paint_tee {
	uint8_t color;
	struct weir_anno anno;
};
