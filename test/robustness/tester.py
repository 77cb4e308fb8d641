#!/usr/bin/python3
"""Rounds of failures in one cluster that clients write to all the time, and what must hold after
each: see docs/testing.md. scripts/testing-cluster runs it, and says what its options are.

ETCD and LOCK (examples/client/lock.cc) in the environment are the programs.
"""

import argparse
import contextlib
import json
import os
import random
import shlex
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
import tester_failures
from board import Board, Round
from cluster import is_leader
from dashboard import Dashboard
from faulty_system import WANTED
from linked_cluster import LinkedCluster
from lockers import Leases, Lockers
from member import Member
from protocol import KV, MAINTENANCE, Client, rpc
from recorder import connect
from run import ELECTION, ETCD, HEARTBEAT, ROOT
from scene import Scene
from small_disk import CannotMount, SmallDisk
from soundness import stuck, unequal
from stresser import Stresser

LOCK = Path(os.environ.get("LOCK", str(ROOT / "build/dev/bin/example_client_lock")))
KEPT = ROOT / "build/testing-cluster"
KEPT_MAX = 20  # rounds that have failed
CALL_SECONDS = 2
COMPACT_SECONDS = DEFRAGMENT_SECONDS = 30
LOOK_SECONDS = 0.1
SAMPLE_SECONDS = 1
# For all that a round does besides waiting for what it demands.
ROUND_SECONDS_MORE = 240
# A member's log is emptied after a round that has passed, if it is larger.
LOG_BYTES_MAX = 16 << 20
# Of the member that has one; it fills up in some rounds.
DISK_SIZE = "400m"
DEFRAGMENT_EVERY = 5  # rounds, on average


class RoundFailed(AssertionError):
    def __init__(self, wrong: list[str]) -> None:
        super().__init__("\n".join(wrong))
        self.wrong = wrong


class TestedCluster(Scene):
    """In a `with` block: members, and clients that write, lock and hold leases."""

    def __init__(self, arguments: argparse.Namespace, seed: int, board: Board) -> None:
        flags = ("--heartbeat-interval", str(HEARTBEAT), "--election-timeout", str(ELECTION),
                 "--log-level", "info", *tester_failures.SNAPSHOTS_SOON)
        cluster = LinkedCluster(*(ETCD[number % len(ETCD)] for number in range(arguments.members)),
                                flags=flags, seed=seed)
        super().__init__(cluster, random.Random(seed), peer_tls=False)
        self._parts = contextlib.ExitStack()
        self._seed = seed
        self._clients = arguments.clients
        self._board = board
        self._sampling_ends = threading.Event()

    def __enter__(self) -> "TestedCluster":
        with contextlib.ExitStack() as parts:
            self._mount(parts)
            parts.push(self.cluster.__exit__)
            self.preload(WANTED)
            self.cluster.start()
            self.keep_those_with_a_hold(WANTED)
            addresses = [member.address for member in self.cluster]
            self.stresser = parts.enter_context(
                Stresser(addresses, self._seed, self._clients, self._board.series))
            self.leases = parts.enter_context(Leases(addresses, self._seed))
            self.lockers = parts.enter_context(Lockers(LOCK, self.cluster.endpoints, 2))
            sampler = threading.Thread(target=self._sample, daemon=True)
            sampler.start()
            parts.callback(sampler.join, CALL_SECONDS * len(addresses))
            parts.callback(self._sampling_ends.set)
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *error) -> None:
        self._parts.__exit__(*error)

    def _mount(self, parts: contextlib.ExitStack) -> None:
        try:
            self.disks = [parts.enter_context(SmallDisk(self.cluster[0], DISK_SIZE))]
        except CannotMount:
            shutil.rmtree(self.cluster[0].folder / "data")

    def _sample(self) -> None:
        """For the dashboard."""
        with contextlib.ExitStack() as closing:
            clients = {}
            for member in self.cluster:
                clients[member] = connect(member.address)
                closing.callback(clients[member].close)
            while not self._sampling_ends.wait(SAMPLE_SECONDS):
                self._board.set_members([_sampled(*each) for each in clients.items()])
                self._board.set_counts({
                    "counts under the lock": self.lockers.order.counted,
                    "leases granted": self.leases.granted,
                    "leases that ran out": self.leases.ran_out,
                    **self.counts})


def _sampled(member: Member, client: Client) -> dict:
    told = {"name": member.name, "address": member.address, "state": "does not answer",
            "revision": None, "term": None, "database_bytes": None, "memory_bytes": None}
    with contextlib.suppress(OSError, AttributeError):  # it is down
        told["memory_bytes"] = member.anonymous_bytes()
    try:
        status = client.call(MAINTENANCE, "Status", rpc.StatusRequest(), rpc.StatusResponse,
                             SAMPLE_SECONDS / 2)
    except grpc.RpcError:
        return told
    leads = status.leader == status.header.member_id
    return told | {"state": "leads" if leads else "follows" if status.leader else "has no leader",
                   "revision": status.header.revision, "term": status.raftTerm,
                   "database_bytes": status.dbSize}


class Judge:
    """What must hold after a failure, within `bound` seconds each."""

    def __init__(self, tested: TestedCluster, bound: float) -> None:
        self._tested = tested
        self._cluster = tested.cluster
        self._bound = bound

    def progress(self) -> None:
        """A write at every member, after which all of their revisions have risen."""
        before = self._revisions()
        for member in self._cluster:
            self._until_answered(f"{member.name} writes nothing", lambda member=member:
                                 self._cluster.client(member).put(b"progress", b"", CALL_SECONDS))
        end = time.monotonic() + self._bound
        while wrong := stuck(before, self._revisions()):
            self._look_again(end, wrong)

    def locks(self) -> None:
        """The lock goes from hand to hand."""
        counted = self._tested.lockers.order.counted
        end = time.monotonic() + self._bound
        while self._tested.lockers.order.counted == counted:
            self._look_again(end, ["nobody gets the lock"])

    def equal(self, told: Round) -> None:
        """Members at one revision; clients go on meanwhile."""
        reply = self._until_answered("nobody reads", lambda: self._cluster.client(
            self._cluster[0]).range(key=b"progress"))
        told.revision = reply.header.revision
        hashes = {member.name: self._hash(member, told.revision) for member in self._cluster}
        told.hashes = {name: f"{value:08x}" for name, (value, _, _) in hashes.items()}
        if wrong := unequal(hashes):
            raise RoundFailed(wrong)

    def no_alarm(self) -> None:
        """One that was for want of room goes by itself."""
        end = time.monotonic() + self._bound
        for member in self._cluster:
            while alarms := self._until_answered(
                    "nobody tells of alarms", lambda member=member: self._cluster.client(
                        member).call(MAINTENANCE, "Alarm", rpc.AlarmRequest(), rpc.AlarmResponse,
                                     CALL_SECONDS)).alarms:
                self._look_again(end, [f"{member.name} has an alarm: {alarms[0]}"])

    def sound(self, healthy_since: float) -> None:
        """Counters, locks and leases; those that were abandoned run out."""
        asked = self._cluster.client(self._tested.random.choice(self._cluster.members))
        wrong = self._until_answered("nobody reads", lambda: self._tested.stresser.wrong(
            asked, CALL_SECONDS))
        wrong += self._tested.lockers.wrong()
        leases = self._tested.leases
        awaited = leases.abandoned()
        while not wrong:
            wrong = self._until_answered("nobody reads", lambda: leases.wrong(
                asked, healthy_since, self._bound))
            if not awaited & leases.abandoned():
                break
            time.sleep(LOOK_SECONDS)
        if wrong:
            raise RoundFailed(wrong)

    def compact(self, revision: int) -> None:
        request = rpc.CompactionRequest(revision=revision, physical=True)

        def ask() -> None:
            try:
                self._cluster.client(self._cluster[0]).call(
                    KV, "Compact", request, rpc.CompactionResponse, COMPACT_SECONDS)
            except grpc.RpcError as error:
                if "has been compacted" not in error.details():  # it was done, unanswered
                    raise
        self._until_answered("nobody compacts", ask)

    def defragment(self) -> None:
        for member in self._cluster:
            self._until_answered(
                f"{member.name} does not defragment", lambda member=member: self._cluster.client(
                    member).call(MAINTENANCE, "Defragment", rpc.DefragmentRequest(),
                                 rpc.DefragmentResponse, DEFRAGMENT_SECONDS))

    def _revisions(self) -> dict[str, int]:
        return {member.name: self._until_answered(
            f"{member.name} does not say how far it is", lambda member=member:
            self._cluster.client(member).call(MAINTENANCE, "Status", rpc.StatusRequest(),
                                              rpc.StatusResponse, CALL_SECONDS)).header.revision
            for member in self._cluster}

    def _hash(self, member: Member, revision: int) -> tuple[int, int, int]:
        """Once it has got so far."""
        reply = self._until_answered(
            f"{member.name} does not hash revision {revision}", lambda: self._cluster.client(
                member).hash_kv(revision))
        return reply.hash, reply.hash_revision, reply.compact_revision

    def _until_answered(self, otherwise: str, ask):
        end = time.monotonic() + self._bound
        while True:
            try:
                return ask()
            except grpc.RpcError as error:
                self._look_again(end, [f"for {self._bound:.0f} s {otherwise}: {error.details()}"])

    def _look_again(self, end: float, otherwise: list[str]) -> None:
        if time.monotonic() > end:
            raise RoundFailed(otherwise)
        for member in self._cluster:
            if member.process.poll() is not None:
                raise RoundFailed([f"{member.name} ended with {member.process.returncode}",
                                   *otherwise])
        time.sleep(LOOK_SECONDS)


class Tester:
    def __init__(self, arguments: argparse.Namespace, board: Board) -> None:
        self._arguments = arguments
        self._board = board
        self._number = 0
        self._report = open(arguments.report, "a", buffering=1) if arguments.report else None

    def run(self) -> None:
        """All rounds: in one cluster, and in a new one after each that has failed."""
        while self._is_left():
            seed = self._seed()
            with TestedCluster(self._arguments, seed, self._board) as tested:
                passed = True
                while passed and self._is_left():
                    passed = self._round(tested)

    def close(self) -> None:
        if self._report:
            self._report.close()

    def _is_left(self) -> bool:
        return self._arguments.rounds == 0 or self._number < self._arguments.rounds

    def _seed(self) -> int:
        """Of the next round; what is done in it does not depend on the rounds before."""
        return self._arguments.seed + self._number

    def _round(self, tested: TestedCluster) -> bool:
        seed = self._seed()
        tested.random = random.Random(f"{seed}/round")
        failure = tester_failures.draw(tested, self._arguments.failure)
        self._board.begin(Round(self._number + 1, seed, failure.name, replay=self._replay(seed)))
        wrong = []
        try:
            with _within(ROUND_SECONDS_MORE + self._arguments.seconds + 6 * self._arguments.bound):
                self._act(tested, failure)
        except RoundFailed as failed:
            wrong = failed.wrong
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
            if not isinstance(error, AssertionError):
                traceback.print_exc()
        self._number += 1
        ended = self._board.end(wrong)
        if wrong:
            _keep(tested, ended)
        else:
            _shorten_logs(tested)
        self._tell(ended)
        return not wrong

    def _act(self, tested: TestedCluster, failure: tester_failures.Failure) -> None:
        board, judge = self._board, Judge(tested, self._arguments.bound)
        current = board.current
        board.phase("the failure acts")
        end = time.monotonic() + tested.random.uniform(0.5, 1) * self._arguments.seconds
        failure.act(tested, lambda: time.monotonic() > end)
        board.phase("it is taken back")
        healed = time.monotonic()
        tested.heal()
        board.phase("progress is awaited")
        judge.progress()
        current.progress_seconds = round(time.monotonic() - healed, 3)
        judge.locks()
        judge.no_alarm()
        board.phase("members are compared")
        judge.equal(current)
        board.phase("clients are judged")
        judge.sound(time.monotonic())
        board.phase("compaction")
        judge.compact(current.revision)
        if tested.random.randrange(DEFRAGMENT_EVERY) == 0:
            board.phase("defragmentation")
            judge.defragment()
            current.defragmented = True

    def _replay(self, seed: int) -> str:
        words = ["scripts/testing-cluster", "--rounds", "1", "--seed", str(seed),
                 "--members", str(self._arguments.members),
                 "--seconds", f"{self._arguments.seconds:g}"]
        for name in self._arguments.failure:
            words += ["--failure", name]
        return shlex.join(words)

    def _tell(self, ended: Round) -> None:
        progress = "no progress" if ended.progress_seconds is None else \
            f"progress after {ended.progress_seconds:.2f} s"
        print(f"round {ended.number}, seed {ended.seed}: {ended.failure}: {ended.phase}; {progress}, "
              f"{ended.seconds:.1f} s, revision {ended.revision}", flush=True)
        for what in ended.wrong:
            print(f"  {what}")
        if not ended.passed:
            print(f"again: {ended.replay}", flush=True)
        if self._report:
            self._report.write(json.dumps(asdict(ended)) + "\n")


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in the main thread, wherever it waits."""
    def ring(*_) -> None:
        raise TimeoutError(f"the round was not done after {seconds:.0f} s")
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _keep(tested: TestedCluster, ended: Round) -> None:
    """What tells of a round that has failed; of the newest ones."""
    kept = KEPT / f"{ended.seed}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    (kept / "round.json").write_text(json.dumps(asdict(ended), indent=1))
    for member in tested.cluster:
        if member.log.exists():
            shutil.copy(member.log, kept / f"{member.name}.log")
    for old in sorted(KEPT.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_MAX]:
        shutil.rmtree(old, ignore_errors=True)
    print(f"logs are in {kept}")


def _shorten_logs(tested: TestedCluster) -> None:
    for member in tested.cluster:
        if member.log.stat().st_size > LOG_BYTES_MAX:
            os.truncate(member.log, 0)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _number(least: float, kind=int):
    def parse(text: str):
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return value
    parse.__name__ = "number"
    return parse


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/testing-cluster")
    parser.add_argument("--rounds", type=_number(0), default=10, help="how many; 0: until ^C (10)")
    parser.add_argument("--members", type=_number(1), default=3, help="of the cluster (3)")
    parser.add_argument("--seed", type=_number(0), default=random.randrange(2**32),
                        help="of the first round, that of the next one is one more")
    parser.add_argument("--seconds", type=_number(0, float), default=5,
                        help="how long a failure acts at most, unless it has an end of its own (5)")
    parser.add_argument("--bound", type=_number(1, float), default=30, metavar="SECONDS",
                        help="within which what is demanded must come (30)")
    parser.add_argument("--clients", type=_number(1), default=6, help="that write (6)")
    parser.add_argument("--failure", action="append", default=[], metavar="NAME",
                        choices=[failure.name for failure in tester_failures.FAILURES],
                        help="one of these alone; may be repeated: %(choices)s")
    parser.add_argument("--listen", type=_address, default=("127.0.0.1", 0), metavar="HOST:PORT",
                        help="where the dashboard is served (127.0.0.1, a free port)")
    parser.add_argument("--data-dir", type=Path, help="below which members have their data, which "
                        "is removed at the end (in memory)")
    parser.add_argument("--report", type=Path, help="a file to which each round is added, as a "
                        "line of JSON")
    return parser.parse_args(words)


def _note(failed: threading.ExceptHookArgs) -> None:
    """As Python does, but for what gRPC's own threads say of a channel that is closed."""
    if "Channel closed" not in str(failed.exc_value):
        threading.__excepthook__(failed)


def main() -> int:
    arguments = parse(sys.argv[1:])
    if arguments.data_dir:
        arguments.data_dir.mkdir(parents=True, exist_ok=True)
        os.environ["E2E_FOLDER"] = str(arguments.data_dir.resolve())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as ^C does
    threading.excepthook = _note
    board = Board(arguments.seed, arguments.members)
    try:
        dashboard = Dashboard(board, *arguments.listen)
    except OSError as error:
        print(f"--listen: {error.strerror}", file=sys.stderr)
        return 2
    tester = Tester(arguments, board)
    with dashboard, contextlib.closing(tester):
        print(f"seed {arguments.seed}, dashboard at {dashboard.url}", flush=True)
        try:
            tester.run()
        except KeyboardInterrupt:
            print("interrupted")
            return 1 if board.failed else 130
        finally:
            board.finish()
            print(f"{board.passed} rounds passed, {board.failed} failed", flush=True)
    return 1 if board.failed else 0


if __name__ == "__main__":
    sys.exit(main())
