#!/usr/bin/python3
"""The packages for Debian in a bare Debian 12: they take the place of Debian's own with their data,
the unit is one that systemd understands, and neither an upgrade nor a removal takes data away.

Only with E2E_FULL, as root, with debootstrap. Builds the release if it is not built; PRESET in the
environment is another build.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Iterator

from member import free_ports

ROOT = Path(__file__).resolve().parents[2]
PRESET = os.environ.get("PRESET", "release")
BUILD = ROOT / "build" / PRESET
MIRROR = "http://deb.debian.org/debian"
SECONDS = 1800
READY_SECONDS = 20
DATA = "var/lib/etcd/default"


def run(*command: str | Path, **kwargs) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, **kwargs)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
@unittest.skipUnless(shutil.which("debootstrap"), "there is no debootstrap")
@unittest.skipUnless(os.geteuid() == 0, "only root may make a bare system")
class DebianPackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        run(ROOT / "scripts/build", PRESET, "man_pages", "etcd-client")  # all that is packed
        shutil.rmtree(BUILD / "packages", ignore_errors=True)
        run("cpack", "-G", "DEB", cwd=BUILD)
        cls.packages = sorted((BUILD / "packages").glob("*.deb"))
        cls.system = Path(tempfile.mkdtemp(prefix="debian-"))
        cls.addClassCleanup(shutil.rmtree, cls.system)
        run("debootstrap", "--variant=minbase", "bookworm", cls.system, MIRROR)
        run("mount", "-t", "proc", "proc", cls.system / "proc")
        cls.addClassCleanup(run, "umount", cls.system / "proc")
        # What is installed is not to start anything here.
        policy = cls.system / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        cls.inside("apt-get", "install", "-y", "--no-install-recommends", "systemd")

    @classmethod
    def inside(cls, *command: str) -> str:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                       "ETCDCTL_API": "3"}
        proxies = {name: value for name, value in os.environ.items() if "proxy" in name.lower()}
        return run("chroot", cls.system, *command, env=environment | proxies)

    def install(self, *packages: Path) -> None:
        names = []
        for package in packages:
            shutil.copy(package, self.system / "tmp")
            names.append(f"/tmp/{package.name}")
        self.inside("apt-get", "install", "-y", "--no-install-recommends", *names)

    def package(self, name: str) -> Path:
        return next(path for path in self.packages if path.name.startswith(f"{name}_"))

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """What the unit starts, and its endpoint."""
        client, peer = free_ports(2)
        url = f"http://127.0.0.1:{client}"
        process = subprocess.Popen(
            ["chroot", self.system, "/usr/bin/etcd", "--data-dir", f"/{DATA}",
             "--listen-client-urls", url, "--advertise-client-urls", url,
             "--listen-peer-urls", f"http://127.0.0.1:{peer}"], stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + READY_SECONDS
            while True:
                with contextlib.suppress(AssertionError):
                    self.inside("etcdctl", "--endpoints", url, "endpoint", "health")
                    break
                self.assertLess(time.monotonic(), end)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=READY_SECONDS)

    def value(self, url: str) -> str:
        return self.inside("etcdctl", "--endpoints", url, "get", "key", "--print-value-only").strip()

    def next_revision_of(self, package: Path) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self.system))
        run("dpkg-deb", "-R", package, folder)
        control = folder / "DEBIAN/control"
        control.write_text(re.sub(r"^(Version: .*)-1$", r"\1-2", control.read_text(), flags=re.M))
        newer = self.system / "newer.deb"
        run("dpkg-deb", "-b", folder, newer)
        return newer

    def test_they_take_over_are_upgraded_and_removed_without_a_loss(self) -> None:
        self.inside("apt-get", "install", "-y", "--no-install-recommends", "etcd-server", "etcd-client")
        (self.system / DATA).mkdir(parents=True, exist_ok=True)
        with self.serving() as url:
            self.inside("etcdctl", "--endpoints", url, "put", "key", "of Debian's")
        server, client = self.package("cornerstore-server"), self.package("cornerstore-client")
        self.install(server, client)
        self.assertIn("Cornerstore", (self.system / "usr/share/man/man1/etcd.1").read_text())
        # Without the pages that the unit names: a bare system has nothing to show them with.
        self.inside("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/etcd.service")
        with self.serving() as url:
            self.assertEqual(self.value(url), "of Debian's")
            self.inside("etcdctl", "--endpoints", url, "put", "key", "of ours")
        self.install(self.next_revision_of(server))
        self.assertIn("-2", self.inside("dpkg-query", "-W", "-f", "${Version}", "cornerstore-server"))
        with self.serving() as url:
            self.assertEqual(self.value(url), "of ours")
        self.inside("apt-get", "purge", "-y", "cornerstore-server")
        self.assertFalse((self.system / "usr/bin/etcd").exists())
        self.assertTrue((self.system / DATA / "member/snap/db.mdb").exists())

    def test_a_program_is_built_with_the_library(self) -> None:
        self.install(self.package("libetcd-client-dev"))
        self.inside("apt-get", "install", "-y", "--no-install-recommends", "g++", "pkg-config")
        shutil.copy(ROOT / "examples/client/basics.cc", self.system / "tmp")
        self.inside("sh", "-c", "g++ -std=c++20 /tmp/basics.cc -o /tmp/basics"
                    " $(pkg-config --cflags --libs etcd-client)")
        self.assertTrue((self.system / "tmp/basics").exists())


if __name__ == "__main__":
    unittest.main()
