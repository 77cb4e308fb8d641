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
COUNTED = re.compile(r"^ *(\d+)  (.+)$")


class EtcdSimTest(unittest.TestCase):
    def run_with(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCD_SIM, *words], text=True, capture_output=True,
                              timeout=TIMEOUT_SECONDS)

    def totals(self, *words: str) -> dict[str, int]:
        done = self.run_with(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        counted = [COUNTED.match(line) for line in done.stdout.splitlines()]
        self.assertNotIn(None, counted, done.stdout)
        return {each[2]: int(each[1]) for each in counted}

    def scenario(self, text: str, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCD_SIM, *words], input=text, text=True, capture_output=True,
                              timeout=TIMEOUT_SECONDS)

    def test_seeds_are_run_and_added_up(self) -> None:
        each = [self.totals("seed", str(seed)) for seed in (1, 2, 3)]
        self.assertEqual(each[0]["run: seeds"], 1)
        for name in ("run: simulated milliseconds", "run: elections", "work: writes acknowledged",
                     "state: leader", "calls: answered"):
            self.assertGreater(each[0][name], 0, name)
        self.assertEqual(self.totals("seeds", "1", "3"),
                         {name: sum(one[name] for one in each) for name in each[0]})

    def test_a_plan_is_a_scenario_of_the_same_run(self) -> None:
        plan = self.run_with("plan", "2").stdout
        self.assertRegex(plan, r"(?m)^cluster \S+=\S+")
        done = self.scenario(plan, "scenario", "-", "2")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, self.run_with("seed", "2").stdout)

    def test_a_scenario_that_is_none_is_refused(self) -> None:
        for command in (["scenario", "-"], ["check", "-"]):
            done = self.scenario("faults kil=1s\n", *command)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", "etcd-sim: -: line 1: there is no setting faults.kil\n"))
        done = self.run_with("scenario", "/nonexistent")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/nonexistent", done.stderr)
        self.assertEqual(self.scenario("faults kill=1s\n", "check", "-").returncode, 0)

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
                done = self.run_with("raft-trace", "1", str(path))
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                self.assertRegex(done.stdout, r"[1-9]\d*  run: elections\n")
                traces.append(path.read_text())
        self.assertEqual(traces[0], traces[1])
        steps = [json.loads(line)["event"]["name"] for line in traces[0].splitlines()]
        self.assertEqual(steps[:3], ["InitState"] * 3)
        self.assertIn("Commit", steps)

    def test_misuse_is_answered_with_the_usage(self) -> None:
        for words in ([], ["nonsense"], ["seed"], ["seed", "x"], ["seed", "1", "2"], ["seed", "1x"],
                      ["seeds", "1"], ["seeds", "1", "2", "3"], ["bugs", "1"], ["plan"],
                      ["seeds", "1", "x"], ["scenario"], ["scenario", "-", "x"], ["check"],
                      ["raft-trace", "1"], ["raft-trace", "x", "file"]):
            done = self.run_with(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr.startswith("usage: etcd-sim COMMAND"), words)


if __name__ == "__main__":
    unittest.main()
