// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// An element that forwards packets of the sessions that a test has made, and nothing else.

#include <nat/session_view.h>

struct session_forward {
	struct session_view view;
};
