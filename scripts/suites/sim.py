"""Simulation: whole clusters from seeds."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from .counts import Counts


# Every planted bug shows itself within this many seeds.
PLANTED_SEEDS = 600


SMOKE_SEEDS = 300
SEEDS_A_PROCESS = 25


def smoke(root: Path, build: Callable[..., None]) -> Counts:
    build("dev", "etcd-sim", "etcd-sim-planted")
    programs = root / "build/dev/bin"
    planted = programs / "etcd-sim-planted"
    bugs = int(subprocess.run([planted, "bugs"], check=True, stdout=subprocess.PIPE).stdout)
    counts = Counts()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seeds = pool.map(
            lambda first: _run(programs / "etcd-sim", "seeds", str(first), str(SEEDS_A_PROCESS)),
            range(1, SMOKE_SEEDS + 1, SEEDS_A_PROCESS))
        bugs_found = pool.map(lambda bug: _finds(planted, bug), range(1, bugs + 1))
        for counted in seeds:
            counts += counted
        for bug, found in enumerate(bugs_found, 1):
            print(f"planted bug {bug}: {found or 'NOT FOUND'}")
            if found:
                counts.passed += 1
            else:
                counts.failures.append(f"sim: planted bug {bug} was not found")
    return counts


def long(root: Path, build: Callable[..., None]) -> Counts:
    build("release", "etcd-sim")
    return _run(root / "build/release/bin/etcd-sim", "long")


def _run(program: Path, *words: str) -> Counts:
    if subprocess.run([program, *words]).returncode == 0:
        return Counts(passed=1)
    return Counts(failures=[f"sim: etcd-sim {' '.join(words)}"])


def _finds(planted: Path, bug: int) -> str:
    """What the simulator said of the bug; empty if it noticed nothing. An abort by one of the
    core's own checks counts: it too names the seed."""
    done = subprocess.run([planted, "seeds", "1", str(PLANTED_SEEDS), "--plant", str(bug)],
                          stdout=subprocess.PIPE, text=True)
    said = done.stdout.strip()
    return said if done.returncode != 0 and said.startswith("seed ") else ""
