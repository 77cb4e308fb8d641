#!/usr/bin/python3
"""Clients in other languages, which a package registry gives, against a member, and as users of
members that ask who they are: etcd's clientv3 3.7 for Go, npm's etcd3 for Node, jetcd for Java, the
crate etcd-client for Rust. Only with E2E_FULL.

ETCD in the environment is the program. What is compiled goes to build/clients and stays there.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from member import Member
from restart_port import RestartPort
from secured_members import secured_members

HERE = Path(__file__).resolve().parent
ETCD = os.environ.get("ETCD", str(HERE.parents[1] / "build/dev/bin/etcd"))
BUILD_TIMEOUT_SECONDS = 900
TIMEOUT_SECONDS = 300


def needs(*programs: str):
    missing = [program for program in programs if shutil.which(program) is None]
    return unittest.skipIf(missing, f"there is no {' and no '.join(missing)}")


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
class FullClientsTest(unittest.TestCase):
    def run_against_member(self, folder: Path, command: list[str]) -> None:
        with Member(ETCD) as member, RestartPort(member) as restart, \
                secured_members(ETCD) as environment:
            environment |= {"ETCD_ENDPOINT": member.url, "ETCD_RESTART": restart.address}
            self.run_in(folder, command, TIMEOUT_SECONDS, environment)

    def run_in(self, folder: Path, command: list[str], timeout_seconds: int,
               environment: dict[str, str] | None = None) -> None:
        done = subprocess.run(command, cwd=folder, text=True, timeout=timeout_seconds,
                              env=os.environ | (environment or {}),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-10_000:])

    @needs("go")
    def test_clientv3(self) -> None:
        self.run_against_member(HERE / "go", ["go", "test", "-count=1", "./..."])

    @needs("npm")
    def test_npm_etcd3(self) -> None:
        # Outside of the sources: npm writes beside package.json.
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "node"
            shutil.copytree(HERE / "node", folder)
            install = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
            self.run_in(folder, install, BUILD_TIMEOUT_SECONDS)
            self.run_against_member(folder, ["node", "--test", "--test-concurrency=1", "."])

    @needs("mvn", "javac")
    def test_jetcd(self) -> None:
        maven = ["mvn", "--batch-mode", "--strict-checksums"]
        self.run_in(HERE / "java", [*maven, "test-compile"], BUILD_TIMEOUT_SECONDS)
        self.run_against_member(HERE / "java", [*maven, "test"])

    @needs("cargo", "protoc")
    def test_rust_etcd_client(self) -> None:
        cargo = ["cargo", "test", "--locked"]
        self.run_in(HERE / "rust", [*cargo, "--no-run"], BUILD_TIMEOUT_SECONDS)
        self.run_against_member(HERE / "rust", [*cargo, "--", "--test-threads=1"])


if __name__ == "__main__":
    unittest.main()
