#!/usr/bin/env python3
"""Two million keys: loading, memory, restart; with --beside the same of real etcd.

Usage: scripts/bench keys [--beside] [COUNT], or keys.py BIN_DIRECTORY ...

8-byte keys and 256-byte values, loaded in transactions of 100 puts over gRPC.
"""

import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import grpc

REAL = "/usr/bin/etcd"
OPS_PER_TXN = 100
IN_FLIGHT = 32


def field(number: int, payload: bytes) -> bytes:
    size = len(payload)
    varint = b""
    while size >= 128:
        varint += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + varint + bytes([size]) + payload


def txn(first: int) -> bytes:
    value = field(2, b"v" * 256)
    return b"".join(field(2, field(2, field(1, struct.pack(">Q", number)) + value))
                    for number in range(first, first + OPS_PER_TXN))


class Member:
    def __init__(self, name: str, program: str, port: int, root: pathlib.Path):
        self.name, self.port, self.data = name, port, root / name
        peer = f"http://127.0.0.1:{port + 1}"
        url = f"http://127.0.0.1:{port}"
        self.command = [program, "--data-dir", str(self.data), "--log-level", "error",
                        "--quota-backend-bytes", "8000000000", "--listen-client-urls", url,
                        "--advertise-client-urls", url, "--listen-peer-urls", peer,
                        "--initial-advertise-peer-urls", peer,
                        "--initial-cluster", f"default={peer}"]
        self.process = None

    def start(self) -> float:
        """Seconds until it answers a linearizable read."""
        begin = time.monotonic()
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        while time.monotonic() - begin < 120:
            done = subprocess.run(["curl", "-sf", "--max-time", "5",
                                   f"http://127.0.0.1:{self.port}/health"], capture_output=True)
            if done.returncode == 0:
                return time.monotonic() - begin
            time.sleep(0.02)
        raise SystemExit(f"{self.name} does not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
            self.process = None

    def memory(self) -> str:
        """Resident memory, and what of it is anonymous, in MB."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if "kB" in line}
        return (f"RSS {kilobytes['VmRSS'] / 1000:.0f} MB, anonymous "
                f"{kilobytes['RssAnon'] / 1000:.0f} MB, peak {kilobytes['VmHWM'] / 1000:.0f} MB")

    def load(self, count: int) -> float:
        begin = time.monotonic()
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            call = channel.unary_unary("/etcdserverpb.KV/Txn", request_serializer=bytes,
                                       response_deserializer=bytes)
            pending = []
            for first in range(0, count, OPS_PER_TXN):
                pending.append(call.future(txn(first)))
                if len(pending) == IN_FLIGHT:
                    pending.pop(0).result()
            for future in pending:
                future.result()
        return time.monotonic() - begin


def forget_pages(folder: pathlib.Path) -> None:
    """Drops the files from the page cache."""
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def measure(member: Member, count: int) -> None:
    member.start()
    took = member.load(count)
    print(f"{member.name}: {count} keys loaded in {took:.1f} s, {member.memory()}", flush=True)
    for cache in ("warm", "cold"):
        member.stop()
        if cache == "cold":
            forget_pages(member.data)
        took = member.start()
        print(f"{member.name}: restart to ready, {cache} page cache {took:.2f} s, "
              f"{member.memory()}", flush=True)
    size = subprocess.run(["du", "-sm", str(member.data)], capture_output=True, text=True).stdout
    print(f"{member.name}: data directory {size.split()[0]} MB", flush=True)
    member.stop()


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    ours = str(pathlib.Path(arguments.pop(0)) / "etcd")
    beside = "--beside" in arguments
    counts = [int(argument) for argument in arguments if argument.isdigit()] or [2_000_000]
    root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    members = [Member("ours", ours, 24520, root)]
    if beside:
        members.append(Member("etcd", REAL, 24530, root))
    try:
        for member in members:
            measure(member, counts[0])
    finally:
        for member in members:
            member.stop()
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
