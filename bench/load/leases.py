#!/usr/bin/env python3
"""What leases cost: our etcd beside a real one, and a million of them at once.

Usage: scripts/bench leases [--etcd PROGRAM] [--ours] [--count N], or leases.py BIN_DIRECTORY ...
with the programs of a release build. PROGRAM is the real etcd, /usr/bin/etcd if nothing is said;
--ours leaves it out. N leases are a million if nothing is said.

The server is on the first core, the clients on the last; its data is in memory. First renewals: the
server's CPU time of each, and how long it takes. Then N leases, of our etcd alone: granted, half
of them as fast as they are answered and half at a rate, renewed at a rate, and let run out all at
once, while another client puts and one lease lives on.
"""

import json
import pathlib
import re
import statistics
import sys
import tempfile
import time
import urllib.request

from etcd import Member
from watch import LOAD_SECONDS_MAX, PORT, QUIET_SECONDS, Puts, on_last_core, resident

ROUNDS = 3
RENEWED = 10_000
RENEWALS = 300_000
RENEWALS_A_SECOND = 50_000
GRANTS_A_SECOND = 20_000
AS_FAST_AS_ANSWERED = 0
PUTS_A_SECOND = 200
TTL_SECONDS = 60
LIVE_LEASE = 1
GONE_SECONDS_MAX = 300
GOES_ON = "etcd_debugging_lease_revoked_total"


class Leases:
    """A client of leases: one command at a time, each answered by what it took."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.process = on_last_core(str(folder / "lease_load"), str(PORT))

    def __enter__(self) -> "Leases":
        return self

    def __exit__(self, *_) -> None:
        self.process.communicate(timeout=LOAD_SECONDS_MAX)

    def begin(self, *words) -> None:
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def result(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def do(self, *words) -> dict:
        self.begin(*words)
        return self.result()


def revoked(url: str) -> int:
    with urllib.request.urlopen(url + "/metrics", timeout=60) as answer:
        found = re.search(rf"^{GOES_ON} (\S+)$", answer.read().decode(), re.MULTILINE)
    return int(float(found[1]))


def renewals(folder: pathlib.Path, member: Member) -> dict:
    with Leases(folder) as leases:
        granted = leases.do("grant", LIVE_LEASE, RENEWED, 10 * TTL_SECONDS, AS_FAST_AS_ANSWERED)
        cpu = member.cpu_seconds()
        result = leases.do("renew", LIVE_LEASE, RENEWED, RENEWALS, 0)
    assert result["lost"] == 0, result
    return {"grants/s": granted["count"] / granted["seconds"],
            "us CPU a renewal": (member.cpu_seconds() - cpu) / RENEWALS * 1e6,
            "renewals/s": RENEWALS / result["seconds"],
            "p50 us": result["p50_us"], "p99 us": result["p99_us"]}


def compare(folder: pathlib.Path, sides: dict[str, str], root: pathlib.Path) -> None:
    taken: dict[str, list[dict]] = {side: [] for side in sides}
    for turn in range(ROUNDS):
        for side, program in sides.items():
            member = Member(f"{side}-{turn}", program, PORT, root)
            member.start(tls=False)
            try:
                taken[side].append(renewals(folder, member))
            finally:
                member.stop()
    print(f"{RENEWALS} renewals of {RENEWED} leases on 100 streams")
    for figure in taken["ours"][0]:
        medians = {side: statistics.median(result[figure] for result in results)
                   for side, results in taken.items()}
        print(f"  {figure:18} " + "   ".join(f"{side} {value:12.1f}"
                                             for side, value in medians.items()), flush=True)


class Beside:
    """What another client's puts took while something went on."""

    def __init__(self, folder: pathlib.Path, what: str) -> None:
        self.what, self.puts = what, Puts(folder, PORT, PUTS_A_SECOND)

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *_) -> None:
        took = self.puts.stop()
        print(f"  puts, {self.what:26} p50 {took['p50_us'] / 1000:8.2f} ms   "
              f"p99 {took['p99_us'] / 1000:8.2f} ms   worst {took['worst_us'] / 1000:8.2f} ms",
              flush=True)


def told(what: str, result: dict, cpu: float) -> None:
    print(f"  {what}: {result['seconds']:.1f} s, {cpu / result['count'] * 1e6:.1f} us CPU each, "
          f"p99 {result['p99_us'] / 1000:.1f} ms, lost {result['lost']}", flush=True)


def many(folder: pathlib.Path, program: str, root: pathlib.Path, count: int) -> None:
    member = Member("many", program, PORT, root)
    member.start(tls=False)
    try:
        with Leases(folder) as leases, Leases(folder) as living:
            print(f"{count} leases, {PUTS_A_SECOND} puts/s beside")
            with Beside(folder, "quiet"):
                time.sleep(QUIET_SECONDS)
            living.do("grant", LIVE_LEASE, 1, 5, AS_FAST_AS_ANSWERED)
            living.begin("renew", LIVE_LEASE, 1, 10 * GONE_SECONDS_MAX, 10)
            memory, cpu = resident(member.process.pid), member.cpu_seconds()
            half = count // 2
            with Beside(folder, "granting, 1,000 under way"):
                result = leases.do("grant", LIVE_LEASE + 1, half, 2 * TTL_SECONDS,
                                   AS_FAST_AS_ANSWERED)
            told("granted", result, member.cpu_seconds() - cpu)
            cpu = member.cpu_seconds()
            with Beside(folder, "granting at a rate"):
                result = leases.do("grant", LIVE_LEASE + 1 + half, count - half, 2 * TTL_SECONDS,
                                   GRANTS_A_SECOND)
            told("granted", result, member.cpu_seconds() - cpu)
            print(f"  memory: {(resident(member.process.pid) - memory) / count:.0f} bytes a lease")
            cpu = member.cpu_seconds()
            with Beside(folder, "renewing"):
                result = leases.do("renew", LIVE_LEASE + 1, count, count, RENEWALS_A_SECOND)
            told("renewed", result, member.cpu_seconds() - cpu)
            run_out(folder, member, count)
            result = living.result()
            print(f"  the lease that lives on: {result['count']} renewals, lost {result['lost']}, "
                  f"p99 {result['p99_us'] / 1000:.2f} ms, worst {result['worst_us'] / 1000:.2f} ms")
    finally:
        member.stop()


def run_out(folder: pathlib.Path, member: Member, count: int) -> None:
    while revoked(member.url) == 0:
        time.sleep(0.1)
    begin = time.monotonic()
    with Beside(folder, "running out"):
        while (gone := revoked(member.url)) < count:
            if time.monotonic() - begin > GONE_SECONDS_MAX:
                break
            time.sleep(0.5)
    print(f"  gone: {gone} in {time.monotonic() - begin:.1f} s", flush=True)


def main() -> None:
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    folder = pathlib.Path(arguments.pop(0))
    values = {"--etcd": "/usr/bin/etcd", "--count": "1000000"}
    for name in values:
        if name in arguments:
            values[name] = arguments[arguments.index(name) + 1]
    ours = str(folder / "etcd")
    sides = {"ours": ours} | ({} if "--ours" in arguments else {"etcd": values["--etcd"]})
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
        compare(folder, sides, pathlib.Path(root))
        many(folder, ours, pathlib.Path(root), int(values["--count"]))


if __name__ == "__main__":
    main()
