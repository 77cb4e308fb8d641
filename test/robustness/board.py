"""What the tester has seen so far, as its dashboard shows it, in bounded memory. Any thread may use
it."""

import statistics
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field

from series import Series

ROUNDS_KEPT = 200
# Of each kind of failure, how long it took until there was progress.
TIMES_KEPT = 200
COMPLAINTS_KEPT = 20
COMPLAINT_CHARACTERS_MAX = 500


@dataclass
class Round:
    number: int
    seed: int
    failure: str
    phase: str = "begins"
    began: float = field(default_factory=time.time)  # since 1970
    seconds: float = 0
    # From the end of the failure until every member had written.
    progress_seconds: float | None = None
    revision: int = 0  # at which members were compared
    hashes: dict[str, str] = field(default_factory=dict)  # then, by member
    defragmented: bool = False
    passed: bool | None = None  # while it goes on
    wrong: list[str] = field(default_factory=list)
    replay: str = ""  # the command that does it again


@dataclass
class Kind:
    passed: int = 0
    failed: int = 0
    progress_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=TIMES_KEPT))

    def told(self, name: str) -> dict:
        times = self.progress_seconds
        return {"failure": name, "passed": self.passed, "failed": self.failed,
                "progress_seconds_median": statistics.median(times) if times else None,
                "progress_seconds_longest": max(times, default=None)}


class Board:
    def __init__(self, seed: int, members: int) -> None:
        self.series = Series()
        self.passed = self.failed = 0
        self._fixed = {"seed": seed, "members": members, "began": time.time()}
        self._lock = threading.Lock()
        self._ended = False
        self._current: Round | None = None
        self._rounds: deque[Round] = deque(maxlen=ROUNDS_KEPT)
        self._kinds: dict[str, Kind] = {}
        self._members: list[dict] = []
        self._counts: dict[str, int] = {}

    def begin(self, begun: Round) -> None:
        with self._lock:
            self._current = begun

    @property
    def current(self) -> Round:
        """The round that goes on; its fields may be set by who runs it."""
        return self._current

    def phase(self, name: str) -> None:
        with self._lock:
            self._current.phase = name

    def end(self, wrong: list[str]) -> Round:
        """The current round."""
        with self._lock:
            ended, self._current = self._current, None
            ended.seconds = time.time() - ended.began
            ended.passed = not wrong
            ended.wrong = [what[:COMPLAINT_CHARACTERS_MAX] for what in wrong[:COMPLAINTS_KEPT]]
            ended.phase = "passed" if ended.passed else "failed"
            self._rounds.append(ended)
            kind = self._kinds.setdefault(ended.failure, Kind())
            kind.passed += ended.passed
            kind.failed += not ended.passed
            self.passed += ended.passed
            self.failed += not ended.passed
            if ended.progress_seconds is not None:
                kind.progress_seconds.append(ended.progress_seconds)
        return ended

    def finish(self) -> None:
        with self._lock:
            self._ended, self._current = True, None

    def set_members(self, members: list[dict]) -> None:
        with self._lock:
            self._members = members

    def set_counts(self, counts: dict[str, int]) -> None:
        """Of what clients have done, by its name."""
        with self._lock:
            self._counts = counts

    def data(self) -> dict:
        """As the page /data has it; docs/testing.md says what the fields are."""
        points = self.series.points()
        with self._lock:
            return {**self._fixed, "now": time.time(), "ended": self._ended,
                    "passed": self.passed, "failed": self.failed,
                    "current": asdict(self._current) if self._current else None,
                    "rounds": [asdict(one) for one in self._rounds],
                    "failures": [kind.told(name) for name, kind in sorted(self._kinds.items())],
                    "load": {"seconds_per_point": self.series.seconds, "points": points},
                    "cluster": self._members, "counts": self._counts}
