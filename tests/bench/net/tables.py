# SPDX-License-Identifier: BSD-2-Clause
"""What full tables cost: the kernel router with one route a family, and with 1.1 million IPv4 and
250,000 IPv6 routes of the kernel, in one run and with the same load, in each half of weir and in
the kernel itself."""

import os

from figures import Spread, median
from net import HOST_A, HOST_A6, HOST_B, HOST_B6, Net, sh
from sides import Failed, Kernel, Weir

CONFIG = "configs/kernel-router.click"
SIZES = {4: 1100000, 6: 250000}
N_DSTS = 1 << 20
GATEWAYS = 16  # of the full tables: so many that kernel_load takes
GATEWAY = {4: "10.0.2.16", 6: "fd00:2::10"}
SPREADS = ("even", "zipf")
WARM = 20000  # packets/s: each gateway gets known


HOSTS = {4: (HOST_A, HOST_B), 6: (HOST_A6, HOST_B6)}


class Traffic:
    """Of a family, to destinations spread so over the full table."""

    def __init__(self, build, out, family, spread):
        self.family, self.spread = family, spread
        dsts = os.path.join(out, f"full.{family}.{spread}")
        with open(dsts, "wb") as f:
            f.write(sh(f"{build}/net/full_table", str(family), str(SIZES[family]), spread,
                       str(N_DSTS), text=False))
        self.options = ["--dsts", dsts]

    def load(self, bench, net, seconds, *options):
        return bench.load(net, seconds, *self.options, *options, hosts=HOSTS[self.family]).result()


def add_gateways(net):
    for i in range(GATEWAYS):
        sh("ip", "-n", net.b, "addr", "add", f"10.0.2.{16 + i}/24", "dev", "b0")
        sh("ip", "-n", net.b, "addr", "add", f"fd00:2::{16 + i:x}/64", "dev", "b0", "nodad")


def add_one(net):
    for family, gateway in GATEWAY.items():
        sh("ip", "-n", net.r, f"-{family}", "route", "add", "default", "via", gateway)


def add_full(net, build):
    for family, gateway in GATEWAY.items():
        sh(*net.inside(net.r, f"{build}/net/kernel_load", "full", str(SIZES[family]), "r1", gateway))


def halves(build):
    """For each half a contender for one route and one for full tables."""
    def weir(what, *options):
        return [Weir(f"full-{what}-{n}", f"weir, {what}, {n}", build, CONFIG, *options,
                     tag=f"-{n}") for n in ("one", "full")]

    return {"weir, driver": weir("driver"), "weir, AF_XDP": weir("xsk", "--no-driver"),
            # last, for it goes on forwarding
            "kernel": [Kernel(f"full-kernel-{n}", f"kernel, {n}", False) for n in ("one", "full")]}


def rate(bench, net, side, load, seconds):
    got = load.load(bench, net, seconds)
    if not any(got["pps"]):
        raise Failed(f"{side.title} forwarded nothing{side.said()}")
    return median(got["pps"])


def measure_half(bench, what, sides, nets, loads, rounds, seconds):
    """{(family, spread): [(pps with one route, pps with full tables) of each round]}"""
    out = {}
    for net, load in ((net, load) for net in nets for load in loads):
        load.load(bench, net, 0.3, "--rate", WARM)
    for n in range(rounds):
        for load in loads:
            bench.say(f"full tables: {what}, round {n + 1} of {rounds}, IPv{load.family}, {load.spread}")
            pps = [0, 0]
            for i in (n % 2, 1 - n % 2):
                pps[i] = rate(bench, nets[i], sides[i], load, seconds)
                bench.csv("full", sides[i].name, f"{load.family}.{load.spread}", n, "pps", pps[i])
            out.setdefault((load.family, load.spread), []).append(pps)
    return out


def measure(bench, build, out, rounds, seconds):
    """{half: what measure_half returns}; and what the full side says of its tables."""
    bench.say("full tables: the kernel takes them")
    loads = [Traffic(build, out, family, spread) for family in SIZES for spread in SPREADS]
    got, state = {}, ""
    with Net("o", ip6=True) as one, Net("f", ip6=True) as full:
        nets = (one, full)
        for net in nets:
            add_gateways(net)
        add_one(one)
        add_full(full, build)
        for what, sides in halves(build).items():
            try:
                for net, side in zip(nets, sides):
                    side.start(net)
                if what == "weir, driver":
                    state = sides[1].read("k.state")
                got[what] = measure_half(bench, what, sides, nets, loads, rounds, seconds)
            finally:
                for side in sides:
                    side.stop()
    return got, state


def rows(got):
    for what, by_load in got.items():
        for (family, spread), pps in by_load.items():
            one, full = (Spread(p[i] for p in pps) for i in (0, 1))
            ratio = Spread(100 * p[1] / p[0] for p in pps)
            more = Spread(1e9 / p[1] - 1e9 / p[0] for p in pps)
            yield [what, f"IPv{family}, {spread}", one.text(1e-6), full.text(1e-6),
                   ratio.text(1, 1), more.text(1, 0)]


HEAD = ["", "destinations", "Mpps, one route", "Mpps, full tables", "% of one route",
        "ns more a packet"]
