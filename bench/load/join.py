#!/usr/bin/env python3
"""A fresh member joins three that hold a gigabyte: how long that takes, idle and beside 1,000 puts
a second, and what it does to these; then a follower that missed two gigabytes of log comes back.

Usage: scripts/bench join, or join.py BIN_DIRECTORY [MEGABYTES], on the disk, on all cores. Each
figure stands beside its goal; `cp` is that of the leader's database, with its sync.
"""

import contextlib
import math
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/e2e"))

from cluster import Cluster, status  # noqa: E402
from member import Member, free_ports  # noqa: E402
from protocol import CLUSTER, KV, Client, rpc  # noqa: E402

VALUE_BYTES, PUTS_OF_TRANSACTION = 1000, 100
BEHIND_VALUE_BYTES = 1_000_000
BEHIND_MEGABYTES = 2000
RATE, CONNECTIONS = 1000, 10
QUIET_SECONDS, LOAD_SECONDS = 20, 60
LIMIT_SECONDS = 600
FLAGS = ("--quota-backend-bytes", str(16 * 10**9), "--log-level", "info")
P99_GOAL, BUSY_GOAL, IDLE_GOAL, IDLE_GOAL_SECONDS = 2, 4, 1.5, 10


def place(member: Member, root: pathlib.Path) -> None:
    """On the disk, since that is what is measured."""
    shutil.rmtree(member.folder)
    member.folder = root / member.name
    member.folder.mkdir()
    member.log = member.folder / "log"


def wait_for(happens) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not happens():
        if time.monotonic() > end:
            raise SystemExit("it does not end")
        time.sleep(0.02)


def fill(client: Client, megabytes: int) -> None:
    def send(first: int) -> None:
        client.call(KV, "Txn", rpc.TxnRequest(success=[
            rpc.RequestOp(request_put=rpc.PutRequest(key=b"key%08d" % number,
                                                     value=os.urandom(VALUE_BYTES)))
            for number in range(first, first + PUTS_OF_TRANSACTION)]), rpc.TxnResponse, 60)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(0, megabytes * 1_000_000 // VALUE_BYTES, PUTS_OF_TRANSACTION)))


def seconds_of_copy(cluster: Cluster, root: pathlib.Path) -> float:
    """The middle one of three."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        copy = root / "copy"
        subprocess.run(["cp", cluster.leader().folder / "data/member/snap/db.mdb", copy],
                       check=True)
        subprocess.run(["sync", copy], check=True)
        took.append(time.monotonic() - began)
        copy.unlink()
    return sorted(took)[1]


class Joining:
    """A fourth member, while its block lasts."""

    def __init__(self, cluster: Cluster, program: str, root: pathlib.Path) -> None:
        self.leader = cluster.leader()
        self.client = Client(self.leader.address)
        self.member = Member(program, *FLAGS, "--initial-cluster-state", "existing",
                             name="joining", ports=tuple(free_ports(2)))
        place(self.member, root)
        self.member.initial_cluster = (self.leader.initial_cluster +
                                       f",joining={self.member.peer_url}")

    def __enter__(self) -> float:
        """Seconds until it had all that there was when it began."""
        self.id = self.client.call(CLUSTER, "MemberAdd",
                                   rpc.MemberAddRequest(peerURLs=[self.member.peer_url]),
                                   rpc.MemberAddResponse).member.ID
        target = int(status(self.leader)["raftAppliedIndex"])
        began = time.monotonic()
        self.member.launch()
        wait_for(lambda: applied(self.member) >= target)
        return time.monotonic() - began

    def __exit__(self, *_) -> None:
        self.client.call(CLUSTER, "MemberRemove", rpc.MemberRemoveRequest(ID=self.id),
                         rpc.MemberRemoveResponse)
        self.member.process.wait(timeout=LIMIT_SECONDS)
        self.member.process = None
        self.client.close()
        self.member.__exit__()


def applied(member: Member) -> int:
    try:
        return int(status(member)["raftAppliedIndex"])
    except (OSError, ValueError):  # it is not up yet
        return 0


class Load:
    """Puts at a steady rate, for so long; what took how long, by when it was sent."""

    def __init__(self, leader: Member, root: pathlib.Path, seconds: int) -> None:
        self.log = root / "load.log"
        message = rpc.PutRequest(key=b"load", value=bytes(256)).SerializeToString()
        body = root / "body"
        body.write_bytes(struct.pack(">BI", 0, len(message)) + message)
        self.log.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["h2load", "-D", str(seconds), "-c", str(CONNECTIONS), "-m", "100",
             f"--rps={RATE // CONNECTIONS}", "-d", body, f"--log-file={self.log}",
             "-H", "content-type: application/grpc", "-H", "te: trailers",
             leader.url + "/etcdserverpb.KV/Put"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def p99_ms(self, first: float = 0, last: float = math.inf) -> tuple[float, int]:
        """Of the puts between two times of the wall clock; and how many these are."""
        self.process.wait(timeout=LIMIT_SECONDS)
        took = []
        for line in self.log.read_text().splitlines():
            began, code, micros = (int(part) for part in line.split())
            if first <= began / 1e6 <= last:
                took.append(micros / 1000 if code == 200 else math.inf)
        took.sort()
        return took[int(len(took) * 0.99)], len(took)


@contextlib.contextmanager
def memory_of(member: Member) -> Iterator[list[int]]:
    """The most that it had meanwhile, without files that are mapped, as the only element."""
    most, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            most[0] = max(most[0], member.anonymous_bytes())
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def measure_joins(cluster: Cluster, program: str, root: pathlib.Path) -> None:
    copy = seconds_of_copy(cluster, root)
    size = (cluster.leader().folder / "data/member/snap/db.mdb").stat().st_size
    print(f"cp and sync of {size / 1e6:.0f} MB: {copy:.2f} s", flush=True)
    with Joining(cluster, program, root) as took:
        print(f"joins, idle: {took:.2f} s, {took / copy:.1f} times cp   goal {IDLE_GOAL} or "
              f"{IDLE_GOAL_SECONDS} s", flush=True)
    quiet, count = Load(cluster.leader(), root, QUIET_SECONDS).p99_ms()
    print(f"{count / QUIET_SECONDS:.0f} puts/s: p99 {quiet:.2f} ms", flush=True)
    load = Load(cluster.leader(), root, LOAD_SECONDS)
    time.sleep(2)
    began = time.time()
    with Joining(cluster, program, root) as took:
        ended = time.time()
        busy, count = load.p99_ms(began, ended)
    print(f"joins beside {count / took:.0f} puts/s: {took:.2f} s, {took / copy:.1f} times cp   "
          f"goal {BUSY_GOAL}; p99 {busy:.2f} ms, {busy / quiet:.1f} times the quiet one   "
          f"goal {P99_GOAL}", flush=True)


def measure_return(cluster: Cluster) -> None:
    leader, behind = cluster.leader(), cluster.follower()
    behind.stop()
    client = Client(leader.address)

    def put(number: int) -> int:
        return client.put(b"big%02d" % (number % 20), os.urandom(BEHIND_VALUE_BYTES),
                          60).header.revision
    with memory_of(leader) as most:
        with ThreadPoolExecutor(4) as pool:
            revision = max(pool.map(put, range(BEHIND_MEGABYTES)))
        writing = most[0]
        client.call(KV, "Compact", rpc.CompactionRequest(revision=revision, physical=True),
                    rpc.CompactionResponse, 60)
        most[0] = 0
        began = time.monotonic()
        behind.launch()
        target = int(status(leader)["raftAppliedIndex"])
        wait_for(lambda: applied(behind) >= target)
    how = "by snapshot" if "received and saved database snapshot" in behind.log.read_text() \
        else "by the log"
    print(f"{BEHIND_MEGABYTES} MB behind: caught up in {time.monotonic() - began:.1f} s, {how}; "
          f"the leader's memory was at most {writing / 1e6:.0f} MB while they were written, "
          f"{most[0] / 1e6:.0f} MB while it caught up", flush=True)
    client.close()


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    program = str(pathlib.Path(sys.argv[1]) / "etcd")
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        cluster = Cluster(program, program, program, flags=FLAGS)
        for member in cluster:
            place(member, root)
        with cluster:
            client = Client(cluster.leader().address)
            fill(client, megabytes)
            client.close()
            measure_joins(cluster, program, root)
            measure_return(cluster)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
