"""Simulation: whole clusters from seeds."""

import os
import random
import subprocess
import sys
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
    counts = Counts()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seeds = pool.map(
            lambda first: _run(programs / "etcd-sim", "seeds", str(first), str(SEEDS_A_PROCESS)),
            range(1, SMOKE_SEEDS + 1, SEEDS_A_PROCESS))
        for counted in seeds:
            counts += counted
    counts += find(programs / "etcd-sim-planted")
    return counts


def find(planted: Path, drawn: int | None = None, seed: int | None = None) -> Counts:
    """Whether each planted bug is found, or each of so many that the seed draws."""
    bugs = range(1, 1 + int(subprocess.run([planted, "bugs"], check=True,
                                           stdout=subprocess.PIPE).stdout))
    if drawn is not None:
        bugs = sorted(random.Random(seed).sample(bugs, min(drawn, len(bugs))))
    counts = Counts()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for bug, found in zip(bugs, pool.map(lambda bug: _finds(planted, bug), bugs)):
            print(f"planted bug {bug}: {found or 'NOT FOUND'}", flush=True)
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
    if done.returncode != 0 and not said.startswith("seed "):
        print(f"planted bug {bug}: ended with {done.returncode} and named no seed: {said}")
    return said if done.returncode != 0 and said.startswith("seed ") else ""


def main() -> int:
    """scripts/sim mutants [COUNT [SEED]]"""
    planted, *words = sys.argv[1:]
    count = int(words[0]) if words else None
    seed = int(words[1]) if len(words) > 1 else random.randrange(2**32)
    if count is not None:
        print(f"seed {seed}")
    counts = find(Path(planted), count, seed)
    print(counts)
    return 1 if counts.failures else 0


if __name__ == "__main__":
    sys.exit(main())
