"""Simulation: whole clusters from seeds."""

import subprocess
from pathlib import Path
from typing import Callable

from .counts import Counts


def smoke(root: Path, build: Callable[..., None]) -> Counts:
    return _run(root, build, "smoke", "planted")


def long(root: Path, build: Callable[..., None]) -> Counts:
    return _run(root, build, "long")


def _run(root: Path, build: Callable[..., None], *commands: str) -> Counts:
    build("release", "etcd-sim", "etcd-sim-planted")
    counts = Counts()
    for command in commands:
        program = "etcd-sim-planted" if command == "planted" else "etcd-sim"
        if subprocess.run([root / "build/release/bin" / program, command]).returncode == 0:
            counts.passed += 1
        else:
            counts.failures.append(f"sim: {program} {command}")
    return counts
