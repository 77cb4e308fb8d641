"""Programs that we did not write, against ours."""

import contextlib
import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Callable, Iterator

from . import gtest, python_tests
from .counts import Counts


def run(root: Path, build: Callable[..., None], full: bool) -> Counts:
    build("dev", "rpc_test_server", "grpcpp_interop_test", "snapshot_tool", "log_tool", "etcd",
          "etcdctl", "etcd-client")
    binaries = root / "build/dev/bin"
    snapshot_tool = {"SNAPSHOT_TOOL": str(binaries / "snapshot_tool")}
    counts = _etcd(root / "test/interop/snapshot_interop_test.py", snapshot_tool)
    counts += _etcd(root / "test/interop/etcdctl_interop_test.py",
                    {"ETCD": str(binaries / "etcd"), "ETCDCTL": str(binaries / "etcdctl"),
                     "BUILD": str(root / "build/dev")})
    counts += python_tests.unittests(root / "test/interop/hostile_peers_test.py",
                                     {"RPC_TEST_SERVER": str(binaries / "rpc_test_server")})
    with _server(binaries / "rpc_test_server") as address:
        environment = {"INTEROP_ADDRESS": address}
        counts += gtest.run(binaries / "grpcpp_interop_test", 1, "grpc++", environment)
        if full:
            counts += _go(root / "test/interop/go", environment | snapshot_tool)
        else:
            counts.skips.append("interop: grpc-go and bbolt (with --full)")
    if full:
        counts += _go(root / "test/interop/etcd37",
                      snapshot_tool | {"LOG_TOOL": str(binaries / "log_tool")})
    else:
        counts.skips.append("interop: logs, snapshots and hashes of etcd 3.7 (with --full)")
    return counts


@contextlib.contextmanager
def _server(program: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([program, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()  # "listening on ..."
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _etcd(script: Path, environment: dict[str, str]) -> Counts:
    """One of the test programs in Python that need Debian's etcd and etcdctl."""
    missing = [name for name in ("etcd", "etcdctl") if shutil.which(name) is None]
    if missing:
        return Counts(skips=[f"interop: {script.stem}: there is no {' and no '.join(missing)}"])
    return python_tests.unittests(script, environment)


def _go(folder: Path, environment: dict[str, str]) -> Counts:
    if shutil.which("go") is None:
        return Counts(skips=[f"interop: {folder.name}: there is no go"])
    done = subprocess.run(["go", "test", "-count=1", "-json", "./..."], cwd=folder, text=True,
                          env=gtest.environment_with(environment), stdout=subprocess.PIPE,
                          timeout=1200)
    counts = Counts()
    for event in map(json.loads, done.stdout.splitlines()):
        if "Test" not in event:
            continue
        if event["Action"] == "pass":
            counts.passed += 1
        elif event["Action"] == "fail":
            counts.failures.append(f"{folder.name}: {event['Test']}")
    if done.returncode != 0 and not counts.failures:
        counts.failures.append(f"{folder.name}: could not be built")
    return counts
