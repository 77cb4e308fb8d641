"""A few seconds of every fuzzer, and one that must find its bug."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from .counts import Counts

# Crashes on an input that a working fuzzer finds at once.
CANARY = "canary_fuzz"


def targets(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "test/fuzz").glob("*_fuzz.cc"))


def smoke(root: Path, build: Callable[..., None], seconds: int) -> Counts:
    fuzzers = targets(root)
    build("asan", *fuzzers)
    counts = Counts()

    def fuzz(target: str) -> bool:
        corpus = root / "build/asan/corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = root / "test/fuzz/corpus" / target
        result = subprocess.run(
            [root / "build/asan/bin" / target, f"-max_total_time={seconds}", "-timeout=10",
             "-rss_limit_mb=2048", f"-artifact_prefix={root}/build/asan/crash-{target}-",
             corpus, *([seeds] if seeds.is_dir() else [])],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        passed = (result.returncode != 0) == (target == CANARY)
        if not passed:
            print(f"-- {target}\n{result.stdout[-4000:]}")
        return passed

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for target, passed in zip(fuzzers, pool.map(fuzz, fuzzers)):
            if passed:
                counts.passed += 1
            else:
                counts.failures.append(f"fuzz: {target}")
    return counts
