#!/usr/bin/python3
"""What a process finds that runs on a faulty system."""

import subprocess
import time
import unittest

import e2e_path  # noqa: F401
from faulty_system import CannotPreload, FaultySystem
from member import Member
from network import PYTHON

TIMEOUT_SECONDS = 20
HOUR = 3600
# Longer than a call takes that nothing holds up.
A_WHILE_SECONDS = 0.3
# Does a line of its input at a time, and prints what came out of it.
PROGRAM = "import os, sys, time\nfor line in sys.stdin: print(eval(line), flush=True)"


class FaultySystemTest(unittest.TestCase):
    def setUp(self) -> None:
        member = Member(PYTHON)
        self.addCleanup(member.__exit__)
        try:
            self.system = FaultySystem(member)
        except CannotPreload as reason:
            self.skipTest(str(reason))
        self.log = member.folder / "data/member/wal/log"
        self.log.parent.mkdir(parents=True)
        self.data = member.folder / "data/member/snap"
        for path in (self.log, self.data):
            path.write_bytes(b"")
        self.process = subprocess.Popen([*member.prefix, PYTHON, "-c", PROGRAM], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end)

    def end(self) -> None:
        self.system.heal()
        self.process.communicate(timeout=TIMEOUT_SECONDS)

    def begin(self, expression: str) -> None:
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()

    def run_line(self, expression: str) -> str:
        self.begin(expression)
        return self.process.stdout.readline().strip()

    def seconds(self, expression: str) -> float:
        begin = time.monotonic()
        self.run_line(expression)
        return time.monotonic() - begin

    def sync(self, path) -> str:
        return f"os.fdatasync(os.open({str(path)!r}, os.O_RDWR))"

    def write(self, path) -> str:
        return f"os.pwrite(os.open({str(path)!r}, os.O_RDWR), b'x', 0)"

    def test_it_has_a_hold_on_a_process_that_writes(self) -> None:
        self.run_line("1")
        self.assertFalse(self.system.has_a_hold)
        self.run_line(self.write(self.data))
        self.assertTrue(self.system.has_a_hold)

    def test_a_still_disk_of_the_log_holds_up_its_writes_and_no_others(self) -> None:
        with self.system.still_disk():
            self.run_line(self.sync(self.data))
            self.run_line(self.write(self.data))
            self.assertEqual(self.system.held, 0)
            begin = time.monotonic()
            self.begin(self.write(self.log))
            time.sleep(A_WHILE_SECONDS)
        self.assertEqual(self.process.stdout.readline().strip(), "1")
        self.assertGreaterEqual(time.monotonic() - begin, A_WHILE_SECONDS)
        self.assertEqual(self.system.held, 1)
        self.assertEqual(self.log.read_bytes(), b"x")

    def test_a_still_disk_of_all_data_holds_up_all(self) -> None:
        with self.system.still_disk(log_alone=False):
            self.begin(self.sync(self.data))
            time.sleep(A_WHILE_SECONDS)
        self.process.stdout.readline()
        self.assertEqual(self.system.held, 1)

    def test_on_a_slow_disk_syncs_take_long(self) -> None:
        with self.system.slow_disk(A_WHILE_SECONDS):
            self.assertGreaterEqual(self.seconds(self.sync(self.log)), A_WHILE_SECONDS)
            self.run_line(self.write(self.log))
            self.assertEqual(self.system.held, 1)
        self.run_line(self.sync(self.log))
        self.assertEqual(self.system.held, 1)

    def test_the_clock_jumps_and_the_monotonic_one_does_not(self) -> None:
        for ahead in (HOUR, -HOUR, 0):
            self.system.set_clock(ahead)
            for clock in ("time.time()", "time.clock_gettime(time.CLOCK_REALTIME)"):
                self.assertAlmostEqual(float(self.run_line(clock)) - time.time(), ahead, delta=5)
            self.assertAlmostEqual(float(self.run_line("time.monotonic()")), time.monotonic(),
                                   delta=5)


if __name__ == "__main__":
    unittest.main()
