"""Watches that go on from stream to stream and from member to member, and write down what they are
told."""

import queue
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
from protocol import Client, rpc
from recorder import pair
from watch_history import Told, Wish, line

WATCH = "/etcdserverpb.Watch/Watch"
# Of a stream, on average; then the next one begins, at another member.
STREAM_SECONDS = 2
PAUSE_SECONDS = 0.05
PROGRESS_SECONDS = 0.5
# For what was written when the clients ended.
CATCH_UP_SECONDS = 20
FILTERS = {"put": rpc.WatchCreateRequest.NOPUT, "delete": rpc.WatchCreateRequest.NODELETE}


def wishes(name: str, count: int, keys: list[str]) -> list[Wish]:
    """One of all keys, one of a key, one of some keys without deletions or puts, and so on."""
    middle = keys[len(keys) // 2]
    kinds = [{"key": "\0", "end": "\0", "prev": True}, {"key": middle, "prev": True},
             {"key": keys[0], "end": middle, "without": ["delete"]},
             {"key": middle, "end": "\0", "without": ["put"], "prev": True}]
    return [Wish(f"{name}.w{number}", **kinds[number % len(kinds)]) for number in range(count)]


class Watcher:
    """`run` in a thread of its own, once; `end` in any. `connections` are by member."""

    def __init__(self, wish: Wish, seed: int, connections: dict[str, Client],
                 folder: Path) -> None:
        self._wish = wish
        self._connections = connections
        self._random = random.Random(f"{seed}/{wish.watch}")
        self._file = open(folder / f"watches-{wish.watch}.jsonl", "w", buffering=1)
        self._file.write(line(wish) + "\n")
        self._next = 0  # 0: it has seen nothing yet
        self._until: int | None = None
        self._end_at = 0.0

    def end(self, newest: int) -> None:
        """Once it was told of everything up to that revision, or after some time."""
        self._end_at = time.monotonic() + CATCH_UP_SECONDS
        self._until = newest

    def run(self) -> None:
        while not self._is_done():
            member = self._random.choice(list(self._connections))
            try:
                self._follow(member)
            except grpc.RpcError:
                pass
            time.sleep(PAUSE_SECONDS)
        self._write("", "ended", self._until)
        self._file.close()

    def _is_done(self) -> bool:
        return self._until is not None and (
            self._next > self._until or time.monotonic() > self._end_at)

    def _follow(self, member: str) -> None:
        requests: queue.Queue = queue.Queue()
        requests.put(self._create())
        call = self._connections[member].channel.stream_stream(
            WATCH, request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=rpc.WatchResponse.FromString)(
                iter(requests.get, None), timeout=self._random.expovariate(1 / STREAM_SECONDS))
        asking = threading.Event()
        asker = threading.Thread(target=self._ask_for_progress, args=(requests, asking))
        asker.start()
        try:
            self._take(member, call)
        finally:
            asking.set()
            asker.join()
            requests.put(None)
            call.cancel()

    def _take(self, member: str, call) -> None:
        fragments: list = []
        for answer in call:
            if answer.created and not answer.canceled:
                self._next = self._next or answer.header.revision + 1
                self._write(member, "opened", self._next)
            elif answer.canceled:
                if answer.compact_revision:
                    self._write(member, "compacted", answer.compact_revision)
                    self._next = answer.compact_revision
                return
            elif not answer.events:
                self._write(member, "progress", answer.header.revision)
                self._next = max(self._next, answer.header.revision + 1)
            else:
                fragments += answer.events
                if answer.fragment:
                    continue
                self._write(member, "events", answer.header.revision, map(_event, fragments))
                self._next = fragments[-1].kv.mod_revision + 1
                fragments = []
            if self._is_done():
                return

    def _create(self):
        return rpc.WatchRequest(create_request=rpc.WatchCreateRequest(
            key=self._wish.key.encode(), range_end=(self._wish.end or "").encode(),
            start_revision=self._next, prev_kv=self._wish.prev,
            filters=[FILTERS[kind] for kind in self._wish.without],
            fragment=self._random.random() < 0.5, progress_notify=self._random.random() < 0.5))

    def _ask_for_progress(self, requests: queue.Queue, stopping: threading.Event) -> None:
        while not stopping.wait(PROGRESS_SECONDS):
            requests.put(rpc.WatchRequest(progress_request=rpc.WatchProgressRequest()))

    def _write(self, member: str, kind: str, revision: int, events=()) -> None:
        told = Told(self._wish.watch, member, time.monotonic_ns(), kind, revision, list(events))
        self._file.write(line(told) + "\n")


def run_all(watchers: list[Watcher]) -> Callable[[int], None]:
    """Begins them. What it returns ends them, at a revision, and waits for that."""
    threads = [threading.Thread(target=watcher.run) for watcher in watchers]
    for thread in threads:
        thread.start()

    def end(newest: int) -> None:
        for watcher in watchers:
            watcher.end(newest)
        for thread in threads:
            thread.join()
    return end


def _event(event) -> list:
    before = pair(event.prev_kv) if event.HasField("prev_kv") else None
    if event.type == event.DELETE:
        return [[event.kv.key.decode("latin-1"), None, 0, event.kv.mod_revision, 0], before]
    return [pair(event.kv), before]
