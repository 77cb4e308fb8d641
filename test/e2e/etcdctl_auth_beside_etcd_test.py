#!/usr/bin/python3
"""Authentication, users and roles with our etcdctl and with a real etcdctl 3.7.1, each on a real etcd
3.7.1 of its own, line by line: the same exit status, output and errors, as recorded in
data/etcdctl_auth.json, which CORNERSTORE_REWRITE records anew. What may differ is in
docs/differences.md. Only with E2E_FULL.

ETCDCTL in the environment is our program.
"""

import json
import os
import pty
import signal
import subprocess
import termios
import time
import unittest
import urllib.request
from pathlib import Path

import real_etcd
from etcdctl_auth_case import (ENABLED, ETCDCTL, RECORD, SCRIPTS, TIMEOUT_SECONDS, EtcdctlAuthCase,
                               Ran, recorded, run)
from member import Member


def token_of(member: Member, name: str, password: str) -> str:
    asked = urllib.request.Request(member.url + "/v3/auth/authenticate",
                                   json.dumps({"name": name, "password": password}).encode())
    with urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS) as answer:
        return json.load(answer)["token"]


def typed_at_terminal(program: str | Path, member: Member, line: str,
                      *typed: str | signal.Signals) -> tuple[int, str]:
    """The exit status, and what the terminal has shown; each text is typed, or signal sent, when it is
    hidden what is typed."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen([program, "--endpoints", member.address, *line.split()],
                               stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        for text in typed:
            while not shown.endswith(b": "):
                shown += os.read(keyboard, 1)
            end = time.monotonic() + TIMEOUT_SECONDS
            while termios.tcgetattr(keyboard)[3] & termios.ECHO:
                if time.monotonic() > end:
                    raise AssertionError("what is typed would be shown")
                time.sleep(0.01)
            if isinstance(text, signal.Signals):
                process.send_signal(text)
                break
            os.write(keyboard, text.encode() + b"\n")
            shown += os.read(keyboard, 1)
        while more := os.read(keyboard, 1000):
            shown += more
    except OSError:  # the program has ended
        pass
    finally:
        os.close(keyboard)
    return process.wait(timeout=TIMEOUT_SECONDS), shown.decode()


@real_etcd.needed
class EtcdctlAuthBesideEtcdTest(EtcdctlAuthCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = real_etcd.build("etcd")
        cls.etcdctl = real_etcd.build("etcdctl")

    def both(self, members: list[Member], line: str) -> list[Ran]:
        return [run(program, member, line)
                for program, member in zip((ETCDCTL, self.etcdctl), members)]

    def compare(self, name: str) -> None:
        members = [self.member(), self.member()]
        said = []
        for line in SCRIPTS[name]:
            with self.subTest(line):
                ours, real = self.both(members, line)
                said.append([line, *real.recorded()])
                self.assertEqual(ours, real)
        if os.environ.get("CORNERSTORE_REWRITE"):
            record = recorded() if RECORD.exists() else {}
            RECORD.write_text(json.dumps(record | {name: said}, indent=1, sort_keys=True) + "\n")
        self.assertEqual(recorded()[name], said)

    def test_every_line_of_a_long_script(self) -> None:
        self.compare("long")

    def test_every_answer_in_every_format(self) -> None:
        self.compare("formats")

    def test_help(self) -> None:
        self.compare("help")

    def test_a_watch_goes_on_with_the_token_of_a_member_that_has_restarted(self) -> None:
        self.watch_with_new_tokens(self.member("--auth-token-ttl", "1"))

    def test_a_watch_goes_on_with_the_token_of_a_new_revision(self) -> None:
        self.watch_with_new_tokens(self.jwt_member())

    def test_a_token_that_is_given(self) -> None:
        member = self.jwt_member()
        self.succeed(member, *ENABLED)
        token = token_of(member, "u", "pw")
        for line in (f"--auth-jwt-token {token} get a", f"--auth-jwt-token {token} get z",
                     f"--auth-jwt-token {token} put d 1", f"--auth-jwt-token {token}x get a",
                     f"--auth-jwt-token {token} --user root:rootpw user list",
                     f"--auth-jwt-token {token_of(member, 'root', 'rootpw')} user list"):
            self.assertEqual(*self.both([member, member], line))
        # It is of an older revision then, and cannot be renewed.
        self.succeed(member, "--user root:rootpw role add t")
        old = self.both([member, member], f"--auth-jwt-token {token} get a")
        self.assertEqual(*old)
        self.assertEqual(old[0].error, b"Error: etcdserver: revision of auth store is old\n")

    def test_what_is_typed_at_a_terminal_is_not_shown(self) -> None:
        member = self.member()
        self.succeed(member, *ENABLED)
        for line, *typed in (["--user root user list", "rootpw"], ["--user root user list", "wrong"],
                             ["--user root user add v", "secret", "other"],
                             ["--user root user passwd u", " pw ", "pw", "rootpw"],
                             ["--user root user list", ""]):
            ours = typed_at_terminal(ETCDCTL, member, f"--color never {line}", *typed)
            real = typed_at_terminal(self.etcdctl, member, line, *typed)
            shown = "".join(each for each in real[1].splitlines(keepends=True)
                            if not each.startswith("{"))
            self.assertEqual(ours, (real[0], shown), line)
            for secret in typed:
                self.assertFalse(secret and secret in ours[1], ours)

    def test_a_signal_ends_the_question(self) -> None:
        member = self.member()
        for line in ("--user root get key", "--user root lock key", "--user root elect key x",
                     "--user root check perf", "--user root watch key", "user add u", "user passwd u",
                     f"make-mirror --dest-user root {member.address}"):
            for number in (signal.SIGINT, signal.SIGTERM):
                ours = typed_at_terminal(ETCDCTL, member, line, number)
                self.assertEqual(ours, typed_at_terminal(self.etcdctl, member, line, number), line)
                self.assertEqual(ours[0], 255)


if __name__ == "__main__":
    unittest.main()
