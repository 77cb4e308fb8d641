"""The server as its clients see it: the process `etcd`, over the network."""

import shutil
import subprocess
from pathlib import Path
from typing import Callable

from . import python_tests
from .counts import Counts

PRESET = "dev"


def run(root: Path, build: Callable[..., None], full: bool) -> Counts:
    build(PRESET, "etcd")
    if subprocess.run([python_tests.PYTHON, "-c", "import grpc"], capture_output=True).returncode:
        return Counts(skips=["e2e: there is no python3-grpcio"])
    tests = root / "test/e2e"
    etcd = str(root / "build" / PRESET / "bin/etcd")
    counts = Counts()
    if shutil.which("etcd", path="/usr/bin"):
        counts += python_tests.program(tests / "differential.py", "/usr/bin/etcd", etcd,
                                       timeout_seconds=180)
    else:
        counts.skips.append("e2e: differential: there is no /usr/bin/etcd")
    environment = {"ETCD": etcd, "E2E_FULL": "1" if full else ""}
    for script in sorted(tests.glob("*_test.py")):
        counts += python_tests.unittests(script, environment, timeout_seconds=1800 if full else 300)
    return counts
