#!/usr/bin/python3
"""scripts/cluster: a cluster that people try things with.

ETCD in the environment is the program.
"""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from member import free_ports, scratch_folder

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
TIMEOUT_SECONDS = 60


class ClusterScriptTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = free_ports(6)[0]

    def run_script(self, *arguments: str) -> dict[str, str]:
        """The state of each member that it shows."""
        done = subprocess.run(
            [ROOT / "scripts/cluster", *arguments, "--folder", self.folder, "--port",
             str(self.port), "--etcd", ETCD],
            capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(re.findall(r"^(m\d)  \S+  (\w+)", done.stdout, re.MULTILINE))

    def test_members_go_down_and_come_back(self) -> None:
        self.addCleanup(self.run_script, "remove")
        self.assertEqual(sorted(self.run_script("start").values()),
                         ["follows", "follows", "leads"])
        self.assertEqual(self.run_script("kill", "m2")["m2"], "down")
        self.assertIn(self.run_script("up", "m2")["m2"], ("follows", "leads"))
        self.assertEqual(self.run_script("pause", "m3")["m3"], "paused")
        self.assertNotEqual(self.run_script("resume", "m3")["m3"], "paused")
        self.assertEqual(set(self.run_script("stop").values()), {"down"})

    def test_what_is_asked_wrongly_is_told(self) -> None:
        for arguments in (["kill"], ["start", "none"], ["kill", "m9"]):
            done = subprocess.run([ROOT / "scripts/cluster", *arguments, "--folder", self.folder],
                                  capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
            self.assertNotEqual(done.returncode, 0)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    unittest.main()
