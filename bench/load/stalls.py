#!/usr/bin/env python3
"""A minute of saturating puts: throughput and the longest latency of every second.

Usage: scripts/bench stalls [--beside] [SECONDS], or stalls.py BIN_DIRECTORY ...; --beside is the
same of real etcd. The server on the first core, h2load on the last, data on the disk; the log's
longest sync is told by the buckets of etcd_disk_wal_fsync_duration_seconds.
"""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

REAL = "/usr/bin/etcd"


def field(number: int, payload: bytes) -> bytes:
    size = len(payload)
    varint = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + varint + payload


def curl(url: str) -> str:
    return subprocess.run(["curl", "-sf", "--max-time", "2", url], capture_output=True,
                          text=True).stdout


def longest_sync(metrics: str) -> str:
    """The smallest bucket that holds all syncs, in milliseconds."""
    buckets = re.findall(r'wal_fsync_duration_seconds_bucket\{le="([^"]+)"\} (\S+)', metrics)
    total = float(buckets[-1][1])
    bound = next(bound for bound, count in buckets if float(count) == total)
    return "more than 8 s" if bound == "+Inf" else f"at most {float(bound) * 1000:.0f} ms"


def measure(name: str, program: str, port: int, root: pathlib.Path, seconds: int) -> None:
    url, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    server = subprocess.Popen(
        ["taskset", "-c", "0", program, "--data-dir", str(root / name), "--log-level", "error",
         "--quota-backend-bytes", "8000000000", "--listen-client-urls", url,
         "--advertise-client-urls", url, "--listen-peer-urls", peer,
         "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not curl(url + "/health"):
            time.sleep(0.1)
        message = field(1, b"key00042") + field(2, b"v" * 256)
        with tempfile.NamedTemporaryFile() as body:
            body.write(struct.pack(">BI", 0, len(message)) + message)
            body.flush()
            log = root / f"{name}.log"
            subprocess.run(["taskset", "-c", str(os.cpu_count() - 1), "h2load", "-D", str(seconds),
                            "-c", "100", "-m", "10", "-d", body.name, f"--log-file={log}",
                            "-H", "content-type: application/grpc", "-H", "te: trailers",
                            url + "/etcdserverpb.KV/Put"],
                           capture_output=True, check=True, timeout=seconds + 60)
        worst: dict[int, int] = {}
        count: dict[int, int] = {}
        for line in log.open():
            start, status, micros = (int(part) for part in line.split())
            second = start // 1_000_000
            count[second] = count.get(second, 0) + (status == 200)
            worst[second] = max(worst.get(second, 0), micros)
        full = sorted(count)[1:-1]
        rates = [count[second] for second in full]
        maxima = sorted(worst[second] / 1000 for second in full)
        print(f"{name}: {sum(rates) / len(rates):.0f} puts/s ({min(rates)} to {max(rates)} by the "
              f"second), longest latency of a second: median {maxima[len(maxima) // 2]:.0f} ms, "
              f"worst {maxima[-1]:.0f} ms; longest sync of the log "
              f"{longest_sync(curl(url + '/metrics'))}", flush=True)
    finally:
        server.terminate()
        server.wait(timeout=30)


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    ours = str(pathlib.Path(arguments.pop(0)) / "etcd")
    seconds = [int(argument) for argument in arguments if argument.isdigit()] or [60]
    root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        measure("ours", ours, 24540, root, seconds[0])
        if "--beside" in arguments:
            measure("etcd", REAL, 24550, root, seconds[0])
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
