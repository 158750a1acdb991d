// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The tables of steering of a router, which its programs share (abi/steer.h).

#include <abi/steer.h>
#include <stdint.h>

struct bpf_object;

enum { XSK_STEER_TABLES, XSK_STEER_CLASSES, XSK_STEER_BUCKETS, XSK_STEER_OWNERS, XSK_STEER_MAPS };

struct xsk_steer {
	int fd[XSK_STEER_MAPS];
	unsigned n;		      // interfaces
	struct weir_steer *tables;    // by their number
	struct weir_classes *classes; // one for all
	struct weir_owners *owners;   // one for all
};

// One socket for each queue, until xsk_steer_deal says otherwise; `first_socket` is the caller's to
// fill. 0 or -errno; close takes what is half open too, and zeroes.
int xsk_steer_open(struct xsk_steer *s, unsigned n_devices);
void xsk_steer_close(struct xsk_steer *s);
// Before a program is loaded: it gets these tables. 0 or -errno.
int xsk_steer_share(const struct xsk_steer *s, struct bpf_object *o);
// Deals the buckets out over so many columns, in turn. Before the program is attached.
void xsk_steer_deal(struct weir_steer *s, enum weir_key key, unsigned n_columns,
		    unsigned n_classes);

// Packets by bucket, while `counts_buckets` of the table is set. 0 or -errno.
int xsk_steer_buckets(const struct xsk_steer *s, unsigned device, struct weir_bucket_count *sum);
