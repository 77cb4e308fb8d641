#!/usr/bin/python3
"""Tools that only read, on directories in which their user must not write: they say what they say
elsewhere, and nothing is made.

ETCD, ETCDCTL, ETCDUTL, ETCD_DUMP_DB and ETCD_DUMP_LOGS in the environment are the programs.
"""

import fcntl
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from etcdutl_test import BINARIES, ETCDUTL, EtcdutlCase

DUMP_DB = os.environ.get("ETCD_DUMP_DB", str(BINARIES / "etcd-dump-db"))
DUMP_LOGS = os.environ.get("ETCD_DUMP_LOGS", str(BINARIES / "etcd-dump-logs"))
# Somebody else than who runs the tests, if these may be anybody.
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}


class ReadOnlyTest(EtcdutlCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = self.folder / "place"
        self.place.mkdir()
        self.addCleanup(self.set_rights, self.folder, 0o755, 0o644)
        # Where they may: what is not refused for another reason is made here.
        self.free = self.folder / "free"
        self.free.mkdir()

    @staticmethod
    def set_rights(folder: Path, folders: int, files: int) -> None:
        folder.chmod(folders)
        for path in folder.rglob("*"):
            path.chmod(folders if path.is_dir() else files)

    def closed(self) -> Path:
        """The directory of a member that has ended, where nothing may be written; beside it a
        snapshot, and the same for etcd."""
        member = self.filled()
        member.stop()
        member.process = None
        shutil.copytree(member.folder / "data", self.place / "data")
        shutil.copy(self.snapshot, self.place / "snapshot.db")
        self.utl("export", "--data-dir", self.place / "data", "--output-dir", self.place / "etcds")
        self.set_rights(self.place, 0o555, 0o444)
        self.folder.chmod(0o755)
        self.free.chmod(0o777)
        return self.place / "data"

    def as_nobody(self, *words: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60,
                              cwd=self.free, **NOBODY)

    def names(self) -> list[Path]:
        return sorted(self.place.rglob("*"))

    def test_what_only_reads_says_what_it_says_elsewhere(self) -> None:
        data = self.closed()
        before = self.names()
        self.assertNotEqual(self.as_nobody("touch", data / "member/snap/x").returncode, 0)
        database = data / "member/snap/db.mdb"
        etcds = self.place / "etcds"
        for words in ([ETCDUTL, "hashkv", database],
                      [ETCDUTL, "hashkv", self.place / "snapshot.db"],
                      [ETCDUTL, "snapshot", "status", self.place / "snapshot.db"],
                      [ETCDUTL, "k8s", "extract", "-f", database, "--fields=key"],
                      [ETCDUTL, "k8s", "extract", "-f", self.place / "snapshot.db"],
                      [ETCDUTL, "recover", "--data-dir", data, "--command-timeout", "1s"],
                      [DUMP_DB, "hash", data],
                      [DUMP_DB, "iterate-bucket", data, "key"],
                      [DUMP_LOGS, data],
                      [ETCDUTL, "hashkv", etcds / "member/snap/db"],
                      [ETCDUTL, "snapshot", "status", etcds / "member/snap/db"],
                      [ETCDUTL, "k8s", "extract", "-f", etcds / "member/snap/db"],
                      [ETCDUTL, "recover", "--data-dir", etcds, "--command-timeout", "1s"],
                      [ETCDUTL, "migrate-v2", "--data-dir", etcds, "--output", self.free / "v3"],
                      [DUMP_DB, "hash", etcds],
                      [DUMP_LOGS, etcds]):
            with self.subTest(words=words):
                done = self.as_nobody(*words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.names(), before)
                everybody = subprocess.run(list(map(str, words)), capture_output=True, text=True,
                                           timeout=60, cwd=self.free)
                self.assertEqual(done.stdout, everybody.stdout)
        self.assertEqual(self.as_nobody(ETCDUTL, "hashkv", database, "-w", "json").stdout,
                         self.utl("hashkv", self.place / "snapshot.db", "-w", "json"))

    def test_a_directory_is_exported_and_recovered_from_there(self) -> None:
        data = self.closed()
        before = self.names()
        for words in (["export", "--data-dir", data, "--output-dir", self.free / "etcds"],
                      ["recover", "--data-dir", data, "--output-dir", self.free / "ours",
                       "--command-timeout", "1s"]):
            done = self.as_nobody(ETCDUTL, *words)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.names(), before)

    def test_what_may_not_be_read_is_told_without_advice(self) -> None:
        for closed in ("wal", "snap"):
            data = self.closed()
            files = [path for path in (data / "member" / closed).iterdir() if path.is_file()]
            for path in files:
                path.chmod(0)
            for words in (["export", "--data-dir", data, "--output-dir", self.free / "etcds"],
                          ["recover", "--data-dir", data, "--output-dir", self.free / "ours",
                           "--command-timeout", "1s"]):
                with self.subTest(closed=closed, words=words):
                    done = self.as_nobody(ETCDUTL, *words)
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr.splitlines()[-1],
                                     "^Error: [^;]*: permission denied$")
            self.set_rights(self.place, 0o755, 0o644)
            shutil.rmtree(self.place)
            self.place.mkdir()

    def test_a_member_that_runs_there_is_told(self) -> None:
        data = self.closed()
        with (data / "member/lock").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            for words in (["hashkv", data / "member/snap/db.mdb"],
                          ["k8s", "extract", "-f", data / "member/snap/db.mdb"],
                          ["export", "--data-dir", data, "--output-dir", self.free / "etcds"],
                          ["recover", "--data-dir", data]):
                done = self.as_nobody(ETCDUTL, *words, "--timeout", "100ms")
                self.assertEqual(done.returncode, 1)
                self.assertIn("timeout: a member runs on", done.stderr)

    def test_one_that_might_start_meanwhile_is_kept_away_or_told(self) -> None:
        data = self.closed()
        member = data / "member"
        member.chmod(0o755)
        (member / "lock").unlink()
        member.chmod(0o555)
        database = member / "snap/db.mdb"
        done = self.as_nobody(ETCDUTL, "hashkv", database)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("without that file a member might start meanwhile: read a copy", done.stderr)
        member.chmod(0o777)
        done = self.as_nobody(ETCDUTL, "hashkv", database)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
