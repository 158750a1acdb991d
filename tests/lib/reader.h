// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A program that reads a table beside the workers, by BPF_PROG_RUN. Needs root.

#include <weir/fib.h>
#include <weir/fib6.h>
#include <weir/front.h>

#include <fib_reader.h>

struct bpf_object;

struct reader {
	struct bpf_object *object;
	union {
		struct fib_reader *work;
		struct fib6_reader *work6;
	};
	size_t size;	   // of these
	int fd, kernel_fd; // the programs: this table, the kernel's
	int time_fd;	   // this table, and nothing is compared
};
// From then on the table lies in the memory of maps. False: the kernel refuses.
bool reader_open(struct reader *r, const char *build, struct weir_fib4 *f);
bool reader_open6(struct reader *r, const char *build, struct weir_fib6 *f);
// So many runs of one of the programs: nanoseconds a look-up, or negative on failure.
double reader_run(int fd, int runs);
void reader_close(struct reader *r);

// The memory of a map takes the place of what was copied into it.
bool reader_share(const struct bpf_object *o, const struct weir_share *s);
