"""Runs a GoogleTest binary in shards and reads its reports."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from .counts import Counts

TIMEOUT_SECONDS = 900


def run(binary: Path, shard_count: int, label: str, extra: dict[str, str] | None = None) -> Counts:
    """`extra` is added to the environment."""
    counts = Counts()
    with tempfile.TemporaryDirectory() as directory:
        shards = [
            _start(binary, Path(directory), number, shard_count, extra or {})
            for number in range(shard_count)
        ]
        for number, shard in enumerate(shards):
            try:
                code = shard.wait(timeout=TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                shard.kill()
                code = shard.wait()
            output = (Path(directory) / f"{number}.log").read_text(errors="replace")
            report = Path(directory) / f"{number}.json"
            if report.exists():
                counts += _read(report, label)
            elif code == 0:
                code = -1
            if code != 0:
                print(output[-20_000:])
                if not report.exists():
                    counts.failures.append(f"{label}: shard {number} ended with {code}")
    return counts


def environment_with(extra: dict[str, str]) -> dict[str, str]:
    return os.environ | extra


def _start(binary: Path, directory: Path, number: int, shard_count: int,
           extra: dict[str, str]) -> subprocess.Popen:
    environment = environment_with(extra | {
        "GTEST_TOTAL_SHARDS": str(shard_count),
        "GTEST_SHARD_INDEX": str(number),
        "TSAN_OPTIONS": "halt_on_error=1",
    })
    with open(directory / f"{number}.log", "w") as log:
        return subprocess.Popen(
            [binary, f"--gtest_output=json:{directory}/{number}.json", "--gtest_brief=1"],
            env=environment, stdout=log, stderr=subprocess.STDOUT,
        )


def _read(report: Path, label: str) -> Counts:
    counts = Counts()
    for suite in json.loads(report.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{label}: {suite['name']}.{test['name']}"
            if test.get("failures"):
                counts.failures.append(name)
            elif test["result"] == "SKIPPED":
                counts.skips.append(f"{name}: {_reason(test)}")
            elif test["result"] == "COMPLETED":
                counts.passed += 1
    return counts


def _reason(test: dict) -> str:
    # gtest 1.12 leaves the message of a skip out of its report; the name says what is missing.
    return "; ".join(entry.get("message", "") for entry in test.get("skipped", [])) or "see its name"
