// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

#include <weir/element.h>

enum { PAINT_SWITCH_ALL = 255 };
enum { PAINT_SWITCH_NO_OUTPUT, PAINT_SWITCH_NO_BUFFER };

struct paint_switch {
	struct weir_anno anno;
};
