#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# NAT44 against the requirements of the RFCs, one case for each: nat_conform sends and judges packets, the
# router between has one configuration for each profile. docs/nat.md lists them all.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conform=$(realpath "$(dirname "$0")/nat_conform")
export LOG=$scratch/log

mac() { # NAMESPACE INTERFACE
	ip -n "$tag-$1" -br link show "$2" | awk '{ print $3 }'
}

graph() { # ARGUMENTS
	cat <<-GRAPH
		nat :: NAT44(POOL 198.51.100.0/30, INSIDE 10.0.1.0/24, STATIC 10.0.1.5 198.51.100.5${1:+, $1});
		FromDevice(va) -> inside :: Classifier(12/0800, -) -> Strip(14) -> in :: CheckIPHeader -> nat;
		FromDevice(vb) -> outside :: Classifier(12/0800, -) -> Strip(14) -> out :: CheckIPHeader -> [1] nat;
		inside[1] -> Discard;
		outside[1] -> Discard;
		to_a :: EtherEncap(0x0800, $(mac r va), $(mac a a0)) -> ToDevice(va);
		to_b :: EtherEncap(0x0800, $(mac r vb), $(mac b b0)) -> ToDevice(vb);
		nat -> to_b;
		nat[1] -> to_a;
		nat[unmapped] -> Discard;
		nat[excluded] -> to_b;
		nat[foreign] -> Discard;
		nat[other] -> Discard;
		nat[prohibited] -> ICMPError(10.0.1.1, unreachable, 13) -> to_a;
		nat[refused] -> ICMPError(198.51.100.1, unreachable, port) -> to_b;
	GRAPH
}

profile() { # NAME [OPTION ...]
	local said
	rm -f "$LOG"
	run "${@:2}" < <(graph "$("$conform" arguments "$1")") || because "$reason" || return
	said=$(timeout 200 "$conform" run "$1" "$tag" "$weir" "$(mac r va)" "$(mac r vb)" 2>&1)
	grep FAIL <<<"$said"
	case $(tail -n 1 <<<"$said") in
	*" passed, "*" failed")
		passed=$((passed + $(tail -n 1 <<<"$said" | cut -d' ' -f1)))
		failed=$((failed + $(tail -n 1 <<<"$said" | cut -d' ' -f3)))
		;;
	*) stop KILL && because "$(tail -n 2 <<<"$said" | tr '\n' ' ')" || return ;;
	esac
	stop
}

namespaces a r b
wire a a0 r va
wire b b0 r vb
for i in a:a0 b:b0; do
	ip -n "$tag-${i%:*}" neigh flush all 2>/dev/null
	on "${i%:*}" ethtool -K "${i#*:}" gro on
done
for p in $("$conform" profiles); do
	expect "profile $p" profile "$p" -j 2
done
expect "profile default, all in userspace" profile default --no-driver
finish
