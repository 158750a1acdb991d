# SPDX-License-Identifier: BSD-2-Clause
"""The measurements. Each takes the sides in turn, round after round, so that whatever else the
machine does meets all of them alike, and starts each in namespaces of its own making."""

import json
import subprocess
import threading
import time

from load import Load
from net import DUT_CPU, HOST_A, HOST_B, MAC, Net, sh
from sides import TICK, Failed

TRIALS = 3  # a lossy trial is repeated so often at most (RFC 9004, section 5: loss verification)
HOPELESS = 1e-3  # but not one that lost this share
ON_TIME = 0.97  # of the wanted rate is near enough
RESOLUTION = 0.02  # of the rate where a search begins
WARM = ["--rate", "2000"]  # neighbours get known


class Bench:
    def __init__(self, build, say, csv):
        self.build, self.say, self.csv = build, say, csv

    def load(self, net, seconds, *options, **hosts):
        return Load(self.build, net, seconds, *options, **hosts)

    def turns(self, what, sides, rounds):
        """Yields (round, side, net) with the side forwarding, rotating who begins."""
        for n in range(rounds):
            for i in range(len(sides)):
                side = sides[(i + n) % len(sides)]
                self.say(f"{what}: round {n + 1} of {rounds}, {side.title}")
                with Net() as net:
                    try:
                        side.start(net)
                        yield n, side, net
                    finally:
                        side.stop()

    def warm(self, net, seconds=0.2):
        return self.load(net, seconds, *WARM).result()


def cpu_times():
    """Seconds that the CPU of the device under test spent in user mode, and busy in all."""
    with open("/proc/stat", encoding="ascii") as f:
        for line in f:
            if line.startswith(f"cpu{DUT_CPU} "):
                v = [int(x) / TICK for x in line.split()[1:8]]
                return v[0] + v[1], sum(v) - v[3] - v[4]
    raise Failed("no such CPU in /proc/stat")


def median(v):
    return quantile(v, 0.5)


def quantile(v, q):
    v = sorted(v)
    if not v:
        return float("nan")
    at = q * (len(v) - 1)
    low = int(at)
    return v[low] + (v[min(low + 1, len(v) - 1)] - v[low]) * (at - low)


class Spread:
    """Values of one figure: median, quartiles, extremes."""

    def __init__(self, values):
        self.values = list(values)
        self.median = median(self.values)
        self.low, self.high = quantile(self.values, 0.25), quantile(self.values, 0.75)

    def text(self, scale=1.0, digits=3):
        if not self.values:
            return "-"
        m, l, h = (x * scale for x in (self.median, self.low, self.high))
        return f"{m:.{digits}f} ({l:.{digits}f}..{h:.{digits}f})"


def throughput(bench, sides, rounds, seconds):
    """{side: {"pps": [median of each round], "samples": [...], "user": [...], "busy": [...]}}"""
    out = {s.name: {"pps": [], "samples": [], "user": [], "system": [], "offered": []}
           for s in sides}
    for n, side, net in bench.turns("throughput", sides, rounds):
        bench.warm(net)
        load = bench.load(net, seconds)
        own, cpu, t = side.times(), cpu_times(), time.monotonic()
        got = load.result()
        t = time.monotonic() - t
        own2, cpu2 = side.times(), cpu_times()
        o = out[side.name]
        if not any(got["pps"]):
            raise Failed(f"{side.title} forwarded nothing{side.said()}")
        o["pps"].append(median(got["pps"]))
        o["samples"] += got["pps"]
        o["offered"].append(got["offered"])
        if own:
            o["user"].append((own2[0] - own[0]) / t)
            o["system"].append((own2[1] - own[1]) / t)
        else:
            o["user"].append(0)
            o["system"].append((cpu2[1] - cpu[1]) / t if side.on_dut_cpu else 0)
        for i, v in enumerate(got["pps"]):
            bench.csv("throughput", side.name, "64", n, f"pps.{i}", v)
        for key in ("offered", "user", "system"):
            bench.csv("throughput", side.name, "64", n, key, o[key][-1])
    return out


def trial(bench, net, rate, seconds, mix):
    """Sends at a rate: (passed without loss, the rate that was really sent). Repeated when packets
    were lost or the sender was held up, for what else the machine does may be the reason."""
    passed = 0
    for _ in range(TRIALS):
        got = bench.load(net, seconds, "--rate", f"{rate:.0f}", *mix).result()
        lost = got["sent"] - got["seen"]
        if not lost:
            passed = max(passed, got["rate"])
        if passed >= ON_TIME * rate or lost > HOPELESS * got["sent"]:
            break
    return passed > 0, passed


def search(bench, net, seconds, mix):
    """The highest rate that was carried without loss, by bisection."""
    flood = bench.load(net, 0.5, *mix).result()
    time.sleep(0.1)
    high = max(1.1 * median(flood["pps"]), 1000)
    low, step = 0.0, RESOLUTION * high
    while high - low > step:
        rate = (low + high) / 2
        ok, sent = trial(bench, net, rate, seconds, mix)
        low = max(low, min(rate, sent))
        if not ok or sent < ON_TIME * rate:  # lost, or more than the sender can
            high = rate
    return low


def loss_free(bench, sides, rounds, seconds):
    """{(side, size): [rate of each round]}"""
    out = {}
    for n, side, net in bench.turns("loss-free rate", sides, rounds):
        bench.warm(net)
        for size, mix in (("64", []), ("mix", ["--mix"])):
            bench.say(f"loss-free rate: round {n + 1} of {rounds}, {side.title}, {size}")
            rate = search(bench, net, seconds, mix)
            out.setdefault((side.name, size), []).append(rate)
            bench.csv("loss_free", side.name, size, n, "pps", rate)
    return out


def latency(bench, sides, rounds, seconds, full, shares=(10, 50, 90)):
    """{(side, share): {"one_way.p50": [...], ..., "lost": [...]}} at shares of the rate `full`"""
    out = {}
    for n, side, net in bench.turns("latency", sides, rounds):
        bench.warm(net)
        for share in shares:
            rate = full * share / 100
            got = bench.load(net, seconds, "--rate", f"{rate:.0f}", "--times", "--probes",
                             max(int(rate / 1000), 1)).result()
            o = out.setdefault((side.name, share), {})
            values = {"lost": got["sent"] - got["seen"]}
            for way in ("one_way", "round_trip"):
                for p in ("p50", "p99", "p999"):
                    if p in got[way]:
                        values[f"{way}.{p}"] = got[way][p]
            for key, v in values.items():
                o.setdefault(key, []).append(v)
                bench.csv("latency", side.name, "64", n, f"{share}%.{key}", v)
    return out


def first_packet(bench, sides, rounds):
    """{side: [seconds from starting the command to the first packet at the far host]}; memory of
    those that tell: {side: [(beside the buffers, buffers)]}"""
    out, memory = {}, {}
    for n in range(rounds):
        for side in sides:
            bench.say(f"first packet: round {n + 1} of {rounds}, {side.title}")
            with Net() as net:
                load = bench.load(net, 8, "--rate", "20000", "--first")
                try:
                    time.sleep(0.05)
                    side.start(net, wait=False)
                    got = load.result()
                    if not got["first"]:
                        raise Failed(f"{side.title}: nothing arrived within 8 s")
                    took = (got["first"] - side.process.started) * 1e-9
                    out.setdefault(side.name, []).append(took)
                    bench.csv("first_packet", side.name, "64", n, "seconds", took)
                    if hasattr(side, "memory"):
                        bench.load(net, 0.3).result()
                        m = side.memory()
                        memory.setdefault(side.name, []).append(m)
                        bench.csv("memory", side.name, "64", n, "beside", m[0])
                        bench.csv("memory", side.name, "64", n, "buffers", m[1])
                finally:
                    load.end()
                    side.stop()
    return out, memory


def driver(bench, sides, rounds, seconds, load):
    """{side: [ns per packet of each round]}: from the sender's call to host B, on one CPU; of the
    side `drop` to the first program of the router. `load`: options for it."""
    out = {}
    for n, side, net in bench.turns("in the driver", sides, rounds):
        bench.warm(net)
        got = bench.load(net, seconds, *load).result()
        pps = got["offered"] if side.name == "drop" else median(got["pps"])
        if not pps:
            raise Failed(f"{side.title} forwarded nothing{side.said()}")
        out.setdefault(side.name, []).append(1e9 / pps)
        bench.csv("driver", side.name, "64", n, "ns " + " ".join(load[:1]), 1e9 / pps)
    return out


def path(bench, sides, rounds, load, to=HOST_B):
    """{side: [ns per packet of each run]}: the program on r0 alone, by BPF_PROG_RUN, less what
    writing the packets costs; and of an empty program, as {"empty": [...]}."""
    out = {"empty": []}
    for n, side, net in bench.turns("path by BPF_PROG_RUN", sides, rounds):
        bench.warm(net)
        args = [f"{bench.build}/bench/net/path", "--if", "r0", "--mac", MAC["r0"], "--src", HOST_A,
                "--dst", to, "--cpu", DUT_CPU, *load]
        got = json.loads(sh(*net.inside(net.r, *(str(a) for a in args))))
        out["empty"] += got["empty"]
        net_of = [a - b for a, b in zip(got["around"], got["bare"])]
        out.setdefault(side.name, []).extend(net_of)
        bench.csv("path", side.name, "64", n, "ns " + " ".join(load[:1]), median(net_of))
    return out


class Changes(threading.Thread):
    """Adds routes and takes them away again through the handler `ctrl`, as a routing daemon would:
    in batches, so many changes a second, on the CPU that does not forward."""

    BATCH = 500

    def __init__(self, side, rate):
        super().__init__(daemon=True)
        self.side, self.rate = side, rate
        self.done, self.made, self.error = threading.Event(), 0, None
        self.began = time.monotonic()

    def run(self):
        nets = [f"172.{16 + (i >> 8)}.{i & 255}.0/24" for i in range(self.BATCH)]
        lines = ["\n".join(f"add {n} {HOST_B} 2" for n in nets),
                 "\n".join(f"remove {n}" for n in nets)]
        # what was added goes again, also when it is time to end
        while not self.done.is_set() or self.made // self.BATCH % 2:
            try:
                self.side.write("route.ctrl", lines[self.made // self.BATCH % 2])
            except subprocess.CalledProcessError as e:
                self.error = e
                return
            self.made += self.BATCH
            self.done.wait(max(self.began + self.made / self.rate - time.monotonic(), 0))

    def end(self):
        """Changes in a second."""
        self.done.set()
        self.join()
        if self.error:
            raise Failed(f"a change of routes failed: {self.error}")
        return self.made / (time.monotonic() - self.began)


def changes(bench, side, rounds, seconds, rate, load):
    """(rate with changes / rate without, of each round; changes in a second; packets sent, and
    lost, at half the rate with changes)"""
    ratios, made, sent, lost = [], [], 0, 0
    for n, side, net in bench.turns("changes of routes", [side], rounds):
        bench.warm(net)
        pps = []
        for i in range(6):
            writer = Changes(side, rate)
            if i % 2:
                writer.start()
            pps.append(median(bench.load(net, seconds / 2, *load).result()["pps"]))
            if i % 2:
                made.append(writer.end())
        ratios += [b / a for a, b in zip(pps[::2], pps[1::2])]
        writer = Changes(side, rate)
        writer.start()
        got = bench.load(net, seconds, "--rate", f"{pps[0] / 2:.0f}", *load).result()
        made.append(writer.end())
        sent, lost = sent + got["sent"], lost + got["sent"] - got["seen"]
        bench.csv("changes", side.name, "64", n, "ratio", median(ratios))
    return ratios, made, sent, lost
