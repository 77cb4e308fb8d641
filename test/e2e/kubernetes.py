"""What an apiserver of Kubernetes asks of etcd, and what it makes of the answers: objects that are
changed in guarded transactions, caches that are lists and then watches, compaction, and events with
leases.

Every object's value says who wrote it, and counts its changes, so that a cache notices at once what
was lost, told twice or out of order, and an update that was not atomic.
"""

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Iterator

import grpc

from protocol import KV, LEASE, Client, rpc
from watch_stream import PROGRESS_ID, WatchStream

OBJECTS = [b"/registry/pods/", b"/registry/configmaps/", b"/registry/leases/"]
EVENTS = b"/registry/events/"
COMPACT_REV_KEY = b"compact_rev_key"
# Of one resource.
NAMES = 30
PAGE = 13
# Kubernetes' are an hour, and taken for a minute each.
LEASE_TTL_SECONDS = 4
LEASE_REUSE_SECONDS = 1.5
CALL_TIMEOUT_SECONDS = 8
WAIT_SECONDS = 60
PROGRESS_PERIOD_SECONDS = 0.1
COMPACTED = "etcdserver: mvcc: required revision has been compacted"
REQUIRE_LEADER = (("hasleader", "true"),)


class Compacted(Exception):
    """What was asked for is not there any more: 410, for whoever asked the apiserver."""


def end_of(prefix: bytes) -> bytes:
    return prefix[:-1] + bytes([prefix[-1] + 1])


def compare(key: bytes, **fields):
    return rpc.Compare(key=key, result=rpc.Compare.EQUAL, **fields)


def is_unmodified(key: bytes, mod_revision: int):
    """0: it is not there."""
    return compare(key, target=rpc.Compare.MOD, mod_revision=mod_revision)


def op(**fields):
    return rpc.RequestOp(**fields)


@dataclass
class Journal:
    """What all writers have written, and the complaints of everybody."""

    sent: dict[bytes, bytes] = field(default_factory=dict)  # each value, and its key
    acknowledged: dict[bytes, int] = field(default_factory=dict)  # each value, and its revision
    deleted: set[tuple[int, bytes]] = field(default_factory=set)  # revision and key
    perhaps_deleted: set[bytes] = field(default_factory=set)
    compaction_sent: int = 0  # no revision from it on is compacted
    compaction_done: int = 0  # every revision before it is
    complaints: list[str] = field(default_factory=list)
    refused: int = 0  # updates whose object had changed
    lock: threading.Lock = field(default_factory=threading.Lock)

    def complain(self, text: str) -> None:
        with self.lock:
            self.complaints.append(text)

    def expect(self, holds: bool, text: str) -> None:
        if not holds:
            self.complain(text)


class Store:
    """Calls to one member, or to the next one when that does not answer."""

    def __init__(self, addresses: list[str], first: int = 0) -> None:
        self.clients = [Client(address) for address in addresses]
        self._current = first % len(addresses)

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def client(self) -> Client:
        return self.clients[self._current]

    def leave(self, client: Client) -> None:
        """It does not serve."""
        if client is self.client():
            self._current = (self._current + 1) % len(self.clients)

    def call(self, service: str, method: str, request, response_type):
        """Once; raises grpc.RpcError."""
        client = self.client()
        try:
            return client.call(service, method, request, response_type, CALL_TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                self.leave(client)
            raise

    def txn(self, guard, success, failure):
        return self.call(KV, "Txn", rpc.TxnRequest(compare=[guard], success=success,
                                                   failure=failure), rpc.TxnResponse)

    def read(self, **fields):
        """Until it is answered."""
        return self._repeat(lambda: self.call(KV, "Range", rpc.RangeRequest(**fields),
                                              rpc.RangeResponse))

    def read_stream(self, **fields):
        """The same, in parts that are put together."""
        return self._repeat(lambda: self._stream(rpc.RangeRequest(**fields)))

    def _stream(self, request):
        client = self.client()
        whole = rpc.RangeResponse()
        try:
            for part in client.start_stream(KV, "RangeStream", request.SerializeToString()):
                whole.MergeFrom(rpc.RangeStreamResponse.FromString(part).range_response)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.OUT_OF_RANGE:
                self.leave(client)
            raise
        return whole

    def _repeat(self, attempt):
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return attempt()
            except grpc.RpcError as error:
                if error.details() == COMPACTED:
                    raise Compacted from error
                if error.code() not in (grpc.StatusCode.UNAVAILABLE,
                                        grpc.StatusCode.DEADLINE_EXCEEDED) or time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def list_pages(self, prefix: bytes, revision: int, journal: Journal):
        """All pairs at one revision, 0: that of the first page, and which it was. Raises Compacted."""
        key, pairs, counts = prefix, [], []
        while True:
            page = self.read(key=key, range_end=end_of(prefix), limit=PAGE, revision=revision)
            revision = revision or page.header.revision
            counts.append((page.count, len(pairs)))
            pairs += page.kvs
            journal.expect(page.more == (page.count > len(page.kvs)), f"more: {page.count}")
            if not page.more:
                break
            key = page.kvs[-1].key + b"\0"
        for count, before in counts:
            journal.expect(count == len(pairs) - before,
                           f"a page counts {count} of {len(pairs) - before} at {revision}")
        keys = [pair.key for pair in pairs]
        journal.expect(keys == sorted(set(keys)), f"the keys of a list: {keys}")
        return revision, {pair.key: pair for pair in pairs}

    def list_stream(self, prefix: bytes, revision: int):
        whole = self.read_stream(key=prefix, range_end=end_of(prefix), revision=revision)
        return revision or whole.header.revision, {pair.key: pair for pair in whole.kvs}


def counter_of(value: bytes) -> int:
    return int(value.split(b" ")[2])


@dataclass
class Segment:
    """What a cache was told between two lists."""

    after: int  # the revision of the list
    until: int
    last: int = 0  # of an event
    events: dict[tuple[int, bytes], bytes | None] = field(default_factory=dict)  # None: deleted


class Cache:
    """The objects of a resource at a revision."""

    def __init__(self, prefix: bytes, journal: Journal) -> None:
        self.prefix = prefix
        self.journal = journal
        self.pairs: dict[bytes, object] = {}
        self.segments: list[Segment] = []
        self.changed = threading.Condition()

    @property
    def revision(self) -> int:
        return self.segments[-1].until

    def replace(self, revision: int, pairs: dict) -> None:
        with self.changed:
            self.pairs = dict(pairs)
            self.segments.append(Segment(revision, revision))
            self.changed.notify_all()

    def at_least(self, revision: int, timeout_seconds: float):
        """Its revision and pairs, once it has got there; None if it has not in time."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.segments and self.revision >= revision,
                                         timeout_seconds):
                return None
            return self.revision, dict(self.pairs)

    def take(self, answer) -> None:
        """Events, or none: progress."""
        with self.changed:
            for event in answer.events:
                self._take_event(event)
            last = answer.events[-1].kv.mod_revision if answer.events else answer.header.revision
            self.journal.expect(last <= answer.header.revision, f"events ahead: {answer}")
            self.segments[-1].until = max(self.revision, last)
            self.changed.notify_all()

    def _take_event(self, event) -> None:
        segment, pair, key = self.segments[-1], event.kv, event.kv.key
        revision, had = pair.mod_revision, self.pairs.get(event.kv.key)
        is_delete = event.type == event.DELETE

        def expect(holds: bool, text: str) -> None:
            self.journal.expect(holds, f"{text}: {event} after {had} at {segment.until}")

        expect(key.startswith(self.prefix), "another's event")
        expect(revision > segment.until, "an event of the past")
        expect(revision >= segment.last, "out of order")
        expect((revision, key) not in segment.events, "twice")
        segment.last = revision
        segment.events[revision, key] = None if is_delete else pair.value
        if event.HasField("prev_kv"):
            expect(event.prev_kv == had, "another one before")
        else:
            expect(had is None or revision - 1 < self.journal.compaction_sent, "none before")
        if is_delete:
            expect(had is not None, "deletes nothing")
            self.pairs.pop(key, None)
            return
        expect(pair.version == (had.version if had else 0) + 1, "versions")
        expect(counter_of(pair.value) == (counter_of(had.value) if had else 0) + 1, "counters")
        expect(self.journal.sent.get(pair.value) == key, "nobody wrote this")
        self.pairs[key] = pair

    def check_acknowledged(self) -> None:
        """That it was told of all that its segments cover, and of nothing else."""
        journal = self.journal
        for segment in self.segments:
            values = [value for value in segment.events.values() if value is not None]
            journal.expect(len(values) == len(set(values)), f"{self.prefix}: a value comes twice")

            def covers(revision: int, key: bytes, segment: Segment = segment) -> bool:
                return segment.after < revision <= segment.until and key.startswith(self.prefix)

            for value, revision in journal.acknowledged.items():
                key = journal.sent[value]
                if covers(revision, key):
                    journal.expect(segment.events.get((revision, key)) == value,
                                   f"{value} was acknowledged at {revision}")
            for revision, key in journal.deleted:
                if covers(revision, key):
                    journal.expect(segment.events.get((revision, key), b"") is None,
                                   f"the end of {key} was acknowledged at {revision}")
            for (revision, key), value in segment.events.items():
                if value is not None:
                    journal.expect(journal.acknowledged.get(value, revision) == revision,
                                   f"{value} told at {revision}")
                elif self.prefix != EVENTS:  # whose leases end
                    journal.expect((revision, key) in journal.deleted
                                   or key in journal.perhaps_deleted, f"nobody deleted {key}")


class ApiServer:
    """Caches of all resources, whose watches share a stream; a compactor; clients that write. Its
    threads run while its block lasts."""

    def __init__(self, name: bytes, addresses: list[str], first: int, journal: Journal,
                 compaction_seconds: float) -> None:
        self.name = name
        self.journal = journal
        self.compaction_seconds = compaction_seconds
        self.caches = [Cache(prefix, journal) for prefix in [*OBJECTS, EVENTS]]
        self.relists = 0  # for a compaction
        self.consistent_lists = 0
        self._addresses = addresses
        self._first = first
        self._stores: list[Store] = []
        self._stream: WatchStream | None = None
        self._stop_writing = threading.Event()
        self._stop = threading.Event()
        self._asleep = threading.Event()
        self._sleeps = threading.Event()
        self._writing = [threading.Thread(target=self._guarded, args=(target, *arguments))
                         for target, *arguments in ((self._write, 0), (self._write, 1),
                                                    (self._write_events,), (self._compact,))]
        self._reading = [threading.Thread(target=self._guarded, args=(target,))
                         for target in (self._keep_caches, self._compare)]

    def __enter__(self) -> "ApiServer":
        for thread in self._writing + self._reading:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop_writing()
        self._stop.set()
        self._asleep.clear()
        for thread in self._reading:
            thread.join()
        for store in self._stores:
            store.close()

    def stop_writing(self) -> None:
        self._stop_writing.set()
        for thread in self._writing:
            thread.join()

    @contextlib.contextmanager
    def asleep(self) -> Iterator[None]:
        """Its caches are told nothing meanwhile."""
        self._sleeps.clear()
        self._asleep.set()
        try:
            if not self._sleeps.wait(WAIT_SECONDS):
                raise TimeoutError(f"{self.name} is told without an end")
            yield
        finally:
            self._asleep.clear()

    def store(self) -> Store:
        store = Store(self._addresses, self._first)
        self._stores.append(store)
        return store

    def _guarded(self, target, *arguments) -> None:
        """What a thread fails with is a complaint."""
        try:
            target(self.store(), *arguments)
        except BaseException as error:  # noqa: BLE001
            self.journal.complain(f"{self.name} {target.__name__}: {error!r}")
            raise

    # ---- Writing ----

    def _write(self, store: Store, number: int) -> None:
        chance = random.Random(f"{self.name} {number}")
        known: dict[bytes, object] = {}  # as last seen, by key; None: not there
        writes = 0
        while not self._stop_writing.is_set():
            key = b"%sdefault/%02d" % (chance.choice(OBJECTS), chance.randrange(NAMES))
            if key not in known:
                found = store.read(key=key).kvs
                known[key] = found[0] if found else None
            writes += 1
            value = b"%s-%d %d %d" % (self.name, number, writes,
                                      counter_of(known[key].value) + 1 if known[key] else 1)
            deletes = known[key] is not None and chance.random() < 0.15
            self._change(store, known, key, None if deletes else value)
            time.sleep(0.002)

    def _change(self, store: Store, known: dict, key: bytes, value: bytes | None) -> None:
        """To this value, None: deletes it; if it is still as it is known to be."""
        had, journal = known.pop(key), self.journal
        guard = had.mod_revision if had else 0
        if value is None:
            change = op(request_delete_range=rpc.DeleteRangeRequest(key=key))
        else:
            journal.sent[value] = key
            change = op(request_put=rpc.PutRequest(key=key, value=value))
        try:
            answer = store.txn(is_unmodified(key, guard), [change],
                               [op(request_range=rpc.RangeRequest(key=key))])
        except grpc.RpcError as error:
            journal.expect(error.code() in (grpc.StatusCode.UNAVAILABLE,
                                            grpc.StatusCode.DEADLINE_EXCEEDED), f"{error}")
            if value is None:
                journal.perhaps_deleted.add(key)
            return
        revision = answer.header.revision
        if not answer.succeeded:
            found = answer.responses[0].response_range.kvs
            journal.expect((found[0].mod_revision if found else 0) != guard,
                           f"refused, and yet as it was: {answer}")
            journal.expect(all(pair.mod_revision <= revision for pair in found), f"{answer}")
            known[key] = found[0] if found else None
            with journal.lock:
                journal.refused += 1
        elif value is None:
            journal.expect(answer.responses[0].response_delete_range.deleted == 1, f"{answer}")
            journal.deleted.add((revision, key))
            known[key] = None
        else:
            journal.acknowledged[value] = revision
            known[key] = rpc.RangeResponse().kvs.add(key=key, value=value, mod_revision=revision)

    def _write_events(self, store: Store) -> None:
        """Each with a lease that many share."""
        lease, granted, writes = 0, 0.0, 0
        while not self._stop_writing.is_set():
            if time.monotonic() > granted + LEASE_REUSE_SECONDS:
                try:
                    lease = store.call(LEASE, "LeaseGrant",
                                       rpc.LeaseGrantRequest(TTL=LEASE_TTL_SECONDS),
                                       rpc.LeaseGrantResponse).ID
                except grpc.RpcError:
                    continue
                granted = time.monotonic()
            writes += 1
            key = b"%sdefault/%s.%d" % (EVENTS, self.name, writes)
            value = b"%s-events %d 1" % (self.name, writes)
            self.journal.sent[value] = key
            put = op(request_put=rpc.PutRequest(key=key, value=value, lease=lease))
            try:
                answer = store.txn(is_unmodified(key, 0), [put], [])
                self.journal.expect(answer.succeeded, f"{key} is there")
                self.journal.acknowledged[value] = answer.header.revision
            except grpc.RpcError as error:
                # The lease, in a cluster that has no leader for long.
                if error.code() == grpc.StatusCode.NOT_FOUND:
                    granted = 0.0
            time.sleep(0.01)

    def _compact(self, store: Store) -> None:
        """One of all apiservers does it: whose guess of the key's version was right."""
        version, revision = 0, 0
        while not self._stop_writing.wait(self.compaction_seconds):
            put = op(request_put=rpc.PutRequest(key=COMPACT_REV_KEY, value=b"%d" % revision))
            try:
                answer = store.txn(
                    compare(COMPACT_REV_KEY, target=rpc.Compare.VERSION, version=version), [put],
                    [op(request_range=rpc.RangeRequest(key=COMPACT_REV_KEY))])
                if answer.succeeded:
                    version += 1
                    self._compact_to(store, revision)
                else:
                    version = answer.responses[0].response_range.kvs[0].version
                revision = answer.header.revision
            except grpc.RpcError as error:
                self.journal.expect(error.code() in (grpc.StatusCode.UNAVAILABLE,
                                                     grpc.StatusCode.DEADLINE_EXCEEDED)
                                    or error.details() == COMPACTED, f"{error}")

    def _compact_to(self, store: Store, revision: int) -> None:
        if revision == 0:
            return
        journal = self.journal
        with journal.lock:
            journal.compaction_sent = max(journal.compaction_sent, revision)
        store.call(KV, "Compact", rpc.CompactionRequest(revision=revision), rpc.CompactionResponse)
        with journal.lock:
            journal.compaction_done = max(journal.compaction_done, revision)

    # ---- Caches ----

    def _list(self, store: Store, cache: Cache) -> None:
        while True:
            try:
                return cache.replace(*store.list_pages(cache.prefix, 0, self.journal))
            except Compacted:  # between two pages
                self.relists += 1

    def _keep_caches(self, store: Store) -> None:
        for cache in self.caches:
            self._list(store, cache)
        while not self._stop.is_set():
            if self._asleep.is_set():
                self._sleeps.set()
                time.sleep(0.02)
                continue
            client = store.client()
            self._stream = WatchStream(client, metadata=REQUIRE_LEADER)
            try:
                self._follow(store, self._stream)
            finally:
                self._stream.close()
            store.leave(client)

    def _follow(self, store: Store, stream: WatchStream) -> None:
        """Until the stream ends, or this is to."""
        watches: dict[int, Cache] = {}
        begun: set[int] = set()

        def watch(cache: Cache) -> None:
            watches[len(watches) + 1] = cache
            stream.create(cache.prefix, end_of(cache.prefix), start_revision=cache.revision + 1,
                          watch_id=len(watches), prev_kv=True, progress_notify=True)

        for cache in self.caches:
            watch(cache)
        taken = 0
        while not self._stop.is_set() and not self._asleep.is_set():
            with contextlib.suppress(TimeoutError):
                stream.wait(lambda answers: len(answers) > taken, timeout_seconds=0.2)
            answers = stream.answers()
            for answer in answers[taken:]:
                if answer.canceled:
                    begun.discard(answer.watch_id)
                    self._resume(store, watches[answer.watch_id], answer)
                    watch(watches[answer.watch_id])
                elif answer.created:
                    begun.add(answer.watch_id)
                elif answer.watch_id == PROGRESS_ID:
                    for watch_id in begun:
                        watches[watch_id].take(answer)
                else:
                    watches[answer.watch_id].take(answer)
            if len(answers) == taken and stream.has_ended():
                return
            taken = len(answers)

    def _resume(self, store: Store, cache: Cache, answer) -> None:
        """After a compaction that has gone beyond it."""
        self.journal.expect(
            cache.revision + 1 < answer.compact_revision <= self.journal.compaction_sent,
            f"canceled at {cache.revision}: {answer}")
        self.relists += 1
        self._list(store, cache)

    def _compare(self, store: Store) -> None:
        chance = random.Random(self.name)
        while not self._stop.is_set():
            if not self._asleep.is_set():
                self.check_consistent_list(store, chance.choice(self.caches), chance.random() < 0.5)
            time.sleep(0.02)

    def check_consistent_list(self, store: Store, cache: Cache, streams: bool) -> None:
        """A cache that has got where etcd is now has what etcd has."""
        now = store.read(key=cache.prefix, range_end=end_of(cache.prefix), limit=1).header.revision
        end = time.monotonic() + WAIT_SECONDS
        while (found := cache.at_least(now, PROGRESS_PERIOD_SECONDS)) is None:
            if self._asleep.is_set() or self._stop.is_set():
                return
            if time.monotonic() > end:
                self.journal.complain(f"{self.name}: {cache.prefix} does not get to {now}")
                return
            if self._stream is not None:
                self._stream.ask_for_progress()
        revision, pairs = found
        try:
            _, listed = (store.list_stream(cache.prefix, revision) if streams
                         else store.list_pages(cache.prefix, revision, self.journal))
        except Compacted:
            self.journal.expect(revision < self.journal.compaction_sent, f"{revision} is compacted")
            return
        self.journal.expect(pairs == listed, f"{self.name}: {cache.prefix} at {revision}: "
                                             f"{sorted(set(pairs) ^ set(listed))}")
        self.consistent_lists += 1
