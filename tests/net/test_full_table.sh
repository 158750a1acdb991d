#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Tables of the Internet's size, by BGP from BIRD to BIRD beside weir: 1.1 million IPv4 and 250,000
# IPv6 routes come, go at once and come back, while news of the kernel get lost in a buffer that is
# too small for them. After each weir's tables are the kernel's, and a ping goes on all the while.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
# shellcheck source=tests/net/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/net/kernel.sh
. "$(dirname "$0")/kernel.sh"
n4=1100000 n6=250000

bird_r() {
	bird_in r <<EOC
router id 10.0.1.1;
protocol device {}
protocol kernel { metric 100; ipv4 { export all; }; }
protocol kernel { metric 100; ipv6 { export all; }; }
protocol bgp table4 { local 10.0.1.1 as 65000; neighbor 10.0.1.2 as 65001; ipv4 { import all; export none; }; }
protocol bgp table6 { local fd00:1::1 as 65000; neighbor fd00:1::2 as 65001; ipv6 { import all; export none; }; }
EOC
}

# Counting a million lines takes a while: no more often than that.
kernel_has() { # IPV4 IPV6
	sleep 1
	has_routes 4 bird "$1" && has_routes 6 bird "$2"
}

told() { # WHAT: how long it took, and what weir makes of it
	echo "test_full_table.sh: $1 after $((SECONDS - began)) s: $(state routes) and $(state routes6) routes," \
		"$(($(state memory) / 1000000)) MB of tables, $(awk '/VmRSS/ { print int($2 / 1000) }' "/proc/$router/status") MB" \
		"in all; $(state overruns) overruns, $(state resyncs) resyncs," \
		"the last dump took $(($(state last_dump_ns) / 1000000)) ms"
	began=$SECONDS
}

catches_up() { # SECONDS
	within "$1" same_tables
}

session() { # enable or disable
	birdc -s "$daemons/r.ctl" "$1" table4 >/dev/null && birdc -s "$daemons/r.ctl" "$1" table6 >/dev/null
}

fits() { # BYTES
	(($(state memory) <= $1)) || because "$(state memory) bytes"
}

keeps_up() { # LOST: of the ping
	local sent got
	kill -INT "$ping"
	wait "$ping" 2>/dev/null
	read -r sent got < <(awk '/packets transmitted/ { print $1, $4 }' "$scratch/ping")
	[ -n "$sent" ] && ((sent - got <= $1)) || because "$sent sent, $got received"
}

net
on r sysctl -qw net.ipv6.route.max_size=4194304 2>/dev/null
expect "weir starts with a small buffer for news" weir_routes "RCVBUF 32768"
router=$pid
expect "BIRD of a starts" bird_a
expect "BIRD of r starts" bird_r
background a ping -i 0.05 -n 10.0.2.2 >"$scratch/ping" 2>&1
ping=$pid
began=$SECONDS
expect "the full tables arrive" within 200 kernel_has "$n4" "$n6"
expect "weir has the kernel's full tables" catches_up 60
told "full tables came"
expect "it takes no more than 200 MB for them" fits 200000000
session disable
expect "the tables go" within 100 kernel_has 0 0
expect "weir has none of it" catches_up 60
told "they went"
session enable
expect "the full tables come back" within 200 kernel_has "$n4" "$n6"
expect "weir has the kernel's full tables again" catches_up 60
told "they came back"
expect "news were lost meanwhile" test "$(state overruns)" -gt 0
expect "a ping went on all the while" keeps_up 2
pid=$router
expect "the ledger balances" soon balances
expect "ends" stop
finish
