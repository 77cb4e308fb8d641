"""The server as its clients see it: the process `etcd`, over the network."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from . import python_tests
from .counts import Counts

PRESET = "dev"
EXAMPLES = ["barrier", "failover", "lock", "queue", "scheduler", "semaphore", "stm", "watch"]
TOOLS = ["etcdctl", "etcdutl", "etcd-dump-logs", "etcd-dump-db", "etcd-dump-metrics"]
# Start and end every part of the process; with --full also what asks most of it.
SANITIZED = ["start_test", "stop_test"]
SANITIZED_FULL = ["clients_test", "kill_test", "listeners_test", "websocket_test"]
# What the tools print, beside etcd's and alone: with --full under the address sanitizer, too.
SANITIZED_TOOLS = ["dump_beside_etcd_test", "dump_test", "etcdctl_auth_beside_etcd_test",
                   "etcdctl_beside_etcd_test", "etcdctl_errors_beside_etcd_test",
                   "etcdctl_refusals_beside_etcd_test", "etcdctl_test",
                   "etcdctl_watch_beside_etcd_test", "etcdutl_beside_etcd_test", "etcdutl_test",
                   "export_test", "k8s_test"]


def tools_of(binaries: Path) -> dict[str, str]:
    """How the tests are told where the tools are."""
    return {name.upper().replace("-", "_"): str(binaries / name) for name in TOOLS}


def run(root: Path, build: Callable[..., None], full: bool) -> Counts:
    build(PRESET, "etcd", "etcd-bench", "etcd-discovery", "etcd-failpoints", "etcd-sim", *TOOLS,
          *(f"example_client_{name}" for name in EXAMPLES))
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
    binaries = root / "build" / PRESET / "bin"
    environment = tools_of(binaries) | {
        "ETCD": etcd, "ETCD_BENCH": str(binaries / "etcd-bench"),
        "DISCOVERY_SERVICE": str(binaries / "etcd-discovery"),
        "FAILPOINTS_PROGRAM": str(binaries / "etcd-failpoints"),
        "ETCD_SIM": str(binaries / "etcd-sim"), "E2E_FULL": "1" if full else ""}
    for name in EXAMPLES:
        environment[name.upper()] = str(binaries / f"example_client_{name}")
    # They wait more than they work.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for counted in pool.map(
                lambda script: python_tests.unittests(script, environment,
                                                      timeout_seconds=1800 if full else 300),
                sorted(tests.glob("*_test.py"))):
            counts += counted
    return counts


def sanitized(root: Path, build: Callable[..., None], preset: str, full: bool) -> Counts:
    """The process and its tools as `preset`, a sanitizer, builds them; whatever that reports is a
    failure."""
    with_tools = full and preset == "asan"
    build(preset, "etcd", *(TOOLS if with_tools else []))
    binaries = root / "build" / preset / "bin"
    counts = Counts()
    with tempfile.TemporaryDirectory() as reports:
        options = f"log_path={reports}/report"
        environment = {"ETCD": str(binaries / "etcd"), "TSAN_OPTIONS": options,
                       "ASAN_OPTIONS": options, "UBSAN_OPTIONS": options + ":print_stacktrace=1"}
        for name in SANITIZED + (SANITIZED_FULL if full else []):
            counts += python_tests.unittests(root / "test/e2e" / f"{name}.py", environment,
                                             timeout_seconds=900)
        for name in SANITIZED_TOOLS if with_tools else []:
            counts += python_tests.unittests(root / "test/e2e" / f"{name}.py",
                                             environment | tools_of(binaries) | {"E2E_FULL": "1"},
                                             timeout_seconds=1800)
        for report in sorted(Path(reports).iterdir()):
            print(report.read_text(errors="replace")[:20_000])
            counts.failures.append(f"e2e: {preset}: {report.name}")
    return counts
