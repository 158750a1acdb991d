#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016
# How long the driver half lives: routers without a process, those that outlive it, their successors,
# and what is left by processes that were killed.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
pins=/sys/fs/bpf/weir
trap 'cleanup; "$weir" unload "$tag" 2>/dev/null; "$weir" unload "$tag-2" 2>/dev/null' EXIT

namespaces a r b
wire a a0 r va
wire b b0 r vb
wire a a1 r vc
for n in a b; do
	on $n ethtool -K ${n}0 gro on # a veth takes no redirects otherwise
	on r ethtool -K v$n gro on
done
ip -n "$tag-a" addr add 10.0.0.1/24 dev a0
ip -n "$tag-b" addr add 10.0.0.2/24 dev b0

bridge() { # all of it runs in the driver
	cat <<-END
		FromDevice(va, PROMISC false) -> there :: Counter -> ToDevice(vb);
		FromDevice(vb, PROMISC false) -> back :: Counter -> ToDevice(va);
	END
}

# shellcheck disable=SC2120
load() { # [NAME=VALUE | OPTION ...] < CONFIGURATION
	cat >"$scratch/load.click"
	on r timeout 10 "$weir" load -n "$tag" "$@" "$scratch/load.click" >"$out" 2>&1 ||
		because "$(head -n 3 "$out" | tr '\n' ' ')"
}

cannot_load() { # WORD ... < CONFIGURATION: each is said
	local word
	! load || because "it is loaded" || return
	for word; do
		says "$word" || return
	done
	nothing
}

status_is() { # PROCESS
	on r "$weir" status | grep -q "^$tag  *$1 .* va vb$\|^$tag  *$1 .* vb va$" ||
		because "$(on r "$weir" status)"
}

nothing() { # soon: the kernel takes a program away a moment after its name
	! on r ip -d link | grep -q 'prog/xdp' || because "a program stays attached" || return
	[ ! -e "$pins/$tag" ] && [ ! -e "$pins/~$tag" ] || because "$(find "$pins")" || return
	[ ! -e "/run/weir/$tag.lock" ] || because "the lock stays"
}

passes() {
	pings a 10.0.0.2 20 56
}

far=10.0.0.2
without_loss() { # COMMAND ...: no packet of a flow is lost meanwhile
	on a ping -q -i 0.002 -c 1000 -W 1 "$far" >"$scratch/flow" &
	local flow=$!
	sleep 0.3
	"$@" || return
	wait "$flow"
	grep -q ' 1000 received' "$scratch/flow" || because "$(grep received "$scratch/flow")"
}

# Every bpftool command of the page, with its configuration.
shows_docs() {
	local page command failed=
	page=$(sed "s/eth1/va/g; s/eth2/vb/g; s|weir/bridge|weir/$tag|g" docs/bpftool.md)
	load < <(sed -n '/^```click$/,/^```$/{/^```/d; p}' <<<"$page") || return
	while read -r command; do
		bash -c "$command" >/dev/null 2>&1 || failed="$failed$command; "
	done < <(sed -n 's/^ *# \(bpftool .* pinned .*\)/\1/p' <<<"$page")
	[ -z "$failed" ] || because "$failed"
}

reads() { # HANDLER VALUE: also where nobody runs
	local got
	got=$(on r "$weir" read -n "$tag" "$1" 2>&1)
	# shellcheck disable=SC2053
	[[ $got == $2 ]] || because "$1 is $got"
}

stats_say() { # REGEX
	on r "$weir" stats -n "$tag" >"$out" 2>&1 && grep -q "$1" "$out" || because "$(cat "$out")"
}

# Every element in the driver counts as it would with a process.
stats_balance() {
	stats_say '^there *Counter *driver *[1-9]' && balances &&
		awk '$2 == "Counter" || $2 == "ToDevice" {n[$2] += $4} END {exit n["Counter"] != n["ToDevice"]}' "$out" ||
		because "$(cat "$out")"
}

says_gone() { # the counter of what nobody took
	bpftool map dump pinned "$pins/$tag/q/exit0" | sed -n '/"key": 1/,$p' |
		grep -q '"packets": [1-9]'
}

counts_elements() { # as many out as in
	"$weir" status "$tag" >"$out" || return
	awk '$2 == "Counter" {c += $3} $2 == "ToDevice" {d += $3} END {exit c != d || c < 40}' "$out" ||
		because "$(cat "$out")"
}

expect "loads" load < <(bridge)
expect "tells of it" status_is 'no process'
expect "forwards without a process" passes
expect "names counters" bpftool map dump pinned "$pins/$tag/there/counts" >/dev/null
expect "says so in BTF" grep -q packets <(bpftool map dump pinned "$pins/$tag/there/counts")
expect "is replaced without a gap" without_loss load < <(bridge)
expect "shows what docs/bpftool.md shows" shows_docs
expect "is as it was" load < <(bridge)
expect "forwards on" passes
expect "counts packets of elements" counts_elements
expect "tells statistics" stats_balance
expect "and since when" stats_say "^counted since $(date -u +%Y)-"
before=$(on r "$weir" read -n "$tag" there.count)
expect "forwards 20 more" passes
expect "which its handlers tell" reads there.count "$((before + 20))"
expect "as those of all elements" reads there.counts "in 0 *out 0 $((before + 20)) *"
expect "its configuration too" reads there.class Counter
expect "not what takes a process" reads there.rate "*needs the router's process, and there is none"
expect "nor what there is not" reads nowhere.count "no element named*"
status_says() {
	on r "$weir" status >"$out" && grep -q "$1" "$out" || because "$(cat "$out")"
}
expect "finds no fault" eval '! status_says "is lost"'
on b ethtool -K b0 gro off
on a ping -q -c 5 -i 0.01 -W 0.2 10.0.0.2 >/dev/null
expect "says that an interface sends nothing" status_says \
	'^    what ToDevice@3 sends is lost: vb does not send what a driver redirects$'
expect "and how much that is" stats_say '^vb.not_taken  *[1-9]'
expect "none of which is missing" balances
on b ethtool -K b0 gro on
expect "forwards again" passes
expect "counts packets" grep -q "^$tag .* [1-9][0-9]*  v" <(on r "$weir" status)
expect "unloads" on r "$weir" unload "$tag"
expect "leaves nothing" soon nothing
expect "forwards no longer" eval '! on a ping -q -c 1 -W 1 10.0.0.2 >/dev/null'
expect "unloads only what is there" eval '! on r "$weir" unload "$tag" 2>/dev/null'

taken() { # elements called as the router's own files are
	sed 's/there/front/; s/back/beat/' <<<"$(bridge)"
}
expect "loads elements whose names are taken" load < <(taken)
expect "forwards through them" passes
expect "counts them" counts_elements
expect "names them" [ -e "$pins/$tag/front~/counts" ]
expect "goes on in a process with them" run --keep < <(taken)
expect "which ends" stop
expect "and leaves them" on r "$weir" unload "$tag"

expect "names what needs userspace" cannot_load 'q :: Queue needs userspace: ' 's :: Shaper needs' \
	<<<'FromDevice(va, PROMISC false) -> q :: Queue -> s :: Shaper(10) -> ToDevice(vb);'
expect "names the packets that do" cannot_load 'PaintTee needs userspace for packets of its colour' \
	<<<'FromDevice(va, PROMISC false) -> t :: PaintTee(1) -> ToDevice(vb); t[1] -> Discard;'
expect "refuses what takes a process" cannot_load 'va: PROMISC lasts only as long' \
	<<<'FromDevice(va, PROMISC true) -> ToDevice(vb);'
expect "permits ways to userspace if told" load --gone drop \
	<<<'FromDevice(va, PROMISC false) -> t :: PaintTee(1) -> ToDevice(vb); t[1] -> Discard;'
expect "unloads that too" on r "$weir" unload "$tag"

expect "starts to stay" run --keep < <(bridge)
expect "tells of its process" status_is "$pid"
expect "is not unloaded while it runs" eval '! on r "$weir" unload "$tag" 2>"$out"'
expect "says why" says "runs as process $pid"
expect "is not replaced by a loaded one" eval '! load < <(bridge)'
expect "says why there too" says "runs as process $pid"
first=$pid
expect "shares its name with nobody" eval \
	'! on r timeout 10 "$weir" run -n "$tag" "$scratch/conf.click" 2>"$out"'
pid=$first
expect "and says so" says 'runs already'
expect "forwards" passes
expect "goes on when it is stopped" without_loss stop
expect "is kept" status_is 'no process'
expect "is taken over without a gap" without_loss run --keep < <(bridge)
expect "survives SIGKILL without a gap" without_loss stop KILL
expect "is taken over by one that ends" without_loss run < <(bridge)
expect "keeps no names then" eval '[ ! -e "$pins/$tag" ]'
expect "ends" stop
expect "leaves nothing behind" soon nothing
expect "runs without --keep" run < <(bridge)
expect "is killed" stop KILL
expect "leaves nothing after SIGKILL" soon nothing

# Killed at any moment, it is there as a whole or not at all.
whole_or_nothing() { # MILLISECONDS
	background r "$weir" run --name "$tag" --keep "$scratch/conf.click" >"$out" 2>&1
	sleep "$(printf '0.%03d' "$1")"
	{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
	if [ -e "$pins/$tag/front" ] || [ -e "$pins/~$tag/front" ]; then
		kept=$((kept + 1))
		passes || return
	fi
	"$weir" unload "$tag" >/dev/null 2>&1 # mends first
	soon nothing || because "killed after $1 ms: $reason"
}

kept=0
bridge >"$scratch/conf.click"
for ms in 5 20 35 50 60 70 80 90 100 110 120 130 140 150 170 190 220 260 320 400; do
	expect "whole or nothing after $ms ms" whole_or_nothing $ms
done
echo "killed 20 times while starting, $kept of them when it was to stay"

# The same while it takes the place of another.
expect "loads again" load < <(bridge)
for ms in 20 40 60 80 100 120 140 160 200 300; do
	background r "$weir" run --name "$tag" --keep "$scratch/conf.click" >"$out" 2>&1
	sleep "$(printf '0.%03d' $ms)"
	{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
	expect "forwards when its successor is killed after $ms ms" passes
done
expect "is taken over after all" run --keep < <(bridge)
expect "stops" stop
expect "has no stale names" eval '[ ! -e "$pins/~$tag" ]'
expect "is unloaded" on r "$weir" unload "$tag"
expect "leaves nothing of any" soon nothing

# Where packets leave for userspace, and there is none any more.
to_queue() {
	cat <<-END
		FromDevice(va, PROMISC false) -> p :: Paint(1) -> c :: Classifier(12/0806, -);
		c[0] -> ToHost;
		c[1] -> q :: Queue -> Discard;
	END
}
host_answers() {
	on a ping -q -c 2 -i 0.2 -W 1 10.0.0.3 | grep -q ' 2 received'
}
ip -n "$tag-r" addr add 10.0.0.3/24 dev va

expect "keeps a part" run --keep < <(to_queue)
expect "has what the host would get" eval '! host_answers'
expect "takes new arguments" on r "$weir" write -n "$tag" p.color 7
expect "shows them" grep -q '"color": 7' <(bpftool map dump pinned "$pins/$tag/p/arguments")
expect "is killed" stop KILL
expect "leaves the rest to the host" host_answers
expect "counts that" says_gone
expect "in its statistics too" stats_say '^q.0..nobody_listens *[1-9]'
expect "which balance" stats_say '^ledger:.* [1-9] handed to a process that is gone$'
since=$(on r "$weir" read -n "$tag" since)
sleep 1
expect "is taken over" run --keep --gone drop < <(to_queue)
expect "counts anew, and says since when" test "$(on r "$weir" read -n "$tag" since)" -gt "$since"
expect "is killed again" stop KILL
expect "or loses it if told" eval '! host_answers'
expect "counts that too" says_gone
expect "is taken away" on r "$weir" unload "$tag"
ip -n "$tag-r" addr del 10.0.0.3/24 dev va

mkdir -p "$pins/~$tag-2/interfaces/va" "$pins/$tag"
expect "clears what others left" load < <(bridge)
expect "all of it" eval '[ ! -e "$pins/~$tag-2" ]'
expect "refuses an interface that has a router" eval \
	'! on r timeout 10 "$weir" load -n "$tag-2" "$scratch/load.click" 2>"$out"'
expect "and says so" says 'another weir router is on it'
expect "leaves the first alone" passes
echo 'FromDevice(vc, PROMISC false) -> c :: Counter -> Discard;' >"$scratch/second.click"
expect "loads a second one" on r "$weir" load -n "$tag-2" "$scratch/second.click" >/dev/null
expect "tells of both" eval '[ "$(on r "$weir" status | grep -c "^$tag")" = 2 ]'
expect "unloads one" on r "$weir" unload "$tag-2"
expect "and not the other" passes
expect "refuses the name in another namespace" eval \
	'! on b timeout 10 "$weir" load -n "$tag" "$scratch/second.click" 2>"$out"'
expect "with the reason" says 'another network namespace'
expect "unloads" on r "$weir" unload "$tag"

# Maps that bpftool shows as bytes, beside those that docs/abi.md names.
all_typed() {
	local f untyped=
	while read -r f; do
		bpftool map show pinned "$f" | grep -q btf_id || untyped="$untyped $f"
	done < <(find "$pins/$tag" -type f ! -name sockets ! -name devices ! -name root ! -name groups \
		! -name hops ! -name weir_steps ! -name link ! -name program ! -name entry)
	[ -z "$untyped" ] || because "without types:$untyped"
}

# The standard router, with its tables of routes and neighbours.
router() {
	run --keep < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1500)/' \
		configs/ip-router.click)
}
killed_and_back() {
	stop KILL && sleep 0.3 && router
}
for side in a:1:2 b:2:1; do
	IFS=: read -r n net other <<<"$side"
	ip -n "$tag-$n" addr add "10.0.$net.2/24" dev "${n}0"
	ip -n "$tag-r" addr add "10.0.$net.1/24" dev "v$n"
	ip -n "$tag-$n" route add "10.0.$other.0/24" via "10.0.$net.1"
done
far=10.0.2.2
expect "keeps a router with tables" router
expect "which knows its neighbours" soon pings a "$far" 3 56
expect "forwards while it is killed and comes back" without_loss killed_and_back
expect "forwards while it ends" without_loss stop
expect "has types for what it keeps" all_typed
expect "is unloaded too" on r "$weir" unload "$tag"

hidden() { # COMMAND ...: where there is no bpffs
	nsenter --net="/run/netns/$tag-r" unshare -m sh -c 'umount /sys/fs/bpf && exec "$@"' - "$@"
}

expect "loads nothing without bpffs" eval \
	'! hidden timeout 10 "$weir" load -n "$tag" "$scratch/load.click" 2>"$out"'
expect "and says what to do" says 'mount -t bpf bpf /sys/fs/bpf'
expect "runs without bpffs" eval \
	'hidden timeout -s INT 2 "$weir" run -n "$tag" "$scratch/load.click" >"$out" 2>&1 || :'
expect "as always" says '^weir: running'
expect "leaves nothing at the end" soon nothing
finish
