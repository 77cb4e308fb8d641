#!/usr/bin/python3
"""Whatever a tool prints must have been written when it ends with status 0: on a full disk it says
that it could not, and what goes on printing ends. That nobody reads a pipe any more is no failure.

The programs are those of ETCD_BINARIES in the environment.
"""

import os
import subprocess
import unittest
from pathlib import Path

from etcdutl_test import EtcdutlCase
from member import Member
from protocol import Client

BINARIES = Path(os.environ.get("ETCD_BINARIES",
                               Path(__file__).resolve().parents[2] / "build/dev/bin"))
FULL = "Error: write /dev/stdout: no space left on device"
TIMEOUT_SECONDS = 30


class FullOutputTest(EtcdutlCase):
    def run_full(self, program: str, *words: str | Path, given: str = "",
                 **variables: str) -> subprocess.CompletedProcess:
        environment = {name: text for name, text in os.environ.items()
                       if not name.startswith("ETCDCTL_")}
        with open("/dev/full", "w") as full:
            return subprocess.run([str(BINARIES / program), *map(str, words)], text=True,
                                  input=given, stdout=full, stderr=subprocess.PIPE,
                                  timeout=TIMEOUT_SECONDS, env=environment | variables)

    def assert_told(self, program: str, *words: str | Path, **rest: str) -> None:
        with self.subTest(program=program, words=words):
            done = self.run_full(program, *words, **rest)
            self.assertEqual((done.returncode, done.stderr.splitlines()[-1:]), (1, [FULL]))

    def served(self, *flags: str) -> Member:
        member = self.member()
        member.flags = flags
        member.start()
        client = Client(member.address)
        client.put(b"a", b"1")
        client.close()
        return member

    def test_what_needs_no_cluster(self) -> None:
        for program in ("etcd", "etcdctl", "etcdutl", "etcd-bench", "etcd-discovery",
                        "etcd-dump-db"):
            self.assert_told(program, "--help")
        self.assert_told("etcd", "--version")
        for words in (["version"], ["options"], ["help", "get"], ["endpoint"],
                      ["completion", "bash"]):
            self.assert_told("etcdctl", *words)
        for words in (["version"], ["completion", "zsh"]):
            self.assert_told("etcdutl", *words)
        self.assert_told("etcdctl", "--version", ETCDCTL_API="2")

    def test_what_asks_a_member(self) -> None:
        member = self.served("--enable-v2")
        there = ["--endpoints", member.address]
        for words in (["get", "a"], ["get", "", "--prefix", "-w", "json"], ["put", "b", "1"],
                      ["endpoint", "status", "-w", "table"], ["endpoint", "health"],
                      ["member", "list"], ["du"], ["doctor"], ["top", "--once"],
                      ["lease", "grant", "100"], ["snapshot", "save", self.snapshot]):
            self.assert_told("etcdctl", *there, *words)
        self.assert_told("etcdctl", *there, "txn", given='value("a") = "1"\n\nget a\n\n\n')
        self.assert_told("etcdctl", "--endpoints", member.url, "set", "/a", "1", ETCDCTL_API="2")
        self.assert_told("etcd-bench", *there, "put", "--total", "10", "--output", "json")
        self.assert_told("etcd-dump-metrics", "-addr", f"{member.url}/metrics")
        for words in (["snapshot", "status", self.snapshot], ["hashkv", self.snapshot],
                      ["k8s", "extract", "-f", self.snapshot, "--fields=key"]):
            self.assert_told("etcdutl", *words)
        pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
        self.assert_told("etcdutl", "k8s", "encode", given=pod)
        member.stop()
        member.process = None
        data = member.folder / "data"
        self.assert_told("etcd-dump-logs", data)
        self.assert_told("etcd-dump-logs", "-raw", data)
        for words in (["list-bucket", data], ["iterate-bucket", data, "key"], ["hash", data]):
            self.assert_told("etcd-dump-db", *words)

    def test_what_would_go_on_printing_ends(self) -> None:
        member = self.served("--enable-v2")
        there = ["--endpoints", member.address]
        done = subprocess.run([str(BINARIES / "etcdctl"), *there, "lease", "grant", "1000"],
                              check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        lease = done.stdout.split()[1]
        for words in (["watch", "a", "--rev=1"], ["lease", "keep-alive", lease], ["lock", "l"],
                      ["elect", "e", "me"]):
            self.assert_told("etcdctl", *there, *words)
        # The lock and the election were given up.
        done = subprocess.run([str(BINARIES / "etcdctl"), *there, "lock", "l", "true"],
                              timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0)
        done = subprocess.run([str(BINARIES / "etcdctl"), *there, "get", "e", "--prefix"],
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.stdout, "")

    def test_watches_of_lines_and_of_the_v2_api_end(self) -> None:
        member = self.served("--enable-v2")
        there = [str(BINARIES / "etcdctl"), "--endpoints", member.address]
        with open("/dev/full", "w") as full, \
                subprocess.Popen([*there, "watch", "-i"], text=True, stdin=subprocess.PIPE,
                                 stdout=full, stderr=subprocess.PIPE) as watch:
            watch.stdin.write("watch a --rev=1\n")
            watch.stdin.flush()
            self.assertEqual(watch.wait(TIMEOUT_SECONDS), 1)
            self.assertEqual(watch.stderr.read(), FULL + "\n")
        subprocess.run([there[0], "--endpoints", member.url, "set", "/a", "1"], check=True, capture_output=True,
                       env=os.environ | {"ETCDCTL_API": "2"}, timeout=TIMEOUT_SECONDS)
        self.assert_told("etcdctl", "--endpoints", member.url, "watch", "--forever",
                         "--after-index", "1", "/a", ETCDCTL_API="2")

    def test_a_pipe_that_nobody_reads_is_no_failure(self) -> None:
        member = self.served()
        for ignores in (False, True):
            reading, writing = os.pipe()
            os.close(reading)
            done = subprocess.run([str(BINARIES / "etcdctl"), "--endpoints", member.address, "get",
                                   "a"], stdout=writing, stderr=subprocess.PIPE,
                                  restore_signals=not ignores, timeout=TIMEOUT_SECONDS)
            os.close(writing)
            self.assertIn(done.returncode, (0, -13))
            self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    unittest.main()
