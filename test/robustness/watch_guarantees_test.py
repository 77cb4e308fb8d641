#!/usr/bin/python3
"""The judge of watches: it believes good ones, and finds each promise that is broken once."""

import unittest

from history import FROM_KEY, Operation
from linearizability import Checker
from watch_guarantees import WatchChecker
from watch_history import Told, Wish

FIRST = ["a", "1", 2, 2, 1]
OTHER = ["b", "2", 3, 3, 1]
SECOND = ["a", "3", 2, 4, 2]
GONE = ["a", None, 0, 5, 0]


def put(kv: list, before: list | None = None) -> list:
    return [kv, before]


class WatchCheckerTest(unittest.TestCase):
    """The history: a=1 at 2, b=2 at 3, a=3 and c=4 at 4, a deleted at 5."""

    def setUp(self) -> None:
        self.operations = [
            Operation("c", "m", 1, 2, {"op": "put", "key": "a", "value": "1"}, {"revision": 2}),
            Operation("c", "m", 3, 4, {"op": "put", "key": "b", "value": "2"}, {"revision": 3}),
            Operation("c", "m", 5, 6, {"op": "txn", "compare": [], "else": [], "then": [
                {"op": "put", "key": "a", "value": "3"}, {"op": "put", "key": "c", "value": "4"}]},
                      {"revision": 4, "succeeded": True, "responses": [{}, {}]}),
            Operation("c", "m", 7, 8, {"op": "delete", "key": "a"}, {"revision": 5, "deleted": 1}),
        ]
        self.told: list[Told] = []
        self.tell("opened", 2)

    def tell(self, kind: str, revision: int, *events: list, time: int = 20) -> None:
        self.told.append(Told("w", "m", time, kind, revision, list(events)))

    def violations(self, **wish) -> list[str]:
        checker = Checker(self.operations)
        self.assertEqual(checker.check(), [])
        watches = WatchChecker(checker)
        watches.check(Wish("w", **({"key": FROM_KEY, "end": FROM_KEY} | wish)), self.told)
        return watches.violations

    def expect(self, what: str, **wish) -> None:
        violations = self.violations(**wish)
        self.assertTrue(any(what in violation for violation in violations), violations)

    def tell_all(self) -> None:
        self.tell("events", 3, put(FIRST), put(OTHER))
        self.tell("events", 5, put(SECOND), put(["c", "4", 4, 4, 1]), put(GONE))
        self.tell("progress", 5)
        self.tell("ended", 5)

    def test_all_in_order_is_good(self) -> None:
        self.tell_all()
        self.assertEqual(self.violations(), [])

    def test_what_was_asked_for_is_told_and_nothing_else(self) -> None:
        self.tell("events", 2, put(FIRST))
        self.tell("events", 4, put(SECOND))
        self.tell("ended", 5)
        self.assertEqual(self.violations(key="a", end=None, without=["delete"]), [])
        self.expect("it is never told of it", key="a", end=None)
        self.expect("revision 2 has 0 events, of which 1 came", key="a", end=None, without=["put"])

    def test_pairs_before_are_told_to_who_asks(self) -> None:
        self.tell("events", 4, put(FIRST), put(SECOND, FIRST))
        self.tell("events", 5, put(GONE, SECOND))
        self.assertEqual(self.violations(key="a", end=None, prev=True), [])
        self.expect("before it was None and not", key="a", end=None)
        self.told[-1].events = [put(GONE, FIRST)]
        self.expect("before it was", key="a", end=None, prev=True)

    def test_a_pair_before_may_be_missing_only_once_it_was_compacted(self) -> None:
        self.tell("events", 4, put(FIRST), put(SECOND))
        self.expect("before it was", key="a", end=None, prev=True)
        self.operations.append(Operation("c", "m", 9, 10, {"op": "compact", "at": 4},
                                         {"revision": 5}))
        self.assertEqual(self.violations(key="a", end=None, prev=True), [])

    def test_it_goes_on_where_it_was(self) -> None:
        self.tell("events", 3, put(FIRST), put(OTHER))
        self.tell("opened", 4)
        self.tell("events", 4, put(SECOND), put(["c", "4", 4, 4, 1]))
        self.assertEqual(self.violations(), [])

    def test_none_is_left_out(self) -> None:
        self.tell("events", 3, put(OTHER))
        self.expect("revision 2: it is left out")

    def test_none_comes_twice(self) -> None:
        self.tell("events", 2, put(FIRST))
        self.tell("events", 2, put(FIRST))
        self.expect("revision 2 comes again")

    def test_none_comes_late(self) -> None:
        self.tell("events", 3, put(OTHER), put(FIRST))
        self.expect("revision 2 comes again, or late")

    def test_a_revision_comes_whole(self) -> None:
        self.tell("events", 3, put(FIRST), put(OTHER))
        self.tell("events", 4, put(SECOND))
        self.expect("revision 4 has 2 events, of which 1 came")

    def test_an_event_is_what_was_written(self) -> None:
        self.tell("events", 2, put(["a", "1", 2, 2, 7]))
        self.expect("that must be")
        self.told[-1].events = [put(["x", "1", 2, 2, 1])]
        self.expect("an event that is none")

    def test_progress_is_behind_what_was_told(self) -> None:
        self.tell("events", 2, put(FIRST))
        self.tell("progress", 3)
        self.expect("revision 3: progress is told before it")

    def test_nothing_comes_that_progress_has_passed(self) -> None:
        self.told[0].revision = 6
        self.tell("progress", 9)
        self.tell("events", 9, put(["a", "9", 9, 9, 1]))
        self.expect("revision 9 comes again, or late, before 10")

    def test_an_answers_revision_is_not_below_its_events(self) -> None:
        self.tell("events", 2, put(FIRST), put(OTHER))
        self.expect("revision 3 is above that of the answer")

    def test_a_compaction_is_one_that_somebody_asked_for(self) -> None:
        self.tell("compacted", 4)
        self.expect("nobody has compacted that")
        self.operations.append(Operation("c", "m", 9, 10, {"op": "compact", "at": 4},
                                         {"revision": 5}))
        self.tell("opened", 4)
        self.tell("events", 4, put(SECOND), put(["c", "4", 4, 4, 1]))
        self.assertEqual(self.violations(), [])

    def test_a_compaction_ends_only_who_has_missed_something(self) -> None:
        self.operations.append(Operation("c", "m", 9, 10, {"op": "compact", "at": 2},
                                         {"revision": 5}))
        self.tell("compacted", 2)
        self.expect("a compaction that leaves 2")


if __name__ == "__main__":
    unittest.main()
