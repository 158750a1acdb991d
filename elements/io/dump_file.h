// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Files that packets are read from or written to, compressed or not.

#include <stdio.h>
#include <sys/types.h>

// "-" is standard input. Compressed files are read through the program that uncompresses them;
// *child is its process then, else 0. NULL and a message in why if that fails.
FILE *dump_open(const char *filename, pid_t *child, char *why, size_t size);
// The same to write, where the name says how to compress: .gz, .bz2, .xz or .zst. "-" is standard
// output.
FILE *dump_create(const char *filename, pid_t *child, char *why, size_t size);
// Waits for the program. The file is closed already.
void dump_close(pid_t *child);
