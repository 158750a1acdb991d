# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034,SC2317
# For the network tests: namespaces, cases, and an end that leaves nothing behind. A test sets `build`
# from its first argument, makes cases with `expect`, and ends with `finish`.
build=$(realpath "${1:-build}")
tag=w$$
scratch=$(mktemp -d)
passed=0 failed=0 pids=()

cleanup() {
	local p n
	for p in "${pids[@]}"; do
		kill -KILL "$p" 2>/dev/null
	done
	wait 2>/dev/null
	for n in /run/netns/"$tag"-*; do
		[ -e "$n" ] && ip netns del "${n##*/}"
	done
	rm -rf "$scratch" "/run/weir/$tag.sock" # that of a router killed on purpose
}
trap cleanup EXIT
trap 'exit 1' INT TERM

namespaces() { # NAME ...: fresh ones; on NAME runs commands there
	local n
	for n; do
		ip netns add "$tag-$n"
		on "$n" ip link set lo up
		on "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	done
}

on() { # NAMESPACE COMMAND ...; ip netns exec would hide bpffs
	nsenter --net="/run/netns/$tag-$1" "${@:2}"
}

wire() { # NS IF NS IF [QUEUES]: a veth pair, both ends up; the first end computes checksums
	local q="numrxqueues ${5:-1} numtxqueues ${5:-1}"
	# shellcheck disable=SC2086
	ip -n "$tag-$1" link add "$2" $q type veth peer name "$4" netns "$tag-$3" $q
	ip -n "$tag-$1" link set "$2" up
	ip -n "$tag-$3" link set "$4" up
	on "$1" ethtool -K "$2" tx off >/dev/null
}

background() { # NAMESPACE PROGRAM ...: its pid is $pid; it does not outlive this shell, even killed
	setpriv --pdeathsig KILL nsenter --net="/run/netns/$tag-$1" "${@:2}" &
	pid=$!
	pids+=("$pid")
}

soon() { # COMMAND ...: is true within 5 seconds
	local i
	for i in {1..50}; do
		"$@" && return
		sleep 0.1
	done
	return 1
}

within() { # SECONDS COMMAND ...: is true by then
	local until=$((SECONDS + $1))
	while ! "${@:2}"; do
		((SECONDS < until)) || return 1
		sleep 0.2
	done
}

alive() {
	kill -0 "$pid" 2>/dev/null
}

dead() {
	! alive
}

because() { # the reason why a case fails
	reason=$*
	return 1
}

expect() { # NAME COMMAND ...: one case
	local name=$1
	shift
	reason=
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $(basename "$0"): $name: ${reason:-$*}"
	fi
}

finish() {
	echo "$(basename "$0"): $passed passed, $failed failed"
	exit $((failed > 0))
}
