"""Seeds of the simulator, run on all cores."""

import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

# Few enough that the cores end at about the same time.
SEEDS_A_PROCESS = 5
COUNTED = re.compile(r"^ *(\d+)  (.+)$")
FAILED = re.compile(r"^seed (\d+): ", re.MULTILINE)


def cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass
class Runs:
    """What some runs came to: what has happened how often, or how the first bad one failed."""
    happened: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    failure: str = ""
    core_seconds: float = 0.0

    @property
    def failed_seed(self) -> int | None:
        found = FAILED.search(self.failure)
        return int(found[1]) if found else None

    def __iadd__(self, other: "Runs") -> "Runs":
        self.happened += other.happened
        self.names |= other.names
        self.failure = self.failure or other.failure
        self.core_seconds += other.core_seconds
        return self

    def never(self) -> list[str]:
        """What could have happened, and has not."""
        return sorted(name for name in self.names if self.happened[name] == 0)


def run(program: Path, *words: str, stdin: str | None = None) -> Runs:
    began = time.monotonic()
    done = subprocess.run([program, *words], text=True, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    runs = Runs(core_seconds=time.monotonic() - began)
    if done.returncode != 0:
        runs.failure = done.stdout.strip() or f"etcd-sim {' '.join(words)}: {done.returncode}"
        return runs
    for line in done.stdout.splitlines():
        if counted := COUNTED.match(line):
            runs.names.add(counted[2])
            runs.happened[counted[2]] += int(counted[1])
    return runs


def run_seeds(program: Path, first: int, count: int, *options: str) -> Iterator[Runs]:
    """In the order of the seeds, until one fails; which of several fails first is thus always the
    same."""
    over = threading.Event()

    def some(begin: int) -> Runs:
        if over.is_set():
            return Runs()
        return run(program, "seeds", str(begin), str(min(SEEDS_A_PROCESS, first + count - begin)),
                   *options)

    with ThreadPoolExecutor(cores()) as pool:
        for runs in pool.map(some, range(first, first + count, SEEDS_A_PROCESS)):
            yield runs
            if runs.failure:
                over.set()
                return


def add_up(program: Path, first: int, count: int, *options: str) -> Runs:
    total = Runs()
    for runs in run_seeds(program, first, count, *options):
        total += runs
    return total


def report(runs: Runs, seconds: float) -> str:
    happened = runs.happened
    simulated = happened["run: simulated milliseconds"] / 1000
    lines = [f"{happened[name]:>14,}  {name}" for name in sorted(runs.names)]
    lines.append(f"{happened['run: seeds']} seeds in {seconds:.0f} s on {cores()} cores: no invariant broken; "
                 f"{simulated:,.0f} simulated seconds, {simulated / max(runs.core_seconds, 0.001):.0f} a second "
                 "of a core")
    return "\n".join(lines)
