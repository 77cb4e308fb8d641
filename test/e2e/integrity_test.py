#!/usr/bin/python3
"""Members that compare their keys: one whose database was changed behind its back is found.

ETCD and ETCDCTL in the environment are the programs.
"""

import os
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

from cluster import Cluster, status, wait_until_ready
from cluster_case import ClusterCase
from member import Member
from protocol import KV, rpc

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
WAIT_SECONDS = 20


def crc32c(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "little")


def change_value(member: Member, pair, value: bytes) -> None:
    """In the database of a member that is down, as if it had written another value of the same
    length: a record with the checksum that belongs to it (docs/formats/database.md)."""
    key = pair.mod_revision.to_bytes(8, "big") + b"_" + bytes(8)
    changed = type(pair)()
    changed.CopyFrom(pair)
    changed.value = value
    before, after = (record + crc32c(key + record)
                     for record in (pair.SerializeToString(), changed.SerializeToString()))
    path = member.folder / "data/member/snap/db.mdb"
    data = path.read_bytes()
    assert data.count(before) >= 1 and len(before) == len(after)
    path.write_bytes(data.replace(before, after))


class IntegrityTest(ClusterCase):
    def cluster(self, *flags: str) -> Cluster:
        cluster = self.enterContext(Cluster(*[ETCD] * 3, flags=flags))
        client = self.client(cluster[0])
        for number in range(20):
            client.put(b"key%02d" % number, b"value")
        return cluster

    def corrupt_follower(self, cluster: Cluster, *flags: str) -> Member:
        """Down, with one other value than the rest of the members."""
        follower = cluster.follower()
        pair = self.client(follower).range(key=b"key05").kvs[0]
        follower.stop()
        change_value(follower, pair, b"VALUE")
        follower.flags = (*follower.flags, *flags)
        return follower

    def compact(self, member: Member) -> None:
        client = self.client(member)
        client.call(KV, "Compact",
                    rpc.CompactionRequest(revision=client.range(key=b"x").header.revision),
                    rpc.CompactionResponse)

    def alarms(self, member: Member) -> list[str]:
        try:
            errors = status(member).get("errors", [])
        except OSError:  # it is not up yet
            return []
        return [error for error in errors if "CORRUPT" in error]

    def check_corrupt(self, cluster: Cluster, corrupt: Member) -> None:
        for member in cluster:
            self.wait_for("the alarm is on", lambda member=member: self.alarms(member))
        identifier = status(corrupt)["header"]["member_id"]
        for member in cluster:
            self.assertEqual(self.alarms(member), [f"memberID:{identifier} alarm:CORRUPT"])
            with self.assertRaises(grpc.RpcError) as refused:
                self.client(member).put(b"a", b"b")
            self.assertIn("etcdserver: corrupt cluster", str(refused.exception))
            with self.assertRaises(urllib.error.HTTPError) as unhealthy:
                urllib.request.urlopen(member.url + "/health", timeout=WAIT_SECONDS)
            with unhealthy.exception:
                self.assertIn("ALARM CORRUPT", unhealthy.exception.read().decode())
        self.assertEqual(self.client(cluster[0]).range(key=b"key01").kvs[0].value, b"value")

    def test_the_periodic_check_finds_who_has_other_keys(self) -> None:
        cluster = self.cluster("--corrupt-check-time", "500ms")
        corrupt = self.corrupt_follower(cluster)
        corrupt.launch()
        self.check_corrupt(cluster, corrupt)

    def test_what_compactions_leave_does_too_without_being_asked_for(self) -> None:
        cluster = self.cluster("--compact-hash-check-time", "500ms")
        corrupt = self.corrupt_follower(cluster)
        corrupt.start()
        self.compact(cluster[0])
        self.check_corrupt(cluster, corrupt)

    def test_a_member_with_other_keys_does_not_start(self) -> None:
        cluster = self.cluster()
        corrupt = self.corrupt_follower(cluster, "--feature-gates", "InitialCorruptCheck=true")
        corrupt.launch()
        self.assertEqual(corrupt.process.wait(timeout=WAIT_SECONDS), 1)
        corrupt.process = None
        self.assertIn("found data inconsistency with peers", corrupt.log_tail())
        # Nobody else minds.
        self.client(cluster.leader()).put(b"a", b"b")

    def test_members_with_equal_keys_start(self) -> None:
        cluster = self.cluster("--feature-gates", "InitialCorruptCheck=true")
        for member in cluster:
            member.stop()
            self.client(cluster.leader()).put(b"a", b"b")
            member.launch()
            wait_until_ready(member)
            member.wait_for_log("initial corruption checking passed")

    def test_nobody_is_blamed_for_being_behind(self) -> None:
        """Writes, compactions, kills and snapshots, with both checks as often as they can be."""
        cluster = self.cluster("--corrupt-check-time", "100ms", "--compact-hash-check-time",
                               "100ms", "--snapshot-count", "50", "--snapshot-catchup-entries",
                               "10")
        for turn in range(6):
            member = cluster[turn % 3]
            member.kill()
            leader = cluster.leader()
            client = self.client(leader)
            for number in range(100):
                client.put(b"key%02d" % (number % 30), b"%d" % (1000 * turn + number))
            self.compact(leader)
            member.launch()
            wait_until_ready(member)
        # What was hashed before a member was killed, it knows no more.
        self.client(cluster[0]).put(b"a", b"b")
        self.compact(cluster[0])
        self.wait_for("a compaction was compared", lambda: any(
            "successfully checked hash on whole cluster" in member.log.read_text()
            for member in cluster))
        self.assertTrue(any("finished peer corruption check" in member.log.read_text()
                            for member in cluster))
        for member in cluster:
            self.assertEqual(self.alarms(member), [])


class DowngradeTest(ClusterCase):
    def ctl(self, member: Member, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        return done.returncode, done.stdout, done.stderr

    def wait_for_version(self, cluster: Cluster, version: str) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while {status(member)["storageVersion"] for member in cluster} != {version}:
            self.assertLess(time.monotonic(), end, version)
            time.sleep(0.1)

    def test_a_downgrade_lowers_the_version_and_is_canceled(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        self.wait_for_version(cluster, "3.7.0")
        follower = cluster.follower()
        for action, success in (("validate", "Downgrade validate success, cluster version 3.7\n"),
                                ("enable", "Downgrade enable success, cluster version 3.7\n")):
            self.assertEqual(self.ctl(follower, "downgrade", action, "3.6"), (0, success, ""))
        self.wait_for_version(cluster, "3.6.0")
        # Members of 3.6 may join.
        for member in cluster:
            with urllib.request.urlopen(member.peer_url + "/downgrade/enabled",
                                        timeout=WAIT_SECONDS) as answer:
                self.assertEqual(answer.read(), b"false")
        code, _, error = self.ctl(follower, "downgrade", "enable", "3.5")
        self.assertEqual(code, 1)
        self.assertIn("etcdserver: cluster has a downgrade job in progress", error)
        # It survives the loss of its leader, and a restart.
        leader = cluster.leader()
        leader.kill()
        cluster.leader()
        leader.start()
        self.assertEqual(status(leader)["downgradeInfo"],
                         {"enabled": True, "targetVersion": "3.6.0"})
        self.assertEqual(status(leader)["storageVersion"], "3.6.0")
        self.assertEqual(self.ctl(follower, "downgrade", "cancel"),
                         (0, "Downgrade cancel success, cluster version 3.6\n", ""))
        self.wait_for_version(cluster, "3.7.0")


if __name__ == "__main__":
    unittest.main()
