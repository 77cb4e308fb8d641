#!/usr/bin/python3
"""Which failures have an excuse."""

import time
import unittest

from failures import Excuses
from history import Operation

SECOND = 10**9


def failed(call: int, error: str, at: str = "m0") -> Operation:
    return Operation("c0", at, call, call + SECOND // 100, {"op": "put"}, error=error)


class ExcusesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.excuses = Excuses()
        self.now = time.monotonic_ns()

    def test_without_one_every_failure_is_told(self) -> None:
        history = [failed(self.now, "etcdserver: leader changed"),
                   Operation("c0", "m0", 0, 1, {"op": "put"}, reply={"revision": 2})]
        self.assertEqual(len(self.excuses.missing(history)), 1)

    def test_a_change_of_the_leader_excuses_some_words_for_some_time(self) -> None:
        self.excuses.for_all(3)
        for error in ("etcdserver: leader changed", "Deadline Exceeded",
                      "etcdserver: request timed out, possibly due to connection lost"):
            self.assertEqual(self.excuses.missing([failed(self.now, error)]), [])
            self.assertEqual(
                len(self.excuses.missing([failed(self.now + 4 * SECOND, error)])), 1)
            self.assertEqual(len(self.excuses.missing([failed(self.now - SECOND, error)])), 1)
        self.assertEqual(len(self.excuses.missing([failed(self.now, "Socket closed")])), 1)

    def test_a_member_that_is_away_excuses_what_it_was_asked(self) -> None:
        with self.excuses.away("m0", 0.5):
            pass
        self.assertEqual(self.excuses.missing([failed(self.now, "Socket closed")]), [])
        self.assertEqual(len(self.excuses.missing([failed(self.now, "Socket closed", "m1")])), 1)
        self.assertEqual(
            len(self.excuses.missing([failed(self.now + SECOND, "Socket closed")])), 1)


if __name__ == "__main__":
    unittest.main()
