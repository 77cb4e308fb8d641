#!/usr/bin/env python3
"""Server CPU per request under h2load: our etcd beside real etcd, alternating, in one run.

Usage: scripts/bench etcd, or etcd.py BIN_DIRECTORY [--tmpfs] [WORD...] with the programs of a
release build; a word chooses the loads whose names contain it.

256-byte values under 8-byte keys; the server on the first core, h2load on the last. The state of
the database is printed with each load: "fresh" was restarted after it was filled, "written" has
just taken 100,000 puts.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

REAL = "/usr/bin/etcd"
RUNS = 5
KEYS = 10_000
STOP_SECONDS_MAX = 300  # of an etcd with very many streams
VALUE = b"v" * 256


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size = len(payload)
    varint = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + varint + payload


def grpc(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


KEY = b"key00042"
PUT = field(1, KEY) + field(2, VALUE)
RANGE = field(1, KEY)
SERIALIZABLE = RANGE + b"\x38\x01"
JSON_RANGE = json.dumps({"key": "a2V5MDAwNDI="}).encode()
JSON_PUT = json.dumps({"key": "a2V5MDAwNDI=", "value": "dmFsdWU" * 48 + "dg=="}).encode()

# name, path, body, content type, (connections, streams, requests), state of the database
LOADS = [
    ("put 1x1", "/etcdserverpb.KV/Put", grpc(PUT), "grpc", (1, 1, 3_000), "written"),
    ("put 100x10", "/etcdserverpb.KV/Put", grpc(PUT), "grpc", (100, 10, 100_000), "written"),
    ("range serializable, fresh 100x10", "/etcdserverpb.KV/Range", grpc(SERIALIZABLE), "grpc",
     (100, 10, 100_000), "fresh"),
    ("range linearizable, fresh 100x10", "/etcdserverpb.KV/Range", grpc(RANGE), "grpc",
     (100, 10, 100_000), "fresh"),
    ("range serializable, written 100x10", "/etcdserverpb.KV/Range", grpc(SERIALIZABLE), "grpc",
     (100, 10, 100_000), "written"),
    ("range linearizable, written 100x10", "/etcdserverpb.KV/Range", grpc(RANGE), "grpc",
     (100, 10, 100_000), "written"),
    ("json range 100x10", "/v3/kv/range", JSON_RANGE, "json", (100, 10, 50_000), "fresh"),
    ("json put 100x10", "/v3/kv/put", JSON_PUT, "json", (100, 10, 50_000), "written"),
    ("tls range 100x10", "/etcdserverpb.KV/Range", grpc(SERIALIZABLE), "grpc",
     (100, 10, 100_000), "fresh tls"),
]


class Member:
    """A server on the first core, with its own data directory."""

    def __init__(self, name: str, program: str, port: int, root: pathlib.Path,
                 flags: tuple[str, ...] = ()):
        self.name, self.program, self.port, self.flags = name, program, port, flags
        self.data = root / name
        self.process = None

    def start(self, tls: bool) -> None:
        self.begin(tls)
        self.wait_until_healthy()

    def begin(self, tls: bool) -> None:
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        command = [self.program, "--data-dir", str(self.data), "--log-level", "error",
                   "--quota-backend-bytes", "8000000000",
                   "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                   "--listen-peer-urls", f"http://127.0.0.1:{self.port + 1}",
                   "--initial-advertise-peer-urls", f"http://127.0.0.1:{self.port + 1}",
                   "--initial-cluster", f"default=http://127.0.0.1:{self.port + 1}"]
        if tls:
            command.append("--auto-tls")
        if self.program == REAL:
            command += ["--logger", "zap"]
        command += self.flags
        self.process = subprocess.Popen(["taskset", "-c", "0"] + command,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.tls = tls

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + 30
        while self.call(f"{self.url}/health") is None:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"{self.name} does not start")
            time.sleep(0.1)

    @staticmethod
    def call(url: str):
        result = subprocess.run(["curl", "-ksf", "--max-time", "2", url], capture_output=True)
        return result.stdout if result.returncode == 0 else None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=STOP_SECONDS_MAX)
            self.process = None

    def cpu_seconds(self) -> float:
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, path: str, body: bytes, kind: str, shape: tuple,
             more_headers: tuple[str, ...] = ()) -> dict:
        connections, streams, count = shape
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            log = file.name + ".log"
            headers = ["content-type: application/grpc", "te: trailers"] if kind == "grpc" else \
                ["content-type: application/json"]
            headers += more_headers
            command = ["taskset", "-c", str(os.cpu_count() - 1), "h2load", "-n", str(count), "-c",
                       str(connections), "-m", str(streams), "-d", file.name,
                       f"--log-file={log}", self.url + path]
            if kind == "json":
                command.insert(-1, "--h1")  # as etcd serves it without TLS
            for header in headers:
                command[-1:-1] = ["-H", header]
            before = self.cpu_seconds()
            result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
            cpu = self.cpu_seconds() - before
            micros = sorted(int(line.split()[2]) for line in open(log))
            os.unlink(log)
        if not re.search(rf"\b{count} succeeded", result.stdout):
            raise SystemExit(f"{self.name}: not all requests succeeded\n{result.stdout}")
        return {"cpu": cpu / count * 1e6, "p50": micros[count // 2], "p99": micros[count * 99 // 100]}

    def fill(self) -> None:
        ops = b"".join(field(2, field(2, field(1, b"key%05d" % number) + field(2, VALUE)))
                       for number in range(100))
        self.load("/etcdserverpb.KV/Txn", grpc(ops), "grpc", (1, 1, 1))
        self.load("/etcdserverpb.KV/Put", grpc(PUT), "grpc", (10, 10, KEYS))


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    ours = str(pathlib.Path(arguments.pop(0)) / "etcd")
    root = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if "--tmpfs" in arguments else "/var/tmp"))
    words = [word for word in arguments if not word.startswith("--")]
    members = [Member("ours", ours, 24500, root), Member("etcd", REAL, 24510, root)]
    try:
        for name, path, body, kind, shape, state in LOADS:
            if words and not any(word in name for word in words):
                continue
            results = {member.name: [] for member in members}
            for _ in range(RUNS):
                for member in members:
                    member.start("tls" in state)
                    if not (member.data / ".filled").exists():
                        member.fill()
                        (member.data / ".filled").touch()
                        member.stop()
                        member.start("tls" in state)
                    if state == "written":
                        member.load("/etcdserverpb.KV/Put", grpc(PUT), "grpc", (100, 10, 100_000))
                    results[member.name].append(member.load(path, body, kind, shape))
                    member.stop()
            report(name, results)
    finally:
        for member in members:
            member.stop()
        shutil.rmtree(root)


def report(name: str, results: dict) -> None:
    """Medians; of the CPU also the best run, which what else the machine does has spared most."""
    ours, real = ({what: statistics.median(run[what] for run in runs) for what in runs[0]}
                  for runs in results.values())
    best_ours, best_real = (min(run["cpu"] for run in runs) for runs in results.values())
    print(f"{name:36} cpu {ours['cpu']:7.2f} us, etcd {real['cpu']:7.2f}: "
          f"{real['cpu'] / ours['cpu']:5.1f}x, best {best_ours:6.2f} and {best_real:6.2f}: "
          f"{best_real / best_ours:5.1f}x | p50 {ours['p50']:6.0f} us, etcd {real['p50']:6.0f} | "
          f"p99 {ours['p99']:7.0f} us, etcd {real['p99']:7.0f}: {real['p99'] / ours['p99']:5.1f}x",
          flush=True)


if __name__ == "__main__":
    main()
