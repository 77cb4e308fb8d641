"""The conformance suite of HTTP/2, as a library of Go's module proxy: test/interop/h2spec."""

import shutil
import subprocess
from pathlib import Path

from . import grpc_peers
from .counts import Counts
from .gtest import environment_with

TIMEOUT_SECONDS = 600


def run(root: Path, program: Path) -> Counts:
    """`program` is rpc_test_server."""
    if shutil.which("go") is None:
        return Counts(skips=["interop: h2spec: there is no go"])
    with (grpc_peers.server(program) as (_, plain),
          grpc_peers.server(program, "tls") as (_, with_tls)):
        addresses = {"INTEROP_ADDRESS": plain, "INTEROP_TLS_ADDRESS": with_tls}
        done = subprocess.run(["go", "test", "-count=1", "-json", "./..."],
                              cwd=root / "test/interop/h2spec", text=True,
                              env=environment_with(addresses), stdout=subprocess.PIPE,
                              timeout=TIMEOUT_SECONDS)
    results = grpc_peers.read_go(done.stdout)
    counts = Counts(passed=sum(passed for _, passed in results),
                    failures=[f"h2spec: {name}" for name, passed in results if not passed])
    if done.returncode != 0 and not counts.failures:
        counts.failures.append("h2spec: could not be built")
    return counts
