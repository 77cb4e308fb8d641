#!/usr/bin/python3
"""The same random requests to a member and to a real etcd 3.7, which is built from Go's module
proxy. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ETCD = os.environ.get("ETCD", str(HERE.parents[1] / "build/dev/bin/etcd"))
BUILD_TIMEOUT_SECONDS = 1200
TIMEOUT_SECONDS = 300


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
@unittest.skipUnless(shutil.which("go"), "there is no go")
class SameVersionTest(unittest.TestCase):
    def test_answers_as_etcd_3_7(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            real = Path(scratch) / "etcd"
            subprocess.run(["go", "build", "-o", real, "go.etcd.io/etcd/server/v3"],
                           cwd=HERE / "etcd37", check=True, timeout=BUILD_TIMEOUT_SECONDS)
            done = subprocess.run([sys.executable, HERE / "differential.py", "--same", real, ETCD],
                                  text=True, timeout=TIMEOUT_SECONDS, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-10_000:])


if __name__ == "__main__":
    unittest.main()
