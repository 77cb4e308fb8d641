"""Programs that we did not write, against ours."""

import shutil
from pathlib import Path
from typing import Callable

from . import grpc_peers, gtest, python_tests
from .counts import Counts


def run(root: Path, build: Callable[..., None], full: bool) -> Counts:
    build("dev", "rpc_test_server", "grpcpp_interop_test", "snapshot_tool", "etcd", "etcdctl",
          "etcd-client")
    binaries = root / "build/dev/bin"
    snapshot_tool = {"SNAPSHOT_TOOL": str(binaries / "snapshot_tool")}
    counts = _etcd(root / "test/interop/snapshot_interop_test.py", snapshot_tool)
    counts += _etcd(root / "test/interop/etcdctl_interop_test.py",
                    {"ETCD": str(binaries / "etcd"), "ETCDCTL": str(binaries / "etcdctl"),
                     "BUILD": str(root / "build/dev")})
    counts += python_tests.unittests(root / "test/interop/hostile_peers_test.py",
                                     {"RPC_TEST_SERVER": str(binaries / "rpc_test_server")})
    with grpc_peers.servers(binaries / "rpc_test_server") as addresses:
        counts += gtest.run(binaries / "grpcpp_interop_test", 1, "grpc++", addresses)
    if full:
        counts += grpc_peers.run(root, binaries / "rpc_test_server", snapshot_tool)
    else:
        counts.skips.append("interop: h2spec, grpc-go with bbolt, grpc-js, grpc-java, tonic (with --full)")
    return counts


def _etcd(script: Path, environment: dict[str, str]) -> Counts:
    """One of the test programs in Python that need Debian's etcd and etcdctl."""
    missing = [name for name in ("etcd", "etcdctl") if shutil.which(name) is None]
    if missing:
        return Counts(skips=[f"interop: {script.stem}: there is no {' and no '.join(missing)}"])
    return python_tests.unittests(script, environment)
