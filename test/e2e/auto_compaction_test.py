#!/usr/bin/python3
"""Automatic compaction under load, while leaders are lost: it goes on at the next one, and every
member has forgotten the same.

ETCD in the environment is the program.
"""

import contextlib
import os
import time
import unittest
from pathlib import Path

import grpc

from cluster import Cluster, wait_until_ready
from cluster_case import ClusterCase
from member import Member
from protocol import KV, Client, rpc
from steady_load import SteadyLoad

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
RETENTION = "2s"
LEADERS_LOST = 2


class AutoCompactionTest(ClusterCase):
    def compacted(self, member: Member) -> int:
        with contextlib.closing(Client(member.address)) as client:
            return client.hash_kv().compact_revision

    def newest(self, member: Member) -> int:
        with contextlib.closing(Client(member.address)) as client:
            return client.range(key=b"none").header.revision

    def is_forgotten(self, member: Member, revision: int) -> bool:
        try:
            self.client(member).call(KV, "Range", rpc.RangeRequest(key=b"k", revision=revision),
                                     rpc.RangeResponse)
        except grpc.RpcError as error:
            self.assertEqual(error.details(),
                             "etcdserver: mvcc: required revision has been compacted")
            return True
        return False

    def test_it_goes_on_at_the_next_leader(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3, flags=(
            "--auto-compaction-mode", "periodic", "--auto-compaction-retention", RETENTION)))
        with SteadyLoad(cluster) as load:
            for _ in range(LEADERS_LOST):
                leader = cluster.leader()
                seen = self.newest(leader)
                self.wait_for("it is compacted", lambda: self.compacted(leader) > seen)
                with load.without(leader):
                    seen = self.newest(leader)
                    leader.kill()
                    other = cluster.leader()
                    self.wait_for("the next leader compacts", lambda: self.compacted(other) > seen)
                    leader.launch()
                    wait_until_ready(leader)
        self.assertGreater(len(load.acknowledged), 100)
        for member in cluster:
            self.wait_for("all have forgotten the same", lambda: self.is_forgotten(member, seen))
        time.sleep(1)
        # What it keeps is what everybody has written last.
        for member in cluster:
            for key, value in list(load.acknowledged.items())[-20:]:
                self.assertEqual([kv.value for kv in self.client(member).range(key=key).kvs],
                                 [value])


if __name__ == "__main__":
    unittest.main()
