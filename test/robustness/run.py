"""One cluster, its clients, what is done to it, and the verdict."""

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import e2e_path  # noqa: F401
import linearizability
import watch_history
from failures import Excuses
from faulty_system import CannotPreload
from history import FROM_KEY, Histories, Operation, has_changed
from linked_cluster import LinkedCluster
from member import Member, scratch_folder
from network import PYTHON
from recorder import Recorder
from scene import Scene
from traffic import Traffic
from watch_guarantees import WatchChecker
from watchers import CATCH_UP_SECONDS

ROOT = Path(__file__).resolve().parents[2]
# Several, with a colon between them: members of different programs, in turn.
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd")).split(":")
KEPT = ROOT / "build/robustness"
# Milliseconds. Short, so that much happens in little time.
HEARTBEAT, ELECTION = 50, 400
AFTER_FAULTS_SECONDS = 0.5
ASK_SECONDS = 20

# What says nothing about the members.
GIVEN_UP = (CannotPreload, KeyboardInterrupt)

Done = Callable[[], bool]  # of a scenario: whether it is to end


class NobodyAnswers(AssertionError):
    pass


class Run(Scene):
    """In a `with` block: from its beginning on the cluster runs and clients are at work. At its end
    the faults are taken back and what the clients saw is judged. Whatever is wrong raises
    AssertionError, and everything that tells of it is kept in KEPT."""

    def __init__(self, name: str, seed: int, members: int = 3, flags: tuple[str, ...] = (),
                 timing: tuple[int, int] = (HEARTBEAT, ELECTION), keeps: bool = True,
                 peer_tls: bool | None = None, times_count: bool = True,
                 faulty_systems: str = "", programs: list[str] | None = None, **traffic) -> None:
        """Whether members speak TLS to each other is drawn from the seed unless it is said.
        `faulty_systems` is NEEDED or WANTED."""
        if peer_tls is None:
            peer_tls = random.Random(f"{seed}/{name}/tls").random() < 0.5
        times = ("--heartbeat-interval", str(timing[0]), "--election-timeout", str(timing[1]))
        programs = programs or ETCD
        super().__init__(LinkedCluster(*(programs[number % len(programs)]
                                         for number in range(members)), flags=times + flags,
                                       seed=seed, peer_tls=peer_tls),
                         random.Random(f"{seed}/{name}"), peer_tls)
        self.name = name
        self.seed = seed
        self.keeps = keeps
        self.folder = Path(scratch_folder())
        self.figures: dict[str, float] = {}  # that were measured
        self.began = 0.0
        self.excuses = Excuses()  # for requests that fail
        self.times_count = times_count  # or are only told
        self.verdict = ""
        self._broken: list[str] = []
        self.election_seconds = timing[1] / 1000
        self._faulty_systems = faulty_systems
        self._traffic_options = traffic
        self._traffic: dict[str, subprocess.Popen] = {}
        self._recorder = Recorder(self.folder / "history-judge.jsonl")
        self._histories = Histories(self.folder)
        self._described = 1  # every revision up to here was told to somebody

    def __enter__(self) -> "Run":
        try:
            if self._faulty_systems:
                self.preload(self._faulty_systems)
            self.cluster.start()
            self.keep_those_with_a_hold(self._faulty_systems)
            self.start_traffic("c", **self._traffic_options)
            self.began = time.monotonic()
        except BaseException as error:
            self._end(keep=not isinstance(error, GIVEN_UP))
            raise
        return self

    def __exit__(self, kind, error, trace) -> None:
        failed = True
        try:
            if error is None:
                self._judge()
                failed = False
        finally:
            self._end(keep=failed and not isinstance(error, GIVEN_UP))

    def start_traffic(self, name: str, at: list[Member] | None = None, **options) -> None:
        """Asks all members, or some."""
        traffic = Traffic(str(self.folder / f"history-{name}.jsonl"),
                          {member.name: member.address for member in at or self.cluster},
                          self.seed, name, **options)
        self._traffic[name] = subprocess.Popen(
            [PYTHON, Path(__file__).parent / "traffic.py", json.dumps(asdict(traffic))],
            stdin=subprocess.PIPE, text=True)
        self.wait_for("the clients begin", lambda: any(
            operation.client.startswith(name) for operation in self.history()))

    def stop_traffic(self, name: str) -> None:
        process = self._traffic[name]
        process.stdin.close()
        if process.wait(timeout=ASK_SECONDS + CATCH_UP_SECONDS) != 0:
            raise RuntimeError("the clients have failed")
        del self._traffic[name]

    def history(self) -> list[Operation]:
        """What clients were answered so far, or were not."""
        return self._histories.operations()

    def newest(self) -> int:
        """The highest revision that anybody was told."""
        return max((operation.revision for operation in self.history()), default=0)

    def wait_for(self, what: str, happens: Callable[[], bool],
                 seconds: float = ASK_SECONDS) -> None:
        end = time.monotonic() + seconds
        while not happens():
            if time.monotonic() > end:
                raise AssertionError(f"seed {self.seed}: does not happen: {what}")
            time.sleep(0.05)

    def expect(self, what: str, holds: bool) -> None:
        """What does not hold is told with the verdict."""
        if not holds:
            self._broken.append(f"does not hold: {what}")

    def expect_time(self, what: str, holds: bool) -> None:
        """That is judged only where times count."""
        if self.times_count:
            self.expect(what, holds)

    def ask(self, member: Member, request: dict, timeout_seconds: float = 2) -> Operation:
        """As an operation of the history."""
        return self._recorder.ask("judge", member.name, self.cluster.client(member), request,
                                  timeout_seconds)

    def ask_until_answered(self, request: dict, seconds: float) -> Operation:
        """Any member. Raises NobodyAnswers."""
        end = time.monotonic() + seconds
        while True:
            operation = self.ask(self.random.choice(self.cluster.members), request)
            if operation.reply is not None:
                return operation
            if time.monotonic() > end:
                raise NobodyAnswers(f"nobody answers {request}: {operation.error}")
            time.sleep(0.05)

    def describe(self, last: int, seconds: float = ASK_SECONDS) -> None:
        """Reads the state at each revision up to `last` that nobody was told of writing. Raises
        NobodyAnswers if one of them is not answered for so long."""
        told = {operation.revision for operation in self.history()
                if operation.reply and has_changed(operation.request, operation.reply)}
        for revision in range(self._described + 1, last + 1):
            if revision not in told:
                self.ask_until_answered(everything(at=revision, serializable=True), seconds)
        self._described = max(self._described, last)

    def expect_no_failures(self) -> None:
        """Of what clients have asked so far, but those with an excuse."""
        failed = [operation for operation in self.history()
                  if operation.client != "judge" and operation.reply is None]
        missing = self.excuses.missing(failed)
        self.figures["failures with an excuse"] = len(failed) - len(missing)
        self.expect("\n".join(missing[:5]), not missing)

    def _judge(self) -> None:
        self.heal()
        time.sleep(AFTER_FAULTS_SECONDS)
        for name in list(self._traffic):
            self.stop_traffic(name)
        newest = self.cluster.wait_until_equal()
        self.describe(newest)
        for member in self.cluster:
            self.ask(member, everything(serializable=True))
            self.ask(member, everything())
        checker = linearizability.Checker(self.history())
        wrong = checker.check() + self._broken
        watches = WatchChecker(checker)
        if not wrong:
            for wish, told in watch_history.read(self.folder).values():
                watches.check(wish, told)
            wrong = watches.violations
        if received := sum(map(received_snapshots, self.cluster)):
            self.counts["snapshots received"] = received
        told = ["TLS between members"] if self.peer_tls else []
        told += [f"{count} {what}" for what, count in sorted(self.counts.items())]
        told += [f"{what}: {figure:.3g}" for what, figure in self.figures.items()]
        self.verdict = "; ".join([f"{self.name}, seed {self.seed}", checker.summary(),
                                  watches.summary(), *told])
        if wrong:
            raise AssertionError("\n".join([self.verdict, *wrong]))

    def _end(self, keep: bool) -> None:
        for process in self._traffic.values():
            process.kill()
            process.wait()
            process.stdin.close()
        self._recorder.close()
        if keep and self.keeps:
            self._keep()
        self.cluster.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self) -> None:
        kept = KEPT / f"{self.name}-{self.seed}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.folder, kept)
        for member in self.cluster:
            if member.log.exists():
                shutil.copy(member.log, kept / f"{member.name}.log")
        print(f"histories and logs are in {kept}")


def received_snapshots(member: Member) -> int:
    """In all lives of the process, also those that it did not take."""
    return member.log.read_text(errors="replace").count("received and saved database snapshot")


def everything(**more) -> dict:
    return {"op": "range", "key": FROM_KEY, "end": FROM_KEY, **more}
