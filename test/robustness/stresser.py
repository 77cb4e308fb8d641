"""Clients that write all the time: counters, of which no acknowledged write may be lost, and other
keys, so that there is something to compact and to compare."""

import random
import threading
import time
from contextlib import ExitStack

import grpc

import e2e_path  # noqa: F401
from protocol import KV, Client, rpc
from recorder import connect
from series import Series
from soundness import Counter

TIMEOUT_SECONDS = 1
END_SECONDS = 5 * TIMEOUT_SECONDS
PAUSE_AFTER_FAILURE_SECONDS = 0.03
DIGITS = 19  # so that numbers are in the order of their bytes
# The other keys, and how long their values are.
KEYS = 500
VALUE_BYTES = [10, 10, 200, 3000]


class Stresser:
    """In a `with` block that begins while the cluster is well."""

    def __init__(self, addresses: list[str], seed: int, clients: int, series: Series) -> None:
        self._clients = [_Writer(number, addresses, seed, series) for number in range(clients)]
        self._threads = [threading.Thread(target=client.run, daemon=True)
                         for client in self._clients]

    def __enter__(self) -> "Stresser":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        for client in self._clients:
            client.stopping.set()
        end = time.monotonic() + END_SECONDS
        for thread in self._threads:
            thread.join(max(0, end - time.monotonic()))

    def wrong(self, asked: Client, timeout_seconds: float) -> list[str]:
        """With the counters, as they are now. Raises grpc.RpcError."""
        if not all(thread.is_alive() for thread in self._threads):
            raise RuntimeError("a client has ended")
        found = []
        for client in self._clients:
            before = client.counter.before()
            reply = asked.call(KV, "Range", rpc.RangeRequest(key=client.key), rpc.RangeResponse,
                               timeout_seconds)
            number, version = -1, 0
            if reply.kvs:
                number, version = int(reply.kvs[0].value), reply.kvs[0].version
            found += [f"{client.key.decode()}: {what}"
                      for what in client.counter.wrong(before, number, version)]
        return found


class _Writer:
    def __init__(self, number: int, addresses: list[str], seed: int, series: Series) -> None:
        self.key = b"counter/%d" % number
        self.counter = Counter()
        self.stopping = threading.Event()
        self._is_there = False  # the key, as far as it is known
        self._random = random.Random(f"{seed}/{number}")
        self._addresses = addresses
        self._series = series

    def run(self) -> None:
        with ExitStack() as connections:
            members = [connect(address) for address in self._addresses]
            for member in members:
                connections.callback(member.close)
            while not self.stopping.is_set():
                begin = time.monotonic()
                try:
                    self._ask(self._random.choice(members))
                except grpc.RpcError:
                    self._series.failed()
                    self.stopping.wait(PAUSE_AFTER_FAILURE_SECONDS)
                else:
                    self._series.answered(time.monotonic() - begin)

    def _ask(self, member: Client) -> None:
        chance = self._random.random()
        key = b"other/%d" % self._random.randrange(KEYS)
        if chance < 0.5:
            self._count(member)
        elif chance < 0.8:
            value = self._random.randbytes(self._random.choice(VALUE_BYTES))
            member.put(key, value, TIMEOUT_SECONDS)
        elif chance < 0.85:
            member.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=key),
                        rpc.DeleteRangeResponse, TIMEOUT_SECONDS)
        else:
            member.call(KV, "Range", rpc.RangeRequest(key=key), rpc.RangeResponse,
                        TIMEOUT_SECONDS)

    def _count(self, member: Client) -> None:
        number = self.counter.attempt()
        value = str(number).zfill(DIGITS).encode()
        # Why: without a comparison, a write that nobody has answered could come after later ones.
        compare = rpc.Compare(key=self.key, target=rpc.Compare.VALUE, result=rpc.Compare.LESS,
                              value=value)
        if not self._is_there:  # a comparison with the value of no key never holds
            compare = rpc.Compare(key=self.key, target=rpc.Compare.CREATE,
                                  result=rpc.Compare.EQUAL, create_revision=0)
        put = rpc.RequestOp(request_put=rpc.PutRequest(key=self.key, value=value))
        reply = member.call(KV, "Txn", rpc.TxnRequest(compare=[compare], success=[put]),
                            rpc.TxnResponse, TIMEOUT_SECONDS)
        self._is_there = True
        if reply.succeeded:
            self.counter.acknowledge(number)
