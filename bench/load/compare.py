#!/usr/bin/env python3
"""Whether one build costs more of the processor than another, over the loads of the other benchmarks.

Usage: scripts/bench compare OLD NEW [--rounds N] [WORD...], or compare.py OLD NEW ...; OLD and NEW
are programs `etcd` of release builds, in the directories where they were built: rpc_test_server and
store_bench beside them are compared, too. A word chooses the loads whose names contain it.

The builds take turns, each first in every other round, so that what else the machine does falls on
both. Printed is the median over the rounds of NEW's cost divided by OLD's. Ends with 1 if one of
them is above 1.03. Data is in memory (/dev/shm).
"""

import argparse
import contextlib
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Callable, Iterator

import etcd
import keys
import net

ROUNDS = 10
RATIO_MAX = 1.03
KEYS = 200_000  # of the loads `keys` and `store`
NET_LOADS = ((10, 1, 50_000), (100, 10, 200_000))
# What is measured in other units says nothing of the processor.
STORE_LINE = re.compile(r"^(.*?)\s+([0-9.]+) (us|s)$", re.MULTILINE)

Costs = dict[str, list[float]]  # of "old" and "new", a round each


def processor_seconds(pid: int) -> float:
    """All threads' time on a processor, in the kernel's own precision."""
    return sum(int(path.read_text().split()[0])
               for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def settle(pid: int) -> None:
    """Waits until a member that has just begun does nothing more for itself, such as prepare files."""
    before, now = -1.0, processor_seconds(pid)
    while now - before > 0.001:
        time.sleep(0.2)
        before, now = now, processor_seconds(pid)


def cost_of_each(pid: int, count: int, work: Callable[[], None]) -> float:
    """Microseconds of a process for each of `count` things that `work` asks of it."""
    settle(pid)
    before = processor_seconds(pid)
    work()
    return (processor_seconds(pid) - before) / count * 1e6


class Comparison:
    def __init__(self, builds: dict[str, pathlib.Path], rounds: int, words: list[str]) -> None:
        self.builds = builds
        self.rounds = rounds
        self.words = words
        self.ratios: dict[str, float] = {}

    def wants(self, name: str) -> bool:
        return not self.words or any(word in name for word in self.words)

    def take_turns(self, measure: Callable[[str], float]) -> Costs:
        costs: Costs = {name: [] for name in self.builds}
        for number in range(self.rounds):
            for name in sorted(self.builds, reverse=number % 2 == 1):
                costs[name].append(measure(name))
        return costs

    def report(self, load: str, costs: Costs, unit: str) -> None:
        ratios = [new / old for old, new in zip(costs["old"], costs["new"])]
        ratio = statistics.median(ratios)
        self.ratios[load] = ratio
        verdict = "" if ratio <= RATIO_MAX else "   TOO MUCH"
        print(f"{load:60} {ratio:6.3f}   (of {len(ratios)}: {min(ratios):.3f} to "
              f"{max(ratios):.3f}; old {statistics.median(costs['old']):.2f} {unit}){verdict}",
              flush=True)

    def beside(self, program: str) -> dict[str, pathlib.Path] | None:
        """The builds of another program; none unless both are there."""
        found = {name: path.with_name(program) for name, path in self.builds.items()}
        if all(path.exists() for path in found.values()):
            return found
        print(f"there is no {program} beside both: its loads are left out")
        return None


@contextlib.contextmanager
def scratch() -> Iterator[pathlib.Path]:
    root = pathlib.Path(tempfile.mkdtemp(prefix="compare-", dir="/dev/shm"))
    try:
        yield root
    finally:
        shutil.rmtree(root)


# ---- etcd ----

def compare_etcd(comparison: Comparison) -> None:
    for name, path, body, kind, shape, state in etcd.LOADS:
        if not comparison.wants(f"etcd: {name}"):
            continue
        with scratch() as root:
            members = {build: etcd.Member(build, str(program), 24500 + 10 * number, root)
                       for number, (build, program) in enumerate(comparison.builds.items())}
            with stopping(members.values()):
                for member in members.values():
                    member.start("tls" in state)
                    member.fill()
                    member.stop()

                def measure(build: str) -> float:
                    member = members[build]
                    member.start("tls" in state)
                    if state == "written":
                        member.load("/etcdserverpb.KV/Put", etcd.grpc(etcd.PUT), "grpc",
                                    (100, 10, 20_000))
                    cost = cost_of_each(member.process.pid, shape[2],
                                        lambda: member.load(path, body, kind, shape))
                    member.stop()
                    return cost

                comparison.report(f"etcd: {name}", comparison.take_turns(measure), "us")


@contextlib.contextmanager
def stopping(members) -> Iterator[None]:
    try:
        yield
    finally:
        for member in members:
            member.stop()


# ---- net ----

def compare_net(comparison: Comparison) -> None:
    if not comparison.wants("net: "):
        return
    programs = comparison.beside("rpc_test_server")
    if programs is None:
        return
    with tempfile.NamedTemporaryFile() as body:
        body.write(net.REQUEST)
        body.flush()
        for tls in ([], ["tls"]):
            for load in NET_LOADS:
                # New servers each time: no build has luck with its memory for all rounds.
                def measure(build: str) -> float:
                    with net.running(programs[build], 24479, *tls) as server:
                        net.load(server, body.name, *load)
                        return cost_of_each(server.process.pid, load[2],
                                            lambda: net.load(server, body.name, *load))

                connections, streams, _ = load
                name = f"net: {' '.join(tls + ['call'])} {connections}x{streams}"
                comparison.report(name, comparison.take_turns(measure), "us")


# ---- keys ----

def compare_keys(comparison: Comparison) -> None:
    if not comparison.wants("keys: "):
        return
    restarts: Costs = {name: [] for name in comparison.builds}

    def measure(build: str) -> float:
        with scratch() as root:
            member = keys.Member(build, str(comparison.builds[build]), 24520, root)
            with stopping([member]):
                member.start()
                cost = cost_of_each(member.process.pid, KEYS, lambda: member.load(KEYS))
                member.stop()
                member.start()
                restarts[build].append(processor_seconds(member.process.pid) / KEYS * 1e6)
            return cost

    loads = comparison.take_turns(measure)
    comparison.report("keys: load, for each", loads, "us")
    comparison.report("keys: restart, for each", restarts, "us")


# ---- store ----

def compare_store(comparison: Comparison) -> None:
    if not comparison.wants("store: "):
        return
    programs = comparison.beside("store_bench")
    if programs is None:
        return
    lines: dict[str, Costs] = {}

    def measure(build: str) -> float:
        with scratch() as root:
            done = subprocess.run(["taskset", "-c", "0", programs[build], str(KEYS), root],
                                  capture_output=True, text=True, check=True, timeout=600)
        for what, value, _ in STORE_LINE.findall(done.stdout):
            costs = lines.setdefault(what, {name: [] for name in comparison.builds})
            costs[build].append(float(value))
        return 0

    comparison.take_turns(measure)
    for what, costs in lines.items():
        # The longest of many is chance; so is what rounds to nothing.
        if "longest" in what or min(costs["old"] + costs["new"]) == 0:
            continue
        comparison.report(f"store: {what}", costs, "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_intermixed_args()
    builds = {"old": arguments.old.resolve(), "new": arguments.new.resolve()}
    for program in builds.values():
        if not program.is_file():
            parser.error(f"{program}: no such program")
    comparison = Comparison(builds, arguments.rounds, arguments.words)
    for compare in (compare_etcd, compare_net, compare_keys, compare_store):
        compare(comparison)
    too_much = [load for load, ratio in comparison.ratios.items() if ratio > RATIO_MAX]
    print(f"{len(comparison.ratios)} loads, {len(too_much)} above {RATIO_MAX}")
    return 1 if too_much or not comparison.ratios else 0


if __name__ == "__main__":
    sys.exit(main())
