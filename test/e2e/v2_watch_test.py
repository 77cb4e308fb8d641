#!/usr/bin/python3
"""Watches of the v2 API: many that wait for one key, streams that are told much, and that take
nothing.

ETCD in the environment is the program, V2_WAITERS how many clients wait.
"""

import json
import os
import resource
import socket
import unittest
from pathlib import Path

from member import Member
from v2_client import TIMEOUT_SECONDS, Answer, Ask, Connection

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
WAITERS = int(os.environ.get("V2_WAITERS", "2000"))
BYTES_OF_WAITER = 25 * 1024


class WatchTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = self.enterContext(Member(ETCD, "--enable-v2"))
        self.connection = self.connect()
        self.put("begun")

    def connect(self) -> Connection:
        connection = Connection(self.member.address)
        self.addCleanup(connection.close)
        return connection

    def put(self, key: str, value: str = "1") -> int:
        answer = self.connection.ask(Ask("PUT", f"/v2/keys/{key}?value={value}")).read()
        self.assertIn(answer.status, (200, 201), answer.body)
        return int(answer.headers["X-Etcd-Index"])

    def test_thousands_wait_for_one_key(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, WAITERS + 100)), hard))
        before = self.member.anonymous_bytes()
        waiters = []
        request = Ask("GET", "/v2/keys/a?wait=true").bytes()
        host, port = self.member.address.split(":")
        for _ in range(WAITERS):
            waiter = socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS)
            self.addCleanup(waiter.close)
            waiter.sendall(request)
            waiters.append(waiter)
        for waiter in waiters:
            self.assertTrue(waiter.recv(4096).startswith(b"HTTP/1.1 200 OK"))
        self.assertLess(self.member.anonymous_bytes() - before, WAITERS * BYTES_OF_WAITER)
        index = self.put("a")
        for waiter in waiters:
            told = b""
            while not told.endswith(b"0\r\n\r\n"):
                told += waiter.recv(4096)
            self.assertIn(b'"modifiedIndex":%d' % index, told)
        stats = self.connection.ask(Ask("GET", "/v2/stats/store")).read()
        self.assertEqual(json.loads(stats.body)["watchers"], 0)

    def test_a_stream_is_told_each_change_in_order(self) -> None:
        stream = self.connect().ask(Ask("GET", "/v2/keys/d?wait=true&stream=true&recursive=true"))
        others = [self.connect() for _ in range(20)]
        for i, other in enumerate(others):  # all at once
            other.socket.sendall(b"".join(Ask("PUT", f"/v2/keys/d/{i}?value={number}").bytes()
                                          for number in range(100)))
        indexes = [int(Answer(other, "PUT").read().headers["X-Etcd-Index"])
                   for other in others for _ in range(100)]
        stream.read_what_comes(1.0)
        told = [json.loads(line)["node"]["modifiedIndex"] for line in stream.body.splitlines()]
        self.assertEqual(told, sorted(indexes))

    def test_a_stream_that_takes_nothing_ends_and_others_go_on(self) -> None:
        slow = self.connect()
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        stream = slow.ask(Ask("GET", "/v2/keys/d?wait=true&stream=true&recursive=true"))
        before = self.member.anonymous_bytes()
        value = "x" * 100_000
        for number in range(300):
            request = Ask("PUT", f"/v2/keys/d/{number % 3}", f"value={value}".encode(),
                          "application/x-www-form-urlencoded")
            self.assertIn(self.connection.ask(request).read().status, (200, 201))
        stats = json.loads(self.connection.ask(Ask("GET", "/v2/stats/store")).read().body)
        self.assertEqual(stats["watchers"], 0)
        # The history keeps 300 times the value and the one before.
        self.assertLess(self.member.anonymous_bytes() - before, 150 << 20)
        stream.read()  # what was sent is whole
        for line in stream.body.splitlines():
            self.assertEqual(len(json.loads(line)["node"]["value"]), 100_000)
        index = self.put("d/last")
        again = self.connect().ask(
            Ask("GET", f"/v2/keys/d?wait=true&recursive=true&waitIndex={index}")).read()
        self.assertEqual(json.loads(again.body)["node"]["modifiedIndex"], index)

    def test_streams_that_take_nothing_leave_room_to_others(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2", "--client-memory-bytes", "64000000"))
        connection = Connection(member.address)
        self.addCleanup(connection.close)
        large = Ask("PUT", "/v2/keys/d", b"value=" + b"x" * 900_000,
                    "application/x-www-form-urlencoded")
        connection.ask(large).read()
        for _ in range(120):
            slow = Connection(member.address)
            self.addCleanup(slow.close)
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.ask(Ask("GET", "/v2/keys/d?wait=true&stream=true"))
        for _ in range(8):
            self.assertEqual(connection.ask(large).read().status, 200)

    def test_an_event_larger_than_what_is_held_for_a_stream_is_told(self) -> None:
        stream = self.connect().ask(Ask("GET", "/v2/keys/d?wait=true&stream=true"))
        value = "x" * 1_000_000
        for number in range(3):
            request = Ask("PUT", "/v2/keys/d", f"value={number}{value}".encode(),
                          "application/x-www-form-urlencoded")
            self.assertIn(self.connection.ask(request).read().status, (200, 201))
            while len(stream.body.splitlines()) <= number or not stream.body.endswith(b"\n"):
                self.assertTrue(stream.has_more(TIMEOUT_SECONDS))
                stream.read_what_comes(0)
        self.assertEqual(len(stream.body.splitlines()), 3)


if __name__ == "__main__":
    unittest.main()
