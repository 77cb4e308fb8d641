#!/usr/bin/python3
"""A disk that is full is an alarm, until there is room; one that is read-only, or a file that may
not grow, ends the process, which says so. Nothing is lost.

ETCD in the environment is the program. The disks are in memory, which takes the right to mount.
"""

import contextlib
import json
import os
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

from member import STOP_TIMEOUT_SECONDS, Member
from protocol import KV, MAINTENANCE, Client, rpc

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
# Room for the segments of the log that a member begins with, and for little more.
SMALL = "140m"
LARGE = "400m"
NO_SPACE = (grpc.StatusCode.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")
WAIT_SECONDS = 30


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

    def client(self) -> Client:
        client = Client(self.member.address)
        self.addCleanup(client.close)
        return client

    def refused_put(self, client: Client) -> bool:
        try:
            client.put(b"one more", b"value")
        except grpc.RpcError as error:
            self.assertEqual((error.code(), error.details()), NO_SPACE)
            return True
        return False

    def write_until_refused(self, client: Client) -> dict[bytes, int]:
        """Until the alarm is on, of what was refused; what is applied and not in the database counts as
        used, so a refusal may come before that. What was acknowledged: the revision of each key."""
        acknowledged = {}
        for number in range(100_000):
            key = b"%d" % number
            try:
                reply = client.put(key, os.urandom(100_000))
            except grpc.RpcError as error:
                self.assertEqual((error.code(), error.details()), NO_SPACE)
                if self.alarms(client) == [rpc.NOSPACE]:
                    return acknowledged
                time.sleep(0.1)
                continue
            acknowledged[key] = reply.header.revision
        raise AssertionError("the disk is larger than was thought")

    def alarms(self, client: Client) -> list[int]:
        reply = client.call(MAINTENANCE, "Alarm", rpc.AlarmRequest(), rpc.AlarmResponse)
        return [alarm.alarm for alarm in reply.alarms]

    def http(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self.member.address}{path}", timeout=10) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_for(self, what: str, happens) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not happens():
            self.assertLess(time.monotonic(), end, f"{what}\n{self.member.log_tail()}")
            time.sleep(0.1)

    def expect_ended(self, what: str) -> None:
        code = self.member.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        self.member.process = None
        self.assertEqual(code, 1)
        self.assertIn(what, self.member.log_tail())

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.data], check=True)

    def test_a_full_disk_is_an_alarm_until_there_is_room(self) -> None:
        self.member.start()
        client = self.client()
        acknowledged = self.write_until_refused(client)
        self.assertGreater(len(acknowledged), 100)
        self.wait_for("the alarm", lambda: self.alarms(client) == [rpc.NOSPACE])
        self.member.wait_for_log("the disk is nearly full")
        self.assertEqual(self.http("/livez")[0], 200)
        self.assertEqual(self.http("/readyz")[0], 200)
        status, page = self.http("/health")
        self.assertEqual((status, json.loads(page)),
                         (503, {"health": "false", "reason": "ALARM NOSPACE"}))
        self.assertEqual(self.http("/health?exclude=NOSPACE")[0], 200)
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"0"), rpc.DeleteRangeResponse)
        del acknowledged[b"0"]
        self.assertTrue(self.refused_put(client))
        self.remount(f"size={LARGE}")
        self.wait_for("writes come back", lambda: not self.refused_put(client))
        self.assertEqual(self.alarms(client), [])
        for restarted in (False, True):
            if restarted:
                self.member.kill()
                self.member.start()
                client = self.client()
            for key, revision in acknowledged.items():
                kvs = client.range(key=key).kvs
                self.assertEqual([kv.mod_revision for kv in kvs], [revision], key)

    def test_a_disk_that_others_fill_is_waited_for(self) -> None:
        self.member.start()
        client = self.client()
        for number in range(10):
            client.put(b"%d" % number, b"before")
        filler = self.data / "of others"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        self.wait_for("the alarm", lambda: self.alarms(client) == [rpc.NOSPACE])
        # In the log's segment there is room; the database waits.
        reply = client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"0"),
                            rpc.DeleteRangeResponse)
        self.assertEqual(reply.deleted, 1)
        self.assertTrue(self.refused_put(client))
        time.sleep(1)
        self.assertIsNone(self.member.process.poll(), self.member.log_tail())
        filler.unlink()
        self.wait_for("writes come back", lambda: not self.refused_put(client))
        self.member.kill()
        self.member.start()
        client = self.client()
        self.assertEqual(client.range(key=b"0").count, 0)
        self.assertEqual(client.range(key=b"1", range_end=b"9").count, 8)

    def test_a_file_that_may_not_grow_is_named(self) -> None:
        # A segment of the log has room, and the database has not.
        self.member.prefix = ["prlimit", f"--fsize={65 << 20}"]
        self.remount(f"size={LARGE}")
        self.member.start()
        client = self.client()
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
