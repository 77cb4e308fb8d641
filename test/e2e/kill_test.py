#!/usr/bin/python3
"""kill -9 while clients write: what was acknowledged is there after each restart.

ETCD in the environment is the program, KILLS how often it is killed over all tests, SEED what the
clients do and when they are interrupted.
"""

import os
import random
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc

from member import Member
from protocol import KV, Client, rpc

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
KILLS = int(os.environ.get("KILLS") or (200 if os.environ.get("E2E_FULL") else 20))
SEED = int(os.environ.get("SEED") or random.randrange(2**32))
WRITERS = 6
KEYS_OF_WRITER = 8
UP_SECONDS_MAX = 0.5
VALUE_SIZES = [0, 20, 300, 300, 300, 5000]
# Acknowledged writes looked at again after each restart, besides those since the last one.
SAMPLE = 200


@dataclass(frozen=True)
class Write:
    """What one request did to one key; the value is None for a deletion."""

    key: bytes
    value: bytes | None
    revision: int


def raise_if_answered(error: grpc.RpcError) -> None:
    """Unless the connection broke: a member that lives has nothing to refuse here."""
    if error.code() != grpc.StatusCode.UNAVAILABLE or error.details().startswith("etcdserver:"):
        raise error


class Writer:
    """Sends one request at a time, over keys that nobody else writes."""

    def __init__(self, name: bytes, address: str, seed: int) -> None:
        self.address = address
        self.random = random.Random(seed)
        self.keys = [name + b"/%d" % number for number in range(KEYS_OF_WRITER)]
        self.acknowledged: list[Write] = []
        self.current: dict[bytes, bytes | None] = dict.fromkeys(self.keys)
        # What the request that failed would have done: it may have done it.
        self.uncertain: dict[bytes, bytes | None] = {}
        self.revision = 0

    def write_until_killed(self) -> None:
        client = Client(self.address)
        try:
            while True:
                self._write(client)
        except grpc.RpcError as error:
            raise_if_answered(error)
        finally:
            client.close()

    def _write(self, client: Client) -> None:
        keys = self.random.sample(self.keys, self.random.choice([1, 1, 1, 3]))
        wanted: dict[bytes, bytes | None] = {}
        for key in keys:
            # A deletion of nothing has no revision.
            deletes = self.current[key] is not None and self.random.random() < 0.2
            wanted[key] = None if deletes else self.random.randbytes(
                self.random.choice(VALUE_SIZES))
        self.uncertain = wanted
        ops = [self._op(key, value) for key, value in wanted.items()]
        reply = client.call(KV, "Txn", rpc.TxnRequest(success=ops), rpc.TxnResponse) \
            if len(ops) > 1 else self._call_alone(client, ops[0])
        revision = reply.header.revision
        if revision <= self.revision:
            raise AssertionError(f"revision {revision} was acknowledged after {self.revision}")
        self.revision = revision
        self.acknowledged += [Write(key, value, revision) for key, value in wanted.items()]
        self.current |= wanted
        self.uncertain = {}

    @staticmethod
    def _op(key: bytes, value: bytes | None):
        if value is None:
            return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key))
        return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value))

    @staticmethod
    def _call_alone(client: Client, op):
        if op.HasField("request_put"):
            return client.call(KV, "Put", op.request_put, rpc.PutResponse)
        return client.call(KV, "DeleteRange", op.request_delete_range, rpc.DeleteRangeResponse)


class Watcher:
    """Asks for hashes, and compacts now and then if it should."""

    def __init__(self, address: str, compacts: bool) -> None:
        self.address = address
        self.compacts = compacts
        self.hashes: dict[tuple[int, int], int] = {}  # by revision and compact revision
        self.compacted = -1

    def look_until_killed(self, seed: int) -> None:
        chooser = random.Random(seed)
        client = Client(self.address)
        try:
            while True:
                reply = client.hash_kv()
                self.hashes[reply.hash_revision, reply.compact_revision] = reply.hash
                if self.compacts and chooser.random() < 0.1:
                    revision = max(1, reply.hash_revision - 300)
                    if revision > self.compacted:
                        self.compacted = revision  # even if the answer is lost
                        client.call(KV, "Compact", rpc.CompactionRequest(revision=revision),
                                    rpc.CompactionResponse)
                time.sleep(0.02)
        except grpc.RpcError as error:
            raise_if_answered(error)
        finally:
            client.close()


class KillTest(unittest.TestCase):
    def setUp(self) -> None:
        self.random = random.Random(SEED)

    def test_what_was_acknowledged_survives(self) -> None:
        with Member(ETCD) as member:
            self.kill_again_and_again(member, compacts=False)

    def test_what_was_acknowledged_survives_snapshots_purges_and_compactions(self) -> None:
        flags = ["--snapshot-count=50", "--max-wals=2", "--max-snapshots=2",
                 "--backend-batch-interval=3ms", "--backend-batch-limit=20"]
        with Member(ETCD, *flags) as member:
            self.kill_again_and_again(member, compacts=True)
            self.assertTrue(list((member.folder / "data/member/snap").glob("*.snap")))

    def kill_again_and_again(self, member: Member, compacts: bool) -> None:
        writers = [Writer(b"w%d" % number, member.address, self.random.randrange(2**32))
                   for number in range(WRITERS)]
        watcher = Watcher(member.address, compacts)
        seen = 0
        for round_number in range(KILLS // 2):
            self.write_and_kill(member, writers, watcher)
            if self.random.random() < 0.25:  # once more, while it starts
                member.launch()
                time.sleep(self.random.uniform(0, 0.1))
                member.kill()
            member.start()
            with self.subTest(seed=SEED, round=round_number):
                self.check(member, writers, watcher, seen)
            seen = min(writer.revision for writer in writers)
        self.assertGreater(len(writers[0].acknowledged), KILLS)
        self.assertTrue(watcher.hashes)

    def write_and_kill(self, member: Member, writers: list[Writer], watcher: Watcher) -> None:
        with ThreadPoolExecutor(len(writers) + 1) as pool:
            running = [pool.submit(writer.write_until_killed) for writer in writers]
            running.append(pool.submit(watcher.look_until_killed, self.random.randrange(2**32)))
            time.sleep(self.random.uniform(0.01, UP_SECONDS_MAX))
            member.kill()
            for done in running:
                done.result(timeout=30)

    def check(self, member: Member, writers: list[Writer], watcher: Watcher, seen: int) -> None:
        client = Client(member.address)
        try:
            newest = client.range(key=b"\0").header.revision
            self.assertGreaterEqual(newest, max(writer.revision for writer in writers))
            for (revision, compacted), value in watcher.hashes.items():
                self.check_hash(client, revision, compacted, value)
            for writer in writers:
                self.check_current(client, writer)
                old = [write for write in writer.acknowledged if write.revision <= seen]
                new = writer.acknowledged[len(old):]
                for write in new + self.random.sample(old, min(len(old), SAMPLE // WRITERS)):
                    self.check_write(client, write, watcher)
        finally:
            client.close()

    def check_hash(self, client: Client, revision: int, compacted: int, value: int) -> None:
        try:
            reply = client.hash_kv(revision)
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.OUT_OF_RANGE)
            return
        if reply.compact_revision == compacted:
            self.assertEqual(reply.hash, value, f"HashKV at {revision}")

    def check_current(self, client: Client, writer: Writer) -> None:
        """Also finds out about the request that had no answer: all of it or nothing happened."""
        found = {}
        for key in writer.keys:
            kvs = client.range(key=key).kvs
            found[key] = kvs[0].value if kvs else None
        candidates = [writer.current, writer.current | writer.uncertain]
        self.assertIn(found, candidates)
        writer.current, writer.uncertain = found, {}

    def check_write(self, client: Client, write: Write, watcher: Watcher) -> None:
        if write.revision < watcher.compacted:
            return
        kvs = client.range(key=write.key, revision=write.revision).kvs
        if write.value is None:
            self.assertFalse(kvs, write)
        else:
            self.assertEqual([(kv.value, kv.mod_revision) for kv in kvs],
                             [(write.value, write.revision)])


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
