#!/usr/bin/python3
"""What --enable-pprof serves.

ETCD in the environment is the program.
"""

import gzip
import http.client
import os
import shutil
import socket
import struct
import subprocess
import threading
import unittest
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from member import Member
from protocol import Client

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
TIMEOUT_SECONDS = 30


class ProfileTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = Member(ETCD, "--enable-pprof")
        self.enterContext(self.member)

    def get(self, name: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(f"{self.member.url}/debug/pprof/{name}", body,
                                    timeout=TIMEOUT_SECONDS) as answer:
            return answer.read()

    def status(self, name: str) -> tuple[int, str]:
        with self.assertRaises(urllib.error.HTTPError) as failed:
            self.get(name)
        return failed.exception.code, failed.exception.read().decode()

    def under_load(self, seconds: int) -> bytes:
        """The profile of a member that has much to do meanwhile."""
        stop = threading.Event()

        def load() -> None:
            client = Client(self.member.address)
            while not stop.is_set():
                client.put(b"key", b"value")
            client.close()

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            return self.get(f"profile?seconds={seconds}")
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def test_a_profile_names_what_the_processor_did(self) -> None:
        profile = gzip.decompress(self.under_load(2))
        self.assertIn(b"nanoseconds", profile)
        self.assertRegex(profile, rb"(server|http|runtime)::")
        if shutil.which("go") is None:
            self.skipTest("there is no go")
        file = self.member.folder / "profile"
        file.write_bytes(gzip.compress(profile))
        report = subprocess.run(["go", "tool", "pprof", "-top", file], capture_output=True,
                                text=True, timeout=TIMEOUT_SECONDS,
                                env=os.environ | {"PPROF_TMPDIR": str(self.member.folder)})
        self.assertEqual(report.returncode, 0, report.stderr)
        self.assertRegex(report.stdout, r"Type: cpu\n")
        self.assertRegex(report.stdout, r"flat%")

    def test_one_profile_is_made_at_a_time(self) -> None:
        with ThreadPoolExecutor(2) as workers:
            outcomes = list(workers.map(lambda _: self.try_profile(), range(2)))
        self.assertIn(None, outcomes)
        self.assertIn((500, "Could not enable CPU profiling: cpu profiling already in use\n"),
                      outcomes)

    def test_nobody_has_the_one_profile_for_ever(self) -> None:
        self.assertEqual(self.status("profile?seconds=601"), (400, "seconds: the most is 600\n"))

    def try_profile(self) -> tuple[int, str] | None:
        """How it was refused; nothing if it was made."""
        try:
            self.get("profile?seconds=1")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        return None

    def test_the_heap_is_told_as_far_as_malloc_knows(self) -> None:
        profile = gzip.decompress(self.get("heap"))
        self.assertIn(b"inuse_space", profile)
        self.assertIn(b"malloc: blocks in arenas", profile)

    def test_the_command_line_and_the_names_of_functions(self) -> None:
        arguments = self.get("cmdline").decode().split("\0")
        self.assertEqual(arguments[:3], [ETCD, "--name", "m"])
        self.assertEqual(self.get("symbol"), b"num_symbols: 1\n")
        # Of any function: that of an address which is none has no line.
        self.assertEqual(self.get("symbol", b"0x1+0x2"), b"num_symbols: 1\n")

    def test_what_is_gos_own_is_refused_by_name(self) -> None:
        for name in ("allocs", "block", "goroutine", "mutex", "threadcreate", "trace"):
            self.assertEqual(self.status(name),
                             (501, f"{name}: only programs in Go have such a profile\n"))
        for page in ("/debug/events", "/debug/requests"):
            with self.assertRaises(urllib.error.HTTPError) as failed:
                urllib.request.urlopen(self.member.url + page, timeout=20)
            self.assertEqual((failed.exception.code, failed.exception.read().decode()),
                             (501, f"{page}: only programs in Go have such a page\n"))
        self.assertEqual(self.status("other"), (404, "Unknown profile\n"))
        self.assertIn(b"profile", self.get(""))
        with urllib.request.urlopen(self.member.url + "/debug/pprof", timeout=20) as index:
            self.assertEqual(index.url, self.member.url + "/debug/pprof/")

    def ask_and_leave_it(self) -> http.client.HTTPConnection:
        client = http.client.HTTPConnection(self.member.address)
        client.connect()
        # Closing resets the connection: one that is only ended may wait for its answer.
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.request("GET", "/debug/pprof/profile?seconds=600")
        return client

    def test_a_client_that_leaves_makes_room_for_the_next(self) -> None:
        client = self.ask_and_leave_it()
        # Which of two requests comes first is open: the long one may be the one that is refused.
        while self.try_profile() is None:
            client.close()
            client = self.ask_and_leave_it()
        client.close()
        while self.try_profile() is not None:
            pass


if __name__ == "__main__":
    unittest.main()
