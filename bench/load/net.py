#!/usr/bin/env python3
"""What one core of our server costs, beside grpc++'s, on the same machine and run.

Usage: scripts/bench net, or net.py BIN_DIRECTORY with the programs of a release build.

Server CPU per unary call answered with 256 bytes from memory, under h2load; the server on the first
core, h2load on the last. Then the memory of idle connections and of open streams. Each figure
stands beside its goal.
"""

import contextlib
import os
import pathlib
import re
import resource
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
from typing import Callable, Iterator

RUNS = 5
LOADS = ((1, 1, 20_000), (10, 1, 100_000), (100, 10, 400_000))  # connections, streams, calls
BUSIEST = LOADS[-1][:2]
SERVICE = "/cornerstore.interop.Interop/"
# Request{size: 256} in its gRPC frame.
REQUEST = struct.pack(">BI", 0, 3) + b"\x18\x80\x02"

# Goals: us a call at the busiest load, times below grpc++, bytes a connection or stream.
CALL_GOAL, TLS_CALL_GOAL, RATIO_GOAL = 3.5, 4.5, 5
PLAIN_GOAL, TLS_GOAL, STREAM_GOAL = 16 * 1024, 40 * 1024, 1024

IDLE_CONNECTIONS, IDLE_TLS_CONNECTIONS = 2000, 1000
STREAM_CONNECTIONS, STREAMS = 5, 10_000  # on each connection


class Server:
    def __init__(self, program: pathlib.Path, port: int, *arguments: str) -> None:
        self.port = port
        self.tls = "tls" in arguments
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", str(program), str(port), *arguments], stdout=subprocess.PIPE,
            text=True)
        self.process.stdout.readline()  # "listening on ..."

    def cpu_seconds(self) -> float:
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()


@contextlib.contextmanager
def running(program: pathlib.Path, port: int, *arguments: str) -> Iterator[Server]:
    server = Server(program, port, *arguments)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=10)


# ---- CPU of a call ----

def load(server: Server, body: str, connections: int, streams: int, count: int) -> None:
    scheme = "https" if server.tls else "http"
    last_core = str(os.cpu_count() - 1)
    result = subprocess.run(
        ["taskset", "-c", last_core, "h2load", "-n", str(count), "-c", str(connections), "-m",
         str(streams), "-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers",
         f"{scheme}://127.0.0.1:{server.port}{SERVICE}Unary"],
        capture_output=True, text=True, timeout=120, check=True)
    if not re.search(rf"\b{count} succeeded", result.stdout):
        raise SystemExit(f"h2load: not all calls succeeded\n{result.stdout}")


def measure_calls(name: str, server: Server, body: str, goal: float | None = None) -> float:
    """The cost at the busiest load, in us."""
    cost = 0.0
    for connections, streams, count in LOADS:
        costs = []
        for _ in range(RUNS):
            before = server.cpu_seconds()
            load(server, body, connections, streams, count)
            costs.append((server.cpu_seconds() - before) / count * 1e6)
        cost = statistics.median(costs)
        aim = f"   goal {goal}" if goal and (connections, streams) == BUSIEST else ""
        print(f"{name:12} {connections:3}x{streams:<2} {cost:6.2f} us/call"
              f"   (of {RUNS}: {min(costs):.2f} to {max(costs):.2f}){aim}", flush=True)
    return cost


# ---- Memory ----

DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def head(stream: int, method: str) -> bytes:
    block = b"\x83\x86"  # :method POST, :scheme http
    for name, value in ((":path", SERVICE + method), (":authority", "127.0.0.1"),
                        ("te", "trailers"), ("content-type", "application/grpc")):
        block += b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
    return frame(HEADERS, END_HEADERS, stream, block)


class Client:
    """One connection that has made one call."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        if server.tls:
            trusting = ssl._create_unverified_context()
            trusting.set_alpn_protocols(["h2"])
            self.socket = trusting.wrap_socket(self.socket)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0) +
                            head(1, "Unary") + frame(DATA, END_STREAM, 1, REQUEST))
        self._received = b""
        self.read_until(lambda kind, flags, stream: stream == 1 and kind in (DATA, HEADERS)
                        and flags & END_STREAM)

    def read_until(self, wanted: Callable[[int, int, int], bool]) -> None:
        """Until a frame of a kind, with its flags, on a stream, is what is wanted."""
        while True:
            while len(self._received) >= 9:
                size = int.from_bytes(self._received[:3], "big")
                kind, flags, stream = struct.unpack(">BBI", self._received[3:9])
                if len(self._received) < 9 + size:
                    break
                self._received = self._received[9 + size:]
                if wanted(kind, flags, stream):
                    return
            received = self.socket.recv(65536)
            if not received:
                raise SystemExit("the server closed the connection")
            self._received += received

    def open_streams(self, count: int) -> None:
        for first in range(3, 3 + 2 * count, 200):
            self.socket.sendall(b"".join(
                head(stream, "BidiStream") for stream in range(first, first + 200, 2)))
        # The server has taken them all when it answers what comes after them.
        self.socket.sendall(frame(PING, 0, 0, bytes(8)))
        self.read_until(lambda kind, flags, stream: kind == PING and flags & ACK)


def measure_memory(name: str, before: int, after: int, count: int, goal: int | None) -> None:
    each = (after - before) / count
    aim = f"   goal {goal}" if goal else ""
    print(f"{name:40} {each:8.0f} bytes{aim}", flush=True)


def measure_idle(name: str, server: Server, count: int, goal: int | None) -> None:
    Client(server).socket.close()  # what the first costs once
    before = server.memory()
    clients = [Client(server) for _ in range(count)]
    measure_memory(f"{name}, idle connection", before, server.memory(), count, goal)
    for client in clients:
        client.socket.close()


def measure_streams(name: str, server: Server, goal: int | None) -> None:
    clients = [Client(server) for _ in range(STREAM_CONNECTIONS)]
    before = server.memory()
    for client in clients:
        client.open_streams(STREAMS)
    measure_memory(f"{name}, open stream", before, server.memory(), STREAM_CONNECTIONS * STREAMS,
                   goal)
    for client in clients:
        client.socket.close()


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    binaries = pathlib.Path(sys.argv[1])
    ours = binaries / "rpc_test_server"
    beside = binaries / "grpcpp_server"
    with tempfile.NamedTemporaryFile() as file:
        file.write(REQUEST)
        file.flush()
        with running(ours, 42479) as server:
            cost = measure_calls("ours", server, file.name, CALL_GOAL)
        with running(ours, 42480, "tls") as server:
            measure_calls("ours, TLS", server, file.name, TLS_CALL_GOAL)
        if beside.exists():
            with running(beside, 42481) as server:
                ratio = measure_calls("grpc++", server, file.name) / cost
            print(f"grpc++ / ours {ratio:.1f}   goal {RATIO_GOAL}")
        else:
            print("grpc++       not built (libgrpc++-dev, protobuf-compiler-grpc)")
    # Fresh servers: memory that the load has left free would hide what is taken.
    with running(ours, 42482) as server:
        measure_idle("ours", server, IDLE_CONNECTIONS, PLAIN_GOAL)
    with running(ours, 42483, "tls") as server:
        measure_idle("ours, TLS", server, IDLE_TLS_CONNECTIONS, TLS_GOAL)
    with running(ours, 42484) as server:
        measure_streams("ours", server, STREAM_GOAL)
    if beside.exists():
        with running(beside, 42485) as server:
            measure_idle("grpc++", server, IDLE_CONNECTIONS, None)
        with running(beside, 42486) as server:
            measure_streams("grpc++", server, None)


if __name__ == "__main__":
    main()
