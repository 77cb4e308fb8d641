#!/usr/bin/python3
"""`check perf` and `check datascale` of etcdctl: what they put, say, and leave behind. How fast the
member is, is not judged here: whatever the verdict, the exit status is its. With E2E_FULL a real
etcdctl 3.7.1 is run, too, which must say the same.

ETCD and ETCDCTL in the environment are our programs.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import real_etcd
from authority import Authority
from member import Member
from protocol import Client

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
# The shortest load takes a minute by itself.
TIMEOUT_SECONDS = 180
PERF = b"/etcdctl-check-perf/"
DATASCALE = b"/etcdctl-check-datascale/"

VERDICT = re.compile(
    r"((?:PASS: Throughput is|FAIL: Throughput too low:) \d+ writes/s\n"
    r"(?:PASS: Slowest request took|Slowest request took too long:) \d+\.\d{6}s\n"
    r"(?:PASS: Stddev is|Stddev too high:) \d+\.\d{6}s\n)"
    r"(PASS|FAIL)\n")
MEMORY = re.compile(r"PASS: Approximate system memory used : -?\d+\.\d\d MB\.\n")
START = ("Start data scale check for work load [10000 key-value pairs, 1024 bytes per key-value, "
         "50 concurrent clients].\n")


def end_of(prefix: bytes) -> bytes:
    return prefix[:-1] + bytes([prefix[-1] + 1])


class EtcdctlCheckTest(unittest.TestCase):
    def setUp(self) -> None:
        self.program = ETCDCTL
        self.member = self.enterContext(Member(ETCD))
        self.client = Client(self.member.address)
        self.addCleanup(self.client.close)

    def start(self, *words: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [self.program, "--endpoints", self.member.address, "check", *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def end(self, process: subprocess.Popen) -> tuple[int, str, str]:
        output, error = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, output, error

    def count(self, prefix: bytes) -> int:
        return self.client.range(key=prefix, range_end=end_of(prefix), count_only=True).count

    def await_keys(self, prefix: bytes):
        """The first of them, and where it was found."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            found = self.client.range(key=prefix, range_end=end_of(prefix), limit=1)
            if found.kvs:
                return found.kvs[0]
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def assert_cleaned(self, text: str) -> str:
        """What stands behind the lines of compaction and defragmentation."""
        compacted = int(re.match(r"Compacting with revision (\d+)\n", text)[1])
        lines = (f"Compacting with revision {compacted}\nCompacted with revision {compacted}\n"
                 f'Defragmenting "{self.member.address}"\nDefragmented "{self.member.address}"\n')
        self.assertTrue(text.startswith(lines), text)
        self.assertEqual(compacted, self.client.range(key=b"x").header.revision)
        return text.removeprefix(lines)

    def test_datascale(self) -> None:
        process = self.start("datascale", "--auto-compact", "--auto-defrag")
        pair = self.await_keys(DATASCALE)
        self.assertEqual((len(pair.key), pair.value), (len(DATASCALE) + 512, bytes(512)))
        status, output, _ = self.end(process)
        self.assertEqual(status, 0, output)
        self.assertTrue(output.startswith(START), output)
        self.assertRegex(self.assert_cleaned(output.removeprefix(START)), MEMORY)
        self.assertEqual(self.count(DATASCALE), 0)
        # Every pair was a revision, and their deletion another one.
        self.assertEqual(self.client.range(key=b"x").header.revision, 10_002)

    def test_datascale_with_another_prefix_leaves_history(self) -> None:
        status, output, _ = self.end(self.start("datascale", "--load=small", "--prefix=mine/"))
        self.assertEqual(status, 0, output)
        self.assertRegex(output.removeprefix(START), MEMORY)
        self.assertEqual(self.client.range(key=b"mine/", range_end=b"mine0", count_only=True,
                                           revision=5_001).count, 5_000)

    def test_a_signal_ends_perf_and_its_keys_are_deleted(self) -> None:
        process = self.start("perf", "--auto-compact", "--auto-defrag")
        pair = self.await_keys(PERF)
        self.assertEqual((len(pair.key), pair.value), (len(PERF) + 256, bytes(1024)))
        process.send_signal(signal.SIGINT)
        status, output, _ = self.end(process)
        verdict = VERDICT.fullmatch(self.assert_cleaned(output))
        self.assertIsNotNone(verdict, output)
        self.assert_consistent(verdict, status)
        self.assertEqual(self.count(PERF), 0)

    def assert_consistent(self, verdict: re.Match, status: int) -> None:
        passed = verdict[1].count("PASS: ") == 3
        self.assertEqual((verdict[2], status), ("PASS", 0) if passed else ("FAIL", 1))

    @unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full: it takes a minute")
    def test_perf(self) -> None:
        status, output, _ = self.end(self.start("perf"))
        verdict = VERDICT.fullmatch(output)
        self.assertIsNotNone(verdict, output)
        self.assert_consistent(verdict, status)
        self.assertEqual(self.count(PERF), 0)
        # As many as were wanted, unless the machine was too slow.
        self.assertLessEqual(self.client.range(key=b"x").header.revision, 150 * 60 + 3)

    def test_what_is_refused(self) -> None:
        for check, prefix, quote in [("perf", PERF.decode(), "'"), ("datascale", DATASCALE.decode(), "")]:
            self.assertEqual(self.end(self.start(check, "--load=tiny")),
                             (4, "", "Error: unknown load option tiny\n"))
            self.client.put(prefix.encode() + b"mine", b"")
            self.assertEqual(
                self.end(self.start(check)),
                (3, "", f'Error: prefix "{prefix}" has keys. Delete with {quote}etcdctl del '
                        f"--prefix {prefix}{quote} first\n"))
            self.assertEqual(self.count(prefix.encode()), 1)


@real_etcd.needed
class RealEtcdctlCheckTest(EtcdctlCheckTest):
    def setUp(self) -> None:
        super().setUp()
        self.program = str(real_etcd.build("etcdctl"))


class MetricsTest(unittest.TestCase):
    """Where the memory is read from."""

    def check(self, *words: str | Path) -> tuple[int, str]:
        done = subprocess.run([ETCDCTL, *words, "check", "datascale"], text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        return done.returncode, done.stdout

    def test_over_tls(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        authority = Authority(folder, "authority")
        certificate, key = authority.issue("member", "localhost")
        member = Member(ETCD, "--cert-file", str(certificate), "--key-file", str(key))
        member.url = member.url.replace("http:", "https:")
        member.is_healthy = lambda: subprocess.run(
            [ETCDCTL, "--endpoints", member.url, "--cacert", authority.certificate, "endpoint",
             "health"], capture_output=True, timeout=TIMEOUT_SECONDS).returncode == 0
        self.enterContext(member)
        status, output = self.check("--endpoints", member.url, "--cacert", authority.certificate)
        self.assertEqual(status, 0, output)
        self.assertRegex(output.removeprefix(START), MEMORY)


if __name__ == "__main__":
    unittest.main()
