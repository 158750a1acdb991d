#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Elements that share one table have one map in the driver: what is written through one of them is seen
# by the programs of all, also after the table moved, after a program was loaded anew, on compiled paths, and in
# routers that stay without a process.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
top=$(realpath "$(dirname "$0")/../..")
own=$scratch/own

write_elements() { # SharedTable(SALT): packets leave by the output that stands in the one table of all
	local licence='// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)'
	mkdir "$own"
	make -s -C "$top" install B="$build" DESTDIR="$scratch" prefix=/usr >/dev/null
	cat - >"$own/shared_table.h" <<-END
		$licence
		#pragma once
		#include <weir/element.h>
		struct shared_table {
			uint32_t salt;
		};
		enum { WORDS = 512 };
	END
	cat - >"$own/shared_table.c" <<-END
		$licence
		#include "shared_table.h"
		#include <weir/area.h>
		#include <stdlib.h>
		static struct weir_area table;
		static unsigned moves;
		static uint64_t *words(void)
		{
			return table.at;
		}
		static void shared_table(struct weir_node *, unsigned, struct batch *b)
		{
			b->out = (unsigned)words()[0];
		}
		static int configure(struct weir_element *, struct weir_args *)
		{
			return table.at ? 0 : weir_area_grow(&table, WORDS * 8, false);
		}
		static int driver(const struct weir_element *, struct weir_front_args *a)
		{
			a->share[a->n_share++] = (struct weir_share){.map = "table", .data = table.at,
				.value_size = WORDS * 8, .n = 1, .live = true, .moves = moves};
			return 0;
		}
		static int write_port(struct weir_element *, const struct weir_handler *, const char *value,
				      struct weir_err *)
		{
			words()[0] = (uint64_t)atoi(value);
			return 0;
		}
		static int tell(struct weir_element *e, void *)
		{
			if (e->class->driver == driver)
				weir_front_moved(e);
			return 0;
		}
		// The old memory goes first, so that the new may lie where it lay.
		static int write_move(struct weir_element *e, const struct weir_handler *, const char *,
				      struct weir_err *)
		{
			const uint64_t port = words()[0];
			weir_area_free(&table);
			if (weir_area_grow(&table, WORDS * 8, false))
				abort();
			words()[0] = port;
			moves++;
			return weir_each_element(e->router, tell, NULL);
		}
		static const struct weir_arg args[] = {
			WEIR_ARG(U32, shared_table, salt, "SALT", "any number", WEIR_POS),
			{},
		};
		static const struct weir_handler handlers[] = {
			WEIR_WRITE("port", write_port, "output of all packets"),
			WEIR_WRITE("move", write_move, "moves the table"),
			WEIR_FIELD_RW("salt", U32, shared_table, salt, "any number"),
			{},
		};
		WEIR_BATCH_ELEMENT(shared_table, "SharedTable", .purpose = "shares a table", .ports = "1/2",
				   .processing = "h/h", .args = args, .handlers = handlers,
				   .configure = configure, .driver = driver);
	END
	cat - >"$own/shared_table.bpf.c" <<-END
		$licence
		#include "shared_table.h"
		struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(__u64));
		} table SEC(".maps");
		static inline unsigned shared_table(const struct shared_table *, struct packet *)
		{
			__u32 zero = 0;
			const __u64 *v = bpf_map_lookup_elem(&table, &zero);
			return v ? (unsigned)WEIR_READ_ONCE(*v) : WEIR_HANDOVER;
		}
		WEIR_DRIVER_ELEMENT(shared_table);
	END
	make -s -C "$own" -f "$scratch/usr/share/weir/element.mk" >"$out" 2>&1 ||
		because "$(head -n 3 "$out" | tr '\n' ' ')"
}

starts() { # [OPTION ...]: IPv4 of both interfaces is lost or the host's, as the table says
	run -L "$own" "$@" <<-END
		elementclass Side { \$dev |
			FromDevice(\$dev) -> c :: Classifier(12/0800, -) -> t :: SharedTable(7)
				-> Null -> Null -> Null -> Null -> Discard;
			t[1] -> host :: ToHost(\$dev);
			c[1] -> host;
		}
		a :: Side(va);
		b :: Side(vb);
	END
}

write() { # HANDLER VALUE
	on r "$weir" write -n "$tag" "$1" "$2" >/dev/null || because "cannot write $1"
}

answered() {
	pings a 10.0.1.1 5 56 && pings b 10.0.2.1 5 56
}

unanswered() {
	! on a ping -q -c 1 -W 0.2 10.0.1.1 >/dev/null && ! on b ping -q -c 1 -W 0.2 10.0.2.1 >/dev/null ||
		because "a ping is answered"
}

follows() { # what is written through one holds for both
	write a/t.port 1 && answered && write b/t.port 0 && unanswered && write b/t.port 1 && answered
}

moves() { # COUNT
	local i
	for ((i = 0; i < $1; i++)); do
		write "$( ((i % 2)) && echo a || echo b)/t.move" "" || return
	done
	follows
}

reloads() {
	write a/t.salt 8 && follows && write b/t.salt 9 && follows
}

paths() { # COUNT: compiled since the start
	[ "$(grep -c "are one program in the driver" "$out")" -ge "$1" ]
}

compiled() { # both paths are, some time after a change
	local n
	n=$(grep -c "are one program in the driver" "$out")
	write a/t.salt 10 || return
	soon paths $((n + 2)) || soon paths $((n + 2)) || soon paths $((n + 2)) || because "it stays in parts"
}

map_of() { # ELEMENT
	bpftool map show pinned "/sys/fs/bpf/weir/$tag/$1/table" | sed -n '1s/:.*//p'
}

one_map() {
	local a b
	a=$(map_of a/t) b=$(map_of b/t)
	[ -n "$a" ] && [ "$a" = "$b" ] || because "the maps are $a and $b"
}

whole_life() { # [OPTION ...]
	expect "starts $*" starts --keep "$@" || return
	expect "one map" one_map
	expect "both follow" follows
	expect "after moves" moves 5
	expect "one map still" one_map
	expect "after reloads" reloads
	expect "the ledger balances" balances
}

hosts 1
expect "the elements build" write_elements
[ "$failed" = 0 ] || finish
whole_life --no-compile
write a/t.port 1
stop KILL
expect "stays without its process" answered
expect "with one map" one_map
whole_life
expect "is compiled" compiled
expect "and follows then" follows
expect "ends" stop
expect "and stays" answered
expect "is unloaded" on r "$weir" unload "$tag" >"$out"
finish
