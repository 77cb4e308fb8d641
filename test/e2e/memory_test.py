#!/usr/bin/python3
"""What a member holds for its clients stays within its budget, whatever kind of answer they ask for
and do not take, and whatever they send; and long calls in any number leave others alone.

ETCD in the environment is the program.
"""

import base64
import gzip
import json
import os
import socket
import struct
import threading
import time
import unittest
from pathlib import Path

import http2
from attacks import field, varint
from http2 import END_HEADERS, END_STREAM, Connection, frame
from member import Member
from protocol import rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
MB = 10**6
BUDGET_BYTES, MORE_BYTES_MAX = 128 * 2**20, 100 * 2**20
VALUES, VALUE_BYTES = 30, MB
CLIENTS = 40
WRITERS = 8
DRAIN_SECONDS = 5
RANGE, PUT, TXN, STREAM = (f"/etcdserverpb.KV/{name}"
                           for name in ("Range", "Put", "Txn", "RangeStream"))
ALL = field(1, b"B") + field(2, b"C")
SORTED = ALL + varint(5 << 3) + varint(2) + varint(6 << 3) + varint(4)  # by value, descending


def in_json(**more: str) -> bytes:
    request = {"key": base64.b64encode(b"B").decode(), "range_end": base64.b64encode(b"C").decode()}
    return json.dumps({**request, **more}).encode()


def ask_in_json(address: str, body: bytes) -> socket.socket:
    host, _, port = address.partition(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((host, int(port)))
    client.sendall(b"POST /v3/kv/range HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
                   % len(body) + body)
    return client


def ask(address: str, path: str, encoded: bytes) -> Connection:
    """Without a window for the answer."""
    connection = Connection(address, window=0, receive_buffer=4096)
    connection.send(connection.request(path, encoded))
    return connection


class Peak:
    """The most anonymous memory while it is measured, in bytes."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.bytes = 0

    def __enter__(self) -> "Peak":
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.bytes = max(self.bytes, self.member.anonymous_bytes())


class MemoryTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = Member(ETCD, "--client-memory-bytes", str(BUDGET_BYTES))
        self.addCleanup(self.member.__exit__)
        self.member.start()
        self.put = Connection(self.member.address)
        self.addCleanup(self.put.close)
        for number in range(VALUES):
            self.assertIsNotNone(self.put.call(PUT, field(1, b"B%d" % number) +
                                               field(2, os.urandom(VALUE_BYTES))))
        self.quiet = self.member.anonymous_bytes()

    def expect_bounded(self, begin, held_bytes_max: int = BUDGET_BYTES) -> None:
        """While CLIENTS have begun so and wait, puts are answered."""
        clients = []
        with Peak(self.member) as peak:
            for _ in range(CLIENTS):
                clients.append(begin())
            end = time.monotonic() + 1
            while time.monotonic() < end:
                self.assertIsNotNone(self.put.call(PUT, field(1, b"q") + field(2, b"1")))
                time.sleep(0.05)
        print(f"{self.id().rpartition('.')[2]}: at most {peak.bytes // MB} MB, "
              f"{self.quiet // MB} MB before")
        for client in clients:
            client.close()
        self.assertLess(peak.bytes, self.quiet + held_bytes_max + MORE_BYTES_MAX)

    def test_answers_in_json_that_nobody_takes(self) -> None:
        """Next to nothing is held of each."""
        self.expect_bounded(lambda: ask_in_json(self.member.address, in_json()), held_bytes_max=0)

    def test_sorted_answers_in_json_that_nobody_takes(self) -> None:
        body = in_json(sort_order="DESCEND", sort_target="VALUE")
        self.expect_bounded(lambda: ask_in_json(self.member.address, body))

    def test_sorted_answers_that_nobody_takes(self) -> None:
        self.expect_bounded(lambda: ask(self.member.address, RANGE, SORTED))

    def test_answers_of_transactions_that_nobody_takes(self) -> None:
        self.expect_bounded(lambda: ask(self.member.address, TXN, field(2, field(1, ALL))))

    def test_requests_that_expand(self) -> None:
        packed = gzip.compress(field(1, b"q") + field(2, bytes(2_000_000)))
        data = struct.pack(">BI", 1, len(packed)) + packed

        def begin() -> Connection:
            connection = Connection(self.member.address)
            head = http2.head(PUT, (b"grpc-encoding", b"gzip"))
            connection.send(b"".join(frame(http2.HEADERS, END_HEADERS, stream, head) +
                                     frame(http2.DATA, END_STREAM, stream, data)
                                     for stream in range(1, 41, 2)))
            return connection

        self.expect_bounded(begin)

    def test_long_calls_in_any_number_leave_others_alone(self) -> None:
        """A thousand of each kind, none of whose answers are taken."""
        hash_kv, snapshot = (f"/etcdserverpb.Maintenance/{name}" for name in ("HashKV", "Snapshot"))
        self.assertIsNotNone(self.put.call(RANGE, field(1, b"q")))
        calls = []
        with Peak(self.member) as peak:
            for _ in range(10):
                connection = Connection(self.member.address, window=0)
                connection.socket.settimeout(5)
                for path, request in ((hash_kv, b""), (snapshot, b""), (STREAM, ALL)):
                    connection.send(b"".join(connection.request(path, request)
                                             for _ in range(100)))
                calls.append(connection)
            slowest = 0.0
            for _ in range(20):
                begin = time.monotonic()
                self.assertIsNotNone(self.put.call(RANGE, field(1, b"q")))
                slowest = max(slowest, time.monotonic() - begin)
                time.sleep(0.05)
        print(f"long calls: at most {peak.bytes // MB} MB, {self.quiet // MB} MB before; the slowest "
              f"read beside them {slowest:.3f} s")
        self.assertLess(peak.bytes, self.quiet + BUDGET_BYTES + MORE_BYTES_MAX)
        for connection in calls:
            connection.close()
        time.sleep(0.5)
        self.assertIsNotNone(self.put.call(hash_kv, b""))

    def test_who_takes_nothing_keeps_no_put_from_its_answer(self) -> None:
        """The member stops while all of these wait."""
        address = self.member.address
        waiting = []
        for _ in range(5):
            waiting.append(ask_in_json(address, in_json()))
            waiting.append(ask_in_json(address, in_json(sort_order="DESCEND", sort_target="VALUE")))
            waiting.append(ask(address, RANGE, SORTED))
            waiting.append(ask(address, TXN, field(2, field(1, ALL))))
            waiting.append(ask(address, STREAM, ALL))
            waiting.append(ask(address, "/etcdserverpb.Maintenance/Snapshot", b""))
        answered = [0] * WRITERS

        def write(writer: int) -> None:
            connection = Connection(address)
            try:
                while connection.call(PUT, field(1, b"w%d" % writer) + field(2, b"1")) is not None:
                    answered[writer] += 1
            except OSError:
                pass
            connection.close()

        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
        for thread in writers:
            thread.start()
        time.sleep(1)
        begin = time.monotonic()
        self.member.stop()
        took = time.monotonic() - begin
        for thread in writers:
            thread.join()
        for client in waiting:
            client.close()
        print(f"stopped in {took:.1f} s, {sum(answered)} puts answered")
        self.assertLess(took, DRAIN_SECONDS + 2)
        self.member.start()
        reader = Connection(address)
        self.addCleanup(reader.close)
        for writer in range(WRITERS):
            encoded = reader.call(RANGE, field(1, b"w%d" % writer))
            version = rpc.RangeResponse.FromString(encoded).kvs[0].version
            self.assertEqual(version, answered[writer])


if __name__ == "__main__":
    unittest.main()
