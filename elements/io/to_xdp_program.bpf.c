// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ToXDPProgram in the driver: a jump to the program, which finds the packet as if it had come
// straight from the interface.
#include "to_xdp_program.h"

#include <weir/element.h>

struct to_xdp_program {
};

// The one program, held by this array from then on, pinned or not.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} program SEC(".maps");

static inline unsigned to_xdp_program(const struct to_xdp_program *, struct packet *p)
{
	if (weir_len(p) < sizeof(struct eth))
		return WEIR_DROP + TO_XDP_PROGRAM_TOO_SHORT;
	weir_end_here(p);
	weir_packet_leave(p);
	bpf_tail_call_static(p->ctx, &program, 0);
	return WEIR_ENDED | XDP_DROP; // after 33 programs
}

WEIR_DRIVER_SINK(to_xdp_program);
