#!/usr/bin/python3
"""`etcdctl top`: once, as text and as JSON, and live on a terminal that changes its size, with a member
that goes; what it leaves on the terminal.

ETCD and ETCDCTL in the environment are the programs.
"""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
import unittest
from pathlib import Path

from cluster import Cluster
from member import Member

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
TIMEOUT_SECONDS = 30
LEAVE = b"\x1b[?25h\x1b[?1049l"


class Terminal:
    """A program that runs on a terminal of its own."""

    def __init__(self, *command: str, rows: int = 24, columns: int = 200) -> None:
        self.main, other = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other,
                                        start_new_session=True, env=os.environ | {"TERM": "xterm"})
        os.close(other)
        self.shown = b""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self) -> bool:
        try:
            piece = os.read(self.main, 65536)
        except OSError:  # nobody writes any more
            return False
        self.shown += piece
        return bool(piece)

    def until(self, text: bytes) -> bytes:
        """What was shown up to there, and forgets it."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while text not in self.shown:
            if time.monotonic() > end or not self.read():
                raise AssertionError(f"{text!r} is not shown: {self.shown[-2000:]!r}")
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def rest(self) -> bytes:
        while self.read():
            pass
        return self.shown

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.main)


class TopTest(unittest.TestCase):
    def run_ctl(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, *words], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS)

    def terminal(self, *words: str, **size: int) -> Terminal:
        terminal = Terminal(ETCDCTL, *words, **size)
        self.addCleanup(terminal.close)
        return terminal

    def test_once_is_a_text_or_an_object(self) -> None:
        with Member(ETCD) as member:
            words = ("--endpoints", member.address, "top", "--interval=300ms")
            done = self.run_ctl(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, r"^leader m  term \d+  revision \d+\n┌")
            self.assertRegex(done.stdout, r"│ +m │ +leader │")
            self.assertNotIn("\x1b", done.stdout)
            told = json.loads(self.run_ctl(*words, "-w", "json").stdout)
            self.assertEqual(told["leader"], "m")
            one, = told["members"]
            self.assertEqual((one["name"], one["role"], one["behind"]), ("m", "leader", 0))
            self.assertGreater(one["requests_per_second"], 0)
            self.assertGreater(one["memory_bytes"], 0)

    def test_who_is_away_is_shown_and_status_one(self) -> None:
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            cluster.members[2].kill()
            endpoints = ",".join(member.address for member in cluster.members)
            done = self.run_ctl("--endpoints", endpoints, "top", "--interval=300ms")
            self.assertEqual(done.returncode, 1)
            self.assertIn("away", done.stdout)
            self.assertIn(f"{cluster.members[2].address}: ", done.stdout)

    def test_a_terminal_is_written_anew_and_left_as_it_was(self) -> None:
        with Member(ETCD) as member:
            terminal = self.terminal("--endpoints", member.address, "top", "--interval=300ms")
            terminal.until(b"\x1b[?1049h")
            terminal.until(b"Ctrl-C ends this")
            first = terminal.until(b"Ctrl-C ends this")
            self.assertIn("leader".encode(), first)
            terminal.resize(10, 40)
            # A page of the new size: no line goes beyond it.
            for _ in range(3):
                page = terminal.until(b"\x1b[J")
            lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", page.decode()).split("\r\n")
            self.assertLessEqual(len(lines), 10)
            self.assertLessEqual(max(len(line) for line in lines), 40)
            terminal.process.send_signal(signal.SIGINT)
            self.assertTrue(terminal.rest().endswith(LEAVE))
            self.assertEqual(terminal.process.wait(TIMEOUT_SECONDS), 0)

    def test_nothing_is_cut_on_a_usual_terminal(self) -> None:
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            endpoints = ",".join(member.address for member in cluster.members)
            terminal = self.terminal("--endpoints", endpoints, "top", "--interval=300ms",
                                     rows=24, columns=80)
            for _ in range(4):
                page = terminal.until(b"\x1b[J")
            lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", page.decode()).split("\r\n")
            self.assertLessEqual(max(len(line) for line in lines), 80)
            for table in (["MEMBER", "ROLE", "CALLS/S", "CPU"], ["MEMBER", "COMMIT P99", "MEMORY"]):
                self.assertTrue(any(all(title in line for title in table) for line in lines), page)
            self.assertIn("Ctrl-C ends this", page.decode())

    def test_a_member_that_goes_and_comes_is_shown_meanwhile(self) -> None:
        with Member(ETCD) as member:
            terminal = self.terminal("--endpoints", member.address, "top", "--interval=300ms",
                                     "--command-timeout=500ms")
            terminal.until(b"leader m ")
            member.kill()
            terminal.until(b"away")
            member.start()
            terminal.until(b"leader m ")
            terminal.process.send_signal(signal.SIGTERM)
            self.assertTrue(terminal.rest().endswith(LEAVE))

    def test_what_cannot_be_is_refused(self) -> None:
        for words, status in ((("top", "x"), 128), (("top", "--interval=1ms"), 128),
                              (("top", "-w", "fields"), 4)):
            self.assertEqual(self.run_ctl(*words).returncode, status)


if __name__ == "__main__":
    unittest.main()
