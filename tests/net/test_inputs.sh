#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# An element whose inputs differ has a program for each of them in the driver: each packet is treated as
# one of its input, in the driver, on a compiled path, and in userspace, where it is handed over.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
top=$(realpath "$(dirname "$0")/../..")
own=$scratch/own

write_element() { # ByInput(SALT): packets leave by the output of their input's number; every second one by userspace
	local licence='// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)'
	mkdir "$own"
	make -s -C "$top" install B="$build" DESTDIR="$scratch" prefix=/usr >/dev/null
	cat - >"$own/by_input.h" <<-END
		$licence
		#pragma once
		#include <weir/element.h>
		enum { SEQUENCE = 41 }; // last byte of an echo's number, behind Ethernet and IP
		struct by_input {
			uint32_t salt;
		};
	END
	cat - >"$own/by_input.c" <<-END
		$licence
		#include "by_input.h"
		static void by_input(struct weir_node *, unsigned port, struct batch *b)
		{
			b->out = port;
		}
		static int driver(const struct weir_element *, struct weir_front_args *a)
		{
			a->hands = "every second packet";
			return 0;
		}
		static const struct weir_arg args[] = {
			WEIR_ARG(U32, by_input, salt, "SALT", "any number", WEIR_POS),
			{},
		};
		static const struct weir_handler handlers[] = {
			WEIR_FIELD_RW("salt", U32, by_input, salt, "any number"),
			{},
		};
		WEIR_BATCH_ELEMENT(by_input, "ByInput", .purpose = "tells inputs apart", .ports = "3/3",
				   .processing = "h/h", .args = args, .handlers = handlers,
				   .driver = driver, .inputs_apart = true);
	END
	cat - >"$own/by_input.bpf.c" <<-END
		$licence
		#include "by_input.h"
		static inline unsigned by_input(const struct by_input *, struct packet *p)
		{
			const __u8 *number = weir_at(p, SEQUENCE, 1);
			return number && *number & 1 ? WEIR_HANDOVER : weir_instance.input;
		}
		WEIR_DRIVER_ELEMENT(by_input);
	END
	make -s -C "$own" -f "$scratch/usr/share/weir/element.mk" >"$out" 2>&1 ||
		because "$(head -n 3 "$out" | tr '\n' ' ')"
}

starts() { # [OPTION ...]: echo requests go by their length
	run -L "$own" "$@" <<-'END'
		FromDevice(va) -> c :: Classifier(16/0054, 16/0064, 16/0074, -);
		c[0] -> [0] t :: ByInput(1);
		c[1] -> [1] t;
		c[2] -> Null -> Null -> Null -> [2] t;
		t[0] -> n0 :: Counter -> host :: ToHost(va);
		t[1] -> n1 :: Counter -> host;
		t[2] -> n2 :: Counter -> host;
		c[3] -> host;
	END
}

sorts() { # requests of each length leave by the output of theirs
	local i=0 size
	for size in 56 72 88; do
		on r "$weir" write -n "$tag" n0.reset_counts "" && on r "$weir" write -n "$tag" n1.reset_counts "" &&
			on r "$weir" write -n "$tag" n2.reset_counts "" || return
		pings a 10.0.1.1 20 "$size" && has "n$i.count" 20 && has "n$(((i + 1) % 3)).count" 0 &&
			has "n$(((i + 2) % 3)).count" 0 || return
		i=$((i + 1))
	done
}

plan_says() {
	on r "$weir" read -n "$tag" plan >"$out" && says "$1"
}

hosts 1
expect "the element builds" write_element
[ "$failed" = 0 ] || finish
for how in --no-compile "" "-j 2" --no-driver; do
	# shellcheck disable=SC2086
	expect "starts $how" starts $how || continue
	[ "$how" != "" ] || expect "is compiled" soon says "are one program in the driver"
	expect "sorts $how" sorts
	expect "balances $how" balances
	expect "takes new arguments $how" on r "$weir" write -n "$tag" t.salt 2
	expect "sorts then $how" sorts
	[ "$how" = --no-driver ] || expect "is in the driver $how" plan_says '^  driver  *[0-9]  *t  *ByInput'
	expect "ends $how" stop
done
finish
