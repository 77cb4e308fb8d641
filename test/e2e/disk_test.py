#!/usr/bin/python3
"""A disk that is full or read-only: the process says so and ends, and nothing is lost.

ETCD in the environment is the program. The disks are in memory, which takes the right to mount.
"""

import os
import subprocess
import unittest
from pathlib import Path

import grpc

from member import STOP_TIMEOUT_SECONDS, Member
from protocol import KV, Client, rpc

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
# Room for the segments of the log that a member begins with, and for little more.
SMALL = "140m"
LARGE = "400m"


def mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True,
                   capture_output=True)


class DiskTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = Member(ETCD)
        self.addCleanup(self.member.__exit__)
        self.data = self.member.folder / "data"
        self.data.mkdir()
        try:
            mount(self.data, f"size={SMALL},mode=0700")
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("mounting is not permitted")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.data], check=True)

    def write_until_it_ends(self) -> dict[bytes, int]:
        """What was acknowledged: the revision of each key."""
        acknowledged = {}
        client = Client(self.member.address)
        try:
            for number in range(100_000):
                key = b"%d" % number
                reply = client.call(KV, "Put", rpc.PutRequest(key=key, value=os.urandom(100_000)),
                                    rpc.PutResponse)
                acknowledged[key] = reply.header.revision
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
        finally:
            client.close()
        return acknowledged

    def expect_ended(self, what: str) -> None:
        code = self.member.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        self.member.process = None
        self.assertEqual(code, 1)
        self.assertIn(what, self.member.log_tail())

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.data], check=True)

    def test_a_full_disk_ends_the_process_and_loses_nothing(self) -> None:
        self.member.start()
        acknowledged = self.write_until_it_ends()
        self.expect_ended("no space left on device")
        self.assertGreater(len(acknowledged), 100)
        self.remount(f"size={LARGE}")
        self.member.start()
        client = Client(self.member.address)
        self.addCleanup(client.close)
        for key, revision in acknowledged.items():
            kvs = client.range(key=key).kvs
            self.assertEqual([kv.mod_revision for kv in kvs], [revision], key)

    def test_a_file_that_may_not_grow_is_named(self) -> None:
        # A segment of the log has room, and the database has not.
        self.member.prefix = ["prlimit", f"--fsize={65 << 20}"]
        self.remount(f"size={LARGE}")
        self.member.start()
        client = Client(self.member.address)
        self.addCleanup(client.close)
        value = os.urandom(1 << 20)
        with self.assertRaises(grpc.RpcError):
            for number in range(1000):
                client.call(KV, "Put", rpc.PutRequest(key=b"%d" % number, value=value),
                            rpc.PutResponse)
        self.expect_ended("file too large")
        self.member.prefix = []
        self.member.start()

    def test_a_read_only_disk_is_named_at_the_start(self) -> None:
        self.member.start()
        self.member.stop()
        self.remount("ro")
        self.member.launch()
        self.expect_ended("read-only file system")
        self.remount("rw")
        self.member.start()

    def test_a_log_that_is_a_folder_is_named_at_the_start(self) -> None:
        segment = self.data / "member/wal/0000000000000000-0000000000000000.wal"
        segment.mkdir(parents=True)
        self.member.launch()
        self.expect_ended(str(segment))


if __name__ == "__main__":
    unittest.main()
