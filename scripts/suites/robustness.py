"""Clusters of processes under faults, and the judge of what their clients saw."""

import subprocess
from pathlib import Path
from typing import Callable

from . import python_tests
from .counts import Counts

PRESET = "dev"


def run(root: Path, build: Callable[..., None], full: bool) -> Counts:
    build(PRESET, "etcd", "etcdctl", "example_client_lock")
    if subprocess.run([python_tests.PYTHON, "-c", "import grpc"], capture_output=True).returncode:
        return Counts(skips=["robustness: there is no python3-grpcio"])
    environment = {"ETCD": str(root / "build" / PRESET / "bin/etcd"),
                   "ETCDCTL": str(root / "build" / PRESET / "bin/etcdctl"),
                   "LOCK": str(root / "build" / PRESET / "bin/example_client_lock"),
                   "E2E_FULL": "1" if full else ""}
    counts = Counts()
    for script in sorted((root / "test/robustness").glob("*_test.py")):
        counts += python_tests.unittests(script, environment, timeout_seconds=7200 if full else 300)
    return counts
