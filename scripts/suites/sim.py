"""Simulation: whole clusters from seeds."""

import random
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import sim_runs
from .counts import Counts
from .sim_shrink import Case, Simulated, shrink

# Every planted bug shows itself within this many seeds.
PLANTED_SEEDS = 600

SMOKE_SEEDS = 300
LONG_SEEDS = 1000
SCENARIO_SEEDS = range(1, 4)
SHRINK_SECONDS = 20.0
# What the smoke run need not come to, with the reason.
NOT_DEMANDED = {
    "run: ended waiting for the vote of a removed member": "of some thousand seeds it is one",
    "work: slow watches that a compaction passed by":
        "what it has not read must be compacted while it does not read, so it is one of some hundred",
}
# And what it must come to so often: there must be something to compare.
LEAST = {
    "work: writes acknowledged": 100 * SMOKE_SEEDS,
    "work: reads answered": 20 * SMOKE_SEEDS,
    "work: events of watches": 250 * SMOKE_SEEDS,
    "work: requests of users served": 2 * SMOKE_SEEDS,
    "work: requests of users denied": 4 * SMOKE_SEEDS,
    "work: answers of the v2 API": 50 * SMOKE_SEEDS,
    "library: guarded writes": 3 * SMOKE_SEEDS,
    "members: crashes": 20 * SMOKE_SEEDS,
    "operators: stops": SMOKE_SEEDS,
    "calls: given up": 50 * SMOKE_SEEDS,
    "calls: lost": 50 * SMOKE_SEEDS,
}


def smoke(root: Path, build: Callable[..., None]) -> Counts:
    build("dev", "etcd-sim", "etcd-sim-planted")
    programs = root / "build/dev/bin"
    counts = seeds(programs / "etcd-sim", 1, SMOKE_SEEDS, demanded=True)
    counts += scenarios(programs / "etcd-sim", root / "src/sim/scenarios")
    counts += find(programs / "etcd-sim-planted")
    counts += shrinks(programs / "etcd-sim-planted")
    return counts


def long(root: Path, build: Callable[..., None]) -> Counts:
    build("release", "etcd-sim")
    return fresh_seeds(root / "build/release/bin/etcd-sim")


def fresh_seeds(program: Path) -> Counts:
    """Seeds that nobody has drawn before."""
    first = random.randrange(10**9)  # short enough to be typed again
    print(f"seeds from {first} on", flush=True)  # whoever ends it halfway knows where it began
    return seeds(program, first, LONG_SEEDS, is_long=True)


def seeds(program: Path, first: int, count: int, demanded: bool = False,
          is_long: bool = False) -> Counts:
    """Runs them, until one fails, which is shrunk then. If `demanded`, all that can happen must."""
    options = ("--long",) if is_long else ()
    began = time.monotonic()
    runs = sim_runs.add_up(program, first, count, *options)
    if runs.failure:
        print(runs.failure, flush=True)
        if (seed := runs.failed_seed) is not None:
            print(Simulated(program, plan_options=options).shrink_seed(seed), flush=True)
        return Counts(failures=[f"sim: {runs.failure.splitlines()[0]}"])
    print(sim_runs.report(runs, time.monotonic() - began), flush=True)
    counts = Counts(passed=runs.happened["run: seeds"])
    if demanded:
        counts.failures += [f"sim: never happened: {name}" for name in runs.never()
                            if name not in NOT_DEMANDED]
        counts.failures += [f"sim: happened {runs.happened[name]} times, not {least}: {name}"
                            for name, least in LEAST.items() if runs.happened[name] < least]
    return counts


def scenarios(program: Path, folder: Path) -> Counts:
    """Each scenario, with some seeds."""
    cases = [(path, seed) for path in sorted(folder.glob("*.scenario")) for seed in SCENARIO_SEEDS]
    with ThreadPoolExecutor(sim_runs.cores()) as pool:
        runs = pool.map(lambda case: sim_runs.run(program, "scenario", str(case[0]), str(case[1])), cases)
        failed = [(path.name, seed, of.failure) for (path, seed), of in zip(cases, runs) if of.failure]
    for name, seed, failure in failed:
        print(f"{name} with seed {seed}: {failure}", flush=True)
    return Counts(passed=len(cases) - len(failed),
                  failures=[f"sim: scenario {name} with seed {seed}" for name, seed, _ in failed])


def shrinks(planted: Path) -> Counts:
    """A seed that a planted bug fails is made smaller, and what is left fails, too."""
    simulated = Simulated(planted, "--plant", "1")
    seed = sim_runs.run(planted, "seeds", "1", str(PLANTED_SEEDS), "--plant", "1").failed_seed
    if seed is None:
        return Counts(failures=["sim: nothing to shrink"])
    whole = simulated.plan_of(seed)
    case = shrink(Case(whole, seed), simulated, seconds=SHRINK_SECONDS)
    print(f"planted bug 1: of {len(whole)} settings {len(case.settings)} are enough", flush=True)
    if len(case.settings) > len(whole) // 2 or simulated(case.settings, case.seed) is None:
        return Counts(failures=[f"sim: seed {seed} of planted bug 1 was not made smaller"])
    return Counts(passed=1)


def find(planted: Path, drawn: int | None = None, seed: int | None = None) -> Counts:
    """Whether each planted bug is found, or each of so many that the seed draws."""
    bugs = range(1, 1 + int(subprocess.run([planted, "bugs"], check=True,
                                           stdout=subprocess.PIPE).stdout))
    if drawn is not None:
        bugs = sorted(random.Random(seed).sample(bugs, min(drawn, len(bugs))))
    counts = Counts()
    with ThreadPoolExecutor(sim_runs.cores()) as pool:
        for bug, found in zip(bugs, pool.map(lambda bug: _finds(planted, bug), bugs)):
            print(f"planted bug {bug}: {found or 'NOT FOUND'}", flush=True)
            if found:
                counts.passed += 1
            else:
                counts.failures.append(f"sim: planted bug {bug} was not found")
    return counts


def _finds(planted: Path, bug: int) -> str:
    """What the simulator said of the bug; empty if it noticed nothing. An abort by one of the
    core's own checks counts: it too names the seed."""
    runs = sim_runs.run(planted, "seeds", "1", str(PLANTED_SEEDS), "--plant", str(bug))
    if runs.failure and runs.failed_seed is None:
        print(f"planted bug {bug}: named no seed: {runs.failure}")
    return runs.failure if runs.failed_seed is not None else ""
