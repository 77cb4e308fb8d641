#!/usr/bin/python3
"""Debian's python3-etcd, a client of the v2 API: the tests that it ships pass at a member of ours as they
do at Debian's etcd 3.4.23. Only with E2E_FULL: the package comes from Debian's mirror.

ETCD in the environment is the program.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
ETCD_34 = "/usr/bin/etcd"
PACKAGES = ("python3-etcd", "python3-dnspython", "python3-openssl", "python3-mock", "python3-pbr")
SUITES = ("etcd.tests.integration.test_simple", "etcd.tests.test_auth", "etcd.tests.unit.test_client",
          "etcd.tests.unit.test_lock", "etcd.tests.unit.test_old_request", "etcd.tests.unit.test_request",
          "etcd.tests.unit.test_result")
SECONDS = 1200
TRIES = 3

# Runs the suites, and says how each test ended. The members are found as `etcd`, in PATH.
RUNNER = """
import json, sys, unittest
unittest.TestCase.assertEquals = unittest.TestCase.assertEqual
class Result(unittest.TestResult):
    ends = {}
    def addSuccess(self, test): self.ends[test.id()] = "passed"
    def addFailure(self, test, error): self.ends[test.id()] = "failed"
    def addError(self, test, error): self.ends[test.id()] = "failed"
    def addSkip(self, test, reason): self.ends[test.id()] = "skipped"
suite = unittest.TestLoader().loadTestsFromNames(sys.argv[2:])
suite.run(Result())
open(sys.argv[1], "w").write(json.dumps(Result.ends))
"""


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
@unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
class PythonEtcdTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(TemporaryDirectory()))
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=self.folder, check=True,
                       capture_output=True, timeout=SECONDS)
        for package in self.folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, self.folder / "root"], check=True, timeout=SECONDS)
        # Of nose the tests want one thing, which says that something is no test.
        nose = self.folder / "nose"
        nose.mkdir()
        (nose / "__init__.py").touch()
        (nose / "tools.py").write_text("def nottest(function):\n    function.__test__ = False\n"
                                       "    return function\n")

    def ends(self, program: str, *tests: str) -> dict[str, str]:
        path = self.folder / ("theirs" if program == ETCD_34 else "ours")
        path.mkdir(exist_ok=True)
        etcd = path / "etcd"
        etcd.write_text(f'#!/bin/sh\nexec {program} --enable-v2 "$@"\n')
        etcd.chmod(0o755)
        packages = self.folder / "root/usr/lib/python3/dist-packages"
        subprocess.run(
            [sys.executable, "-c", RUNNER, path / "ends", *(tests or SUITES)], cwd=self.folder, timeout=SECONDS,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            env=os.environ | {"PATH": f"{path}:{os.environ['PATH']}",
                              "PYTHONPATH": f"{self.folder}:{packages}"})
        return json.loads((path / "ends").read_text())

    def test_its_own_tests_end_as_at_etcd_3_4(self) -> None:
        theirs = self.ends(ETCD_34)
        self.assertGreater(list(theirs.values()).count("passed"), 60, theirs)
        ours = self.ends(ETCD)
        # They give a member two seconds to start, and more to nobody: a busy machine may need more.
        for _ in range(TRIES):
            failed = [test for test, end in theirs.items() if end == "passed" != ours.get(test)]
            if failed:
                ours |= self.ends(ETCD, *failed)
        self.assertEqual(ours, theirs)


if __name__ == "__main__":
    unittest.main()
