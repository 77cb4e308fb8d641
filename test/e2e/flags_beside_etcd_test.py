#!/usr/bin/python3
"""The same flags and configuration files to a member and to a real etcd 3.7: both start, or both
end with the same status. What may differ is in docs/differences.md. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import contextlib
import dataclasses
import itertools
import json
import os
import queue
import re
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

import real_etcd
from member import Member, free_ports, scratch_folder

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
START_TIMEOUT_SECONDS = 15
WORKERS = 4

BOOLEANS = """auto-tls client-cert-auth discovery-insecure-transport enable-grpc-gateway
    enable-distributed-tracing enable-log-rotation enable-pprof force-new-cluster
    initial-election-tick-advance memory-mlock peer-auto-tls peer-client-cert-auth
    peer-skip-client-san-verification pre-vote socket-reuse-address socket-reuse-port
    strict-reconfig-check unsafe-no-fsync""".split()
BOOLEAN_VALUES = ["", "=true", "=false", "=T", "=yes", "=", "=TRUE", "=tRuE"]
NUMBERS = """auth-token-ttl backend-batch-limit bcrypt-cost bootstrap-defrag-threshold-megabytes
    compaction-batch-limit distributed-tracing-sampling-rate election-timeout heartbeat-interval
    max-concurrent-streams max-learners max-request-bytes max-snapshots max-txn-ops max-wals
    quota-backend-bytes self-signed-cert-validity snapshot-catchup-entries
    snapshot-count""".split()
NUMBER_VALUES = ["0", "1", "-1", "+5", "0x10", "1_000", "1e3", "", "abc", "99999999999999999999",
                 " 5"]
DURATIONS = """backend-batch-interval compact-hash-check-time compaction-sleep-interval
    corrupt-check-time discovery-dial-timeout discovery-keepalive-time downgrade-check-time
    grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout raft-read-timeout
    raft-write-timeout warning-apply-duration warning-unary-request-duration
    watch-progress-notify-interval""".split()
DURATION_VALUES = ["1s", "0", "-1s", "5", "1.5h", "", "1d", "0s"]
OTHERS = """--log-level=INFO --log-level=Warn --log-level=warning --log-level= --log-level=loud
    --log-format=console --log-format=x --logger=x --log-outputs=stderr --log-outputs=/nowhere/x
    --log-outputs=systemd/journal --log-outputs=systemd/journal,stderr
    --cipher-suites=TLS_RSA_WITH_3DES_EDE_CBC_SHA --cipher-suites=none
    --cipher-suites=TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305 --tls-min-version=TLS1.1
    --tls-min-version=TLS1.3 --cert-file=/nowhere/c --auto-compaction-retention=1
    --auto-compaction-retention=1h --auto-compaction-retention=x --auto-compaction-mode=x
    --feature-gates=CompactHashCheck=true --feature-gates=Nothing=true
    --feature-gates=SetMemberLocalAddr=true
    --feature-gates=CompactHashCheck=x --initial-cluster-state=x --initial-cluster=m
    --initial-cluster=m=http://10.1.1.1:1 --initial-cluster=other=http://127.0.0.1:1
    --listen-client-urls=http://name:1 --listen-peer-urls=ftp://127.0.0.1:1 --nope stray
    --auth-token= --auth-token=x --auth-token=simple,a --auth-token=simple,a=b --auth-token=jwt
    --auth-token=jwt,sign-method=none --auth-token=jwt,sign-method=HS256
    --auth-token=jwt,sign-method=HS256,priv-key=/nowhere/c --auth-token=jwt,a=b,a=c
    --config-file=/nowhere/c""".split()
YAML_LINES = [
    *(f"quota-backend-bytes: {value}" for value in
      ("8e9", "1.0", "1.5", "0x10", "1_000", "+5", "-5", ".inf", '"8"', "8e30", "~", "abc", "[1]")),
    *(f"snapshot-count: {value}" for value in ("8e3", "1.0", "1.5", "-5", '"8"', "~")),
    *(f"auto-tls: {value}" for value in
      ("yes", "on", "True", "tRuE", "1", '"true"', "no", "~", "[true]")),
    *(f"grpc-keepalive-min-time: {value}" for value in ("5000000000", "5e9", "5s", "1.5", "~")),
    *(f"log-outputs: {value}" for value in ("default", "[default]", "~", "[]", "5")),
    *(f"log-level: {value}" for value in ("INFO", "Warn", "warning", "~", "''", "loud")),
    *(f"enable-distributed-tracing: true\ndistributed-tracing-sampling-rate: {value}" for value in
      ("5", "1000000", "1000001", "-1", "x")),
    *(f"initial-cluster-token: {value}" for value in ("x", "'5'", "5", "~", "[a]", "{a: b}")),
    "snapshot-count: 5\nsnapshot-count: 6", "a: 1\na: 2", "unknown: 1", "- 1", "\tname: x",
    "client-transport-security: 5", "client-transport-security: ~", "cors: '*'",
    "cipher-suites: [none]", "feature-gates: CompactHashCheck=true", "max-learners: -1",
    "auto-compaction-retention: '1'", "auto-compaction-retention: 1h", "metrics: extensive",
    "tls-min-version: TLS1.1", "log-format: x", "auth-token: x", "discovery-proxy: x",
    "snapshot-count: 18446744073709551615", "quota-backend-bytes: 18446744073709551615",
    "name: y", "name: 'y'", "name: Off", "metrics: on", "log-outputs: [no]", "log-outputs: ['no']",
    "Snapshot-Count: abc", "LOG-LEVEL: loud\nlog-level: info", "Log-Level: info\nlog-level: loud",
    "Client-Transport-Security: 5", "client-transport-security: {Cert-File: /nowhere/c}",
    "Peer-Transport-Security: {CERT-FILE: /nowhere/c}", "Metrics: [a]\nmetrics: basic",
    "client-transport-security: {cert-file: /nowhere/c}\nclient-transport-security: {}",
]
ROTATIONS = [
    "{}", '{"maxsize":1}', '{"MaxSize":1}', '{"MAXSIZE":"x"}', '{"maxsize":"x","MaxSize":1}',
    '{"FileName":5}', '{"filename":"x"}', '{"maxsize":{}}', '{"other":{"maxsize":"x"}}',
    '{"maxsize":9223372036854775808}', '{"maxsize":-1}', "[]", "{", '{"maxsize":null}',
    '{"maxage":1,"compress":true,"localtime":true}', '{"compress":"x"}', '{"maxage":-1}',
]
# Flags with which the line "starting an etcd server" is compared.
STARTS = [
    "",
    "--feature-gates=CompactHashCheck=true,AllBeta=true",
    "--feature-gates=CompactHashCheck=false,FastLeaseKeepAlive=false",
    "--auto-compaction-retention=90m",
    "--auto-compaction-retention=5",
    "--auto-compaction-mode=revision --auto-compaction-retention=1000",
    "--auto-compaction-mode=revision --auto-compaction-retention=1h",
    "--initial-advertise-peer-urls={peer},HTTP://127.0.0.1:9 "
    "--initial-cluster=m=HTTP://127.0.0.1:9,m={peer}",
    "--discovery-token=t --discovery-endpoints=http://127.0.0.1:9,127.0.0.1:1 "
    "--discovery-dial-timeout=1s --discovery-user=u:p",
    "--downgrade-check-time=7s --host-whitelist=b,a --max-learners=3 --corrupt-check-time=1h",
    "--heartbeat-interval=50 --election-timeout=333 --initial-cluster-token=x "
    "--quota-backend-bytes=-5",
    "--max-wals=0 --max-snapshots=0 --snapshot-count=0 --snapshot-catchup-entries=0",
    "--v2-deprecation=gone --pre-vote=false --unsafe-no-fsync --max-concurrent-streams=77",
]
OF_GO = {"git-sha", "go-version", "go-os", "go-arch"}
OF_THE_LINE = {"ts", "caller"}
STREAMS_MAX = 100000

# Of etcd; in docs/differences.md "What ends a start is `failed to start etcd`".
WHAT_ENDS_A_START = {"discovery failed", "listener failed", "failed to get client self-signed certs",
                     "failed to list data directory"}

# What may differ, and the titles of docs/differences.md.
DIFFERENCES = {
    r"--log-level=loud|(Log-Level: info\n)?log-level: loud|--corrupt-check-time=-1s":
        "A value that cannot be ends the start with 1",
    r'.*rotation-config-json=\{("other":.*)?\}':
        "A rotation of the log that says nothing is the default",
    r'.*rotation-config-json=\{"maxsize":-1\}': "A size of log files of less than nothing is refused",
    r"initial-cluster-token: 5": "A text may look like a number",
}

# Mistakes in who the members are, and how the start ends: {own} is this member's peer URL, {other}
# one where nobody is, {client} that of a running cluster of one, {running} its peer URL.
INITIAL_CLUSTERS = [
    "--initial-cluster=x={own}",
    "--initial-cluster=m={other}",
    "--initial-cluster=m={own},m={other}",
    "--initial-cluster=m={own},x={own}",
    "--initial-cluster=m={own},x={other},y={other}",
    "--initial-cluster=m={own},x={other} --initial-advertise-peer-urls={own},{other}",
    "--initial-cluster=m={own} --initial-advertise-peer-urls={own},{other}",
    "--initial-cluster=m",
    "--initial-cluster=m=",
    "--initial-cluster=m=127.0.0.1",
    "--initial-cluster=m=http://127.0.0.1",
    "--initial-cluster=m=ftp://127.0.0.1:1",
    "--initial-cluster=m={own}/path",
    "--initial-cluster=,",
    "--initial-cluster==,{own}",
    "--initial-cluster={own}",
    "--initial-cluster= --initial-cluster-state=new",
    "--initial-cluster=m={own} --initial-cluster-state=existing",
    "--initial-cluster=x={other} --initial-cluster-state=existing",
    "--initial-cluster=m={own},x={own} --initial-cluster-state=existing",
    "--initial-cluster=m={own},x={other} --initial-cluster-state=existing",
    "--initial-cluster=m={own},running={running} --initial-cluster-state=existing",
    "--initial-cluster=m={running} --initial-cluster-state=existing",
    "--initial-cluster=m={own},running={running},x={other} --initial-cluster-state=existing",
    "--initial-cluster-state=existing --discovery-token=t --discovery-endpoints={client}",
    "--discovery-token=t --discovery-endpoints={client}",
    "--discovery-token=t",
    "--discovery-endpoints={client}",
    "--discovery-srv=x --discovery-token=t --discovery-endpoints={client}",
    "--initial-cluster=m={own} --discovery-srv=x",
]


@dataclasses.dataclass(frozen=True)
class Case:
    flags: tuple[str, ...] = ()
    yaml: str | None = None

    def name(self) -> str:
        return self.yaml if self.yaml is not None else " ".join(self.flags)


def cases() -> Iterator[Case]:
    for flags, values in ((BOOLEANS, BOOLEAN_VALUES),
                          (NUMBERS, [f"={value}" for value in NUMBER_VALUES]),
                          (DURATIONS, [f"={value}" for value in DURATION_VALUES])):
        for flag, value in itertools.product(flags, values):
            yield Case((f"--{flag}{value}",))
    for flag in OTHERS:
        yield Case((flag,))
    for rotation in ROTATIONS:
        yield Case(("--enable-log-rotation", "--log-outputs=log",
                    f"--log-rotation-config-json={rotation}"))
    for line in YAML_LINES:
        yield Case(yaml=line)


def last_words(log: Path) -> str:
    """Level and message of its last line; empty if there is none in JSON."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    if not lines:
        return ""
    level, message = lines[-1]["level"], lines[-1]["msg"]
    if level == "fatal" and message in WHAT_ENDS_A_START:
        message = "failed to start etcd"
    return f", {level}: {message}"


def outcome(program: str, case: Case, client: int, peer: int) -> str:
    """What comes of a start: "serves", "ends with N" and the last words, or "is silent"."""
    folder = Path(scratch_folder())
    own = {"name": "m", "data-dir": str(folder / "data"),
           "listen-client-urls": f"http://127.0.0.1:{client}",
           "advertise-client-urls": f"http://127.0.0.1:{client}",
           "listen-peer-urls": f"http://127.0.0.1:{peer}",
           "initial-advertise-peer-urls": f"http://127.0.0.1:{peer}",
           "initial-cluster": f"m=http://127.0.0.1:{peer}"}
    given = {flag.split("=")[0].removeprefix("--") for flag in case.flags}
    if case.yaml is None:
        arguments = [*(f"--{key}={value}" for key, value in own.items() if key not in given),
                     *case.flags]
    else:
        file = folder / "etcd.yaml"
        file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in own.items())
                        + case.yaml + "\n")
        arguments = ["--config-file", str(file)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ETCD")}
    told = folder / "stderr"
    with told.open("wb") as file:
        process = subprocess.Popen([program, *arguments], cwd=folder, env=environment,
                                   stdout=subprocess.DEVNULL, stderr=file)
    try:
        end = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < end:
            if process.poll() is not None:
                return f"ends with {process.returncode}{last_words(told)}"
            with contextlib.suppress(OSError):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{client}/health", timeout=1).read()
                except urllib.error.HTTPError:
                    pass  # it answers
                return "serves"
            time.sleep(0.03)
        return "is silent"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def why_it_ends(program: str, flags: list[str], ports: tuple[int, int]) -> str:
    """The last error of the log."""
    folder = Path(scratch_folder())
    client, peer = (f"http://127.0.0.1:{port}" for port in ports)
    arguments = ["--name=m", f"--data-dir={folder / 'data'}", f"--listen-client-urls={client}",
                 f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}"]
    if not any(flag.startswith("--initial-advertise-peer-urls") for flag in flags):
        arguments.append(f"--initial-advertise-peer-urls={peer}")
    try:
        done = subprocess.run([program, *arguments, *flags], cwd=folder, capture_output=True,
                              text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "it does not end"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return next((line["error"] for line in reversed(lines) if "error" in line), done.stderr[-500:])


def line_of_the_start(program: str, flags: list[str], ports: tuple[int, int],
                      folder: Path) -> dict[str, object]:
    """The fields of "starting an etcd server", or the last line if there is none."""
    client, peer = (f"http://127.0.0.1:{port}" for port in ports)
    own = {"--name": "m", "--data-dir": str(folder / "data"), "--listen-client-urls": client,
           "--advertise-client-urls": client, "--listen-peer-urls": peer,
           "--initial-advertise-peer-urls": peer}
    if not any(flag.startswith("--discovery") for flag in flags):
        own["--initial-cluster"] = f"m={peer}"
    given = {flag.split("=")[0] for flag in flags}
    arguments = [*(f"{name}={value}" for name, value in own.items() if name not in given), *flags]
    process = subprocess.Popen([program, *arguments], cwd=folder, stderr=subprocess.PIPE, text=True)
    line = ""
    try:
        for line in process.stderr:
            fields = json.loads(line) if line.startswith("{") else {}
            if fields.get("msg") == "starting an etcd server":
                return fields
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    return {"no line, but": line}


@real_etcd.needed
class FlagsBesideEtcdTest(unittest.TestCase):
    def starts_alike(self, flags: str, ports: tuple[int, int], folders: tuple[Path, Path]) -> None:
        given = flags.format(peer=f"http://127.0.0.1:{ports[1]}").split()
        ours, theirs = (line_of_the_start(program, given, ports, folder)
                        for program, folder in zip((ETCD, str(real_etcd.build())), folders))
        with self.subTest(flags):
            self.assertLessEqual(OF_GO, theirs.keys())
            self.assertEqual([key for key in theirs if key not in OF_GO | OF_THE_LINE],
                             [key for key in ours if key not in OF_THE_LINE])
            for key in theirs.keys() - OF_GO - OF_THE_LINE:
                told, wanted = (str(line[key]).replace(str(folder), "")
                                for line, folder in zip((ours, theirs), folders))
                if key == "max-concurrent-streams":  # what holds
                    wanted = str(min(int(wanted), STREAMS_MAX))
                self.assertEqual(told, wanted, key)

    def test_the_line_of_the_start_has_the_same_fields(self) -> None:
        ports = tuple(free_ports(2))
        for flags in STARTS:
            folders = (Path(scratch_folder()), Path(scratch_folder()))
            try:
                self.starts_alike(flags, ports, folders)
            finally:
                for folder in folders:
                    shutil.rmtree(folder, ignore_errors=True)

    def test_so_has_that_of_a_member_that_has_started_before(self) -> None:
        with Member(ETCD) as ours, Member(str(real_etcd.build())) as theirs:
            ours.stop()
            theirs.stop()
            self.starts_alike("--initial-cluster=nobody", tuple(free_ports(2)),
                              (ours.folder, theirs.folder))

    def test_mistakes_in_the_initial_cluster_are_told_alike(self) -> None:
        real = str(real_etcd.build())
        other, own_client, own_peer = free_ports(5)[2:]
        with Member(real, name="running") as running:
            for text in INITIAL_CLUSTERS:
                flags = text.format(own=f"http://127.0.0.1:{own_peer}",
                                    other=f"http://127.0.0.1:{other}", client=running.address,
                                    running=running.peer_url).split()
                ours, theirs = (why_it_ends(program, flags, (own_client, own_peer))
                                for program in (ETCD, real))
                with self.subTest(text):
                    self.assertEqual(ours, theirs)

    def test_each_value_has_the_same_outcome(self) -> None:
        real = str(real_etcd.build())
        ports: queue.Queue[tuple[int, ...]] = queue.Queue()
        for four in zip(*[iter(free_ports(4 * WORKERS))] * 4):
            ports.put(four)

        def both(case: Case) -> tuple[str, str]:
            taken = ports.get()
            try:
                return (outcome(ETCD, case, taken[0], taken[1]),
                        outcome(real, case, taken[2], taken[3]))
            finally:
                ports.put(taken)

        every = list(cases())
        with ThreadPoolExecutor(WORKERS) as workers:
            outcomes = list(workers.map(both, every))
        unseen = dict(DIFFERENCES)
        for case, (ours, theirs) in zip(every, outcomes):
            allowed = [text for text in DIFFERENCES if re.fullmatch(text, case.name())]
            with self.subTest(case.name()):
                if ours != theirs:
                    self.assertTrue(allowed, f"it {ours}, etcd {theirs}")
                    unseen.pop(allowed[0], None)
        self.assertEqual(unseen, {}, "these differ no more")


if __name__ == "__main__":
    unittest.main()
