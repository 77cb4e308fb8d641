import tempfile
import time
import unittest
from pathlib import Path

from .beside import Beside


class BesideTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "scripts").mkdir()

    def build(self, script: str) -> Beside:
        path = self.root / "scripts/build"
        path.write_text(f"#!/bin/sh\ncd {self.root}\n{script}\n")
        path.chmod(0o755)
        return Beside(self.root, "asan", "etcd", "unit_tests")

    def test_it_builds_with_what_others_leave_of_the_cores(self):
        self.build('chrt --pid $$ > policy; echo "$@" > targets').wait()
        self.assertIn("SCHED_IDLE", (self.root / "policy").read_text())
        self.assertEqual((self.root / "targets").read_text(), "asan etcd unit_tests\n")

    def test_what_fails_is_left_to_whoever_needs_it(self):
        self.build("exit 1").wait()

    def test_what_it_started_ends_with_it(self):
        beside = self.build("mkfifo started; sleep 600 & echo $! > pid; echo > started; wait")
        while not (self.root / "started").exists():
            pass
        (self.root / "started").read_text()
        beside.end()
        stat = Path("/proc") / (self.root / "pid").read_text().strip() / "stat"
        given_up = time.monotonic() + 60
        while stat.exists() and stat.read_text().split()[2] != "Z":
            self.assertLess(time.monotonic(), given_up)
            time.sleep(0.01)


if __name__ == "__main__":
    unittest.main()
