#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Click's rewriters between a host inside and one outside that knows nothing of the inside: the
# translators of configs/, in the driver and not, on one worker and on two.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
peers=$(realpath "$(dirname "$0")/rewriter_peers")

start() { # NAME OPTION ...
	local more=()
	[ "$1" != home-gateway ] || more=(SERVER=10.0.1.2)
	background r "$weir" run --name "$tag" "${@:2}" "$(realpath "configs/$1.click")" INSIDE=va \
		OUTSIDE=vb GW=10.0.2.2 "${more[@]}" >"$out" 2>&1
	within 30 ready || because "not ready: $(tail -n 1 "$out")" || return
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

serves() { # NAMESPACE
	on "$1" bash -c ': </dev/tcp/127.0.0.1/7000 && : </dev/tcp/127.0.0.1/21' 2>/dev/null
}

talks() { # NAMESPACE WANTED ARGUMENT ...: of the peers' program
	local got
	got=$(on "$1" timeout 30 "$peers" "${@:3}" 2>&1 | tail -n 1)
	[ "$got" = "$2" ] || because "${*:3}: $got"
}

both_at_once() { # several flows, so that all workers have some
	local i jobs=() bad=0
	for i in {1..8}; do
		talks a 10.0.2.1 tcp 10.0.2.2 7000 &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i" || bad=1
	done
	[ "$bad" = 0 ] || because "not all went through"
}

traces() { # the way from a to b: the router, b
	local said
	said=$(on a traceroute -n -q 1 -m 3 -w 2 10.0.2.2 | awk 'NR > 1 {print $2}' | tr '\n' ' ')
	[ "$said" = "10.0.1.1 10.0.2.2 " ] || because "$said"
}

near() { # neighbours are known before anything is counted
	on a ping -q -c 1 -W 1 10.0.1.1 >/dev/null
	on b ping -q -c 1 -W 1 10.0.2.1 >/dev/null
}

gateway() { # OPTION ...
	expect "gateway $*: starts" start home-gateway "$@"
	near
	expect "gateway $*: ping" pings a 10.0.2.2 50 1000
	expect "gateway $*: the host is reached" pings b 10.0.2.1 10 56
	expect "gateway $*: TCP" talks a 10.0.2.1 tcp 10.0.2.2 7000
	expect "gateway $*: UDP" talks a 10.0.2.1 udp 10.0.2.2 7000
	expect "gateway $*: several at once" both_at_once
	expect "gateway $*: traceroute" traces
	expect "gateway $*: FTP in active mode" talks a ok ftp 10.0.2.2
	expect "gateway $*: the server inside is reached" talks b 10.0.2.2 tcp 10.0.2.1 80
	expect "gateway $*: nothing is lost" lost rw.no-port ""
	expect "gateway $*: the ledger balances" soon balances
	expect "gateway $*: ends" stop
}

figure() { # OPTION ...
	expect "figure $*: starts" start nat "$@"
	near
	expect "figure $*: TCP" talks a 10.0.2.1 tcp 10.0.2.2 7000
	expect "figure $*: UDP" talks a 10.0.2.1 udp 10.0.2.2 7000
	expect "figure $*: several at once" both_at_once
	expect "figure $*: the host is reached from inside" pings a 10.0.1.1 10 56
	expect "figure $*: the ledger balances" soon balances
	expect "figure $*: ends" stop
}

hosts 2
ip -n "$tag-b" route del default
for n in a b; do
	background "$n" "$peers" serve
	soon serves "$n" || echo "no server on $n"
done
for workers in 1 2; do
	gateway -j "$workers"
	gateway -j "$workers" --no-driver
	figure -j "$workers"
	figure -j "$workers" --no-driver
done
finish
