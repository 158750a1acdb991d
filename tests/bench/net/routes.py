# SPDX-License-Identifier: BSD-2-Clause
"""A table of 256K routes behind host B, for weir and for the kernel, and addresses in it."""

import os
import random
import struct

from net import HOST_B

N = 1 << 18
# Shares of the lengths in a table of the Internet, roughly.
LENGTHS = [24] * 60 + [23] * 10 + [22] * 12 + [21] * 5 + [20] * 5 + [19] * 3 + [18] * 2 + [16] * 3
ANCHOR = "0.0.0.0/0 3);"


def text(addr):
    return ".".join(str(addr >> s & 255) for s in (24, 16, 8, 0))


class Routes:
    """Files in the folder `out`: a configuration, a batch for `ip`, destinations for the load."""

    def __init__(self, out, config):
        draw = random.Random(1)
        prefixes, to = {}, []
        while len(prefixes) < N:
            length, addr = draw.choice(LENGTHS), draw.randrange(11 << 24, 127 << 24)
            mask = -1 << (32 - length) & 0xffffffff
            if (addr & mask, length) not in prefixes:
                prefixes[addr & mask, length] = None
                to.append(addr)
        draw.shuffle(to)
        words = [f"{text(a)}/{n}" for a, n in prefixes]
        self.config, self.batch, self.dsts = (os.path.join(out, n) for n in (
            "routes.click", "routes.ip", "routes.dst"))
        with open(config, encoding="utf-8") as f:
            router = f.read()
        if ANCHOR not in router:
            raise ValueError(f"{config}: no `{ANCHOR}' to put routes before")
        own = "".join(f"{w} {HOST_B} 2, " for w in words)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(router.replace(ANCHOR, own + ANCHOR))
        with open(self.batch, "w", encoding="ascii") as f:
            f.writelines(f"route add {w} via {HOST_B}\n" for w in words)
        with open(self.dsts, "wb") as f:
            f.writelines(struct.pack("!I", a) for a in to)
