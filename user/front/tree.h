// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Files of bpffs. Paths are given as printf does.

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { TREE_PATH = 512 };
#define TREE_PRINTF(n) __attribute__((format(printf, n, n + 1)))

// bpffs has no names with dots: each becomes a comma.
void tree_quote(char *quoted, size_t size, const char *name);
void tree_unquote(char *name, size_t size, const char *quoted);
// The folder of an element below its router's: its name, with a `~' behind what would be a file or
// folder of the router itself.
void tree_element(char *folder, size_t size, const char *name);

bool tree_has(const char *fmt, ...) TREE_PRINTF(1);
// An fd of what is pinned there, or -errno.
int tree_get(const char *fmt, ...) TREE_PRINTF(1);
void tree_close(int fd); // which may be -errno
// Pins with the folders above, in the place of what was there. 0 or -errno.
int tree_pin(int fd, const char *fmt, ...) TREE_PRINTF(2);
void tree_unlink(const char *fmt, ...) TREE_PRINTF(1);
// Removes all; nothing there is right too.
void tree_remove(const char *path);

// Calls fn for each name in a folder.
void tree_each(void (*fn)(void *arg, const char *name), void *arg, const char *fmt, ...)
	TREE_PRINTF(3);
// How many files of that name are below a folder.
unsigned tree_count(const char *path, const char *name);
