#!/usr/bin/python3
"""Rounds of failures in one cluster that clients write to all the time, and what must hold after
each: see docs/testing.md. scripts/testing-cluster runs it, and says what its options are.

ETCD, ETCDCTL and LOCK (examples/client/lock.cc) in the environment are the programs.
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

import e2e_path  # noqa: F401
import tester_failures
from board import Board, Round
from dashboard import Dashboard
from demands import Demands, RoundFailed
from member import PORTS_OF_PROCESS
from run import ROOT
from tested_cluster import TestedCluster

KEPT = ROOT / "build/testing-cluster"
KEPT_MAX = 20  # rounds that have failed
# For all that a round does besides waiting for what it demands.
ROUND_SECONDS_MORE = 240
# A member's log is emptied after a round that has passed, if it is larger.
LOG_BYTES_MAX = 16 << 20
MEMBERS_MAX = PORTS_OF_PROCESS // 3  # one of them is the proxy's
DEFRAGMENT_EVERY = 5  # rounds, on average


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
        board, demands = self._board, Demands(tested, self._arguments.bound)
        current = board.current
        board.phase("the failure acts")
        end = time.monotonic() + tested.random.uniform(0.5, 1) * self._arguments.seconds
        failure.act(tested, lambda: time.monotonic() > end)
        board.phase("it is taken back")
        healed = time.monotonic()
        tested.heal()
        board.phase("progress is awaited")
        demands.progress()
        current.progress_seconds = round(time.monotonic() - healed, 3)
        demands.locks()
        demands.no_alarm()
        board.phase("members are compared")
        demands.equal(current)
        board.phase("clients are judged")
        demands.sound(time.monotonic())
        board.phase("compaction")
        demands.compact(current.revision)
        if tested.random.randrange(DEFRAGMENT_EVERY) == 0:
            board.phase("defragmentation")
            demands.defragment()
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
        print(f"round {ended.number}, seed {ended.seed}: {ended.failure}: {ended.phase}; "
              f"{progress}, {ended.seconds:.1f} s, revision {ended.revision}", flush=True)
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


def _number(least: float, kind=int, most: float = float("inf")):
    def parse(text: str):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value
    parse.__name__ = "number"
    return parse


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/testing-cluster")
    parser.add_argument("--rounds", type=_number(0), default=10, help="how many; 0: until ^C (10)")
    parser.add_argument("--members", type=_number(1, most=MEMBERS_MAX), default=3,
                        help="of the cluster (3)")
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
        except tester_failures.NotPossible as error:
            print(error)
            return 2
        except KeyboardInterrupt:
            print("interrupted")
            return 1 if board.failed else 130
        finally:
            board.finish()
            print(f"{board.passed} rounds passed, {board.failed} failed", flush=True)
    return 1 if board.failed else 0


if __name__ == "__main__":
    sys.exit(main())
