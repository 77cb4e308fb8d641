#!/usr/bin/env python3
"""What watches cost: our etcd beside a real one, alternating, in one run.

Usage: scripts/bench watch [--etcd PROGRAM] [WORD...], or watch.py BIN_DIRECTORY ... with the
programs of a release build; a word chooses the scenarios whose names contain it. PROGRAM is the
real etcd, /usr/bin/etcd if nothing is said.

The server is on the first core, the clients on the last; its data is in memory. Printed of each
scenario: the server's CPU time per event, or per watch, how long it took from the put to the event,
how long the puts of another client took before and meanwhile, and the ratios of the medians.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from etcd import Member, field, grpc

ROUNDS = 3
ONE_ROUND_FROM = 100_000  # of scenarios with so many watches, or revisions, or more
PORT = 21379
QUIET_SECONDS = 5
LOAD_SECONDS_MAX = 600
HISTORY_PUT = grpc(field(1, b"key") + field(2, b"v" * 200))

# What watch_load is told; and how many puts a second another client makes beside it.
SCENARIOS = {
    "10,000 watchers of one key": {"connections": 100, "watches": 100, "rate": 10, "seconds": 10},
    "one watcher, 1,000 puts/s": {"rate": 1000, "seconds": 10},
    "10,000 watchers of 10,000 keys": {"connections": 100, "watches": 100, "keys": 10_000,
                                       "rate": 1000, "seconds": 10},
    "put to event, 100 puts/s": {"rate": 100, "seconds": 10},
    "put to event, 1,000 puts/s": {"rate": 1000, "seconds": 10},
    "put to event, 5,000 puts/s": {"rate": 5000, "seconds": 5},
    "1,000 watchers that stop reading": {"connections": 100, "watches": 10, "prev_kv": 1,
                                         "stopped": 1, "rate": 100, "seconds": 20, "beside": 200},
    # Ten times, since once takes ours less time than it has to make a percentile of puts.
    "catch up with 1,000,000 revisions": {"start": 2, "history": 1_000_000, "times": 10,
                                          "beside": 1000},
    "1,000,000 idle watches, 100 streams": {"connections": 100, "watches": 10_000,
                                            "keys": 1_000_000, "beside": 1000},
    "1,000,000 idle watches, 10,000 streams": {"connections": 100, "streams": 100, "watches": 100,
                                               "keys": 1_000_000},
}


def resident(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def on_last_core(*command: str, urgent: bool = False) -> subprocess.Popen:
    """With `urgent` it gets the core as soon as it wants it, whoever else does, if that is permitted:
    what it waits for is then the server alone."""
    way = ["chrt", "--rr", "1"] if urgent and os.geteuid() == 0 else []
    return subprocess.Popen([*way, "taskset", "-c", str(os.cpu_count() - 1), *command],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class Puts:
    """Those of another client, of which it knows how long each took."""

    def __init__(self, folder: pathlib.Path, port: int, rate: int) -> None:
        self.process = on_last_core(str(folder / "lease_load"), str(port), urgent=True)
        self.process.stdin.write(f"put {rate}\n")
        self.process.stdin.flush()

    def stop(self) -> dict:
        return json.loads(self.process.communicate("\n", timeout=LOAD_SECONDS_MAX)[0])


def run(folder: pathlib.Path, member: Member, scenario: dict) -> dict:
    result = {}
    rate = scenario.get("beside")
    if scenario.get("history"):
        member.load("/etcdserverpb.KV/Put", HISTORY_PUT, "grpc", (10, 10, scenario["history"]))
    if rate:
        quiet = Puts(folder, PORT, rate)
        time.sleep(QUIET_SECONDS)
        result["quiet"] = quiet.stop()
        beside = Puts(folder, PORT, rate)
    memory, cpu = resident(member.process.pid), member.cpu_seconds()
    words = [f"{name}={value}" for name, value in scenario.items() if name != "beside"]
    with on_last_core(str(folder / "watch_load"), str(PORT), *words) as process:
        result |= json.loads(process.stdout.readline())
        if rate:
            result["beside"] = beside.stop()
        result["cpu"] = member.cpu_seconds() - cpu
        result["memory"] = resident(member.process.pid) - memory
        process.communicate("\n", timeout=LOAD_SECONDS_MAX)
    return result


def figures(result: dict, scenario: dict) -> dict:
    shown = {}
    watchers = scenario.get("connections", 1) * scenario.get("streams", 1) * \
        scenario.get("watches", 1)
    if result.get("events"):
        shown = {"us CPU a put": result["cpu"] / result["puts"] * 1e6,
                 "us CPU an event": result["cpu"] / result["events"] * 1e6,
                 "p50 us": result["p50_us"], "p99 us": result["p99_us"]}
    if history := scenario.get("history"):
        events = history * scenario["times"]
        shown |= {"events/s": events / result["caught_up_seconds"],
                  "us CPU an event": result["cpu"] / events * 1e6}
    if "keys" in scenario and "rate" not in scenario:
        shown |= {"bytes a watch": result["memory"] / watchers,
                  "watches/s": watchers / result["created_seconds"],
                  "us CPU a watch": result["cpu"] / watchers * 1e6}
    if "beside" in result:
        shown |= {"MB more": result["memory"] / 1e6,
                  "puts p99 quiet": result["quiet"]["p99_us"],
                  "puts p99 beside": result["beside"]["p99_us"],
                  "puts worst quiet": result["quiet"]["worst_us"],
                  "puts worst beside": result["beside"]["worst_us"]}
    return shown


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    folder = pathlib.Path(arguments.pop(0))
    real = "/usr/bin/etcd"
    if "--etcd" in arguments:
        at = arguments.index("--etcd")
        real = arguments[at + 1]
        del arguments[at:at + 2]
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
        compare(folder, real, pathlib.Path(root), arguments)


def compare(folder: pathlib.Path, real: str, root: pathlib.Path, words: list[str]) -> None:
    for name, scenario in SCENARIOS.items():
        if words and not any(word in name for word in words):
            continue
        taken: dict[str, list[dict]] = {"ours": [], "etcd": []}
        size = max(scenario.get("keys", 0), scenario.get("history", 0))
        for turn in range(1 if size >= ONE_ROUND_FROM else ROUNDS):
            for side, program in (("ours", str(folder / "etcd")), ("etcd", real)):
                member = Member(f"{side}-{turn}-{len(os.listdir(root))}", program, PORT, root)
                member.start(tls=False)
                try:
                    taken[side].append(figures(run(folder, member, scenario), scenario))
                finally:
                    member.stop()
        print(name)
        for figure in taken["ours"][0]:
            ours, etcds = (statistics.median(result[figure] for result in taken[side])
                           for side in ("ours", "etcd"))
            print(f"  {figure:18} {ours:12.1f}   etcd {etcds:12.1f}   "
                  f"{etcds / max(ours, 1e-9):6.2f}x", flush=True)


if __name__ == "__main__":
    main()
