"""Runs the test programs in Python and reads what they say."""

import re
import subprocess
from pathlib import Path

from .counts import Counts
from .gtest import environment_with

# Debian's: the packages that scripts/setup installs are for this one.
PYTHON = "/usr/bin/python3"


def unittests(script: Path, environment: dict[str, str], timeout_seconds: int = 300) -> Counts:
    """A program that ends with unittest.main()."""
    try:
        done = subprocess.run([PYTHON, script, "-v"], text=True, timeout=timeout_seconds,
                              env=environment_with(environment), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired:
        return Counts(failures=[f"{script.stem}: not done after {timeout_seconds} s"])
    counts = Counts()
    for name, outcome, reason in re.findall(
            r"^(test_\w+) .*\.\.\. (ok|FAIL|ERROR|skipped)(?: '(.*)')?$", done.stderr, re.MULTILINE):
        if outcome == "ok":
            counts.passed += 1
        elif outcome == "skipped":
            counts.skips.append(f"{script.stem}: {name}: {reason}")
        else:
            counts.failures.append(f"{script.stem}: {name}")
    if done.returncode != 0:
        print(done.stderr[-20_000:])
        if not counts.failures:
            counts.failures.append(f"{script.stem}: ended with {done.returncode}")
    return counts


def program(script: Path, *arguments: str, timeout_seconds: int) -> Counts:
    """A program that is one test: 0 is a pass; what it prints is shown if it is not."""
    try:
        done = subprocess.run([PYTHON, script, *arguments], text=True, timeout=timeout_seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return Counts(failures=[f"{script.stem}: not done after {timeout_seconds} s"])
    if done.returncode == 0:
        return Counts(passed=1)
    print(done.stdout[-20_000:])
    return Counts(failures=[f"{script.stem}: ended with {done.returncode}"])
