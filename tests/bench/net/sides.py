# SPDX-License-Identifier: BSD-2-Clause
"""What is measured: weir and its peers, each started on the same two interfaces in its turn."""

import os
import select
import signal
import subprocess
import time

from net import DUT_CPU, LOAD_CPU, PREFIX, sh

TICK = os.sysconf("SC_CLK_TCK")
HERE = os.path.dirname(os.path.abspath(__file__))


# A child does not outlive the benchmark, even one that is killed.
WITH_US = ["setpriv", "--pdeathsig", "INT"]


class Failed(Exception):
    pass


def put_first(pid):
    """What is measured goes before whatever else the machine does, as the kernel's forwarding in
    its soft interrupts does anyway. The process leads a session, hence a scheduling group."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -20)
        with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as f:
            f.write("-20")
    except OSError:
        pass  # measured all the same, with more spread


class Process:
    """A child that is ready when it has said so, so many times; ended by signal, and killed if that is not enough."""

    def __init__(self, args, ready, timeout=15, times=1, **kw):
        self.args, self.said, self.times_ready = args, "", times
        self.started = time.monotonic_ns()
        self.p = subprocess.Popen([*WITH_US, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, start_new_session=True, **kw)
        put_first(self.p.pid)
        os.set_blocking(self.p.stdout.fileno(), False)
        if ready:
            self._wait(ready, time.monotonic() + timeout)

    def _read(self, timeout):
        if select.select([self.p.stdout], [], [], timeout)[0]:
            got = self.p.stdout.read()
            if got == b"":
                return False
            self.said += (got or b"").decode(errors="replace")
        return True

    def _wait(self, ready, until):
        while self.said.count(ready) < self.times_ready:
            if not self._read(0.05) or time.monotonic() > until:
                self.end()
                raise Failed(f"{' '.join(self.args)}\ndid not start:\n{self.said[-2000:]}")

    def end(self, sig=signal.SIGINT):
        for s in (sig, signal.SIGTERM, signal.SIGKILL):
            if self.p.poll() is not None:
                break
            self.p.send_signal(s)
            until = time.monotonic() + 5
            while self.p.poll() is None and time.monotonic() < until:
                self._read(0.02)
        self.p.wait()
        self._read(0)
        return self.said

    def times(self):
        """Seconds in user and in system mode, of all threads."""
        user = system = 0
        try:
            with open(f"/proc/{self.p.pid}/stat", encoding="ascii") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            user, system = int(fields[11]) / TICK, int(fields[12]) / TICK
        except OSError:
            pass
        return user, system


class Side:
    """One contender. `start` leaves it forwarding between r0 and r1 of the net."""

    process = None
    on_dut_cpu = True

    def __init__(self, name, title):
        self.name, self.title = name, title

    def start(self, net, wait=True):
        raise NotImplementedError

    def stop(self):
        if self.process:
            self.process.end()
            self.process = None

    def times(self):
        return self.process.times() if self.process else None

    def said(self):
        return f":\n{self.process.end()[-2000:]}" if self.process else ""


class Kernel(Side):
    def __init__(self, name, title, rps, routes=None):
        super().__init__(name, title)
        self.on_dut_cpu, self.routes = rps, routes

    def start(self, net, wait=True):
        net.kernel_routes(self.on_dut_cpu, self.routes)


class Forward(Side):
    """A program of forward.bpf.c alone, in the driver, over the kernel's tables."""

    def __init__(self, name, title, build, program, routes=None):
        super().__init__(name, title)
        self.args, self.routes = [f"{build}/bench/net/forward", program, "r0", "r1"], routes

    def start(self, net, wait=True):
        net.kernel_routes(False, self.routes)
        self.process = Process(net.inside(net.r, *self.args), "ready")


class Bare(Side):
    """xskloop in its best form, see docs/benchmarks.md."""

    def __init__(self, name, title, build, *options):
        super().__init__(name, title)
        self.args = [f"{build}/bench/net/xskloop", "--cpu", str(DUT_CPU), *options, "r0", "r1"]

    def start(self, net, wait=True):
        self.process = Process(net.inside(net.r, *self.args), "ready" if wait else None)


class Testpmd(Side):
    def __init__(self, name, title, options=""):
        super().__init__(name, title)
        self.options = options
        root = os.path.abspath(os.path.join("build", "bench", "dpdk"))
        lib = "lib/" + sh("gcc", "-print-multiarch").strip()
        self.program = os.path.join(root, "usr/bin/dpdk-testpmd")
        self.env = {**os.environ, "LD_LIBRARY_PATH": f"{root}/usr/{lib}:{root}/{lib}"}

    def start(self, net, wait=True):
        if not os.path.exists(self.program):
            raise Failed("testpmd is missing: run tests/bench/deps")
        args = ["stdbuf", "-oL", self.program, "-l", f"{LOAD_CPU},{DUT_CPU}", "--main-lcore", str(LOAD_CPU),
                "--no-huge", "-m", "256", "--no-pci", "--no-telemetry", "--no-shconf",
                "--vdev", f"net_af_xdp0,iface=r0{self.options}",
                "--vdev", f"net_af_xdp1,iface=r1{self.options}",
                "--", "--forward-mode=io", "--auto-start", "--burst=64",
                "--total-num-mbufs=16384"]
        self.process = Process(net.inside(net.r, *args), "Press enter to exit" if wait else None,
                               env=self.env)


class Weir(Side):
    def __init__(self, name, title, build, config, *options, tag=""):
        super().__init__(name, title)
        self.command, self.router = f"{build}/weir", f"{PREFIX}{os.getpid()}{tag}"
        self.args = [self.command, "run", "-j", "1", "--name", self.router, *options,
                     config, "IF0=r0", "IF1=r1"]
        # the paths behind both interfaces are compiled one after the other
        parts = {"--no-driver", "--no-compile"}.intersection(options)
        self.ready, self.times_ready = ("running", 1) if parts else ("are one program", 2)

    def write(self, handler, value):
        sh("taskset", "-c", str(DUT_CPU), self.command, "write", "-n", self.router, handler, value)

    def read(self, handler):
        return sh(self.command, "read", "-n", self.router, handler)

    def start(self, net, wait=True):
        self.process = Process(net.inside(net.r, *self.args), self.ready if wait else None,
                               timeout=60, times=self.times_ready)

    def memory(self):
        """Resident bytes beside the packet buffers, and those of the buffers: they are what is
        kept from children (the `dc' flag)."""
        beside = buffers = rss = 0
        with open(f"/proc/{self.process.p.pid}/smaps", encoding="ascii") as f:
            for line in f:
                key, _, value = line.partition(":")
                if key == "Rss" or key.endswith("_Hugetlb"):
                    rss += int(value.split()[0]) * 1024
                elif key == "VmFlags":
                    if "dc" in value.split():
                        buffers += rss
                    else:
                        beside += rss
                    rss = 0
        return beside, buffers
