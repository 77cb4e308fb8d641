#!/usr/bin/python3
"""However much work there is at once, the members go on hearing from their leader: a deletion of a
great many keys, a flood of the largest transactions, a compaction, defragmentations, a snapshot to
a member that joins. With E2E_FULL with two million keys.

ETCD in the environment is the program.
"""

import contextlib
import os
import re
import threading
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

import grpc

from cluster import Cluster, status
from cluster_case import WAIT_SECONDS, ClusterCase
from member import Member, free_ports
from protocol import KV, MAINTENANCE, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
FULL = bool(os.environ.get("E2E_FULL"))
KEYS = 2_000_000 if FULL else 100_000
KEYS_OF_TRANSACTION = 1000
LARGEST, LARGEST_BYTES = (400 if FULL else 40), 1_570_000  # just below what a request may have
CLIENTS = 4
# Requests may take longer than their clients wait: what was asked for is done nevertheless.
DONE_SECONDS = 300
FLAGS = ("--max-txn-ops", str(KEYS_OF_TRANSACTION), "--quota-backend-bytes", str(8 * 10**9))
if not FULL:  # the machine may be busy with other things
    FLAGS += ("--heartbeat-interval", "300", "--election-timeout", "3000")
# That an election, or a heartbeat which was late, leaves behind.
COUNTERS = ("etcd_server_leader_changes_seen_total", "etcd_server_heartbeat_send_failures_total")


def counters(member: Member) -> dict[str, str]:
    with urllib.request.urlopen(member.url + "/metrics", timeout=WAIT_SECONDS) as answer:
        text = answer.read().decode()
    said = status(member)
    return {"term": said["raftTerm"], "leader": said["leader"],
            **{name: re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1] for name in COUNTERS}}


def puts(first: int, count: int, value: bytes) -> rpc.TxnRequest:
    return rpc.TxnRequest(success=[
        rpc.RequestOp(request_put=rpc.PutRequest(key=b"key%08d" % number, value=value))
        for number in range(first, first + count)])


class GreatAmountsTest(ClusterCase):
    def setUp(self) -> None:
        self.cluster = self.enterContext(Cluster(*[ETCD] * 3, flags=FLAGS))
        leader = self.cluster.leader()
        self.wait_for("all know it", lambda: all(
            status(member).get("leader") == status(leader)["leader"] for member in self.cluster))
        self.undisturbed = {member: counters(member) for member in self.cluster}

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        with self.subTest(name):
            yield
            for member, before in self.undisturbed.items():
                self.assertEqual(counters(member), before, f"{member.name}: {member.log_tail()}")
        if FULL:
            print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
        self.undisturbed = {member: counters(member) for member in self.undisturbed}

    def send(self, requests: Iterator[rpc.TxnRequest]) -> None:
        """All of them, from several clients at once, each made when it is sent."""
        client = self.client(self.cluster.leader())
        lock = threading.Lock()

        def send() -> None:
            while True:
                with lock:
                    request = next(requests, None)
                if request is None:
                    return
                client.call(KV, "Txn", request, rpc.TxnResponse, DONE_SECONDS)
        with ThreadPoolExecutor(CLIENTS) as pool:
            for sending in [pool.submit(send) for _ in range(CLIENTS)]:
                sending.result()

    def count(self, member: Member) -> int:
        return self.client(member).range(key=b"key", range_end=b"kez", count_only=True,
                                         serializable=True).count

    def wait_for_count(self, count: int, *members: Member) -> None:
        for member in members or tuple(self.cluster):
            self.wait_for(f"{count} keys", lambda member=member: self.count(member) == count,
                          DONE_SECONDS)

    def ask(self, member: Member, service: str, method: str, request, response_type) -> None:
        """And waits for it; a timeout is the client's alone."""
        try:
            self.client(member).call(service, method, request, response_type, DONE_SECONDS)
        except grpc.RpcError as error:
            self.assertIn("timed out", error.details())

    def test_no_member_misses_a_heartbeat(self) -> None:
        leader = self.cluster.leader()
        followers = [member for member in self.cluster if member is not leader]
        with self.phase("many keys"):
            self.send(puts(first, KEYS_OF_TRANSACTION, b"value")
                      for first in range(0, KEYS, KEYS_OF_TRANSACTION))
            self.wait_for_count(KEYS)
        with self.phase("their deletion"):
            self.ask(leader, KV, "DeleteRange",
                     rpc.DeleteRangeRequest(key=b"key", range_end=b"kez"), rpc.DeleteRangeResponse)
            self.wait_for_count(0)
        with self.phase("a flood of the largest transactions"):
            self.send(puts(number % 20, 1, bytes(LARGEST_BYTES)) for number in range(LARGEST))
        with self.phase("a compaction"):
            revision = self.client(leader).range(key=b"x").header.revision
            self.ask(leader, KV, "Compact", rpc.CompactionRequest(revision=revision, physical=True),
                     rpc.CompactionResponse)
        for member in (*followers, leader):
            with self.phase("the defragmentation of " + ("the leader" if member is leader else
                                                         "a follower")):
                self.ask(member, MAINTENANCE, "Defragment", rpc.DefragmentRequest(),
                         rpc.DefragmentResponse)
        with self.phase("a snapshot to a member that joins"):
            self.join_under_load(leader)

    def join_under_load(self, leader: Member) -> None:
        """The database is large, and others write meanwhile."""
        self.send(puts(number, 1, bytes(LARGEST_BYTES)) for number in range(LARGEST))
        joining = Member(ETCD, *FLAGS, name="joining", ports=tuple(free_ports(2)))
        self.addCleanup(joining.__exit__)
        joining.initial_cluster = leader.initial_cluster + f",joining={joining.peer_url}"
        with ThreadPoolExecutor(1) as pool:
            flood = pool.submit(self.send, (puts(number, 1, bytes(LARGEST_BYTES))
                                            for number in range(LARGEST)))
            self.join(joining, *self.cluster)
            flood.result()
        self.wait_for_count(LARGEST, joining)
        joining.wait_for_log("snapshot")
        revision = self.client(leader).range(key=b"x").header.revision
        self.client(joining).range(key=b"x")
        self.assertEqual(self.client(joining).hash_kv(revision).hash,
                         self.client(leader).hash_kv(revision).hash)


if __name__ == "__main__":
    unittest.main()
