#!/usr/bin/python3
"""The v2 API over HTTP/2 and TLS, beside Debian's etcd 3.4.23 over HTTP/1.1; and what it may hold.

ETCD in the environment is the program, V2_SEED the seed.
"""

import json
import shutil
import subprocess
import time
import unittest
from itertools import product
from pathlib import Path

from authority import Authority
from member import Member, scratch_folder
from random_v2 import RandomRequests
from v2_client import Answer, Ask, Connection
from v2_test import DEBIANS, ETCD, SEED, BesideEtcdCase, normal_body, normal_headers

CALLS = 150
TIMEOUT_SECONDS = 30
VARIES = ("Content-Length", "Transfer-Encoding", "Connection", "Date")  # with the version of HTTP


class CurlAnswer(Answer):
    """What `curl -i` prints."""

    def __init__(self, printed: bytes) -> None:
        head, _, self.body = printed.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.status = int(lines[0].split()[1])
        pairs = [line.partition(": ") for line in lines[1:]]
        self.headers = {name.title(): value for name, _, value in pairs}
        self.ended = True


class SurfacesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.theirs = self.enterContext(Member(DEBIANS, "--enable-v2"))
        self.connection = Connection(self.theirs.address)
        self.addCleanup(self.connection.close)

    def curl(self, url: str, ask: Ask, *arguments: str) -> CurlAnswer:
        words = ["curl", "-isS", "--path-as-is", *arguments]
        words += ["--head"] if ask.method == "HEAD" else ["-X", ask.method]
        if ask.body is not None:
            words += ["--data-binary", "@-", "-H", f"Content-Type: {ask.content_type or ''}"]
        done = subprocess.run([*words, url + ask.target], input=ask.body or b"",
                              capture_output=True, timeout=TIMEOUT_SECONDS, check=True)
        return CurlAnswer(done.stdout)

    def compare(self, url: str, version: str, *arguments: str) -> None:
        requests = RandomRequests(SEED)
        for _ in range(CALLS):
            ask = requests.next(may_end_soon=False)
            if ask.method == "OPTIONS":  # curl would ask for more
                continue
            ours = self.curl(url, ask, *arguments)
            theirs = self.connection.ask(ask).read()
            self.assertTrue(ours.line.startswith(version), ours.line)
            self.assertEqual(ours.status, theirs.status, ask)
            headers = [{name: value for name, value in normal_headers(answer, "HEAD", True).items()
                        if name not in VARIES} for answer in (ours, theirs)]
            self.assertEqual(*headers, ask)
            if ask.method != "HEAD":
                self.assertEqual(normal_body(ours.body), normal_body(theirs.body), ask)
            if theirs.headers.get("Connection") == "close":
                self.connection.close()
                self.connection = Connection(self.theirs.address)

    def test_http2(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        self.compare(member.url, "HTTP/2", "--http2-prior-knowledge")

    def test_tls(self) -> None:
        folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, folder)
        authority = Authority(folder, "authority")
        certificate, key = authority.issue("server", "localhost", hosts="IP:127.0.0.1")
        member = Member(ETCD, "--enable-v2", "--cert-file", str(certificate),
                        "--key-file", str(key))
        plain = member.address
        member.flags += ("--listen-client-urls", f"http://{plain},https://{plain}")
        self.enterContext(member)
        trusted = ("--cacert", str(authority.certificate))
        self.compare(f"https://{plain}", "HTTP/2", "--http2", *trusted)
        answer = self.curl(f"https://{plain}", Ask("GET", "/v2/keys/"), "--http1.1", *trusted)
        self.assertEqual((answer.line, answer.status), ("HTTP/1.1 200 OK", 200))


class AccessTest(BesideEtcdCase):
    """Which hosts and origins are heard, at every path: a form needs no preflight."""
    FLAGS = ("--cors", "http://good:80", "--host-whitelist", "127.0.0.1,member")
    FORM = "application/x-www-form-urlencoded"

    def test_hosts_and_origins(self) -> None:
        paths = ["/v2/keys", "/v2/keys/a", "/v2/keys/a/../b", "/v2/members", "/v2/members/leader",
                 "/v2/machines", "/v2/stats/store", "/v2/stats/none", "/v2/auth/enable",
                 "/v2/auth/users", "/v2/auth/roles/r", "/v2/none"]
        hosts = ["127.0.0.1", "member:2379", "bad", "bad:2379", "member.bad", ""]
        for path, method in product(paths, ("GET", "PUT", "POST", "DELETE", "OPTIONS")):
            for host, origin in product(hosts, ("http://good:80", "http://bad:80", None)):
                headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
                body = b"value=x" if method in ("PUT", "POST") else None
                ask = Ask(method, path, body, None if body is None else self.FORM, headers)
                answers = self.pair.ask(ask)
                self.compare_all(ask, answers, path)
                if "bad" in host:
                    self.assertEqual(answers[0].status, 421, ask)
                self.assertEqual(answers[0].headers.get("Access-Control-Allow-Origin", "none"),
                                 "http://good:80" if answers[0].status != 421 and
                                 origin == "http://good:80" else "none", ask)

    def compare_all(self, ask: Ask, answers: list[Answer], path: str) -> None:
        """What a statistic counts is another thing each time."""
        if path in ("/v2/stats/store", "/v2/members", "/v2/members/leader", "/v2/machines"):
            self.assertEqual(answers[0].line, answers[1].line, ask)
        else:
            self.compare(ask, answers)


class QuotaTest(unittest.TestCase):
    def test_at_the_limit_only_deletes_pass_and_then_there_is_room_again(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2", "--quota-backend-bytes",
                                          str(16 << 20)))
        connection = Connection(member.address)
        self.addCleanup(connection.close)

        def put(number: int) -> Answer:
            return connection.ask(Ask("PUT", f"/v2/keys/d/{number}", b"value=" + b"x" * 4000,
                                      "application/x-www-form-urlencoded")).read()

        number = 0
        while (answer := put(number)).status == 201:
            number += 1
            self.assertLess(number, 10_000)
        self.assertEqual((answer.status, json.loads(answer.body)["cause"]),
                         (500, "etcdserver: mvcc: database space exceeded"))
        self.assertEqual(connection.ask(Ask("GET", "/v2/keys/d/0")).read().status, 200)
        self.assertEqual(connection.ask(Ask("POST", "/v2/keys/d")).read().status, 500)
        # It is the same database.
        v3 = connection.ask(Ask("POST", "/v3/kv/put", b'{"key":"YQ==","value":"YQ=="}',
                                "application/json")).read()
        self.assertEqual(v3.status, 429, v3.body)
        self.assertIn(b"etcdserver: mvcc: database space exceeded", v3.body)
        self.assertEqual(connection.ask(Ask("DELETE", "/v2/keys/d?recursive=true")).read().status,
                         200)
        # The last 1,000 events take a quarter of the room still; the alarm goes some time after there
        # is enough.
        end = time.monotonic() + 2 * TIMEOUT_SECONDS
        while put(0).status != 201:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.5)

    def test_a_request_that_is_too_large_changes_nothing(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        connection = Connection(member.address)
        self.addCleanup(connection.close)
        for size in (2 << 20, 11 << 20):
            answer = connection.ask(Ask("PUT", "/v2/keys/a", b"value=" + b"x" * size,
                                        "application/x-www-form-urlencoded")).read()
            self.assertIn(answer.status, (400, 500), answer.body)
        self.assertEqual(connection.ask(Ask("GET", "/v2/keys/a")).read().status, 404)


if __name__ == "__main__":
    unittest.main()
