#!/usr/bin/python3
"""Debian's client of Python with a user and his password, which sends a token over TLS alone, and
Debian's etcdctl 3.4.

ETCD in the environment is the program.
"""

import base64
import json
import os
import shutil
import subprocess
import unittest
import urllib.request
from pathlib import Path

import etcd3
import grpc

from authority import Authority
from member import Member, scratch_folder

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))


ETCDCTL = "/usr/bin/etcdctl"
TIMEOUT_SECONDS = 30


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class AuthClientsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, folder)
        authority = Authority(folder, "authority")
        self.authority = authority.certificate
        certificate, key = authority.issue("server", "localhost")
        self.member = Member(ETCD, "--bcrypt-cost", "4", "--cert-file", str(certificate),
                             "--key-file", str(key))
        self.member.flags += ("--listen-client-urls",
                              f"http://{self.member.address},https://{self.member.address}")
        self.addCleanup(self.member.__exit__)
        self.member.start()
        for user in ("root", "ann"):
            self.post("user/add", {"name": user, "password": user})
            self.post("role/add", {"name": user})
            self.post("user/grant", {"user": user, "role": user})
        self.post("role/grant", {"name": "ann", "perm": {
            "permType": "READWRITE", "key": encoded("a/"), "range_end": encoded("a0")}})
        self.post("enable", {})

    def post(self, path: str, body: dict) -> None:
        request = urllib.request.Request(f"{self.member.url}/v3/auth/{path}",
                                         json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.assertEqual(answer.status, 200)

    def client(self, user: str, password: str):
        host, _, port = self.member.address.partition(":")
        client = etcd3.client(host=host, port=int(port), user=user, password=password,
                              ca_cert=str(self.authority))
        self.addCleanup(client.close)
        return client

    def test_keys_leases_and_watches_of_a_user(self) -> None:
        ann = self.client("ann", "ann")
        events, cancel = ann.watch_prefix("a/")
        ann.put("a/1", "x")
        self.assertEqual(ann.get("a/1")[0], b"x")
        self.assertEqual(next(events).key, b"a/1")
        cancel()
        with self.assertRaises(grpc.RpcError):
            ann.put("b", "x")
        lease = ann.lease(60)
        ann.put("a/2", "x", lease)
        self.assertEqual(lease.granted_ttl, 60)
        lease.refresh()
        lease.revoke()
        self.assertEqual(ann.get("a/2"), (None, None))

    def test_a_wrong_password(self) -> None:
        with self.assertRaises(grpc.RpcError) as refused:
            self.client("ann", "wrong")
        self.assertEqual(refused.exception.details(),
                         "etcdserver: authentication failed, invalid user ID or password")

    @unittest.skipUnless(os.access(ETCDCTL, os.X_OK), f"there is no {ETCDCTL}")
    def test_etcdctl(self) -> None:
        def said(user: str, *arguments: str) -> tuple[int, str, str]:
            done = subprocess.run(
                [ETCDCTL, "--endpoints", self.member.url, "--user", user, *arguments],
                capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                env=os.environ | {"ETCDCTL_API": "3"})
            return done.returncode, done.stdout, done.stderr

        self.assertEqual(said("ann:ann", "put", "a/1", "x")[:2], (0, "OK\n"))
        self.assertEqual(said("ann:ann", "get", "a/1")[:2], (0, "a/1\nx\n"))
        for refused in (("put", "b", "x"), ("get", "a", "--prefix"), ("user", "list")):
            status, _, error = said("ann:ann", *refused)
            self.assertEqual(status, 1, refused)
            self.assertIn("etcdserver: permission denied", error)
        status, _, error = said("ann:wrong", "get", "a/1")
        self.assertEqual(status, 2)
        self.assertIn("etcdserver: authentication failed, invalid user ID or password", error)
        self.assertEqual(said("root:root", "user", "list")[:2], (0, "ann\nroot\n"))
        self.assertEqual(said("root:root", "role", "grant-permission", "ann", "read", "c")[0], 0)
        self.assertEqual(said("root:root", "put", "c", "y")[:2], (0, "OK\n"))
        self.assertEqual(said("ann:ann", "get", "c")[:2], (0, "c\ny\n"))
        self.assertEqual(said("root:root", "user", "revoke-role", "ann", "ann")[0], 0)
        self.assertIn("permission denied", said("ann:ann", "get", "c")[2])
        self.assertEqual(said("root:root", "auth", "disable")[:2], (0, "Authentication Disabled\n"))


if __name__ == "__main__":
    unittest.main()
