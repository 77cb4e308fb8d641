"""Latencies over time, in as little memory for a week as for a minute."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

POINTS_MAX = 360
# Buckets of latencies: each is larger than the one before by this factor, the first one ends here.
FACTOR = 1.1
FIRST_SECONDS = 0.0001


def bucket(seconds: float) -> int:
    number, end = 0, FIRST_SECONDS
    while seconds > end:
        number, end = number + 1, end * FACTOR
    return number


@dataclass
class Point:
    """What was answered in some time, and what was not."""

    begin: float  # since 1970
    failed: int = 0
    latencies: Counter[int] = field(default_factory=Counter)  # by bucket

    @property
    def answered(self) -> int:
        return self.latencies.total()

    def quantile(self, share: float) -> float | None:
        """In seconds, a tenth too much at most; none if nothing was answered."""
        left = share * self.answered
        for number in sorted(self.latencies):
            left -= self.latencies[number]
            if left <= 0:
                return FIRST_SECONDS * FACTOR**number
        return None

    def add(self, other: "Point") -> None:
        self.failed += other.failed
        self.latencies.update(other.latencies)


class Series:
    """Points that cover all of the time, of one length, which doubles when they are too many. Any
    thread may use it."""

    def __init__(self, seconds: float = 1, now=time.time) -> None:
        self.seconds = seconds  # of a point
        self._now = now
        self._lock = threading.Lock()
        self._points = [Point(now())]

    def answered(self, seconds: float) -> None:
        number = bucket(seconds)
        with self._lock:
            self._current().latencies[number] += 1

    def failed(self) -> None:
        with self._lock:
            self._current().failed += 1

    def points(self) -> list[dict]:
        """Those that are over, oldest first; figures of a second."""
        with self._lock:
            self._current()
            return [{"at": round(point.begin, 3),
                     "answered_per_second": round(point.answered / self.seconds, 3),
                     "failed_per_second": round(point.failed / self.seconds, 3),
                     "p50_ms": _milliseconds(point.quantile(0.5)),
                     "p99_ms": _milliseconds(point.quantile(0.99))}
                    for point in self._points[:-1]]

    def _current(self) -> Point:
        now = self._now()
        while now >= self._points[-1].begin + self.seconds:
            if len(self._points) >= POINTS_MAX:
                self._halve()
            else:
                self._points.append(Point(self._points[-1].begin + self.seconds))
        return self._points[-1]

    def _halve(self) -> None:
        self.seconds *= 2
        for first, second in zip(self._points[::2], self._points[1::2]):
            first.add(second)
        self._points = self._points[::2]


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
