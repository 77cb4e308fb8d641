#!/usr/bin/python3
"""Debian's etcd and etcdctl on snapshots of ours, and ours on theirs.

SNAPSHOT_TOOL in the environment is the path of snapshot_tool.
"""

import base64
import contextlib
import json
import os
import random
import socket
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

TOOL = os.environ.get("SNAPSHOT_TOOL", "")
DIGEST_BYTES = 32
# The version whose schema the written database has.
CLUSTER_VERSION = b"3.4.0"


def run(*command: object, text: bytes = b"") -> bytes:
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True,
                          timeout=60, env=os.environ | {"ETCDCTL_API": "3"})
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr.decode()}")
    return done.stdout


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def key_value(key: bytes, created: int, modified: int, version: int, value: bytes) -> bytes:
    """mvccpb.KeyValue, zero fields omitted."""
    out = b"\x0a" + varint(len(key)) + key
    for tag, number in ((0x10, created), (0x18, modified), (0x20, version)):
        if number != 0:
            out += bytes([tag]) + varint(number)
    return out + (b"\x2a" + varint(len(value)) + value if value else b"")


def fields(message: bytes) -> dict[int, bytes | int]:
    """Of a message whose fields are varints and bytes."""
    def take_varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    at, found = 0, {}
    while at < len(message):
        tag = take_varint()
        value = take_varint()
        if tag & 7 == 2:
            value, at = message[at:at + value], at + value
        found[tag >> 3] = value
    return found


def revision(main: int) -> bytes:
    return struct.pack(">Q", main) + b"_" + bytes(8)


def dump_of(buckets: dict[bytes, dict[bytes, bytes]]) -> bytes:
    lines = []
    for name, records in sorted(buckets.items()):
        lines.append(f"bucket {name.hex()}\n")
        lines += [f"{key.hex()}={value.hex()}\n" for key, value in sorted(records.items())]
    return "".join(lines).encode()


def parsed(dump: bytes) -> dict[bytes, dict[bytes, bytes]]:
    buckets: dict[bytes, dict[bytes, bytes]] = {}
    for line in dump.decode().splitlines():
        if line.startswith("bucket "):
            records = buckets.setdefault(bytes.fromhex(line[len("bucket "):]), {})
        else:
            key, value = line.split("=")
            records[bytes.fromhex(key)] = bytes.fromhex(value)
    return buckets


def crc32c(pieces: list[bytes]) -> int:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    crc = 0xFFFFFFFF
    for piece in pieces:
        for byte in piece:
            crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class History:
    """Puts and deletions of a seed: what the bucket `key` holds, and what lives at the end."""

    def __init__(self, seed: int, count: int) -> None:
        rng = random.Random(seed)
        self.records: dict[bytes, bytes] = {}
        self.living: dict[bytes, bytes] = {}
        created: dict[bytes, tuple[int, int]] = {}
        for main in range(2, count + 2):
            key = b"key/%05d" % rng.randrange(count)
            if key in created and rng.randrange(2) == 0:
                del created[key], self.living[key]
                self.records[revision(main) + b"t"] = key_value(key, 0, 0, 0, b"")
                continue
            value = rng.randbytes(rng.choice([0, 10, 100, 300, rng.randrange(20000)]))
            first, version = created.get(key, (main, 0))
            created[key] = (first, version + 1)
            self.records[revision(main)] = key_value(key, first, main, version + 1, value)
            self.living[key] = value

    def buckets(self) -> dict[bytes, dict[bytes, bytes]]:
        empty = {name: {} for name in (b"alarm", b"auth", b"authRoles", b"authUsers", b"lease",
                                       b"members", b"members_removed")}
        return empty | {b"key": self.records, b"cluster": {b"clusterVersion": CLUSTER_VERSION},
                        b"meta": {b"consistent_index": struct.pack(">Q", 1)}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Etcdctl:
    """Calls run etcdctl on a member."""

    def __init__(self, client: str) -> None:
        self.client = client

    def __call__(self, *arguments: object) -> bytes:
        return run("etcdctl", "--endpoints", self.client, *arguments)

    def maintenance_hash(self) -> int:
        request = urllib.request.Request(self.client + "/v3/maintenance/hash", data=b"{}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["hash"]


@contextlib.contextmanager
def etcd(data: Path, peer: str):
    """A member on a restored data directory; yields its Etcdctl."""
    client = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        ["etcd", "--data-dir", data, "--name", "m", "--listen-client-urls", client,
         "--advertise-client-urls", client, "--listen-peer-urls", peer,
         "--initial-advertise-peer-urls", peer, "--initial-cluster", f"m={peer}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    etcdctl = Etcdctl(client)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                etcdctl("endpoint", "health")
                break
            except AssertionError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise
        yield etcdctl
    finally:
        server.terminate()
        server.wait(timeout=20)


class SnapshotInteropTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.snapshot = self.directory / "snapshot.db"
        self.history = History(seed=5, count=3000)
        run(TOOL, "write", self.snapshot, text=dump_of(self.history.buckets()))

    def restored(self) -> tuple[Path, str]:
        data, peer = self.directory / "data", f"http://127.0.0.1:{free_port()}"
        run("etcdctl", "snapshot", "restore", self.snapshot, "--data-dir", data, "--name", "m",
            "--initial-cluster", f"m={peer}", "--initial-advertise-peer-urls", peer)
        return data, peer

    def living(self, etcdctl) -> dict[bytes, bytes]:
        answer = json.loads(etcdctl("get", "", "--from-key", "-w", "json"))
        return {base64.b64decode(kv["key"]): base64.b64decode(kv.get("value", ""))
                for kv in answer["kvs"]}

    def expect_status(self, buckets: dict[bytes, dict[bytes, bytes]]) -> None:
        status = json.loads(run("etcdctl", "snapshot", "status", self.snapshot, "-w", "json"))
        pieces = []
        for name, records in sorted(buckets.items()):
            pieces.append(name)
            for key, value in sorted(records.items()):
                pieces += [key, value]
        self.assertEqual(status["hash"], crc32c(pieces))
        self.assertEqual(status["revision"], 3001)
        self.assertEqual(status["totalKey"], sum(len(records) for records in buckets.values()))

    def test_status_of_ours_is_what_we_wrote(self) -> None:
        self.expect_status(self.history.buckets())

    def test_status_of_a_stream_is_what_the_database_has(self) -> None:
        buckets = self.history.buckets()
        # Longer than our database's keys, and in no order there.
        for number in range(200):
            buckets[b"authUsers"][b"u" * 479 + b"%d" % (number * 7919) + b"u" * 40] = b"a user"
        run(TOOL, "stream", self.snapshot, text=dump_of(buckets))
        self.expect_status(buckets)
        self.assertEqual(parsed(run(TOOL, "dump", self.snapshot)), buckets)

    def test_hash_of_a_snapshot_is_what_its_member_answers(self) -> None:
        data, peer = self.restored()
        later = self.directory / "later.db"
        with etcd(data, peer) as etcdctl:
            for number in range(20):
                etcdctl("put", f"more/{number}", "v" * 100)
            etcdctl("lease", "grant", 600)
            etcdctl("role", "add", "reader")
            etcdctl("snapshot", "save", later)
            answered = etcdctl.maintenance_hash()
        self.assertEqual(int(run(TOOL, "hash", later)), answered)

    def test_a_restored_member_has_every_key_and_takes_more(self) -> None:
        data, peer = self.restored()
        later = self.directory / "later.db"
        with etcd(data, peer) as etcdctl:
            self.assertEqual(self.living(etcdctl), self.history.living)
            for number in range(50):
                etcdctl("put", f"more/{number}", "v" * 100)
            etcdctl("del", "key/00", "key/01")
            etcdctl("compact", 2000)
            etcdctl("defrag")
            expected = self.living(etcdctl)
            etcdctl("snapshot", "save", later)
        for database in (later, data / "member/snap/db"):
            buckets = parsed(run(TOOL, "dump", database))
            found: dict[bytes, bytes] = {}
            for key, record in sorted(buckets[b"key"].items()):
                kv = fields(record)
                if len(key) == len(revision(1)) + 1:
                    found.pop(kv[1], None)
                else:
                    found[kv[1]] = kv.get(5, b"")
            self.assertEqual(found, expected, database)

    def test_a_damaged_snapshot_is_refused_by_both(self) -> None:
        damaged = bytearray(self.snapshot.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        self.snapshot.write_bytes(damaged)
        with self.assertRaisesRegex(AssertionError, "expected sha256"):
            run(TOOL, "dump", self.snapshot)
        with self.assertRaisesRegex(AssertionError, "expected sha256"):
            self.restored()


if __name__ == "__main__":
    unittest.main()
