// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <stddef.h>

// Bounds what the process may map from here on to so many bytes more; 0: no bound. Exits where the
// system does not let it.
void bound_memory(size_t more);
