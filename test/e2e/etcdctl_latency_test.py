#!/usr/bin/python3
"""`etcdctl latency`: what it measures and prints, what it leaves behind, and what ends it.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

from etcdctl_top_test import LEAVE, Terminal
from member import Member

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
TIMEOUT_SECONDS = 30
KINDS = ["serializable read", "linearizable read", "put"]


class LatencyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.member = Member(ETCD).__enter__()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.member.__exit__(None, None, None)

    def run_ctl(self, *words: str, endpoints: str | None = None) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, "--endpoints", endpoints or self.member.address, *words],
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)

    def latency(self, *words: str) -> str:
        done = self.run_ctl("latency", "--rate=0", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def keys(self) -> str:
        return self.run_ctl("get", "--prefix", "", "--keys-only").stdout

    def revision(self) -> int:
        return json.loads(self.run_ctl("get", "x", "-w", "json").stdout)["header"]["revision"]

    def test_each_kind_of_call_is_measured_and_nothing_stays(self) -> None:
        before = self.keys()
        told = json.loads(self.latency("--requests=50", "--clients=4", "-w", "json"))
        self.assertEqual([entry["call"] for entry in told], KINDS)
        for entry in told:
            self.assertEqual((entry["endpoint"], entry["done"], entry["failed"]),
                             (self.member.address, 50, 0))
            times = [entry[f"{name}_seconds"] for name in ("min", "p50", "p90", "p99", "max")]
            self.assertEqual(times, sorted(times))
            self.assertGreater(times[0], 0)
        self.assertEqual(self.keys(), before)

    def test_it_is_a_list_or_a_table(self) -> None:
        lines = self.latency("--requests=5").splitlines()
        self.assertEqual([line.split(", ")[:4] for line in lines],
                         [[self.member.address, kind, "5", "0"] for kind in KINDS])
        table = self.latency("--requests=5", "-w", "table").splitlines()
        self.assertRegex(table[1], "^│ +ENDPOINT +│ +CALL +│ DONE │")
        self.assertEqual({len(line) for line in table}, {len(table[0])})

    def test_only_reads_write_nothing(self) -> None:
        before = self.revision()
        told = json.loads(self.latency("--requests=5", "--read-only", "-w", "json"))
        self.assertEqual([entry["call"] for entry in told], KINDS[:2])
        self.assertEqual(self.revision(), before)

    def test_the_key_may_be_kept(self) -> None:
        self.latency("--requests=5", "--keep-key", "--prefix=mine/")
        self.assertRegex(self.keys(), r"(?m)^mine/[0-9a-f]+$")

    def test_who_does_not_answer_is_named_beside_those_who_do(self) -> None:
        done = self.run_ctl("latency", "--rate=0", "--requests=5", "--command-timeout=500ms",
                            endpoints=f"127.0.0.1:1,{self.member.address}")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertIn("127.0.0.1:1: ", done.stderr)

    def test_a_terminal_shows_histograms_meanwhile(self) -> None:
        terminal = Terminal(ETCDCTL, "--endpoints", self.member.address, "latency",
                            "--requests=2000")
        self.addCleanup(terminal.close)
        terminal.until(b"serializable read\x1b[K")
        terminal.until(b"#")
        terminal.process.send_signal(signal.SIGINT)
        rest = terminal.rest()
        self.assertIn(LEAVE, rest)
        # What was measured until then stays.
        self.assertEqual(len(rest.partition(LEAVE)[2].decode().splitlines()), 3)
        self.assertEqual(terminal.process.wait(TIMEOUT_SECONDS), 5)
        self.assertNotIn("/etcdctl-latency/", self.keys())

    def test_what_cannot_be_is_refused(self) -> None:
        for words, status in ((("x",), 128), (("--requests=0",), 128), (("--rate=-1",), 128),
                              (("-w", "fields"), 4)):
            self.assertEqual(self.run_ctl("latency", *words).returncode, status, words)


if __name__ == "__main__":
    unittest.main()
