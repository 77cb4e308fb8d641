#!/usr/bin/python3
"""Is a history one of a store that is linearizable? What is checked is listed in README.md.

  linearizability.py FOLDER    judges the histories that were kept there, which are of one store
"""

import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import model
from history import FROM_KEY, WRITES, Histories, Operation, has_changed
from matching import match

FIRST_REVISION = 1  # of a store that nobody has written to
COMPACTED = "etcdserver: mvcc: required revision has been compacted"
FUTURE = "etcdserver: mvcc: required revision is a future revision"
VIOLATIONS_MAX = 20  # whoever finds more has lost the thread


class Violations(Exception):
    """More than VIOLATIONS_MAX."""


@dataclass
class Change:
    key: str
    after: list | None  # null: it was deleted
    before: list | None


class Checker:
    """For one history; `check` once. Revisions put all writes into one order, which is compared
    with time and then replayed."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = list(operations)
        self.violations: list[str] = []
        self.unanswered_writes = 0
        self.unanswered_applied = 0
        self._answered = [operation for operation in self.operations if operation.reply]
        self._newest = max((operation.revision for operation in self._answered), default=0)
        # What was known when each operation was called: the newest revision of an answer before.
        self._known: dict[Operation, int] = {}
        # Indexed by revision: when it was there at the latest, since somebody was told.
        self._there_by: list[float] = []
        self._writes: dict[int, Operation] = {}
        # Answers that change nothing, by the revision whose state they tell.
        self._reads: dict[int, list[Operation]] = defaultdict(list)
        self._writer_of: dict[str, Operation] = {}  # by value
        # What else only an operation without an answer can have done: deletions, by revision.
        self._deletions: dict[int, list[Operation]] = {}
        self._unanswered_deletions: list[Operation] = []
        self._applied: dict[Operation, int] = {}
        # By revision, once it is checked: what was changed, and how that was before.
        self.changes: dict[int, list[Change]] = {}

    def check(self) -> list[str]:
        try:
            self._sort()
            self._learn_when()
            self._check_times()
            self._replay()
            self._place_deletions()
            self._check_compactions()
        except Violations:
            self.violations.append("and more")
        return self.violations

    def summary(self) -> str:
        return (f"{len(self.operations)} operations up to revision {self._newest}, "
                f"{self.unanswered_writes} writes without an answer, "
                f"{self.unanswered_applied} of them carried out")

    def _found(self, what: str, operation: Operation | None = None) -> None:
        self.violations.append(f"{what}: {operation.line():.2000}" if operation else what)
        if len(self.violations) >= VIOLATIONS_MAX:
            raise Violations

    def _sort(self) -> None:
        for operation in self.operations:
            if operation.request["op"] not in WRITES:
                continue
            for value in _values(operation.request):
                if value in self._writer_of:
                    raise ValueError(f"cannot be judged: two requests write {value}")
                self._writer_of[value] = operation
            if operation.reply is None and not operation.refused:
                self.unanswered_writes += 1
                if _deletes(operation.request):
                    self._unanswered_deletions.append(operation)
        for operation in self._answered:
            if not has_changed(operation.request, operation.reply):
                told = operation.request.get("at") or operation.revision
                if operation.request["op"] != "compact":
                    self._reads[told].append(operation)
            elif operation.revision in self._writes:
                self._found(f"revision {operation.revision} was given twice, to this and to "
                            f"{self._writes[operation.revision].line()}", operation)
            else:
                self._writes[operation.revision] = operation

    def _learn_when(self) -> None:
        answers = sorted(self._answered, key=lambda operation: operation.returned)
        newest = 0
        times, newests = [], []
        for operation in answers:
            newest = max(newest, operation.revision)
            times.append(operation.returned)
            newests.append(newest)
        for operation in self.operations:
            before = bisect_left(times, operation.call)
            self._known[operation] = newests[before - 1] if before else 0
        told = [float("inf")] * (self._newest + 2)
        for operation in self._answered:
            told[operation.revision] = min(told[operation.revision], operation.returned)
        for revision in range(self._newest, -1, -1):
            told[revision] = min(told[revision], told[revision + 1])
        self._there_by = told

    def _check_times(self) -> None:
        writes = set(self._writes.values())
        for operation in self._answered:
            known = self._known[operation]
            if operation in writes:
                self._check_time_of_write(operation, operation.revision)
            elif operation.revision < known and not operation.is_serializable:
                self._found(f"stale: revision {operation.revision}, though {known} was known "
                            "before the call", operation)

    def _check_time_of_write(self, operation: Operation, revision: int) -> None:
        known = self._known[operation]
        if revision <= known:
            self._found(f"written at revision {revision}, though {known} was known before the call",
                        operation)
        if operation.call > self._there_by[revision]:
            self._found(f"revision {revision} was told to somebody before its write was called",
                        operation)

    def _replay(self) -> None:
        state: model.State = {}
        for told in self._reads:
            if told < FIRST_REVISION or told > self._newest:
                self._found(f"there is no revision {told}", self._reads[told][0])
        for revision, operation in self._writes.items():
            if revision <= FIRST_REVISION:
                self._found(f"nothing is written at revision {revision}", operation)
        for revision in range(FIRST_REVISION, self._newest + 1):
            if revision > FIRST_REVISION:
                operation = self._writes.get(revision)
                if operation is not None:
                    self._replay_write(state, operation, revision)
                else:
                    self._replay_unanswered(state, revision)
            for operation in self._reads.get(revision, ()):
                self._expect_reply(state, operation, revision + 1)

    def _replay_write(self, state: model.State, operation: Operation, revision: int) -> None:
        changes = self._expect_reply(state, operation, revision)
        if not changes:
            self._found(f"revision {revision} was given to what changes nothing", operation)
        self._apply(state, changes, revision)

    def _apply(self, state: model.State, changes: model.Changes, revision: int) -> None:
        self.changes[revision] = [Change(key, kv, state.get(key)) for key, kv in changes.items()]
        model.apply(state, changes)

    def was_compacted(self, revision: int, time: int) -> bool:
        """Whether anybody may have had that revision compacted by then."""
        return any(operation.request["op"] == "compact" and operation.request["at"] >= revision
                   and operation.call <= time and not operation.refused
                   for operation in self.operations)

    def _expect_reply(self, state: model.State, operation: Operation,
                      revision: int) -> model.Changes:
        wanted, changes = model.execute(state, operation.request, revision)
        wanted["revision"] = operation.revision
        if wanted != operation.reply:
            self._found(f"a wrong answer, it must be {wanted}", operation)
        return changes

    def _replay_unanswered(self, state: model.State, revision: int) -> None:
        """Nobody was told of writing it, so the write is found by what it did."""
        after = self._told_state(revision)
        if after is None:
            self._found(f"nobody was told of writing revision {revision}, and nobody has read it")
            return
        changes = model.difference(state, after)
        values = [kv[model.VALUE] for kv in changes.values() if kv]
        before = dict(state)
        self._apply(state, changes, revision)
        if not changes:
            self._found(f"revision {revision} has changed nothing")
        elif not values:
            self._deletions[revision] = [
                operation for operation in self._unanswered_deletions
                if self._may_be_at(operation, revision)
                and model.execute(before, operation.request, revision)[1] == changes]
        else:
            self._place(before, changes, values[0], revision)

    def _told_state(self, revision: int) -> model.State | None:
        for operation in self._reads.get(revision, ()):
            request = operation.request
            if request["op"] == "range" and request["key"] == request.get("end") == FROM_KEY:
                return {kv[model.KEY]: kv for kv in operation.reply["kvs"]}
        return None

    def _may_be_at(self, operation: Operation, revision: int) -> bool:
        return self._known[operation] < revision and operation.call <= self._there_by[revision]

    def _place(self, before: model.State, changes: model.Changes, value: str,
               revision: int) -> None:
        operation = self._writer_of.get(value)
        if operation is None:
            self._found(f"revision {revision} has {value}, which nobody has ever written")
        elif operation.refused:
            self._found(f"refused, and yet carried out at revision {revision}", operation)
        elif operation.reply is not None:
            self._found(f"carried out again at revision {revision}", operation)
        elif operation in self._applied:
            self._found(f"carried out at revisions {self._applied[operation]} and {revision}",
                        operation)
        else:
            self._applied[operation] = revision
            self.unanswered_applied += 1
            self._check_time_of_write(operation, revision)
            wanted = model.execute(before, operation.request, revision)[1]
            if wanted != changes:
                self._found(f"carried out at revision {revision} it has changed {changes}, it must "
                            f"change {wanted}", operation)

    def _place_deletions(self) -> None:
        """Several requests may have done the same; each at most once."""
        candidates = {revision: [operation for operation in operations
                                 if operation not in self._applied]
                      for revision, operations in self._deletions.items()}
        placed = match(candidates)
        self.unanswered_applied += len(placed)
        for revision in candidates:
            if revision not in placed:
                self._found(f"revision {revision} has deleted keys, there is no request left "
                            "for that")

    def _check_compactions(self) -> None:
        compactions = [operation for operation in self.operations
                       if operation.request["op"] == "compact" and not operation.refused]
        for operation in self.operations:
            told = operation.request.get("at")
            if operation.request["op"] != "range" or not told:
                continue
            if operation.error == COMPACTED:
                if not any(compaction.request["at"] > told and compaction.call <= operation.returned
                           for compaction in compactions):
                    self._found("nobody has compacted that", operation)
            elif operation.error == FUTURE:
                if self._known[operation] >= told and not operation.is_serializable:
                    self._found("that revision was known before the call", operation)
            elif operation.reply is not None and not operation.is_serializable:
                if any(compaction.reply and compaction.request["at"] > told
                       and compaction.returned < operation.call for compaction in compactions):
                    self._found("that was compacted before", operation)


def _values(request: dict) -> list[str]:
    if request["op"] == "txn":
        return [value for inner in request["then"] + request["else"] for value in _values(inner)]
    return [request["value"]] if request["op"] == "put" else []


def _deletes(request: dict) -> bool:
    if request["op"] == "txn":
        return any(_deletes(inner) for inner in request["then"] + request["else"])
    return request["op"] == "delete"


def check(operations: Iterable[Operation]) -> list[str]:
    """What is wrong with the history; nothing, if it is one of a linearizable store."""
    return Checker(operations).check()


def main() -> int:
    checker = Checker(Histories(Path(sys.argv[1])).operations())
    violations = checker.check()
    for violation in violations:
        print(violation)
    print(checker.summary() + ": "
          + (f"{len(violations)} violations" if violations else "linearizable"))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
