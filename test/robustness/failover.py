#!/usr/bin/python3
"""How long nobody can write after the leader was killed, and after it was stopped.

  failover.py TIMES ETCD [OTHER]    the programs; of the second one a cluster stands beside that of
                                    the first, and leaders are lost here and there in turn

All members stay as etcd has them: a heartbeat of 100 ms, an election timeout of 1,000.
"""

import signal
import statistics
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import e2e_path  # noqa: F401
from cluster import Cluster, wait_until_ready
from member import Member
from protocol import KV, rpc
from recorder import connect

ELECTION_SECONDS = 1.0
MEMBERS = 3
# Between two puts to a member. Each is sent whether or not those before it were answered.
PUT_EVERY_SECONDS = 0.005
# What is sent to nobody waits in the member for so long, and no longer.
PUT_TIMEOUT_SECONDS = 1
BEFORE_SECONDS = 0.3
AFTER_SECONDS = 0.3
RESUME_TIMEOUT_SECONDS = 30
KILL, STOP = "killed", "stopped"
# The flag without which a thousand lines of log are written.
FLAGS = ("--log-level", "error")


class Writer:
    """Puts to some members at a steady pace, in a `with` block, and when they were answered."""

    def __init__(self, members: list[Member]) -> None:
        self.answered: deque[float] = deque()  # moments; other threads add to it
        self._clients = [connect(member.address) for member in members]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ending.set()
        self._thread.join()
        for client in self._clients:
            client.close()

    def wait_for_answer_after(self, moment: float) -> None:
        end = time.monotonic() + RESUME_TIMEOUT_SECONDS
        while not self.answered or self.answered[-1] <= moment:
            if time.monotonic() > end:
                raise AssertionError("nobody can write")
            time.sleep(0.01)

    def _run(self) -> None:
        request = rpc.PutRequest(key=b"key", value=b"value").SerializeToString()
        while not self._ending.wait(PUT_EVERY_SECONDS):
            for client in self._clients:
                client.start(KV, "Put", request, PUT_TIMEOUT_SECONDS).add_done_callback(self._done)

    def _done(self, call) -> None:
        if call.exception() is None:
            self.answered.append(time.monotonic())


@dataclass
class Outage:
    """Seconds without an answered put, of each time that a leader was lost; by how."""

    program: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: {KILL: [], STOP: []})

    def median(self, how: str) -> float:
        return statistics.median(self.seconds[how])

    def within(self, how: str, seconds: float) -> int:
        return sum(one <= seconds for one in self.seconds[how])

    def report(self) -> str:
        lines = [self.program]
        for how, seconds in self.seconds.items():
            lines.append(
                f"  leader {how} {len(seconds)} times; without a write: median "
                f"{self.median(how):.3f} s, longest {max(seconds):.3f} s, within two election "
                f"timeouts and 0.3 s {self.within(how, 2 * ELECTION_SECONDS + 0.3)}, within four "
                f"{self.within(how, 4 * ELECTION_SECONDS)}, within 50 ms {self.within(how, 0.05)}")
        return "\n".join(lines)


def measure(times: int, *programs: str) -> list[Outage]:
    """Of each program. Raises AssertionError if writes do not go on."""
    clusters, outages = [], [Outage(str(program)) for program in programs]
    try:
        for program in programs:
            # One after the other: ports of the next are drawn when those before are in use.
            clusters.append(Cluster(*[program] * MEMBERS, flags=FLAGS))
            clusters[-1].start()
        for _ in range(times):
            for how in (KILL, STOP):
                for cluster, outage in zip(clusters, outages):
                    outage.seconds[how].append(_lose_leader(cluster, how))
    finally:
        for cluster in clusters:
            cluster.__exit__()
    return outages


def _lose_leader(cluster: Cluster, how: str) -> float:
    leader = cluster.leader()
    with Writer([member for member in cluster if member is not leader]) as writer:
        writer.wait_for_answer_after(0)
        time.sleep(BEFORE_SECONDS)
        begin = time.monotonic()
        leader.process.send_signal(signal.SIGKILL if how == KILL else signal.SIGTERM)
        leader.process.wait(timeout=RESUME_TIMEOUT_SECONDS)
        leader.process = None
        writer.wait_for_answer_after(max(begin + AFTER_SECONDS, time.monotonic()))
        time.sleep(AFTER_SECONDS)
        end = time.monotonic()
    leader.launch()
    wait_until_ready(leader)
    moments = [begin, *sorted(one for one in writer.answered if begin < one < end), end]
    return max(after - before for before, after in zip(moments, moments[1:]))


def main() -> int:
    times, *programs = sys.argv[1:]
    for outage in measure(int(times), *programs):
        print(outage.report())
    return 0


if __name__ == "__main__":
    sys.exit(main())
