"""The commands of scripts/sim."""

import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from . import sim
from .counts import Counts
from .sim_shrink import Simulated

USAGE = """usage: scripts/sim [COMMAND]
  smoke                    the first 300 seeds, in which everything that can happen must; the default
  long [FIRST COUNT]       1,000 seeds that nobody has drawn before, four times as long; it says
                           from which on
  seed SEED                one seed
  seeds FIRST COUNT        COUNT seeds from FIRST on, until one fails
  mutants [COUNT [SEED]]   plants each deliberate bug, or COUNT that are drawn: each must be found
  shrink SEED [BUG]        makes a seed that fails smaller, perhaps with a deliberate bug
  plan SEED                prints what a seed draws, as a scenario
  scenario FILE [SEED]     runs a scenario; with --plant BUG, with that deliberate bug
All cores work. A seed that fails is made smaller, and printed with the command that replays it."""

# By name: with how many numbers behind it; of a scenario, behind its file.
NUMBERS = {"smoke": (0, 0), "long": (0, 2), "seed": (1, 1), "seeds": (2, 2), "mutants": (0, 2),
           "shrink": (1, 2), "plan": (1, 1), "scenario": (0, 1)}


@dataclass
class Order:
    """What was asked for."""
    command: str
    numbers: list[int] = field(default_factory=list)
    file: str = ""
    bug: str = ""  # to plant

    @property
    def program(self) -> str:
        planted = self.bug or self.command == "mutants" or (
            self.command == "shrink" and len(self.numbers) > 1)
        return "etcd-sim-planted" if planted else "etcd-sim"


def parse(words: list[str]) -> Order | None:
    """None if that is no order."""
    command, *rest = words or ["smoke"]
    order = Order(command)
    if command == "scenario":
        if len(rest) > 2 and rest[-2] == "--plant":
            *rest, _, order.bug = rest
            if not order.bug.isdecimal():
                return None
        if not rest:
            return None
        order.file, *rest = rest
    least, most = NUMBERS.get(command, (1, 0))
    if not least <= len(rest) <= most or not all(word.isdecimal() for word in rest):
        return None
    if command == "long" and len(rest) == 1:
        return None
    order.numbers = [int(word) for word in rest]
    return order


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
            return (sim.seeds(program, *numbers, is_long=True) if numbers else
                    sim.fresh_seeds(program))
        case "seed":
            return sim.seeds(program, numbers[0], 1)
        case "seeds":
            return sim.seeds(program, *numbers)
        case "mutants":
            return mutants(binaries / "etcd-sim-planted", *numbers)
        case _:
            return shrink(binaries, *numbers)


def build(root: Path, program: str) -> None:
    # What is told of the build, and what it might read, is not the simulator's.
    told = subprocess.run([root / "scripts/build", "release", program], check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
    print(told.strip().splitlines()[-1], file=sys.stderr)


def main() -> int:
    root = Path(sys.argv[1])
    words = sys.argv[2:]
    if words == ["--help"]:
        print(USAGE)
        return 0
    order = parse(words)
    if order is None:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        build(root, order.program)
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    binaries = root / "build/release/bin"
    if order.command in ("plan", "scenario"):
        words = [order.command, order.file, *map(str, order.numbers)]
        plant = ["--plant", order.bug] if order.bug else []
        os.execv(binaries / order.program, [order.program, *filter(None, words), *plant])
    counts = run(binaries, order.command, order.numbers)
    for failure in counts.failures:
        print(f"FAILED: {failure}")
    print(counts)
    return 1 if counts.failures else 0


if __name__ == "__main__":
    sys.exit(main())
