"""The commands of scripts/sim."""

import os
import random
import sys
from pathlib import Path

from . import sim
from .counts import Counts
from .sim_shrink import Simulated

USAGE = """usage: scripts/sim [COMMAND]
  smoke                    the first 300 seeds, in which everything that can happen must; the default
  long                     5,000 seeds that nobody has drawn before; it says from which on
  seed SEED                one seed
  seeds FIRST COUNT        COUNT seeds from FIRST on, until one fails
  mutants [COUNT [SEED]]   plants each deliberate bug, or COUNT that are drawn: each must be found
  shrink SEED [BUG]        makes a seed that fails smaller, perhaps with a deliberate bug
  plan SEED                prints what a seed draws, as a scenario
  scenario FILE [SEED]     runs a scenario; with --plant BUG, with that deliberate bug
All cores work. A seed that fails is made smaller, and printed with the command that replays it."""

# By name: with how many numbers behind it.
NUMBERS = {"smoke": (0, 0), "long": (0, 0), "seed": (1, 1), "seeds": (2, 2), "mutants": (0, 2),
           "shrink": (1, 2)}


def mutants(planted: Path, count: int | None = None, seed: int | None = None) -> Counts:
    if count is not None:
        seed = random.randrange(2**32) if seed is None else seed
        print(f"seed {seed}")
    return sim.find(planted, count, seed)


def shrink(binaries: Path, seed: int, bug: int | None = None) -> Counts:
    simulated = (Simulated(binaries / "etcd-sim") if bug is None else
                 Simulated(binaries / "etcd-sim-planted", "--plant", str(bug)))
    if simulated(simulated.plan_of(seed), seed) is None:
        return Counts(failures=[f"seed {seed} does not fail"])
    print(simulated.shrink_seed(seed))
    return Counts(passed=1)


def run(binaries: Path, command: str, numbers: list[int]) -> Counts:
    program = binaries / "etcd-sim"
    match command:
        case "smoke":
            return sim.seeds(program, 1, sim.SMOKE_SEEDS, demanded=True)
        case "long":
            return sim.fresh_seeds(program)
        case "seed":
            return sim.seeds(program, numbers[0], 1)
        case "seeds":
            return sim.seeds(program, *numbers)
        case "mutants":
            return mutants(binaries / "etcd-sim-planted", *numbers)
        case _:
            return shrink(binaries, *numbers)


def main() -> int:
    binaries, *words = sys.argv[1:]
    command, *rest = words or ["smoke"]
    if command in ("plan", "scenario"):
        program = f"{binaries}/etcd-sim" + ("-planted" if "--plant" in rest else "")
        os.execv(program, [program, command, *rest])
    least, most = NUMBERS.get(command, (1, 0))
    if not least <= len(rest) <= most or not all(word.isdecimal() for word in rest):
        print(USAGE, file=sys.stdout if command == "--help" else sys.stderr)
        return 0 if command == "--help" else 2
    counts = run(Path(binaries), command, [int(word) for word in rest])
    for failure in counts.failures:
        print(f"FAILED: {failure}")
    print(counts)
    return 1 if counts.failures else 0


if __name__ == "__main__":
    sys.exit(main())
