# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# For the network tests that count packets of flows: lib.sh and weir.sh come first.
declare -A digests

ether() { # NAMESPACE INTERFACE
	ip -n "$tag-$1" -br link show "$2" | awk '{print $3}'
}

quiet() { # NAMESPACE ...: their kernels say nothing about packets that nobody there waits for
	local n
	for n; do
		on "$n" nft 'table ip quiet { chain in { type filter hook input priority 0; ip protocol != icmp drop; }; }'
	done
}

flows() { # OUT OPTION ...: what becomes of packets goes to the file OUT in the scratch folder
	timeout 60 "$build/net/flows" "${@:2}" >"$scratch/$1" 2>"$scratch/$1.err"
}

said() { # OUT WORD: the number behind a word of it
	awk -v word="$2" '{ for (i = 1; i < NF; i++) if ($i == word) print $(i + 1) }' "$scratch/$1"
}

complain() { # OUT: and what the router lost
	because "$(cat "$scratch/$1" "$scratch/$1.err") $(on r "$weir" stats -n "$tag" 2>/dev/null |
		awk '/^ledger/ || NF == 3 && $2 > 0 && $1 ~ /[.]/ || /_full [1-9]/ {print}' | tr '\n' ' ')"
}

good() { # OUT: nothing was lost, duplicated or reordered
	[ "$(said "$1" lost)/$(said "$1" duplicated)/$(said "$1" reordered)/$(said "$1" missed)" = 0/0/0/0 ] ||
		complain "$1"
}

same() { # OUT NAME: the packets are those of the first OUT of that name
	local d
	d=$(said "$1" digest)
	[ -n "$d" ] || complain "$1" || return
	: "${digests[$2]:=$d}"
	[ "${digests[$2]}" = "$d" ] || because "other packets than before: $d, not ${digests[$2]}"
}

carries() { # NAME OPTION ...: all packets arrive, in order, the same ones as ever under that name
	flows "$1" "${@:2}"
	good "$1" && same "$1" "$1"
}

both_ways() { # NAME FORTH BACK, both lists of options in one word: at the same time
	local back status=0
	# shellcheck disable=SC2086
	flows "$1-back" --run 2 $3 &
	back=$!
	# shellcheck disable=SC2086
	flows "$1" $2
	wait "$back"
	good "$1" || status=1
	good "$1-back" || status=1
	[ "$status" = 0 ] || return
	same "$1" "$1" && same "$1-back" "$1-back"
}

knows_both() { # the router has the addresses of both hosts
	pings a 10.0.2.2 3 56 && pings b 10.0.1.2 3 56
}

moves() { # that were made
	on r "$weir" read -n "$tag" balance | sed -n 's/^moves \([0-9]*\).*/\1/p'
}

shake() { # WORKERS: moves a half of the flows of one interface, then of the other, as fast as they go, for ever
	local i=0 device
	for ((;; i++)); do
		[ $((i % 4)) -lt 2 ] && device=va || device=vb
		until on r "$weir" write -n "$tag" move \
			"$device $((i % 2 * 128))-$((i % 2 * 128 + 127)) $((i / 4 % $1))" 2>/dev/null; do
			sleep 0.005
		done
	done
}

cpu_ms() { # PID: that its threads have run
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d\n", sum / 1e6 }'
}
