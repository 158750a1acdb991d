#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `make demo` shows what it claims to show, and leaves nothing behind.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

demo() { # SCRIPT: its namespaces carry its pid
	"$(dirname "$0")/$1" "${build#"$PWD"/}" >"$scratch/demo" 2>&1 &
	pid=$!
	pids+=("$pid")
	wait "$pid" || because "$(grep '✗' "$scratch/demo" | tr '\n' ' ')"
}

claims() { # COUNT
	local n
	n=$(grep -c '✓' "$scratch/demo")
	[ "$n" = "$1" ] || because "$n claims were shown"
}

no_namespaces() { # others may be at work too
	! ip netns list | grep -e "^weir-.*-$pid\b" -e "^w$pid-" >"$scratch/left" || because "$(tr '\n' ' ' <"$scratch/left")"
}

expect "every claim holds" demo demo
expect "there are thirteen" claims 13
expect "no namespace stays" no_namespaces
expect "every claim with routing daemons holds" demo demo_peers
expect "there are fourteen" claims 14
expect "no namespace of theirs stays" no_namespaces
expect "every claim with address translation holds" demo demo_nat
expect "there are twenty-two" claims 22
expect "no namespace of theirs stays either" no_namespaces
finish
