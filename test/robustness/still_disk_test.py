#!/usr/bin/python3
"""A process is told to stop while its disk stands still: it ends all the same, and says why.

ETCD in the environment is the program.
"""

import os
import unittest
from pathlib import Path

import e2e_path  # noqa: F401
import grpc
from faulty_system import CannotPreload, FaultySystem
from member import STOP_TIMEOUT_SECONDS, Member
from protocol import Client

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))


class StillDiskTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = Member(ETCD)
        self.addCleanup(self.member.__exit__)
        try:
            self.system = FaultySystem(self.member)
        except CannotPreload as reason:
            self.skipTest(str(reason))
        self.member.start()
        self.assertTrue(self.system.has_a_hold)

    def connect(self) -> Client:
        client = Client(self.member.address)
        self.addCleanup(client.close)
        return client

    def end_while_it_stands_still(self, log_alone: bool) -> None:
        client = self.connect()
        revision = client.put(b"before", b"x").header.revision
        with self.system.still_disk(log_alone):
            with self.assertRaises(grpc.RpcError):
                client.put(b"late", b"x", timeout_seconds=1)
            self.member.process.terminate()
            self.assertEqual(self.member.process.wait(timeout=STOP_TIMEOUT_SECONDS), 1)
        self.member.process = None
        log = self.member.log.read_text()
        self.assertIn('"waits-for":"the log to be written"', log)
        self.assertNotIn("closed etcd server", log)
        self.member.start()
        stored = self.connect().range(key=b"before").kvs
        self.assertEqual([pair.mod_revision for pair in stored], [revision])

    def test_of_the_log(self) -> None:
        self.end_while_it_stands_still(log_alone=True)

    def test_of_all_data(self) -> None:
        self.end_while_it_stands_still(log_alone=False)


if __name__ == "__main__":
    unittest.main()
