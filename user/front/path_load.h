// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A compiled path on its way into the kernel, whose verifier takes a while: here, or in a thread of
// its own while packets go on. It has all that it needs, so nobody waits for one that is not wanted
// any more.

#include <stddef.h>

struct bpf_insn;
struct path_load;

struct path_load *path_load_new(int attach_type); // NULL: no memory or descriptors
// A descriptor of the map that stays what it is, for the instructions; or -errno.
int path_load_map(struct path_load *l, int fd);
// The instructions, copied. 0 or -errno.
int path_load_code(struct path_load *l, const struct bpf_insn *v, size_t n);
// The program, which is gone with the load; or -errno.
int path_load_run(struct path_load *l);
// The same in a thread: 0, and path_load_result tells once path_load_done is readable; or -errno.
int path_load_start(struct path_load *l);
int path_load_done(const struct path_load *l);
int path_load_result(const struct path_load *l);
// NULL is permitted.
void path_load_leave(struct path_load *l);
