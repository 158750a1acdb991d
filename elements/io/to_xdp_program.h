// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What ToXDPProgram has in both halves.

enum { TO_XDP_PROGRAM_TOO_SHORT };
