// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A table of sessions that the element's program reads.

#include "session_view.h"
#include "sessions.h"

// For the class's `driver` function: what the program is told of the table, and its two maps.
void sessions_share(const struct sessions *t, struct session_view *view, struct weir_front_args *a);
