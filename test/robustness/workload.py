"""What a client asks, at random. Keys are few, so that clients meet; each value is written once."""

import random

from history import FROM_KEY

# Of ten thousand.
WEIGHTS = {"put": 3500, "txn": 2500, "get": 1500, "serializable_get": 800, "range": 700,
           "range_at": 500, "delete": 400, "delete_range": 100}
# How far back reads at a revision look.
HISTORY_READ = 50


class Workload:
    """Of one client, whose name makes its values its own."""

    def __init__(self, name: str, chance: random.Random, keys: list[str],
                 sizes: list[int] | None = None, weights: dict[str, int] | None = None) -> None:
        self._name = name
        self._chance = chance
        self._keys = keys
        self._sizes = sizes or [0]  # in bytes, of values; 0: as short as possible
        self._weights = weights or WEIGHTS
        self._values = 0
        # Some that the keys may have, to compare with.
        self._seen: dict[str, list] = {}

    def draw(self, newest: int) -> dict:
        """The next request; `newest` is a revision that is there."""
        kind, = self._chance.choices(list(self._weights), self._weights.values())
        key = self._chance.choice(self._keys)
        match kind:
            case "put":
                return self._put(key)
            case "txn":
                return self._txn()
            case "get":
                return {"op": "range", "key": key}
            case "serializable_get":
                return {"op": "range", "key": key, "serializable": True}
            case "range":
                return {"op": "range", "key": FROM_KEY, "end": FROM_KEY}
            case "range_at":
                at = max(1, newest - self._chance.randrange(HISTORY_READ))
                return {"op": "range", "key": FROM_KEY, "end": FROM_KEY, "at": at}
            case "delete":
                return {"op": "delete", "key": key, "prev": self._chance.random() < 0.5}
        first, end = sorted(self._chance.choices(self._keys, k=2))
        return {"op": "delete", "key": first, "end": end, "prev": True}

    def saw(self, kvs: list[list]) -> None:
        """An answer had these, so that compares often hold."""
        for kv in kvs:
            self._seen[kv[0]] = kv

    def _value(self) -> str:
        self._values += 1
        size = self._chance.choice(self._sizes)
        return f"{self._name}.{self._values}:{size}"

    def _put(self, key: str) -> dict:
        return {"op": "put", "key": key, "value": self._value(),
                "prev": self._chance.random() < 0.5}

    def _txn(self) -> dict:
        first, second, third = self._chance.sample(self._keys, 3)
        compare = [self._compare(first)]
        if self._chance.random() < 0.3:
            compare.append(self._compare(second))
        then = [self._put(first), {"op": "range", "key": first}]
        if self._chance.random() < 0.3:
            then.append(self._put(second))
        if self._chance.random() < 0.2:
            then.append({"op": "delete", "key": third, "prev": True})
        otherwise = self._chance.choice([[{"op": "range", "key": first}], [self._put(third)],
                                         [{"op": "delete", "key": second}], []])
        return {"op": "txn", "compare": compare, "then": then, "else": otherwise}

    def _compare(self, key: str) -> list:
        _, value, create, mod, version = self._seen.get(key, [key, "none:0", 0, 0, 0])
        return self._chance.choice([
            [key, "value", self._chance.choice(["=", "=", "!="]), value],
            [key, "mod", self._chance.choice("==<>"), mod],
            [key, "create", "=", create],
            [key, "version", self._chance.choice("=>"), version]])
