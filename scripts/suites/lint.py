"""The linter over the tree, and the tests of the scripts themselves."""

import subprocess
import sys
import unittest
from pathlib import Path

from .counts import Counts


def run(root: Path) -> Counts:
    counts = Counts()
    for folder in ("linter", "mutation", "suites"):
        tests = unittest.defaultTestLoader.discover(str(root / "scripts" / folder),
                                                    pattern="*_test.py",
                                                    top_level_dir=str(root / "scripts"))
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(tests)
        broken = [str(test) for test, _ in result.failures + result.errors]
        counts.passed += result.testsRun - len(broken)
        counts.failures += [f"lint: {name}" for name in broken]
    for command in (["scripts/lint"], ["scripts/format", "--check"]):
        if subprocess.run([root / command[0], *command[1:]]).returncode == 0:
            counts.passed += 1
        else:
            counts.failures.append(f"lint: {' '.join(command)}")
    return counts
