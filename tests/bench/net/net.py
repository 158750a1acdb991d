# SPDX-License-Identifier: BSD-2-Clause
"""Two hosts and a router between them, in network namespaces joined by veth pairs."""

import os
import re
import subprocess

HOST_A, ROUTER_A, ROUTER_B, HOST_B = "10.0.1.2", "10.0.1.1", "10.0.2.1", "10.0.2.2"
HOST_A6, ROUTER_A6, ROUTER_B6, HOST_B6 = "fd00:1::2", "fd00:1::1", "fd00:2::1", "fd00:2::2"
MAC = {"a0": "02:00:00:00:01:02", "r0": "02:00:00:00:01:01",
       "r1": "02:00:00:00:02:01", "b0": "02:00:00:00:02:02"}
PREFIX = "weirbench"
# The sender and what it wakes run on one CPU, the device under test on the other.
LOAD_CPU, DUT_CPU = 0, 1


def sh(*args, check=True, text=True):
    return subprocess.run(args, check=check, stdin=subprocess.DEVNULL, text=text, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE if not check else None).stdout


class Net:
    """owner: the benchmark; `with Net() as net:` leaves nothing behind. `tag`, a character: of one
    of several at a time."""

    def __init__(self, tag="", ip6=False):
        self.a, self.r, self.b = (f"{PREFIX}{os.getpid()}{c}{tag}" for c in "arb")
        self.ip6 = ip6

    def __enter__(self):
        try:
            self._up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for ns in (self.a, self.r, self.b):
            sh("ip", "netns", "del", ns, check=False)

    def inside(self, ns, *args):
        """The command as one that runs in a namespace and still sees the rest of the system."""
        return ["nsenter", f"--net=/run/netns/{ns}", *args]

    def sysctl(self, ns, **values):
        for name, value in values.items():
            sh(*self.inside(ns, "sysctl", "-qw", f"net.{name.replace('__', '.')}={value}"))

    def _addresses(self, n, dev, ip, ip6):
        sh("ip", "-n", n, "addr", "add", f"{ip}/24", "dev", dev)
        if self.ip6:
            sh("ip", "-n", n, "addr", "add", f"{ip6}/64", "dev", dev, "nodad")

    def _pair(self, ns, host, router, addr, gateway):
        one = ["numtxqueues", "1", "numrxqueues", "1"]
        sh("ip", "-n", ns, "link", "add", host, "address", MAC[host], *one, "type", "veth",
           "peer", "name", router, "address", MAC[router], *one, "netns", self.r)
        for n, dev, ip in ((ns, host, addr), (self.r, router, gateway)):
            self._addresses(n, dev, *ip)
            sh("ip", "-n", n, "link", "set", dev, "up")
            # a veth leaves checksums to its far end otherwise
            sh(*self.inside(n, "ethtool", "-K", dev, "gro", "on", "tx", "off"), check=False)
        sh("ip", "-n", ns, "route", "add", "default", "via", gateway[0])

    def _up(self):
        for ns in (self.a, self.r, self.b):
            sh("ip", "netns", "add", ns)
            off = int(not self.ip6)
            self.sysctl(ns, ipv6__conf__all__disable_ipv6=off,
                        ipv6__conf__default__disable_ipv6=off)
            sh("ip", "-n", ns, "link", "set", "lo", "up")
        self.sysctl(self.r, ipv4__ip_forward=0)
        self._pair(self.a, "a0", "r0", (HOST_A, HOST_A6), (ROUTER_A, ROUTER_A6))
        self._pair(self.b, "b0", "r1", (HOST_B, HOST_B6), (ROUTER_B, ROUTER_B6))

    def kernel_routes(self, rps, more=None):
        """The kernel forwards, with what AF_XDP has too: the sender's CPU hands over to the other."""
        for dev in ("r0", "r1"):
            if rps:
                sh("ip", "netns", "exec", self.r, "sh", "-c",
                   f"echo {1 << DUT_CPU:x} >/sys/class/net/{dev}/queues/rx-0/rps_cpus")
        for dev, ip, mac in (("r0", HOST_A, MAC["a0"]), ("r1", HOST_B, MAC["b0"])):
            sh("ip", "-n", self.r, "neigh", "replace", ip, "lladdr", mac, "dev", dev,
               "nud", "permanent")
        if more:
            sh("ip", "-n", self.r, "-batch", more)
        self.forward(True)

    def forward(self, on):
        """The kernel does, in each family that there is."""
        self.sysctl(self.r, ipv4__ip_forward=int(on))
        if self.ip6:
            self.sysctl(self.r, ipv6__conf__all__forwarding=int(on))


def clear_stale():
    """Namespaces of runs that were killed."""
    for line in sh("ip", "netns", "list").splitlines():
        ns = line.split()[0]
        ours = re.match(PREFIX + r"(\d+)", ns)
        if ours and not os.path.exists(f"/proc/{ours[1]}"):
            sh("ip", "netns", "del", ns, check=False)
