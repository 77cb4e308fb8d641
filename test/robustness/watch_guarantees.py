"""What etcd promises of watches, held against what they were told. README.md lists it."""

from collections.abc import Iterator

from history import FROM_KEY
from linearizability import VIOLATIONS_MAX, Change, Checker
from watch_history import Told, Wish


class WatchChecker:
    """`checker` has checked the history of the same store and found nothing."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self.violations: list[str] = []
        self.events = 0
        self.watches = 0
        self.streams = 0

    def check(self, wish: Wish, answers: list[Told]) -> None:
        self.watches += 1
        self._wish = wish
        self._next = 0  # the revision that it must be told of next, if it is one of its
        for told in answers:
            self._told = told
            if len(self.violations) >= VIOLATIONS_MAX:
                return
            match told.kind:
                case "opened":
                    self._open()
                case "events":
                    self._take_events()
                case "progress":
                    self._expect_nothing_up_to(told.revision, "progress is told before it")
                    self._next = max(self._next, told.revision + 1)
                case "compacted":
                    self._compact()
                case "ended":
                    self._expect_nothing_up_to(told.revision, "it is never told of it")

    def summary(self) -> str:
        return f"{self.events} events of {self.watches} watches on {self.streams} streams"

    def _found(self, what: str) -> None:
        self.violations.append(f"{self._wish}: {what}: {str(self._told):.2000}")

    def _open(self) -> None:
        self.streams += 1
        self._next = self._next or self._told.revision

    def _compact(self) -> None:
        compacted = self._told.revision
        if compacted <= self._next:
            self._found(f"it is ended for a compaction that leaves {self._next}")
        if not self._checker.was_compacted(compacted, self._told.time):
            self._found("nobody has compacted that")
        self._next = max(self._next, compacted)

    def _take_events(self) -> None:
        for revision, events in _by_revision(self._told.events):
            self.events += len(events)
            if revision > self._told.revision:
                self._found(f"revision {revision} is above that of the answer")
            if revision < self._next:
                self._found(f"revision {revision} comes again, or late, before {self._next}")
                return
            self._expect_nothing_up_to(revision - 1, "it is left out")
            self._compare(revision, events)
            self._next = revision + 1

    def _compare(self, revision: int, events: list[list]) -> None:
        wanted = {change.key: self._event(change, revision)
                  for change in self._of_interest(revision)}
        if len(events) != len(wanted):
            self._found(f"revision {revision} has {len(wanted)} events, of which {len(events)} came")
        for event in events:
            kv, before = event
            expected = wanted.get(kv[0])
            if expected is None:
                self._found(f"an event that is none at revision {revision}: {event}")
            elif kv != expected[0]:
                self._found(f"an event, {event}, that must be {expected}")
            elif before != expected[1] and not self._is_before_compacted(revision, before):
                self._found(f"before it was {expected[1]} and not {before}")

    def _is_before_compacted(self, revision: int, before: list | None) -> bool:
        return before is None and self._checker.was_compacted(revision, self._told.time)

    def _event(self, change: Change, revision: int) -> list:
        kv = change.after or [change.key, None, 0, revision, 0]
        return [kv, change.before if self._wish.prev else None]

    def _expect_nothing_up_to(self, last: int, what: str) -> None:
        for revision in range(self._next, last + 1):
            if self._of_interest(revision):
                self._found(f"revision {revision}: {what}")
                return
        self._next = max(self._next, last + 1)

    def _of_interest(self, revision: int) -> list[Change]:
        return [change for change in self._checker.changes.get(revision, ())
                if self._is_in_range(change.key)
                and ("put" if change.after else "delete") not in self._wish.without]

    def _is_in_range(self, key: str) -> bool:
        first, end = self._wish.key, self._wish.end
        if end is None:
            return key == first
        return key >= first and (end == FROM_KEY or key < end)


def _by_revision(events: list[list]) -> Iterator[tuple[int, list[list]]]:
    """Neighbours of one revision together."""
    at, gathered = 0, []
    for event in events:
        revision = event[0][3]
        if gathered and revision != at:
            yield at, gathered
            gathered = []
        at = revision
        gathered.append(event)
    if gathered:
        yield at, gathered
