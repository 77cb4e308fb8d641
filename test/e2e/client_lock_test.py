#!/usr/bin/python3
"""Locks of the client library: processes that count under one, while holders of it and members are
killed. Each count is made by one of them, with a token larger than all before.

ETCD, ETCDCTL and LOCK (examples/client/lock.cc) in the environment are the programs.
"""

import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

from cluster import Cluster
from cluster_case import ClusterCase
from member import Member

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
LOCK = os.environ.get("LOCK", str(BINARIES / "example_client_lock"))
TIMEOUT_SECONDS = 90
PREFIX = "c/"
FOR_EVER = "600000"
COUNTED = re.compile(r"counted (\d+) with token (\d+)")


class ClientLockTest(ClusterCase):
    def start(self, endpoints: str, times: int, milliseconds: str = "0") -> subprocess.Popen:
        process = subprocess.Popen([LOCK, endpoints, PREFIX, str(times), milliseconds], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def get(self, endpoints: str, *words: str) -> list[str]:
        done = subprocess.run([ETCDCTL, "--endpoints", endpoints, "get", *words], text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        return done.stdout.split()

    def queue(self, endpoints: str) -> list[str]:
        return self.get(endpoints, PREFIX + "lock/", "--prefix", "--keys-only", "--sort-by=CREATE",
                        "--order=ASCEND")

    def enter(self, endpoints: str, times: int, milliseconds: str) -> tuple[subprocess.Popen, str]:
        """A process that is the last of the queue, and its key."""
        before = set(self.queue(endpoints))
        process = self.start(endpoints, times, milliseconds)
        self.wait_for("it is in the queue", lambda: set(self.queue(endpoints)) - before)
        return process, (set(self.queue(endpoints)) - before).pop()

    def counts_of(self, process: subprocess.Popen, times: int) -> tuple[list[tuple[int, int]], str]:
        """Once it has ended: its counts with their tokens, and its complaints."""
        output, complaints = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, 0, complaints)
        found = [COUNTED.fullmatch(line) for line in output.splitlines()]
        self.assertNotIn(None, found, output)
        self.assertEqual(len(found), times)
        return [(int(each[1]), int(each[2])) for each in found], complaints

    def check(self, counts: list[tuple[int, int]], holders: dict[int, int] | None = None) -> None:
        """No count was made twice, and none by a holder after one of a later holder. Where members
        die, who could not tell that he lets go has the lock with the same token again: `holders`
        are the processes of the counts."""
        in_order = sorted(counts)
        for (count, token), (next_count, next_token) in zip(in_order, in_order[1:]):
            self.assertLess(count, next_count)
            if holders is not None and holders[count] == holders[next_count]:
                self.assertLessEqual(token, next_token)
            else:
                self.assertLess(token, next_token)

    def test_holders_that_are_killed_make_room(self) -> None:
        member = self.enterContext(Member(ETCD))
        endpoint = member.address
        killed = [self.enter(endpoint, 1, FOR_EVER) for _ in range(3)]
        counters = [self.start(endpoint, 5) for _ in range(3)]
        for process, key in killed:
            self.wait_for("it holds the lock", lambda key=key: self.queue(endpoint)[:1] == [key])
            self.assertEqual(self.get(endpoint, PREFIX + "count"), [])
            process.kill()
        counts = [each for counter in counters for each in self.counts_of(counter, 5)[0]]
        self.check(counts)
        self.assertEqual(sorted(count for count, _ in counts), list(range(1, 16)))
        self.assertEqual(self.queue(endpoint), [])

    def test_a_holder_that_wakes_up_too_late_changes_nothing(self) -> None:
        member = self.enterContext(Member(ETCD))
        endpoint = member.address
        late, key = self.enter(endpoint, 1, "500")
        late.send_signal(signal.SIGSTOP)
        self.wait_for("its session is lost", lambda: key not in self.queue(endpoint))
        counts, _ = self.counts_of(self.start(endpoint, 5), 5)
        late.send_signal(signal.SIGCONT)
        late_counts, complaints = self.counts_of(late, 1)
        self.assertRegex(complaints, r"^(again: .*\n)+$")
        self.check(counts + late_counts)
        self.assertEqual(late_counts[0][0], 6)

    def test_members_that_are_killed_in_turn(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        endpoints = cluster.endpoints
        counters = [self.start(endpoints, 60, "50") for _ in range(4)]
        for member in cluster:
            before = self.get(endpoints, PREFIX + "count", "--print-value-only")
            self.wait_for("it is counted", lambda before=before: self.get(
                endpoints, PREFIX + "count", "--print-value-only") not in ([], before))
            member.kill()
            others = ",".join(other.address for other in cluster if other is not member)
            before = self.get(others, PREFIX + "count", "--print-value-only")
            self.wait_for("it is counted on", lambda others=others, before=before: self.get(
                others, PREFIX + "count", "--print-value-only") not in ([], before))
            member.start()
        made = [self.counts_of(counter, 60)[0] for counter in counters]
        counts = [each for of_one in made for each in of_one]
        self.check(counts, {count: number for number, of_one in enumerate(made)
                            for count, _ in of_one})
        # More, if a count was made whose answer died with a member.
        last = int(self.get(endpoints, PREFIX + "count", "--print-value-only")[0])
        self.assertGreaterEqual(last, len(counts))


if __name__ == "__main__":
    unittest.main()
