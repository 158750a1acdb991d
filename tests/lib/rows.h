// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The case rows of all classes: weir's own, and those of elements that were loaded from folders.

#include <weir/element.h>

// The i-th class that has rows; NULL: there are no more.
const struct weir_cases *rows_of(unsigned i);
