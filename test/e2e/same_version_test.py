#!/usr/bin/python3
"""The same random requests to a member and to a real etcd 3.7. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import os
import subprocess
import sys
import unittest
from pathlib import Path

import real_etcd

HERE = Path(__file__).resolve().parent
ETCD = os.environ.get("ETCD", str(HERE.parents[1] / "build/dev/bin/etcd"))
TIMEOUT_SECONDS = 300


@real_etcd.needed
class SameVersionTest(unittest.TestCase):
    def test_answers_as_etcd_3_7(self) -> None:
        done = subprocess.run(
            [sys.executable, HERE / "differential.py", "--same", real_etcd.build(), ETCD],
            text=True, timeout=TIMEOUT_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-10_000:])


if __name__ == "__main__":
    unittest.main()
