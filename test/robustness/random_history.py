#!/usr/bin/python3
"""Histories that a correct store could have left, from a seed: what the checker must believe.

  random_history.py COUNT [SEED]    prints one of so many operations, for a file history-NAME.jsonl
"""

import random
import sys
from collections.abc import Iterator

import model
from history import FROM_KEY, Operation
from workload import Workload

CLIENTS = 8
KEYS = [f"k{number}" for number in range(8)]
LATENCY_MAX = 1000
UNANSWERED = 0.05  # a request's chance to be left without an answer; half of those are carried out


class RandomHistory:
    """A store that carries out each request at a moment between its call and its return."""

    def __init__(self, count: int, seed: int) -> None:
        self.operations: list[Operation] = []
        self.states: list[model.State] = [{}, {}]  # by revision
        self._chance = random.Random(seed)
        self._workloads = [Workload(f"c{client}", self._chance, KEYS)
                           for client in range(CLIENTS)]
        self._told: set[int] = set()
        moments = []
        for client in range(CLIENTS):
            now = self._chance.randrange(LATENCY_MAX)
            for _ in range(count // CLIENTS):
                call = now
                now += self._chance.randrange(1, LATENCY_MAX)
                moments.append((self._chance.randrange(call, now), client, call, now))
                now += self._chance.randrange(1, 10)
        for _, client, call, returned in sorted(moments):
            self._carry_out(Operation(f"c{client}", "m0", call, returned,
                                      self._workloads[client].draw(self._newest)))
        self._describe(max(operation.returned for operation in self.operations) + 1)

    @property
    def _newest(self) -> int:
        return len(self.states) - 1

    def _carry_out(self, operation: Operation) -> None:
        request = operation.request
        answered = self._chance.random() >= UNANSWERED
        if answered or self._chance.random() < 0.5:
            told = self._newest
            if operation.is_serializable:
                told = self._chance.randrange(max(1, told - 5), told + 1)
            at = request.get("at", 0) if request["op"] == "range" else 0
            reply, changes = model.execute(self.states[at or told], request, self._newest + 1)
            if changes:
                self.states.append(model.changed(self.states[-1], changes))
                told = self._newest
                if answered:
                    self._told.add(told)
            if answered:
                operation.reply = reply | {"revision": told}
                self._workloads[int(operation.client[1:])].saw(reply.get("kvs", []))
        if not answered:
            operation.error = "nobody knows"
        self.operations.append(operation)

    def _describe(self, now: int) -> None:
        """As whoever judges does: reads what nobody was told of, and what is there at the end."""
        for revision in [*(set(range(2, self._newest + 1)) - self._told), 0]:
            kvs = sorted(self.states[revision or self._newest].values())
            self.operations.append(Operation(
                "judge", "m0", now, now + 1,
                {"op": "range", "key": FROM_KEY, "end": FROM_KEY, "at": revision},
                {"revision": self._newest, "kvs": kvs, "count": len(kvs)}))
            now += 2


def lines(count: int, seed: int) -> Iterator[str]:
    for operation in RandomHistory(count, seed).operations:
        yield operation.line()


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        print(line)
