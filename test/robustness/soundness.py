"""What must hold in a cluster under faults, whatever its clients were told. The judges keep what
they have heard, in bounded memory, and answer what is wrong, as text."""

import bisect
import threading
from dataclasses import dataclass

# Of the counts under a lock, the newest are kept.
COUNTS_KEPT = 1000


class Counter:
    """A key to which one client writes 0, 1, 2, ..., each only over a lower number. It goes on with
    the next one, answered or not."""

    def __init__(self) -> None:
        self.attempted = -1
        self.acknowledged = -1
        self.acknowledgements = 0
        self._lock = threading.Lock()

    def attempt(self) -> int:
        """The number to be written."""
        with self._lock:
            self.attempted += 1
            return self.attempted

    def acknowledge(self, number: int) -> None:
        with self._lock:
            self.acknowledged = number
            self.acknowledgements += 1

    def before(self) -> tuple[int, int]:
        """To be asked for before the key is read, for `wrong`."""
        with self._lock:
            return self.acknowledged, self.acknowledgements

    def wrong(self, before: tuple[int, int], number: int, version: int) -> list[str]:
        """What the key had; -1 and 0 if it was not there."""
        acknowledged, acknowledgements = before
        with self._lock:
            attempted = self.attempted
        found = []
        if number < acknowledged:
            found.append(f"an acknowledged write is lost: {acknowledged} was, {number} is there")
        if version < acknowledgements:
            found.append(
                f"acknowledged writes are lost: of {acknowledgements}, {version} are there")
        if number > attempted:
            found.append(f"{number} was never written, the last one is {attempted}")
        if version > attempted + 1:
            found.append(f"{version} writes are there, {attempted + 1} were asked for")
        return found


class LockOrder:
    """Who holds the lock reads the count and writes the next one, in a transaction that only a
    holder can make. Two at a time would write the same count; tokens grow from holder to holder."""

    def __init__(self) -> None:
        self.counted = 0
        self._newest: list[tuple[int, int, int]] = []  # count, token, client; in order
        self._wrong: list[str] = []
        self._lock = threading.Lock()

    def add(self, count: int, token: int, client: int) -> None:
        """As it is told, which may be after later counts of others."""
        with self._lock:
            self.counted += 1
            place = bisect.bisect(self._newest, (count, token, client))
            self._newest.insert(place, (count, token, client))
            near = self._newest[max(0, place - 1):place + 2]
            for before, after in zip(near, near[1:]):
                self._compare(before, after)
            del self._newest[:-COUNTS_KEPT]

    def take_wrong(self) -> list[str]:
        """What was found since it was asked for."""
        with self._lock:
            wrong, self._wrong = self._wrong, []
            return wrong

    def _compare(self, before: tuple[int, int, int], after: tuple[int, int, int]) -> None:
        story = f"{before[0]} with token {before[1]} by client {before[2]}, " \
                f"{after[0]} with token {after[1]} by client {after[2]}"
        if before[0] == after[0]:
            self._note(f"two held the lock at a time: {story}")
        # Who could not tell that he lets go has the lock with the same token again.
        elif before[1] > after[1] or (before[1] == after[1] and before[2] != after[2]):
            self._note(f"a holder came before one whose token is older: {story}")

    def _note(self, what: str) -> None:
        if len(self._wrong) < COUNTS_KEPT:
            self._wrong.append(what)


@dataclass(eq=False)
class Lease:
    """That a client has granted, with a key; moments are those of a monotonic clock."""

    identifier: int
    key: bytes
    ttl_seconds: float
    called: float  # when the last grant or renewal was that was acknowledged
    touched: float  # when the last one ended, acknowledged or not

    def wrong(self, is_there: bool, asked: float, answered: float, healthy_since: float,
              grace_seconds: float) -> list[str]:
        """Of its key, which was looked for between these two moments. Whoever leads anew gives a
        lease all of its time again, so that it may live so long once the cluster is well."""
        if not is_there and answered < self.called + self.ttl_seconds:
            return [f"lease {self.identifier:x} ran out after {answered - self.called:.2f} s of "
                    f"{self.ttl_seconds:.0f}"]
        last = max(self.touched, healthy_since) + self.ttl_seconds + grace_seconds
        if is_there and asked > last:
            return [f"lease {self.identifier:x} of {self.ttl_seconds:.0f} s is there "
                    f"{asked - self.touched:.2f} s after the last renewal"]
        return []


def unequal(hashes: dict[str, tuple[int, int, int]]) -> list[str]:
    """Of one revision, by member: hash, revision, up to which one was compacted."""
    if len(set(hashes.values())) <= 1:
        return []
    return ["members differ: " + "; ".join(
        f"{name} has {value:08x} at {revision}, compacted at {compacted}"
        for name, (value, revision, compacted) in hashes.items())]


def stuck(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """Revisions by member, before a write at each and after them."""
    return [f"{name} stands at revision {before[name]}" for name in before
            if after.get(name, 0) <= before[name]]
