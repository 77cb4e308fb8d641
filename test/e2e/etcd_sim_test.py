#!/usr/bin/python3
"""The simulator's command line. What it simulates is tested by running it: scripts/test sim.

ETCD_SIM in the environment is the program.
"""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ETCD_SIM = os.environ.get("ETCD_SIM", str(ROOT / "build/dev/bin/etcd-sim"))
TIMEOUT_SECONDS = 120
TOTALS = re.compile(
    r"(\d+) seeds: (\d+) elections, (\d+) committed entries, (\d+) crashes, (\d+) logs lost, "
    r"(\d+) members replaced, (\d+) stops, (\d+) writes acknowledged, (\d+) reads, (\d+) events of watches, "
    r"requests of users (\d+) served, (\d+) denied, of the v2 API (\d+) answered, "
    r"calls (\d+) never carried out, (\d+) given up, "
    r"(\d+) lost, (\d+) steps; no invariant broken; "
    r"(\d+) ended waiting for a removed member's vote\n$")


class EtcdSimTest(unittest.TestCase):
    def run_with(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCD_SIM, *words], text=True, capture_output=True,
                              timeout=TIMEOUT_SECONDS)

    def totals(self, *words: str) -> list[int]:
        done = self.run_with(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        found = TOTALS.match(done.stdout)
        self.assertIsNotNone(found, done.stdout)
        return [int(number) for number in found.groups()]

    def test_seeds_are_run_and_added_up(self) -> None:
        one, two, three = (self.totals("seed", str(seed)) for seed in (1, 2, 3))
        self.assertEqual(one[0], 1)
        for number in one[1:3] + one[7:10] + one[14:17]:
            self.assertGreater(number, 0)
        self.assertEqual(self.totals("seeds", "1", "3"),
                         [a + b + c for a, b, c in zip(one, two, three)])

    def test_fresh_seeds_are_named_before_they_are_run(self) -> None:
        with subprocess.Popen([ETCD_SIM, "long"], text=True, stdout=subprocess.PIPE) as process:
            try:
                self.assertRegex(process.stdout.readline(), r"^seeds from \d+ on\n$")
            finally:
                process.kill()

    def test_there_are_bugs_to_plant_and_not_here(self) -> None:
        self.assertRegex(self.run_with("bugs").stdout, r"^[1-9]\d*\n$")
        for words in (["seed", "1", "--plant", "1"], ["--plant", "1"]):
            done = self.run_with(*words)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", "etcd-sim: there is no bug 1 to plant here\n"), words)

    def test_the_steps_of_raft_go_to_a_file_the_same_each_time(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            traces = []
            for run in range(2):
                path = Path(folder) / f"{run}.ndjson"
                done = self.run_with("seed", "1", "--raft-trace", str(path))
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                self.assertRegex(done.stdout,
                                 r"^[1-9]\d* elections, [1-9]\d* committed entries, \d+ crashes\n$")
                traces.append(path.read_text())
        self.assertEqual(traces[0], traces[1])
        steps = [json.loads(line)["event"]["name"] for line in traces[0].splitlines()]
        self.assertEqual(steps[:3], ["InitState"] * 3)
        self.assertIn("Commit", steps)

    def test_misuse_is_answered_with_the_usage(self) -> None:
        for words in (["nonsense"], ["seed"], ["seed", "x"], ["seed", "1", "2"], ["seed", "1x"],
                      ["seeds", "1"], ["seeds", "1", "2", "3"], ["bugs", "1"], ["smoke", "1"],
                      ["long", "1"], ["seeds", "1", "x"], ["seeds", "1", "3", "--raft-trace", "x"],
                      ["seed", "1", "--raft-trace"]):
            done = self.run_with(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr.startswith("usage: etcd-sim [smoke | long | "), words)


if __name__ == "__main__":
    unittest.main()
