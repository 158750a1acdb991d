# SPDX-License-Identifier: BSD-2-Clause
"""What address translation costs for flows that are under way: weir in the driver, compiled and in
parts, and in userspace, and the kernel's nftables masquerade, on the same pair of interfaces."""

import os

from net import sh
from sides import Forward, Kernel, Weir

CONFIG = os.path.join("tests", "bench", "net", "nat.click")
RULES = """table ip nat {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "r1" masquerade
	}
}"""


class Masquerade(Kernel):
    def start(self, net, wait=True):
        super().start(net, wait)
        sh(*net.inside(net.r, "nft", RULES))


def sides(build):
    return [
        Weir("weir-driver", "weir, driver", build, CONFIG),
        Weir("weir-parts", "weir, driver, in parts", build, CONFIG, "--no-compile"),
        Weir("weir-xsk", "weir, AF_XDP (two CPUs)", build, CONFIG, "--no-driver"),
        Masquerade("kernel-nat", "kernel, nftables masquerade", False),
        Kernel("kernel", "kernel, no translation", False),
        Forward("drop", "drop at the first program", build, "drop"),
    ]
