#!/usr/bin/python3
"""Databases go from a member to etcd and back: by snapshots that etcd's tools restore, and by
directories that an etcd of one member ran in. The hash of all keys is the same everywhere.

ETCD and ETCDUTL in the environment are the programs, KILLS how often an import is killed, SEED when. The other
side is Debian's etcd 3.4, and with E2E_FULL a real etcd 3.7.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import unittest
from contextlib import nullcontext
from pathlib import Path

import grpc

import real_etcd
from cluster import Cluster, wait_until_ready
from in_place import ETCD, ETCDUTL
from member import Member
from protocol import KV, LEASE, Client, rpc

ETCD_34 = "/usr/bin/etcd"
ETCDCTL_34 = "/usr/bin/etcdctl"
KILLS = int(os.environ.get("KILLS") or (200 if os.environ.get("E2E_FULL") else 30))
SEED = int(os.environ.get("SEED") or random.randrange(2**32))
COMMAND_TIMEOUT_SECONDS = 60
# So that an import takes long enough to be killed in its midst.
KILLED_VALUES = 400
KILLED_VALUE_BYTES = 50_000
# After which a member says how far an import is.
REPORT_SECONDS = 3.1
ATTEMPTS = 50
STEP_SECONDS = 0.001
REPORTED_KEYS = 200_000
REPORTED_TXN = 100


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=COMMAND_TIMEOUT_SECONDS, env=os.environ | {"ETCDCTL_API": "3"})
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")
    return done.stdout


def hash_of(member: Member) -> tuple[int, int, int]:
    client = Client(member.address)
    try:
        while True:
            try:
                reply = client.hash_kv()
                return reply.hash, reply.header.revision, reply.compact_revision
            except grpc.RpcError as error:
                # A busy machine connects too slowly for this client.
                if "before receiving SETTINGS" not in error.details():
                    raise
    finally:
        client.close()


def fill(member: Member) -> None:
    """Keys of every byte, long ones that begin alike, values of all sizes; deletions,
    transactions, and a compaction in between."""
    client = Client(member.address)
    chooser = random.Random(7)
    try:
        for byte in range(256):
            client.put(bytes([byte]), chooser.randbytes(byte))
        for number in range(30):
            client.put(b"k" * 600 + b"%d" % number, b"long")
        for size in (0, 1, 4000, 70_000, 1_400_000):
            client.put(b"value of %d" % size, chooser.randbytes(size))
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"a", range_end=b"d"),
                    rpc.DeleteRangeResponse)
        compacted = client.put(b"b", b"again").header.revision
        client.call(KV, "Compact", rpc.CompactionRequest(revision=compacted, physical=True),
                    rpc.CompactionResponse)
        for number in range(20):
            ops = [rpc.RequestOp(request_put=rpc.PutRequest(key=b"txn/%d" % at, value=b"%d" % number))
                   for at in range(5)]
            client.call(KV, "Txn", rpc.TxnRequest(success=ops), rpc.TxnResponse)
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"txn/3"),
                    rpc.DeleteRangeResponse)
    finally:
        client.close()


def save(member: Member, path: Path) -> Path:
    run(ETCDCTL_34, "--endpoints", member.url, "snapshot", "save", path)
    return path


class Imports:
    """What etcd does on the other side is the same for all its versions."""

    etcd = ""  # the program
    restorer: list[str] = []  # the command that restores a snapshot

    def setUp(self) -> None:
        self.random = random.Random(SEED)

    def member(self, program: str) -> Member:
        """Not started; stopped and removed at the end."""
        member = Member(program)
        self.addCleanup(member.__exit__)
        return member

    def restored(self, program: str, snapshot: Path) -> Member:
        member = self.member(program)
        run(*self.restorer, "snapshot", "restore", snapshot, "--data-dir", member.folder / "data",
            "--name", "m", "--initial-cluster", f"m={member.peer_url}",
            "--initial-advertise-peer-urls", member.peer_url,
            # So that it is another member than the one whose snapshot it is.
            "--initial-cluster-token", member.folder.name)
        return member

    def of_directory(self, program: str, directory: Path) -> Member:
        member = self.member(program)
        shutil.copytree(directory, member.folder / "data")
        return member

    def expect_refusal(self, member: Member, text: str) -> None:
        member.launch()
        self.assertNotEqual(member.process.wait(timeout=20), 0)
        member.process = None
        self.assertIn(text, member.log_tail())

    def test_a_database_goes_from_ours_to_etcd_and_back_and_back_again(self) -> None:
        ours = self.member(ETCD)
        ours.start()
        fill(ours)
        expected = hash_of(ours)
        snapshot = save(ours, ours.folder / "ours.db")
        ours.stop()

        theirs = self.restored(self.etcd, snapshot)
        theirs.start()
        self.assertEqual(hash_of(theirs), expected)
        client = Client(theirs.address)
        client.put(b"of etcd", b"value")
        client.close()
        expected = hash_of(theirs)
        snapshot = save(theirs, ours.folder / "theirs.db")
        theirs.stop()

        for number in range(2):
            imported = self.restored(ETCD, snapshot)
            imported.start()
            self.assertEqual(hash_of(imported), expected)
            snapshot = save(imported, ours.folder / f"imported{number}.db")
            imported.kill()
            imported.start()
            self.assertEqual(hash_of(imported), expected)
            imported.stop()

    def test_a_member_goes_on_in_the_directory_that_an_etcd_ran_in(self) -> None:
        theirs = self.member(self.etcd)
        theirs.start()
        fill(theirs)
        theirs.kill()
        theirs.start()
        client = Client(theirs.address)
        for number in range(50):
            client.put(b"late", b"%d" % number)
        client.close()
        expected = hash_of(theirs)
        theirs.kill()
        member = theirs.folder / "data/member"
        # Copied while it lies still.
        ours = self.of_directory(ETCD, theirs.folder / "data")
        ours.peer_url = theirs.peer_url
        ours.start()
        self.assertEqual(hash_of(ours), expected)
        ours.stop()
        imported = ours.folder / "data/member"
        self.assertEqual((imported / "snap.etcd/db").read_bytes(), (member / "snap/db").read_bytes())
        self.assertFalse((imported / "snap/db").exists())
        for segment in (member / "wal").glob("*.wal"):
            self.assertEqual((imported / "wal.etcd" / segment.name).read_bytes(),
                             segment.read_bytes())
        # Etcd does not start any more, and changes nothing.
        ours.program = self.etcd
        ours.launch()
        self.assertNotEqual(ours.process.wait(timeout=20), 0)
        ours.process = None
        ours.program = ETCD
        ours.start()
        self.assertEqual(hash_of(ours), expected)

    def test_leases_and_the_keys_that_are_with_them_are_imported(self) -> None:
        member = self.member(self.etcd)
        member.start()
        ctl = (ETCDCTL_34, "--endpoints", member.url)
        lease = run(*ctl, "lease", "grant", "600").split()[1]
        gone = run(*ctl, "lease", "grant", "600").split()[1]
        run(*ctl, "put", "a", "v", f"--lease={lease}")
        run(*ctl, "put", "b", "v", f"--lease={gone}")
        run(*ctl, "lease", "revoke", gone)
        expected = hash_of(member)
        member.stop()
        member.program = ETCD
        member.start()
        self.assertEqual(hash_of(member), expected)
        told = run(*ctl, "lease", "timetolive", lease, "--keys")
        self.assertIn("granted with TTL(600s)", told)
        self.assertIn("attached keys([a])", told)
        self.assertEqual(run(*ctl, "lease", "list").splitlines()[1:], [lease])
        run(*ctl, "lease", "revoke", lease)
        self.assertEqual(run(*ctl, "get", "--prefix", ""), "")

    def test_users_and_their_rights_are_taken_over(self) -> None:
        theirs = self.member(self.etcd)
        theirs.start()
        ctl = (ETCDCTL_34, "--endpoints", theirs.url)
        for command in ("user add root:secret", "role add r", "user add u:hidden",
                        "role grant-permission r readwrite a", "user grant-role u r", "put a 1",
                        "put b 2", "auth enable"):
            run(*ctl, *command.split())
        theirs.stop()
        theirs.program = ETCD
        theirs.start()
        user, root = (*ctl, "--user", "u:hidden"), (*ctl, "--user", "root:secret")
        self.assertEqual(run(*user, "get", "a"), "a\n1\n")
        self.assertEqual(run(*root, "get", "b"), "b\n2\n")
        for refused, text in (((*ctl, "get", "a"), "user name is empty"),
                              ((*user, "get", "b"), "permission denied"),
                              ((*ctl, "--user", "u:wrong", "get", "a"), "authentication failed")):
            done = subprocess.run(refused, capture_output=True, timeout=60, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(text, done.stderr)
        theirs.stop()

    @staticmethod
    def asked(member: Member) -> socket.socket:
        """Somebody who waits for an answer."""
        while True:
            try:
                return socket.create_connection(member.address.split(":"), timeout=5)
            except ConnectionRefusedError:
                time.sleep(0.001)

    def test_a_member_that_nobody_asked_leaves_the_directory_to_etcd(self) -> None:
        theirs = self.member(self.etcd)
        theirs.start()
        fill(theirs)
        expected = hash_of(theirs)
        theirs.stop()
        theirs.program = ETCD
        theirs.launch()
        end = time.monotonic() + 20
        while b"ready to serve client requests" not in theirs.log.read_bytes().split(
                b"importing the database of etcd")[-1]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        theirs.stop()
        theirs.program = self.etcd
        theirs.start()
        self.assertEqual(hash_of(theirs), expected)

    def test_a_cluster_goes_on_in_the_directories_of_its_members(self) -> None:
        with Cluster(*[self.etcd] * 3) as cluster:
            fill(cluster[0])
            client = Client(cluster[1].address)
            lease = client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=600),
                                rpc.LeaseGrantResponse).ID
            client.call(KV, "Put", rpc.PutRequest(key=b"leased", value=b"1", lease=lease),
                        rpc.PutResponse)
            client.close()
            expected = hash_of(cluster[1])
            for member in cluster:
                member.kill()
                member.program = ETCD
            cluster.start()
            for member in cluster:
                member.wait_for_log("moved the imported files of etcd out of the way")
                self.assertEqual(hash_of(member), expected)
            for member in cluster:
                client = Client(member.address)
                client.put(b"by " + member.name.encode(), b"")
                self.assertEqual(client.range(key=b"leased").kvs[0].lease, lease)
                client.close()
            # Whoever comes again has a log of its own.
            cluster[2].kill()
            cluster[2].launch()
            wait_until_ready(cluster[2])
            client = Client(cluster[2].address)
            client.range(key=b"x")  # it has all that the others have then
            client.close()
            self.assertEqual(len(set(map(hash_of, cluster))), 1)

    def test_etcdutl_imports_and_puts_back(self) -> None:
        theirs = self.member(self.etcd)
        theirs.start()
        fill(theirs)
        expected = hash_of(theirs)
        data = theirs.folder / "data"
        with self.assertRaisesRegex(AssertionError, "etcd|lock"):
            run(ETCDUTL, "import", "--data-dir", data, "--timeout", "100ms")
        theirs.stop()
        run(ETCDUTL, "import", "--data-dir", data)
        self.assertFalse((data / "member/snap/db").exists())
        run(ETCDUTL, "import", "--data-dir", data, "--undo")
        theirs.start()
        self.assertEqual(hash_of(theirs), expected)
        theirs.stop()
        run(ETCDUTL, "import", "--data-dir", data)
        with self.assertRaisesRegex(AssertionError, "was imported already, and etcd's files are in "
                                    f"{data}/member/snap.etcd; start the member, or put them "
                                    "back by --undo"):
            run(ETCDUTL, "import", "--data-dir", data)
        theirs.program = ETCD
        theirs.start()
        self.assertEqual(hash_of(theirs), expected)
        theirs.stop()
        with self.assertRaisesRegex(AssertionError, "has gone on since it was imported"):
            run(ETCDUTL, "import", "--data-dir", data, "--undo")
        theirs.start()
        self.assertEqual(hash_of(theirs), expected)

    def test_what_is_not_etcds_is_not_imported(self) -> None:
        ours = self.member(ETCD)
        ours.start()
        ours.stop()
        data = ours.folder / "data"
        with self.assertRaisesRegex(AssertionError, "is no directory of etcd, but of this program "
                                    "already .*; start the member"):
            run(ETCDUTL, "import", "--data-dir", data)
        (data / "member/snap/db.mdb").unlink()
        with self.assertRaisesRegex(AssertionError, "there is no database of etcd to import"):
            run(ETCDUTL, "import", "--data-dir", data)

    def fill_for_a_long_import(self, member: Member) -> None:
        client = Client(member.address)
        for number in range(KILLED_VALUES):
            client.put(b"%d" % number, self.random.randbytes(KILLED_VALUE_BYTES))
        client.close()

    def test_a_long_import_says_how_far_it_is(self) -> None:
        theirs = self.member(self.etcd)
        theirs.start()
        client = Client(theirs.address)
        for first in range(0, REPORTED_KEYS, REPORTED_TXN):
            ops = [rpc.RequestOp(request_put=rpc.PutRequest(key=b"%d" % number, value=b"value"))
                   for number in range(first, first + REPORTED_TXN)]
            client.call(KV, "Txn", rpc.TxnRequest(success=ops), rpc.TxnResponse)
        client.close()
        theirs.stop()
        for _ in range(ATTEMPTS):
            member = self.of_directory(ETCD, theirs.folder / "data")
            lines = self.reports_of_an_import_that_stood_still(member)
            member.__exit__()
            if lines:  # it had not ended before it stood still
                break
        self.assertTrue(lines)
        told = json.loads(lines[0])
        self.assertEqual(told["msg"], "the import of etcd's database goes on")
        self.assertLessEqual(told["read-bytes"], told["db-size-bytes"])
        self.assertGreater(told["db-size-bytes"], REPORTED_KEYS * len("value"))
        self.assertIn(told["percent"], range(101))

    def reports_of_an_import_that_stood_still(self, member: Member) -> list[str]:
        member.launch()
        # By steps that are shorter than the import, unless the machine is busy.
        while "importing the database of etcd" not in member.log.read_text():
            self.assertIsNone(member.process.poll())
            member.process.send_signal(signal.SIGCONT)
            time.sleep(STEP_SECONDS)
            member.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, member.process.pid, os.WSTOPPED)
        if "imported the database of etcd" not in member.log.read_text():
            time.sleep(REPORT_SECONDS)
        member.process.send_signal(signal.SIGCONT)
        member.wait_for_log("imported the database of etcd")
        return [line for line in member.log.read_text().splitlines() if "goes on" in line]

    def test_an_import_that_is_killed_is_done_or_begun_anew(self) -> None:
        ours = self.member(ETCD)
        ours.start()
        self.fill_for_a_long_import(ours)
        expected = hash_of(ours)
        snapshot = save(ours, ours.folder / "ours.db")
        ours.stop()
        template = self.restored(ETCD, snapshot)
        whole = self.of_directory(ETCD, template.folder / "data")
        began = time.monotonic()
        whole.start()
        takes = time.monotonic() - began
        whole.stop()
        kills = 0
        etcds = 3  # looks of etcd at what a killed import leaves
        while kills < KILLS:
            member = self.of_directory(ETCD, template.folder / "data")
            database = member.folder / "data/member/snap/db"
            while kills < KILLS and database.exists():
                member.launch()
                with self.asked(member) if self.random.random() < 0.6 else nullcontext():
                    time.sleep(self.random.uniform(0, takes))
                    member.kill()
                kills += 1
            if etcds > 0 and database.exists():
                etcds -= 1
                member.program = self.etcd
                member.start()
                self.assertEqual(hash_of(member), expected)
                member.stop()
                member.program = ETCD
            with self.subTest(seed=SEED, kills=kills):
                member.start()
                self.assertEqual(hash_of(member), expected)
                self.assertFalse((member.folder / "data/member/wal.import").exists())
            member.__exit__()


@unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
class ImportFrom34Test(Imports, unittest.TestCase):
    etcd = ETCD_34
    restorer = [ETCDCTL_34]


@real_etcd.needed
class ImportFrom37Test(Imports, unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.etcd = str(real_etcd.build())
        cls.restorer = [str(real_etcd.build("etcdutl"))]

    def test_the_status_of_a_snapshot_has_the_version(self) -> None:
        ours = self.member(ETCD)
        ours.start()
        snapshot = save(ours, ours.folder / "ours.db")
        status = json.loads(run(*self.restorer, "snapshot", "status", snapshot, "-w", "json"))
        self.assertEqual(status["version"], "3.7.0")


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
