"""A cluster of several members, each a process of its own."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Iterator

from member import Member, free_ports

READY_TIMEOUT_SECONDS = 30


class Cluster:
    """Founded by the first start; members may be of different programs."""

    def __init__(self, *programs: Path | str, flags: tuple[str, ...] = ()) -> None:
        ports = free_ports(2 * len(programs))
        self.members = [Member(program, *flags, name=f"m{number}",
                               ports=(ports[2 * number], ports[2 * number + 1]))
                        for number, program in enumerate(programs)]
        initial = ",".join(f"{member.name}={member.peer_url}" for member in self.members)
        for member in self.members:
            member.initial_cluster = initial

    def __enter__(self) -> "Cluster":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        # All at once: one that is left alone cannot hand its part over.
        for member in self:
            if member.process is not None:
                member.process.terminate()
        with contextlib.ExitStack() as ending:  # each of them, though one may not stop well
            for member in self:
                ending.push(member.__exit__)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def __getitem__(self, number: int) -> Member:
        return self.members[number]

    def start(self) -> None:
        """Returns when all of them answer."""
        for member in self:
            member.launch()
        for member in self:
            wait_until_ready(member)

    @property
    def endpoints(self) -> str:
        return ",".join(member.address for member in self if member.process is not None)

    def leader(self) -> Member:
        """The one that is it now; there must be one soon."""
        end = time.monotonic() + READY_TIMEOUT_SECONDS
        while time.monotonic() < end:
            for member in self:
                if member.process is not None and is_leader(member):
                    return member
            time.sleep(0.02)
        raise RuntimeError("there is no leader")

    def follower(self) -> Member:
        leader = self.leader()
        return next(member for member in self
                    if member is not leader and member.process is not None)


def wait_until_ready(member: Member) -> None:
    end = time.monotonic() + READY_TIMEOUT_SECONDS
    while not member.is_healthy():
        if member.process.poll() is not None:
            raise RuntimeError(f"{member.name} ended with {member.process.returncode}:\n"
                               f"{member.log_tail()}")
        if time.monotonic() > end:
            raise RuntimeError(f"{member.name} does not become ready:\n{member.log_tail()}")
        time.sleep(0.02)


def status(member: Member) -> dict:
    """What Maintenance.Status says."""
    request = urllib.request.Request(member.url + "/v3/maintenance/status", b"{}")
    with urllib.request.urlopen(request, timeout=2) as answer:
        return json.load(answer)


def is_leader(member: Member) -> bool:
    try:
        said = status(member)
    except (OSError, urllib.error.URLError, ValueError):
        return False
    return said["header"]["member_id"] == said.get("leader")  # left out: there is none
