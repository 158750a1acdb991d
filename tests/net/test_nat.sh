#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# configs/nat-gateway.click between a network inside and one outside that knows no way back to it:
# TCP, UDP, ping, traceroute, forwarded ports, hairpinning, fragments, and the gateway's own traffic,
# on one worker and on two, with the driver's half and without.
#
#	a 10.0.1.2 and .3 --- va 10.0.1.1  r  vb 10.0.2.1 --- 10.0.2.2 b
#
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conf=$(realpath configs/nat-gateway.click)

net() {
	hosts 2
	ip -n "$tag-b" route del default
	ip -n "$tag-a" addr add 10.0.1.3/24 dev a0
	on b sysctl -qw net.ipv4.icmp_ratelimit=0 # it answers every packet of traceroute
	on r sysctl -qw net.ipv4.ip_forward=0 net.ipv4.ip_local_port_range="60000 60999"
}

gateway() { # [OPTION ...]
	background r "$weir" run --name "$tag" "$@" "$conf" INSIDE=va OUTSIDE=vb >"$out" 2>&1
	within 30 ready || because "not ready: $(tail -n 1 "$out")" || return
	router=$pid
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

ends() {
	pid=$router
	stop
}

serve() { # NAMESPACE ADDRESS PORT: TCP and UDP; says who it hears from, and gives the rest back
	background "$1" python3 -c "
import socket, threading
def tcp(c, who):
    c.sendall(('%s %d\n' % who[:2]).encode())
    while data := c.recv(65536):
        c.sendall(data)
    c.close()
def udp(s):
    while True:
        data, who = s.recvfrom(65536)
        s.sendto(('%s %d\n' % who[:2]).encode() + data, who)
s = socket.create_server(('$2', $3), backlog=64)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('$2', $3))
threading.Thread(target=udp, args=(u,), daemon=True).start()
while True:
    threading.Thread(target=tcp, args=s.accept(), daemon=True).start()"
	within 10 eval "on '$1' ss -Hltn | grep -q '$2:$3'"
}

asks() { # tcp|udp FROM SOURCE ADDRESS PORT BYTES: who it is heard as
	on "$2" timeout 20 python3 -c "
import os, socket, sys
data = os.urandom($6)
kind = socket.SOCK_STREAM if '$1' == 'tcp' else socket.SOCK_DGRAM
s = socket.socket(socket.AF_INET, kind)
s.settimeout(8)
s.bind(('$3', 0))
s.connect(('$4', $5))
s.sendall(data)
got = b''
while got.count(b'\n') < 1 or len(got) < len(data) + got.index(b'\n') + 1:
    more = s.recv(65536)
    assert more, 'it ends'
    got += more
who, rest = got.split(b'\n', 1)
assert rest == data, 'something else comes back'
print(who.decode().split()[0])" 2>"$scratch/said"
}

heard() { # AS tcp|udp FROM SOURCE ADDRESS PORT BYTES
	local got
	got=$(asks "${@:2}")
	[ "$got" = "$1" ] || because "heard as ${got:-nobody}: $(tail -n 1 "$scratch/said")"
}

traces() { # the gateway, then the host
	local said
	said=$(on a timeout 20 traceroute -n -q 1 -w 2 10.0.2.2 2>&1)
	[[ $said == *" 1  10.0.1.1 "*" 2  10.0.2.2 "* ]] || because "$said"
}

is_closed() { # a port of the host where nobody listens: its answer is an ICMP error
	local said
	said=$(on a timeout 10 python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(4)
s.connect(('10.0.2.2', 9999))
s.send(b'x')
s.recv(1)" 2>&1 | tail -n 1)
	[[ $said == *"Connection refused"* ]] || because "$said"
}

streams() { # TCP in both directions at once
	background b iperf3 -s -1 >"$scratch/iperf.server" 2>&1
	soon eval "on b ss -Hltn | grep -q ':5201'"
	on a timeout 30 iperf3 -c 10.0.2.2 -t 2 -P 4 --bidir >"$scratch/iperf" 2>&1 ||
		because "$(tail -n 1 "$scratch/iperf")"
}

write() { # HANDLER VALUE
	on r "$weir" write -n "$tag" "$@" >"$scratch/said" 2>&1 || because "$(cat "$scratch/said")"
}

maps() { # COUNT: of the subscriber at least so many
	local got
	got=$(on r "$weir" read -n "$tag" nat.mappings | wc -l)
	((got >= $1)) || because "$got mappings"
}

cases() { # NAME OPTION ...
	local name=$1
	expect "$name: starts" gateway "${@:2}"
	dead && return
	expect "$name: ping" pings a 10.0.2.2 20 56
	expect "$name: large ping, in fragments" pings a 10.0.2.2 5 4000
	expect "$name: TCP has the external address" heard 10.0.2.1 tcp a 10.0.1.2 10.0.2.2 5000 300000
	expect "$name: UDP" heard 10.0.2.1 udp a 10.0.1.2 10.0.2.2 5000 100
	expect "$name: UDP in fragments" heard 10.0.2.1 udp a 10.0.1.2 10.0.2.2 5000 5000
	expect "$name: traceroute" traces
	expect "$name: ICMP errors" is_closed
	expect "$name: a forwarded port" write nat.add "tcp 10.0.2.1 8080 10.0.1.3 5001"
	expect "$name: leads in" heard 10.0.2.2 tcp b 10.0.2.2 10.0.2.1 8080 100000
	expect "$name: and back in from inside" heard 10.0.2.1 tcp a 10.0.1.2 10.0.2.1 8080 100000
	expect "$name: the gateway itself, from outside" heard 10.0.2.2 tcp b 10.0.2.2 10.0.2.1 5002 1000
	expect "$name: from inside" heard 10.0.1.2 tcp a 10.0.1.2 10.0.2.1 5002 1000
	expect "$name: and its own connections" heard 10.0.2.1 tcp r 10.0.2.1 10.0.2.2 5000 1000
	expect "$name: many streams" streams
	expect "$name: mappings are there" maps 3
	expect "$name: no packet is missing" balances
	expect "$name: ends" ends
}

net
serve b 10.0.2.2 5000
serve a 10.0.1.3 5001
serve r 10.0.2.1 5002
cases "one worker, --no-driver" --no-driver
cases "two workers, --no-driver" -j 2 --no-driver
cases "one worker" -j 1
cases "two workers" -j 2
finish
