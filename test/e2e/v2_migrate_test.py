#!/usr/bin/python3
"""`etcdctl migrate`: keys of the v2 API become keys of v3, in a member that runs; also with a program
that makes other keys of them, and from a directory of etcd 3.4 that was taken over. `etcdutl migrate-v2` makes a snapshot of v3 of
what an etcd has left: 3.4, and with E2E_FULL 2.3 and 3.0 to 3.3, which are built for it.

ETCD, ETCDCTL and ETCDUTL in the environment are the programs.
"""

import fcntl
import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from base64 import b64decode
from pathlib import Path

import real_etcd
from member import Member
from v2_client import Ask, Connection

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
ETCDUTL = os.environ.get("ETCDUTL", str(ROOT / "build/dev/bin/etcdutl"))
ETCD_34 = "/usr/bin/etcd"
TIMEOUT_SECONDS = 60
MANY = 300

# Puts all below /new, and notes what it has read.
TRANSFORMER = """#!/usr/bin/python3
import json, struct, sys

def field(number, data):
    size = len(data)
    length = b""
    while size >= 0x80:
        length += bytes([size & 0x7f | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data

text = sys.stdin.read()
open("NOTES", "w").write(text)
decoder, at = json.JSONDecoder(), 0
while at < len(text):
    node, at = decoder.raw_decode(text, at)
    at += 1
    if node.get("dir"):
        continue
    pair = field(1, ("/new" + node["key"]).encode()) + field(5, node["value"].encode())
    sys.stdout.buffer.write(struct.pack("<q", len(pair)) + pair)
"""


class V2MigrateCase(unittest.TestCase):
    maxDiff = None

    def put(self, member: Member, key: str, body: str) -> None:
        connection = Connection(member.address)
        answer = connection.ask(Ask("PUT", "/v2/keys" + key, body.encode(),
                                    "application/x-www-form-urlencoded")).read()
        connection.close()
        self.assertIn(answer.status, (200, 201), answer.body)

    def etcdctl(self, member: Member, *words: str) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("ETCDCTL_")}
        return subprocess.run([ETCDCTL, "--endpoints", member.address, *words], capture_output=True,
                              text=True, timeout=TIMEOUT_SECONDS, env=environment)

    def output(self, member: Member, *words: str) -> str:
        done = self.etcdctl(member, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def pairs(self, member: Member, prefix: str = "/") -> dict[str, str]:
        lines = self.output(member, "get", "--prefix", prefix).splitlines()
        return dict(zip(lines[::2], lines[1::2]))

    def fill(self, member: Member) -> None:
        self.put(member, "/a", "value=1")
        self.put(member, "/d/b", "value=2")
        self.put(member, "/d/e/c", "value=3")
        self.put(member, "/empty", "dir=true")
        self.put(member, "/_hidden/x", "value=h")
        self.put(member, "/t1", "value=4&ttl=900")
        self.put(member, "/t2", "value=5&ttl=900")
        self.put(member, "/td", "dir=true&ttl=800")
        self.put(member, "/td/f", "value=6")

    FILES = {"/a": "1", "/d/b": "2", "/d/e/c": "3"}
    OF_TIME = {"/t1": "4", "/t2": "5", "/td/f": "6"}

    def migrate_v2(self, folder: Path, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDUTL, "migrate-v2", "--output", folder / "v3.db", *words],
                              capture_output=True, text=True, timeout=TIMEOUT_SECONDS)

    def restore(self, member: Member) -> None:
        """The member begins anew, with the snapshot that was made."""
        member.stop()
        shutil.rmtree(member.folder / "data")
        subprocess.run([ETCDUTL, "snapshot", "restore", member.folder / "v3.db", "--data-dir",
                        member.folder / "data", "--name", member.name, "--initial-cluster",
                        f"{member.name}={member.peer_url}", "--initial-advertise-peer-urls",
                        member.peer_url], check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
        member.start()

    def check_directory(self, program: Path | str, *flags: str) -> None:
        """Of an etcd that serves the v2 API, with a log alone and with snapshots."""
        for more in ((), ("--snapshot-count=20",)):
            etcds = self.enterContext(Member(program, *flags, *more))
            self.fill(etcds)
            for i in range(MANY):
                self.put(etcds, f"/many/{i % 30}", f"value={i}")
            self.put(etcds, "/d/b", "value=2&prevValue=2&ttl=700")
            # A directory that an etcd runs on is left alone.
            done = self.migrate_v2(etcds.folder, "--timeout=100ms", "--data-dir", etcds.folder / "data")
            self.assertEqual(done.returncode, 1, program)
            self.assertIn("etcd runs on", done.stderr)
            etcds.stop()
            member = self.enterContext(Member(ETCD))
            done = self.migrate_v2(member.folder, "--data-dir", etcds.folder / "data")
            self.assertEqual((done.returncode, done.stderr), (0, ""), program)
            self.assertRegex(done.stdout,
                             r"^using default transformer\nfinished transforming keys\n"
                             r".*/v3.db: 37 keys with [2-4] leases\n$")
            self.restore(member)
            many = {f"/many/{i}": str(MANY - 30 + i) for i in range(30)}
            self.assertEqual(self.pairs(member),
                             self.FILES | self.OF_TIME | many | {"/_hidden/x": "h"})
            pair = json.loads(self.output(member, "get", "/d/b", "-w", "json"))["kvs"][0]
            left = self.output(member, "lease", "timetolive", f"{pair['lease']:x}")
            self.assertIn(int(left.split("remaining(")[1].split("s")[0]), range(600, 701))
            # What was read is as it was; what was made is not written over.
            done = self.migrate_v2(member.folder, "--data-dir", etcds.folder / "data")
            self.assertEqual(done.returncode, 1)
            self.assertIn("file exists", done.stderr)
            etcds.start()
            etcds.stop()
            member.stop()


class V2MigrateTest(V2MigrateCase):
    def test_files_become_keys_and_times_leases(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        self.assertEqual(self.output(member, "migrate"), "no v2 keys to migrate\n")
        self.fill(member)
        out = self.output(member, "migrate")
        self.assertRegex(out, r"^using default transformer\nfinished transforming keys\n"
                              r"migrated 6 keys with [23] leases; 0 were there already\n$")
        self.assertEqual(self.pairs(member), self.FILES | self.OF_TIME)
        leases = self.output(member, "lease", "list").split("\n")[1:-1]
        times = sorted(int(self.output(member, "lease", "timetolive", lease).split("remaining(")[1]
                           .split("s")[0]) for lease in leases)
        self.assertIn(times[0], range(700, 801))
        self.assertIn(times[-1], range(801, 901))
        pair = json.loads(self.output(member, "get", "/a", "-w", "json"))["kvs"][0]
        self.assertEqual(pair.get("lease", 0), 0)
        # Once more: nothing happens.
        revision = json.loads(self.output(member, "get", "/a", "-w", "json"))["header"]["revision"]
        self.assertTrue(self.output(member, "migrate").endswith(
            "migrated 0 keys with 0 leases; 6 were there already\n"))
        after = json.loads(self.output(member, "get", "/a", "-w", "json"))["header"]["revision"]
        self.assertEqual(after, revision)
        self.assertEqual(self.output(member, "lease", "list").split("\n")[1:-1], leases)
        self.output(member, "migrate", "--prefix", "/_hidden")
        self.assertEqual(self.pairs(member, "/_hidden"), {"/_hidden/x": "h"})

    def test_keys_with_other_values_are_not_written_over_unasked(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        self.fill(member)
        for i in range(MANY):
            self.put(member, f"/many/{i}", f"value={i}")
        self.output(member, "put", "/d/b", "mine")
        done = self.etcdctl(member, "migrate")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "Error: 1 keys have other values already, as /d/b; nothing was "
                                      "written (--overwrite writes over them)\n")
        self.assertEqual(self.pairs(member), {"/d/b": "mine"})
        self.output(member, "migrate", "--overwrite", "--no-ttl")
        many = {f"/many/{i}": str(i) for i in range(MANY)}
        self.assertEqual(self.pairs(member), self.FILES | many)

    def test_a_program_makes_the_keys(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        self.fill(member)
        program = member.folder / "transformer"
        program.write_text(TRANSFORMER.replace("NOTES", str(member.folder / "notes")))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.assertEqual(self.output(member, "migrate", "--no-ttl", "--transformer", str(program)),
                         "finished transforming keys\nmigrated 3 keys with 0 leases; 0 were there "
                         "already\n")
        self.assertEqual(self.pairs(member), {"/new" + key: value for key, value in self.FILES.items()})
        nodes = [json.loads(line) for line in (member.folder / "notes").read_text().splitlines()]
        self.assertEqual([(node["key"], node.get("dir", False)) for node in nodes],
                         [("/a", False), ("/d", True), ("/d/b", False), ("/d/e", True),
                          ("/d/e/c", False), ("/empty", True)])
        program.write_text("#!/bin/sh\nexit 3\n")
        done = self.etcdctl(member, "migrate", "--transformer", str(program))
        self.assertEqual((done.returncode, done.stderr), (1, f"Error: {program}: exit status 3\n"))
        done = self.etcdctl(member, "migrate", "--transformer", "/none")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "Error: /none: fork/exec /none: no such file or directory\n"))

    def test_who_has_no_v2_api_is_told(self) -> None:
        member = self.enterContext(Member(ETCD))
        done = self.etcdctl(member, "migrate")
        self.assertEqual(done.returncode, 1)
        self.assertIn("response is invalid json", done.stderr)

    @unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
    def test_the_way_out_of_etcd_3_4(self) -> None:
        member = self.enterContext(Member(ETCD_34, "--enable-v2"))
        self.fill(member)
        member.stop()
        member.program = ETCD
        member.start()
        self.output(member, "migrate")
        self.assertEqual(self.pairs(member), self.FILES | self.OF_TIME)

    @unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
    def test_a_snapshot_of_v3_is_made_of_a_directory_of_etcd(self) -> None:
        self.check_directory(ETCD_34, "--enable-v2")

    @unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
    def test_a_snapshot_of_v3_is_made_of_one_file(self) -> None:
        etcds = self.enterContext(Member(ETCD_34, "--enable-v2", "--snapshot-count=20"))
        for i in range(50):
            self.put(etcds, f"/k/{i}", "value=1")
        etcds.stop()
        newest = sorted((etcds.folder / "data/member/snap").glob("*.snap"))[-1]
        member = self.enterContext(Member(ETCD))
        done = self.migrate_v2(member.folder, "--snapshot", newest, "--no-ttl")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.restore(member)
        found = self.pairs(member)
        self.assertIn(len(found), range(20, 51))
        self.assertLessEqual(found.items(), {f"/k/{i}": "1" for i in range(50)}.items())

    def test_an_etcd_without_a_database_is_known_by_its_log(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copytree(ROOT / "test/fixtures/etcd-2.3.8-v2", folder / "data")
        segment, = (folder / "data/member/wal").iterdir()
        with open(segment, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            done = self.migrate_v2(folder, "--timeout=100ms", "--data-dir", folder / "data")
            self.assertEqual((done.returncode, done.stderr),
                             (1, f"Error: timeout: etcd runs on {segment}; stop it first\n"))
        done = self.migrate_v2(folder, "--data-dir", folder / "data")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_program_makes_the_keys_of_a_snapshot_of_v3(self) -> None:
        member = self.enterContext(Member(ETCD))
        program = member.folder / "transformer"
        program.write_text(TRANSFORMER.replace("NOTES", str(member.folder / "notes")))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        shutil.copytree(ROOT / "test/fixtures/etcd-2.3.8-v2", member.folder / "old")
        words = ("--data-dir", member.folder / "old", "--transformer", program)
        done = self.migrate_v2(member.folder, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        nodes = [json.loads(line) for line in (member.folder / "notes").read_text().splitlines()]
        made = {"/new" + node["key"]: node["value"] for node in nodes if not node.get("dir")}
        self.assertTrue(made)
        self.assertTrue(done.stdout.startswith("finished transforming keys\n"), done.stdout)
        self.assertIn(f"v3.db: {len(made)} keys with 0 leases\n", done.stdout)
        self.restore(member)
        answer = json.loads(self.output(member, "get", "--prefix", "/", "-w", "json"))
        self.assertEqual({b64decode(pair["key"]).decode(): b64decode(pair.get("value", "")).decode()
                          for pair in answer["kvs"]}, made)
        (member.folder / "v3.db").unlink()
        program.write_text("#!/bin/sh\nexit 3\n")
        done = self.migrate_v2(member.folder, *words)
        self.assertEqual((done.returncode, done.stderr), (1, f"Error: {program}: exit status 3\n"))
        self.assertFalse((member.folder / "v3.db").exists())

    @unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
    def test_what_cannot_be_read_is_refused(self) -> None:
        etcds = self.enterContext(Member(ETCD_34))
        etcds.stop()
        done = self.migrate_v2(etcds.folder, "--data-dir", etcds.folder / "data")
        self.assertEqual((done.returncode, done.stdout), (0, "no v2 keys to migrate\n"))
        self.assertFalse((etcds.folder / "v3.db").exists())
        self.assertEqual(self.migrate_v2(etcds.folder).returncode, 128)
        done = self.migrate_v2(etcds.folder, "--snapshot", etcds.log)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no snapshot of raft, or damaged", done.stderr)
        etcds.program = ETCD
        etcds.start()
        etcds.stop()
        done = self.migrate_v2(etcds.folder, "--data-dir", etcds.folder / "data")
        self.assertEqual(done.returncode, 1)
        self.assertIn("etcdctl migrate", done.stderr)


@real_etcd.needed
class V2MigrateFromOlderTest(V2MigrateCase):
    """They serve the v2 API unasked."""

    def test_a_snapshot_of_v3_is_made_of_their_directories(self) -> None:
        for release in real_etcd.OLD:
            with self.subTest(release):
                self.check_directory(real_etcd.build(release=release))


if __name__ == "__main__":
    unittest.main()
