"""Which tests a mutant must fail, the quickest first."""

import os
import re
import resource
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from suites.python_tests import PYTHON

from .copy import Copy

# A mutant may take memory without end; what a database file is mapped to does not count.
MEMORY_BYTES_MAX = 4 << 30
# What others on this machine may do to a test: it is repeated.
CROWDED = re.compile(r"[Aa]ddress already in use|no \d+ free ports")
ATTEMPTS = 3

# Unit tests of other modules that go through a module.
ALSO = {
    "state/apply": ["ServerTest", "MembersOfOneProcessTest", "CommitterTest", "KvServiceTest",
                    "MaintenanceServiceTest", "ClusterServiceTest"],
}
# Programs in test/, by module, in the order in which they are asked.
PROGRAMS = {
    "api/v3": ["e2e/clients_test.py", "e2e/websocket_test.py", "e2e/odd_requests_test.py",
               "interop/etcdctl_interop_test.py", "e2e/attack_test.py"],
    "app": ["e2e/flags_test.py", "e2e/listeners_test.py", "e2e/start_test.py", "e2e/stop_test.py",
            "e2e/clients_test.py", "e2e/disk_test.py"],
    "ctl": ["interop/etcdctl_interop_test.py", "e2e/clients_test.py"],
    "state/apply": ["e2e/clients_test.py", "e2e/odd_requests_test.py",
                    "interop/etcdctl_interop_test.py", "e2e/kill_test.py"],
    "cmd": ["e2e/start_test.py", "interop/etcdctl_interop_test.py"],
}
# The same requests to real etcd; for what says what they mean.
DIFFERENTIAL = ("api/v3", "state/apply")


@dataclass
class Judge:
    name: str
    command: list[str]
    timeout_seconds: int
    environment: dict[str, str] = field(default_factory=dict)

    def passes(self) -> bool:
        for _ in range(ATTEMPTS):
            code, output = self._run()
            if code == 0:
                return True
            if not CROWDED.search(output):
                return False
        return False

    def _run(self) -> tuple[int, str]:
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            process = subprocess.Popen(self.command, stdout=output, stderr=subprocess.STDOUT,
                                       env=os.environ | self.environment, start_new_session=True,
                                       preexec_fn=_limit_memory)
            try:
                code = process.wait(timeout=self.timeout_seconds)
            except subprocess.TimeoutExpired:
                code = -1
            _end_session(process)
            output.seek(0)
            return code, output.read()


def judges(copy: Copy, module: str) -> list[Judge]:
    """Of a file's module."""
    suites = copy.test_suites(module) + ALSO.get(module, [])
    found = []
    if suites:
        found.append(Judge("unit", [str(copy.binaries / "unit_tests"), "--gtest_fail_fast",
                                    "--gtest_filter=" + ":".join(f"{name}.*" for name in suites)],
                           timeout_seconds=120))
    environment = {"ETCD": str(copy.binaries / "etcd"), "ETCDCTL": str(copy.binaries / "etcdctl"),
                   "BUILD": str(copy.folder / "build/dev"), "SEED": "1", "KILLS": "5"}
    for name in PROGRAMS[module]:
        words = [PYTHON, str(copy.folder / "test" / name)]
        if name.startswith("interop/etcdctl"):
            words += ["EtcdctlTest"]  # the client library's package is not a mutant's
        found.append(Judge(name, words, timeout_seconds=300, environment=environment))
    if module in DIFFERENTIAL and Path("/usr/bin/etcd").exists():
        found.append(Judge("e2e/differential.py",
                           [PYTHON, str(copy.folder / "test/e2e/differential.py"), "--seed", "1",
                            "--count", "5000", "/usr/bin/etcd", environment["ETCD"]],
                           timeout_seconds=300))
    return found


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def _end_session(process: subprocess.Popen) -> None:
    """The test, and the programs that it started and may have left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
