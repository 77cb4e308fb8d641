import os
import tempfile
import time
import unittest
from pathlib import Path

from suites import python_tests

ONE = """import os, sys, time, unittest
class OneTest(unittest.TestCase):
    def test_one(self):
        folder = os.environ["E2E_FOLDER"]
        open(folder + "/file", "w").close()
        child = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "600")
        with open(sys.argv[0] + ".told", "w") as told:
            told.write(f"{child} {folder}")
        time.sleep(SECONDS)
unittest.main(argv=["one", "-v"])
"""


class PythonTestsTest(unittest.TestCase):
    def run_one(self, seconds: float, timeout_seconds: int):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "one_test.py"
            script.write_text(ONE.replace("SECONDS", str(seconds)))
            counts = python_tests.unittests(script, {}, timeout_seconds)
            pid, scratch = Path(f"{script}.told").read_text().split()
        self.assertFalse(Path(scratch).exists())
        self.assertTrue(self.has_gone(int(pid)))
        return counts

    def has_gone(self, pid: int) -> bool:
        """It is somebody else's to wait for."""
        for _ in range(200):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
            time.sleep(0.01)
        return False

    def test_nothing_is_left_of_one_that_ends(self) -> None:
        self.assertEqual(self.run_one(0, 60).passed, 1)

    def test_nothing_is_left_of_one_that_takes_too_long(self) -> None:
        self.assertEqual(self.run_one(600, 1).failures, ["one_test: not done after 1 s"])


if __name__ == "__main__":
    unittest.main()
