#!/usr/bin/python3
"""What is found to be wrong, and what is not."""

import unittest

from soundness import COUNTS_KEPT, Counter, Lease, LockOrder, stuck, unequal


class CounterTest(unittest.TestCase):
    def setUp(self) -> None:
        self.counter = Counter()
        for number in range(5):
            self.assertEqual(self.counter.attempt(), number)
            if number != 3:  # had no answer
                self.counter.acknowledge(number)

    def wrong(self, number: int, version: int) -> list[str]:
        return self.counter.wrong(self.counter.before(), number, version)

    def test_what_had_no_answer_was_done_or_not(self) -> None:
        self.assertEqual(self.wrong(4, 5), [])
        self.assertEqual(self.wrong(4, 4), [])

    def test_a_lost_write_is_found(self) -> None:
        self.assertEqual(self.wrong(3, 4), ["an acknowledged write is lost: 4 was, 3 is there"])

    def test_a_lost_write_below_the_newest_is_found(self) -> None:
        self.assertEqual(self.wrong(4, 3), ["acknowledged writes are lost: of 4, 3 are there"])

    def test_a_key_that_is_gone_is_found(self) -> None:
        self.assertEqual(len(self.wrong(-1, 0)), 2)

    def test_a_write_that_was_made_twice_is_found(self) -> None:
        self.assertEqual(self.wrong(4, 6), ["6 writes are there, 5 were asked for"])

    def test_what_nobody_wrote_is_found(self) -> None:
        self.assertEqual(self.wrong(5, 5), ["5 was never written, the last one is 4"])

    def test_what_is_written_while_the_key_is_read_is_not_missed(self) -> None:
        before = self.counter.before()
        self.counter.acknowledge(self.counter.attempt())
        self.assertEqual(self.counter.wrong(before, 4, 5), [])
        self.assertEqual(self.counter.wrong(before, 5, 6), [])


class LockOrderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.order = LockOrder()

    def add(self, *counts: tuple[int, int, int]) -> list[str]:
        for count in counts:
            self.order.add(*count)
        return self.order.take_wrong()

    def test_one_after_the_other(self) -> None:
        self.assertEqual(self.add((1, 10, 0), (2, 12, 1), (3, 14, 0)), [])
        self.assertEqual(self.order.counted, 3)

    def test_two_holders_are_found(self) -> None:
        wrong = self.add((1, 10, 0), (2, 12, 1), (2, 11, 0))
        self.assertEqual(len(wrong), 1)
        self.assertIn("two held the lock at a time: 2 with token 11 by client 0, "
                      "2 with token 12 by client 1", wrong[0])

    def test_two_holders_with_one_token_are_found(self) -> None:
        self.assertIn("older", self.add((1, 10, 0), (2, 10, 1))[0])

    def test_a_holder_whose_token_is_older_is_found(self) -> None:
        wrong = self.add((1, 10, 0), (2, 14, 1), (3, 12, 0))
        self.assertEqual(len(wrong), 1)
        self.assertIn("older: 2 with token 14 by client 1, 3 with token 12", wrong[0])

    def test_a_holder_who_could_not_let_go_has_it_again(self) -> None:
        self.assertEqual(self.add((1, 10, 0), (2, 10, 0)), [])

    def test_some_are_told_late(self) -> None:
        self.assertEqual(self.add((1, 10, 0), (3, 14, 0), (2, 12, 1)), [])
        self.assertEqual(len(self.add((4, 13, 1))), 1)

    def test_what_was_told_is_not_told_again(self) -> None:
        self.assertEqual(len(self.add((1, 10, 0), (1, 10, 0))), 1)
        self.assertEqual(self.order.take_wrong(), [])

    def test_the_newest_are_kept(self) -> None:
        last = 2 * COUNTS_KEPT
        self.assertEqual(self.add(*((count, count, 0) for count in range(last))), [])
        self.assertEqual(len(self.add((last - 1, last, 1))), 1)
        self.assertEqual(self.order.counted, last + 1)


class LeaseTest(unittest.TestCase):
    def setUp(self) -> None:
        self.lease = Lease(0xab, b"key", 5, called=100, touched=101)

    def wrong(self, is_there: bool, asked: float, healthy_since: float = 0) -> list[str]:
        return self.lease.wrong(is_there, asked, asked + 0.1, healthy_since, grace_seconds=2)

    def test_one_that_runs_out_in_time(self) -> None:
        self.assertEqual(self.wrong(True, 104), [])
        self.assertEqual(self.wrong(False, 105), [])
        self.assertEqual(self.wrong(True, 107.9), [])

    def test_one_that_runs_out_too_early_is_found(self) -> None:
        self.assertEqual(self.wrong(False, 104.5), ["lease ab ran out after 4.60 s of 5"])

    def test_one_that_does_not_run_out_is_found(self) -> None:
        self.assertEqual(self.wrong(True, 108.5),
                         ["lease ab of 5 s is there 7.50 s after the last renewal"])

    def test_who_leads_anew_gives_it_all_of_its_time_again(self) -> None:
        self.assertEqual(self.wrong(True, 108.5, healthy_since=102), [])
        self.assertEqual(len(self.wrong(True, 109.5, healthy_since=102)), 1)

    def test_a_renewal_counts(self) -> None:
        self.lease.called = 103
        self.assertEqual(len(self.wrong(False, 107)), 1)


class MembersTest(unittest.TestCase):
    def test_equal_hashes(self) -> None:
        self.assertEqual(unequal({"m0": (1, 7, 3), "m1": (1, 7, 3)}), [])

    def test_unequal_hashes_are_found(self) -> None:
        for other in ((2, 7, 3), (1, 8, 3), (1, 7, 4)):
            self.assertIn("members differ: m0 has 00000001 at 7, compacted at 3; m1 has",
                          unequal({"m0": (1, 7, 3), "m1": other})[0])

    def test_a_member_without_progress_is_found(self) -> None:
        self.assertEqual(stuck({"m0": 5, "m1": 6}, {"m0": 6, "m1": 7}), [])
        self.assertEqual(stuck({"m0": 5, "m1": 6}, {"m0": 5, "m1": 7}),
                         ["m0 stands at revision 5"])
        self.assertEqual(stuck({"m0": 5}, {}), ["m0 stands at revision 5"])


if __name__ == "__main__":
    unittest.main()
