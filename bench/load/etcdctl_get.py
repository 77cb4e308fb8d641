#!/usr/bin/env python3
"""etcdctl get of a million keys to a pipe, beside etcd's own etcdctl (3.7), alternating on one member in
one run: seconds and memory of both, and whether they print the same.

Usage: scripts/bench etcdctl_get, or etcdctl_get.py BIN_DIRECTORY [--keys N] [--gos PATH] with the
programs of a release build; --gos is an etcdctl that is built already.

Ours should be 4 times as fast and take at most 64 MB.
"""

import argparse
import hashlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import grpc

E2E = pathlib.Path(__file__).resolve().parents[2] / "test/e2e"
sys.path.append(str(E2E))
from member import Member  # noqa: E402
from protocol import rpc  # noqa: E402

RUNS = 5
KEYS_A_TXN = 100
TXNS_AT_ONCE = 32
PREFIX = "bench/"
VALUE_BYTES = 100
TIMEOUT = "120s"
READ_BYTES = 1 << 20
BUFFER = bytearray(READ_BYTES)


def fill(member: Member, keys: int) -> None:
    with grpc.insecure_channel(member.address) as channel:
        txn = channel.unary_unary("/etcdserverpb.KV/Txn",
                                  request_serializer=rpc.TxnRequest.SerializeToString,
                                  response_deserializer=rpc.TxnResponse.FromString)
        under_way = []
        for first in range(0, keys, KEYS_A_TXN):
            request = rpc.TxnRequest()
            for number in range(first, min(first + KEYS_A_TXN, keys)):
                put = request.success.add().request_put
                put.key = f"{PREFIX}{number:010}".encode()
                put.value = f"{number:0{VALUE_BYTES}}".encode()
            under_way.append(txn.future(request))
            if len(under_way) == TXNS_AT_ONCE:
                under_way.pop(0).result()
        for call in under_way:
            call.result()


def high_water(process: subprocess.Popen, before: float) -> float:
    """Megabytes of memory at most, until now. Not what wait4 tells, which has this process's own."""
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return before
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else before


def hash_of(program: str, member: Member, form: str) -> str:
    """Of what it prints."""
    printed = subprocess.run([program, "--endpoints", member.address, "--command-timeout", TIMEOUT,
                              "get", "--prefix", PREFIX, "-w", form], stdout=subprocess.PIPE,
                             check=True).stdout
    return hashlib.sha256(printed).hexdigest()


def get(program: str, member: Member, form: str) -> tuple[float, float]:
    """Seconds until all was read from the pipe, and megabytes of memory at most."""
    begun = time.monotonic()
    process = subprocess.Popen([program, "--endpoints", member.address, "--command-timeout", TIMEOUT,
                                "get", "--prefix", PREFIX, "-w", form], stdout=subprocess.PIPE)
    memory = 0.0
    read = memory_at = 0
    while size := os.readv(process.stdout.fileno(), [BUFFER]):
        read += size
        if read >= memory_at:
            memory = high_water(process, memory)
            memory_at = read + READ_BYTES
    if process.wait() != 0:
        raise SystemExit(f"{program} ended with {process.returncode}")
    seconds = time.monotonic() - begun
    process.stdout.close()
    return seconds, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--gos")
    options = parser.parse_args()
    if options.gos is None:
        import real_etcd
        options.gos = str(real_etcd.build("etcdctl"))
    programs = {"ours": str(options.binaries / "etcdctl"), "gos": options.gos}
    with Member(options.binaries / "etcd", "--quota-backend-bytes", str(8 << 30)) as member:
        fill(member, options.keys)
        for form in ("simple", "fields", "json", "protobuf"):
            runs = {name: [] for name in programs}
            for _ in range(RUNS if form == "simple" else 1):
                for name, program in programs.items():
                    runs[name].append(get(program, member, form))
            seconds = {name: statistics.median(run[0] for run in each)
                       for name, each in runs.items()}
            memory = {name: max(run[1] for run in each) for name, each in runs.items()}
            # Headers differ by nothing: nobody writes meanwhile.
            same = len({hash_of(program, member, form) for program in programs.values()}) == 1
            print(f"{form:9} ours {seconds['ours']:.2f} s, {memory['ours']:.0f} MB | "
                  f"gos {seconds['gos']:.2f} s, {memory['gos']:.0f} MB | "
                  f"{seconds['gos'] / seconds['ours']:.1f}x as fast, "
                  f"{'the same bytes' if same else 'OTHER BYTES'}", flush=True)


if __name__ == "__main__":
    main()
