#!/usr/bin/python3
"""The testing cluster: two rounds pass; what is wrong with a member fails a round, which names the
command that does it again; whoever ends it leaves nothing behind.

ETCD, ETCDCTL and LOCK (examples/client/lock.cc) in the environment are the programs.
"""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path
from unittest import mock

import grpc

import e2e_path  # noqa: F401
import tester
import tester_failures
from board import Board, Round
from demands import Demands, RoundFailed
from member import scratch_folder
from network import PYTHON
from tested_cluster import LOCK
from tester import Tester, parse

SECONDS = 90
TESTER = Path(__file__).parent / "tester.py"
DEAF = "the leader hears nothing"


def running(folder: str) -> list[str]:
    """Processes whose command line names the folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if folder in (process / "cmdline").read_text():
                found.append(process.name)
        except OSError:
            continue  # it is no process, or has ended
    return found


@unittest.skipUnless(LOCK.exists(), f"there is no {LOCK.name}")
class TestingClusterTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = scratch_folder()
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, *words: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [PYTHON, TESTER, "--seconds", "1", "--seed", "5", "--data-dir", self.folder + "/data",
             "--report", self.folder + "/report", *words], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen) -> None:
        """As ^C does, so that it ends its members."""
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            print(process.communicate(timeout=SECONDS)[0])
        process.stdout.close()

    def test_two_rounds(self) -> None:
        process = self.start("--rounds", "2", "--failure", "kill the leader", "--failure", DEAF)
        url = re.fullmatch(r"seed 5, dashboard at (\S+)\n", process.stdout.readline())[1]
        with urllib.request.urlopen(url + "data", timeout=SECONDS) as answer:
            self.assertEqual(json.load(answer)["members"], 3)
        said, _ = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 0, said)
        self.assertTrue(said.endswith("\n2 rounds passed, 0 failed\n"), said)
        report = Path(self.folder, "report").read_text()
        rounds = [json.loads(line) for line in report.splitlines()]
        self.assertEqual([each["seed"] for each in rounds], [5, 6])
        for each in rounds:
            self.assertIn(each["failure"], ("kill the leader", DEAF))
            self.assertTrue(each["passed"])
            self.assertGreater(each["revision"], 1)
            self.assertEqual(len(each["hashes"]), 3)
            self.assertEqual(len(set(each["hashes"].values())), 1)
        self.assertEqual(running(self.folder), [])
        self.assertEqual(os.listdir(self.folder + "/data"), [])

    def test_an_interrupt_ends_all_of_it(self) -> None:
        process = self.start("--rounds", "0", "--failure", "pause all", "--seconds", "60")
        end = time.monotonic() + SECONDS
        while not any("T" == Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[0]
                      for one in running(self.folder + "/data")):
            self.assertLess(time.monotonic(), end, "no member is paused")
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("interrupted", said)
        self.assertEqual(running(self.folder), [])


class Failing(grpc.RpcError):
    def details(self) -> str:
        return "etcdserver: no leader"


class DemandsTest(unittest.TestCase):
    """Each demand fails if it is not met, within its time."""

    def setUp(self) -> None:
        self.tested = mock.MagicMock()
        self.members = [mock.Mock(), mock.Mock()]
        for number, member in enumerate(self.members):
            member.configure_mock(name=f"m{number}")
            member.process.poll.return_value = None
        cluster = self.tested.cluster
        cluster.__iter__.side_effect = lambda: iter(self.members)
        cluster.__getitem__.side_effect = lambda number: self.members[number]
        cluster.members = self.members
        self.clients = {member: mock.Mock() for member in self.members}
        cluster.client.side_effect = self.clients.get
        self.tested.random.choice.side_effect = lambda members: members[0]
        self.demands = Demands(self.tested, bound=0.2)

    def fails(self, expected: str, demand, *arguments) -> None:
        with self.assertRaises(RoundFailed) as failed:
            demand(*arguments)
        self.assertIn(expected, str(failed.exception))

    def set_hash(self, number: int, value: int) -> None:
        self.clients[self.members[number]].hash_kv.return_value = mock.Mock(
            hash=value, hash_revision=5, compact_revision=1)

    def test_a_member_that_writes_nothing(self) -> None:
        for client in self.clients.values():
            client.call.return_value.header.revision = 5
        self.clients[self.members[1]].put.side_effect = Failing
        self.fails("m1 writes nothing: etcdserver: no leader", self.demands.progress)

    def test_a_revision_that_does_not_rise(self) -> None:
        for client in self.clients.values():
            client.call.return_value.header.revision = 5
        self.fails("m0 stands at revision 5", self.demands.progress)

    def test_a_member_that_has_ended(self) -> None:
        process = self.members[1].process
        process.poll.return_value = process.returncode = -6
        for client in self.clients.values():
            client.call.side_effect = Failing
        self.fails("m1 ended with -6", self.demands.progress)

    def test_a_lock_that_nobody_gets(self) -> None:
        self.tested.lockers.order.counted = 3
        self.fails("nobody gets the lock", self.demands.locks)

    def test_an_alarm_that_stays(self) -> None:
        for client in self.clients.values():
            client.call.return_value.alarms = ["NOSPACE"]
        self.fails("m0 has an alarm: NOSPACE", self.demands.no_alarm)

    def test_unequal_members(self) -> None:
        told = Round(1, 1, "nothing")
        self.clients[self.members[0]].range.return_value.header.revision = 5
        self.set_hash(0, 1)
        self.set_hash(1, 1)
        self.demands.equal(told)
        self.set_hash(1, 2)
        self.fails("members differ", self.demands.equal, told)
        self.assertEqual(told.hashes, {"m0": "00000001", "m1": "00000002"})

    def sound(self, counters=(), locks=(), leases=(), abandoned=()) -> None:
        self.tested.stresser.wrong.return_value = list(counters)
        self.tested.lockers.wrong.return_value = list(locks)
        self.tested.leases.wrong.return_value = list(leases)
        self.tested.leases.abandoned.return_value = set(abandoned)
        self.demands.sound(0)

    def test_what_is_wrong_with_clients(self) -> None:
        self.sound()
        self.fails("a write is lost", self.sound, ["a write is lost"])
        self.fails("two held", self.sound, [], ["two held"])
        self.fails("ran out", self.sound, [], [], ["ran out"], ["a lease"])


class RoundTest(unittest.TestCase):
    """Around a cluster that is none."""

    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="tester-"))
        self.kept = Path(folder)
        self.enterContext(mock.patch.object(tester, "KEPT", self.kept))
        self.cluster = self.enterContext(mock.patch.object(tester, "TestedCluster"))
        tested = self.cluster.return_value.__enter__.return_value
        tested.cluster.__iter__.side_effect = lambda: iter([])
        self.cluster.return_value.__exit__.return_value = False
        self.demands = self.enterContext(mock.patch.object(tester, "Demands")).return_value
        self.failure = mock.Mock()
        self.enterContext(mock.patch.object(
            tester_failures, "draw", lambda *_: tester_failures.Failure("it", self.failure)))
        self.enterContext(mock.patch.object(tester, "DEFRAGMENT_EVERY", 1))

    def run_rounds(self, count: int) -> tuple[Board, str]:
        board = Board(5, 3)
        with mock.patch("sys.stdout", io.StringIO()) as said, mock.patch("sys.stderr"):
            Tester(parse(["--rounds", str(count), "--seed", "5"]), board).run()
        return board, said.getvalue()

    def test_rounds_that_pass_share_a_cluster(self) -> None:
        board, said = self.run_rounds(3)
        self.assertEqual((board.passed, board.failed), (3, 0))
        self.cluster.assert_called_once()
        self.assertNotIn("again", said)

    def test_each_demand_counts(self) -> None:
        for name in ("progress", "locks", "no_alarm", "equal", "sound", "compact", "defragment"):
            with mock.patch.object(self.demands, name, side_effect=RoundFailed([f"no {name}"])):
                board, said = self.run_rounds(1)
            self.assertEqual((board.passed, board.failed), (0, 1), name)
            self.assertIn(f"  no {name}\n", said)

    def test_one_that_fails_is_told_and_a_new_cluster_follows(self) -> None:
        self.failure.side_effect = [None, AssertionError("bad"), None]
        board, said = self.run_rounds(3)
        self.assertEqual((board.passed, board.failed), (2, 1))
        self.assertEqual([call.args[1] for call in self.cluster.call_args_list], [5, 7])
        self.assertIn("AssertionError: bad\n"
                      "again: scripts/testing-cluster --rounds 1 --seed 6 --members 3", said)
        self.assertEqual(os.listdir(self.kept), ["6"])

    def test_what_is_kept_of_those_that_fail_is_bounded(self) -> None:
        self.failure.side_effect = AssertionError("bad")
        self.run_rounds(tester.KEPT_MAX + 3)
        self.assertEqual(len(os.listdir(self.kept)), tester.KEPT_MAX)

    def test_a_round_has_an_end(self) -> None:
        self.failure.side_effect = lambda *_: time.sleep(SECONDS)
        with mock.patch.object(tester, "ROUND_SECONDS_MORE", -184.8):  # 0.2 s altogether
            board, said = self.run_rounds(1)
        self.assertEqual(board.failed, 1)
        self.assertIn("TimeoutError: the round was not done", said)


class DrawTest(unittest.TestCase):
    def test_what_is_not_possible_is_not_drawn(self) -> None:
        scene = mock.MagicMock(disks=[], systems={})
        scene.cluster.members = [mock.Mock()]
        scene.random.choice.side_effect = lambda possible: possible
        names = {failure.name for failure in tester_failures.draw(scene, [])}
        self.assertIn("kill the leader", names)
        for name in ("a full disk", "slow disks", "replace a member", "cut off the leader"):
            self.assertNotIn(name, names)
            with self.assertRaisesRegex(tester_failures.NotPossible, name):
                tester_failures.draw(scene, [name])

    def test_the_seed_is_printed_as_it_must_be_given(self) -> None:
        self.assertEqual(parse(["--seed", "7", "--failure", DEAF]).failure, [DEAF])
        for words in (["--rounds", "-1"], ["--members", "0"], ["--members", "7"],
                      ["--listen", "8080"], ["--failure", "none"], ["--bound", "nan"]):
            with self.assertRaises(SystemExit), mock.patch("sys.stderr"):
                parse(words)


if __name__ == "__main__":
    unittest.main()
