# SPDX-License-Identifier: BSD-2-Clause
"""What the emulated machine is made of: QEMU with its libraries, a kernel, an initramfs.

All is fetched with apt and cached. The cache holds a directory per image, named after what is in
it, and a link `current` to the newest. An image grows in a staging directory and is renamed when
it is whole, so an interrupted setup leaves nothing that could be taken for an image.
"""
import contextlib
import fcntl
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir-vm"
INIT = Path(__file__).with_name("init")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
INDEX_AGE = 24 * 3600  # seconds for which a look into the index is good

# Suites that apt sees at once, and what lifts a backport over the suite it belongs to. The kernel's
# two suites have the same priority, so that the higher version wins.
SOURCES = {
    "qemu": (
        ("bookworm", "bookworm-backports"),
        "Package: qemu-* seabios\nPin: release n=bookworm-backports\nPin-Priority: 600\n",
    ),
    "kernel": (
        ("trixie", "trixie-backports"),
        "Package: *\nPin: release n=trixie-backports\nPin-Priority: 500\n",
    ),
}
QEMU_PACKAGES = ["qemu-system-x86", "seabios", "busybox-static", "zstd", "xdp-tools"]
QEMU_UNUSED = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/lib/ipxe",
    "usr/bin/qemu-system-i386",
    "usr/bin/qemu-system-x86_64-microvm",
]
# what the boot and tests of a router can want, without radio, CAN and the NICs that QEMU lacks
MODULES = re.compile(
    r"""/kernel/
    (?: net | crypto | lib | arch/x86/crypto | fs/(?:9p|netfs|overlayfs)
      | drivers/(?:net|virtio|ptp|pps|dca|i2c/algos) ) /
    (?! (?:.*/)? (?: wireless | mac80211 | bluetooth | can | usb | phy
                   | ethernet/(?!intel/(?:e1000e?|igb)/) ) / )""",
    re.X,
)
BOOT_MODULES = ["virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay"]


class Failed(Exception):
    """The image cannot be had; the message says why."""


def say(text):
    print(f"vm: {text}", file=sys.stderr)


def run(command, **how):
    done = subprocess.run(command, capture_output=True, **how)
    if done.returncode:
        raise Failed(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


class Apt:
    """apt with sources, lists and status of its own; the machine's settings are only read."""

    def __init__(self, name, mirror):
        self.dir = CACHE / "apt" / name
        for sub in ("lists/partial", "archives/partial", "none"):
            (self.dir / sub).mkdir(parents=True, exist_ok=True)
        suites, pins = SOURCES[name]
        signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        self.write("sources", "".join(f"deb {signed}{mirror} {suite} main\n" for suite in suites))
        self.write("preferences", pins)
        self.write("status", "")  # nothing is installed: dependencies go down to the C library
        settings = {
            "Dir::Etc::sourcelist": self.dir / "sources",
            "Dir::Etc::sourceparts": self.dir / "none",
            "Dir::Etc::preferences": self.dir / "preferences",
            "Dir::Etc::preferencesparts": self.dir / "none",
            "Dir::State": self.dir,
            "Dir::State::lists": self.dir / "lists",
            "Dir::State::status": self.dir / "status",
            "Dir::Cache": self.dir,
            "Dir::Cache::archives": self.dir / "archives",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
            "APT::Install-Recommends": "false",
            "APT::Status-Fd": 1,
            "Acquire::Retries": 2,
            "Acquire::http::Timeout": 20,
            "Acquire::Languages": "none",
        }
        hooks = (
            "APT::Update::Pre-Invoke",
            "APT::Update::Post-Invoke",
            "APT::Update::Post-Invoke-Success",
        )
        self.write(
            "conf",
            "".join(f'{key} "{value}";\n' for key, value in settings.items())
            + "".join(f"#clear {hook};\n" for hook in hooks),
        )  # they mean the machine's own cache

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def cache(self, *words):
        return run(["apt-cache", "-c", self.dir / "conf", *words]).decode()

    def get(self, task, *words):
        """Run apt-get in the directory of packages; on a terminal one line shows how far it is."""
        shown = sys.stderr.isatty()
        with tempfile.TemporaryFile("w+") as errors:
            apt = subprocess.Popen(
                ["apt-get", "-q", "-y", "-c", self.dir / "conf", *words],
                cwd=self.dir / "archives",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            for line in apt.stdout:
                if shown and line.startswith("dlstatus:"):
                    percent = float(line.split(":")[2])
                    print(f"\rvm: {task}: {percent:3.0f} %", end="", file=sys.stderr, flush=True)
            if shown:
                print("\r\033[K", end="", file=sys.stderr)
            if apt.wait():
                errors.seek(0)
                raise Failed(f"{task}: {errors.read().strip()}")

    def packages(self):
        return sorted((self.dir / "archives").glob("*.deb"))


def mirror_of_this_machine():
    targets = run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(COMPONENT) $(RELEASE)",
            "Created-By: Packages",
        ]
    ).decode()
    for uri, component, release in (line.split() for line in targets.splitlines()):
        if (
            component == "main"
            and "security" not in release
            and not uri.startswith(("cdrom:", "copy:"))
        ):
            return uri
    raise Failed("no Debian mirror with the component main among apt's sources")


def newest_kernel(apt):
    """The version of the newest kernel in the index, and the packages that make it up."""
    about = apt.cache("show", "--no-all-versions", "linux-image-amd64")
    needs = apt.cache("depends", "--recurse", "--important", "linux-image-amd64")
    packages = set(re.findall(r"^(linux-(?:image|binary|modules)-\d\S*)$", needs, re.M))
    if not packages:
        raise Failed("no kernel in the index")
    return re.search(r"^Version: (\S+)$", about, re.M)[1], sorted(packages)


def version_of(apt, package):
    return re.search(r"^Version: (\S+)$", apt.cache("show", "--no-all-versions", package), re.M)[1]


class Image:
    """One unpacked image."""

    def __init__(self, path):
        self.path = path
        self.kernel, self.initrd, self.modules = (
            path / "vmlinux",
            path / "initrd",
            path / "lib/modules",
        )
        self.share = path / "qemu/usr/share"

    def program(self, name):
        """How to call a program of the image: with the image's own loader and libraries."""
        root = self.path / "qemu"
        libraries = ":".join(str(root / place / "x86_64-linux-gnu") for place in ("lib", "usr/lib"))
        return [
            root / "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
            "--library-path",
            libraries,
            root / "usr/bin" / name,
        ]

    @property
    def busybox(self):
        return self.path / "qemu/bin/busybox"

    def unpack_qemu(self, packages):
        for package in packages:
            run(["dpkg-deb", "-x", package, self.path / "qemu"])
        for name in QEMU_UNUSED:
            gone = self.path / "qemu" / name
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink(missing_ok=True)

    def unpack_kernel(self, packages):
        """Modules lie unpacked, as xz is slow in the guest; so does the kernel, if possible."""
        packed = None
        for package in packages:
            with subprocess.Popen(
                ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE
            ) as deb, tarfile.open(fileobj=deb.stdout, mode="r|") as files:
                for file in files:
                    if file.isfile() and re.search("/vmlinuz[^/]*$", file.name):
                        packed = files.extractfile(file).read()
                    elif file.isfile() and MODULES.search(file.name):
                        self.add_module(file.name, files.extractfile(file).read())
        if packed is None:
            raise Failed("no vmlinuz in " + ", ".join(package.name for package in packages))
        self.kernel.write_bytes(self.elf_in(packed) or packed)
        run([self.busybox, "depmod", "-b", self.path, self.release])

    def add_module(self, name, data):
        path = self.path / name[name.index("lib/modules/") :]
        if path.suffix == ".xz":
            path, data = path.with_suffix(""), lzma.decompress(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    @property
    def release(self):
        return next(self.modules.iterdir()).name

    def elf_in(self, vmlinuz):
        """The ELF image in a vmlinuz packed with zstd: QEMU enters it without unpacking."""
        at = -1
        while (at := vmlinuz.find(b"\x28\xb5\x2f\xfd", at + 1)) >= 0:
            # zstd complains of what follows the frame, after it has written the frame
            elf = subprocess.run(
                [*self.program("zstd"), "-dcq"], input=vmlinuz[at:], capture_output=True
            ).stdout
            if elf.startswith(b"\x7fELF"):
                return elf
        return None

    def pack_initrd(self):
        """busybox (also the kernel's modprobe), our init, and the modules of the 9p root."""
        with tempfile.TemporaryDirectory(dir=self.path) as name:
            root, modules = Path(name), self.modules / self.release
            for place in (
                "bin",
                "sbin",
                "dev",
                "proc",
                "sys",
                "lower",
                "upper",
                "root",
                f"lib/modules/{self.release}",
            ):
                (root / place).mkdir(parents=True)
            shutil.copy(self.busybox, root / "bin")
            (root / "sbin/modprobe").symlink_to("/bin/busybox")
            shutil.copy(INIT, root / "init")
            (root / "init").chmod(0o755)
            needs = dict(
                line.split(":") for line in (modules / "modules.dep").read_text().splitlines()
            )
            for module in needs:
                if Path(module).stem.replace("-", "_") in BOOT_MODULES:
                    for path in (module, *needs[module].split()):
                        (root / "lib/modules" / self.release / path).parent.mkdir(
                            parents=True, exist_ok=True
                        )
                        shutil.copy(modules / path, root / "lib/modules" / self.release / path)
            shutil.copy(modules / "modules.dep", root / "lib/modules" / self.release)
            names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
            self.initrd.write_bytes(
                run([self.busybox, "cpio", "-o", "-H", "newc"], cwd=root, input=names.encode())
            )


@contextlib.contextmanager
def locked(path):
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is at work; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def recipe():
    """Changes with the files that decide what an image is."""
    return hashlib.sha256(Path(__file__).read_bytes() + INIT.read_bytes()).hexdigest()[:8]


def build(name, kernel, kernel_packages, qemu):
    staging = CACHE / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    image = Image(staging)
    qemu.get("fetching QEMU", "--download-only", "install", *QEMU_PACKAGES)
    kernel.get("fetching the kernel", "download", *kernel_packages)
    say("unpacking")
    image.unpack_qemu(qemu.packages())
    image.unpack_kernel(kernel.packages())
    image.pack_initrd()
    staging.rename(CACHE / name)
    link = CACHE / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.rename(CACHE / "current")


def drop_old():
    """Remove the images that are neither current nor in use, and packages that were fetched."""
    current = (CACHE / "current").resolve().name
    for path in CACHE.glob("kernel-*"):
        directory = os.open(path, os.O_RDONLY)
        with contextlib.suppress(BlockingIOError):
            if path.name != current:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
        os.close(directory)
    for package in CACHE.glob("apt/*/archives/*.deb"):
        package.unlink()


def setup():
    """Have an image of the newest kernel; the index is asked once a day."""
    CACHE.mkdir(parents=True, exist_ok=True)
    current, looked = CACHE / "current", CACHE / "looked"
    with locked(CACHE / "lock"):
        fits = current.exists() and current.resolve().name.endswith(recipe())
        if fits and looked.exists() and 0 <= time.time() - looked.stat().st_mtime < INDEX_AGE:
            return
        try:
            mirror = mirror_of_this_machine()
            qemu, kernel = Apt("qemu", mirror), Apt("kernel", mirror)
            qemu.get("reading the index for QEMU", "update")
            kernel.get("reading the index for the kernel", "update")
            version, packages = newest_kernel(kernel)
            name = (
                f"kernel-{version}-qemu-{version_of(qemu, 'qemu-system-x86')}-{recipe()}".replace(
                    ":", "_"
                )
            )
            if not (CACHE / name).exists():
                say(f"setting up {name} in {CACHE}")
                build(name, kernel, packages, qemu)
            drop_old()
            looked.touch()
        except Failed as why:
            if not fits:
                raise
            say(f"no look for a newer kernel, {current.resolve().name} goes on serving: {why}")


@contextlib.contextmanager
def in_use():
    """The current image, which no setup removes until the caller is done."""
    while True:
        try:
            path = (CACHE / "current").resolve(strict=True)
            directory = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise Failed("'vm setup' comes first") from None
        fcntl.flock(directory, fcntl.LOCK_SH)
        if path.exists():
            break
        os.close(directory)  # replaced between the two looks
    try:
        yield Image(path)
    finally:
        os.close(directory)
