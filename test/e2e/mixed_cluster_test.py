#!/usr/bin/python3
"""Members of ours and of a real etcd, 3.7 and 3.6, in one cluster, in both majorities; and the way
of such a cluster from 3.7 to 3.6 and back. Only with E2E_FULL.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import subprocess
import unittest
import urllib.request
from pathlib import Path

import real_etcd
from cluster import Cluster, status, wait_until_ready
from cluster_case import WAIT_SECONDS, ClusterCase
from integrity_test import change_value
from member import Member
from protocol import KV, MAINTENANCE, rpc

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
# Small numbers, so that members fall behind the log soon; and all compare their keys all the time.
FLAGS = ("--snapshot-count", "100", "--snapshot-catchup-entries", "50",
         "--corrupt-check-time", "500ms", "--compact-hash-check-time", "500ms",
         "--downgrade-check-time", "500ms",
         "--feature-gates", "CompactHashCheck=true,InitialCorruptCheck=true")


class MixedClusterCase(ClusterCase):
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

    def each_is_replaced(self, cluster: Cluster) -> None:
        """By a new one of its kind; also the leader. But for the only one of 3.6: without it the
        others go on to 3.7."""
        programs = [member.program for member in cluster]
        for member in cluster:
            if self.version(member) == "3.6.0" and programs.count(member.program) == 1 and \
                    member.program != ETCD:
                continue
            self.replace(cluster, member, member.program)
            self.put(member, 0, 30)
            self.check_hashes(cluster)

    def run_through(self, *programs: Path | str, version: str) -> None:
        with Cluster(*programs, flags=FLAGS) as cluster:
            self.wait_for_version(cluster, version)
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
            self.each_is_replaced(cluster)
            self.each_leads(cluster)
            self.wait_for_version(cluster, version)
            if version == "3.7.0":
                self.each_downgrades(cluster)

    def wait_for_version(self, cluster: Cluster, version: str) -> None:
        """Of the cluster and of each member's database."""
        for member in cluster:
            self.wait_for(version, lambda member=member: self.version(member) == version and
                          status(member).get("storageVersion") == version)

    def version(self, member: Member) -> str:
        with urllib.request.urlopen(member.url + "/version", timeout=WAIT_SECONDS) as answer:
            return json.load(answer)["etcdcluster"]

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


@real_etcd.needed
class MixedClusterTest(MixedClusterCase):
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
                    # How many spaces Go writes depends on its build.
                    self.assertEqual(status(member)["errors"][0].split(),
                                     [f"memberID:{identifier}", "alarm:CORRUPT"])

    def test_one_of_ours_among_real_ones(self) -> None:
        real = real_etcd.build()
        self.run_through(real, real, ETCD, version="3.7.0")

    def test_a_real_one_among_ours(self) -> None:
        self.run_through(ETCD, ETCD, real_etcd.build(), version="3.7.0")

    def test_one_of_ours_among_real_ones_of_3_6(self) -> None:
        real = real_etcd.build(release="3.6")
        self.run_through(real, real, ETCD, version="3.6.0")

    def test_a_real_one_of_3_6_among_ours(self) -> None:
        self.run_through(ETCD, ETCD, real_etcd.build(release="3.6"), version="3.6.0")


@real_etcd.needed
class DowngradeTest(MixedClusterCase):
    def ctl(self, member: Member, *arguments: str) -> str:
        done = subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def go_on_as(self, cluster: Cluster, member: Member, program: Path) -> None:
        """In its directory."""
        self.assertIn(member.stop(), (0, -15))
        member.program = str(program)
        member.start()
        self.put(member, 0, 150)
        self.check_hashes(cluster)

    def test_a_mixed_cluster_goes_to_3_6_and_comes_back(self) -> None:
        newer, older = real_etcd.build(), real_etcd.build(release="3.6")
        with Cluster(newer, newer, ETCD, flags=FLAGS) as cluster:
            *real, ours = cluster
            self.wait_for_version(cluster, "3.7.0")
            self.put(ours, 0, 200)
            self.ctl(ours, "downgrade", "validate", "3.6")
            self.ctl(ours, "downgrade", "enable", "3.6")
            self.wait_for_version(cluster, "3.6.0")
            for member in real:
                self.go_on_as(cluster, member, older)
            self.each_leads(cluster)
            self.each_comes_back(cluster)
            # Ours does not go back in its directory, so it keeps the downgrade open; and none may
            # join as long as it is.
            self.assertTrue(status(real[0])["downgradeInfo"]["enabled"])
            self.ctl(ours, "downgrade", "cancel")
            self.replace(cluster, ours, older)
            self.wait_for_version(cluster, "3.6.0")
            self.check_hashes(cluster)
            # One of ours may join a cluster of 3.6, and goes with it to 3.7.
            self.replace(cluster, ours, ETCD)
            self.each_leads(cluster)
            self.wait_for_version(cluster, "3.6.0")
            for member in real:
                self.go_on_as(cluster, member, newer)
            self.wait_for_version(cluster, "3.7.0")
            self.each_leads(cluster)


if __name__ == "__main__":
    unittest.main()
