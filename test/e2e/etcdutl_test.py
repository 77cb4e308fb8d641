#!/usr/bin/python3
"""etcdutl on snapshots and directories of members: what is restored serves again, alone and as a
cluster; what cannot be is refused and leaves nothing.

ETCD, ETCDCTL and ETCDUTL in the environment are the programs.
"""

import fcntl
import json
import os
import subprocess
import unittest
from pathlib import Path

import grpc

from cluster import Cluster, status, wait_until_ready
from cluster_case import ClusterCase
from member import Member, scratch_folder
from protocol import KV, LEASE, MAINTENANCE, rpc
from watch_stream import WatchStream

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
ETCDUTL = os.environ.get("ETCDUTL", str(BINARIES / "etcdutl"))
DEBIANS = {"etcd": "/usr/bin/etcd", "etcdctl": "/usr/bin/etcdctl"}
LEASE_ID = 77


class EtcdutlCase(ClusterCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder], check=True)
        self.snapshot = self.folder / "snapshot.db"

    def run_tool(self, *words: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDUTL, *map(str, words)], capture_output=True, text=True,
                              timeout=60)

    def utl(self, *words: str | Path) -> str:
        done = self.run_tool(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def error(self, *words: str | Path) -> str:
        """The last line of what it says; it ends with 1."""
        done = self.run_tool(*words)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        return done.stderr.splitlines()[-1]

    def save(self, member: Member, etcdctl: str = ETCDCTL) -> None:
        subprocess.run([etcdctl, "--endpoints", member.address, "snapshot", "save", self.snapshot],
                       check=True, capture_output=True, timeout=60,
                       env=os.environ | {"ETCDCTL_API": "3"})

    def fill(self, member: Member) -> None:
        client = self.client(member)
        client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=LEASE_ID, TTL=1000),
                    rpc.LeaseGrantResponse)
        for number in range(40):
            client.put(b"k%d" % number, b"v" * 1000)
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"k7"), rpc.DeleteRangeResponse)
        client.call(KV, "Put", rpc.PutRequest(key=b"leased", lease=LEASE_ID), rpc.PutResponse)
        client.call(KV, "Compact", rpc.CompactionRequest(revision=20, physical=True),
                    rpc.CompactionResponse)

    def restore(self, member: Member, *flags: str, snapshot: Path | None = None) -> None:
        initial = member.initial_cluster or f"{member.name}={member.peer_url}"
        self.utl("snapshot", "restore", snapshot or self.snapshot, "--data-dir",
                 member.folder / "data", "--name", member.name, "--initial-cluster", initial,
                 "--initial-advertise-peer-urls", member.peer_url, *flags)

    def member(self, program: str = ETCD) -> Member:
        member = Member(program)
        self.addCleanup(member.__exit__)
        return member

    def filled(self) -> Member:
        member = self.member()
        member.start()
        self.fill(member)
        self.save(member)
        return member

    def hash(self, member: Member, revision: int = 0) -> int:
        return self.client(member).hash_kv(revision).hash

    def keys(self, member: Member) -> dict[bytes, bytes]:
        answer = self.client(member).range(key=b"\0", range_end=b"\0")
        return {kv.key: kv.value for kv in answer.kvs}


class EtcdutlTest(EtcdutlCase):
    def test_what_a_snapshot_has_is_told(self) -> None:
        member = self.filled()
        told = json.loads(self.utl("snapshot", "status", self.snapshot, "-w", "json"))
        self.assertEqual((told["revision"], told["totalKey"], told["version"]), (43, 40, "3.7.0"))
        self.assertEqual(told["totalSize"], self.snapshot.stat().st_size - 32)
        hashed = json.loads(self.utl("hashkv", self.snapshot, "-w", "json"))
        self.assertEqual(hashed, {"hash": self.hash(member), "hashRevision": 43,
                                  "compactRevision": 20})
        at = json.loads(self.utl("hashkv", self.snapshot, "--rev", "30", "-w", "json"))
        self.assertEqual((at["hash"], at["hashRevision"]), (self.hash(member, 30), 30))
        self.assertEqual("Error: mvcc: required revision is a future revision",
                         self.error("hashkv", self.snapshot, "--rev", "99"))

    def test_a_snapshot_that_is_not_as_it_was_saved_is_shown_with_a_warning(self) -> None:
        self.filled()
        told = self.run_tool("snapshot", "status", self.snapshot)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        whole = self.snapshot.read_bytes()
        self.snapshot.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        again = self.run_tool("snapshot", "status", self.snapshot)
        self.assertEqual((again.returncode, again.stdout), (0, told.stdout))
        self.assertRegex(again.stderr, "^Warning: expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}: "
                         f"{self.snapshot} is not as it was saved; `etcdutl snapshot restore` "
                         "refuses it, but with --skip-hash-check\n$")

    def test_a_members_database_is_no_snapshot(self) -> None:
        member = self.filled()
        member.stop()
        database = member.folder / "data/member/snap/db.mdb"
        for words in (["status", database],
                      ["restore", database, "--data-dir", self.folder / "place"]):
            self.assertIn(f"{database}: is the database of a member of this program (LMDB), not a "
                          "snapshot", self.error("snapshot", *words))

    def test_a_member_goes_on_from_a_snapshot(self) -> None:
        member = self.filled()
        before = self.hash(member)
        keys = self.keys(member)
        identifier = status(member)["header"]["member_id"]
        self.client(member).put(b"after", b"it was saved")
        restored = self.member()
        self.restore(restored)
        restored.start()
        self.assertEqual((self.hash(restored), self.keys(restored)), (before, keys))
        self.assertNotEqual(status(restored)["header"]["member_id"], identifier)
        client = self.client(restored)
        self.assertEqual(client.put(b"k1", b"again").header.revision, 44)
        leases = client.call(LEASE, "LeaseTimeToLive",
                             rpc.LeaseTimeToLiveRequest(ID=LEASE_ID, keys=True),
                             rpc.LeaseTimeToLiveResponse)
        self.assertEqual((leases.grantedTTL, list(leases.keys)), (1000, [b"leased"]))
        after = self.hash(restored)
        restored.kill()
        restored.start()
        self.assertEqual(self.hash(restored), after)

    def test_a_cluster_begins_with_a_snapshot_and_others_join_it(self) -> None:
        member = self.filled()
        before = self.hash(member)
        cluster = Cluster(ETCD, ETCD, ETCD)
        self.addCleanup(cluster.__exit__)
        for each in cluster:
            self.restore(each, "--initial-cluster-token", "restored")
        cluster.start()
        self.client(cluster[0]).put(b"new", b"write")
        late = Member(ETCD, name="late")
        self.addCleanup(late.__exit__)
        late.initial_cluster = f"{cluster[0].initial_cluster},late={late.peer_url}"
        self.join(late, *cluster)
        for each in [*cluster, late]:
            self.wait_for("it has the write", lambda each=each: b"new" in self.keys(each))
            self.assertEqual(self.hash(each, 43), before)
            self.assertEqual(len(self.keys(each)), 41)

    def test_revisions_go_on_far_behind_those_that_clients_have_seen(self) -> None:
        self.filled()
        restored = self.member()
        self.restore(restored, "--bump-revision", "1000", "--mark-compacted")
        restored.start()
        client = self.client(restored)
        self.assertEqual(client.put(b"k1", b"again").header.revision, 1044)
        self.assertEqual(len(self.keys(restored)), 40)
        with self.assertRaises(grpc.RpcError) as compacted:
            client.range(key=b"k1", revision=43)
        self.assertEqual(compacted.exception.details(),
                         "etcdserver: mvcc: required revision has been compacted")
        stream = WatchStream(client)
        self.addCleanup(stream.close)
        stream.create(b"k1", start_revision=43)
        answers = stream.wait(lambda answers: len(answers) == 2)
        self.assertEqual(answers[1].compact_revision, 1043)

    def ctl(self, member: Member, *words: str) -> str:
        return subprocess.run([ETCDCTL, "--endpoints", member.address, *words], check=True,
                              capture_output=True, text=True, timeout=60).stdout

    def test_users_roles_and_alarms_come_back(self) -> None:
        member = self.filled()
        self.client(member).call(
            MAINTENANCE, "Alarm", rpc.AlarmRequest(action=1, memberID=77, alarm=2),
            rpc.AlarmResponse)
        for words in ("user add root:secret", "user grant-role root root", "role add reader",
                      "role grant-permission reader read k1", "user add ann:her",
                      "user grant-role ann reader", "auth enable"):
            self.ctl(member, *words.split())
        root = ("--user", "root:secret")
        asked = (("alarm", "list"), ("user", "list"), ("role", "get", "reader"),
                 ("user", "get", "ann"), ("auth", "status"))
        before = [self.ctl(member, *root, *words) for words in asked]
        self.assertEqual(before[0], "memberID:77 alarm:CORRUPT\n")
        self.snapshot.unlink()
        self.ctl(member, *root, "snapshot", "save", str(self.snapshot))
        restored = self.member()
        self.restore(restored)
        restored.launch()  # with that alarm it is never healthy
        self.wait_for("it answers", lambda: self.answers(restored, *root))
        self.assertEqual([self.ctl(restored, *root, *words) for words in asked], before)
        self.ctl(restored, *root, "alarm", "disarm")
        self.assertEqual(self.ctl(restored, "--user", "ann:her", "get", "k1").split()[0], "k1")
        with self.assertRaises(subprocess.CalledProcessError) as refused:
            self.ctl(restored, "--user", "ann:her", "get", "k2")
        self.assertIn("permission denied", refused.exception.stderr)

    def answers(self, member: Member, *flags: str) -> bool:
        try:
            return bool(self.ctl(member, *flags, "auth", "status"))
        except subprocess.CalledProcessError:
            return False

    def test_a_snapshot_of_debians_etcd_is_taken(self) -> None:
        if not Path(DEBIANS["etcd"]).exists():
            self.skipTest("there is no /usr/bin/etcd")
        member = self.member(DEBIANS["etcd"])
        member.start()
        self.fill(member)
        before = self.hash(member)
        self.save(member, DEBIANS["etcdctl"])
        database = member.folder / "data/member/snap/db"
        for words in (["snapshot", "status", database], ["hashkv", database],
                      ["defrag", "--data-dir", member.folder / "data"]):
            self.assertIn(f"timeout: etcd runs on {database}; stop it first",
                          self.error(*words, "--timeout", "100ms"))
        theirs = json.loads(subprocess.run(
            [DEBIANS["etcdctl"], "snapshot", "status", self.snapshot, "-w", "json"],
            capture_output=True, check=True, timeout=60,
            env=os.environ | {"ETCDCTL_API": "3"}).stdout)
        ours = json.loads(self.utl("snapshot", "status", self.snapshot, "-w", "json"))
        for name in ("hash", "revision", "totalSize"):
            self.assertEqual(ours[name], theirs[name])
        self.assertEqual((ours["totalKey"], ours["version"]), (40, ""))
        restored = self.member()
        self.restore(restored)
        restored.start()
        self.assertEqual(self.hash(restored), before)

    def test_what_cannot_be_restored_leaves_nothing(self) -> None:
        self.filled()
        whole = self.snapshot.read_bytes()
        broken = self.folder / "broken"
        place = self.folder / "place"
        refusals = {
            whole[:-1] + bytes([whole[-1] ^ 1]): "expected sha256 ",
            whole[:-32]: "snapshot missing hash but --skip-hash-check=false",
            whole[:4096] + whole[-32:]: "expected sha256 ",
            whole[:8192]: f"{broken}: cut off: the database has ",
            b"": f"{broken}: no valid bbolt meta page",
            b"no database" * 500: f"{broken}: no valid bbolt meta page"}
        for contents, why in refusals.items():
            broken.write_bytes(contents)
            self.assertIn(why, self.error("snapshot", "restore", broken, "--data-dir", place))
            self.assertFalse(place.exists())
        # Nor does what nobody has checked.
        for contents in (b"", b"no database" * 500, whole[:4096], whole[:8192] + b"\0" * 8192):
            broken.write_bytes(contents)
            for words in (["snapshot", "restore", broken, "--skip-hash-check", "--data-dir", place],
                          ["snapshot", "status", broken], ["hashkv", broken]):
                self.assertTrue(self.error(*words).startswith("Error: "))
            self.assertFalse(place.exists())
        broken.write_bytes(whole[:-32])
        self.utl("snapshot", "restore", broken, "--skip-hash-check", "--data-dir", place)
        kept = sorted(place.rglob("*"))
        self.assertEqual(self.error("snapshot", "restore", self.snapshot, "--data-dir", place),
                         f'Error: data-dir "{place}" not empty or could not be read')
        self.assertEqual(sorted(place.rglob("*")), kept)
        log = self.folder / "log"
        log.mkdir()
        self.assertEqual(self.error("snapshot", "restore", self.snapshot, "--data-dir",
                                    self.folder / "other", "--wal-dir", log),
                         f'Error: wal-dir "{log}" exists')
        self.assertFalse((self.folder / "other").exists())

    def test_the_log_may_lie_elsewhere(self) -> None:
        self.filled()
        restored = self.member()
        log = self.folder / "logs" / "wal"
        restored.flags += ("--wal-dir", str(log))
        self.restore(restored, "--wal-dir", f"{log}/")
        restored.start()
        self.assertEqual(len(self.keys(restored)), 40)
        self.assertEqual([file.name for file in (self.folder / "logs").iterdir()], ["wal"])

    def test_a_full_disk_is_told_by_name(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("only root may mount")
        self.filled()
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], check=True)
        try:
            self.assertIn("no space left on device",
                          self.error("snapshot", "restore", self.snapshot, "--data-dir",
                                     disk / "place").lower())
            self.assertEqual(list(disk.iterdir()), [])
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_file_that_may_not_grow_is_told(self) -> None:
        self.filled()
        place = self.folder / "place"
        done = subprocess.run(["prlimit", "--fsize=8192", ETCDUTL, "snapshot", "restore",
                               self.snapshot, "--data-dir", place],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr.splitlines()[-1], "^Error: .*file too large")
        self.assertFalse(place.exists())

    def test_a_directory_is_defragmented_while_no_member_runs_on_it(self) -> None:
        member = self.filled()
        data = member.folder / "data"
        self.assertIn("a member runs on",
                      self.error("defrag", "--data-dir", data, "--timeout", "100ms"))
        client = self.client(member)
        for number in range(300):
            client.put(b"large", b"v" * 20_000)
        client.call(KV, "Compact", rpc.CompactionRequest(revision=300, physical=True),
                    rpc.CompactionResponse)
        before = self.hash(member)
        member.stop()
        member.process = None
        database = data / "member/snap/db.mdb"
        size = database.stat().st_size
        self.assertEqual(json.loads(self.utl("hashkv", database, "-w", "json"))["hash"], before)
        self.assertEqual(self.utl("defrag", "--data-dir", data), "")
        self.assertLess(database.stat().st_size, size)
        member.start()
        self.assertEqual(self.hash(member), before)
        wait_until_ready(member)

    def test_the_storage_version_is_changed_while_no_member_runs(self) -> None:
        member = self.filled()
        before = self.hash(member)
        data = member.folder / "data"
        migrate = ["migrate", "--data-dir", data, "--target-version"]
        self.assertIn("a member runs on", self.error(*migrate, "3.6", "--timeout", "100ms"))
        member.stop()
        for target, said in (("3.7", 'storage version up-to-date\t{"storage-version": "3.7"}'),
                             ("3.6", 'updated storage version\t{"new-storage-version": "3.6.0"}'),
                             ("3.6", 'storage version up-to-date\t{"storage-version": "3.6"}'),
                             ("3.5", 'updated storage version\t{"new-storage-version": "3.5.0"}'),
                             ("3.7", 'updated storage version\t{"new-storage-version": "3.7.0"}')):
            done = self.run_tool(*migrate, target)
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
            self.assertTrue(done.stderr.endswith(f"{said}\n"), done.stderr)
        self.assertEqual(self.error(*migrate, "3.8"),
                         'Error: cannot create migration plan: version "3.8.0" is not supported')
        self.utl(*migrate, "3.5")
        member.start()
        self.assertEqual(self.hash(member), before)
        member.stop()
        self.utl(*migrate, "3.8", "--force")
        with self.assertRaisesRegex(RuntimeError, "storage version .{1,4}3.8.0"):
            member.start()
        member.process = None
    def test_a_members_database_is_hashed_however_its_path_is_written(self) -> None:
        member = self.filled()
        member.stop()
        member.process = None
        snap = member.folder / "data/member/snap"
        expected = self.utl("hashkv", snap / "db.mdb")
        for folder, path in ((snap, "db.mdb"), (snap, "./db.mdb"), (snap.parent, "snap/db.mdb")):
            done = subprocess.run([ETCDUTL, "hashkv", path], cwd=folder, capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, expected, ""))
        # What lies elsewhere is not mistaken for it.
        elsewhere = snap.parent / "copies/db.mdb"
        elsewhere.parent.mkdir()
        elsewhere.write_bytes(b"not the member's")
        self.assertEqual(self.error("hashkv", elsewhere), f"Error: {elsewhere}: does not lie in "
                         "a data directory, as DATA_DIR/member/snap/db.mdb")
        self.assertEqual(list(elsewhere.parent.iterdir()), [elsewhere])

    def etcds_database(self) -> Path:
        """A directory as etcd has it, as far as its database: what a snapshot of ours holds."""
        self.filled()
        database = self.folder / "etcds/member/snap/db"
        database.parent.mkdir(parents=True)
        database.write_bytes(self.snapshot.read_bytes()[:-32])
        return database

    def test_a_database_of_etcd_is_left_alone_while_etcd_has_it(self) -> None:
        database = self.etcds_database()
        before = database.read_bytes()
        with database.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assertIn(f"timeout: etcd runs on {database}; stop it first",
                          self.error("defrag", "--data-dir", self.folder / "etcds",
                                     "--timeout", "100ms"))
        self.assertEqual(database.read_bytes(), before)

    def test_what_etcd_puts_in_its_place_is_what_is_defragmented(self) -> None:
        database = self.etcds_database()
        expected = self.utl("hashkv", database)
        other = self.folder / "other"
        other.write_bytes(database.read_bytes())
        database.write_bytes(b"older")
        with database.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            waiting = subprocess.Popen([ETCDUTL, "defrag", "--data-dir", self.folder / "etcds",
                                        "--timeout", "0"], stderr=subprocess.PIPE, text=True)
            while waiting.poll() is None and not self.has_open(waiting.pid, database):
                pass
            other.rename(database)
        _, said = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, said)
        self.assertIn("finished defragmenting directory", said)
        self.assertEqual(self.utl("hashkv", database), expected)

    def test_what_lies_beside_a_database_of_etcd_stays(self) -> None:
        database = self.etcds_database()
        expected = self.utl("hashkv", database)
        beside = database.with_name("db.tmp")
        beside.write_text("mine")
        self.utl("defrag", "--data-dir", self.folder / "etcds")
        self.assertEqual(self.utl("hashkv", database), expected)
        self.assertEqual(beside.read_text(), "mine")
        self.assertEqual(sorted(each.name for each in database.parent.iterdir()
                                if each.name.startswith("db")), ["db", "db.tmp"])

    @staticmethod
    def has_open(process: int, path: Path) -> bool:
        files = Path(f"/proc/{process}/fd")
        try:
            return any(os.readlink(each) == str(path) for each in files.iterdir())
        except FileNotFoundError:
            return False

    def test_a_snapshot_that_is_not_there_is_told_and_leaves_nothing(self) -> None:
        place = self.folder / "place"
        self.assertEqual(self.error("snapshot", "restore", "/nowhere", "--data-dir", place),
                         "Error: open /nowhere: no such file or directory")
        self.assertFalse(place.exists())

    def test_misuse_is_told_as_etcd_tells_it(self) -> None:
        for words, code, text in (
                (["nonsense"], 1, 'unknown command "nonsense" for "etcdutl"'),
                (["snapshot", "status"], 128, "snapshot status requires exactly one argument"),
                (["snapshot", "restore", "a", "b"], 128,
                 "snapshot restore requires exactly one argument"),
                (["snapshot", "restore", "a", "--bump-revision", "1"], 128,
                 "--mark-compacted required if --revision-bump > 0"),
                (["snapshot", "restore", "a", "--name", "x"], 1,
                 'couldn\'t find local name "x" in the initial cluster configuration'),
                (["snapshot", "status", "/nowhere"], 1, "stat /nowhere: no such file or directory"),
                (["migrate"], 1, 'required flag(s) "data-dir", "target-version" not set'),
                (["migrate", "--data-dir", "/nowhere", "--target-version", "3.4"], 128,
                 'target version "3.4" not supported. Minimal "3.5"'),
                (["migrate", "--data-dir", "/nowhere", "--target-version", "3.6"], 1,
                 "stat /nowhere/member/snap/db: no such file or directory"),
                (["hashkv"], 1, "accepts 1 arg(s), received 0"),
                (["defrag"], 1, 'required flag(s) "data-dir" not set'),
                (["defrag", "--data-dir", "/nowhere"], 1,
                 "Failed to defragment etcd data[/nowhere] (stat /nowhere/member/snap/db: no such "
                 "file or directory)"),
                (["snapshot", "status", ETCDUTL, "-w", "x"], 4, "unsupported output format")):
            done = self.run_tool(*words)
            self.assertEqual((done.returncode, done.stderr.splitlines()[0]), (code, f"Error: {text}"))


if __name__ == "__main__":
    unittest.main()
