"""A matching in a bipartite graph: each of the left gets one of the right, nobody's twice."""

from collections.abc import Hashable, Mapping, Sequence


def match(candidates: Mapping[Hashable, Sequence[Hashable]]) -> dict:
    """As many of the keys as possible, each with one of its candidates."""
    taken: dict = {}  # by candidate
    for start in candidates:
        _find(start, candidates, taken)
    return {key: candidate for candidate, key in taken.items()}


def _find(start: Hashable, candidates: Mapping[Hashable, Sequence[Hashable]], taken: dict) -> None:
    """Looks for a path of candidates from `start` to one that is free, breadth first, and shifts
    all along it by one."""
    came_from: dict = {}  # candidate -> key that would take it
    keys = [start]
    for key in keys:
        for candidate in candidates[key]:
            if candidate in came_from:
                continue
            came_from[candidate] = key
            if candidate in taken:
                keys.append(taken[candidate])
                continue
            given = {key: candidate for candidate, key in taken.items()}
            while True:
                key = came_from[candidate]
                taken[candidate], candidate = key, given.get(key)
                if key == start:
                    return
