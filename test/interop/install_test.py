#!/usr/bin/python3
"""What an installation brings: programs that run, manual pages with every flag, a unit for systemd
that the server tells when it is ready.

BUILD names the build folder."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/e2e"))

from member import Member  # noqa: E402

BUILD = os.environ["BUILD"]
TIMEOUT_SECONDS = 60


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        cls.prefix = cls.folder / "prefix"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True,
                       capture_output=True, timeout=120)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def say(self, program: str, *words: str) -> str:
        return subprocess.run([self.prefix / "bin" / program, *words], capture_output=True,
                              text=True, check=True, timeout=TIMEOUT_SECONDS).stdout

    def page(self, name: str) -> str:
        path = self.prefix / f"share/man/man1/{name}.1"
        if shutil.which("man") is None:
            return path.read_text().replace("\\-", "-")
        done = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, text=True,
                              env=os.environ | {"MANWIDTH": "1000", "LC_ALL": "C.UTF-8"},
                              timeout=TIMEOUT_SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return re.sub(".\b", "", done.stdout)

    def test_the_programs_serve_and_ask(self):
        with Member(self.prefix / "bin/etcd") as member:
            self.say("etcdctl", "--endpoints", member.address, "put", "a", "b")
            self.assertEqual(self.say("etcdctl", "--endpoints", member.address, "get", "a"), "a\nb\n")

    def test_each_flag_is_in_the_manual(self):
        page = self.page("etcd")
        flags = re.findall(r"^  (--[a-z0-9-]+)", self.say("etcd", "--help"), re.MULTILINE)
        self.assertGreater(len(flags), 100)
        self.assertEqual([flag for flag in flags if not re.search(flag + r"(?![a-z-])", page)], [])

    def test_each_command_and_each_of_its_flags_is_in_the_manual(self):
        page = self.page("etcdctl")
        for path in ("get", "put", "del", "txn", "compaction", "alarm list", "alarm disarm",
                     "defrag", "endpoint health", "endpoint status", "endpoint hashkv",
                     "member list", "snapshot save", "version"):
            self.assertIn(f"etcdctl {path}", page)
            for flag in re.findall(r" (--[a-z-]+)", self.say("etcdctl", *path.split(), "--help")):
                self.assertIn(flag, page)
        for flag in re.findall(r" (--[a-z-]+) ", self.say("etcdctl", "options")):
            self.assertIn(flag, page)

    def test_the_load_generator_has_the_name_of_etcds_too(self):
        self.assertEqual(self.say("benchmark", "--help"), self.say("etcd-bench", "--help"))
        page = self.page("etcd-bench")
        for path in ("put", "range", "watch-latency", "compare", "compare put"):
            self.assertIn(f"etcd-bench {path}", page)
            for flag in re.findall(r" (--[a-z-]+)", self.say("etcd-bench", *path.split(), "--help")):
                self.assertIn(flag, page)

    def test_the_unit_starts_the_program_that_was_installed(self):
        unit = (self.prefix / "lib/systemd/system/etcd.service").read_text()
        self.assertIn("\nType=notify\n", unit)
        self.assertIn(f"\nExecStart={self.prefix}/bin/etcd\n", unit)
        self.assertNotIn("@", unit)
        if shutil.which("systemd-analyze"):
            done = subprocess.run(
                ["systemd-analyze", "verify", "--man=no",
                 self.prefix / "lib/systemd/system/etcd.service"],
                capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
            self.assertNotIn("etcd.service", done.stderr)

    def test_systemd_is_told_once_the_member_serves(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(self.folder / "notify"))
            manager.settimeout(TIMEOUT_SECONDS)
            member = Member(self.prefix / "bin/etcd")
            member.prefix = ["env", f"NOTIFY_SOCKET={self.folder / 'notify'}"]
            try:
                member.launch()
                self.assertEqual(manager.recv(100), b"READY=1")
                with urllib.request.urlopen(f"{member.url}/health", timeout=5) as answer:
                    self.assertEqual(answer.status, 200)
            finally:
                member.__exit__(None, None, None)


if __name__ == "__main__":
    unittest.main()
