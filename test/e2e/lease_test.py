#!/usr/bin/python3
"""Leases of one member and of three: keys go when their lease ends and not before, whoever of the
members is asked to renew it, and whoever leads.

ETCD in the environment is the program.
"""

import os
import time
import unittest
import urllib.request
from pathlib import Path

import grpc

from cluster import Cluster
from cluster_case import WAIT_SECONDS, ClusterCase
from failover_test import pause, resume
from member import Member
from protocol import KV, LEASE, Client, rpc

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
# A new leader gives each lease an election timeout more, and looks twice a second.
SLACK_SECONDS = 4


class LeaseClient(Client):
    def grant(self, ttl: int, lease: int = 0) -> int:
        return self.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=ttl, ID=lease),
                         rpc.LeaseGrantResponse).ID

    def revoke(self, lease: int) -> None:
        self.call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease), rpc.LeaseRevokeResponse)

    def times(self, lease: int, keys: bool = False):
        return self.call(LEASE, "LeaseTimeToLive",
                         rpc.LeaseTimeToLiveRequest(ID=lease, keys=keys),
                         rpc.LeaseTimeToLiveResponse)

    def leases(self) -> list[int]:
        answer = self.call(LEASE, "LeaseLeases", rpc.LeaseLeasesRequest(), rpc.LeaseLeasesResponse)
        return [lease.ID for lease in answer.leases]

    def keep_alive(self, *leases: int) -> list[int]:
        """The times that they have again, one call for all."""
        call = self.channel.stream_stream(f"/{LEASE}/LeaseKeepAlive")
        requests = [rpc.LeaseKeepAliveRequest(ID=lease).SerializeToString() for lease in leases]
        answers = call(iter(requests), timeout=15)
        return [rpc.LeaseKeepAliveResponse.FromString(answer).TTL for answer in answers]

    def put_with(self, key: bytes, lease: int) -> None:
        self.call(KV, "Put", rpc.PutRequest(key=key, value=b"v", lease=lease), rpc.PutResponse)

    def has(self, key: bytes) -> bool:
        return self.range(key=key).count == 1


class LeaseCase(ClusterCase):
    def client(self, member: Member) -> LeaseClient:
        client = LeaseClient(member.address)
        self.addCleanup(client.close)
        # An attempt to connect has little time, however busy the machine is.
        grpc.channel_ready_future(client.channel).result(timeout=WAIT_SECONDS)
        return client

    def expect_end(self, client: LeaseClient, key: bytes, ttl: int) -> None:
        self.wait_for(f"{key} goes", lambda: not client.has(key), ttl + SLACK_SECONDS)


class LeaseTest(LeaseCase):
    def member(self) -> Member:
        return self.enterContext(Member(ETCD))

    def test_keys_go_when_the_lease_ends_and_not_before(self) -> None:
        client = self.client(self.member())
        begin = time.monotonic()
        lease = client.grant(3)
        client.put_with(b"a", lease)
        client.put_with(b"b", lease)
        self.assertEqual(client.times(lease, keys=True).keys, [b"a", b"b"])
        while time.monotonic() - begin < 2.5:
            self.assertTrue(client.has(b"a"))
        self.expect_end(client, b"a", 3)
        self.assertFalse(client.has(b"b"))
        self.assertEqual(client.leases(), [])
        self.assertEqual(client.times(lease).TTL, -1)
        # Both of one revision.
        self.assertEqual(client.range(key=b"a").header.revision, 4)

    def test_one_that_is_renewed_goes_on(self) -> None:
        client = self.client(self.member())
        lease = client.grant(2)
        client.put_with(b"a", lease)
        begin = time.monotonic()
        while time.monotonic() - begin < 6:
            self.assertEqual(client.keep_alive(lease, 7, lease), [2, 0, 2])
            self.assertTrue(client.has(b"a"))
            time.sleep(0.3)
        self.expect_end(client, b"a", 2)

    def test_leases_are_there_after_kill_9(self) -> None:
        member = self.member()
        client = self.client(member)
        lease, revoked = client.grant(3), client.grant(60)
        client.put_with(b"a", lease)
        client.put_with(b"b", revoked)
        client.put(b"c", b"v")
        client.revoke(revoked)
        member.kill()
        member.start()
        client = self.client(member)
        self.assertEqual(client.leases(), [lease])
        self.assertTrue(client.has(b"a"))
        self.assertFalse(client.has(b"b"))
        with self.assertRaises(grpc.RpcError) as raised:
            client.put_with(b"d", revoked)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)
        self.expect_end(client, b"a", 3)
        self.assertTrue(client.has(b"c"))

    def test_what_is_done_is_counted(self) -> None:
        member = self.member()
        client = self.client(member)
        lease = client.grant(2)
        client.keep_alive(lease)
        client.revoke(client.grant(60))
        self.wait_for("it ends", lambda: client.leases() == [], 2 + SLACK_SECONDS)
        with urllib.request.urlopen(member.url + "/metrics", timeout=5) as answer:
            lines = set(answer.read().decode().splitlines())
        for line in ("etcd_debugging_lease_granted_total 2", "etcd_debugging_lease_renewed_total 1",
                     "etcd_debugging_lease_revoked_total 2", "etcd_debugging_lease_ttl_total_sum 62",
                     "etcd_debugging_server_lease_expired_total 1"):
            self.assertTrue(line in lines, line)


class ClusterLeaseTest(LeaseCase):
    def cluster(self) -> Cluster:
        return self.enterContext(Cluster(*[ETCD] * 3))

    def test_any_member_renews_and_tells(self) -> None:
        cluster = self.cluster()
        clients = [self.client(member) for member in cluster]
        lease = clients[0].grant(4)
        clients[1].put_with(b"a", lease)
        begin = time.monotonic()
        while time.monotonic() - begin < 8:
            for client in clients:
                self.assertEqual(client.keep_alive(lease, 7), [4, 0])
                times = client.times(lease, keys=True)
                self.assertEqual((times.grantedTTL, list(times.keys)), (4, [b"a"]))
                self.assertIn(times.TTL, (3, 4))
                self.assertEqual(client.times(7).TTL, -1)
                self.assertEqual(client.leases(), [lease])
            time.sleep(0.5)
        for client in clients:
            self.expect_end(client, b"a", 4)

    def test_a_new_leader_gives_all_of_the_time_and_then_ends_it(self) -> None:
        cluster = self.cluster()
        leader = cluster.leader()
        lease = self.client(leader).grant(4)
        self.client(leader).put_with(b"a", lease)
        time.sleep(3)
        leader.kill()
        client = self.client(cluster.leader())
        elected = time.monotonic()
        while time.monotonic() - elected < 3.5:
            self.assertTrue(client.has(b"a"))
            time.sleep(0.1)
        self.expect_end(client, b"a", 4)

    def test_a_lease_that_is_renewed_survives_each_leader(self) -> None:
        cluster = self.cluster()
        client = self.client(cluster.leader())
        lease = client.grant(5)
        client.put_with(b"a", lease)
        for _ in range(3):
            leader = cluster.leader()
            leader.kill()
            client = self.client(cluster.follower())
            begin = time.monotonic()
            while time.monotonic() - begin < 4:
                self.assertEqual(client.keep_alive(lease), [5])
                time.sleep(0.3)
            leader.start()
        self.assertTrue(client.has(b"a"))

    def test_a_leader_that_stood_still_renews_nothing_that_is_gone(self) -> None:
        cluster = self.cluster()
        leader = cluster.leader()
        client = self.client(leader)
        lease = client.grant(3)
        client.put_with(b"a", lease)
        pause(leader)
        try:
            other = next(member for member in cluster if member is not leader)
            others = self.client(other)
            self.wait_for("another one ends it", lambda: self.is_gone(others), 30)
        finally:
            resume(leader)
        # Whatever it says, it does not say that the lease has time.
        try:
            self.assertEqual(client.keep_alive(lease), [0])
        except grpc.RpcError:
            pass
        self.wait_for("it knows", lambda: client.leases() == [])

    @staticmethod
    def is_gone(client: LeaseClient) -> bool:
        try:
            return not client.has(b"a")
        except grpc.RpcError:
            return False


if __name__ == "__main__":
    unittest.main()
