"""Well-behaved clients beside attacks: they know what each answer must be, and what must be there
after a restart.

Whoever uses them must be the only one that writes, apart from writes that are told (`others`).
"""

import hashlib
import random
import threading
import time
from dataclasses import dataclass, replace

import grpc

from protocol import KV, MAINTENANCE, Client, rpc

KEYS_OF_WRITER = 8
VALUE_SIZES = [0, 20, 300, 300, 5000]
# What stays readable behind the newest revision when the store is compacted.
REVISIONS_KEPT = 2000
# Acknowledged writes looked at again after a restart, besides the current state.
SAMPLE = 300
COMPACT_SECONDS, DEFRAGMENT_SECONDS, SNAPSHOT_SECONDS, HASH_SECONDS = 2, 4, 2, 0.2
SNAPSHOT_CHECKSUM_BYTES = 32  # at its end, of what came before: SHA-256


@dataclass(frozen=True)
class Pair:
    """A key's value and where it comes from; as etcd's KeyValue."""

    value: bytes
    create: int
    mod: int
    version: int

    @staticmethod
    def of(kv) -> "Pair":
        return Pair(kv.value, kv.create_revision, kv.mod_revision, kv.version)


Pairs = dict[bytes, Pair]


def changed(pairs: Pairs, changes: dict[bytes, bytes | None], revision: int) -> Pairs:
    """What a request makes of `pairs`; a value of none deletes."""
    after = dict(pairs)
    for key, value in changes.items():
        before = after.pop(key, None)
        if value is None:
            continue
        after[key] = Pair(value, revision, revision, 1) if before is None else \
            replace(before, value=value, mod=revision, version=before.version + 1)
    return after


class WrongAnswer(Exception):
    pass


def expect(what: str, found, wanted) -> None:
    if found != wanted:
        raise WrongAnswer(f"{what}: {found!r:.300} for {wanted!r:.300}")


class Writer:
    """One request at a time, over keys that nobody else writes. `faults` is what it found."""

    def __init__(self, name: str, seed: int) -> None:
        self.prefix = name.encode() + b"/"
        self.random = random.Random(seed)
        self.keys = [self.prefix + b"%d" % number for number in range(KEYS_OF_WRITER)]
        self.pairs: Pairs = {}
        # By revision; and what the request that had no answer would have done.
        self.acknowledged: dict[int, dict[bytes, bytes | None]] = {}
        self.uncertain: dict[bytes, bytes | None] = {}
        self.unanswered_applied = 0
        self.faults: list[str] = []
        self.seconds: list[float] = []

    def write(self, address: str, stopping: threading.Event) -> None:
        """Until the connection breaks, which is a fault unless `stopping` is set by then."""
        client = Client(address)
        try:
            while True:
                self._write(client)
        except grpc.RpcError as error:
            broken = error.code() == grpc.StatusCode.UNAVAILABLE and \
                not error.details().startswith("etcdserver:")
            if not broken or not stopping.is_set():
                self._found(f"{error.code().name}: {error.details()}")
        except WrongAnswer as wrong:
            self._found(str(wrong))
        finally:
            client.close()

    def _found(self, fault: str) -> None:
        self.faults.append(f"{self.prefix.decode()} after {len(self.acknowledged)} writes: {fault}")

    def _write(self, client: Client) -> None:
        write = self.random.choice([self._put, self._put, self._txn, self._txn, self._delete])
        begin = time.monotonic()
        write(client)
        self.seconds.append(time.monotonic() - begin)

    def _value(self) -> bytes:
        return self.random.randbytes(self.random.choice(VALUE_SIZES))

    def _answered(self, revision: int) -> None:
        newest = max(self.acknowledged, default=0)
        if revision <= newest:
            raise WrongAnswer(f"revision {revision} was acknowledged after {newest}")
        self.acknowledged[revision] = self.uncertain
        self.pairs = changed(self.pairs, self.uncertain, revision)
        self.uncertain = {}

    def _expect_previous(self, kvs, keys) -> None:
        expect("previous", {kv.key: Pair.of(kv) for kv in kvs},
               {key: self.pairs[key] for key in keys if key in self.pairs})

    def _put(self, client: Client) -> None:
        key, value = self.random.choice(self.keys), self._value()
        self.uncertain = {key: value}
        reply = client.call(KV, "Put", rpc.PutRequest(key=key, value=value, prev_kv=True),
                            rpc.PutResponse)
        self._expect_previous([reply.prev_kv] if reply.HasField("prev_kv") else [], [key])
        self._answered(reply.header.revision)

    def _txn(self, client: Client) -> None:
        """Compares a value, and puts two keys or, if the value is another one, a third."""
        compared, first, second, otherwise = self.random.sample(self.keys, 4)
        known = self.pairs[compared].value if compared in self.pairs else b""
        holds = compared in self.pairs and self.random.random() < 0.7
        compare = rpc.Compare(key=compared, target=rpc.Compare.VALUE,
                              value=known if holds else known + b"?")
        wanted = {key: self._value() for key in ([first, second] if holds else [otherwise])}
        self.uncertain = wanted
        others = {otherwise: b"wrong"} if holds else {first: b"wrong", second: b"wrong"}
        then, instead = (wanted, others) if holds else (others, wanted)
        reply = client.call(
            KV, "Txn", rpc.TxnRequest(compare=[compare], success=self._puts(then),
                                      failure=self._puts(instead)), rpc.TxnResponse)
        expect("succeeded", reply.succeeded, holds)
        self._expect_previous([answer.response_put.prev_kv for answer in reply.responses
                               if answer.response_put.HasField("prev_kv")], wanted)
        self._answered(reply.header.revision)

    @staticmethod
    def _puts(pairs: dict[bytes, bytes]) -> list:
        return [rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, prev_kv=True))
                for key, value in pairs.items()]

    def _delete(self, client: Client) -> None:
        """A range of keys; one of none has no revision and is not asked for."""
        first, last = sorted(self.random.choices(self.keys, k=2))
        inside = [key for key in self.pairs if first <= key < last]
        if not inside:
            return self._put(client)
        self.uncertain = dict.fromkeys(inside)
        reply = client.call(
            KV, "DeleteRange", rpc.DeleteRangeRequest(key=first, range_end=last, prev_kv=True),
            rpc.DeleteRangeResponse)
        expect("deleted", reply.deleted, len(inside))
        self._expect_previous(reply.prev_kvs, inside)
        self._answered(reply.header.revision)

    def check(self, client: Client, compacted: int, all_answered: bool) -> None:
        """The state is that of what was acknowledged, to the last version. A request that had no
        answer was carried out wholly or not at all; not at all if `all_answered`."""
        kvs = client.range(key=self.prefix, range_end=self.prefix[:-1] + b"0").kvs
        found = {kv.key: Pair.of(kv) for kv in kvs}
        if found != self.pairs:
            self._check_unanswered(found, all_answered)
        self.uncertain = {}
        old = [(revision, changes) for revision, changes in self.acknowledged.items()
               if revision >= compacted]
        for revision, changes in self.random.sample(old, min(len(old), SAMPLE)):
            for key, value in changes.items():
                kvs = client.range(key=key, revision=revision).kvs
                expect(f"{key!r} at {revision}", [(kv.value, kv.mod_revision) for kv in kvs],
                       [] if value is None else [(value, revision)])

    def _check_unanswered(self, found: Pairs, all_answered: bool) -> None:
        unanswered = {key: pair.mod for key, pair in found.items()
                      if key in self.uncertain and pair != self.pairs.get(key)}
        revision = max(unanswered.values(), default=0)
        newest = max(self.acknowledged, default=0)
        if all_answered or not self.uncertain or (unanswered and revision <= newest):
            expect("state", found, self.pairs)
        self.unanswered_applied += 1
        self.pairs = changed(self.pairs, self.uncertain, revision)
        expect("state with the write that had no answer", found, self.pairs)


TOO_MANY_SNAPSHOTS = "etcdserver: too many snapshots at a time"


class Keeper:
    """What operators do: compacts, defragments, takes snapshots, asks for hashes."""

    def __init__(self) -> None:
        self.compacted = 0
        self.hashes: dict[tuple[int, int], int] = {}  # by revision and compact revision
        self.done = dict.fromkeys(["Compact", "Defragment", "Snapshot", "HashKV"], 0)
        self.longest = dict.fromkeys(self.done, 0.0)
        self.faults: list[str] = []
        self._newest = 0

    def keep(self, address: str, stopping: threading.Event) -> list[threading.Thread]:
        works = [("Compact", self._compact, COMPACT_SECONDS),
                 ("Defragment", self._defragment, DEFRAGMENT_SECONDS),
                 ("Snapshot", self._snapshot, SNAPSHOT_SECONDS), ("HashKV", self._hash, HASH_SECONDS)]
        clients = [Client(address) for _ in works]
        for client in clients:
            client.range(key=b"connected")
        return [threading.Thread(target=self._again_and_again, args=(*work, client, stopping))
                for work, client in zip(works, clients)]

    def _again_and_again(self, name: str, work, seconds: float, client: Client,
                         stopping: threading.Event) -> None:
        try:
            while not stopping.wait(seconds):
                begin = time.monotonic()
                work(client)
                self.longest[name] = max(self.longest[name], time.monotonic() - begin)
                self.done[name] += 1
        except grpc.RpcError as error:
            if not stopping.is_set():
                self.faults.append(f"{name}: {error.code().name}: {error.details()}")
        except WrongAnswer as wrong:
            self.faults.append(f"{name}: {wrong}")
        finally:
            client.close()

    def _compact(self, client: Client) -> None:
        revision = self._newest - REVISIONS_KEPT
        if revision <= self.compacted:
            return
        self.compacted = revision  # even if the answer is lost
        client.call(KV, "Compact", rpc.CompactionRequest(revision=revision),
                    rpc.CompactionResponse)

    @staticmethod
    def _defragment(client: Client) -> None:
        client.call(MAINTENANCE, "Defragment", rpc.DefragmentRequest(), rpc.DefragmentResponse)

    def _snapshot(self, client: Client) -> None:
        try:
            pieces = [rpc.SnapshotResponse.FromString(piece).blob
                      for piece in client.start_stream(MAINTENANCE, "Snapshot", b"")]
        except grpc.RpcError as error:
            if error.details() != TOO_MANY_SNAPSHOTS:
                raise
            self.done["Snapshot"] -= 1  # others have all the places
            return
        image = b"".join(pieces)
        expect("checksum of a snapshot", image[-SNAPSHOT_CHECKSUM_BYTES:],
               hashlib.sha256(image[:-SNAPSHOT_CHECKSUM_BYTES]).digest())

    def _hash(self, client: Client) -> None:
        reply = client.hash_kv()
        self._newest = reply.hash_revision
        key = (reply.hash_revision, reply.compact_revision)
        expect(f"hash at {key}", reply.hash, self.hashes.setdefault(key, reply.hash))

    def check(self, client: Client) -> int:
        """Returns how many hashes could be compared."""
        compared = 0
        for (revision, compacted), value in self.hashes.items():
            try:
                reply = client.hash_kv(revision)
            except grpc.RpcError as error:
                expect("code", error.code(), grpc.StatusCode.OUT_OF_RANGE)
                continue
            if reply.compact_revision == compacted:
                expect(f"HashKV at {revision}", reply.hash, value)
                compared += 1
        return compared


class WellBehaved:
    """Writers and a keeper, over several lives of one member."""

    def __init__(self, writers: int, seed: int) -> None:
        self.writers = [Writer(f"writer{number}", seed + number) for number in range(writers)]
        self.keeper = Keeper()
        # Revisions that nobody here was acknowledged: of before, and of those written by others.
        self.first_revision = 0
        self.hashes_compared = 0
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, address: str) -> None:
        """They are connected when it returns."""
        client = Client(address)
        if self.first_revision == 0:
            self.first_revision = client.range(key=b"\0").header.revision
        client.close()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=writer.write, args=(address, self._stopping))
                         for writer in self.writers]
        self._threads += self.keeper.keep(address, self._stopping)
        wanted = [len(writer.acknowledged) + 1 for writer in self.writers]
        for thread in self._threads:
            thread.start()
        end = time.monotonic() + 10
        while any(len(writer.acknowledged) < count
                  for writer, count in zip(self.writers, wanted)) and time.monotonic() < end:
            time.sleep(0.01)

    def expect_the_end(self) -> None:
        """From now on connections may break."""
        self._stopping.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=60)
            if thread.is_alive():
                raise RuntimeError("a client does not end")

    def faults(self) -> list[str]:
        """Answers that were wrong, or errors."""
        return self.keeper.faults + [fault for writer in self.writers for fault in writer.faults]

    def acknowledged(self) -> int:
        return sum(len(writer.acknowledged) for writer in self.writers)

    def check(self, address: str, all_answered: bool, others: int = 0) -> list[str]:
        """After a restart: what was lost, made twice, left out or is otherwise than it was. The
        `others` are the writes that somebody else made."""
        client = Client(address)
        found = []

        def checked(name: str, check, *arguments):
            try:
                return check(*arguments)
            except WrongAnswer as wrong:
                found.append(f"{name}: {wrong}")
                return 0

        try:
            self.hashes_compared += checked("hashes", self.keeper.check, client)
            for writer in self.writers:
                checked(writer.prefix.decode(), writer.check, client, self.keeper.compacted,
                        all_answered)
            revisions = [revision for writer in self.writers for revision in writer.acknowledged]
            if len(set(revisions)) != len(revisions):
                found.append("a revision was given twice")
            # Nothing was skipped, and nothing made twice: there is no other revision than theirs.
            wanted = self.first_revision + len(revisions) + others + \
                sum(writer.unanswered_applied for writer in self.writers)
            newest = client.range(key=b"\0").header.revision
            if newest != wanted:
                found.append(f"revision {newest} where there were {wanted} writes")
        finally:
            client.close()
        return found
