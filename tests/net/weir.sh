# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For the network tests that start `weir run` in the namespace r: lib.sh comes first.
weir=$build/weir
out=$scratch/out
echoes=$(realpath "$(dirname "${BASH_SOURCE[0]}")/echoes")

run() { # [OPTION ...] < CONFIGURATION: returns when it is ready
	cat >"$scratch/conf.click"
	background r "$weir" run --name "$tag" "$@" "$scratch/conf.click" >"$out" 2>&1
	within 30 ready || because "not ready: $(tail -n 1 "$out")" || return
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

ready() {
	dead || grep -q '^weir: running' "$out"
}

stop() { # [SIGNAL]: a sanitizer that has something to say changes the status
	local status=0
	{
		kill "-${1:-TERM}" "$pid"
		soon dead && { wait "$pid" || status=$?; }
	} 2>/dev/null
	dead || because "still there 5 s after SIG${1:-TERM}" || return
	[ "$status" = 0 ] || [ "${1:-TERM}" = KILL ] ||
		because "status $status: $(grep -m 1 -i 'error\|sanitizer' "$out" || tail -n 1 "$out")"
}

says() {
	grep -q -- "$1" "$out" || because "$(head -n 3 "$out" | tr '\n' ' ')"
}

refuses() { # WORD: the configuration on stdin ends with an error that has WORD in it
	cat >"$scratch/conf.click"
	on r timeout 10 "$weir" run --name "$tag" "$scratch/conf.click" >"$out" 2>&1
	[ $? = 1 ] || because "status is not 1" || return
	says "$1" || return
	! on r ip -d link | grep -q xdp || because "a program stays attached"
}

pings() { # FROM TO COUNT SIZE: none lost
	local said
	said=$(on "$1" "$echoes" "$2" "$3" "$4" 2>&1) || because "$said"
}

has() { # HANDLER VALUE
	local got
	got=$(on r "$weir" read -n "$tag" "$1" 2>/dev/null)
	[ "$got" = "$2" ] || because "$1 is $got, not $2"
}

between() { # LEAST MOST HANDLER
	local got
	got=$(on r "$weir" read -n "$tag" "$3")
	[ -n "$got" ] && ((got >= $1 && got <= $2)) || because "$3 is $got"
}

lost() { # NAME COUNT: as `weir stats` says
	local got
	got=$(on r "$weir" stats -n "$tag" | awk -v name="$1" '$1 == name {print $2}')
	[ "$got" = "$2" ] || because "$1 is ${got:-0}, not $2"
}

balances() {
	on r "$weir" stats -n "$tag" >"$scratch/stats"
	grep -q '^ledger: [1-9]' "$scratch/stats" && ! grep -q '^ledger:.*missing' "$scratch/stats" ||
		because "$(grep ^ledger "$scratch/stats")"
}

hosts() { # [QUEUES [QUEUES ON B'S SIDE]]: a on 10.0.1.2 and b on 10.0.2.2, with the router r between them on va and vb
	namespaces a r b
	wire a a0 r va "${1:-1}"
	wire b b0 r vb "${2:-${1:-1}}"
	ip -n "$tag-a" addr add 10.0.1.2/24 dev a0
	ip -n "$tag-b" addr add 10.0.2.2/24 dev b0
	ip -n "$tag-r" addr add 10.0.1.1/24 dev va
	ip -n "$tag-r" addr add 10.0.2.1/24 dev vb
	ip -n "$tag-a" route add default via 10.0.1.1
	ip -n "$tag-b" route add default via 10.0.2.1
	on a ethtool -K a0 tso off gso off >/dev/null
	on b ethtool -K b0 tso off gso off >/dev/null
}

no_hosts() {
	local n
	for n in a r b; do ip netns del "$tag-$n"; done
	sleep 0.2
}
