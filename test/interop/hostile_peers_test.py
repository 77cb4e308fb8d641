#!/usr/bin/python3
"""Peers that attack, each on connections of its own, while a well-behaved client works.

Whatever they do, they get a clear error or a closed connection; every call of the client is
answered, and nothing of theirs stays behind at the server.

RPC_TEST_SERVER in the environment is the path of rpc_test_server.
"""

import concurrent.futures
import http.client
import os
import random
import socket
import ssl
import struct
import subprocess
import threading
import time
import unittest
import urllib.request
from typing import Callable

import grpc

PROGRAM = os.environ.get("RPC_TEST_SERVER", "")
# Below the ports that the system gives to connections, so that none of them is taken meanwhile.
PORTS = range(24300, 24400)
UNARY = "/cornerstore.interop.Interop/Unary"
# A bound that only a server that stands still breaks.
CALL_SECONDS = 5
# Within which an attacker must be answered, and what it left behind be gone.
ANSWER_SECONDS = 30
PEERS = 8
CALLS_PER_ATTACK = 20

DATA, HEADERS, RESET, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4


def free_port() -> int:
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port in {PORTS}")


class Server:
    def __init__(self, *arguments: str) -> None:
        self.tls = "tls" in arguments
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.process = subprocess.Popen([PROGRAM, str(self.port), *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # "listening on ..."

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        return code

    def open_now(self) -> dict[str, int]:
        """Connections and streams, without the one that asks."""
        scheme = "https" if self.tls else "http"
        with urllib.request.urlopen(f"{scheme}://127.0.0.1:{self.port}/open", timeout=CALL_SECONDS,
                                    context=self.trust() if self.tls else None) as answer:
            counts = dict(line.split() for line in answer.read().decode().splitlines())
        return {name: int(count) - (name == "connections") for name, count in counts.items()}

    def certificate(self) -> str:
        return ssl.get_server_certificate(self.address)

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.certificate())
        context.check_hostname = False
        return context

    def channel(self) -> grpc.Channel:
        target = f"127.0.0.1:{self.port}"
        # One connection for each channel.
        options = [("grpc.use_local_subchannel_pool", 1)]
        if not self.tls:
            return grpc.insecure_channel(target, options)
        trusted = grpc.ssl_channel_credentials(self.certificate().encode())
        return grpc.secure_channel(target, trusted, options)


class WellBehaved:
    """Calls again and again, and keeps count."""

    def __init__(self, server: Server) -> None:
        self.channel = server.channel()
        self.call = self.channel.unary_unary(UNARY)
        self.calls = 0
        self.slowest = 0.0
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._one()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _one(self) -> None:
        payload = random.Random(self.calls).randbytes(100)
        request = b"\x0a" + bytes([len(payload)]) + payload
        start = time.monotonic()
        try:
            # The reply's field has the request's number, so the bytes come back as they are.
            if self.call(request, timeout=CALL_SECONDS) != request:
                self.failures.append("another answer")
        except grpc.RpcError as error:
            self.failures.append(f"{error.code()}: {error.details()}")
        self.slowest = max(self.slowest, time.monotonic() - start)
        self.calls += 1

    def _run(self) -> None:
        while not self._stop.is_set():
            self._one()
            time.sleep(0.005)

    def wait_for_calls(self, count: int) -> None:
        until = self.calls + count
        while self.calls < until:
            time.sleep(0.01)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.channel.close()


# ---- What attackers speak ----

def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)


def fields(path: str, content_type: str) -> bytes:
    """A header block of literals that are not indexed; all shorter than 127 bytes."""
    block = b""
    for name, value in ((":method", "POST"), (":scheme", "http"), (":path", path),
                        (":authority", "x"), ("content-type", content_type), ("te", "trailers")):
        block += b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
    return block


def call_head(stream: int, content_type: str = "application/grpc") -> bytes:
    return frame(HEADERS, END_HEADERS, stream, fields(UNARY, content_type))


class Peer:
    """A connection that sends anything."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(server.address, timeout=ANSWER_SECONDS)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """The server may well have gone before all of it is sent."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def read_to_end(self) -> bytes:
        """All until the server closes; a TimeoutError if it does not."""
        received = b""
        try:
            while piece := self.socket.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        return received

    def read_until_stream_ends(self, stream: int) -> None:
        received = b""
        while piece := self.socket.recv(65536):
            received += piece
            while len(received) >= 9 and len(received) >= 9 + (
                    size := int.from_bytes(received[:3], "big")):
                kind, flags, of = received[3], received[4], int.from_bytes(received[5:9], "big")
                if of == stream and (kind == RESET or
                                     kind in (DATA, HEADERS) and flags & END_STREAM):
                    return
                received = received[9 + size:]
        raise AssertionError("the connection ended before the stream")

    def abort(self) -> None:
        """Leaves by a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@unittest.skipUnless(PROGRAM, "RPC_TEST_SERVER is not set")
class HostilePeersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.plain = Server()
        cls.tls = Server("tls")

    @classmethod
    def tearDownClass(cls) -> None:
        for server in (cls.plain, cls.tls):
            assert server.stop() == 0, "the server died"

    def withstand(self, server: Server, attack: Callable[[int], None]) -> None:
        """Runs attack(0), attack(1), ... at once, beside the client."""
        client = WellBehaved(server)
        try:
            before = server.open_now()["connections"]
            with concurrent.futures.ThreadPoolExecutor(PEERS) as pool:
                attacks = [pool.submit(attack, number) for number in range(PEERS)]
                client.wait_for_calls(CALLS_PER_ATTACK)
                for one in attacks:
                    one.result()
            client.wait_for_calls(1)
            self.await_open(server, before)
        finally:
            client.close()
        self.await_open(server, 0)
        self.assertEqual(client.failures, [])
        self.assertIsNone(server.process.poll(), "the server died")

    def await_open(self, server: Server, connections: int) -> None:
        """Until no more than that is open; the client's own stream comes and goes."""
        deadline = time.monotonic() + ANSWER_SECONDS
        streams = 1 if connections > 0 else 0
        while (now := server.open_now())["connections"] > connections or now["streams"] > streams:
            self.assertLess(time.monotonic(), deadline, f"left behind: {now}")
            time.sleep(0.05)

    def cut_off(self, server: Server, data: bytes) -> None:
        """Whoever sends this is disconnected."""
        def attack(_: int) -> None:
            with Peer(server) as peer:
                peer.send(data)
                peer.read_to_end()
        self.withstand(server, attack)

    # ---- Bytes that are no proper HTTP/2 ----

    def test_malformed_frames(self) -> None:
        broken = [frame(DATA, 0, 0, b"x"), frame(HEADERS, END_HEADERS, 1, b"\xff" * 20),
                  frame(SETTINGS, 0, 0, b"xyz"), frame(WINDOW_UPDATE, 0, 0, bytes(4)),
                  frame(HEADERS, END_HEADERS, 2, b""), frame(CONTINUATION, 0, 1, b""),
                  b"\xff\xff\xff" + bytes(6), frame(PING, 0, 0, b"short")]

        def attack(number: int) -> None:
            with Peer(self.plain) as peer:
                peer.send(PREFACE + broken[number % len(broken)])
                peer.read_to_end()
        self.withstand(self.plain, attack)

    def test_random_bytes(self) -> None:
        def attack(number: int) -> None:
            with Peer(self.plain) as peer:
                peer.send(random.Random(number).randbytes(100_000))
                peer.socket.shutdown(socket.SHUT_WR)
                peer.read_to_end()
        self.withstand(self.plain, attack)

    def test_endless_header_block(self) -> None:
        self.cut_off(self.plain, PREFACE + frame(HEADERS, 0, 1, fields(UNARY, "x")) +
                     frame(CONTINUATION, 0, 1) * 1000)

    def test_rapid_resets(self) -> None:
        self.cut_off(self.plain, PREFACE + b"".join(
            call_head(stream) + frame(RESET, 0, stream, struct.pack(">I", 8))
            for stream in range(1, 20_000, 2)))

    def test_ping_flood(self) -> None:
        self.cut_off(self.plain, PREFACE + frame(PING, 0, 0, bytes(8)) * 20_000)

    def test_settings_flood(self) -> None:
        self.cut_off(self.plain, PREFACE + frame(SETTINGS, 0, 0) * 20_000)

    def test_window_flood(self) -> None:
        self.cut_off(self.plain, PREFACE + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * 20_000)

    # ---- Proper HTTP/2, but no proper calls ----

    def refused(self, method: str, request: bytes, code: grpc.StatusCode) -> None:
        def attack(_: int) -> None:
            with self.plain.channel() as channel:
                for _ in range(20):
                    with self.assertRaises(grpc.RpcError) as raised:
                        channel.unary_unary(method)(request, timeout=ANSWER_SECONDS)
                    self.assertEqual(raised.exception.code(), code)
        self.withstand(self.plain, attack)

    def test_truncated_protobuf(self) -> None:
        self.refused(UNARY, b"\x0a\x7fshort", grpc.StatusCode.INTERNAL)

    def test_unknown_methods(self) -> None:
        self.refused("/no.such.Service/Method", b"", grpc.StatusCode.UNIMPLEMENTED)

    def test_oversized_messages(self) -> None:
        def attack(_: int) -> None:
            with Peer(self.plain) as peer:
                peer.send(PREFACE + call_head(1) + frame(DATA, 0, 1, b"\0\xff\xff\xff\xff" + b"x" * 9))
                peer.read_until_stream_ends(1)
        self.withstand(self.plain, attack)

    def test_wrong_content_type(self) -> None:
        def attack(_: int) -> None:
            with Peer(self.plain) as peer:
                peer.send(PREFACE + call_head(1, "text/html") + frame(DATA, END_STREAM, 1, b"<html>"))
                peer.read_until_stream_ends(1)
        self.withstand(self.plain, attack)

    def test_unknown_paths(self) -> None:
        def attack(_: int) -> None:
            connection = http.client.HTTPConnection(*self.plain.address, timeout=ANSWER_SECONDS)
            for method in ("GET", "POST", "DELETE"):
                connection.request(method, "/no/such/path", "x")
                answer = connection.getresponse()
                answer.read()
                self.assertEqual(answer.status, 404)
            connection.close()
        self.withstand(self.plain, attack)

    # ---- Peers that leave others waiting ----

    def test_half_open_connections(self) -> None:
        cut = PREFACE + call_head(1) + frame(DATA, 0, 1, b"\0\0\0\0\x09half")

        def attack(number: int) -> None:
            peers = [Peer(self.plain) for _ in range(20)]
            for i, peer in enumerate(peers):
                peer.send(cut[:(i + 1) * len(cut) // len(peers)])
            time.sleep(0.2)
            for i, peer in enumerate(peers):
                if (i + number) % 2 == 0:
                    peer.abort()
                else:
                    peer.socket.close()
        self.withstand(self.plain, attack)

    def test_slow_senders(self) -> None:
        requests = [PREFACE + call_head(1), b"GET /hello HTTP/1.1\r\nHost: x\r\nCookie: " + b"y" * 60]

        def attack(number: int) -> None:
            with Peer(self.plain) as peer:
                for byte in requests[number % 2]:
                    peer.send(bytes([byte]))
                    time.sleep(0.01)
        self.withstand(self.plain, attack)

    def test_readers_that_do_not_read(self) -> None:
        # Asks for 1,000 replies of 60,000 bytes with open windows, and reads none of them.
        request = b"\x10\xe8\x07\x18\xe0\xd4\x03"
        head = frame(HEADERS, END_HEADERS, 1,
                     fields("/cornerstore.interop.Interop/ServerStream", "application/grpc"))
        ask = frame(DATA, END_STREAM, 1, b"\0" + struct.pack(">I", len(request)) + request)
        windows = PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31 - 1)) + frame(
            WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1 - 65535))

        def attack(_: int) -> None:
            with Peer(self.plain) as peer:
                peer.send(windows + head + ask)
                time.sleep(1)
                peer.abort()
        self.withstand(self.plain, attack)

    # ---- TLS ----

    def test_garbage_on_the_tls_port(self) -> None:
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

        def attack(number: int) -> None:
            with Peer(self.tls) as peer:
                peer.send((hello if number % 2 else b"") + random.Random(number).randbytes(20_000))
                peer.read_to_end()
        self.withstand(self.tls, attack)

    def test_plaintext_on_the_tls_port(self) -> None:
        self.cut_off(self.tls, b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        self.cut_off(self.tls, PREFACE + call_head(1))

    def test_tls_on_the_plaintext_port(self) -> None:
        def attack(_: int) -> None:
            with Peer(self.plain) as peer, self.assertRaises((ssl.SSLError, ConnectionResetError)):
                ssl._create_unverified_context().wrap_socket(peer.socket)
        self.withstand(self.plain, attack)

    def test_handshakes_cut_short(self) -> None:
        def attack(_: int) -> None:
            for _ in range(20):
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                session = ssl._create_unverified_context().wrap_bio(incoming, outgoing)
                with self.assertRaises(ssl.SSLWantReadError):
                    session.do_handshake()
                with Peer(self.tls) as peer:
                    peer.send(outgoing.read())
                    peer.socket.recv(1)
                    peer.abort()
        self.withstand(self.tls, attack)


if __name__ == "__main__":
    unittest.main()
