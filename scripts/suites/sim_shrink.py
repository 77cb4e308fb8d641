"""A plan that fails, made smaller: fewer faults, less work, fewer members, a shorter run."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .sim_runs import cores, run

# Another order of the same happenings may be what fails when one of them is left out.
SEEDS_TRIED = 6
SECONDS_MAX = 120.0
# The numbers that matter for how much there is to look at, and the least that they may be.
SHORTENED = {"cluster members": 3, "clients count": 1, "work batch": 1}
HALVED = ("cluster turmoil",)
MILLISECONDS_MIN = 250

Settings = dict[str, str]  # by group and name, as "faults kill"


def parse(scenario: str) -> Settings:
    settings: Settings = {}
    for line in scenario.splitlines():
        group, *words = line.partition("#")[0].split() or [""]
        for word in words:
            name, _, value = word.partition("=")
            settings[f"{group} {name}"] = value
    return settings


def text(settings: Settings) -> str:
    lines: dict[str, str] = {}
    for key, value in settings.items():
        group, name = key.split()
        lines[group] = f"{lines.get(group, group)} {name}={value}"
    return "".join(f"{line}\n" for line in lines.values())


@dataclass(frozen=True)
class Case:
    """Settings and a seed with which they fail."""
    settings: Settings
    seed: int


# The seed with which the settings fail, of the given one and some others; None if they do not.
Fails = Callable[[Settings, int], int | None]


def without(settings: Settings, keys: list[str]) -> Settings:
    return {key: value for key, value in settings.items() if key not in keys}


def _removed(settings: Settings) -> Iterator[Settings]:
    """Without a half of all, then a quarter, down to each one."""
    keys = [key for key in settings if key not in HALVED]
    size = (len(keys) + 1) // 2
    while size >= 1:
        for begin in range(0, len(keys), size):
            yield without(settings, keys[begin:begin + size])
        size //= 2


def milliseconds(value: str) -> int:
    """Of a duration in seconds or milliseconds, as run lengths are."""
    if value.endswith("ms"):
        return int(float(value[:-2]))
    minutes, _, seconds = value.rpartition("m")
    return int((60 * int(minutes or 0) + float(seconds.rstrip("s") or 0)) * 1000)


def _lessened(settings: Settings) -> Iterator[Settings]:
    for key in HALVED:
        half = milliseconds(settings.get(key, "20s")) // 2
        if half >= MILLISECONDS_MIN:
            yield settings | {key: f"{half}ms"}
    for key, least in SHORTENED.items():
        if int(settings.get(key, least)) > least:
            yield settings | {key: str(least)}


def shrink(case: Case, fails: Fails, seconds: float = SECONDS_MAX) -> Case:
    """The smallest that was found in that time: nothing of it can be left out, if there was enough."""
    deadline = time.monotonic() + seconds
    smaller = True
    while smaller:
        smaller = False
        for candidates in (_lessened, _removed):
            tried = candidates(case.settings)
            while (settings := next(tried, None)) is not None:
                if time.monotonic() > deadline:
                    return case
                if settings == case.settings or (seed := fails(settings, case.seed)) is None:
                    continue
                case, smaller, tried = Case(settings, seed), True, candidates(settings)
    return case


class Simulated:
    """`Fails` of a simulator, perhaps with a planted bug, or with other plans than seeds draw."""

    def __init__(self, program: Path, *plant: str, plan_options: tuple[str, ...] = ()) -> None:
        self._program = program
        self._plant = plant
        self._plan_options = plan_options

    def __call__(self, settings: Settings, seed: int) -> int | None:
        scenario = text(settings)
        if run(self._program, "check", "-", stdin=scenario).failure:
            return None  # what is left does not fit together
        seeds = [seed, *(other for other in range(1, SEEDS_TRIED) if other != seed)]
        with ThreadPoolExecutor(cores()) as pool:
            runs = pool.map(lambda each: run(self._program, "scenario", "-", str(each),
                                             *self._plant, stdin=scenario), seeds)
            return next((each for each, of in zip(seeds, runs) if of.failed_seed == each), None)

    def plan_of(self, seed: int) -> Settings:
        words = ["plan", str(seed), *self._plan_options]
        return parse(subprocess.run([self._program, *words], check=True, text=True,
                                    stdout=subprocess.PIPE).stdout)

    def shrink_seed(self, seed: int, seconds: float = SECONDS_MAX) -> str:
        """The command that shows the failure of a seed, by as little as was found."""
        whole = self.plan_of(seed)
        case = shrink(Case(whole, seed), self, seconds)
        words = " ".join(["scripts/sim", "scenario", "-", str(case.seed), *self._plant])
        return (f"of {len(whole)} settings {len(case.settings)} are enough, replayed by\n"
                f"{words} <<'END'\n{text(case.settings)}END")
