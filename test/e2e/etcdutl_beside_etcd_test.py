#!/usr/bin/python3
"""What our etcdutl and those of real etcds do with the same files and command lines: the same, and
what one of them has restored or saved the other one takes.

Real etcdutl 3.7.1 and snapshots of etcd 3.6 only with E2E_FULL; Debian's etcdctl 3.4 where it is
installed. ETCD, ETCDCTL and ETCDUTL in the environment are our programs.
"""

import json
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import real_etcd
from cluster import status
from etcdutl_test import DEBIANS, ETCD, ETCDCTL, ETCDUTL, EtcdutlCase
from member import Member
from protocol import KV, rpc

TIMEOUT_SECONDS = 60
FORMATS = ("simple", "json", "fields", "table", "protobuf", "nonsense")
Said = tuple[int, str, str]  # the exit status, the output, the error


class BesideCase(EtcdutlCase):
    def saved(self, program: str | Path, etcdctl: str | Path) -> tuple[Path, int]:
        """A snapshot of a member of the program, and what its HashKV is."""
        member = self.member(program)
        member.start()
        self.fill(member)
        before = self.hash(member)
        self.snapshot.unlink(missing_ok=True)
        self.save(member, etcdctl)
        member.stop()
        return self.snapshot, before

    def copy(self, of: Path) -> Path:
        """To be given away: etcd's hashkv writes into the file."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.unlink(missing_ok=True)
        (shutil.copytree if of.is_dir() else shutil.copy)(of, copy)
        return copy

    def restored_by(self, restore: list[str | Path], snapshot: Path, member: Member, program,
                    *flags: str) -> tuple[int, int]:
        """Has the member begin anew on what the command makes of the snapshot: its cluster and
        itself."""
        if member.process is not None:
            member.stop()
        shutil.rmtree(member.folder / "data", ignore_errors=True)
        subprocess.run(
            [*restore, self.copy(snapshot), "--data-dir", member.folder / "data", "--name",
             member.name, "--initial-cluster", f"{member.name}={member.peer_url}",
             "--initial-advertise-peer-urls", member.peer_url, *flags],
            check=True, capture_output=True, timeout=TIMEOUT_SECONDS,
            env=os.environ | {"ETCDCTL_API": "3"})
        member.program = str(program)
        member.start()
        header = status(member)["header"]
        return int(header["cluster_id"]), int(header["member_id"])

    def expect_restored(self, member: Member, hash_kv: int) -> None:
        """It has what was filled in, and goes on from there."""
        self.assertEqual(self.hash(member), hash_kv)
        self.assertEqual(len(self.keys(member)), 40)
        self.assertEqual(self.client(member).put(b"after", b"it").header.revision, 44)


class BesideDebianTest(BesideCase):
    def setUp(self) -> None:
        super().setUp()
        if not all(Path(program).exists() for program in DEBIANS.values()):
            self.skipTest("there is no etcd of Debian")

    def test_a_snapshot_of_ours_is_described_alike(self) -> None:
        for program, etcdctl in ((ETCD, ETCDCTL), (DEBIANS["etcd"], DEBIANS["etcdctl"])):
            snapshot, _ = self.saved(program, etcdctl)
            told = {}
            for tool in ([ETCDUTL], [DEBIANS["etcdctl"]]):
                done = subprocess.run([*tool, "snapshot", "status", snapshot, "-w", "json"],
                                      capture_output=True, check=True, timeout=TIMEOUT_SECONDS,
                                      env=os.environ | {"ETCDCTL_API": "3"})
                told[tool[0]] = json.loads(done.stdout)
            ours, theirs = told[ETCDUTL], told[DEBIANS["etcdctl"]]
            for name in ("hash", "revision", "totalSize"):
                self.assertEqual(ours[name], theirs[name], program)

    def test_either_restores_what_the_other_has_saved(self) -> None:
        theirs = [DEBIANS["etcdctl"], "snapshot", "restore"]
        ours = [ETCDUTL, "snapshot", "restore"]
        for program, etcdctl in ((ETCD, ETCDCTL), (DEBIANS["etcd"], DEBIANS["etcdctl"])):
            snapshot, before = self.saved(program, etcdctl)
            member = self.member()
            identity = self.restored_by(ours, snapshot, member, ETCD)
            self.expect_restored(member, before)
            self.assertEqual(self.restored_by(theirs, snapshot, member, DEBIANS["etcd"]), identity)
            self.expect_restored(member, before)
            # And ours goes on from the directory that theirs has made.
            self.assertEqual(self.restored_by(theirs, snapshot, member, ETCD), identity)
            self.expect_restored(member, before)


OWN_COMMANDS = re.compile(r"^  (export|import|k8s|migrate-v2|recover) +.*\n", re.MULTILINE)


@real_etcd.needed
class BesideEtcdTest(BesideCase):
    def setUp(self) -> None:
        super().setUp()
        self.real = real_etcd.build("etcdutl")

    def said(self, tool: str | Path, *words: str | Path) -> Said:
        done = subprocess.run([tool, *words], capture_output=True, text=True, cwd=self.folder,
                              timeout=TIMEOUT_SECONDS)
        errors = re.findall(r"^Error: .*$", done.stderr, re.MULTILINE)
        return done.returncode, self.without_own(tool, done.stdout), errors[0] if errors else ""

    def without_own(self, tool: str | Path, text: str) -> str:
        """The root's help names commands that etcd does not have."""
        others, own = OWN_COMMANDS.subn("", text)
        if "Available Commands:\n  completion" in text:
            self.assertEqual(own > 0, tool == ETCDUTL)
        return others

    def expect_alike(self, *words: str | Path) -> Said:
        theirs, ours = self.said(self.real, *words), self.said(ETCDUTL, *words)
        self.assertEqual(ours, theirs, words)
        return ours

    def test_help_is_the_same(self) -> None:
        commands = ([], ["defrag"], ["snapshot"], ["snapshot", "status"], ["snapshot", "restore"],
                    ["hashkv"], ["migrate"], ["completion"], ["version"], ["help"])
        for command in commands:
            for words in (["help", *command], [*command, "--help"], [*command, "-h"]):
                self.assertIn("Usage:", self.expect_alike(*words)[1])
        for words in ([], ["version"], ["v"], ["ver", "more"], ["-w", "json", "version"],
                      ["snapshot"], ["s"], ["snapshot", "nonsense"], ["snap", "--help"]):
            self.assertEqual(self.expect_alike(*words)[0], 0)

    def test_help_for_what_there_is_not_is_the_same(self) -> None:
        for words in (["help", "nonsense"], ["help", "non", "sense"]):
            theirs, ours = (subprocess.run([tool, *words], capture_output=True, text=True,
                                           timeout=TIMEOUT_SECONDS)
                            for tool in (self.real, ETCDUTL))
            self.assertEqual((ours.returncode, ours.stdout, self.without_own(ETCDUTL, ours.stderr)),
                             (theirs.returncode, theirs.stdout, theirs.stderr))
        self.expect_alike("help", "snapshot", "nonsense")

    def test_mistakes_are_told_alike(self) -> None:
        nowhere = ["--data-dir", "/nowhere"]
        restore = ["snapshot", "restore"]
        for words in (
                ["nonsense"], ["snapshto"], ["options"], ["--nonsense"], ["-x"],
                ["--timeout", "soon", "defrag"], ["--timeout"], ["snapshot", "status"],
                ["snapshot", "status", "a", "b"], ["snapshot", "status", "/nowhere"],
                ["snapshot", "status", "/nowhere", "-w", "nonsense"], ["hashkv"],
                ["hashkv", "a", "b"], ["hashkv", "/nowhere"], ["hashkv", "x", "--rev", "y"],
                ["defrag"], ["defrag", "a"], ["defrag", *nowhere], ["migrate"],
                ["migrate", *nowhere], ["migrate", "--target-version", "3.6"],
                *(["migrate", *nowhere, "--target-version", version] for version in
                  ("3.6", "3", "3.6.0", "", "3.4", "2.9", "x.y", "3.", ".6", "3.6-a", "3+a.6",
                   "-3.6", "3.99999999999999999999")),
                ["completion"], ["completion", "csh"], ["completion", "bash", "zsh"],
                restore, [*restore, "a", "b"], [*restore, "/nowhere"],
                [*restore, "a", "--bump-revision", "1"], [*restore, "a", "--mark-compacted"],
                [*restore, "a", "--bump-revision=-1", "--mark-compacted"],
                [*restore, "a", "--name", "other"], [*restore, "a", "--initial-cluster", ""],
                [*restore, "a", "--initial-cluster", "default"],
                [*restore, "a", "--initial-cluster", "default=localhost"],
                [*restore, "a", "--initial-advertise-peer-urls", "localhost"],
                [*restore, "a", "--initial-advertise-peer-urls", ""],
                [*restore, "a", "--initial-advertise-peer-urls", "http://127.0.0.1:1"]):
            with self.subTest(words=words):
                self.assertNotEqual(self.expect_alike(*words)[0], 0)

    def test_files_are_described_alike(self) -> None:
        programs = [(ETCD, ETCDCTL),
                    *((real_etcd.build("etcd", release), ETCDCTL) for release in ("3.6", "3.7"))]
        if Path(DEBIANS["etcd"]).exists():
            programs.append((DEBIANS["etcd"], DEBIANS["etcdctl"]))
        for program, etcdctl in programs:
            saved, before = self.saved(program, etcdctl)
            for form in FORMATS:
                self.expect_alike("snapshot", "status", saved, "-w", form)
            for words in (*(["-w", form] for form in FORMATS), ["--rev", "30"], ["--rev", "20"],
                          ["--rev", "19"], ["--rev", "99"], ["--rev", "-1"]):
                theirs = self.said(self.real, "hashkv", self.copy(saved), *words)
                self.assertEqual(self.said(ETCDUTL, "hashkv", saved, *words), theirs, words)
            self.assertEqual(json.loads(self.utl("hashkv", saved, "-w", "json"))["hash"], before)

    def test_a_directory_of_etcd_is_migrated_alike(self) -> None:
        etcd = real_etcd.build("etcd")
        member = self.member(etcd)
        member.start()
        self.fill(member)
        before = self.hash(member)
        member.stop()
        data = member.folder / "data"
        described = ["snapshot", "status"]
        for flags in ([version] for version in ("3.5", "3.6", "3.7", "3.8", "4.0")):
            for more in ([], ["--force"]):
                told = []
                for tool in (self.real, ETCDUTL):
                    copy = self.copy(data)
                    answer = self.said(tool, "migrate", "--data-dir", copy, "--target-version",
                                       *flags, *more)
                    database = json.loads(self.utl(*described, copy / "member/snap/db", "-w",
                                                   "json"))
                    told.append((answer, database["hash"], database["version"]))
                self.assertEqual(told[0], told[1], (flags, more))
        # What has been written anew etcd goes on from.
        for command in (["migrate", "--target-version", "3.5"], ["defrag"]):
            self.utl(*command, "--data-dir", data)
            member.start()
            self.assertEqual(self.hash(member), before)
            member.stop()

    def test_either_restores_what_the_other_has_saved(self) -> None:
        etcd = real_etcd.build("etcd")
        theirs, ours = ([tool, "snapshot", "restore"] for tool in (self.real, ETCDUTL))
        for program in (ETCD, etcd):
            snapshot, before = self.saved(program, ETCDCTL)
            member = self.member()
            identity = self.restored_by(ours, snapshot, member, ETCD)
            self.expect_restored(member, before)
            for starter in (etcd, ETCD):
                self.assertEqual(self.restored_by(theirs, snapshot, member, starter), identity)
                self.expect_restored(member, before)

    def test_a_bump_is_the_same(self) -> None:
        etcd = real_etcd.build("etcd")
        snapshot, _ = self.saved(etcd, ETCDCTL)
        member = self.member()
        told = []
        for tool, program in ((self.real, etcd), (ETCDUTL, ETCD)):
            self.restored_by([tool, "snapshot", "restore"], snapshot, member, program,
                             "--bump-revision", "1000", "--mark-compacted")
            client = self.client(member)
            put = client.put(b"k1", b"again")
            told.append((put.header.revision, self.keys(member)[b"k1"], len(self.keys(member)),
                         client.range(key=b"k2").kvs[0].mod_revision,
                         client.call(KV, "Range", rpc.RangeRequest(key=b"\0", range_end=b"\0"),
                                     rpc.RangeResponse).count))
        self.assertEqual(told[0], told[1])
        self.assertEqual(told[0][0], 1044)

    def test_what_differs_differs(self) -> None:
        """Each of these is in docs/differences.md."""
        saved, _ = self.saved(ETCD, ETCDCTL)
        # A mistake is told once.
        for tool, times in ((self.real, 2), (ETCDUTL, 1)):
            done = subprocess.run([tool, "hashkv"], capture_output=True, text=True,
                                  timeout=TIMEOUT_SECONDS)
            self.assertEqual(done.stderr.count("Error: "), times)
        # hashkv leaves the file as it is.
        for tool, changes in ((self.real, True), (ETCDUTL, False)):
            copy = self.copy(saved)
            self.said(tool, "hashkv", copy)
            self.assertEqual(copy.read_bytes() != saved.read_bytes(), changes)
        # A restore that fails leaves nothing.
        wrong = self.copy(saved)
        wrong.write_bytes(saved.read_bytes()[:-1] + b"?")
        for tool, leaves in ((self.real, True), (ETCDUTL, False)):
            place = self.folder / f"place{leaves}"
            code, _, error = self.said(tool, "snapshot", "restore", wrong, "--data-dir", place)
            self.assertEqual((code, place.exists()), (1, leaves))
            self.assertRegex(error, r"expected sha256 \[" if leaves else "expected sha256 [0-9a-f]{64}, got")
        # No revision wraps around.
        for tool, code in ((self.real, 0), (ETCDUTL, 1)):
            self.assertEqual(
                self.said(tool, "snapshot", "restore", self.copy(saved), "--data-dir",
                          self.folder / f"bump{code}", "--bump-revision", str(2**64 - 1),
                          "--mark-compacted")[0], code)
        # What is no database is told.
        wrong.write_bytes(b"no database" * 500)
        self.assertEqual(self.said(ETCDUTL, "hashkv", wrong)[0], 1)
        self.assertEqual(self.said(self.real, "hashkv", wrong)[0], 2)


if __name__ == "__main__":
    unittest.main()
