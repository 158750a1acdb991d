# SPDX-License-Identifier: BSD-2-Clause
"""The load program as an object."""

import json
import subprocess

from net import HOST_A, HOST_B, LOAD_CPU, MAC
from sides import WITH_US, Failed, put_first


class Load:
    def __init__(self, build, net, seconds, *options, hosts=(HOST_A, HOST_B)):
        args = [*WITH_US, f"{build}/bench/net/load", "--from", f"{net.a}:a0", "--to", f"{net.b}:b0",
                "--mac", MAC["r0"], "--src", hosts[0], "--dst", hosts[1], "--cpu", str(LOAD_CPU),
                "--seconds", str(seconds), *(str(o) for o in options)]
        self.timeout = seconds * 10 + 20
        self.p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                  start_new_session=True)
        put_first(self.p.pid)
        if "begin" not in self.p.stdout.readline():
            self.end()
            raise Failed("the load did not start")

    def result(self):
        try:
            out, _ = self.p.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired as e:
            raise Failed("the load did not end") from e
        finally:
            self.end()
        if self.p.returncode:
            raise Failed("the load failed")
        return json.loads(out)

    def end(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
