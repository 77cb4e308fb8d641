"""Which tests a mutant must fail, the quickest first."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from suites.python_tests import PYTHON

from . import session
from .copy import Copy

# What others on this machine may do to a test that starts processes: it is repeated.
CROWDED = re.compile(r"[Aa]ddress already in use|no \d+ free ports")
CROWDED_MAX = 3
# How often such a test must fail before it is believed; one in virtual time is believed at once.
FAILURES = 2

# Unit tests of other modules that go through a module.
ALSO = {
    "cli": ["HelpTest", "CtlMainTest", "RefusalsTest"],
    "state/apply": ["ServerTest", "MembersOfOneProcessTest", "CommitterTest", "KvServiceTest",
                    "MaintenanceServiceTest", "ClusterServiceTest"],
}
# Programs in test/, by module, in the order in which they are asked.
PROGRAMS = {
    "api/v3": ["e2e/clients_test.py", "e2e/websocket_test.py", "e2e/odd_requests_test.py",
               "e2e/watch_test.py", "e2e/lease_test.py", "e2e/lock_test.py", "e2e/usage_test.py",
               "e2e/admission_test.py", "e2e/auth_test.py", "interop/etcdctl_interop_test.py",
               "e2e/tracing_test.py", "e2e/attack_test.py"],
    "app": ["e2e/command_test.py", "e2e/flags_test.py", "e2e/listeners_test.py",
            "e2e/start_test.py", "e2e/stop_test.py", "e2e/clients_test.py", "e2e/disk_test.py",
            "e2e/profile_test.py", "e2e/bootstrap_test.py", "e2e/discovery_v2_test.py",
            "e2e/dns_test.py", "e2e/import_test.py", "e2e/peer_certificates_test.py",
            "e2e/local_address_test.py", "e2e/tracing_test.py", "e2e/self_replacement_test.py",
            "e2e/cluster_test.py"],
    "cli": ["e2e/etcdctl_test.py", "e2e/etcdutl_test.py", "e2e/etcdctl_words_test.py",
            "e2e/progress_test.py", "e2e/full_output_test.py", "interop/etcdctl_interop_test.py"],
    "ctl": ["e2e/etcdctl_test.py", "interop/etcdctl_interop_test.py", "e2e/clients_test.py",
            "e2e/etcdctl_lock_test.py", "e2e/etcdctl_causes_test.py", "e2e/etcdctl_words_test.py",
            "e2e/etcdctl_get_test.py", "e2e/watch_test.py", "e2e/etcdctl_mirror_test.py",
            "e2e/etcdctl_auth_test.py", "e2e/etcdctl_debug_test.py", "e2e/etcdctl_latency_test.py",
            "e2e/etcdctl_top_test.py", "e2e/usage_test.py", "e2e/admission_test.py",
            "e2e/etcdctl_check_test.py", "e2e/v2_migrate_test.py", "e2e/cluster_test.py"],
    "offline": ["e2e/etcdutl_test.py", "e2e/dump_test.py", "e2e/unfinished_test.py"],
    "utl": ["e2e/etcdutl_test.py", "e2e/recover_test.py", "e2e/export_test.py",
            "e2e/import_test.py", "e2e/k8s_test.py", "e2e/v2_migrate_test.py",
            "e2e/progress_test.py", "e2e/unfinished_test.py"],
    "dump": ["e2e/dump_test.py"],
    "bench": ["e2e/etcd_bench_test.py"],
    "state/apply": ["e2e/clients_test.py", "e2e/odd_requests_test.py", "e2e/lease_test.py",
                    "e2e/admission_test.py", "e2e/auth_test.py",
                    "interop/etcdctl_interop_test.py", "e2e/kill_test.py"],
    "cmd": ["e2e/etcd_sim_test.py", "e2e/command_test.py", "e2e/discovery_service_test.py",
            "e2e/failpoints_test.py", "interop/etcdctl_interop_test.py"],
}
# The same requests to real etcd; for what says what they mean.
DIFFERENTIAL = ("api/v3", "state/apply")


@dataclass
class Judge:
    name: str
    command: list[str]
    timeout_seconds: int
    environment: dict[str, str] = field(default_factory=dict)
    failures: int = FAILURES

    def passes(self) -> bool:
        failed = crowded = 0
        while failed < self.failures:
            code, output = session.run(self.command, self.timeout_seconds, self.environment)
            if code == 0:
                return True
            if code == session.TOO_LONG:
                return False
            if CROWDED.search(output) and crowded < CROWDED_MAX:
                crowded += 1
            else:
                failed += 1
        return False


def nearest_first(found: list[Judge], path: str) -> list[Judge]:
    """Unit tests, then programs that are named after what the file is named after."""
    words = set(Path(path).stem.split("_"))
    return sorted(found, key=lambda judge: judge.name != "unit"
                  and words.isdisjoint(Path(judge.name).stem.removesuffix("_test").split("_")))


def _tests_of(suite: str) -> str:
    """As a filter; those with parameters have a name in front."""
    return f"{suite}.*:*/{suite}.*"


def judges(copy: Copy, module: str) -> list[Judge]:
    """Of a file's module."""
    suites = copy.test_suites(module) + ALSO.get(module, [])
    found = []
    if suites:
        found.append(Judge("unit", [str(copy.binaries / "unit_tests"), "--gtest_fail_fast",
                                    "--gtest_filter=" + ":".join(map(_tests_of, suites))],
                           timeout_seconds=120, failures=1))
    environment = {"ETCD": str(copy.binaries / "etcd"), "ETCDCTL": str(copy.binaries / "etcdctl"),
                   "ETCDUTL": str(copy.binaries / "etcdutl"),
                   **{name.upper().replace("-", "_"): str(copy.binaries / name)
                      for name in ("etcd-bench", "etcd-dump-logs", "etcd-dump-db",
                                   "etcd-dump-metrics")},
                   "ETCD_SIM": str(copy.binaries / "etcd-sim"),
                   "ETCD_BINARIES": str(copy.binaries),
                   "DISCOVERY_SERVICE": str(copy.binaries / "etcd-discovery"),
                   "FAILPOINTS_PROGRAM": str(copy.binaries / "etcd-failpoints"),
                   "BUILD": str(copy.folder / "build/dev"), "SEED": "1", "KILLS": "5"}
    for name in PROGRAMS[module]:
        words = [PYTHON, str(copy.folder / "test" / name)]
        if name.startswith("interop/etcdctl"):
            words += ["EtcdctlTest"]  # the client library's package is not a mutant's
        found.append(Judge(name, words, timeout_seconds=200, environment=environment))
    if module in DIFFERENTIAL and Path("/usr/bin/etcd").exists():
        found.append(Judge("e2e/differential.py",
                           [PYTHON, str(copy.folder / "test/e2e/differential.py"), "--seed", "1",
                            "--count", "5000", "/usr/bin/etcd", environment["ETCD"]],
                           timeout_seconds=200))
    return found
