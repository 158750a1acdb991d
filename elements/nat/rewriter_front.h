// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the program of a rewriter is told; frozen in its arguments.

#include "session_view.h"

struct rewriter_front {
	struct session_view view;
	__u8 dst_anno;
	__u8 has_reply_anno,
		reply_anno; // packets of direction 1 get the lower bits of `user` there
	__u8 pad[5];
};
