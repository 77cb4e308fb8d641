#!/usr/bin/python3
"""How long nobody can write when a leader is lost. With E2E_FULL a hundred times, beside a real
etcd 3.7, and judged.

ETCD in the environment is the program.
"""

import os
import unittest

import e2e_path  # noqa: F401
import real_etcd
from failover import ELECTION_SECONDS, KILL, STOP, measure
from run import ETCD

TIMES = 100


class FailoverTest(unittest.TestCase):
    def test_writes_go_on_without_the_leader(self) -> None:
        print(measure(3, ETCD[0])[0].report(), flush=True)


@real_etcd.needed
class FailoverBesideEtcdTest(unittest.TestCase):
    def test_writes_go_on_as_soon(self) -> None:
        ours, theirs = measure(TIMES, ETCD[0], str(real_etcd.build()))
        print(f"{ours.report()}\n{theirs.report()}", flush=True)
        self.assertLessEqual(ours.median(KILL), 1.1 * theirs.median(KILL))
        self.assertGreaterEqual(ours.within(KILL, 2 * ELECTION_SECONDS + 0.3), 98)
        self.assertEqual(ours.within(KILL, 4 * ELECTION_SECONDS), TIMES)
        self.assertLessEqual(ours.median(STOP), 0.05)


if __name__ == "__main__":
    unittest.main()
