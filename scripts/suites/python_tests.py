"""Runs the test programs in Python and reads what they say."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from mutation import session

from .counts import Counts
from .gtest import environment_with

# Debian's: the packages that scripts/setup installs are for this one.
PYTHON = "/usr/bin/python3"
# Where test/e2e/member.py has its directories, too.
MEMORY = "/dev/shm"


def _run(words: list, timeout_seconds: int, environment: dict[str, str],
         takes_output: bool) -> tuple[int, str]:
    """The exit status and what was written to standard error, and output if that is taken. Nothing is
    left of it when it is over, also if it is not done in time: neither the programs that it has started
    nor what they have written."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    with (tempfile.TemporaryDirectory(prefix="e2e-", dir=memory, ignore_cleanup_errors=True) as folder,
          tempfile.TemporaryFile("w+", errors="replace") as written):
        os.chmod(folder, 0o755)  # some tests act for other users
        process = subprocess.Popen(words, env=environment_with({"E2E_FOLDER": folder} | environment),
                                   stdout=written if takes_output else subprocess.DEVNULL,
                                   stderr=written, start_new_session=True)
        try:
            status = process.wait(timeout=timeout_seconds)
        finally:
            session.end(process)
        written.seek(0)
        return status, written.read()


def unittests(script: Path, environment: dict[str, str], timeout_seconds: int = 300) -> Counts:
    """A program that ends with unittest.main()."""
    try:
        status, told = _run([PYTHON, script, "-v"], timeout_seconds, environment, False)
    except subprocess.TimeoutExpired:
        return Counts(failures=[f"{script.stem}: not done after {timeout_seconds} s"])
    counts = Counts()
    for name, outcome, reason in re.findall(
            r"^(test_\w+) .*\.\.\. (ok|FAIL|ERROR|skipped)(?: '(.*)')?$", told, re.MULTILINE):
        if outcome == "ok":
            counts.passed += 1
        elif outcome == "skipped":
            counts.skips.append(f"{script.stem}: {name}: {reason}")
        else:
            counts.failures.append(f"{script.stem}: {name}")
    if status != 0:
        print(told[-20_000:])
        if not counts.failures:
            counts.failures.append(f"{script.stem}: ended with {status}")
    return counts


def program(script: Path, *arguments: str, timeout_seconds: int) -> Counts:
    """A program that is one test: 0 is a pass; what it prints is shown if it is not."""
    try:
        status, told = _run([PYTHON, script, *arguments], timeout_seconds, {}, True)
    except subprocess.TimeoutExpired:
        return Counts(failures=[f"{script.stem}: not done after {timeout_seconds} s"])
    if status == 0:
        return Counts(passed=1)
    print(told[-20_000:])
    return Counts(failures=[f"{script.stem}: ended with {status}"])
