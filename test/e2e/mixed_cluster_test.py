#!/usr/bin/python3
"""Members of ours and of a real etcd 3.7 in one cluster, in both majorities. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import os
import time
import unittest
from pathlib import Path

import real_etcd
from cluster import Cluster, is_leader, status, wait_until_ready
from cluster_case import ClusterCase
from integrity_test import change_value
from member import Member
from protocol import KV, MAINTENANCE, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
# Small numbers, so that members fall behind the log soon; and all compare their keys all the time.
FLAGS = ("--snapshot-count", "100", "--snapshot-catchup-entries", "50",
         "--corrupt-check-time", "500ms", "--compact-hash-check-time", "500ms",
         "--feature-gates", "CompactHashCheck=true,InitialCorruptCheck=true")


@real_etcd.needed
class MixedClusterTest(ClusterCase):
    def put(self, member: Member, first: int, last: int) -> None:
        client = self.client(member)
        for number in range(first, last):
            client.put(b"key%05d" % number, b"value%d" % number)

    def count(self, member: Member) -> int:
        return self.client(member).range(key=b"key", range_end=b"kez", count_only=True).count

    def check_hashes(self, cluster: Cluster) -> None:
        revision = self.client(cluster[0]).range(key=b"x").header.revision
        for member in cluster:  # linearizable: everything up to there is applied
            self.client(member).range(key=b"x")
        replies = [self.client(member).hash_kv(revision) for member in cluster]
        self.assertEqual(len({(reply.hash, reply.compact_revision) for reply in replies}), 1)

    def each_leads(self, cluster: Cluster) -> None:
        for member in cluster:
            self.lead(cluster, member)
            for proposer in cluster:
                self.put(proposer, 0, 30)
            self.check_hashes(cluster)

    def each_comes_back(self, cluster: Cluster) -> None:
        """Also by a snapshot: more is written than the log keeps."""
        for member in cluster:
            member.kill()
            leader = cluster.leader()
            self.put(leader, 1000, 1400)
            member.launch()
            wait_until_ready(member)
            self.wait_for("it has caught up",
                          lambda: self.count(member) == self.count(leader))
            self.check_hashes(cluster)

    def run_through(self, *programs: Path | str) -> None:
        with Cluster(*programs, flags=FLAGS) as cluster:
            for number, member in enumerate(cluster):
                self.put(member, 100 * number, 100 * number + 100)
            self.assertEqual({self.count(member) for member in cluster}, {300})
            self.each_leads(cluster)
            self.each_comes_back(cluster)
            revision = self.client(cluster[0]).range(key=b"x").header.revision
            self.client(cluster[1]).call(KV, "Compact",
                                         rpc.CompactionRequest(revision=revision - 50),
                                         rpc.CompactionResponse)
            self.check_hashes(cluster)
            self.check_comparisons(cluster)
            self.each_downgrades(cluster)

    def check_comparisons(self, cluster: Cluster) -> None:
        """Both have compared the others' keys with theirs, and found nothing."""
        for text in ("finished peer corruption check",
                     "successfully checked hash on whole cluster"):
            self.wait_for(text, lambda text=text: text in cluster.leader().log.read_text())
        for member in cluster:
            self.assertEqual(status(member).get("errors", []), [])
            self.assertNotIn("hash mismatch", member.log.read_text())

    def each_downgrades(self, cluster: Cluster) -> None:
        for member in cluster:
            client = self.client(member)
            self.lead(cluster, member)
            for action, version in ((rpc.DowngradeRequest.ENABLE, "3.6.0"),
                                    (rpc.DowngradeRequest.CANCEL, "3.7.0")):
                client.call(MAINTENANCE, "Downgrade",
                            rpc.DowngradeRequest(action=action, version="3.6"),
                            rpc.DowngradeResponse)
                self.wait_for(version, lambda version=version: all(
                    status(each)["storageVersion"] == version for each in cluster))
            self.put(member, 0, 10)
        self.check_hashes(cluster)

    def lead(self, cluster: Cluster, member: Member) -> None:
        if not is_leader(member):
            self.client(cluster.leader()).call(
                MAINTENANCE, "MoveLeader",
                rpc.MoveLeaderRequest(targetID=int(status(member)["header"]["member_id"])),
                rpc.MoveLeaderResponse)
        self.wait_for("it leads", lambda: is_leader(member))

    def test_other_keys_are_found_by_leaders_of_both_kinds(self) -> None:
        for leader in (1, 2):
            with Cluster(ETCD, ETCD, real_etcd.build(), flags=FLAGS[:-2]) as cluster:
                self.put(cluster[0], 0, 20)
                self.lead(cluster, cluster[leader])
                corrupt = cluster[0]
                identifier = status(corrupt)["header"]["member_id"]
                pair = self.client(corrupt).range(key=b"key00005").kvs[0]
                corrupt.stop()
                change_value(corrupt, pair, b"VALUE5")
                corrupt.launch()
                for member in (cluster[1], cluster[2]):
                    self.wait_for("the alarm is on",
                                  lambda member=member: status(member).get("errors"))
                    self.assertEqual(status(member)["errors"][0].rstrip(),
                                     f"memberID:{identifier} alarm:CORRUPT")

    def test_one_of_ours_among_real_ones(self) -> None:
        real = real_etcd.build()
        self.run_through(real, real, ETCD)

    def test_a_real_one_among_ours(self) -> None:
        self.run_through(ETCD, ETCD, real_etcd.build())


if __name__ == "__main__":
    unittest.main()
