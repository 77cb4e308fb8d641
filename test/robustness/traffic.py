#!/usr/bin/python3
"""Clients of a cluster, in a process of their own: they ask random members until the input ends.

Its argument is a `Traffic` as JSON.
"""

import json
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from recorder import Client, Recorder, connect
from watchers import Watcher, run_all, wishes
from workload import WEIGHTS, Workload

# After a failure, so that a cluster that is down is not asked in vain ten thousand times.
PAUSE_AFTER_FAILURE_SECONDS = 0.03


@dataclass
class Traffic:
    history: str  # the file that it writes
    addresses: dict[str, str]  # by member
    seed: int
    name: str = "c"
    clients: int = 12
    keys: list[str] = field(default_factory=lambda: [f"k{number}" for number in range(10)])
    # In bytes; 0: as short as possible.
    value_sizes: list[int] = field(default_factory=lambda: [0, 0, 0, 300, 3000])
    weights: dict[str, int] = field(default_factory=lambda: WEIGHTS)  # of kinds of requests
    # Of one client between two requests, on average.
    pause_seconds: float = 0.005
    timeout_seconds: float = 1
    # They tell less than they know: that what they read may be old. For a test of the judge.
    lies: bool = False
    watchers: int = 4  # beside them


class TrafficClient:
    """One request at a time."""

    def __init__(self, number: int, traffic: Traffic, recorder: Recorder,
                 connections: dict[str, Client]) -> None:
        self._name = f"{traffic.name}{number}"
        self._traffic = traffic
        self._recorder = recorder
        self._connections = connections
        self._random = random.Random(f"{traffic.seed}/{self._name}")
        self._workload = Workload(self._name, self._random, traffic.keys, traffic.value_sizes,
                                  traffic.weights)
        self.newest = 1

    def run(self, stopping: threading.Event) -> None:
        pause = 0.0
        while not stopping.wait(pause):
            member = self._random.choice(list(self._connections))
            operation = self._recorder.ask(
                self._name, member, self._connections[member], self._workload.draw(self.newest),
                self._traffic.timeout_seconds, self._traffic.lies)
            self.newest = max(self.newest, operation.revision)
            if operation.reply is None:
                pause = PAUSE_AFTER_FAILURE_SECONDS
                continue
            self._workload.saw(operation.reply.get("kvs", []))
            pause = self._random.expovariate(1 / self._traffic.pause_seconds) \
                if self._traffic.pause_seconds else 0


def main() -> None:
    traffic = Traffic(**json.loads(sys.argv[1]))
    recorder = Recorder(Path(traffic.history))
    connections = {member: connect(address) for member, address in traffic.addresses.items()}
    stopping = threading.Event()
    watchers = [Watcher(wish, traffic.seed, connections,
                        Path(traffic.history).parent)
                for wish in wishes(traffic.name, traffic.watchers, traffic.keys)]
    end_watches = run_all(watchers)
    clients = [TrafficClient(number, traffic, recorder, connections)
               for number in range(traffic.clients)]
    with ThreadPoolExecutor(len(clients)) as pool:
        running = [pool.submit(client.run, stopping) for client in clients]
        sys.stdin.read()
        stopping.set()
        for client in running:
            client.result()
    end_watches(max(client.newest for client in clients))
    for connection in connections.values():
        connection.close()
    recorder.close()


if __name__ == "__main__":
    main()
