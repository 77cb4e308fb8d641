"""Programs that we did not write, against ours."""

import shutil
import subprocess
from pathlib import Path
from typing import Callable

from . import grpc_peers, gtest, python_tests
from .counts import Counts

ETCD_3_7_TIMEOUT_SECONDS = 1200


def run(root: Path, build: Callable[..., None], full: bool) -> Counts:
    build("dev", "rpc_test_server", "grpcpp_interop_test", "snapshot_tool", "log_tool", "etcd",
          "etcdctl", "etcd-client", "man_pages")
    binaries = root / "build/dev/bin"
    snapshot_tool = {"SNAPSHOT_TOOL": str(binaries / "snapshot_tool")}
    counts = _etcd(root / "test/interop/snapshot_interop_test.py", snapshot_tool)
    counts += _etcd(root / "test/interop/etcdctl_interop_test.py",
                    {"ETCD": str(binaries / "etcd"), "ETCDCTL": str(binaries / "etcdctl")})
    counts += python_tests.unittests(root / "test/interop/client_library_test.py",
                                     {"ETCD": str(binaries / "etcd"),
                                      "BUILD": str(root / "build/dev")})
    counts += python_tests.unittests(root / "test/interop/install_test.py",
                                     {"BUILD": str(root / "build/dev")})
    counts += python_tests.unittests(root / "test/interop/hostile_peers_test.py",
                                     {"RPC_TEST_SERVER": str(binaries / "rpc_test_server")})
    with grpc_peers.servers(binaries / "rpc_test_server") as addresses:
        counts += gtest.run(binaries / "grpcpp_interop_test", 1, "grpc++", addresses)
    if full:
        counts += grpc_peers.run(root, binaries / "rpc_test_server", snapshot_tool)
        counts += _etcd_3_7(root / "test/interop/etcd37",
                            snapshot_tool | {"LOG_TOOL": str(binaries / "log_tool")})
    else:
        counts.skips.append("interop: grpc-go, grpc-js, grpc-java, tonic, h2spec, bbolt and "
                            "etcd 3.7's packages (with --full)")
    return counts


def _etcd(script: Path, environment: dict[str, str]) -> Counts:
    """One of the test programs in Python that need Debian's etcd and etcdctl."""
    missing = [name for name in ("etcd", "etcdctl") if shutil.which(name) is None]
    if missing:
        return Counts(skips=[f"interop: {script.stem}: there is no {' and no '.join(missing)}"])
    return python_tests.unittests(script, environment)


def _etcd_3_7(folder: Path, environment: dict[str, str]) -> Counts:
    """The packages of etcd 3.7 and a real member, on our files and we on theirs."""
    if shutil.which("go") is None:
        return Counts(skips=["interop: etcd 3.7: there is no go"])
    done = subprocess.run(["go", "test", "-count=1", "-json", "./..."], cwd=folder, text=True,
                          env=gtest.environment_with(environment), stdout=subprocess.PIPE,
                          timeout=ETCD_3_7_TIMEOUT_SECONDS)
    results = grpc_peers.read_go(done.stdout)
    counts = Counts(passed=sum(passed for _, passed in results),
                    failures=[f"etcd 3.7: {name}" for name, passed in results if not passed])
    if done.returncode != 0 and not counts.failures:
        counts.failures.append("etcd 3.7: could not be built")
    return counts
