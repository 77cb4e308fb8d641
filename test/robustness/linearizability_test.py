#!/usr/bin/python3
"""The checker: it believes good histories, and finds each rule that is broken once.

SEED in the environment says which histories are drawn.
"""

import copy
import os
import random
import unittest

from history import FROM_KEY, Operation, expand, shorten
from linearizability import COMPACTED, FUTURE, check
from matching import match
from random_history import RandomHistory

SEED = int(os.environ.get("SEED") or random.randrange(2**32))


def put(key: str, value: str) -> dict:
    return {"op": "put", "key": key, "value": value}


def delete(key: str) -> dict:
    return {"op": "delete", "key": key}


def get(key: str, **more) -> dict:
    return {"op": "range", "key": key, **more}


def swap(key: str, revision: int, value: str) -> dict:
    """Puts the value if the key was last written at that revision, or else another key."""
    return {"op": "txn", "compare": [[key, "mod", "=", revision]], "then": [put(key, value)],
            "else": [put("otherwise", value + "?")]}


def found(revision: int, *kvs: list) -> dict:
    return {"revision": revision, "kvs": list(kvs), "count": len(kvs)}


class CheckerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.operations: list[Operation] = []

    def add(self, call: int, returned: int, request: dict, reply: dict | None = None,
            **more) -> None:
        self.operations.append(Operation("c", "m0", call, returned, request, reply, **more))

    def describe(self, revision: int, *kvs: list) -> None:
        """At the end: what the store has at a revision."""
        newest = max(operation.revision for operation in self.operations)
        self.add(1000, 1001, get(FROM_KEY, end=FROM_KEY, at=revision), found(newest, *kvs))

    def expect_good(self) -> None:
        self.assertEqual(check(self.operations), [])

    def expect(self, what: str) -> None:
        violations = check(self.operations)
        self.assertTrue(any(what in violation for violation in violations), violations)

    def test_nothing_is_a_good_history(self) -> None:
        self.expect_good()

    def test_writes_and_reads_one_after_the_other(self) -> None:
        self.add(1, 2, get("a"), found(1))
        self.add(3, 4, put("a", "1"), {"revision": 2})
        self.add(5, 6, swap("a", 2, "2"), {"revision": 3, "succeeded": True, "responses": [{}]})
        self.add(7, 8, get("a"), found(3, ["a", "2", 2, 3, 2]))
        self.add(9, 10, get("a", at=2), found(3, ["a", "1", 2, 2, 1]))
        self.add(11, 12, delete("a"), {"revision": 4, "deleted": 1})
        self.add(13, 14, delete("a"), {"revision": 4, "deleted": 0})
        self.expect_good()

    def test_at_one_time_each_order_is_good(self) -> None:
        self.add(1, 10, put("a", "1"), {"revision": 3})
        self.add(2, 9, put("a", "2"), {"revision": 2})
        self.add(3, 8, get("a"), found(1))
        self.expect_good()

    def test_an_acknowledged_write_is_lost(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("a", "2"), {"revision": 3})
        self.add(5, 6, get("a"), found(3, ["a", "1", 2, 2, 1]))
        self.expect("a wrong answer")

    def test_the_newest_write_is_lost(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("a", "2"), {"revision": 3})
        self.add(5, 6, get("a"), found(2, ["a", "1", 2, 2, 1]))
        self.expect("stale")

    def test_a_serializable_read_may_be_old_but_not_wrong(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("a", "2"), {"revision": 3})
        self.add(5, 6, get("a", serializable=True), found(2, ["a", "1", 2, 2, 1]))
        self.expect_good()
        self.add(7, 8, get("a", serializable=True), found(2))
        self.expect("a wrong answer")

    def test_a_read_goes_back_behind_another_read(self) -> None:
        self.add(1, 100, put("a", "1"), {"revision": 2})
        self.add(3, 4, get("a"), found(2, ["a", "1", 2, 2, 1]))
        self.add(5, 6, get("a"), found(1))
        self.expect("stale")

    def test_a_read_sees_what_nobody_has_called_yet(self) -> None:
        self.add(1, 2, get("a"), found(2, ["a", "1", 2, 2, 1]))
        self.add(3, 4, put("a", "1"), {"revision": 2})
        self.expect("before its write was called")

    def test_a_revision_is_given_twice(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("b", "2"), {"revision": 2})
        self.expect("given twice")

    def test_writes_are_in_the_order_of_time(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 3})
        self.add(3, 4, put("b", "2"), {"revision": 2})
        self.expect("was known before the call")

    def test_nothing_is_written_at_the_revision_of_an_empty_store(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 1})
        self.expect("nothing is written at revision 1")

    def test_a_revision_is_given_to_what_changes_nothing(self) -> None:
        self.add(1, 2, delete("a"), {"revision": 2, "deleted": 1})
        self.expect("a wrong answer")
        self.expect("changes nothing")

    def test_what_changes_nothing_has_no_revision(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, delete("b"), {"revision": 3, "deleted": 0})
        self.expect("nobody was told of writing revision 3")

    def test_a_transaction_takes_the_wrong_branch(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, swap("a", 1, "2"), {"revision": 3, "succeeded": True, "responses": [{}]})
        self.expect("a wrong answer")

    def test_two_transactions_win_over_the_same_state(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 9, swap("a", 2, "2"), {"revision": 3, "succeeded": True, "responses": [{}]})
        self.add(3, 9, swap("a", 2, "3"), {"revision": 4, "succeeded": True, "responses": [{}]})
        self.expect("a wrong answer")

    def test_half_of_a_transaction_is_done(self) -> None:
        both = {"op": "txn", "compare": [], "then": [put("a", "1"), put("b", "2")], "else": []}
        self.add(1, 2, both, {"revision": 2, "succeeded": True, "responses": [{}, {}]})
        self.add(3, 4, get(FROM_KEY, end=FROM_KEY), found(2, ["a", "1", 2, 2, 1]))
        self.expect("a wrong answer")

    def test_half_of_a_transaction_without_an_answer_is_done(self) -> None:
        both = {"op": "txn", "compare": [], "then": [put("a", "1"), put("b", "2")], "else": []}
        self.add(1, 2, both, error="broken")
        self.add(3, 4, put("c", "3"), {"revision": 3})
        self.describe(2, ["a", "1", 2, 2, 1])
        self.expect("it must change")

    def test_the_previous_pair_is_wrong(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("a", "2") | {"prev": True}, {"revision": 3, "prev": []})
        self.expect("a wrong answer")

    def test_a_write_without_an_answer_is_done_or_not(self) -> None:
        self.add(1, 2, put("a", "1"), error="broken")
        self.add(1, 2, put("a", "2"), error="broken")
        self.add(3, 4, put("b", "3"), {"revision": 3})
        self.describe(2, ["a", "2", 2, 2, 1])
        self.expect_good()

    def test_a_write_without_an_answer_is_done_late(self) -> None:
        self.add(1, 2, put("a", "1"), error="broken")
        self.add(3, 4, put("a", "2"), {"revision": 2})
        self.add(5, 6, get("a"), found(3, ["a", "1", 2, 3, 2]))
        self.describe(3, ["a", "1", 2, 3, 2])
        self.expect_good()

    def test_a_write_without_an_answer_is_done_before_it_was_called(self) -> None:
        self.add(1, 2, put("b", "0"), {"revision": 3})
        self.add(3, 4, put("a", "1"), error="broken")
        self.describe(2, ["a", "1", 2, 2, 1])
        self.expect("was known before the call")

    def test_a_write_without_an_answer_is_done_twice(self) -> None:
        self.add(1, 2, put("a", "1"), error="broken")
        self.add(3, 4, put("b", "2"), {"revision": 4})
        self.describe(2, ["a", "1", 2, 2, 1])
        self.describe(3, ["a", "1", 2, 3, 2])
        self.expect("carried out at revisions 2 and 3")

    def test_an_acknowledged_write_is_done_twice(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("b", "2"), {"revision": 4})
        self.describe(3, ["a", "1", 2, 3, 2])
        self.expect("carried out again at revision 3")

    def test_what_was_refused_is_done(self) -> None:
        self.add(1, 2, put("a", "1"), error="too many requests", refused=True)
        self.add(3, 4, put("b", "2"), {"revision": 3})
        self.describe(2, ["a", "1", 2, 2, 1])
        self.expect("refused, and yet carried out")

    def test_a_value_was_never_written(self) -> None:
        self.add(1, 2, put("b", "2"), {"revision": 3})
        self.describe(2, ["a", "1", 2, 2, 1])
        self.expect("nobody has ever written")

    def test_a_revision_that_nobody_describes_is_not_believed(self) -> None:
        self.add(1, 2, put("a", "1"), error="broken")
        self.add(3, 4, put("b", "2"), {"revision": 3})
        self.expect("nobody has read it")

    def test_a_deletion_without_an_answer_is_done_at_most_once(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, delete("a"), error="broken")
        self.add(5, 6, put("a", "2"), {"revision": 4})
        self.describe(3)
        self.expect_good()
        self.add(7, 8, put("a", "3"), {"revision": 6})
        self.describe(5)
        self.expect("there is no request left")

    def test_deletions_without_an_answer_are_told_apart_if_they_can_be(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        # The first can be either revision, so the second must have been the other.
        self.add(1, 2, delete("a") | {"end": "c"}, error="broken")
        self.add(1, 2, delete("a"), error="broken")
        self.add(5, 6, put("a", "2"), {"revision": 4})
        self.add(5, 7, put("b", "3"), {"revision": 5})
        self.add(8, 9, put("c", "4"), {"revision": 7})
        self.describe(3)
        self.describe(6)
        self.expect_good()

    def test_a_deletion_without_an_answer_is_not_done_before_it_was_called(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, put("a", "2"), {"revision": 4})
        self.add(5, 6, delete("a"), error="broken")
        self.describe(3)
        self.expect("there is no request left")

    def test_compacted_is_only_what_somebody_has_compacted(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, {"op": "compact", "at": 2}, error="broken")
        self.add(5, 6, get("a", at=1), error=COMPACTED)
        self.expect_good()
        self.add(7, 8, get("a", at=2), error=COMPACTED)
        self.expect("nobody has compacted that")

    def test_what_was_compacted_is_gone(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, {"op": "compact", "at": 2}, {"revision": 2})
        self.add(5, 6, get("a", at=1), found(2))
        self.expect("that was compacted before")

    def test_the_present_is_not_the_future(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(3, 4, get("a", at=3), error=FUTURE)
        self.expect_good()
        self.add(5, 6, get("a", at=2), error=FUTURE)
        self.expect("that revision was known before the call")

    def test_a_value_is_written_by_one_request(self) -> None:
        self.add(1, 2, put("a", "1"), {"revision": 2})
        self.add(1, 2, put("b", "1"), error="broken")
        with self.assertRaises(ValueError):
            check(self.operations)


class RandomHistoryTest(unittest.TestCase):
    """Of a correct store, and then with one thing changed."""

    def setUp(self) -> None:
        self.chance = random.Random(SEED)
        self.operations = RandomHistory(800, SEED).operations

    def answered(self, matches) -> list[Operation]:
        return [operation for operation in self.operations
                if operation.reply and matches(operation)]

    def expect_bad(self, change, operations: list[Operation]) -> None:
        """Each of some of them, changed alone."""
        for operation in self.chance.sample(operations, min(20, len(operations))):
            before = copy.deepcopy(operation.reply)
            change(operation)
            with self.subTest(seed=SEED, changed=operation.line()):
                self.assertTrue(check(self.operations))
            operation.reply = before

    def test_it_is_good(self) -> None:
        for seed in range(SEED, SEED + 10):
            with self.subTest(seed=seed):
                self.assertEqual(check(RandomHistory(800, seed).operations), [])

    def test_a_kv_is_changed(self) -> None:
        def change(operation: Operation) -> None:
            kv = self.chance.choice(operation.reply["kvs"])
            place = self.chance.randrange(1, 5)
            kv[place] = "other" if place == 1 else kv[place] - 1

        self.expect_bad(change, self.answered(lambda operation: operation.reply.get("kvs")))

    def test_a_kv_is_left_out(self) -> None:
        def change(operation: Operation) -> None:
            operation.reply["kvs"].pop()
            operation.reply["count"] -= 1

        self.expect_bad(change, self.answered(lambda operation: operation.reply.get("kvs")))

    def test_a_branch_is_changed(self) -> None:
        def change(operation: Operation) -> None:
            operation.reply["succeeded"] = not operation.reply["succeeded"]

        self.expect_bad(change, self.answered(
            lambda operation: operation.request["op"] == "txn"))

    def test_the_revision_of_a_write_is_changed(self) -> None:
        def change(operation: Operation) -> None:
            operation.reply["revision"] += self.chance.choice([-2, -1, 1, 2])

        self.expect_bad(change, self.answered(lambda operation: operation.request["op"] == "put"))

    def test_an_answer_comes_much_earlier_than_its_call(self) -> None:
        def change(operation: Operation) -> None:
            operation.reply["revision"] -= 100

        self.expect_bad(change, self.answered(
            lambda operation: operation.request["op"] == "range" and operation.revision > 110
            and not operation.is_serializable and operation.client != "judge"))


class PartsTest(unittest.TestCase):
    def test_a_value_stands_for_a_longer_one(self) -> None:
        for value in ("c1.17:0", "c1.17:400", "a"):
            sent = expand(value) if ":" in value else value.encode()
            self.assertEqual(shorten(sent), value)
        self.assertEqual(len(expand("c1.17:400")), 400)
        self.assertNotEqual(shorten(expand("c1.17:400")[:-1]), "c1.17:400")

    def test_a_matching_gives_up_what_another_needs(self) -> None:
        self.assertEqual(match({1: ["a", "b"], 2: ["a"], 3: ["b", "c"]}),
                         {1: "b", 2: "a", 3: "c"})
        self.assertEqual(len(match({1: ["a"], 2: ["a"], 3: []})), 1)


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
