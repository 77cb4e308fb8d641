"""Clients of a lock, which count under it: processes of examples/client/lock.cc, by our client
library, and one that runs etcdctl; and clients of leases, some of which are renewed until they are not."""

import os
import random
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
from protocol import KV, LEASE, Client, rpc
from recorder import connect
from soundness import Lease, LockOrder

COUNTED = re.compile(r"counted (\d+) with token (\d+)\n")
FOR_EVER = str(2**31 - 1)
HELD_MILLISECONDS = "20"
PREFIX = "lock/"
BY_ETCDCTL = Path(__file__).with_name("count_by_etcdctl.sh")
END_SECONDS = 10
TIMEOUT_SECONDS = 1


class Lockers:
    """In a `with` block. They take the lock again and again, also after their session was lost."""

    def __init__(self, program: Path, etcdctl: Path, endpoints: str, clients: int) -> None:
        """`clients` by the library, and one by etcdctl."""
        self.order = LockOrder()
        self._commands = [[program, endpoints, PREFIX, FOR_EVER, HELD_MILLISECONDS]] * clients
        self._commands.append([BY_ETCDCTL, endpoints, PREFIX])
        self._environment = os.environ | {"ETCDCTL": str(etcdctl)}
        self._processes: list[subprocess.Popen] = []
        self._threads: list[threading.Thread] = []
        self._counting: set[int] = set()

    def __enter__(self) -> "Lockers":
        for number, command in enumerate(self._commands):
            process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, env=self._environment,
                                       start_new_session=True)
            self._processes.append(process)
            self._threads.append(threading.Thread(target=self._listen, args=(number, process),
                                                  daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(self, *_) -> None:
        for process in self._processes:
            os.killpg(process.pid, signal.SIGKILL)  # with what it runs
        for process, thread in zip(self._processes, self._threads):
            process.wait(END_SECONDS)
            thread.join(END_SECONDS)
            process.stdout.close()

    def counting(self) -> set[int]:
        """The numbers of those that have counted."""
        return set(self._counting)

    def wrong(self) -> list[str]:
        """Since it was asked for."""
        return self.order.take_wrong() + [
            f"client {number} of the lock has ended with {process.returncode}"
            for number, process in enumerate(self._processes) if process.poll() is not None]

    def _listen(self, number: int, process: subprocess.Popen) -> None:
        for line in process.stdout:
            if found := COUNTED.fullmatch(line):
                self._counting.add(number)
                self.order.add(int(found[1]), int(found[2]), number)


class Leases:
    """Grants a lease each so often, with a key, and renews it for a while, if at all; in a `with`
    block. Those that are over are looked at until their keys are gone."""

    # The next one waits while there are so many.
    LEASES_MAX = 20
    TTL_SECONDS = 2
    EVERY_SECONDS = 0.3
    # Of those that are renewed at all, the share that is not renewed any more, each time.
    ENDS = 0.05

    def __init__(self, addresses: list[str], seed: int) -> None:
        self.granted = 0
        self.ran_out = 0
        self._leases: dict[Lease, bool] = {}  # whether it is still renewed
        self._random = random.Random(f"{seed}/leases")
        self._addresses = addresses
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Leases":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        self._thread.join(END_SECONDS)

    def wrong(self, asked: Client, healthy_since: float, grace_seconds: float) -> list[str]:
        """With the keys as they are now. Raises grpc.RpcError."""
        found = []
        with self._lock:
            leases = list(self._leases)
        for lease in leases:
            begin = time.monotonic()
            reply = asked.call(KV, "Range", rpc.RangeRequest(key=lease.key), rpc.RangeResponse,
                               TIMEOUT_SECONDS)
            with self._lock:  # it may have been renewed meanwhile, which nobody was told yet
                found += lease.wrong(bool(reply.kvs), begin, time.monotonic(), healthy_since,
                                     grace_seconds)
                if not reply.kvs:
                    self._leases.pop(lease, None)
                    self.ran_out += 1
        return found

    def abandoned(self) -> set[Lease]:
        """Those that are not renewed any more and were there when they were looked for."""
        with self._lock:
            return {lease for lease, is_renewed in self._leases.items() if not is_renewed}

    def _run(self) -> None:
        members = [connect(address) for address in self._addresses]
        try:
            while not self._stopping.wait(self.EVERY_SECONDS):
                try:
                    self._step(self._random.choice(members))
                except grpc.RpcError:
                    pass  # with what is acknowledged alone it is judged
        finally:
            for member in members:
                member.close()

    def _step(self, member: Client) -> None:
        with self._lock:
            renewed = [lease for lease, is_renewed in self._leases.items() if is_renewed]
            room = len(self._leases) < self.LEASES_MAX
        for lease in renewed:
            if self._random.random() < self.ENDS:
                with self._lock:
                    if lease in self._leases:
                        self._leases[lease] = False
            else:
                self._renew(member, lease)
        if room:
            self._grant(member)

    def _grant(self, member: Client) -> None:
        called = time.monotonic()
        reply = member.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=self.TTL_SECONDS),
                            rpc.LeaseGrantResponse, TIMEOUT_SECONDS)
        key = b"lease/%x" % reply.ID
        lease = Lease(reply.ID, key, reply.TTL, called, time.monotonic())
        member.call(KV, "Put", rpc.PutRequest(key=key, lease=reply.ID), rpc.PutResponse,
                    TIMEOUT_SECONDS)
        with self._lock:
            self.granted += 1
            self._leases[lease] = self._random.random() < 0.5

    def _renew(self, member: Client, lease: Lease) -> None:
        called = time.monotonic()
        request = rpc.LeaseKeepAliveRequest(ID=lease.identifier).SerializeToString()
        try:
            answers = member.start_stream(LEASE, "LeaseKeepAlive", request, TIMEOUT_SECONDS)
            reply = rpc.LeaseKeepAliveResponse.FromString(next(iter(answers)))
            if reply.TTL > 0:
                with self._lock:
                    lease.called = called
        finally:
            with self._lock:
                lease.touched = time.monotonic()
