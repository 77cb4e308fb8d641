"""Clients that write without pause while the members below them change, and what became of it."""

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Iterator

import grpc

from cluster import Cluster, status
from member import Member
from protocol import Client

WRITERS = 8
PAUSE_SECONDS = 0.005  # of one writer between two requests
TIMEOUT_SECONDS = 2
WATCH_SECONDS = 0.02


@dataclass(frozen=True)
class Failure:
    began: float
    ended: float
    text: str


class SteadyLoad:
    """While its block lasts each writer puts one key after the other, once, to the members in turn.
    Whoever takes a member down says so before (`without`), as one who drains it would."""

    def __init__(self, cluster: Cluster) -> None:
        self.acknowledged: dict[bytes, bytes] = {}
        self.failures: list[Failure] = []
        self.changes: list[float] = []  # when another member led, or nobody
        self._cluster = cluster
        self._clients = {member: Client(member.address) for member in cluster}
        self._under_way = dict.fromkeys(self._clients, 0)
        self._idle = threading.Condition()
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,))
                         for number in range(WRITERS)] + [threading.Thread(target=self._watch)]

    def __enter__(self) -> "SteadyLoad":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()
        for client in self._clients.values():
            client.close()

    @contextlib.contextmanager
    def without(self, member: Member) -> Iterator[None]:
        """Nothing is asked of it meanwhile."""
        with self._idle:
            client = self._clients.pop(member)
            self._idle.wait_for(lambda: self._under_way[member] == 0)
        client.close()
        try:
            yield
        finally:
            client = Client(member.address)
            with contextlib.suppress(grpc.RpcError):  # if it is not there the writers will tell
                client.range(key=b"x")
            with self._idle:
                self._clients[member] = client

    def unexcused(self, seconds: float) -> list[Failure]:
        """Which failures were under way in no such time after a change of the leader."""
        return [failure for failure in self.failures
                if not any(failure.began <= change + seconds and failure.ended >= change
                           for change in self.changes)]

    def _write(self, writer: int) -> None:
        number = 0
        while not self._ending.wait(PAUSE_SECONDS):
            with self._idle:
                member = list(self._clients)[number % len(self._clients)]
                client = self._clients[member]
                self._under_way[member] += 1
            key, value = b"load/%d/%d" % (writer, number), b"%d" % number
            number += 1
            began = time.monotonic()
            try:
                client.put(key, value, TIMEOUT_SECONDS)
                self.acknowledged[key] = value
            except grpc.RpcError as error:
                self.failures.append(Failure(began, time.monotonic(),
                                             error.details() or error.code().name))
            with self._idle:
                self._under_way[member] -= 1
                self._idle.notify_all()

    def _watch(self) -> None:
        before: dict[Member, tuple] = {}
        while not self._ending.wait(WATCH_SECONDS):
            for member in list(self._clients):
                with contextlib.suppress(OSError, ValueError):  # it is down
                    said = status(member)
                    now = said.get("leader"), said["raftTerm"]
                    if before.setdefault(member, now) != now:
                        self.changes.append(time.monotonic())
                    before[member] = now
