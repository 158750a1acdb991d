// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A program that reads an IPv4 table beside the workers, by BPF_PROG_RUN. Needs root.

#include <weir/fib.h>
#include <weir/front.h>

#include <fib_reader.h>

struct bpf_object;

struct reader {
	struct bpf_object *object;
	struct fib_reader *work;
	int fd, kernel_fd; // the programs: this table, the kernel's
};
// From then on the table lies in the memory of maps. False: the kernel refuses.
bool reader_open(struct reader *r, const char *build, struct weir_fib4 *f);
// So many runs of one of the programs: nanoseconds a look-up, or negative on failure.
double reader_run(int fd, int runs);
void reader_close(struct reader *r);

// The memory of a map takes the place of what was copied into it.
bool reader_share(const struct bpf_object *o, const struct weir_share *s);
