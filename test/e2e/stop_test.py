#!/usr/bin/python3
"""A process is told to stop: what is under way is answered, and nothing is lost or done twice.

ETCD in the environment is the program.
"""

import asyncio
import base64
import http.client
import json
import os
import signal
import socket
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path

import grpc
import websockets

from member import STOP_TIMEOUT_SECONDS, Member, free_ports
from protocol import KV, MAINTENANCE, Client, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
DRAIN_SECONDS = 5
IN_FLIGHT = 64


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


class StopTest(unittest.TestCase):
    def setUp(self) -> None:
        self.metrics = f"127.0.0.1:{free_ports(3)[2]}"
        self.member = Member(ETCD, "--listen-metrics-urls", f"http://{self.metrics}")
        self.addCleanup(self.member.__exit__)
        self.member.start()
        self.stopping = threading.Event()

    def connect(self) -> Client:
        clients = Client(self.member.address)
        self.addCleanup(clients.close)
        return clients

    def terminate(self) -> None:
        self.member.process.send_signal(signal.SIGTERM)

    def ended(self, drained: bool = True) -> None:
        """It has ended as it was told, having closed everything: when no request was left."""
        self.assertEqual(self.member.process.wait(timeout=STOP_TIMEOUT_SECONDS), -signal.SIGTERM)
        self.member.process = None
        log = self.member.log.read_bytes()
        self.assertIn(b"closed etcd server", log)
        self.assertEqual(b"whose requests have not ended in time" not in log, drained)

    def expect_only(self, acknowledged: dict[bytes, int]) -> None:
        """Every write that was acknowledged is there, as it was, and no other."""
        self.member.start()
        stored = {pair.key: pair for pair in
                  self.connect().range(key=b"\0", range_end=b"\0").kvs}
        self.assertEqual({key: pair.mod_revision for key, pair in stored.items()}, acknowledged)
        self.assertEqual({pair.version for pair in stored.values()} | {1}, {1})

    def stop_under_writers(self, write: Callable[[int], None], acknowledged: dict[bytes, int],
                           count: int) -> None:
        """Has as many threads write as may be in flight, stops the member when so many writes were
        acknowledged, and waits for all of them to end."""
        writers = [threading.Thread(target=write, args=(number,)) for number in range(IN_FLIGHT)]
        for writer in writers:
            writer.start()
        while len(acknowledged) < count:
            time.sleep(0.01)
        self.stopping.set()
        self.terminate()
        for writer in writers:
            writer.join()
        self.ended()

    def test_puts_in_flight_are_answered(self) -> None:
        acknowledged: dict[bytes, int] = {}
        refused = []

        def write(number: int) -> None:
            clients = shared[number % len(shared)]
            for turn in range(100_000):
                key = b"%d-%d" % (number, turn)
                begun_before = not self.stopping.is_set()
                try:
                    acknowledged[key] = clients.put(key, b"x" * 100).header.revision
                except grpc.RpcError as error:
                    refused.append((begun_before, error))
                    return

        shared = [self.connect() for _ in range(4)]
        self.stop_under_writers(write, acknowledged, 20 * IN_FLIGHT)
        for _, error in refused:
            self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE, error)
        self.expect_only(acknowledged)

    def test_puts_in_json_are_answered(self) -> None:
        acknowledged: dict[bytes, int] = {}
        closes = []
        lost = []

        def write(number: int) -> None:
            host, _, port = self.member.address.partition(":")
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
            self.addCleanup(connection.close)
            for turn in range(100_000):
                key = b"%d-%d" % (number, turn)
                body = json.dumps({"key": encoded(key), "value": encoded(b"x")})
                try:
                    connection.request("POST", "/v3/kv/put", body)
                    answer = connection.getresponse()
                    reply = json.load(answer)
                except (OSError, http.client.HTTPException) as error:
                    if turn > 0:  # else the connection may not have been accepted
                        lost.append(error)
                    return
                acknowledged[key] = int(reply["header"]["revision"])
                if answer.headers.get("connection") == "close":
                    closes.append(number)
                    return

        self.stop_under_writers(write, acknowledged, 10 * IN_FLIGHT)
        self.assertGreater(len(closes), 0)
        self.assertEqual(lost, [])
        self.expect_only(acknowledged)

    def fill(self, megabytes: int) -> None:
        clients = self.connect()
        value = os.urandom(1 << 20)
        for number in range(megabytes):
            clients.put(b"%03d" % number, value)
        clients.close()

    def start_slow_range(self) -> socket.socket:
        """Has asked for everything, in JSON, and reads as the caller does."""
        host, _, port = self.member.address.partition(":")
        reader = socket.create_connection((host, int(port)), timeout=DRAIN_SECONDS)
        self.addCleanup(reader.close)
        body = json.dumps({"key": encoded(b"\0"), "range_end": encoded(b"\0")}).encode()
        reader.sendall(b"POST /v3/kv/range HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                       % len(body) + body)
        reader.recv(1)
        return reader

    def readiness(self) -> tuple[int, str]:
        host, _, port = self.metrics.partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        self.addCleanup(connection.close)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def test_a_large_answer_is_sent_to_its_end(self) -> None:
        self.fill(megabytes=20)
        self.assertEqual(self.readiness(), (200, "ok\n"))
        reader = self.start_slow_range()
        self.terminate()
        time.sleep(0.5)
        # Probes are told; others are not let in.
        status, text = self.readiness()
        self.assertEqual(status, 503)
        self.assertIn("[-]shutdown failed: the member is stopping", text)
        host, _, port = self.member.address.partition(":")
        with self.assertRaises(OSError):
            socket.create_connection((host, int(port)), timeout=1)
        received = 1
        while piece := reader.recv(1 << 20):
            received += len(piece)
        self.assertGreater(received, 20 << 20)
        self.ended()

    def test_who_keeps_asking_for_its_metrics_does_not_disturb_its_end(self) -> None:
        host, _, port = self.metrics.partition(":")

        def ask() -> None:
            while True:
                try:
                    socket.create_connection((host, int(port)), timeout=DRAIN_SECONDS).close()
                except ConnectionRefusedError:
                    return
                except OSError:  # reset: it came too late
                    continue

        self.fill(megabytes=5)
        askers = [threading.Thread(target=ask) for _ in range(2)]
        for asker in askers:
            asker.start()
        time.sleep(0.2)
        self.terminate()
        for asker in askers:
            asker.join()
        self.ended()

    def test_a_snapshot_is_sent_to_its_end(self) -> None:
        self.fill(megabytes=20)
        stream = self.connect().start_stream(MAINTENANCE, "Snapshot", b"")
        messages = [rpc.SnapshotResponse.FromString(next(stream))]
        self.terminate()
        messages += [rpc.SnapshotResponse.FromString(message) for message in stream]
        self.assertEqual(messages[-1].remaining_bytes, 0)
        self.assertGreater(sum(len(message.blob) for message in messages), 20 << 20)
        self.ended()

    def test_who_does_not_read_is_waited_for_five_seconds(self) -> None:
        self.fill(megabytes=20)
        self.start_slow_range()
        started = time.monotonic()
        self.terminate()
        self.ended(drained=False)
        self.assertGreater(time.monotonic() - started, DRAIN_SECONDS - 1)

    def test_a_second_signal_ends_it_at_once(self) -> None:
        self.fill(megabytes=20)
        self.start_slow_range()
        self.terminate()
        time.sleep(0.5)
        self.assertIsNone(self.member.process.poll())
        self.terminate()
        self.assertEqual(self.member.process.wait(timeout=DRAIN_SECONDS - 1.5), -signal.SIGTERM)
        self.member.process = None

    def test_websockets_are_closed_with_a_reason(self) -> None:
        async def use() -> int:
            url = f"ws://{self.member.address}/v3/kv/put"
            async with websockets.connect(url) as asked, websockets.connect(url) as idle:
                await asked.send(json.dumps({"key": encoded(b"a"), "value": encoded(b"1")}))
                self.terminate()
                self.assertIn("revision", json.loads(await asked.recv())["header"])
                await idle.wait_closed()
                return idle.close_code

        self.assertEqual(asyncio.run(use()), 1001)
        self.ended()

    def test_watchers_of_the_health_are_told_and_keep_nobody(self) -> None:
        watch = self.connect().start_stream("grpc.health.v1.Health", "Watch", b"")
        self.assertEqual(next(watch), b"\x08\x01")  # serving
        self.terminate()
        self.assertEqual(next(watch), b"\x08\x02")
        with self.assertRaises(grpc.RpcError) as ended:
            next(watch)
        self.assertEqual(ended.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.ended()


if __name__ == "__main__":
    unittest.main()
