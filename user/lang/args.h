// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Quoting without allocation, for the parser's own use.

#include "lex.h"

// Undoes quoting in place, as lang_unquote. `text` has room for a '\0' behind its *len bytes.
bool lang_args_unquote(char *text, size_t *len);

// Writes s as it must stand between double quotes: at most 4 * len bytes. Returns their number.
size_t lang_args_quote_inside(char *out, const char *s, size_t len);
