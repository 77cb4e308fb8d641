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
from cluster import wait_until_ready
from history import FROM_KEY, Histories, Operation, has_changed
from linked_cluster import LinkedCluster
from member import Member, scratch_folder
from network import PYTHON
from recorder import Recorder
from small_disk import SmallDisk
from traffic import Traffic

ROOT = Path(__file__).resolve().parents[2]
# Several, with a colon between them: members of different programs, in turn.
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd")).split(":")
KEPT = ROOT / "build/robustness"
# Milliseconds. Short, so that much happens in little time.
HEARTBEAT, ELECTION = 50, 400
AFTER_FAULTS_SECONDS = 0.5
ASK_SECONDS = 20


class NobodyAnswers(AssertionError):
    pass


class Run:
    """In a `with` block: from its beginning on the cluster runs and clients are at work. At its end
    the faults are taken back and what the clients saw is judged. Whatever is wrong raises
    AssertionError, and everything that tells of it is kept in KEPT."""

    def __init__(self, name: str, seed: int, members: int = 3, flags: tuple[str, ...] = (),
                 timing: tuple[int, int] = (HEARTBEAT, ELECTION), keeps: bool = True,
                 **traffic) -> None:
        self.name = name
        self.seed = seed
        self.keeps = keeps
        self.random = random.Random(f"{seed}/{name}")
        self.counts: dict[str, int] = {}  # of what was done, by its name
        self.folder = Path(scratch_folder())
        self.figures: dict[str, float] = {}  # that were measured
        self.began = 0.0
        self.disk: SmallDisk | None = None
        self.verdict = ""
        self._broken: list[str] = []
        times = ("--heartbeat-interval", str(timing[0]), "--election-timeout", str(timing[1]))
        programs = [ETCD[number % len(ETCD)] for number in range(members)]
        self.cluster = LinkedCluster(*programs, flags=times + flags, seed=seed)
        self._traffic_options = traffic
        self._traffic: dict[str, subprocess.Popen] = {}
        self._recorder = Recorder(self.folder / "history-judge.jsonl")
        self._histories = Histories(self.folder)
        self._described = 1  # every revision up to here was told to somebody

    def __enter__(self) -> "Run":
        try:
            self.cluster.start()
            self.start_traffic("c", **self._traffic_options)
            self.began = time.monotonic()
        except BaseException:
            self._end(keep=True)
            raise
        return self

    def __exit__(self, kind, error, trace) -> None:
        failed = True
        try:
            if error is None:
                self._judge()
                failed = False
        finally:
            self._end(keep=failed)

    def start_traffic(self, name: str, **options) -> None:
        traffic = Traffic(str(self.folder / f"history-{name}.jsonl"),
                          {member.name: member.address for member in self.cluster},
                          self.seed, name, **options)
        self._traffic[name] = subprocess.Popen(
            [PYTHON, Path(__file__).parent / "traffic.py", json.dumps(asdict(traffic))],
            stdin=subprocess.PIPE, text=True)
        self.wait_for("the clients begin", lambda: any(
            operation.client.startswith(name) for operation in self.history()))

    def stop_traffic(self, name: str) -> None:
        process = self._traffic[name]
        process.stdin.close()
        if process.wait(timeout=ASK_SECONDS) != 0:
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

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def sleep(self, least: float, most: float) -> None:
        time.sleep(self.random.uniform(least, most))

    def heal(self) -> None:
        """Takes back all faults; all members answer when it returns."""
        self.cluster.heal_links()
        self.cluster.resume()
        for member in self.cluster:
            if member.process is None:
                member.launch()
        for member in self.cluster:
            wait_until_ready(member)

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
        if received := sum(map(received_snapshots, self.cluster)):
            self.counts["snapshots received"] = received
        told = [f"{count} {what}" for what, count in sorted(self.counts.items())]
        told += [f"{what}: {figure:.3g}" for what, figure in self.figures.items()]
        self.verdict = "; ".join([f"{self.name}, seed {self.seed}", checker.summary(), *told])
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
