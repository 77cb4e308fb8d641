#!/usr/bin/python3
"""Our etcdctl beside Debian's 3.4.23, on the same servers: every command line gives the same
output and exit status, but for the differences between etcdctl 3.4 and 3.7 that are listed here,
each of which must occur.

ETCDCTL and ETCD name our programs."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

OURS = os.environ["ETCDCTL"]
ETCD = os.environ["ETCD"]
DEBIANS = "/usr/bin/etcdctl"

# Commands, each as words and what it reads. They run in this order on a fresh server.
COMMANDS = [
    (["put", "a", "1"], ""),
    (["put", "b"], "from standard input"),
    (["put", "--prev-kv", "a", "2"], ""),
    (["put", "--ignore-value", "a"], ""),
    (["put", "k", "--", "-dash"], ""),
    (["get", "k"], ""),
    (["get", "a"], ""),
    (["get", "a", "--hex"], ""),
    (["get", "a", "-w", "json"], ""),
    (["get", "a", "-w=fields"], ""),
    (["get", "a", "-w", "protobuf"], ""),
    (["get", "a", "c"], ""),
    (["get", "--prefix", ""], ""),
    (["get", "--from-key", "b"], ""),
    (["get", "a", "--rev=2"], ""),
    (["get", "", "--prefix", "--limit", "1", "-w", "json"], ""),
    (["get", "", "--prefix", "--sort-by=MODIFY", "--order=DESCEND", "--keys-only"], ""),
    (["get", "--print-value-only", "a"], ""),
    (["get", "a", "--consistency=s"], ""),
    (["get", "nothing"], ""),
    (["get", "a", "--count-only", "-w", "fields"], ""),
    (["txn"], 'value("a") = "2"\n\nput c "x y"\nget c\ndel nothing\n\nget a\n\n'),
    (["txn", "-i"], 'mod("a") > "1000"\nver("a") < "9"\n\nput c 2\n\nget a\nget b\n\n'),
    (["txn", "-w", "json"], 'create("c") != "0"\n\nget c\nput c 4\n\n\n'),
    (["txn", "-w", "fields"], '\ndel c --prev-kv\n\n\n'),
    (["member", "list", "-w", "json"], ""),
    (["member", "list"], ""),
    (["alarm", "list"], ""),
    (["endpoint", "hashkv"], ""),
    (["endpoint", "health", "--cluster"], ""),
    (["del", "--prev-kv", "b"], ""),
    (["del", "nothing"], ""),
    (["compaction", "4"], ""),
    (["compaction", "4"], ""),
    (["get", "a", "--rev=2"], ""),
    (["get", "a", "--rev=9999"], ""),
    # What is refused.
    (["get"], ""),
    (["put", "a"], ""),
    (["put", "", "v"], ""),
    (["put", "a", "b", "--lease=zz"], ""),
    (["put", "a", "b", "--lease=7f"], ""),
    (["put", "--ignore-value", "a", "v"], ""),
    (["del"], ""),
    (["del", "--prefix", "--from-key", "a"], ""),
    (["get", "a", "b", "--prefix"], ""),
    (["get", "a", "--order=UP"], ""),
    (["get", "a", "--sort-by=LENGTH"], ""),
    (["get", "a", "--consistency=x"], ""),
    (["get", "a", "-w", "xml"], ""),
    (["get", "a", "-w", "table"], ""),
    (["get", "a", "--print-value-only", "-w", "json"], ""),
    (["get", "a", "--limit=ten"], ""),
    (["get", "a", "--nope"], ""),
    (["txn"], "nonsense\n\n\n\n"),
    (["txn"], 'mod("a") > "x"\n\n\n\n'),
    (["txn"], "\nfly away\n\n\n"),
    (["txn"], 'mod("a") > "1"\n'),
    (["compaction"], ""),
    (["compaction", "many"], ""),
    (["alarm", "list", "x"], ""),
    (["snapshot", "save"], ""),
    (["endpoint", "status", "--nope"], ""),
]

# Where etcdctl 3.7 answers otherwise than 3.4, by command line, and why.
DIFFERENCES = {
    "get a --count-only -w fields": "3.4 has no --count-only",
    "txn -w json": "the names of operations in JSON are response_range, not ResponseRange",
    "endpoint hashkv": "a third column, the revision that was hashed",
    "endpoint health --cluster": "healthy endpoints go to standard output",
    "get a --limit=ten": "the usage after a wrong flag goes to standard error, after the error",
    "get a --nope": "the usage after a wrong flag goes to standard error, after the error",
    "endpoint status --nope": "the usage after a wrong flag goes to standard error",
    "snapshot save": "the error names the argument",
}


class Server:
    def __init__(self, program: str, folder: str):
        self.address = f"127.0.0.1:{_free_port()}"
        peer = f"http://127.0.0.1:{_free_port()}"
        self._log = open(f"{folder}/log", "w")
        self._process = subprocess.Popen(
            [program, "--data-dir", f"{folder}/data",
             "--listen-client-urls", f"http://{self.address}",
             "--advertise-client-urls", f"http://{self.address}",
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
             "--initial-cluster", f"default={peer}"],
            stdout=self._log, stderr=self._log)
        for _ in range(200):
            if run(DEBIANS, self.address, ["get", "ready"], "").status == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"{program} does not answer: {Path(folder, 'log').read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ran:
    def __init__(self, done: subprocess.CompletedProcess):
        self.status = done.returncode
        self.output = done.stdout
        # 3.4 and 3.7 also log lines in JSON; the usage after a refused flag is 3.7's.
        lines = [line for line in done.stderr.decode().splitlines()
                 if line and not line.startswith("{")]
        self.error = lines[0] if lines else ""

    def __repr__(self) -> str:
        return f"{self.status} {self.output!r} {self.error!r}"


def run(program: str, address: str, words: list[str], read: str) -> Ran:
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("ETCDCTL_")}
    # 3.4 speaks the old API without; 3.7 warns.
    environment["ETCDCTL_API"] = "3"
    return Ran(subprocess.run([program, "--endpoints", address, *words], input=read.encode(),
                              env=environment, capture_output=True, timeout=30))


def comparable(ran: Ran) -> tuple:
    """Without what two servers, or two moments, tell apart."""
    output = ran.output
    if b'"header"' in output or b"ClusterID" in output:
        output = re.sub(rb'((?:cluster_id|member_id|ID|ClusterID|MemberID)" ?:) ?\d+', rb"\1N", output)
    output = re.sub(rb"127\.0\.0\.1:\d+", b"ADDRESS", output)
    output = re.sub(rb"took = \S+", b"took = T", output)
    output = re.sub(rb"^[0-9a-f]{13,16}, ", b"ID, ", output)
    return ran.status, output, ran.error


class EtcdctlTest(unittest.TestCase):
    """Each tool has a server of its own, so that both see the same history."""

    def compare(self, etcd: str) -> set:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            servers = []
            try:
                servers = [Server(etcd, one), Server(etcd, other)]
                differing = set()
                for words, read in COMMANDS:
                    # Raw messages hold the ids of the server, which must be the same one.
                    first = servers[1 if "protobuf" in words else 0]
                    debians = run(DEBIANS, first.address, words, read)
                    ours = run(OURS, servers[1].address, words, read)
                    if comparable(debians) != comparable(ours):
                        differing.add(" ".join(words))
                        self.assertIn(" ".join(words), DIFFERENCES,
                                      f"3.4.23: {debians}\nours:   {ours}")
                return differing
            finally:
                for server in servers:
                    server.stop()

    def test_agrees_with_etcdctl_3_4_on_etcd_3_4_but_for_the_listed_differences(self):
        self.assertEqual(self.compare("/usr/bin/etcd"), set(DIFFERENCES))

    def test_agrees_with_etcdctl_3_4_on_our_etcd_but_for_the_listed_differences(self):
        self.assertEqual(self.compare(ETCD), set(DIFFERENCES))


class ToolOnAServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.server = Server(ETCD, cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.folder)

    def test_a_saved_snapshot_is_accepted_by_etcdctl_3_4(self):
        path = f"{self.folder}/snapshot"
        saved = run(OURS, self.server.address, ["snapshot", "save", path], "")
        self.assertEqual(saved.status, 0, saved)
        self.assertIn(f"Snapshot saved at {path}".encode(), saved.output)
        self.assertFalse(os.path.exists(path + ".part"))
        status = run(DEBIANS, self.server.address, ["snapshot", "status", path], "")
        self.assertEqual(status.status, 0, status)

    def test_a_call_without_a_server_ends_when_its_time_is_over(self):
        ran = run(OURS, f"127.0.0.1:{_free_port()}", ["get", "a", "--command-timeout=300ms"], "")
        self.assertEqual((ran.status, ran.error), (1, "Error: context deadline exceeded"))

    def test_a_dead_endpoint_does_not_keep_a_live_one_from_answering(self):
        both = f"127.0.0.1:{_free_port()},{self.server.address}"
        for _ in range(4):
            ran = run(OURS, both, ["get", "nothing"], "")
            self.assertEqual((ran.status, ran.error), (0, ""))

    def test_the_environment_sets_flags_and_must_not_contradict_them(self):
        command = [OURS, "get", "ready", f"--endpoints={self.server.address}"]
        ran = Ran(subprocess.run(command, env=os.environ | {"ETCDCTL_WRITE_OUT": "fields"},
                                 capture_output=True, timeout=30))
        self.assertIn(b'"ClusterID" :', ran.output)
        ran = subprocess.run(command, env=os.environ | {"ETCDCTL_ENDPOINTS": "127.0.0.1:1"},
                             capture_output=True, timeout=30)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"conflicting environment variable", ran.stderr)

    def test_subcommands_may_be_cut_short_if_that_is_unambiguous(self):
        ran = run(OURS, self.server.address, ["end", "he"], "")
        self.assertEqual(ran.status, 0, ran)
        self.assertIn(b"is healthy", ran.output)

    def test_commands_that_do_not_exist_are_refused_in_cobras_words(self):
        ran = run(OURS, self.server.address, ["xyzzy"], "")
        self.assertEqual((ran.status, ran.error),
                         (1, 'Error: unknown command "xyzzy" for "etcdctl"'))


if __name__ == "__main__":
    unittest.main()
