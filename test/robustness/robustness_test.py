#!/usr/bin/python3
"""Clusters under faults: members have caught up and are equal afterwards, and what clients saw is
linearizable. See README.md.

ETCD in the environment is the program, SEED what is done. With E2E_FULL for as long as it takes to
believe it.
"""

import json
import os
import random
import signal
import subprocess
import unittest
from pathlib import Path

import e2e_path  # noqa: F401
import real_etcd
from faulty_system import CannotPreload
from network import PYTHON
from run import ETCD
from scenarios import SCENARIOS, after, for_seconds
from small_disk import CannotMount

SEED = int(os.environ.get("SEED") or random.randrange(2**32))
FULL = bool(os.environ.get("E2E_FULL"))
REGIONS_SECONDS = 30
# Beyond that, for all that comes before and after.
ROUND_SECONDS = 120


def judge(name: str, done, seed: int = SEED, **options) -> None:
    """Raises AssertionError."""
    print(SCENARIOS[name].run(name, seed, done, **options).verdict, flush=True)


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

    def test_all_disks_are_full(self) -> None:
        try:
            judge("disks", after(1, "full disks"))
        except CannotMount:
            self.skipTest("mounting is not permitted")

    def test_disks_are_slow(self) -> None:
        try:
            judge("slow", for_seconds(60 if FULL else 4))
        except CannotPreload as reason:
            self.skipTest(str(reason))


class BesideRegionsTest(unittest.TestCase):
    """A cluster across regions mostly waits, so others have the machine meanwhile. What is measured
    is told here, and judged where nothing runs beside it: in LongRobustnessTest."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.regions = subprocess.Popen(
            [PYTHON, Path(__file__).parent / "round.py", "regions", str(SEED), "3",
             str(REGIONS_SECONDS), json.dumps({"times_count": False})],
            stdout=subprocess.PIPE, text=True)

    @classmethod
    def tearDownClass(cls) -> None:
        if cls.regions.poll() is None:
            cls.regions.send_signal(signal.SIGINT)
        cls.regions.communicate(timeout=ROUND_SECONDS)

    def judge_if_possible(self, *arguments, **options) -> None:
        try:
            judge(*arguments, times_count=False, **options)
        except CannotPreload as reason:
            self.skipTest(str(reason))

    def test_certificates_of_members_are_replaced(self) -> None:
        judge("rotation", after(1, "rotations"))

    def test_clocks_jump_by_an_hour(self) -> None:
        self.judge_if_possible("clocks", after(8, "clock jumps"))

    def test_leaders_disk_stands_still(self) -> None:
        self.judge_if_possible("stall", after(1, "stalls"))

    def test_members_get_tls_one_by_one(self) -> None:
        judge("update", after(3, "updates"))

    def test_nobody_is_elected_across_regions(self) -> None:  # by its name the last one
        said, _ = self.regions.communicate(timeout=REGIONS_SECONDS + ROUND_SECONDS)
        print(said, flush=True)
        self.assertEqual(self.regions.returncode, 0, said)


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

    def test_members_speak_tls_to_each_other(self) -> None:
        for name in ("kills", "pauses", "links", "rolling", "snapshots", "mix", "slow"):
            judge(name, for_seconds(20), peer_tls=True)
        judge("members", after(2, "replacements"), peer_tls=True)

    def test_disks_of_ten_leaders_stand_still(self) -> None:
        for number in range(10):  # whoever leads again soon keeps the lead
            judge("stall", after(1, "stalls"), SEED + number)

    def test_clocks_jump_for_a_minute(self) -> None:
        judge("clocks", for_seconds(60))

    def test_certificates_are_replaced_again_and_again(self) -> None:
        judge("rotation", after(4, "rotations"))

    @real_etcd.needed
    def test_members_of_both_kinds_get_tls_one_by_one(self) -> None:
        for programs in ([ETCD[0], str(real_etcd.build())], [str(real_etcd.build()), ETCD[0]]):
            judge("update", after(3, "updates"), programs=programs)


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
