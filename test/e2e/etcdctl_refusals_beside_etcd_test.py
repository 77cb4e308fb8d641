#!/usr/bin/python3
"""Every command of our etcdctl and of a real etcdctl 3.7.1 that nobody carries out: with a wrong password
or user, without one, without a right, with a token that nobody has given, with no time, and at
endpoints that are none. The same exit status and the same text. Only with E2E_FULL.

ETCD and ETCDCTL in the environment are our programs.
"""

import os
import re
import socket
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import real_etcd
from member import Member

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
TIMEOUT_SECONDS = 60
WORKERS = 4

COMMANDS = """
    get a
    get a --prefix --limit 2
    put a b
    del a
    txn
    watch a
    lock l
    elect e p
    elect -l e
    compaction 1
    lease grant 10
    lease revoke 77
    lease timetolive 77
    lease keep-alive --once 77
    lease keep-alive 77
    lease list
    member list
    member add n5 --peer-urls=http://a:1
    member add n6 HTTP://a:1 b
    member remove 77
    member update 77 --peer-urls=http://a:1
    member promote 77
    move-leader 77
    endpoint status
    endpoint health
    endpoint hashkv
    endpoint status --cluster
    endpoint health --cluster
    endpoint hashkv --cluster
    alarm list
    alarm disarm
    defrag
    defrag --cluster
    snapshot save SNAPSHOT
    downgrade validate 3.6
    downgrade enable 3.6
    downgrade cancel
    auth enable
    auth disable
    user list
    user add nobody:x
    user get root
    user delete nobody
    user passwd nobody --interactive=false
    user grant-role nobody root
    user revoke-role nobody root
    role list
    role get root
    role add r
    role delete r
    role grant-permission r read a
    role revoke-permission r a
    make-mirror 127.0.0.1:1
    check perf --load=s
"""
# What the command reads; nothing, unless it is listed.
READS = {"txn": "\n\n\n", "user passwd nobody --interactive=false": "x\n"}
# Some commands have no deadline and wait for as long as nobody is there.
WAITS_SECONDS = 10
WAITS = (None, "", "it waits")


def commands() -> list[list[str]]:
    return [each.split() for each in COMMANDS.strip().splitlines()]


def alike(output: str) -> str:
    """Without what two runs tell apart, and without lines of a log."""
    output = "".join(each for each in output.splitlines(keepends=True) if not each.startswith("{"))
    output = re.sub(r"took( = |\.? )[\d.]+[a-zµ]+", "took T", output)
    output = re.sub(r"\b[0-9a-f]{16}\b", "ID", output)
    return re.sub(r"\d+ kB, \d+ kB, \d+%|\d+, \d+, , , ", "N", output)


@real_etcd.needed
class EtcdctlRefusalsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.real = real_etcd.build("etcdctl")
        cls.member = cls.enterClassContext(Member(ETCD))
        for words in ("user add root:r", "user grant-role root root", "user add ann:a",
                      "role add none", "user grant-role ann none", "auth enable"):
            subprocess.run([ETCDCTL, "--endpoints", cls.member.address, *words.split()], check=True,
                           capture_output=True, timeout=TIMEOUT_SECONDS)

    def run_tool(self, program: Path | str, flags: list[str], command: list[str],
                 may_wait: bool) -> tuple[int | None, str, str]:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("ETCDCTL_")}
        snapshot = str(self.member.folder / "snapshot")
        words = [snapshot if word == "SNAPSHOT" else word for word in command]
        try:
            done = subprocess.run([program, *flags, *words], input=READS.get(" ".join(command), ""),
                                  text=True, capture_output=True, env=environment,
                                  timeout=WAITS_SECONDS if may_wait else TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.assertTrue(may_wait, command)
            return WAITS
        return done.returncode, alike(done.stdout), alike(done.stderr)

    def compare(self, flags: list[str], without: tuple[str, ...] = (),
                may_wait: bool = False) -> None:
        asked = [each for each in commands() if each[0] not in without]
        with ThreadPoolExecutor(WORKERS) as pool:
            both = pool.map(lambda command: [self.run_tool(program, flags, command, may_wait)
                                             for program in (self.real, ETCDCTL)], asked)
            for command, (real, ours) in zip(asked, both):
                with self.subTest(" ".join(command)):
                    self.assertEqual(ours, real)

    def at_member(self, *flags: str) -> list[str]:
        # Failures to log in are answered late, and all the later the more of them there are.
        return ["--endpoints", self.member.address, "--dial-timeout", "30s", *flags]

    def test_a_wrong_password(self) -> None:
        self.compare(self.at_member("--user", "root:wrong"))

    def test_a_user_that_there_is_none_of(self) -> None:
        self.compare(self.at_member("--user", "nobody:x"))

    def test_nobody(self) -> None:
        self.compare(self.at_member(), without=("check", "make-mirror"))

    def test_a_token_that_nobody_has_given(self) -> None:
        self.compare(self.at_member("--auth-jwt-token", "x"), without=("check", "make-mirror"))

    def test_a_user_without_a_right(self) -> None:
        self.compare(self.at_member("--user", "ann:a"), without=("check", "make-mirror"))

    def test_nobody_listens(self) -> None:
        for user in ([], ["--user", "root:r"]):
            self.compare(["--endpoints", "127.0.0.1:1", "--command-timeout", "1s", *user],
                         may_wait=True)

    def test_nobody_answers(self) -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(100)
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            for user in ([], ["--user", "root:r"]):
                self.compare(["--endpoints", address, "--command-timeout", "1s", "--dial-timeout",
                              "1s", *user], may_wait=True)


if __name__ == "__main__":
    unittest.main()
