#!/usr/bin/python3
"""Everything at once that is known to have hurt a member, beside clients that mean well: their
answers are right, nothing is lost or done twice, and memory stays within its bounds. Times are for
`scripts/bench attack`.

ETCD in the environment is the program, SEED what the clients write.
"""

import os
import random
import signal
import time
import unittest
from pathlib import Path

import attacks
from attack_writers import WellBehaved
from member import STOP_TIMEOUT_SECONDS, Member

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
SEED = int(os.environ.get("SEED") or random.randrange(2**32))
DESCRIPTORS = 1000
ATTACK_SECONDS = 3
SCALE = 0.5
MB = 10**6
# What a member may hold for its clients, and what else it may take beside what it has at rest.
HELD_BYTES_MAX, MORE_BYTES_MAX = 2**30, 100 * MB
GIVEN_BACK_SECONDS = 10


class AttackTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = Member(ETCD)
        self.member.prefix = ["prlimit", f"--nofile={DESCRIPTORS}"]
        self.addCleanup(self.member.__exit__)
        self.member.start()
        attacks.fill(self.member.address)
        self.clients = WellBehaved(writers=4, seed=SEED)

    def attack(self) -> None:
        """Returns while it goes on."""
        self.clients.start(self.member.address)
        self.running = attacks.Running(attacks.ATTACKS, self.member.address, 60, SCALE)
        self.addCleanup(self.running.stop)
        end = time.monotonic() + ATTACK_SECONDS
        peak = 0
        while time.monotonic() < end:
            peak = max(peak, self.member.anonymous_bytes())
            time.sleep(0.05)
        self.assertEqual(self.clients.faults(), [])
        self.assertLess(peak, self.quiet + HELD_BYTES_MAX + MORE_BYTES_MAX)

    def restart(self, all_answered: bool) -> None:
        self.clients.join()
        self.running.stop()
        self.member.process = None
        self.member.start()
        self.assertEqual(self.clients.faults(), [])
        self.assertEqual(self.clients.check(self.member.address, all_answered), [])

    def expect_memory_given_back(self) -> None:
        end = time.monotonic() + GIVEN_BACK_SECONDS
        while (bytes_now := self.member.anonymous_bytes()) > self.quiet + MORE_BYTES_MAX:
            self.assertLess(time.monotonic(), end, f"{bytes_now // MB} MB stay")
            time.sleep(0.1)

    def test_clients_that_mean_well_lose_nothing(self) -> None:
        self.quiet = self.member.anonymous_bytes()
        self.attack()
        self.running.stop()
        self.expect_memory_given_back()
        self.clients.expect_the_end()
        self.member.kill()
        self.member.process = None
        self.restart(all_answered=False)

        self.quiet = self.member.anonymous_bytes()
        self.attack()
        self.clients.expect_the_end()
        self.member.process.send_signal(signal.SIGTERM)
        self.member.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        self.restart(all_answered=True)
        self.assertGreater(self.clients.acknowledged(), 100)
        self.assertGreater(self.clients.hashes_compared, 0)


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
