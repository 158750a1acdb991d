#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The front of configs/ip-router.click in the driver, between two hosts: what is forwarded there and
# what goes on in userspace, handlers at run time, a process that stands still or is killed, and
# elements and interfaces that stay in userspace.
set -u
main=
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conf=$(realpath configs/ip-router.click)
flows=$(realpath "$(dirname "$0")/../vm/flows")

front_hosts() { # QUEUES; b has a smaller MTU
	hosts "$1"
	ip -n "$tag-b" link set b0 mtu 1200
	on a ethtool -K a0 gro on
	on b ethtool -K b0 gro on
	on r sysctl -qw net.ipv4.ip_forward=0
	on a sysctl -qw net.ipv4.ip_no_pmtu_disc=1 # the router fragments what is not sent with DF
}

router() { # MODE [OPTION ...]: the standard router, in MODE auto or generic
	local mode=$1
	shift
	# not in a pipe: run sets pid
	run "$@" < <(sed -e 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1200)/' \
		-e "s/FromDevice(\$dev)/FromDevice(\$dev, MODE $mode)/" "$conf") || return
	main=$pid
}

table() {
	on r "$weir" stats -n "$tag" >"$scratch/stats" || because "no statistics"
}

sum_of() { # COUNTER: over the queues
	table && awk -v name="$1" '/ queue [0-9]+:/ { for (i = 1; i < NF; i++) if ($i == name) n += $(i + 1) }
		END { print n + 0 }' "$scratch/stats"
}

runs_in() { # ELEMENT driver|userspace
	local got
	table || return
	got=$(awk -v name="$1" '$1 == name { print $3 }' "$scratch/stats")
	[ "$got" = "$2" ] || because "$1 runs in ${got:-no place}"
}

in_driver() { # FROM TO COUNT: pings of which nearly none come to the sockets
	local before after
	pings "$1" "$2" 3 56 || return # the neighbours may be unknown, and a flood goes on meanwhile
	before=$(sum_of rx_packets)
	pings "$1" "$2" "$3" 56 || return
	after=$(sum_of rx_packets)
	((after - before <= 8)) || because "$((after - before)) packets came to the sockets"
}

in_userspace() { # FROM TO COUNT
	local before after
	before=$(sum_of rx_packets)
	pings "$1" "$2" "$3" 56 || return
	after=$(sum_of rx_packets)
	((after - before >= 2 * $3)) || because "$((after - before)) packets came to the sockets"
}

answers() { # TEXT COMMAND ...: its output has that text
	local said
	said=$("${@:2}" 2>&1)
	[[ $said == *"$1"* ]] || because "$said"
}

sees() { # NAMESPACE IF FILTER COMMAND ...: one such packet arrives meanwhile
	local watcher
	background "$1" timeout 5 tcpdump -c 1 -lni "$2" "$3" >"$scratch/dump" 2>/dev/null
	watcher=$pid
	sleep 0.6
	"${@:4}" >/dev/null 2>&1
	wait "$watcher" || because "no packet with $3"
}

same_contents() { # FLOWS BYTES
	local server said
	background b "$flows" serve 10.0.2.2
	server=$pid
	soon on b bash -c 'exec 3<>/dev/tcp/10.0.2.2/5001' 2>/dev/null
	said=$(on a timeout 60 "$flows" send 10.0.2.2 "$1" "$2" 2>&1)
	kill "$server" 2>/dev/null
	[ -z "$said" ] || because "$said"
}

counted() { # NAME: at least one packet was lost by a name that ends so
	table && grep -qE "^[^ ]*$1 +[1-9]" "$scratch/stats" || because "nothing was lost as $1"
}

write() { # HANDLER VALUE
	on r "$weir" write -n "$tag" "$1" "$2" >/dev/null 2>&1
}

no_program() {
	! on r ip -d link | grep -q xdp
}

flood() { # COUNT TTL: UDP packets from a
	on a timeout 20 python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, $2)
for i in range($1):
    try: s.sendto(b'x' * 64, ('10.0.2.2', 9))
    except OSError: pass
"
}

# --- forwarding, and what leaves the driver ---
compiled() { # COUNT: of paths, since the start
	local n
	n=$(grep -c "are one program in the driver" "$out")
	[ "$n" -ge "$1" ] || because "$n paths are compiled"
}

exceptions() {
	ip -n "$tag-a" route flush cache # of an earlier time
	expect "TTL expires" answers "Time to live exceeded" on a ping -c 1 -W 1 -t 1 10.0.2.2
	expect "options" answers "10.0.2.1" on a ping -c 1 -W 1 -R 10.0.2.2
	expect "DF" sees a a0 "icmp[0] = 3 and icmp[1] = 4 and icmp[6:2] = 1200" \
		on a ping -c 1 -W 1 -M "do" -s 1300 10.0.2.2
	expect "fragments" pings a 10.0.2.2 3 3000
	expect "is cut in fragments" answers " 0% packet loss" on a ping -q -M dont -c 3 -i 0.1 -s 1300 10.0.2.2
	write if1/arpq.clear ""
	expect "asks for a neighbour and keeps the packet" pings a 10.0.2.2 1 56
	expect "the host" pings a 10.0.1.1 3 56
	expect "the other address of the host" pings a 10.0.2.1 3 56
	expect "redirects" sees a a0 "icmp[0] = 5" on a bash -c \
		"ip route add 10.0.1.77/32 via 10.0.1.1; ping -c 1 -W 0.2 10.0.1.77; ip route del 10.0.1.77/32"
	expect "no route" answers "Unreachable" on a ping -c 1 -W 1 10.77.0.1
}

front_hosts 1
expect "starts in parts" router auto --no-compile
[ "$failed" = 0 ] || finish
expect "forwards in parts" in_driver a 10.0.2.2 200
exceptions
expect "balances in parts" soon balances
expect "compiles nothing" eval '! compiled 1'
pid=$main
expect "ends in parts" stop

# whoever started weir may have had SIGCHLD ignored
printf '#!/bin/sh\nexec env --ignore-signal=CHLD "%s" "$@"\n' "$weir" >"$scratch/weir"
mkdir "$scratch/watched"
printf '#!/bin/sh\nsleep 0.1\ngrep -h Cpus_allowed_list /proc/self/status >>"%s/cpus"\nexec "%s-compile"\n' \
	"$scratch" "$weir" >"$scratch/watched/weir-compile"
chmod +x "$scratch/weir" "$scratch/watched/weir-compile"
weir=$scratch/weir expect "starts" router auto -L "$scratch/watched"
expect "compiles its paths" soon compiled 2
expect "not on a worker's CPU alone" test \
	"$(sort -u "$scratch/cpus")" = "$(grep Cpus_allowed_list /proc/self/status)"
expect "says what is in the driver" says "^driver: [1-9][0-9]* of 47 elements; exits to userspace: "
expect "forwards" pings a 10.0.2.2 3 56
expect "forwards in the driver" in_driver a 10.0.2.2 200
for e in route if0/from if0/to if1/arpq if1/ttl; do
	expect "$e is in the driver" runs_in "$e" driver
done
expect "ICMPError is not" runs_in if0/ICMPError@18 userspace
exceptions
expect "TCP and UDP arrive as they were" same_contents 4 2000000
expect "balances" soon balances

# --- handlers while traffic flows ---
newest_program() {
	cat "/proc/$main/fdinfo/"* 2>/dev/null | sed -n 's/^prog_id:[[:space:]]*//p' | sort -n | tail -n 1
}
before=$(newest_program)
for i in {1..5}; do
	write route.add "10.8.$i.0/24 10.0.2.$((i + 100)) 2"
done
expect "routes load no program" test "$(newest_program)" = "$before"
background a ping -q -i 0.005 -w 8 10.0.2.2 >"$scratch/ping" 2>&1
pinger=$pid
for i in {1..50}; do
	write route.add "10.9.$i.0/24 10.0.2.2 2" && write if1/arpq.insert "10.0.2.$((i + 50)) 2:0:0:0:0:$i"
done
expect "an added route" pings a 10.0.2.2 1 56
ip -n "$tag-b" addr add 10.9.7.1/32 dev lo
expect "is used in the driver" in_driver a 10.9.7.1 100
write route.remove 10.9.7.0/24
expect "and not when it is removed" answers "Unreachable" on a ping -c 1 -W 1 10.9.7.1
expect "a neighbour that was told" sees b b0 "ether dst 2:0:0:0:0:5" on a ping -c 1 -W 0.2 10.0.2.55
write if1/arpq.delete 10.0.2.55
expect "and is asked for when deleted" sees b b0 "arp host 10.0.2.55" on a ping -c 1 -W 0.2 10.0.2.55
expect "other arguments" write if1/CheckIPHeader@10.config ""
expect "FixIPSrc too" write if1/FixIPSrc@15.config 10.0.2.1
expect "load one" test "$(newest_program)" -gt "$before"
expect "are in the driver" in_driver a 10.0.2.2 100
expect "the paths are compiled anew" soon compiled 4
expect "and forward" in_driver a 10.0.2.2 100
wait "$pinger"
expect "nothing was lost meanwhile" grep -q " 0% packet loss" "$scratch/ping"
pid=$main
expect "balances after changes" soon balances
expect "ends" stop
expect "leaves no program" soon no_program

run <<'EOC'
FromDevice(va) -> c :: Classifier(12/0806, -);
c[0] -> Queue -> Discard;
c[1] -> all :: Counter -> sw :: Switch(0);
sw[0] -> one :: Counter -> Discard;
sw[1] -> two :: Counter -> Discard;
EOC
main=$pid
ip -n "$tag-a" neigh replace 10.0.1.1 lladdr 2:0:0:0:0:9 dev a0
background a timeout 8 ping -q -i 0.005 -W 0.1 10.0.1.1 >/dev/null 2>&1
pinger=$pid
for e in all sw one two; do
	expect "$e is in the driver" runs_in "$e" driver
done
sleep 0.5
expect "the first way" between 20 100000 one.count
expect "not the second" has two.count 0
write sw.switch 1
sleep 0.5
expect "then the second" between 20 100000 two.count
write all.reset ""
expect "is reset in both halves" between 0 60 all.count
write sw.switch " -1" # not an option
sleep 0.1
before=$(on r "$weir" read -n "$tag" two.count)
sleep 0.3
expect "then none" has two.count "$before"
kill "$pinger"
ip -n "$tag-a" neigh del 10.0.1.1 dev a0
pid=$main
expect "balances after switching" soon balances
expect "the switch ends" stop

# --- wishes ---
expect "starts without a driver half" router auto --no-driver
expect "says so" says "^driver: no elements"
expect "forwards in userspace" pings a 10.0.2.2 3 56
expect "all of it" in_userspace a 10.0.2.2 50
stop
expect "starts with a part in userspace" router auto --userspace if1
expect "the part" runs_in if1/ttl userspace
expect "the rest" runs_in if0/class driver
expect "forwards through both" pings a 10.0.2.2 20 56
pid=$main
expect "balances over both" soon balances
stop
expect "starts with a wish" router auto --driver if1/ttl
expect "that is met" runs_in if1/ttl driver
stop
cp "$conf" "$scratch/wish.click"
expect "a wish that cannot be met" answers "ICMPError" on r timeout 10 "$weir" run --name "$tag" \
	--driver if0/ICMPError@18 "$scratch/wish.click" IF0=va IF1=vb
expect "leaves nothing" soon no_program

# --- a process that stands still ---
router auto --gone pass
pings a 10.0.2.2 2 56
kill -STOP "$main"
sleep 2.3
expect "the driver goes on without the process" pings a 10.0.2.2 10 56
on a ip neigh flush dev a0
expect "the rest is the host's" pings a 10.0.1.1 2 56
kill -CONT "$main"
expect "goes on with the process" soon answers "Time to live" on a ping -c 1 -W 1 -t 1 10.0.2.2
expect "what nobody took has a name" counted nobody_listens
pid=$main
expect "balances after standing still" soon balances
stop
router auto --gone drop
pings a 10.0.2.2 2 56
kill -STOP "$main"
sleep 2.3
on a ip neigh flush dev a0
expect "the rest is lost" eval "! pings a 10.0.1.1 1 56"
kill -CONT "$main"
expect "and has a name" counted nobody_listens
expect "comes back" pings a 10.0.1.1 2 56
kill -STOP "$main"
flood 20000 1
kill -CONT "$main"
expect "full rings have a name" soon counted rx_ring_full
pid=$main
expect "balances after full rings" soon balances
stop KILL
expect "leaves no program after SIGKILL" soon no_program

# --- elements that cannot be loaded ---
objects() { # a folder with the object of Paint made from stdin
	mkdir -p "$scratch/objects/elements/standard"
	cat >"$scratch/paint.bpf.c"
	clang -O2 -g -std=gnu2x -target bpf -mcpu=v3 -ffreestanding -Wno-everything \
		-I"/usr/include/$(gcc -dumpmachine)" -Ibpf/include -Ibpf -Iuser/include -c \
		"$scratch/paint.bpf.c" -o "$scratch/objects/elements/standard/paint.bpf.o"
}

falls_back() { # WORD
	expect "starts with a bad object ($1)" router auto -L "$scratch/objects"
	expect "says why ($1)" says "if0/Paint@8 stays in userspace: .*$1"
	expect "in its plan ($1)" on r grep -q "userspace .* if0/Paint@8 .*$1" <(on r "$weir" read -n "$tag" plan)
	expect "in userspace ($1)" runs_in if0/Paint@8 userspace
	expect "in the driver ($1)" runs_in if0/class driver
	expect "forwards ($1)" pings a 10.0.2.2 20 56
	pid=$main
	stop
}

objects <<'EOC'
#include <weir/element.h>
struct paint { struct { uint8_t at, size; } anno; uint8_t color; };
static inline unsigned paint(const struct paint *self, struct packet *p)
{
	volatile unsigned n = 1;
	while (n)
		n++;
	return 0;
}
WEIR_DRIVER_ELEMENT(paint);
EOC
falls_back "the verifier refuses it"
echo "not an object" >"$scratch/objects/elements/standard/paint.bpf.o"
falls_back "is not a BPF object"
objects <<'EOC'
#include <weir/element.h>
struct paint { uint64_t much[8]; };
static inline unsigned paint(const struct paint *self, struct packet *p) { return 0; }
WEIR_DRIVER_ELEMENT(paint);
EOC
falls_back "is stale"

# A table that outgrows its map needs its program once more.
grow() {
	local i
	for i in {0..299}; do
		on r "$weir" write -n "$tag" route.add "$((20 + i / 256)).$((i % 256)).1.0/24 10.0.2.2 2" || return
	done
}
again="the program of route cannot be loaded again"
mkdir -p "$scratch/objects/elements/ip"
rm -r "$scratch/objects/elements/standard"
cp "$build"/elements/ip/*_lookup.bpf.o "$scratch/objects/elements/ip"
expect "starts with other objects" router auto -L "$scratch/objects"
rm "$scratch"/objects/elements/ip/*
expect "forwards in the driver first" in_driver a 10.0.2.2 100
expect "grows" grow
expect "says what became of it" says "everything goes on in userspace: $again"
expect "then in userspace" in_userspace a 10.0.2.2 100
expect "as it says" runs_in route userspace
expect "takes arguments there" write if1/FixIPSrc@15.config 10.0.2.1
expect "and goes on there" in_userspace a 10.0.2.2 100
pid=$main
expect "balances without the driver" soon balances
stop

limit=$(ulimit -Sn)
ulimit -Sn 256
expect "starts where a shell permits few files" router auto
ulimit -Sn "$limit"
expect "in the driver all the same" in_driver a 10.0.2.2 100
stop

# --- interfaces ---
on b ethtool -K b0 gro off
expect "starts with an interface that takes no redirects" router auto
expect "says so" says "if1/to stays in userspace: .*does not send what a driver redirects"
expect "it is in userspace" runs_in if1/to userspace
expect "forwards by it" pings a 10.0.2.2 50 56
expect "goes into the driver when it can" on b ethtool -K b0 gro on
expect "says that" soon says "if1/to goes on in the driver"
expect "it is in the driver" runs_in if1/to driver
expect "forwards there" in_driver a 10.0.2.2 100
on b ethtool -K b0 gro off
expect "says that it cannot any more" soon says "if1/to goes on in userspace: vb does not send what"
expect "is in userspace again" runs_in if1/to userspace
expect "forwards from there" pings a 10.0.2.2 50 56
background a ping -q -i 0.005 -w 3 10.0.2.2 >"$scratch/ping" 2>&1
pinger=$pid
for i in on off on; do
	sleep 0.6
	on b ethtool -K b0 gro $i
done
wait "$pinger"
# until it has noticed, what is redirected to the interface is lost
expect "loses little while it changes" test "$(sed -n 's/.* \([0-9]*\)[.0-9]*% packet loss.*/\1/p' "$scratch/ping")" -le 2
expect "other arguments afterwards" write if1/FixIPSrc@15.config 10.0.2.1
expect "are in the driver afterwards" in_driver a 10.0.2.2 100
pid=$main
expect "balances with it" soon balances
stop

away() { # COUNT SIZE: pings that nobody answers
	on a timeout 8 ping -q -i 0.01 -c "$1" -s "$2" -W 0.1 10.0.1.9 >/dev/null
	true
}
on b ethtool -K b0 gro on
ip -n "$tag-a" neigh replace 10.0.1.9 lladdr 2:0:0:0:0:9 dev a0
run < <(echo 'FromDevice(va) -> n :: Counter -> to :: ToDevice(vb);')
main=$pid
away 10 56
expect "sends from the driver" runs_in to driver
expect "all is taken" lost vb.not_taken ""
away 20 1372 # more than the other end's MTU
expect "names what the interface refuses" lost vb.not_taken 20
kill -STOP "$main"
on b ethtool -K b0 gro off
away 30 56
expect "and, after a while, what it loses without a word" eval 'kill -CONT "$main"; lost vb.not_taken 50'
expect "goes on in userspace" soon runs_in to userspace
away 10 56
expect "where no more is lost" lost vb.not_taken 50
pid=$main
expect "balances with what was not taken" soon balances
stop
no_hosts

front_hosts 4
expect "starts with 4 queues" router auto
expect "in the driver (4)" in_driver a 10.0.2.2 100
exceptions
expect "TCP and UDP (4)" same_contents 8 300000
pid=$main
expect "balances (4)" soon balances
stop
expect "starts generic" router generic
expect "says generic" says "^va: generic"
expect "in the driver (generic)" in_driver a 10.0.2.2 100
expect "the host (generic)" pings a 10.0.1.1 3 56
expect "TTL (generic)" answers "Time to live exceeded" on a ping -c 1 -W 1 -t 1 10.0.2.2
pid=$main
expect "balances (generic)" soon balances
stop
no_hosts
finish
