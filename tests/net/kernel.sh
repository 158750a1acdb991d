# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# For the network tests of routers that follow the kernel: lib.sh and weir.sh come first.

# What one has who has only just read all that the kernel says.
fresh() { # DEVICES TEXT
	# shellcheck disable=SC2086
	on r "$build/net/kernel_follow" $1 <<<"text $2" | sed '1d; /^\.$/d'
}

same_tables() { # [DEVICE ...]: the router knows what the kernel has, no more and no less
	local what
	[ $# != 0 ] || set -- va vb vc
	for what in routes nexthops rules; do
		fresh "$*" "$what" | sort >"$scratch/fresh"
		on r "$weir" read -n "$tag" "k.$what" | sort >"$scratch/known"
		[ -s "$scratch/known" ] || [ "$what" = nexthops ] || because "no $what" || return
		cmp -s "$scratch/fresh" "$scratch/known" ||
			because "$what: $(diff "$scratch/fresh" "$scratch/known" | head -n 4 | tr '\n' ' ')" || return
	done
}

state() { # NAME: a count of the follower
	on r "$weir" read -n "$tag" k.state | sed -n "s/^$1: //p"
}
