"""State traces of raft, judged by the TLA+ specification that etcd/raft publishes."""

from pathlib import Path
from typing import Callable

from . import python_tests
from .counts import Counts

TIMEOUT_SECONDS = 2 * 60 * 60


def run(root: Path, build: Callable[..., None]) -> Counts:
    build("dev", "etcd", "etcd-sim", "etcd-sim-planted")
    return python_tests.unittests(root / "test/tla/raft_trace_test.py", {"E2E_FULL": "1"},
                                  TIMEOUT_SECONDS)
