#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `make demo` shows what it claims to show, and leaves nothing behind.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"

demo() {
	"$(dirname "$0")/demo" "${build#"$PWD"/}" >"$scratch/demo" 2>&1 || because "$(grep '✗' "$scratch/demo" | tr '\n' ' ')"
}

claims() { # COUNT
	local n
	n=$(grep -c '✓' "$scratch/demo")
	[ "$n" = "$1" ] || because "$n claims were shown"
}

demo_namespaces() {
	ip netns list | grep -c '^weir-'
}

no_more_namespaces() {
	[ "$(demo_namespaces)" = "$before" ] || because "$(ip netns list | tr '\n' ' ')"
}

before=$(demo_namespaces)
expect "every claim holds" demo
expect "there are thirteen" claims 13
expect "no namespace stays" no_more_namespaces
finish
