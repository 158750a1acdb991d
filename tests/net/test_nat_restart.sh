#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# 1,000 TCP transfers through a translator that is stopped and started again, upgraded while traffic flows, and killed:
# none is reset, mappings are the same afterwards, and the driver goes on with them meanwhile.
# shellcheck disable=SC2016,SC2034,SC2086,SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
transfers=$(realpath "$(dirname "$0")/transfers")
conf=$(realpath configs/nat-gateway.click)
log=$scratch/transfers
trap 'cleanup; "$weir" unload "$tag" >/dev/null 2>&1' EXIT
n=1000

starts() { # [OPTION ...] [NAME=VALUE]: 10.0.1.0/24 is inside, 10.0.2.1 the one address outside
	local options=() values=(INSIDE=va OUTSIDE=vb NET=10.0.1.0/24 POOL=10.0.2.1) word
	for word; do
		case $word in
		*=*) values+=("$word") ;;
		*) options+=("$word") ;;
		esac
	done
	background r "$weir" run --name "$tag" --keep --gone drop "${options[@]}" "$conf" "${values[@]}" >"$out" 2>&1
	within 30 ready || because "not ready: $(tail -n 1 "$out")" || return
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

open_all() { # the transfers, and ways to see who resets one
	local ns
	for ns in a b; do
		on $ns nft 'table ip resets { chain in { type filter hook input priority 0; tcp flags rst counter; }; }'
	done
	background b "$transfers" serve 10.0.2.2 7000 >"$scratch/server" 2>&1
	soon eval "on b ss -Hltn sport = 7000 | grep -q ." || because "the server does not begin" || return
	background a "$transfers" run 10.0.2.2 7000 $n 1 >"$log" 2>&1
	transfers_pid=$pid
	within 30 eval "flow || dead"
	flow || because "$(tail -n 1 "$log")"
}

flow() { # all are open
	grep -q "^$n open [1-9][0-9]* blocks" "$log"
}

blocks() {
	awk '$2 == "open" && $4 == "blocks" { n = $3 } END { print n + 0 }' "$log"
}

goes_on() { # LEAST: so many blocks within some seconds, and none was reset
	local before now
	before=$(blocks)
	within 20 eval "(( \$(blocks) >= before + $1 ))"
	now=$(blocks)
	((now >= before + $1)) || because "$((now - before)) blocks: $(tail -n 1 "$log")" || return
	tail -n 1 "$log" | grep -q "^$n open .* 0 reset" || because "$(tail -n 1 "$log")"
}

resets() { # seen by the hosts
	local ns
	for ns in a b; do on $ns nft list table ip resets; done | grep -c 'rst counter packets [1-9]'
}

peers() { # the external endpoint of each inside one, as the other side sees it
	on b ss -Htn sport = 7000 | awk '{ print $5 }' | sort
}

mappings() { # of the router itself: what does not change with time
	on r "$weir" read -n "$tag" nat.mappings 2>/dev/null | grep -oE '[0-9.]+:[0-9]+' | sort -u
}

same_mappings() {
	local got
	got=$(mappings)
	[ -n "$got" ] && [ "$got" = "$known" ] || because "$(diff <(echo "$known") <(echo "$got") | head -n 3 | tr '\n' ' ')"
}

in_driver() { # most packets never come to userspace
	local before after
	before=$(worker_packets)
	goes_on $n || return
	after=$(worker_packets)
	((after - before < n / 4)) || because "$((after - before)) packets came to userspace"
}

worker_packets() {
	on r "$weir" stats -n "$tag" | awk '{ for (i = 1; i < NF; i++) if ($i == "rx_packets") n += $(i + 1) } END { print n + 0 }'
}

upgrade() { # at once by one with other arguments; the programs of the old one go on until those of the new one are there
	stop && starts "$@" OWN=60000-60900
}

hosts 1
on a ethtool -K a0 gro on >/dev/null
on b ethtool -K b0 gro on >/dev/null
on r sysctl -qw net.ipv4.ip_forward=0
ip -n "$tag-b" route del default
ulimit -n 8192

expect "starts" starts
[ "$failed" = 0 ] || finish
router=$pid
expect "opens $n transfers" open_all
[ "$failed" = 0 ] || finish
pid=$router
known=$(mappings) seen=$(peers)
expect "knows them" eval '[ "$(echo "$seen" | wc -l)" = $n ]'
expect "forwards in the driver" in_driver
expect "stops" stop
expect "goes on without a process" goes_on $((2 * n))
expect "starts again" starts
expect "goes on after a restart" goes_on $n
expect "has the same mappings" same_mappings
expect "and forwards in the driver" in_driver
expect "is upgraded" upgrade --no-compile
expect "goes on after an upgrade" goes_on $n
expect "has the same mappings then" same_mappings
expect "is killed" stop KILL
expect "goes on after SIGKILL" goes_on $n
expect "starts again with one worker" starts -j 1
expect "goes on with one worker" goes_on $n
expect "has the same mappings there" same_mappings
expect "forwards in the driver again" in_driver
expect "is killed again" stop KILL
expect "starts at once" starts
expect "goes on" goes_on $n
expect "is seen as the same by the others" eval '[ "$(peers)" = "$seen" ]'
expect "lets all of them end" eval 'kill -TERM $transfers_pid; within 30 grep -q ^ended "$log"'
expect "none of them by a reset" grep -q "^ended: 0 open .* 0 reset $n closed" "$log"
expect "of which the hosts saw none" eval '[ "$(resets)" = 0 ]'
expect "stops at last" stop
expect "is unloaded" on r "$weir" unload "$tag"
finish
