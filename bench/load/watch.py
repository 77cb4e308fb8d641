#!/usr/bin/env python3
"""What watches cost: our etcd beside a real one, alternating, in one run.

Usage: scripts/bench watch [--etcd PROGRAM] [WORD...], or watch.py BIN_DIRECTORY ... with the
programs of a release build; a word chooses the scenarios whose names contain it. PROGRAM is the
real etcd, /usr/bin/etcd if nothing is said.

The server is on the first core, the clients on the last; its data is in memory. Printed of each
scenario: the server's CPU time per event, or per put, how long it took from the put to the event,
and the ratios of the medians.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from etcd import Member, field, grpc

ROUNDS = 3
HISTORY_PUT = grpc(field(1, b"key") + field(2, b"v" * 200))

# name: connections, streams on each, watches on each, keys, from revision, puts a second, seconds
SCENARIOS = {
    "10,000 watchers of one key": (100, 1, 100, "same", 0, 10, 10),
    "no watcher but one, 1,000 puts/s": (1, 1, 1, "same", 0, 1000, 10),
    "10,000 watchers of 10,000 keys": (100, 1, 100, "different", 0, 1000, 10),
    "put to event, 100 puts/s": (1, 1, 1, "same", 0, 100, 10),
    "put to event, 1,000 puts/s": (1, 1, 1, "same", 0, 1000, 10),
    "put to event, 5,000 puts/s": (1, 1, 1, "same", 0, 5000, 5),
    "catch up with 100,000 revisions": (1, 1, 1, "same", 2, 0, 0),
    "100,000 idle watches, 100 streams": (100, 1, 1000, "different", 0, 0, 0),
    "100,000 idle watches, 10,000 streams": (100, 100, 10, "different", 0, 0, 0),
}


def resident(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def run(load: str, member: Member, scenario: tuple) -> dict:
    if scenario[4] > 0:  # a history to catch up with
        member.load("/etcdserverpb.KV/Put", HISTORY_PUT, "grpc", (10, 10, 100_000))
    memory = resident(member.process.pid)
    cpu = member.cpu_seconds()
    command = ["taskset", "-c", str(os.cpu_count() - 1), load, str(member.port),
               *(str(value) for value in scenario)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        result = json.loads(process.stdout.readline())
        result["cpu"] = member.cpu_seconds() - cpu
        result["memory"] = resident(member.process.pid) - memory
        process.communicate("\n", timeout=60)
    return result


def figures(result: dict, scenario: tuple) -> dict:
    watchers = scenario[0] * scenario[1] * scenario[2]
    if result.get("puts"):
        shown = {"us CPU a put": result["cpu"] / result["puts"] * 1e6,
                 "us CPU an event": result["cpu"] / result["events"] * 1e6,
                 "p50 us": result["p50_us"], "p99 us": result["p99_us"]}
        return shown
    if scenario[4] > 0:
        return {"events/s": result["caught_up_events"] / max(result["caught_up_seconds"], 1e-3),
                "us CPU an event": result["cpu"] / max(result["caught_up_events"], 1) * 1e6}
    return {"bytes a watch": result["memory"] / watchers,
            "watches/s": watchers / result["created_seconds"],
            "us CPU a watch": result["cpu"] / watchers * 1e6}


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
    load = str(folder / "watch_load")
    for name, scenario in SCENARIOS.items():
        if words and not any(word in name for word in words):
            continue
        taken: dict[str, list[dict]] = {"ours": [], "etcd": []}
        for turn in range(ROUNDS):
            for side, program in (("ours", str(folder / "etcd")), ("etcd", real)):
                member = Member(f"{side}-{turn}-{len(os.listdir(root))}", program, 21379, root)
                member.start(tls=False)
                try:
                    taken[side].append(figures(run(load, member, scenario), scenario))
                finally:
                    member.stop()
        print(name)
        for figure in taken["ours"][0]:
            ours, etcds = (statistics.median(result[figure] for result in taken[side])
                           for side in ("ours", "etcd"))
            print(f"  {figure:16} {ours:12.1f}   etcd {etcds:12.1f}   {etcds / max(ours, 1e-9):6.2f}x",
                  flush=True)


if __name__ == "__main__":
    main()
