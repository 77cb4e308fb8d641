"""A system for one member whose disk is slow or stands still and whose clock jumps. It is
faulty_system.cc, preloaded, so it has no hold on a program that writes without the C library, as
one in Go does."""

import contextlib
import email.utils
import functools
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import e2e_path  # noqa: F401
from member import Member

SOURCE = Path(__file__).resolve().parent / "faulty_system.cc"
COMPILE_TIMEOUT_SECONDS = 120
FOLDER_BYTES = 256
# What both sides have in memory: `Faults` in faulty_system.cc.
_LAYOUT = ["calls", "stands_still", "sync_takes", "clock_is_ahead", "held"]
_BYTES = 8 * len(_LAYOUT) + FOLDER_BYTES


# Whether a run goes on without them.
NEEDED, WANTED = "needed", "wanted"


class CannotPreload(Exception):
    """With the reason."""


class FaultySystem:
    """Made before the member runs; it has no faults until it is told to. May raise
    CannotPreload."""

    def __init__(self, member: Member) -> None:
        self.member = member
        path = member.folder / "faults"
        path.write_bytes(bytes(_BYTES))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _BYTES)
        member.prefix = ["env", f"FAULTY_SYSTEM={path}", f"LD_PRELOAD={_library()}"]

    @property
    def has_a_hold(self) -> bool:
        """On the member, once that has written something."""
        return self._get("calls") > 0

    @property
    def held(self) -> int:
        """How many calls the disk has held up."""
        return self._get("held")

    @property
    def stands_still(self) -> bool:
        return self._get("stands_still") != 0

    @contextlib.contextmanager
    def still_disk(self, log_alone: bool = True) -> Iterator[None]:
        """Of the log, or of all the member's data."""
        self._choose(log_alone)
        self._set("stands_still", 1)
        try:
            yield
        finally:
            self._set("stands_still", 0)

    @contextlib.contextmanager
    def slow_disk(self, sync_seconds: float, log_alone: bool = True) -> Iterator[None]:
        self._choose(log_alone)
        self._set("sync_takes", int(sync_seconds * 1e9))
        try:
            yield
        finally:
            self._set("sync_takes", 0)

    def heal(self) -> None:
        """The disk is well again. The clock stays as it is."""
        self._set("stands_still", 0)
        self._set("sync_takes", 0)

    def set_clock(self, ahead_seconds: int) -> None:
        """How far it is ahead of that of other members, or behind."""
        self._set("clock_is_ahead", ahead_seconds * 10**9)

    def seconds_ahead(self) -> float:
        """As the member says itself."""
        with urllib.request.urlopen(self.member.url + "/version", timeout=2) as answer:
            said = email.utils.parsedate_to_datetime(answer.headers["Date"])
        return said.timestamp() - time.time()

    def _choose(self, log_alone: bool) -> None:
        folder = self.member.folder / "data"
        if log_alone:
            folder /= "member/wal"
        self._memory[8 * len(_LAYOUT):] = os.fsencode(folder).ljust(FOLDER_BYTES, b"\0")

    def _get(self, field: str) -> int:
        return struct.unpack_from("<q", self._memory, 8 * _LAYOUT.index(field))[0]

    def _set(self, field: str, value: int) -> None:
        struct.pack_into("<q", self._memory, 8 * _LAYOUT.index(field), value)


@functools.cache
def _library() -> Path:
    """Compiled; it is there until the process ends. Raises CannotPreload."""
    if shutil.which("g++") is None:
        raise CannotPreload("there is no g++")
    folder = tempfile.TemporaryDirectory(prefix="faulty-system-")
    _kept.append(folder)
    library = Path(folder.name) / "faulty_system.so"
    done = subprocess.run(["g++", "-std=c++20", "-O1", "-shared", "-fPIC", "-o", library, SOURCE],
                          stderr=subprocess.PIPE, text=True, timeout=COMPILE_TIMEOUT_SECONDS)
    if done.returncode != 0:
        raise CannotPreload(f"{SOURCE.name} does not compile here:\n{done.stderr}")
    return library


_kept: list[tempfile.TemporaryDirectory] = []  # until the process ends
