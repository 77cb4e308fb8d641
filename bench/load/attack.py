#!/usr/bin/env python3
"""A member under all attacks at once: what a client that means well sees of it.

Usage: scripts/bench attack [ETCD] [--seconds N] [--only NAME,...] [--without NAME,...]
ETCD is a program, by default that of build/release. The names are those of test/e2e/attacks.py.

The server has the first core and 1,000 file descriptors, the attacks have the last core; data is in
memory (/dev/shm). Beside them write clients that know what each answer must be, an operator
compacts, defragments and takes snapshots, and two clients measure, each a process with a clock of
its own: one reads, one puts, one request after another. Before the attack they measure the quiet
member. The attack comes three times: for N seconds, after which memory must be given back; then
until SIGTERM; then until kill -9. After both the member starts again and must have all that was
acknowledged. Ends with 1 if one judgement fails.

What else the machine does should not be taken for the server's doing. So the measuring clients ask
the system to be run before all else, and what this starts, to be preferred to other sessions;
without these rights it says so.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/e2e"))

import attacks  # noqa: E402
from http2 import Connection  # noqa: E402

DESCRIPTORS = 1000
MB = 10**6
HELD_BYTES_MAX, MORE_BYTES_MAX = 2**30, 100 * MB
GIVEN_BACK_SECONDS = 10
QUIET_SECONDS, AGAIN_SECONDS = 3, 8
P99_MS_MAX, WORST_MS_MAX = 50, 500
PROBE_PAUSE_SECONDS = 0.002
PROBE_KEY = b"probe"
WRITERS = 4
AUTOGROUP = pathlib.Path("/proc/self/autogroup")


# ---- The clients that measure ----

def probe(kind: str, address: str) -> None:
    """One request after another until the connection ends or SIGTERM; prints what it saw."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    asked = []

    def stop(*_) -> None:
        asked.append(True)

    signal.signal(signal.SIGTERM, stop)
    path = attacks.PUT if kind == "put" else attacks.RANGE
    key = attacks.field(1, PROBE_KEY if kind == "put" else attacks.key(42))
    connection = Connection(address)
    print("connected", flush=True)
    micros, late, answered, fault = [], [], 0, ""
    first, slow = time.monotonic(), []
    try:
        while not asked:
            request = key + attacks.field(2, b"%d" % answered) if kind == "put" else key
            begin = time.monotonic()
            answer = connection.call(path, request)
            micros.append(round((time.monotonic() - begin) * 1e6))
            if micros[-1] > P99_MS_MAX * 1000:
                slow.append((round(begin - first, 1), micros[-1] // 1000))
            if answer is None:
                fault = f"the answer to request {len(micros)} is an error"
                break
            answered += 1
            before = time.monotonic()
            time.sleep(PROBE_PAUSE_SECONDS)
            late.append(round((time.monotonic() - before - PROBE_PAUSE_SECONDS) * 1e6))
    except OSError as error:
        fault = str(error)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what was seen is told to the end
    print(json.dumps({"micros": micros, "late": late, "answered": answered, "fault": fault,
                      "slow": slow, "may_be_first": os.sched_getscheduler(0) == os.SCHED_FIFO}))


class Probe:
    def __init__(self, kind: str, address: str, prefix: list[str]) -> None:
        self.kind = kind
        self.process = subprocess.Popen([*prefix, sys.executable, __file__, "--probe", kind, address],
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def result(self) -> dict:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.communicate(timeout=60)[0])


def percentile(micros: list[int], part: float) -> float:
    """In milliseconds."""
    ordered = sorted(micros)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] / 1000 if ordered else 0.0


def told(micros: list[int]) -> str:
    return (f"{len(micros):7d}   p50 {percentile(micros, 0.5):7.2f} ms   "
            f"p99 {percentile(micros, 0.99):7.2f} ms   longest {percentile(micros, 1):7.2f} ms")


# ---- The member ----

def metrics(url: str) -> str:
    with urllib.request.urlopen(url + "/metrics", timeout=10) as answer:
        return answer.read().decode()


def longest_sync_ms(text: str) -> float:
    """The smallest bucket that holds all syncs of the log."""
    buckets = re.findall(r'wal_fsync_duration_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    total = float(buckets[-1][1])
    return float(next(bound for bound, count in buckets if float(count) == total)) * 1000


def processor_seconds(pid: int) -> float:
    return sum(int(path.read_text().split()[0])
               for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


class Stress:
    def __init__(self, member, clients, names: list[str]) -> None:
        self.member, self.clients, self.names = member, clients, names
        last = str((os.cpu_count() or 1) - 1)
        self.elsewhere = ["taskset", "-c", last]
        self.judgements: list[tuple[str, bool, str]] = []
        self.probes: list[Probe] = []
        self.running = None
        self.puts = 0  # that the measuring clients were answered

    def judge(self, what: str, holds: bool, seen: str) -> None:
        self.judgements.append((what, holds, seen))
        print(f"{'holds' if holds else 'FAILS':6} {what}: {seen}", flush=True)

    def start_clients(self) -> None:
        self.clients.start(self.member.address)
        self.probes = [Probe(kind, self.member.address, self.elsewhere) for kind in ("read", "put")]

    def attack(self, seconds: float) -> None:
        self.running = attacks.Running(self.names, self.member.address, seconds,
                                       prefix=tuple(self.elsewhere))

    def watch(self, seconds: float) -> int:
        """The most anonymous memory meanwhile."""
        end, peak = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            peak = max(peak, self.member.anonymous_bytes())
            time.sleep(0.05)
        return peak

    def take_results(self) -> dict[str, dict]:
        results = {probe.kind: probe.result() for probe in self.probes}
        self.puts += results["put"]["answered"]
        return results

    # ---- The three times ----

    def measure_quiet(self) -> None:
        self.start_clients()
        self.watch(QUIET_SECONDS)
        results = self.take_results()
        for kind, result in results.items():
            print(f"quiet  {kind:5} {told(result['micros'])}")
        if not results["read"]["may_be_first"]:
            print("the measuring clients may not run before all else: their times are too long")

    def first_time(self, seconds: float) -> None:
        """After measure_quiet; leaves the writers running."""
        quiet = self.member.anonymous_bytes()
        self.probes = [Probe(kind, self.member.address, self.elsewhere) for kind in ("read", "put")]
        used = processor_seconds(self.member.process.pid)
        self.attack(seconds)
        peak = self.watch(seconds)
        used = processor_seconds(self.member.process.pid) - used
        results = self.take_results()
        for name, said in self.running.wait(timeout=30).items():
            print(f"       {name:20} {said}".replace("\n", "; "))
        self.print_work(used / seconds)
        self.judge_times(results)
        self.judge("memory is bounded", peak < quiet + HELD_BYTES_MAX + MORE_BYTES_MAX,
                   f"at most {peak // MB} MB, {quiet // MB} MB before")
        begin = time.monotonic()
        while (after := self.member.anonymous_bytes()) > quiet + MORE_BYTES_MAX and \
                time.monotonic() - begin < GIVEN_BACK_SECONDS:
            time.sleep(0.1)
        self.judge("memory is given back", after <= quiet + MORE_BYTES_MAX,
                   f"{after // MB} MB after {time.monotonic() - begin:.1f} s, "
                   f"{quiet // MB} MB before")

    def judge_times(self, results: dict[str, dict]) -> None:
        sync = longest_sync_ms(metrics(self.member.url))
        for kind, result in results.items():
            micros = result["micros"]
            print(f"attack {kind:5} {told(micros)}   "
                  f"(its clock was late: p99 {percentile(result['late'], 0.99):.2f} ms, "
                  f"longest {percentile(result['late'], 1):.2f} ms)")
            if result["slow"]:
                print(f"       above {P99_MS_MAX} ms: " + ", ".join(
                    f"{lasted} ms at {at} s" for at, lasted in result["slow"][:20]))
            bound = P99_MS_MAX + (sync if kind == "put" else 0)
            self.judge(f"{kind}s within {bound:.0f} ms at p99", percentile(micros, 0.99) <= bound,
                       f"{percentile(micros, 0.99):.1f} ms")
            self.judge(f"no {kind} above {WORST_MS_MAX} ms",
                       percentile(micros, 1) <= WORST_MS_MAX, f"{percentile(micros, 1):.1f} ms")
            self.judge(f"{kind}s are answered", not result["fault"], result["fault"] or "all")

    def print_work(self, processor: float) -> None:
        seconds = [second for writer in self.clients.writers for second in writer.seconds]
        print(f"       writers {told([round(second * 1e6) for second in seconds])}")
        keeper = self.clients.keeper
        print("       " + ", ".join(f"{name} {keeper.done[name]} times, at most "
                                    f"{keeper.longest[name]:.2f} s" for name in keeper.done))
        print(f"       the server used {processor:.2f} of its core; longest sync of the log at most "
              f"{longest_sync_ms(metrics(self.member.url)):.1f} ms")

    def until(self, ending: str) -> None:
        """One more attack, which SIGTERM or SIGKILL ends; then the next start."""
        self.attack(60)
        self.watch(AGAIN_SECONDS)
        self.judge(f"answers before {ending} are right", not self.clients.faults(),
                   "; ".join(self.clients.faults()) or "all")
        self.clients.expect_the_end()
        begin = time.monotonic()
        self.member.process.send_signal(getattr(signal, ending))
        self.member.process.wait(timeout=30)
        print(f"       ended {time.monotonic() - begin:.1f} s after {ending}")
        self.member.process = None
        self.clients.join()
        puts_before = self.puts
        self.take_results()
        self.running.stop()
        begin = time.monotonic()
        self.member.start()
        print(f"       starts in {time.monotonic() - begin:.1f} s")
        self.check(ending, puts_before)

    def check(self, ending: str, puts_before: int) -> None:
        all_answered = ending == "SIGTERM"
        connection = Connection(self.member.address)
        reply = connection.call(attacks.RANGE, attacks.field(1, PROBE_KEY))
        connection.close()
        from protocol import rpc
        made = rpc.RangeResponse.FromString(reply).kvs[0].version
        allowed = [self.puts] if all_answered or self.puts == puts_before else \
            [self.puts, self.puts + 1]
        self.judge(f"puts one after another, after {ending}", made in allowed,
                   f"{made} made, {self.puts} answered")
        self.puts = made
        found = self.clients.check(self.member.address, all_answered, others=made)
        found += self.clients.faults()
        self.judge(f"after {ending} all is as it was acknowledged", not found,
                   "; ".join(found) or f"{self.clients.acknowledged() + made} writes, "
                                       f"{self.clients.hashes_compared} hashes compared")


@contextlib.contextmanager
def preferred_session():
    """Linux shares a core among sessions first; what a process's priority is comes after that."""
    try:
        before = AUTOGROUP.read_text().split()[-1]
        AUTOGROUP.write_text("-19")
    except (OSError, IndexError):
        print("this session may not be preferred: what else runs here lengthens all times")
        yield
        return
    try:
        yield
    finally:
        AUTOGROUP.write_text(before)


def run(program: pathlib.Path, seconds: float, names: list[str]) -> int:
    from attack_writers import WellBehaved
    from member import Member
    member = Member(program)
    member.prefix = ["taskset", "-c", "0", "prlimit", f"--nofile={DESCRIPTORS}"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(preferred_session())
        stack.enter_context(member)
        attacks.fill(member.address)
        member.stop()
        member.start()
        stress = Stress(member, WellBehaved(WRITERS, seed=1), names)
        stack.callback(lambda: stress.running and stress.running.stop())
        stress.measure_quiet()
        stress.first_time(seconds)
        stress.probes = [Probe(kind, member.address, stress.elsewhere) for kind in ("read", "put")]
        stress.until("SIGTERM")
        stress.start_clients()
        stress.until("SIGKILL")
        failed = [what for what, holds, _ in stress.judgements if not holds]
        print(f"{len(stress.judgements)} judgements, {len(failed)} fail")
        return 1 if failed else 0


def main() -> int:
    if sys.argv[1:2] == ["--probe"]:
        probe(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("etcd", nargs="?", type=pathlib.Path,
                        default=ROOT / "build/release/bin/etcd")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(attacks.ATTACKS))
    parser.add_argument("--without", type=lambda text: text.split(","), default=[])
    arguments = parser.parse_args()
    for name in arguments.only + arguments.without:
        if name not in attacks.ATTACKS:
            parser.error(f"{name}: the attacks are {', '.join(attacks.ATTACKS)}")
    if not arguments.etcd.is_file():
        parser.error(f"{arguments.etcd}: no such program")
    return run(arguments.etcd.resolve(), arguments.seconds,
               [name for name in arguments.only if name not in arguments.without])


if __name__ == "__main__":
    sys.exit(main())
