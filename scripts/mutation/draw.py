"""Which changes are made, from a seed."""

import random

from .mutants import Mutant, mutants


def draw(files: dict[str, str], seed: int) -> list[Mutant]:
    """All changes of the files, by path, in the order in which they are made. Every line has its
    turn before one has a second: a line of many operators counts no more than others."""
    chance = random.Random(seed)
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for path in sorted(files):
        for mutant in mutants(path, files[path]):
            by_line.setdefault((mutant.path, mutant.line), []).append(mutant)
    drawn: list[Mutant] = []
    lines = list(by_line.values())
    for candidates in lines:
        chance.shuffle(candidates)
    while lines:
        chance.shuffle(lines)
        drawn += [candidates.pop() for candidates in lines]
        lines = [candidates for candidates in lines if candidates]
    return drawn
