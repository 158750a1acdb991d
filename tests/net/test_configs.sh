#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Configurations of configs/ on interfaces; tests/graph/configs.t has what each does with packets.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"

start() { # NAME NAME=VALUE ...: a configuration as it is, in the folder of the test
	local conf
	conf=$(realpath "configs/$1.click")
	background r env -C "$scratch" "$weir" run --name "$tag" "$conf" "${@:2}" >"$out" 2>&1
	soon ready || because "not ready: $(tail -n 1 "$out")" || return
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

ends() { # NAME NAME=VALUE ...: the same, for one that ends by itself
	on r env -C "$scratch" timeout 20 "$weir" run --name "$tag" "$(realpath "configs/$1.click")" \
		"${@:2}" >"$out" 2>&1 || because "status $?: $(tail -n 1 "$out")"
}

ether() { # NAMESPACE INTERFACE
	ip -n "$tag-$1" -br link show "$2" | awk '{print $3}'
}

udp() { # datagrams that b got, for no one
	on b awk '/^Udp:/ { n = $3 } END { print n }' /proc/net/snmp
}

tcp() { # segments that b got
	on b awk '/^Tcp:/ { n = $11 } END { print n }' /proc/net/snmp
}

arrived() { # udp|tcp BEFORE COUNT
	local now
	now=$("$1")
	((now == $2 + $3)) || because "$((now - $2)) packets, not $3"
}

answers() { # PORT: a web server at b is reached from a
	on a timeout 3 bash -c "exec 3<>/dev/tcp/10.0.0.2/$1" 2>/dev/null || because "no connection to $1"
}

silent() { # PORT
	! on a timeout 1 bash -c "exec 3<>/dev/tcp/10.0.0.2/$1" 2>/dev/null || because "a connection to $1"
}

serve() { # PORT: on b
	background b python3 -c "
import socket
with socket.create_server(('', $1)) as s:
    while True:
        s.accept()[0].close()"
	soon on b bash -c ": </dev/tcp/127.0.0.1/$1" 2>/dev/null
}

read_back() { # COUNT: frames sent by a to the reflector return to it
	on a timeout 20 python3 - "$1" "$(ether r va)" <<-'END'
		import socket, sys
		n, to = int(sys.argv[1]), bytes.fromhex(sys.argv[2].replace(":", ""))
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
		s.bind(("a0", 0x88b5))
		s.settimeout(3)
		own = s.getsockname()[4]
		for i in range(n):
		    body = b"\x88\xb5" + i.to_bytes(4, "big") + bytes(46)
		    s.send(to + own + body)
		    while True:
		        frame, where = s.recvfrom(2000)
		        if where[2] != socket.PACKET_OUTGOING:
		            break
		    assert frame == own + to + body, frame.hex()
	END
}

knows() { # ADDRESS: a asks for its Ethernet address, and is told
	on a ping -q -c 1 -W 1 "$1" >/dev/null
	ip -n "$tag-a" neigh show "$1" | grep -q "$(ether r va)" ||
		because "$(ip -n "$tag-a" neigh show "$1")"
}

namespaces a r b
wire a a0 r va
wire b b0 r vb
on a ip addr add 10.0.0.1/24 dev a0
on b ip addr add 10.0.0.2/24 dev b0
on r ip addr add 10.0.0.9/24 dev va
serve 80
serve 81

expect "reflector: starts" start reflector IF=va
expect "reflector: frames return" read_back 200
expect "reflector: and are counted" has reflected.count 200
expect "reflector: the host answers ARP" knows 10.0.0.9
expect "reflector: the ledger balances" balances
expect "reflector: ends" stop

expect "firewall: starts" start firewall INSIDE=vb OUTSIDE=va NET=10.0.0.2/32 WEB=10.0.0.2
expect "firewall: ping passes" pings a 10.0.0.2 50 1400
expect "firewall: the web server is reached" answers 80
expect "firewall: other ports are not" silent 81
expect "firewall: and say so" lost ingress.denied 1
expect "firewall: the ledger balances" balances
expect "firewall: ends" stop

expect "monitor: starts" start monitor IF0=va IF1=vb "WATCH=tcp opt syn"
expect "monitor: ping passes" pings a 10.0.0.2 50 1400
expect "monitor: TCP passes" answers 81
expect "monitor: counts" has rest.count 100
expect "monitor: ends" stop
expect "monitor: recorded all of ping" test "$(grep -c ' I 1428$' "$scratch/summary.txt")" = 100
expect "monitor: kept both SYNs" \
	test "$("$weir" click -e "FromDump($scratch/watched.pcap, STOP true) -> c :: Counter -> Discard" \
		-h c.count)" = 2

expect "shaper: starts" start shaper IN=va OUT=vb RATE=100000
expect "shaper: ping passes" pings a 10.0.0.2 50 1400
expect "shaper: the ledger balances" balances
expect "shaper: ends" stop

on r ip addr add 10.0.0.8/24 dev vb
before=$(udp)
expect "generator: ends by itself" ends generator IF=vb DST=10.0.0.2 RATE=2000 LIMIT=1000 \
	"DST_ETHER=$(ether b b0)"
expect "generator: all arrived" soon arrived udp "$before" 1000
before=$(tcp)
expect "replay: ends by itself" ends replay IF=vb FILE=watched.pcap
expect "replay: what was for b arrived" soon arrived tcp "$before" 1
finish
