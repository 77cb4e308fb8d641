#!/usr/bin/python3
"""Clusters of several members: they elect, replicate, go on without one, and take it back.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import signal
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

import grpc

from cluster import Cluster, status, wait_until_ready
from cluster_case import ClusterCase
from member import Member, free_ports
from protocol import KV, rpc
from steady_load import SteadyLoad

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
WAIT_SECONDS = 20
# Small numbers, so that members fall behind the log soon.
SNAPSHOTS_SOON = ("--snapshot-count", "100", "--snapshot-catchup-entries", "50")


class ClusterTest(ClusterCase):
    def cluster(self, count: int, *flags: str) -> Cluster:
        return self.enterContext(Cluster(*[ETCD] * count, flags=flags))

    def ctl(self, member: Member, *arguments: str) -> str:
        done = subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def try_ctl(self, answers: list[str], member: Member, *arguments: str) -> bool:
        done = subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        if done.returncode == 0:
            answers.append(done.stdout)
        return done.returncode == 0

    def put(self, member: Member, first: int, last: int) -> None:
        client = self.client(member)
        for number in range(first, last):
            client.put(b"key%05d" % number, b"value%d" % number)

    def count(self, member: Member, serializable: bool = False) -> int:
        return self.client(member).range(key=b"key", range_end=b"kez", count_only=True,
                                         serializable=serializable).count

    def hashes(self, cluster: Cluster) -> set[tuple[int, int]]:
        revision = self.client(cluster.leader()).range(key=b"x").header.revision
        return {(reply.hash, reply.compact_revision)
                for reply in (self.client(member).hash_kv(revision) for member in cluster)}

    def test_what_one_member_takes_all_have(self) -> None:
        cluster = self.cluster(3)
        for number, member in enumerate(cluster):
            self.put(member, 10 * number, 10 * number + 10)
        for member in cluster:
            self.assertEqual(self.count(member), 30)
        self.assertEqual(len(self.hashes(cluster)), 1)
        members = json.loads(self.ctl(cluster[0], "member", "list", "-w", "json"))["members"]
        self.assertEqual({member["name"] for member in members}, {"m0", "m1", "m2"})

    def test_the_clusters_version_is_that_of_its_members(self) -> None:
        cluster = self.cluster(3)
        for member in cluster:
            # At once if all are there when the first leader asks them, else after four seconds.
            self.wait_for("it has a version", lambda member=member: self.version(member) == "3.7.0")

    def version(self, member: Member) -> str:
        with urllib.request.urlopen(member.url + "/version", timeout=WAIT_SECONDS) as answer:
            return json.load(answer)["etcdcluster"]

    def test_a_leader_that_is_killed_is_replaced_and_catches_up(self) -> None:
        cluster = self.cluster(3)
        self.put(cluster[0], 0, 50)
        killed = cluster.leader()
        killed.kill()
        self.put(cluster.leader(), 50, 100)
        killed.start()
        self.assertEqual(self.count(killed), 100)
        self.assertEqual(len(self.hashes(cluster)), 1)

    def test_a_member_that_is_far_behind_gets_a_snapshot(self) -> None:
        cluster = self.cluster(3, *SNAPSHOTS_SOON)
        self.put(cluster[0], 0, 20)
        behind = cluster.follower()
        behind.kill()
        self.put(cluster.leader(), 20, 500)
        behind.start()
        self.assertEqual(self.count(behind), 500)
        behind.wait_for_log("snapshot")
        self.assertEqual(len(self.hashes(cluster)), 1)

    def test_without_a_majority_nothing_is_written_and_old_reads_are_answered(self) -> None:
        cluster = self.cluster(3)
        self.put(cluster[0], 0, 10)
        left = cluster.leader()
        for member in cluster:
            if member is not left:
                member.process.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(self.count(left, serializable=True), 10)
            done = subprocess.run([ETCDCTL, "--endpoints", left.address, "--command-timeout", "1s",
                                   "put", "a", "b"], capture_output=True, text=True,
                                  timeout=WAIT_SECONDS)
            self.assertNotEqual(done.returncode, 0)
        finally:
            for member in cluster:
                member.process.send_signal(signal.SIGCONT)
        self.put(cluster.leader(), 10, 20)
        self.assertEqual(self.count(left), 20)

    def test_a_leader_that_stops_hands_over(self) -> None:
        cluster = self.cluster(3)
        self.put(cluster[0], 0, 10)
        before = cluster.leader()
        others = [member for member in cluster if member is not before]
        begin = time.monotonic()
        before.stop()
        self.put(others[0], 10, 20)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn(cluster.leader(), others)

    def test_a_member_alone_takes_learners_in_though_its_log_begins_later(self) -> None:
        cluster = self.cluster(1, "--snapshot-count", "20", "--snapshot-catchup-entries", "5")
        self.put(cluster[0], 0, 100)
        self.add_learner(cluster)

    def test_members_come_and_go(self) -> None:
        cluster = self.cluster(3)
        self.put(cluster[0], 0, 100)
        added, identifier = self.add_learner(cluster)
        self.wait_for("it is promoted", lambda: self.try_ctl([], cluster[0], "member", "promote",
                                                             identifier))
        self.put(added, 100, 110)
        self.assertEqual(self.count(cluster[1]), 110)
        # One that is removed ends by itself.
        self.ctl(cluster[0], "member", "remove", identifier)
        self.assertEqual(added.process.wait(timeout=WAIT_SECONDS), 0)
        added.process = None
        self.put(cluster[0], 110, 120)
        self.assertEqual(len(self.hashes(cluster)), 1)

    def add_learner(self, cluster: Cluster) -> tuple[Member, str]:
        """To a cluster of a hundred keys; comes back when it has them, with its identifier."""
        added = Member(ETCD, "--initial-cluster-state", "existing", name="added",
                       ports=tuple(free_ports(8)[6:]))
        self.addCleanup(added.__exit__)
        # Whoever is connected for less than 5 s does not count yet.
        answers = []
        self.wait_for("it is added", lambda: self.try_ctl(
            answers, cluster[0], "member", "add", "added", "--learner", "--peer-urls",
            added.peer_url, "-w", "json"))
        reply = json.loads(answers[0])
        added.initial_cluster = cluster[0].initial_cluster + f",added={added.peer_url}"
        added.launch()
        wait_until_ready(added)
        identifier = f"{reply['member']['ID']:x}"
        self.wait_for("it has everything", lambda: self.count(added, serializable=True) == 100)
        return added, identifier

    def test_a_member_that_joins_raises_no_alarm_for_what_was_given_up(self) -> None:
        """It goes through all of the log, with the writes that have used up the quota."""
        cluster = self.cluster(1, "--quota-backend-bytes", str(4 << 20))
        client = self.client(cluster[0])
        with self.assertRaises(grpc.RpcError):
            for _ in range(1000):
                revision = client.put(b"key", b"v" * 10_000).header.revision
        client.call(KV, "Compact", rpc.CompactionRequest(revision=revision, physical=True),
                    rpc.CompactionResponse)
        self.ctl(cluster[0], "alarm", "disarm")
        ports = free_ports(2)
        slowly = ("--compaction-batch-limit", "10", "--compaction-sleep-interval", "1s")
        added = Member(ETCD, *cluster[0].flags, *slowly, name="added", ports=(ports[0], ports[1]))
        self.addCleanup(added.__exit__)
        added.initial_cluster = f"m0={cluster[0].peer_url},added={added.peer_url}"
        self.join(added, cluster[0])
        time.sleep(1)  # its alarm would be raised by then
        self.assertEqual(self.ctl(added, "alarm", "list"), "")
        self.ctl(cluster[0], "put", "x", "y")

    def test_a_member_without_its_log_does_not_come_back(self) -> None:
        cluster = self.cluster(3)
        lost = cluster.follower()
        lost.stop()
        subprocess.run(["rm", "-r", lost.folder / "data"], check=True)
        lost.launch()
        self.assertEqual(lost.process.wait(timeout=WAIT_SECONDS), 1)
        lost.process = None
        self.assertIn("has already been bootstrapped", lost.log_tail())
        lost.flags = ("--initial-cluster-state", "existing")
        lost.launch()
        self.assertEqual(lost.process.wait(timeout=WAIT_SECONDS), 1)
        lost.process = None
        self.assertIn("remove the member and add it again", lost.log_tail())

    def test_no_write_fails_while_leadership_moves(self) -> None:
        cluster = self.cluster(3)
        with SteadyLoad(cluster) as load:
            for turn in range(9):
                self.lead(cluster, cluster[turn % 3])
                before = len(load.acknowledged)
                self.wait_for("writes go on", lambda: len(load.acknowledged) > before + 10)
        self.assertEqual(load.failures, [])

    def test_leadership_moves_when_it_is_told_to(self) -> None:
        cluster = self.cluster(3)
        target = cluster.follower()
        identifier = int(status(target)["header"]["member_id"])
        self.ctl(cluster.leader(), "move-leader", f"{identifier:x}")
        self.assertIs(cluster.leader(), target)


if __name__ == "__main__":
    unittest.main()
