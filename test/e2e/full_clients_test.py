#!/usr/bin/python3
"""Clients in other languages, which a package registry gives, against a member: etcd's clientv3
3.7 for Go and npm's etcd3 for Node. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from member import Member

HERE = Path(__file__).resolve().parent
ETCD = os.environ.get("ETCD", str(HERE.parents[1] / "build/dev/bin/etcd"))
TIMEOUT_SECONDS = 300


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
class FullClientsTest(unittest.TestCase):
    def run_against_member(self, folder: Path, *command: str) -> None:
        with Member(ETCD) as member:
            done = subprocess.run(command, cwd=folder, text=True, timeout=TIMEOUT_SECONDS,
                                  env=os.environ | {"ETCD_ENDPOINT": member.url},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-10_000:])

    @unittest.skipUnless(shutil.which("go"), "there is no go")
    def test_clientv3(self) -> None:
        self.run_against_member(HERE / "go", "go", "test", "-count=1", "./...")

    @unittest.skipUnless(shutil.which("npm"), "there is no npm")
    def test_npm_etcd3(self) -> None:
        # Outside of the sources: npm writes beside package.json.
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "node"
            shutil.copytree(HERE / "node", folder)
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder,
                           check=True, timeout=TIMEOUT_SECONDS)
            self.run_against_member(folder, "node", "--test", "client_test.js")


if __name__ == "__main__":
    unittest.main()
