# SPDX-License-Identifier: BSD-2-Clause
"""Both sides of an address translator, at the level of packets.

A Wire holds a raw socket on an interface of a network namespace. What is sent and what is received are packets of
scapy, from the IP header on; each packet that a test sends carries a token, by which it is known again whatever
became of its addresses and ports.
"""
import ctypes
import os
import select
import socket
import struct
import time

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

CLONE_NEWNET, ETH_P_ALL = 0x40000000, 3
libc = ctypes.CDLL(None, use_errno=True)


def in_namespace(name, fn):
    """What fn returns, called in the network namespace of that name."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {name}")
        return fn()
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


class Wire:
    """An interface, and the Ethernet address that what is sent goes to."""

    def __init__(self, namespace, interface, to):
        self.to = to
        self.socket = in_namespace(namespace, self.open)
        self.socket.bind((interface, ETH_P_ALL))
        self.mac = self.socket.getsockname()[4]

    @staticmethod
    def open():
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        return s

    def send(self, packet):
        mac = ":".join(f"{b:02x}" for b in self.mac)
        self.socket.send(bytes(Ether(src=mac, dst=self.to) / packet))

    def receive(self, seconds):
        """The next IPv4 packet that came in, or None."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame, where = self.socket.recvfrom(65536)
            if where[2] != socket.PACKET_OUTGOING and frame[12:14] == b"\x08\x00":
                return IP(frame[14:])
        return None

    def drain(self):
        while self.receive(0.01) is not None:
            pass


class Sides:
    """The inside and the outside, and what goes through from one to the other."""

    PATIENCE = 1.0  # s, for a packet that has to come
    SILENCE = 0.25  # s, in which one that must not come does not

    def __init__(self, inside, outside):
        self.inside, self.outside = inside, outside
        self.tokens = 0

    def token(self):
        self.tokens += 1
        return b"weir-nat" + struct.pack("!I", self.tokens)

    def cross(self, here, there, packet, comes=True):
        """Sends a packet here; the one with its token that comes out there, or None."""
        token = self.token()
        here.send(packet / Raw(token))
        return self.awaited(there, token, self.PATIENCE if comes else self.SILENCE)

    @staticmethod
    def awaited(there, token, seconds):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            got = there.receive(left)
            if got is not None and token in bytes(got):
                return got
        return None

    def out(self, packet, comes=True):
        return self.cross(self.inside, self.outside, packet, comes)

    def back(self, packet, comes=True):
        return self.cross(self.outside, self.inside, packet, comes)

    def hairpin(self, packet, comes=True):
        return self.cross(self.inside, self.inside, packet, comes)


def sound(packet):
    """Are all its checksums what they would be if they were computed now?"""
    again = IP(bytes(packet))
    for layer in (IP, TCP, UDP, ICMP):
        if again.haslayer(layer) and not (layer is UDP and packet[UDP].chksum == 0):
            del again[layer].chksum
    return bytes(IP(bytes(again))) == bytes(packet)
