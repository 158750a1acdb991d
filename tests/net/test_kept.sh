#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Memory of an element that goes from process to process: what one wrote the next one reads, also after
# SIGKILL, and the programs in the driver go on with the same bytes meanwhile.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
top=$(realpath "$(dirname "$0")/../..")
own=$scratch/own
pins=/sys/fs/bpf/weir/$tag
trap 'cleanup; "$weir" unload "$tag" >/dev/null 2>&1' EXIT

write_element() { # KeptTable(N, VERSION): packets leave by the output that the table says, and are counted there
	local licence='// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)'
	mkdir "$own"
	make -s -C "$top" install B="$build" DESTDIR="$scratch" prefix=/usr >/dev/null
	cat - >"$own/kept_table.h" <<-END
		$licence
		#pragma once
		#include <weir/element.h>
		#include <weir/persist.h>
		enum { PORT, SEEN };
		struct kept_table {
			uint32_t n, version;
			struct weir_persist words;
		};
	END
	cat - >"$own/kept_table.c" <<-END
		$licence
		#include "kept_table.h"
		#include <stdlib.h>
		static void kept_table(struct weir_node *n, unsigned, struct batch *b)
		{
			const struct kept_table *self = n->self;
			uint64_t *v = self->words.at;
			__atomic_fetch_add(&v[SEEN], b->n, __ATOMIC_RELAXED);
			b->out = (unsigned)v[PORT];
		}
		static int init(struct weir_element *e, struct weir_err *err)
		{
			struct kept_table *self = e->self;
			return weir_persist_open(&self->words, e, "words", self->n, 8, self->version, err);
		}
		static void fini(struct weir_element *e)
		{
			struct kept_table *self = e->self;
			weir_persist_close(&self->words);
		}
		static int driver(const struct weir_element *e, struct weir_front_args *a)
		{
			const struct kept_table *self = e->self;
			a->size = 0;
			a->share[a->n_share++] = (struct weir_share){.map = "words", .data = self->words.at,
				.value_size = 8, .n = self->n, .live = true, .fd = self->words.fd};
			return 0;
		}
		static int write_port(struct weir_element *e, const struct weir_handler *, const char *value,
				      struct weir_err *)
		{
			const struct kept_table *self = e->self;
			((uint64_t *)self->words.at)[PORT] = (uint64_t)atoi(value);
			return 0;
		}
		static int read_state(struct weir_element *e, const struct weir_handler *, const char *,
				      struct weir_buf *out, struct weir_err *)
		{
			const struct kept_table *self = e->self;
			const uint64_t *v = self->words.at;
			weir_printf(out, "%s %s %u %s", self->words.fd > 0 ? "map" : "plain",
				    self->words.found ? "found" : "new", (unsigned)v[PORT],
				    v[SEEN] ? "seen" : "unseen");
			return 0;
		}
		static const struct weir_arg args[] = {
			WEIR_ARG(U32, kept_table, n, "N", "words", WEIR_POS),
			WEIR_ARG(U32, kept_table, version, "VERSION", "of the words", WEIR_POS),
			{},
		};
		static const struct weir_handler handlers[] = {
			WEIR_WRITE("port", write_port, "output of all packets"),
			WEIR_READ("state", read_state, "what the memory is and has"),
			{},
		};
		WEIR_BATCH_ELEMENT(kept_table, "KeptTable", .purpose = "keeps a table", .ports = "1/2",
				   .processing = "h/h", .args = args, .handlers = handlers, .init = init,
				   .fini = fini, .driver = driver);
	END
	cat - >"$own/kept_table.bpf.c" <<-END
		$licence
		#include "kept_table.h"
		struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, 2);
			__type(key, __u32);
			__type(value, __u64);
		} words SEC(".maps");
		static inline unsigned kept_table(const struct kept_table *, struct packet *)
		{
			__u32 port = PORT, seen = SEEN;
			const __u64 *v = bpf_map_lookup_elem(&words, &port);
			__u64 *n = bpf_map_lookup_elem(&words, &seen);
			if (!v || !n)
				return WEIR_HANDOVER;
			__sync_fetch_and_add(n, 1);
			return (unsigned)WEIR_READ_ONCE(*v);
		}
		WEIR_DRIVER_ELEMENT(kept_table);
	END
	make -s -C "$own" -f "$scratch/usr/share/weir/element.mk" >"$out" 2>&1 ||
		because "$(head -n 3 "$out" | tr '\n' ' ')"
}

config() { # [N [VERSION]]: IPv4 is lost or the host's, as the table says
	cat <<-END
		FromDevice(va) -> c :: Classifier(12/0800, -) -> t :: KeptTable(${1:-1000}, ${2:-1})
			-> Null -> Discard;
		t[1] -> host :: ToHost(va);
		c[1] -> host;
		inner :: { Idle -> t :: KeptTable(7, 3) -> Discard; t[1] -> Discard; }
	END
}

starts() { # [OPTION ...]
	run -L "$own" "$@" < <(config)
}

state() { # WORDS
	local got
	got=$(on r "$weir" read -n "$tag" t.state 2>&1)
	[ "$got" = "$*" ] || because "state is $got"
}

write() { # PORT
	on r "$weir" write -n "$tag" t.port "$1" >/dev/null || because "cannot write"
}

answered() {
	pings a 10.0.1.1 5 56
}

unanswered() {
	! on a ping -q -c 1 -W 0.2 10.0.1.1 >/dev/null || because "a ping is answered"
}

follows() {
	write 0 && unanswered && write 1 && answered
}

refused() { # N VERSION WORD: and nothing is touched
	config "$1" "$2" >"$scratch/conf.click"
	! on r timeout 10 "$weir" run -L "$own" --name "$tag" --keep "$scratch/conf.click" >"$out" 2>&1 ||
		because "it runs" || return
	says "$3" && says "weir unload $tag" && [ "$(grep -c . "$out")" -le 3 ] && answered
}

seen() { # packets that both halves have counted
	bpftool map lookup pinned "$pins/t/kept/words" key 1 0 0 0 | grep value
}

counts_on() {
	local before
	before=$(seen)
	answered && [ "$before" != "$(seen)" ] || because "it has $before"
}

hosts 1
expect "the element builds" write_element
[ "$failed" = 0 ] || finish
expect "runs without being kept" starts
expect "in plain memory" state plain new 0 unseen
expect "which the program shares" follows
expect "ends" stop
expect "starts anew to be kept" starts --keep
expect "has a map" state map new 0 unseen
expect "which the program shares too" follows
expect "in any place of a router" [ -e "$pins/inner/t/kept/words" ]
expect "ends and stays" stop
expect "goes on meanwhile" counts_on
expect "is taken over" starts --keep -j 2
expect "as it was" state map found 1 seen
expect "by programs too" follows
expect "is killed" stop KILL
expect "goes on then" counts_on
expect "refuses another size" refused 1001 1 'has 1000 entries of 8 bytes, version 1, and now it is 1001 of 8'
expect "refuses another version" refused 1000 2 'version 1, and now it is 1000 of 8, version 2'
expect "goes on after refusals" counts_on
expect "is taken over without a driver half" eval '! starts --keep --no-driver'
expect "which is refused" says "nothing can be kept"
expect "is taken over after all" starts --keep
expect "as it was before" state map found 1 seen
expect "is killed again" stop KILL
expect "is taken over by one that ends" starts
expect "which has the memory" state map found 1 seen
expect "and no names" [ ! -e "$pins" ]
expect "is followed" follows
expect "and ends" stop
expect "leaves nothing" starts --keep
expect "for the next one" state map new 0 unseen
expect "is killed for good" stop KILL
expect "is unloaded" on r "$weir" unload "$tag"
expect "and forgotten" starts --keep
expect "really" state map new 0 unseen
expect "ends too" stop
expect "and goes" on r "$weir" unload "$tag"
finish
