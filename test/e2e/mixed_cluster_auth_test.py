#!/usr/bin/python3
"""Users of clusters of ours and of a real etcd 3.7.1, in both majorities: tokens that one member made
at the others, who is refused what at each, and rights as they change, while leaders of both kinds
lead and members come back by snapshots. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import contextlib
import os
import unittest
from pathlib import Path

import grpc

import real_etcd
from auth_test import ANN, AuthCase, AuthClient, ROOT, refusal
from cluster import Cluster, wait_until_ready
from member import Member
from protocol import AUTH, MAINTENANCE, auth, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
# Small numbers, so that members fall behind the log soon.
FLAGS = ("--bcrypt-cost", "4", "--snapshot-count", "100", "--snapshot-catchup-entries", "50")
BEYOND_THE_LOG = 400
DENIED = ("PERMISSION_DENIED", "etcdserver: permission denied")
EMPTY = ("INVALID_ARGUMENT", "etcdserver: user name is empty")
INVALID = ("UNAUTHENTICATED", "etcdserver: invalid auth token")
WRONG = ("INVALID_ARGUMENT", "etcdserver: authentication failed, invalid user ID or password")


class TokenClient(AuthClient):
    """Asks of users and members, too."""

    def user_add(self, name: str, password: str) -> None:
        self.ask(AUTH, "UserAdd", rpc.AuthUserAddRequest(name=name, password=password),
                 rpc.AuthUserAddResponse)

    def user_delete(self, name: str) -> None:
        self.ask(AUTH, "UserDelete", rpc.AuthUserDeleteRequest(name=name),
                 rpc.AuthUserDeleteResponse)

    def grant(self, role: str, key: bytes) -> None:
        permission = auth.Permission(permType=auth.Permission.READWRITE, key=key)
        self.ask(AUTH, "RoleGrantPermission",
                 rpc.AuthRoleGrantPermissionRequest(name=role, perm=permission),
                 rpc.AuthRoleGrantPermissionResponse)

    def revoke(self, role: str, key: bytes) -> None:
        self.ask(AUTH, "RoleRevokePermission",
                 rpc.AuthRoleRevokePermissionRequest(role=role, key=key),
                 rpc.AuthRoleRevokePermissionResponse)

    def users(self) -> list[str]:
        return list(self.ask(AUTH, "UserList", rpc.AuthUserListRequest(),
                             rpc.AuthUserListResponse).users)

    def auth_revision(self) -> int:
        return self.ask(AUTH, "AuthStatus", rpc.AuthStatusRequest(),
                        rpc.AuthStatusResponse).authRevision

    def status(self):
        return self.ask(MAINTENANCE, "Status", rpc.StatusRequest(), rpc.StatusResponse)

    def hash_of(self, revision: int) -> tuple[int, int]:
        reply = self.ask(MAINTENANCE, "HashKV", rpc.HashKVRequest(revision=revision),
                         rpc.HashKVResponse)
        return reply.hash, reply.compact_revision


@real_etcd.needed
class MixedClusterAuthTest(AuthCase):
    founded = False

    def client(self, member: Member) -> TokenClient:
        """Root's, once there is one."""
        client = TokenClient(member.address)
        self.addCleanup(client.close)
        return client.log_in("root", ROOT) if self.founded else client

    def ann(self, member: Member) -> TokenClient:
        return self.client(member).log_in("ann", ANN)

    def leader(self, cluster: Cluster) -> Member | None:
        """None, too, while a new one is found."""
        for member in cluster:
            if member.process is not None:
                with contextlib.suppress(grpc.RpcError):
                    status = self.client(member).status()
                    if status.leader == status.header.member_id:
                        return member
        return None

    def lead(self, cluster: Cluster, member: Member) -> None:
        self.wait_for("one leads", lambda: self.leader(cluster) is not None)
        leader = self.leader(cluster)
        if leader is not member:
            identifier = self.client(member).status().header.member_id
            self.client(leader).ask(MAINTENANCE, "MoveLeader",
                                    rpc.MoveLeaderRequest(targetID=identifier),
                                    rpc.MoveLeaderResponse)
        self.wait_for("it leads", lambda: self.leader(cluster) is member)

    def check_equal(self, cluster: Cluster) -> None:
        """Users and roles, when all have applied them, and keys."""
        roots = [self.client(member) for member in cluster]
        self.wait_for("the same revision of rights",
                      lambda: len({root.auth_revision() for root in roots}) == 1)
        revision = max(root.read(b"a/1").header.revision for root in roots)
        for root in roots:  # linearizable: everything up to there is applied
            root.read(b"a/1")
        self.assertEqual(len({root.hash_of(revision) for root in roots}), 1)
        self.assertEqual(len({tuple(root.users()) for root in roots}), 1)

    def check_tokens(self, cluster: Cluster) -> None:
        """Those of each member, at each."""
        for maker in cluster:
            token = self.ann(maker).token
            for member in cluster:
                client = self.client(member)
                client.token = token
                client.write(b"a/1", token.encode())
                self.assertEqual(client.read(b"a/1").kvs[0].value, token.encode())
                self.assertEqual(refusal(lambda: client.write(b"b")), DENIED)
                self.assertEqual(refusal(lambda: client.read(b"b")), DENIED)
                self.assertEqual(refusal(client.users), DENIED)

    def check_refusals(self, cluster: Cluster) -> None:
        for member in cluster:
            client = self.client(member)
            client.token = None
            self.assertEqual(refusal(lambda: client.write(b"a/1")), EMPTY)
            self.assertEqual(refusal(client.users), EMPTY)
            client.token = "abcdefghijklmnop.1"
            self.assertEqual(refusal(lambda: client.read(b"a/1")), INVALID)
            self.assertEqual(refusal(lambda: client.log_in("ann", "wrong")), WRONG)
            self.assertEqual(refusal(lambda: client.log_in("nobody", "wrong")), WRONG)

    def check_changes(self, cluster: Cluster) -> None:
        """Asked of each member: they count at each."""
        for asked in cluster:
            root = self.client(asked)
            root.grant("ann", b"granted")
            self.check_equal(cluster)
            for member in cluster:
                self.ann(member).write(b"granted")
            root.revoke("ann", b"granted")
            self.check_equal(cluster)
            for member in cluster:
                client = self.ann(member)
                self.assertEqual(refusal(lambda: client.write(b"granted")), DENIED)
            root.user_add("bob", "bob")
            bob = self.client(asked).log_in("bob", "bob")
            root.user_delete("bob")
            self.check_equal(cluster)
            for member in cluster:
                client = self.client(member)
                client.token = bob.token
                self.assertEqual(refusal(lambda: client.read(b"a/1")), INVALID)

    def each_comes_back(self, cluster: Cluster) -> None:
        """By a snapshot: more is written than the log keeps. Rights have changed meanwhile."""
        for number, member in enumerate(cluster):
            member.kill()
            self.wait_for("one leads", lambda: self.leader(cluster) is not None)
            leader = self.client(self.leader(cluster))
            leader.grant("ann", b"meanwhile%d" % number)
            leader.user_add(f"user{number}", "password")
            for each in range(BEYOND_THE_LOG):
                leader.write(b"a/%d" % each)
            member.launch()
            wait_until_ready(member)
            self.check_equal(cluster)
            client = self.ann(member)
            client.write(b"meanwhile%d" % number)
            self.assertEqual(refusal(lambda: client.write(b"b")), DENIED)
            self.assertIn(f"user{number}", self.client(member).users())

    def run_through(self, *programs: Path | str) -> None:
        with Cluster(*programs, flags=FLAGS) as cluster:
            self.client(cluster[0]).found()
            self.founded = True
            for leader in cluster:
                self.lead(cluster, leader)
                self.check_tokens(cluster)
                self.check_refusals(cluster)
                self.check_changes(cluster)
                self.check_equal(cluster)
            self.each_comes_back(cluster)

    def test_users_that_come_after_a_snapshot(self) -> None:
        """A real member counts the changes of users from what it finds in a snapshot."""
        with Cluster(ETCD, ETCD, real_etcd.build(), flags=FLAGS) as cluster:
            self.lead(cluster, cluster[0])
            cluster[2].kill()
            for each in range(BEYOND_THE_LOG):
                self.client(cluster[0]).write(b"a/%d" % each)
            cluster[2].launch()
            wait_until_ready(cluster[2])
            self.assertIn("applied snapshot", cluster[2].log.read_text())
            self.client(cluster[0]).found()
            self.founded = True
            self.check_equal(cluster)
            for member in cluster:
                self.ann(member).write(b"a/1", member.name.encode())
                for asked in cluster:
                    self.assertEqual(self.ann(asked).read(b"a/1").kvs[0].value,
                                     member.name.encode())
            self.check_equal(cluster)

    def test_one_of_ours_among_real_ones(self) -> None:
        real = real_etcd.build()
        self.run_through(real, real, ETCD)

    def test_a_real_one_among_ours(self) -> None:
        self.run_through(ETCD, ETCD, real_etcd.build())


if __name__ == "__main__":
    unittest.main()
