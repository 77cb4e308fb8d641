"""etcd's own tests, against our programs."""

import re
import subprocess
from pathlib import Path
from typing import Callable

from . import python_tests
from .counts import Counts

SUITES = ["e2e", "common", "regression", "robustness"]
TIMEOUT_SECONDS = 2 * 60 * 60


def run(root: Path, build: Callable[..., None]) -> Counts:
    build("dev", "etcd", "etcdctl", "etcdutl", "etcd-failpoints")
    done = subprocess.run([python_tests.PYTHON, root / "test/etcd_tests/etcd_tests.py", *SUITES,
                           "--rounds", "5"], text=True, stdout=subprocess.PIPE,
                          timeout=TIMEOUT_SECONDS)
    print(done.stdout, end="")
    counts = Counts(passed=len(re.findall(r"^PASS ", done.stdout, re.MULTILINE)))
    counts.failures += [f"etcd's tests: {name}"
                        for name in re.findall(r"^FAIL (\S+)", done.stdout, re.MULTILINE)]
    counts.skips += [f"etcd's tests: {why}"
                     for why in re.findall(r"^SKIP (.*)", done.stdout, re.MULTILINE)]
    if done.returncode != 0 and not counts.failures:
        counts.failures.append(f"etcd's tests: ended with {done.returncode}")
    return counts
