#!/usr/bin/python3
"""`etcdctl backup` (ETCDCTL_API=2) copies directories of etcd 2.3 to 3.5; a new cluster begins with
a copy, of ours and of Debian's etcd 3.4.23, and has what one has that begins with a copy of Debian's.

ETCD and ETCDCTL in the environment are the programs.
"""

import hashlib
import json
import os
import subprocess
import unittest
from pathlib import Path

from in_place import ETCD
from member import Member
from v2_import_test import ETCD_34, ask, fill, put, tree_of

ROOT = Path(__file__).resolve().parents[2]
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
DEBIANS_CTL = "/usr/bin/etcdctl"
FIXTURES = ROOT / "test/fixtures"
TIMEOUT_SECONDS = 60
SHORT_LOG = ("--snapshot-count", "50")


def etcdctl(program: str, api: str, *words: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    return subprocess.run([program, *words], capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, env={**kept, "ETCDCTL_API": api})


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class BackupCase(unittest.TestCase):
    maxDiff = None

    def back_up(self, program: str, source: Path, target: Path, *flags: str) -> str:
        """What it writes on standard error."""
        done = etcdctl(program, "2", "backup", "--data-dir", str(source), "--backup-dir",
                       str(target), *flags)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        return done.stderr

    def begun_with(self, program: str, source: Path, backup: str, *flags: str) -> Member:
        """A member of `program` on a copy that `backup` has made."""
        member = Member(program, "--enable-v2", "--force-new-cluster")
        self.addCleanup(member.__exit__)
        self.back_up(backup, source, member.folder / "data", *flags)
        member.start()
        return member

    def check_goes_on(self, member: Member) -> None:
        """Also without the flag."""
        member.stop()
        member.flags = ("--enable-v2",)
        member.start()
        put(member, "/more", "value=1")
        members = json.loads(ask(member, "GET", "/v2/members").body)["members"]
        self.assertEqual([each["name"] for each in members], [member.name])


@unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
class BackupBesideEtcdTest(BackupCase):
    def setUp(self) -> None:
        self.member = self.enterContext(Member(ETCD_34, "--enable-v2", *SHORT_LOG))
        self.data = self.member.folder / "data"

    def v3(self, member: Member, *words: str) -> str:
        done = etcdctl(DEBIANS_CTL, "3", "--endpoints", member.address, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def write(self) -> None:
        for i in range(3):
            fill(self.member, 40 * i, 40 * i + 40)
            for number in range(10):
                self.v3(self.member, "put", f"k{i}/{number}", f"v{number}")
        put(self.member, "/_hidden/x", "value=h")
        put(self.member, "/far", "value=t&ttl=5000")
        put(self.member, "/empty", "dir=true")

    def test_the_copy_has_what_that_of_etcdctl_3_4_has(self) -> None:
        self.write()
        tree, _ = tree_of(self.member)
        self.member.stop()
        before = hashes(self.data)
        for program in (ETCD_34, ETCD):
            trees = {}
            for backup in (DEBIANS_CTL, ETCDCTL):
                member = self.begun_with(program, self.data, backup)
                trees[backup] = tree_of(member)
                self.assertEqual(self.v3(member, "get", "--prefix", ""), "")
                self.assertIn(b'"value":"h"', ask(member, "GET", "/v2/keys/_hidden/x").body)
                self.check_goes_on(member)
                member.stop()
            self.assertEqual(trees[ETCDCTL], trees[DEBIANS_CTL], program)
            self.assertEqual(trees[ETCDCTL][0], tree, program)
        self.assertEqual(hashes(self.data), before)

    def test_with_v3_its_keys_come_along(self) -> None:
        self.write()
        tree, _ = tree_of(self.member)
        keys = self.v3(self.member, "get", "--prefix", "")
        self.assertEqual(len(keys.splitlines()), 60)
        self.member.stop()
        for program in (ETCD_34, ETCD):
            member = self.begun_with(program, self.data, ETCDCTL, "--with-v3")
            self.assertEqual(tree_of(member)[0], tree, program)
            self.assertEqual(self.v3(member, "get", "--prefix", ""), keys, program)
            self.check_goes_on(member)
            member.stop()

    def test_with_v3_no_entry_behind_the_database_is_passed_over(self) -> None:
        """Those that are left out give lower numbers to what follows them."""
        self.v3(self.member, "put", "early", "1")
        self.member.stop()
        self.member.flags += ("--backend-batch-interval", "1h")
        self.member.start()
        self.v3(self.member, "put", "late", "1")
        self.member.kill()
        for program in (ETCD_34, ETCD):
            member = self.begun_with(program, self.data, ETCDCTL, "--with-v3")
            keys = self.v3(member, "get", "--prefix", "", "--keys-only").split()
            self.assertEqual(keys, ["early", "late"], program)
            member.stop()

    def test_a_member_may_run_if_its_database_is_not_wanted(self) -> None:
        put(self.member, "/a", "value=1")
        member = self.begun_with(ETCD, self.data, ETCDCTL)
        self.assertIn(b'"value":"1"', ask(member, "GET", "/v2/keys/a").body)
        target = self.member.folder / "copy"
        done = etcdctl(ETCDCTL, "2", "backup", "--data-dir", str(self.data), "--backup-dir",
                       str(target), "--with-v3")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"etcd runs on {self.data}/member/snap/db", done.stderr)
        self.assertFalse(target.exists())

    def test_the_log_may_be_elsewhere_on_both_sides(self) -> None:
        put(self.member, "/a", "value=1")
        self.member.stop()
        log, copied_log = self.member.folder / "log-dir", self.member.folder / "copy-log"
        (self.data / "member/wal").rename(log)
        target = self.member.folder / "copy"
        self.back_up(ETCDCTL, self.data, target, "--wal-dir", str(log), "--backup-wal-dir",
                     str(copied_log))
        self.assertFalse((target / "member/wal").exists())
        copied_log.rename(target / "member/wal")
        member = Member(ETCD, "--enable-v2", "--force-new-cluster")
        self.addCleanup(member.__exit__)
        target.rename(member.folder / "data")
        member.start()
        self.assertIn(b'"value":"1"', ask(member, "GET", "/v2/keys/a").body)

    def test_what_cannot_be_is_refused(self) -> None:
        put(self.member, "/a", "value=1")
        self.member.stop()
        target = self.member.folder / "copy"
        self.back_up(ETCDCTL, self.data, target)
        before = hashes(target)
        for words, why in (
                (("--data-dir", self.data, "--backup-dir", target), "not empty"),
                (("--data-dir", self.member.folder / "none", "--backup-dir",
                  self.member.folder / "other"), "no such file or directory"),
                (("--data-dir", self.data), "--backup-dir is not set"),
                (("--backup-dir", self.member.folder / "other"), "--data-dir is not set")):
            done = etcdctl(ETCDCTL, "2", "backup", *map(str, words))
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertIn(why, done.stderr)
        self.assertFalse((self.member.folder / "other").exists())
        self.assertEqual(hashes(target), before)

    def test_a_directory_of_ours_is_refused_by_name(self) -> None:
        with Member(ETCD) as ours:
            done = etcdctl(ETCDCTL, "2", "backup", "--data-dir", str(ours.folder / "data"),
                           "--backup-dir", str(ours.folder / "copy"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("is no directory of etcd: use etcdctl snapshot save", done.stderr)


class FixturesTest(BackupCase):
    def check(self, fixture: Path, program: str) -> None:
        member = self.begun_with(program, fixture, ETCDCTL)
        for line in (fixture / "nodes.txt").read_text().split("\n")[:-1]:
            words = line.split(" ")
            is_file = "=" in words[0]
            key, _, value = words[0].partition("=") if is_file else (words[0], "", "")
            answer = ask(member, "GET", "/v2/keys" + key.rstrip("/"))
            self.assertEqual(answer.status, 200, (program, line))
            node = json.loads(answer.body)["node"]
            self.assertEqual((node.get("value", ""), node["createdIndex"], node["modifiedIndex"]),
                             (value, int(words[1]), int(words[2])), (program, line))
            self.assertEqual("expiration" in node, len(words) == 4, (program, line))
        for key in ("/snap/short", "/log/short", "/snap/gone", "/log/gone"):
            self.assertEqual(ask(member, "GET", "/v2/keys" + key).status, 404)
        member.stop()

    def test_of_2_3_to_3_5(self) -> None:
        fixtures = sorted(FIXTURES.glob("etcd-*-v2"))
        self.assertGreaterEqual(len(fixtures), 6)
        for fixture in fixtures:
            self.check(fixture, ETCD)
            # 3.4 takes over no cluster of a later version.
            if fixture.name < "etcd-3.5" and os.access(ETCD_34, os.X_OK):
                self.check(fixture, ETCD_34)


if __name__ == "__main__":
    unittest.main()
