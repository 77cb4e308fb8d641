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

RUNS = 9
LOADS = ((1, 1, 20_000), (10, 1, 100_000), (100, 10, 400_000))  # connections, streams, calls
SERVICE = "/cornerstore.interop.Interop/"
# Request{size: 256} in its gRPC frame.
REQUEST = struct.pack(">BI", 0, 3) + b"\x18\x80\x02"

# Goals: us a call at the busiest load, times below grpc++, bytes a connection or stream.
CALL_GOALS, RATIO_GOAL = {"ours": 3.5, "ours, TLS": 4.5}, 5
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


def cost_of_call(server: Server, body: str, load_of: tuple[int, int, int]) -> float:
    """In us."""
    before = server.cpu_seconds()
    load(server, body, *load_of)
    return (server.cpu_seconds() - before) / load_of[2] * 1e6


def measure_calls(servers: dict[str, Server], body: str) -> None:
    """The servers take turns, so that what else the machine does falls on all of them."""
    for load_of in LOADS:
        costs: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(RUNS):
            for name, server in servers.items():
                costs[name].append(cost_of_call(server, body, load_of))
        connections, streams, _ = load_of
        busiest = load_of == LOADS[-1]
        for name, each in costs.items():
            aim = f"   goal {CALL_GOALS[name]}" if busiest and name in CALL_GOALS else ""
            print(f"{name:12} {connections:3}x{streams:<2} {statistics.median(each):6.2f} us/call"
                  f"   (of {RUNS}: {min(each):.2f} to {max(each):.2f}){aim}", flush=True)
        if "grpc++" in costs:
            ratios = [theirs / ours for ours, theirs in zip(costs["ours"], costs["grpc++"])]
            aim = f"   goal {RATIO_GOAL}" if busiest else ""
            print(f"grpc++ / ours {connections:3}x{streams:<2} {statistics.median(ratios):.1f}"
                  f"   (of {RUNS}: {min(ratios):.1f} to {max(ratios):.1f}){aim}", flush=True)


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
        with contextlib.ExitStack() as stack:
            servers = {"ours": stack.enter_context(running(ours, 24479)),
                       "ours, TLS": stack.enter_context(running(ours, 24480, "tls"))}
            if beside.exists():
                servers["grpc++"] = stack.enter_context(running(beside, 24481))
            else:
                print("grpc++       not built (libgrpc++-dev, protobuf-compiler-grpc)")
            measure_calls(servers, file.name)
    # Fresh servers: memory that the load has left free would hide what is taken.
    with running(ours, 24482) as server:
        measure_idle("ours", server, IDLE_CONNECTIONS, PLAIN_GOAL)
    with running(ours, 24483, "tls") as server:
        measure_idle("ours, TLS", server, IDLE_TLS_CONNECTIONS, TLS_GOAL)
    with running(ours, 24484) as server:
        measure_streams("ours", server, STREAM_GOAL)
    if beside.exists():
        with running(beside, 24485) as server:
            measure_idle("grpc++", server, IDLE_CONNECTIONS, None)
        with running(beside, 24486) as server:
            measure_streams("grpc++", server, None)


if __name__ == "__main__":
    main()
