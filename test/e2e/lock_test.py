#!/usr/bin/python3
"""Locks and elections that the members keep for their clients: who waits gets his turn when who is
before him ends, at whatever member they are and whatever becomes of the members; there are never two
holders.

ETCD in the environment is the program.
"""

import os
import random
import socket
import threading
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from cluster import Cluster
from cluster_case import WAIT_SECONDS
from failover_test import pause, resume
from lease_test import SLACK_SECONDS, LeaseCase, LeaseClient
from member import Member
from protocol import ELECTION, KV, LOCK, election, lock, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
SNAPSHOTS_SOON = ("--snapshot-count", "100", "--snapshot-catchup-entries", "50")
CLIENTS = 50
ROUNDS = 2
TURNS_SECONDS = 120


class LockClient(LeaseClient):
    def begin_lock(self, name: bytes, lease: int, timeout_seconds: float = WAIT_SECONDS):
        """A future."""
        request = lock.LockRequest(name=name, lease=lease)
        return self.start(LOCK, "Lock", request.SerializeToString(), timeout_seconds)

    def lock(self, name: bytes, lease: int, timeout_seconds: float = WAIT_SECONDS):
        reply = self.begin_lock(name, lease, timeout_seconds).result()
        return lock.LockResponse.FromString(reply)

    def unlock(self, key: bytes):
        return self.call(LOCK, "Unlock", lock.UnlockRequest(key=key), lock.UnlockResponse)

    def begin_campaign(self, name: bytes, lease: int, value: bytes):
        request = election.CampaignRequest(name=name, lease=lease, value=value)
        return self.start(ELECTION, "Campaign", request.SerializeToString(), WAIT_SECONDS)

    def write_while_held(self, key: bytes, revision: int, value: bytes) -> bool:
        """Whether it was written, by who has the lock's key that was created at `revision`."""
        request = rpc.TxnRequest(
            compare=[rpc.Compare(target=rpc.Compare.CREATE, key=key, create_revision=revision)],
            success=[rpc.RequestOp(request_put=rpc.PutRequest(key=b"guarded", value=value))])
        return self.call(KV, "Txn", request, rpc.TxnResponse).succeeded


class LockCase(LeaseCase):
    def client(self, member: Member) -> LockClient:
        client = LockClient(member.address)
        self.addCleanup(client.close)
        grpc.channel_ready_future(client.channel).result(timeout=WAIT_SECONDS)
        return client

    def wait_in_queue(self, client: LockClient, key: bytes, waiting) -> None:
        self.wait_for(f"{key} waits", lambda: client.has(key))
        self.assertFalse(waiting.done())


class LockTest(LockCase):
    def member(self) -> Member:
        return self.enterContext(Member(ETCD))

    def test_the_first_call_is_the_first_that_is_counted(self) -> None:
        member = self.member()

        def counted() -> str:
            with urllib.request.urlopen(f"{member.url}/metrics", timeout=WAIT_SECONDS) as metrics:
                return metrics.read().decode()

        self.assertNotIn("v3lockpb", counted())
        client = self.client(member)
        client.lock(b"lock", client.grant(60))
        self.assertIn('grpc_server_handled_total{grpc_code="OK",grpc_method="Lock",'
                      'grpc_service="v3lockpb.Lock",grpc_type="unary"} 1', counted())
        self.assertNotIn("Unlock", counted())

    def test_who_waits_gets_it_when_the_holder_gives_it_up(self) -> None:
        client = self.client(self.member())
        first, second = client.grant(60), client.grant(60)
        held = client.lock(b"a", first)
        self.assertEqual(held.key, b"a/%x" % first)
        waiting = client.begin_lock(b"a", second)
        self.wait_in_queue(client, b"a/%x" % second, waiting)
        released = client.unlock(held.key)
        reply = lock.LockResponse.FromString(waiting.result())
        self.assertEqual(reply.key, b"a/%x" % second)
        self.assertEqual(reply.header.revision, released.header.revision)

    def test_who_leaves_is_not_waited_for(self) -> None:
        member = self.member()
        client = self.client(member)
        leases = [client.grant(60) for _ in range(5)]
        held = client.lock(b"a", leases[0])
        # One over gRPC; over HTTP/1.1 one that has sent its request, and some that have sent more.
        canceled = client.begin_lock(b"a", leases[1])
        self.wait_in_queue(client, b"a/%x" % leases[1], canceled)
        host, port = member.address.split(":")
        for lease, more in zip(leases[2:], (b"", b"\r\n", b"GET /health HTTP/1.1\r\n" * 5000)):
            body = b'{"name":"YQ==","lease":"%d"}' % lease
            with socket.create_connection((host, int(port)), timeout=WAIT_SECONDS) as connection:
                connection.sendall(b"POST /v3/lock/lock HTTP/1.1\r\nHost: a\r\n"
                                   b"Content-Length: %d\r\n\r\n%b" % (len(body), body + more))
                self.wait_for("it waits", lambda lease=lease: client.has(b"a/%x" % lease))
        canceled.cancel()
        for lease in leases[1:]:
            self.wait_for("it is gone", lambda lease=lease: not client.has(b"a/%x" % lease))
        client.unlock(held.key)
        self.assertEqual(client.lock(b"a", leases[1]).key, b"a/%x" % leases[1])

    def test_an_observer_hears_of_each_leader(self) -> None:
        client = self.client(self.member())
        leases = [client.grant(60) for _ in range(3)]
        observed = client.start_stream(ELECTION, "Observe",
                                       election.LeaderRequest(name=b"e").SerializeToString())
        campaigns = []
        for lease in leases:
            campaigns.append(client.begin_campaign(b"e", lease, b"%d" % lease))
            self.wait_for("it is in the queue", lambda lease=lease: client.has(b"e/%x" % lease))
        for campaign, lease in zip(campaigns, leases):
            leader = election.CampaignResponse.FromString(campaign.result()).leader
            told = election.LeaderResponse.FromString(next(observed))
            self.assertEqual((told.kv.key, told.kv.value), (leader.key, b"%d" % lease))
            client.call(ELECTION, "Resign", election.ResignRequest(leader=leader),
                        election.ResignResponse)
        observed.cancel()


class ClusterLockTest(LockCase):
    def cluster(self, *flags: str) -> Cluster:
        return self.enterContext(Cluster(*[ETCD] * 3, flags=flags))

    def test_the_next_gets_it_once_a_dead_holders_lease_ends(self) -> None:
        cluster = self.cluster()
        clients = [self.client(member) for member in cluster]
        holder, other = clients[0].grant(3), clients[1].grant(60)
        begin = time.monotonic()
        clients[0].lock(b"a", holder)
        waiting = clients[1].begin_lock(b"a", other)
        self.wait_in_queue(clients[1], b"a/%x" % other, waiting)
        self.assertEqual(lock.LockResponse.FromString(waiting.result()).key, b"a/%x" % other)
        self.assertGreater(time.monotonic() - begin, 2.5)
        self.assertLess(time.monotonic() - begin, 3 + SLACK_SECONDS)

    def test_who_waits_goes_on_waiting_while_the_leader_changes(self) -> None:
        cluster = self.cluster()
        client = self.client(cluster.follower())
        first, second = client.grant(60), client.grant(60)
        held = client.lock(b"a", first)
        waiting = client.begin_lock(b"a", second, 60)
        self.wait_in_queue(client, b"a/%x" % second, waiting)
        leader = cluster.leader()
        leader.kill()
        cluster.leader()
        self.assertFalse(waiting.done())
        client.unlock(held.key)
        self.assertEqual(lock.LockResponse.FromString(waiting.result()).key, b"a/%x" % second)

    def test_who_waits_at_a_member_that_gets_a_snapshot_goes_on(self) -> None:
        cluster = self.cluster(*SNAPSHOTS_SOON)
        behind = cluster.follower()
        others = self.client(cluster.leader())
        client = self.client(behind)
        leases = [client.grant(120) for _ in range(2)]
        held = client.lock(b"a", leases[0])
        waiting = client.begin_lock(b"a", leases[1], 60)
        self.wait_in_queue(client, b"a/%x" % leases[1], waiting)
        pause(behind)
        try:
            others.unlock(held.key)
            for number in range(600):
                revision = others.put(b"b", b"%d" % number).header.revision
            others.call(KV, "Compact", rpc.CompactionRequest(revision=revision, physical=True),
                        rpc.CompactionResponse)
        finally:
            resume(behind)
        reply = lock.LockResponse.FromString(waiting.result())
        self.assertGreaterEqual(reply.header.revision, revision)
        behind.wait_for_log("snapshot")

    def test_there_are_never_two_holders(self) -> None:
        cluster = self.cluster()
        inside: list[int] = []
        fences: list[int] = []
        mutual = threading.Lock()

        def take_turns(number: int) -> None:
            client = self.client(cluster[number % 3])
            chooser = random.Random(number)
            for _ in range(ROUNDS):
                lease = client.grant(TURNS_SECONDS)
                key = client.lock(b"a", lease, TURNS_SECONDS).key
                revision = client.range(key=key).kvs[0].create_revision
                with mutual:
                    inside.append(number)
                    self.assertEqual(inside, [number])
                    fences.append(revision)
                self.assertTrue(client.write_while_held(key, revision, b"%d" % number))
                time.sleep(chooser.random() / 100)
                with mutual:
                    inside.remove(number)
                client.unlock(key)
                self.assertFalse(client.write_while_held(key, revision, b"late"))

        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(take_turns, number) for number in range(CLIENTS)]:
                done.result()
        self.assertEqual(len(fences), CLIENTS * ROUNDS)
        self.assertEqual(fences, sorted(fences))


if __name__ == "__main__":
    unittest.main()
