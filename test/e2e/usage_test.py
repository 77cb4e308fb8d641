#!/usr/bin/python3
"""What fills the store, as clients are told: over gRPC and JSON, by etcdctl, with users and without,
and of more keys than one step takes, while others write.

ETCD and ETCDCTL in the environment are the programs.
"""

import base64
import json
import os
import subprocess
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

from auth_test import ANN, ROOT, AuthClient
from member import Member
from protocol import KV, USAGE, rpc, usage

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
KEYS = 20_000
KEYS_A_TXN = 100


class UsageTest(unittest.TestCase):
    def start(self) -> Member:
        member = Member(ETCD, "--bcrypt-cost", "4")
        self.addCleanup(member.__exit__)
        member.start()
        return member

    def client(self, member: Member) -> AuthClient:
        client = AuthClient(member.address)
        self.addCleanup(client.close)
        return client

    def ask(self, client: AuthClient, **fields):
        return client.call(USAGE, "Usage", usage.UsageRequest(**fields), usage.UsageResponse)

    def ctl(self, member: Member, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                              capture_output=True, text=True, timeout=60)

    def du(self, member: Member, *arguments: str) -> str:
        done = self.ctl(member, "du", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def fill(self, client: AuthClient) -> None:
        for key, value in ((b"a/b/1", b"one"), (b"a/c", b"two"), (b"a/c", b"newest"), (b"d", b"")):
            client.put(key, value)

    def test_etcdctl_tells_it_in_every_format(self) -> None:
        member = self.start()
        self.assertEqual(self.du(member), "")
        self.fill(self.client(member))
        self.assertEqual(self.du(member), "a/, 2, 17, 3\nd, 1, 1, 1\n")
        self.assertEqual(self.du(member, "a/"), "a/c, 1, 9, 2\na/b/, 1, 8, 1\n")
        self.assertEqual(self.du(member, "--limit=1"), "a/, 2, 17, 3\n, 1, 1, 1\n")
        self.assertEqual(self.du(member, "a/", "--delimiter=b", "--hex"),
                         "\\x61\\x2f\\x63, 1, 9, 2\n\\x61\\x2f\\x62, 1, 8, 1\n")
        table = self.du(member, "-w", "table")
        for row in ("│ PREFIX │ KEYS │ BYTES │ REVISIONS │", "│     a/ │    2 │    17 │         3 │"):
            self.assertIn(row + "\n", table)
        told = json.loads(self.du(member, "-w", "json"))
        self.assertEqual(told["header"]["revision"], 5)
        self.assertEqual(told["groups"][0], {"prefix": base64.b64encode(b"a/").decode(), "keys": 2,
                                             "bytes": 17, "revisions": 3})
        self.assertIn('"Prefix" : "a/"\n"Keys" : 2\n"Bytes" : 17\n"Revisions" : 3\n',
                      self.du(member, "-w", "fields"))
        refused = self.ctl(member, "du", "--limit=1001")
        self.assertEqual((refused.returncode, refused.stdout, refused.stderr.splitlines()[-1]),
                         (1, "", "Error: rpc error: code = InvalidArgument desc = "
                          "etcdserver: usage limit is above 1000 groups"))

    def post(self, member: Member, body: dict) -> tuple[int, dict]:
        request = urllib.request.Request(member.url + "/v3/usage", json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_over_json(self) -> None:
        member = self.start()
        self.fill(self.client(member))
        code, answer = self.post(member, {"prefix": base64.b64encode(b"a/").decode(), "limit": 1})
        self.assertEqual((code, answer["groups"]),
                         (200, [{"prefix": "YS9j", "keys": "1", "bytes": "9", "revisions": "2"},
                                {"keys": "1", "bytes": "8", "revisions": "1"}]))
        code, answer = self.post(member, {"delimiter": base64.b64encode(b"/" * 65).decode()})
        self.assertEqual((code, answer["message"]),
                         (400, "etcdserver: usage delimiter has more than 64 bytes"))

    def test_users_are_told_of_what_they_may_read(self) -> None:
        member = self.start()
        self.client(member).found()
        for user, code in ((ANN, 1), (ROOT, 0)):
            name = "ann" if user == ANN else "root"
            done = self.ctl(member, "--user", f"{name}:{user}", "du")
            self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(self.ctl(member, "du").stderr.splitlines()[-1],
                         "Error: etcdserver: user name is empty")
        self.assertEqual(self.ctl(member, "--user", f"ann:{ANN}", "du").stderr.splitlines()[-1],
                         "Error: etcdserver: permission denied")

    def test_many_keys_while_others_write(self) -> None:
        """All that is told is of the revision in the answer's header."""
        member = self.start()
        client = self.client(member)
        for first in range(0, KEYS, KEYS_A_TXN):
            puts = [rpc.RequestOp(request_put=rpc.PutRequest(key=f"many/{number:06}".encode()))
                    for number in range(first, first + KEYS_A_TXN)]
            client.call(KV, "Txn", rpc.TxnRequest(success=puts), rpc.TxnResponse)
        before = client.put(b"more/0", b"").header.revision
        asked = [client.start(USAGE, "Usage", b"") for _ in range(50)]
        for number in range(1, 100):
            client.put(f"more/{number}".encode(), b"")
        for future in asked:
            answer = usage.UsageResponse.FromString(future.result())
            self.assertEqual([(group.prefix, group.keys) for group in answer.groups],
                             [(b"many/", KEYS),
                              (b"more/", answer.header.revision - before + 1)])
        with self.assertRaises(grpc.RpcError) as caught:
            self.ask(client, limit=1001)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)


if __name__ == "__main__":
    unittest.main()
