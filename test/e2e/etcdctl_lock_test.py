#!/usr/bin/python3
"""`lock` and `elect` of etcdctl: who has it, who waits, what a signal does. With E2E_FULL each of
them also is a real etcdctl 3.7.1, which must say the same, and which ours must exclude.

ETCD and ETCDCTL in the environment are our programs.
"""

import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

import real_etcd
from member import Member, free_ports

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
TIMEOUT_SECONDS = 60
KEY = re.compile(r"(lock|vote)/([0-9a-f]{16})\n")


class EtcdctlLockTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = self.enterContext(Member(ETCD))
        # Who takes, and who waits for it.
        self.first = self.second = ETCDCTL

    def start(self, program: str, *words: str, **variables: str) -> subprocess.Popen:
        process = subprocess.Popen([program, "--endpoints", self.member.address, *words], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=os.environ | variables)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def run_all(self, program: str, *words: str, **variables: str) -> tuple[int, str, str]:
        return self.end_of(self.start(program, *words, **variables))

    def end_of(self, process: subprocess.Popen, number: int | None = None) -> tuple[int, str, str]:
        if number is not None:
            process.send_signal(number)
        output, error = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, output, error

    def keys(self) -> list[str]:
        return self.run_all(ETCDCTL, "get", "", "--prefix", "--keys-only", "--sort-by=CREATE")[1].split()

    def await_keys(self, count: int) -> None:
        end = time.monotonic() + TIMEOUT_SECONDS
        while len(self.keys()) != count:
            self.assertLess(time.monotonic(), end, f"{count} keys")

    def hold(self, *words: str) -> tuple[subprocess.Popen, str]:
        """One that has it, and its lease."""
        process = self.start(self.first, *words)
        found = KEY.fullmatch(process.stdout.readline())
        self.assertIsNotNone(found)
        # The value.
        process.stdout.readline()
        return process, found[2]

    def test_what_is_wrong_with_the_arguments(self) -> None:
        for words, complaint in [
                (["lock"], "lock takes a lock name argument and an optional command to execute"),
                (["elect"], "elect takes one election name argument and an optional proposal argument"),
                (["elect", "vote"], "no proposal argument but -l not set"),
                (["elect", "vote", "one", "-l"], "proposal given but -l is set")]:
            self.assertEqual(self.run_all(self.first, *words), (128, "", f"Error: {complaint}\n"))

    def test_a_command_runs_while_the_lock_is_held(self) -> None:
        show = "echo $ETCD_LOCK_KEY $ETCD_LOCK_REV; cat"
        status, output, error = self.run_all(self.first, "lock", "lock", "--", "sh", "-c", show)
        self.assertEqual((status, error), (0, ""))
        self.assertRegex(output, r"^lock/[0-9a-f]{16} \d+\n$")
        self.assertEqual(self.run_all(self.first, "lock", "lock", "--ttl=0", "--", "sh", "-c", show,
                                      ETCD_LOCK_KEY="mine")[1].split()[0], "mine")
        self.assertEqual(self.keys(), [])

    def test_how_the_command_ends_is_how_lock_ends(self) -> None:
        for words, status, complaint in [
                (["sh", "-c", "exit 42"], 42, "exit status 42"),
                (["sh", "-c", "kill -9 $$"], 255, "signal: killed"),
                (["no-such-program"], 1, 'exec: "no-such-program": executable file not found in $PATH')]:
            self.assertEqual(self.run_all(self.first, "lock", "lock", "--", *words),
                             (status, "", f"Error: {complaint}\n"))
            self.assertEqual(self.keys(), [])

    def test_one_waits_for_the_other_and_a_signal_lets_go(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            holder, _ = self.hold("lock", "lock")
            waits = self.start(self.second, "lock", "lock", "echo", "mine")
            self.await_keys(2)
            self.assertIsNone(waits.poll())
            self.assertEqual(self.end_of(holder, number), (0, "", ""))
            self.assertEqual(self.end_of(waits), (0, "mine\n", ""))
            self.assertEqual(self.keys(), [])

    def test_a_signal_ends_who_reaches_nobody(self) -> None:
        nobody = f"127.0.0.1:{free_ports(1)[0]}"
        for words in (["lock", "lock"], ["elect", "vote", "one"], ["elect", "vote", "-l"]):
            for number in (signal.SIGINT, signal.SIGTERM):
                process = subprocess.Popen([self.first, "--endpoints", nobody, *words], text=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.addCleanup(process.kill)
                time.sleep(0.5)
                self.assertIsNone(process.poll(), words)  # it tries for as long as it takes
                self.assertNotEqual(self.end_of(process, number)[0], 0, words)

    def test_a_signal_ends_the_wait(self) -> None:
        holder, _ = self.hold("lock", "lock")
        waits = self.start(self.second, "lock", "lock", "echo", "mine")
        self.await_keys(2)
        self.assertEqual(self.end_of(waits, signal.SIGINT), (1, "", "Error: context canceled\n"))
        self.await_keys(1)
        self.assertEqual(self.end_of(holder, signal.SIGTERM), (0, "", ""))

    def test_a_lost_lease_ends_it(self) -> None:
        holder, lease = self.hold("lock", "lock", "--ttl=3")
        self.run_all(ETCDCTL, "lease", "revoke", lease)
        self.assertEqual(self.end_of(holder), (1, "", "Error: session expired\n"))

    def test_one_is_elected_after_the_other_and_who_listens_is_told(self) -> None:
        leader, lease = self.hold("elect", "vote", "one")
        listens = self.start(self.second, "elect", "vote", "--listen")
        self.assertEqual([listens.stdout.readline(), listens.stdout.readline()],
                         [f"vote/{lease}\n", "one\n"])
        campaigns = self.start(self.second, "elect", "vote", "two")
        self.await_keys(2)
        self.assertEqual(self.end_of(leader, signal.SIGINT), (0, "", ""))
        key = listens.stdout.readline()
        self.assertEqual(listens.stdout.readline(), "two\n")
        self.assertEqual([campaigns.stdout.readline(), campaigns.stdout.readline()], [key, "two\n"])
        self.assertEqual(self.end_of(campaigns, signal.SIGTERM), (0, "", ""))
        self.assertEqual(self.end_of(listens, signal.SIGTERM), (0, "", ""))


@real_etcd.needed
class RealWaitsForOursTest(EtcdctlLockTest):
    def setUp(self) -> None:
        super().setUp()
        self.second = str(real_etcd.build("etcdctl"))


@real_etcd.needed
class OursWaitsForRealTest(EtcdctlLockTest):
    def setUp(self) -> None:
        super().setUp()
        self.first = str(real_etcd.build("etcdctl"))


if __name__ == "__main__":
    unittest.main()
