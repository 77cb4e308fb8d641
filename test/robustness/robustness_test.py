#!/usr/bin/python3
"""Clusters under faults: members have caught up and are equal afterwards, and what clients saw is
linearizable. See README.md.

ETCD in the environment is the program, SEED what is done. With E2E_FULL for as long as it takes to
believe it.
"""

import os
import random
import unittest

from scenarios import SCENARIOS, after, for_seconds
from small_disk import CannotMount

SEED = int(os.environ.get("SEED") or random.randrange(2**32))
FULL = bool(os.environ.get("E2E_FULL"))


def judge(name: str, done, **options) -> None:
    """Raises AssertionError."""
    print(SCENARIOS[name].run(name, SEED, done, **options).verdict, flush=True)


class RobustnessTest(unittest.TestCase):
    def test_the_judge_notices_old_reads_that_claim_to_be_new(self) -> None:
        with self.assertRaisesRegex(AssertionError, "stale"):
            judge("links", for_seconds(5), lies=True, keeps=False)

    def test_members_are_killed(self) -> None:
        judge("kills", after(200 if FULL else 20, "kills"))

    def test_members_are_paused_and_links_break_among_five(self) -> None:
        judge("pauses", after(20 if FULL else 3, "pauses"), members=5)
        judge("links", for_seconds(120 if FULL else 8), members=5)

    def test_members_are_restarted_one_after_the_other(self) -> None:
        judge("rolling", after(30 if FULL else 3, "restarts"))

    def test_members_that_fall_behind_get_snapshots(self) -> None:
        judge("snapshots", for_seconds(120 if FULL else 8))

    def test_members_are_replaced(self) -> None:
        judge("members", after(10 if FULL else 1, "replacements"))

    def test_a_disk_is_full(self) -> None:
        try:
            judge("disk", after(1, "full disks"))
        except CannotMount:
            self.skipTest("mounting is not permitted")


@unittest.skipUnless(FULL, "only with --full")
class LongRobustnessTest(unittest.TestCase):
    def test_five_members_are_killed(self) -> None:
        judge("kills", after(200, "kills"), members=5)

    def test_everything_at_once(self) -> None:
        for members in (3, 5):
            judge("mix", for_seconds(300), members=members)

    def test_a_leader_is_lost_20_ms_away(self) -> None:
        judge("rtt", after(20, "kills"))

    def test_across_regions(self) -> None:
        judge("regions", for_seconds(600))


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
