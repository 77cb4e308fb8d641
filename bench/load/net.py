#!/usr/bin/env python3
"""Server CPU per call under h2load: our server beside grpc++'s, on the same machine and run.

Usage: scripts/bench net, or net.py BIN_DIRECTORY with the programs of a release build.

Unary calls answered with 256 bytes from memory; the server on the first core, h2load on the last.
"""

import os
import pathlib
import re
import statistics
import struct
import subprocess
import sys
import tempfile

RUNS = 3
LOADS = ((1, 1, 20_000), (10, 1, 100_000), (100, 10, 400_000))  # connections, streams, calls
METHOD = "/cornerstore.interop.Interop/Unary"
# Request{size: 256} in its gRPC frame.
REQUEST = struct.pack(">BI", 0, 3) + b"\x18\x80\x02"


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(url: str, body: str, connections: int, streams: int, count: int) -> None:
    last_core = str(os.cpu_count() - 1)
    result = subprocess.run(
        ["taskset", "-c", last_core, "h2load", "-n", str(count), "-c", str(connections), "-m",
         str(streams), "-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers",
         url + METHOD],
        capture_output=True, text=True, timeout=120, check=True)
    if not re.search(rf"\b{count} succeeded", result.stdout):
        raise SystemExit(f"h2load: not all calls succeeded\n{result.stdout}")


def measure(name: str, command: list[str], url: str, body: str) -> None:
    server = subprocess.Popen(["taskset", "-c", "0"] + command, stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()  # "listening on ..."
        for connections, streams, count in LOADS:
            costs = []
            for _ in range(RUNS):
                before = cpu_seconds(server.pid)
                call(url, body, connections, streams, count)
                costs.append((cpu_seconds(server.pid) - before) / count * 1e6)
            print(f"{name:12} {connections:3}x{streams:<2} {statistics.median(costs):6.2f} us/call"
                  f"   (of {RUNS}: {min(costs):.2f} to {max(costs):.2f})", flush=True)
    finally:
        server.terminate()
        server.wait(timeout=10)


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    binaries = pathlib.Path(sys.argv[1])
    with tempfile.NamedTemporaryFile() as body:
        body.write(REQUEST)
        body.flush()
        ours = str(binaries / "rpc_test_server")
        measure("ours", [ours, "42479"], "http://127.0.0.1:42479", body.name)
        measure("ours, TLS", [ours, "42480", "tls"], "https://127.0.0.1:42480", body.name)
        beside = binaries / "grpcpp_server"
        if beside.exists():
            measure("grpc++", [str(beside), "42481"], "http://127.0.0.1:42481", body.name)
        else:
            print("grpc++       not built (libgrpc++-dev, protobuf-compiler-grpc)")


if __name__ == "__main__":
    main()
