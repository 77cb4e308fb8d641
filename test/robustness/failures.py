"""Requests that were not answered, and what excuses that."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from history import Operation

# What a client may be told that another leader, or none, is the reason.
WORDS = ("etcdserver: leader changed", "etcdserver: no leader", "etcdserver: request timed out",
         "Deadline Exceeded", "context deadline exceeded")


@dataclass
class Excuse:
    """For requests that were under way between two moments, in nanoseconds."""

    begin: int
    end: int
    at: str = ""  # the member that was asked; any

    def holds(self, operation: Operation) -> bool:
        return (operation.returned >= self.begin and operation.call <= self.end
                and self.at in ("", operation.at))


class Excuses:
    def __init__(self) -> None:
        self._excuses: list[Excuse] = []

    def for_all(self, seconds: float) -> None:
        """From now on, for so long: what fails then must fail in the words above."""
        now = time.monotonic_ns()
        self._excuses.append(Excuse(now, now + int(seconds * 1e9)))

    @contextlib.contextmanager
    def away(self, name: str, seconds_after: float) -> Iterator[None]:
        """A member does not run, and clients come back to it within some time after that."""
        begin = time.monotonic_ns()
        yield
        self._excuses.append(Excuse(begin, time.monotonic_ns() + int(seconds_after * 1e9), name))

    def missing(self, history: list[Operation]) -> list[str]:
        """Whose failure has no excuse, as text."""
        return [f"no excuse: {operation.line()}" for operation in history
                if operation.reply is None and not self._excused(operation)]

    def _excused(self, operation: Operation) -> bool:
        return any(excuse.holds(operation) and
                   (excuse.at or operation.error.startswith(WORDS)) for excuse in self._excuses)
