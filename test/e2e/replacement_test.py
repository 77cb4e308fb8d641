#!/usr/bin/python3
"""A cluster of real etcds is replaced by ours while clients write, one member after the other, and
back: by removing and adding, and in the directories that they have. Only with E2E_FULL.

ETCD and ETCDUTL in the environment are the programs.
"""

import time
import unittest
from pathlib import Path

import real_etcd
from cluster import Cluster, is_leader, status, wait_until_ready
from cluster_case import ClusterCase
from in_place import ETCD, hand_over
from member import Member
from protocol import MAINTENANCE, rpc
from steady_load import SteadyLoad

FLAGS = ("--downgrade-check-time", "500ms")
# A failure is excused by a change of the leader so long before.
EXCUSED_SECONDS = 3
# What clients may be told then: who asked for the write, their own deadline, or the server's.
TEXTS = {"etcdserver: leader changed", "Deadline Exceeded", "etcdserver: request timed out",
         "etcdserver: request timed out, possibly due to previous leader failure"}


class Replacing(ClusterCase):
    """How one member is replaced is the subclass's."""

    def replace_all(self, cluster: Cluster, program: Path | str, load: SteadyLoad) -> None:
        """A follower first, then whoever leads."""
        left = [member for member in cluster if member.program != str(program)]
        while left:
            leads = len(left) < len(cluster.members)
            member = next((one for one in left if is_leader(one) == leads), left[0])
            left.remove(member)
            self.replace_under(load, cluster, member, program)

    def replace_under(self, load: SteadyLoad, cluster: Cluster, member: Member,
                      program: Path | str) -> None:
        with load.without(member):
            load.changes.append(time.monotonic())
            self.replace(cluster, member, program)
        self.check_hashes(cluster)

    def check_hashes(self, cluster: Cluster) -> None:
        """Of the newest revision that all have."""
        revision = max(self.client(member).range(key=b"x").header.revision for member in cluster)
        for member in cluster:
            self.client(member).range(key=b"x")
        replies = [self.client(member).hash_kv(revision) for member in cluster]
        self.assertEqual(len({reply.hash for reply in replies}), 1)

    def check_load(self, cluster: Cluster, load: SteadyLoad) -> None:
        self.assertEqual({failure.text for failure in load.failures} - TEXTS, set())
        self.assertEqual(load.unexcused(EXCUSED_SECONDS), [])
        self.assertGreater(len(load.acknowledged), 1000)
        for member in cluster:
            pairs = self.client(member).range(key=b"load/", range_end=b"load0").kvs
            found = {pair.key: pair.value for pair in pairs}
            self.assertLessEqual(load.acknowledged.items(), found.items(), "writes are lost")
            self.assertEqual({pair.version for pair in pairs}, {1}, "a write was made twice")

    def downgrade(self, cluster: Cluster, action: int) -> None:
        self.client(cluster[0]).call(MAINTENANCE, "Downgrade",
                                     rpc.DowngradeRequest(action=action, version="3.6"),
                                     rpc.DowngradeResponse)

    def wait_for_version(self, cluster: Cluster, version: str) -> None:
        self.wait_for(version, lambda: all(status(member)["storageVersion"] == version
                                           for member in cluster))

    def check_of_3_7(self) -> None:
        real = real_etcd.build()
        with Cluster(*[real] * 3, flags=FLAGS) as cluster:
            with SteadyLoad(cluster) as load:
                self.replace_all(cluster, ETCD, load)
                self.replace_all(cluster, real, load)
            self.check_load(cluster, load)


@real_etcd.needed
class ReplacementTest(Replacing):
    def test_of_3_7(self) -> None:
        self.check_of_3_7()

    def test_of_3_6(self) -> None:
        real = real_etcd.build(release="3.6")
        with Cluster(*[real] * 3, flags=FLAGS) as cluster:
            with SteadyLoad(cluster) as load:
                self.replace_all(cluster, ETCD, load)
                self.wait_for_version(cluster, "3.7.0")
                # Members of 3.6 may not join any more, until the version is lowered. The first of
                # them holds it there, and others join it only when the downgrade has ended.
                self.downgrade(cluster, rpc.DowngradeRequest.ENABLE)
                self.wait_for_version(cluster, "3.6.0")
                self.replace_under(load, cluster, cluster.follower(), real)
                self.downgrade(cluster, rpc.DowngradeRequest.CANCEL)
                self.replace_all(cluster, real, load)
                self.wait_for_version(cluster, "3.6.0")
            self.check_load(cluster, load)


@real_etcd.needed
class InPlaceTest(Replacing):
    """A member ends, and another program goes on in its directory, for etcd in one that was
    exported."""

    def replace(self, cluster: Cluster, member: Member, program: Path | str) -> None:
        member.stop()
        hand_over(member, program)
        member.launch()
        wait_until_ready(member)

    def test_of_3_7(self) -> None:
        self.check_of_3_7()

    def test_of_3_6(self) -> None:
        real = real_etcd.build(release="3.6")
        with Cluster(*[real] * 3, flags=FLAGS) as cluster:
            with SteadyLoad(cluster) as load:
                self.replace_all(cluster, ETCD, load)
                self.wait_for_version(cluster, "3.7.0")
                self.downgrade(cluster, rpc.DowngradeRequest.ENABLE)
                self.wait_for_version(cluster, "3.6.0")
                self.replace_all(cluster, real, load)
                self.wait_for_version(cluster, "3.6.0")
            self.check_load(cluster, load)


if __name__ == "__main__":
    unittest.main()
