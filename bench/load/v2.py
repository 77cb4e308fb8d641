#!/usr/bin/env python3
"""What the v2 API costs: our etcd beside a real one that has it, and many keys and waiting clients.

Usage: scripts/bench v2 [WORD...], or v2.py BIN_DIRECTORY [WORD...] with the programs of a release
build; a word chooses the measurements whose names contain it: get, put, waiting, snapshots. The real
one is Debian's etcd (3.4).

  get, put   server CPU per request over HTTP/1.1 by 100 connections, by turns
  waiting    10,000 clients that wait for one key: memory of the server for each, and that all are told
  snapshots  600,000 keys in three members of ours: how long puts take beside snapshots, and without

Servers are on the first core, clients on the last; data is in memory (/dev/shm). Ends with 1 if a
figure misses what is printed with it.
"""

import asyncio
import os
import pathlib
import re
import resource
import shutil
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import etcd
from watch import on_last_core, resident

PORT = 24600
ROUNDS = 5
CONNECTIONS, REQUESTS = 100, 50_000
GET_MIN, PUT_MIN = 2.5, 4.0
FORM = urllib.parse.urlencode({"value": "v" * 256})
WAITING, WAITING_BYTES_MAX = 10_000, 25_000
KEYS, KEYS_IN_DIRECTORY = 600_000, 1_000
PUTS_A_SECOND, PUTS_SECONDS, SNAPSHOT_ENTRIES, SNAPSHOTS_MAX = 500, 20, 2_000, 2.0


class Bench:
    def __init__(self, folder: pathlib.Path, root: pathlib.Path, words: list[str]) -> None:
        self.ours, self.root, self.words = str(folder / "etcd"), root, words
        self.missed = 0

    def run(self) -> None:
        for name, method, least in (("get", "GET", GET_MIN), ("put", "PUT", PUT_MIN)):
            if self.wants(name):
                self.beside_real(name, method, least)
        if self.wants("waiting"):
            self.waiting()
        if self.wants("snapshots"):
            self.snapshots()

    def wants(self, name: str) -> bool:
        return not self.words or any(word in name for word in self.words)

    def judge(self, what: str, value: float, wanted: str, holds: bool) -> None:
        self.missed += not holds
        print(f"{what:52} {value:8.2f} {wanted}{'' if holds else '   MISSED'}", flush=True)

    def beside_real(self, name: str, method: str, least: float) -> None:
        members = [etcd.Member(f"ours-{name}", self.ours, PORT, self.root, ("--enable-v2",)),
                   etcd.Member(f"real-{name}", etcd.REAL, PORT + 10, self.root, ("--enable-v2",))]
        costs: list[list[float]] = [[], []]
        try:
            for member in members:
                member.start(tls=False)
                put(member.url, "key")
            for _ in range(ROUNDS):
                for member, cost in zip(members, costs):
                    cost.append(cost_of(member, method))
        finally:
            for member in members:
                member.stop()
        ours, real = (statistics.median(cost) for cost in costs)
        self.judge(f"{name}: {ours:.1f} us CPU, etcd 3.4 {real:.1f}; times less", real / ours,
                   f"of {least}", real / ours >= least)

    def waiting(self) -> None:
        member = etcd.Member("waiting", self.ours, PORT, self.root, ("--enable-v2",))
        try:
            member.start(tls=False)
            put(member.url, "key")
            before = resident(member.process.pid)
            cpu = member.cpu_seconds()
            told, used = asyncio.run(wait_all(member, before))
            cpu = member.cpu_seconds() - cpu
        finally:
            member.stop()
        self.judge(f"waiting: {WAITING} clients, told", told, f"of {WAITING}", told == WAITING)
        self.judge(f"waiting: bytes for each ({cpu / WAITING * 1e6:.0f} us CPU)", used / WAITING,
                   f"of {WAITING_BYTES_MAX}", used / WAITING <= WAITING_BYTES_MAX)

    def snapshots(self) -> None:
        p99 = {}
        for name, entries in (("none", 100_000_000), ("many", SNAPSHOT_ENTRIES)):
            members = [etcd.Member(f"keys{number}", self.ours, PORT + 10 * number, self.root,
                                   flags_of_three(number, entries)) for number in range(3)]
            try:
                start_all(members)
                if name == "none":
                    fill(members[0])
                elections = leader_changes(members)
                taken, latencies = snapshots_of(members), puts(members[0])
                p99[name] = latencies[len(latencies) * 99 // 100] * 1000
                print(f"snapshots: {snapshots_of(members) - taken} of them, puts p99 "
                      f"{p99[name]:.1f} ms, longest {latencies[-1] * 1000:.1f} ms; restart used "
                      f"{max(resident(member.process.pid) for member in members) / 1e6:.0f} MB",
                      flush=True)
                elections = leader_changes(members) - elections
                self.judge(f"snapshots: elections meanwhile ({name})", elections, "of 0",
                           elections == 0)
            finally:
                for member in members:
                    member.stop()
        ratio = p99["many"] / p99["none"]
        self.judge("snapshots: puts' p99 beside them, times as long", ratio, f"of {SNAPSHOTS_MAX}",
                   ratio <= SNAPSHOTS_MAX)


def put(url: str, key: str) -> None:
    request = urllib.request.Request(f"{url}/v2/keys/{key}", FORM.encode(), method="PUT")
    urllib.request.urlopen(request, timeout=10).read()


def cost_of(member: etcd.Member, method: str) -> float:
    """Microseconds of the server's CPU for a request."""
    with tempfile.NamedTemporaryFile("w") as body:
        body.write(FORM)
        body.flush()
        command = ["h2load", "--h1", "-n", str(REQUESTS), "-c", str(CONNECTIONS), "-m", "1"]
        if method == "PUT":
            command += ["-H", ":method: PUT", "-H",
                        "content-type: application/x-www-form-urlencoded", "-d", body.name]
        return load(member, REQUESTS, command + [f"{member.url}/v2/keys/key"])


def load(member: etcd.Member, count: int, command: list[str]) -> float:
    before = member.cpu_seconds()
    output = on_last_core(*command).communicate(timeout=600)[0]
    if not re.search(rf"\b{count} succeeded", output) or f"{count} 2xx" not in output:
        raise SystemExit(f"{member.name}: not all requests succeeded\n{output}")
    return (member.cpu_seconds() - before) / count * 1e6


# ---- Waiting ----

async def wait_all(member: etcd.Member, before: int) -> tuple[int, int]:
    """How many clients were told, and the server's bytes while all waited."""
    streams = [await asyncio.open_connection("127.0.0.1", member.port) for _ in range(WAITING)]
    for _, writer in streams:
        writer.write(b"GET /v2/keys/key?wait=true HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for reader, _ in streams:
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)  # the head comes at once
    used = resident(member.process.pid) - before
    await asyncio.to_thread(put, member.url, "key")
    told = 0
    for reader, writer in streams:
        told += b'"action":"set"' in await asyncio.wait_for(reader.readuntil(b"}\n"), 60)
        writer.close()
    return told, used


# ---- Snapshots ----

def flags_of_three(number: int, entries: int) -> tuple[str, ...]:
    cluster = ",".join(f"m{each}=http://127.0.0.1:{PORT + 10 * each + 1}" for each in range(3))
    return ("--enable-v2", "--name", f"m{number}", "--initial-cluster", cluster,
            "--snapshot-count", str(entries))


def start_all(members: list[etcd.Member]) -> None:
    """Together: one alone is not healthy."""
    for member in members:
        member.begin(tls=False)
    for member in members:
        member.wait_until_healthy()


def fill(member: etcd.Member) -> None:
    with tempfile.NamedTemporaryFile("w") as addresses, tempfile.NamedTemporaryFile("w") as body:
        for number in range(KEYS):
            addresses.write(f"{member.url}/v2/keys/{number // KEYS_IN_DIRECTORY}/{number}\n")
        addresses.flush()
        body.write(FORM)
        body.flush()
        begin = time.monotonic()
        # One connection: each goes through all addresses.
        cost = load(member, KEYS, ["h2load", "-n", str(KEYS), "-c", "1", "-m", "100", "-i",
                                   addresses.name, "-H", ":method: PUT", "-H",
                                   "content-type: application/x-www-form-urlencoded", "-d",
                                   body.name])
        print(f"snapshots: {KEYS} keys put in {time.monotonic() - begin:.0f} s, {cost:.1f} us CPU "
              f"of the member each", flush=True)


def puts(member: etcd.Member) -> list[float]:
    """Sorted seconds from when each was due to its answer."""
    return sorted(asyncio.run(put_at_a_rate(member.port)))


async def put_at_a_rate(port: int) -> list[float]:
    free: asyncio.Queue = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def one(number: int, due: float) -> float:
        reader, writer = await free.get()
        key = number * 7919 % KEYS
        writer.write(f"PUT /v2/keys/{key // KEYS_IN_DIRECTORY}/{key} HTTP/1.1\r\nHost: localhost\r\n"
                     f"Content-Type: application/x-www-form-urlencoded\r\n"
                     f"Content-Length: {len(FORM)}\r\n\r\n{FORM}".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        await reader.readexactly(length)
        free.put_nowait((reader, writer))
        return time.monotonic() - due

    begin, tasks = time.monotonic(), []
    for number in range(PUTS_A_SECOND * PUTS_SECONDS):
        due = begin + number / PUTS_A_SECOND
        await asyncio.sleep(max(0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(number, due)))
    return list(await asyncio.gather(*tasks))


def metric(member: etcd.Member, name: str) -> int:
    text = urllib.request.urlopen(f"{member.url}/metrics", timeout=10).read().decode()
    return int(float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1)))


def leader_changes(members: list[etcd.Member]) -> int:
    return sum(metric(member, "etcd_server_leader_changes_seen_total") for member in members)


def snapshots_of(members: list[etcd.Member]) -> int:
    return sum(metric(member, "etcd_debugging_snap_save_total_duration_seconds_count")
               for member in members)


def main() -> int:
    os.sched_setaffinity(0, {os.cpu_count() - 1})
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    root = pathlib.Path(tempfile.mkdtemp(prefix="v2-", dir="/dev/shm"))
    try:
        bench = Bench(pathlib.Path(sys.argv[1]), root, sys.argv[2:])
        bench.run()
    finally:
        shutil.rmtree(root)
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
