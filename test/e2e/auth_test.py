#!/usr/bin/python3
"""Users, roles and tokens as clients meet them: by password over gRPC and JSON, by certificate,
and with signed tokens; of one member and of three. Nothing of a password or a token is written down.

ETCD in the environment is the program.
"""

import json
import os
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

from authority import Authority
from cluster import Cluster
from cluster_case import ClusterCase
from member import Member, scratch_folder
from protocol import AUTH, CLUSTER, KV, LEASE, LOCK, Client, auth, lock, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
FLAGS = ("--bcrypt-cost", "4")
ROOT, ANN = "rootpassword", "annpassword"
SLACK_SECONDS = 10


def refusal(call) -> tuple[str, str]:
    """The code and the text with which the call is refused."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code().name, error.details()
    return "OK", ""


class AuthClient(Client):
    token: str | None = None

    def ask(self, service: str, method: str, request, response):
        metadata = [("token", self.token)] if self.token else []
        call = self.channel.unary_unary(f"/{service}/{method}")
        return response.FromString(call(request.SerializeToString(), timeout=15, metadata=metadata))

    def log_in(self, user: str, password: str) -> "AuthClient":
        self.token = None
        self.token = self.ask(AUTH, "Authenticate",
                              rpc.AuthenticateRequest(name=user, password=password),
                              rpc.AuthenticateResponse).token
        return self

    def write(self, key: bytes, value: bytes = b"", lease: int = 0):
        return self.ask(KV, "Put", rpc.PutRequest(key=key, value=value, lease=lease),
                        rpc.PutResponse)

    def read(self, key: bytes):
        return self.ask(KV, "Range", rpc.RangeRequest(key=key), rpc.RangeResponse)

    def found(self, no_password: bool = False) -> None:
        """Root, and `ann`, who may do what she likes with what begins with "a/"; and enables."""
        options = auth.UserAddOptions(no_password=no_password)
        for user, password in (("root", ROOT), ("ann", ANN)):
            self.ask(AUTH, "UserAdd", rpc.AuthUserAddRequest(
                name=user, password=password, options=options if user == "ann" else None),
                rpc.AuthUserAddResponse)
            self.ask(AUTH, "RoleAdd", rpc.AuthRoleAddRequest(name=user), rpc.AuthRoleAddResponse)
            self.ask(AUTH, "UserGrantRole", rpc.AuthUserGrantRoleRequest(user=user, role=user),
                     rpc.AuthUserGrantRoleResponse)
        self.ask(AUTH, "RoleGrantPermission", rpc.AuthRoleGrantPermissionRequest(
            name="ann", perm=auth.Permission(permType=auth.Permission.READWRITE, key=b"a/",
                                             range_end=b"a0")),
            rpc.AuthRoleGrantPermissionResponse)
        self.ask(AUTH, "AuthEnable", rpc.AuthEnableRequest(), rpc.AuthEnableResponse)


class AuthCase(ClusterCase):
    def start(self, *flags: str) -> Member:
        member = Member(ETCD, *FLAGS, *flags)
        self.addCleanup(member.__exit__)
        member.start()
        return member

    def client(self, member: Member) -> AuthClient:
        client = AuthClient(member.address)
        self.addCleanup(client.close)
        return client

    def post(self, member: Member, path: str, body: dict, token: str | None = None) -> tuple[int, dict]:
        headers = {"Authorization": token} if token else {}
        request = urllib.request.Request(member.url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


class AuthTest(AuthCase):
    # What is said of a token that was given out before a password was changed.
    STALE = "etcdserver: invalid auth token"

    def test_who_may_and_who_may_not(self) -> None:
        member = self.start()
        client = self.client(member)
        client.found()
        self.assertEqual(refusal(lambda: client.write(b"a/1")),
                         ("INVALID_ARGUMENT", "etcdserver: user name is empty"))
        client.log_in("ann", ANN).write(b"a/1", b"x")
        self.assertEqual(client.read(b"a/1").kvs[0].value, b"x")
        self.assertEqual(refusal(lambda: client.write(b"b")),
                         ("PERMISSION_DENIED", "etcdserver: permission denied"))
        self.assertEqual(refusal(lambda: client.log_in("ann", "wrong")), (
            "INVALID_ARGUMENT",
            "etcdserver: authentication failed, invalid user ID or password"))
        member.kill()
        member.start()
        again = self.client(member)
        self.assertEqual(refusal(lambda: again.read(b"a/1")),
                         ("INVALID_ARGUMENT", "etcdserver: user name is empty"))
        self.assertEqual(again.log_in("ann", ANN).read(b"a/1").kvs[0].value, b"x")

    def test_who_waits_for_a_lock_gets_it_with_a_token_that_counts(self) -> None:
        member = self.start()
        client = self.client(member)
        client.found()
        root = client.log_in("root", ROOT)
        held = root.ask(LOCK, "Lock", lock.LockRequest(name=b"a/l"), lock.LockResponse).key
        token = client.log_in("ann", ANN).token
        waiting = [client.channel.unary_unary("/v3lockpb.Lock/Lock").future(
            lock.LockRequest(name=b"a/l").SerializeToString(), timeout=30,
            metadata=[("token", token)]) for _ in range(2)]
        root = self.client(member).log_in("root", ROOT)
        self.wait_for("both wait", lambda: root.ask(
            KV, "Range", rpc.RangeRequest(key=b"a/l/", range_end=b"a/l0"), rpc.RangeResponse).count == 3)
        root.ask(AUTH, "UserChangePassword", rpc.AuthUserChangePasswordRequest(
            name="ann", password="another"), rpc.AuthUserChangePasswordResponse)
        root = self.client(member).log_in("root", ROOT)
        root.ask(LOCK, "Unlock", lock.UnlockRequest(key=held), lock.UnlockResponse)
        for each in waiting:
            self.assertEqual(each.exception().details(), self.STALE)
        # Nor do they stand in the way of others.
        root.ask(LOCK, "Lock", lock.LockRequest(name=b"a/l"), lock.LockResponse)

    def test_over_json(self) -> None:
        member = self.start()
        self.client(member).found()
        status, answer = self.post(member, "/v3/kv/put", {"key": "YS8x", "value": "eA=="})
        self.assertEqual((status, answer["message"]), (400, "etcdserver: user name is empty"))
        status, answer = self.post(member, "/v3/auth/authenticate",
                                   {"name": "ann", "password": ANN})
        self.assertEqual(status, 200, answer)
        token = answer["token"]
        self.assertEqual(self.post(member, "/v3/kv/put", {"key": "YS8x", "value": "eA=="}, token)[0],
                         200)
        status, answer = self.post(member, "/v3/kv/range", {"key": "Yg=="}, token)
        self.assertEqual((status, answer["message"]), (403, "etcdserver: permission denied"))
        status, answer = self.post(member, "/v3/kv/range", {"key": "Yg=="}, "nonsense")
        self.assertEqual((status, answer["message"]), (401, "etcdserver: invalid auth token"))

    def test_nothing_secret_is_written_down(self) -> None:
        member = self.start("--log-level", "debug")
        client = self.client(member)
        client.found()
        tokens = [client.log_in("ann", ANN).token, client.log_in("root", ROOT).token]
        refusal(lambda: client.log_in("ann", "wrongpassword"))
        client.token = "abcdefghijklmnop.7"
        refusal(lambda: client.read(b"a/1"))
        client.log_in("root", ROOT)
        client.ask(AUTH, "UserChangePassword",
                   rpc.AuthUserChangePasswordRequest(name="ann", password="newpassword"),
                   rpc.AuthUserChangePasswordResponse)
        with urllib.request.urlopen(f"{member.url}/metrics", timeout=10) as answer:
            metrics = answer.read()
        member.stop()
        log = member.log.read_bytes()
        for secret in (ROOT, ANN, "wrongpassword", "newpassword"):
            self.assertNotIn(secret.encode(), log)
            self.assertNotIn(secret.encode(), metrics)
            for path in (member.folder / "data").rglob("*"):
                if path.is_file():
                    self.assertNotIn(secret.encode(), path.read_bytes(), path)
        for token in (*tokens, "abcdefghijklmnop.7"):
            self.assertNotIn(token.encode(), log)

    def test_a_certificate_says_who_asks(self) -> None:
        folder = Path(scratch_folder())
        authority = Authority(folder, "authority")
        server = authority.issue("server", "localhost")
        member = Member(ETCD, *FLAGS)
        member.flags += ("--cert-file", str(server[0]), "--key-file", str(server[1]),
                         "--client-cert-auth", "--trusted-ca-file", str(authority.certificate),
                         "--listen-client-urls", f"http://{member.address},https://{member.address}")
        self.addCleanup(member.__exit__)
        member.start()
        plain = self.client(member)
        plain.found(no_password=True)

        def secured(name: str, subject: str | None = None) -> AuthClient:
            certificate, key = authority.issue(name, subject or name, hosts="IP:127.0.0.1")
            client = AuthClient(member.address)
            client.channel.close()
            client.channel = grpc.secure_channel(member.address, grpc.ssl_channel_credentials(
                authority.certificate.read_bytes(), key.read_bytes(), certificate.read_bytes()))
            self.addCleanup(client.close)
            return client

        ann = secured("ann")
        ann.write(b"a/1", b"x")
        self.assertEqual(refusal(lambda: ann.write(b"b"))[0], "PERMISSION_DENIED")
        self.assertEqual(refusal(lambda: secured("bob").read(b"a/1"))[0], "PERMISSION_DENIED")
        self.assertEqual(refusal(lambda: plain.read(b"a/1"))[1], "etcdserver: user name is empty")
        # Of several names the last counts, as for Go.
        self.assertEqual(refusal(lambda: secured("two", "root/CN=ann").write(b"b"))[0],
                         "PERMISSION_DENIED")
        ann.log_in("root", ROOT)  # a token counts for more
        ann.write(b"b")
        context = ssl.create_default_context(cafile=str(authority.certificate))
        context.load_cert_chain(folder / "ann.pem", folder / "ann.key")
        request = urllib.request.Request(f"https://{member.address}/v3/kv/range", b'{"key":"YQ=="}')
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10, context=context)
        self.assertEqual(refused.exception.code, 400)
        self.assertIn(b"CommonName of client", refused.exception.read())
        refused.exception.close()
        member.stop()


class SignedTokensTest(AuthTest):
    """The same, and what signed tokens are for."""

    STALE = "etcdserver: revision of auth store is old"

    def setUp(self) -> None:
        folder = Path(scratch_folder())
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                        folder / "key"], check=True, capture_output=True, timeout=60)
        self.flags = ("--auth-token", f"jwt,priv-key={folder}/key,sign-method=ES256,ttl=10m")

    def start(self, *flags: str) -> Member:
        return super().start(*self.flags, *flags)

    def test_a_token_outlives_a_restart(self) -> None:
        member = self.start()
        client = self.client(member)
        client.found()
        client.log_in("ann", ANN).write(b"a/1", b"x")
        self.assertEqual(client.token.count("."), 2)
        member.kill()
        member.start()
        again = self.client(member)
        again.token = client.token
        self.assertEqual(again.read(b"a/1").kvs[0].value, b"x")

    def test_a_token_is_of_its_revision(self) -> None:
        member = self.start()
        client, root = self.client(member), self.client(member)
        client.found()
        client.log_in("ann", ANN)
        root.log_in("root", ROOT)
        root.ask(AUTH, "RoleAdd", rpc.AuthRoleAddRequest(name="other"), rpc.AuthRoleAddResponse)
        old = ("INVALID_ARGUMENT", "etcdserver: revision of auth store is old")
        self.assertEqual(refusal(lambda: client.read(b"a/1")), old)
        self.assertEqual(refusal(lambda: client.write(b"a/1")), old)


class ClusterAuthTest(AuthCase):
    def test_a_token_counts_at_every_member(self) -> None:
        with Cluster(ETCD, ETCD, ETCD, flags=FLAGS) as cluster:
            members = list(cluster)
            self.client(members[0]).found()
            for number in range(30):
                token = self.client(members[number % 3]).log_in("ann", ANN).token
                client = self.client(members[(number + 1) % 3])
                client.token = token
                client.write(b"a/%d" % number, b"x")
                self.assertEqual(client.read(b"a/%d" % number).kvs[0].value, b"x")

    def test_leases_end_where_users_are_asked_for(self) -> None:
        with Cluster(ETCD, ETCD, ETCD, flags=FLAGS) as cluster:
            client = self.client(next(iter(cluster)))
            client.found()
            client.log_in("ann", ANN)
            lease = client.ask(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=2),
                               rpc.LeaseGrantResponse).ID
            client.write(b"a/1", b"x", lease)
            self.wait_for("the key is gone", lambda: not client.read(b"a/1").kvs, SLACK_SECONDS)

    def test_a_member_that_joins_asks_for_users_too(self) -> None:
        with Cluster(ETCD, ETCD, ETCD, flags=(*FLAGS, "--snapshot-count", "10",
                                              "--snapshot-catchup-entries", "5")) as cluster:
            client, behind = self.client(cluster.leader()), cluster.follower()
            client.found()
            client.log_in("ann", ANN)
            behind.kill()
            for number in range(50):
                client.write(b"a/%d" % number, b"x")
            behind.start()
            late = self.client(behind)
            self.wait_for("it has come so far", lambda: refusal(
                lambda: late.ask(CLUSTER, "MemberList", rpc.MemberListRequest(),
                                 rpc.MemberListResponse))[1] == "etcdserver: user name is empty")
            late.log_in("ann", ANN)
            self.assertEqual(late.read(b"a/49").kvs[0].value, b"x")
            self.assertEqual(refusal(lambda: late.read(b"b"))[0], "PERMISSION_DENIED")


if __name__ == "__main__":
    unittest.main()
