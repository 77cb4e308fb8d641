#!/usr/bin/python3
"""What our etcd-dump-logs, etcd-dump-db and etcd-dump-metrics and those of etcd 3.7.1 say of the same
directories, ours and of etcd 3.7: the same, with the differences that are on purpose.

Only with E2E_FULL. ETCD, ETCD_DUMP_LOGS, ETCD_DUMP_DB and ETCD_DUMP_METRICS in the environment are
our programs.
"""

import re
import shutil
import unittest
from pathlib import Path

import real_etcd
from dump_case import ETCD, TOOLS, DumpCase, full_log, without_stamps
from protocol import KV, rpc

TYPES = ("", "Normal", "ConfigChange", "InternalRaftRequest", "IRRRange", "IRRPut",
         "IRRDeleteRange", "IRRTxn", "IRRCompaction", "IRRLeaseGrant", "IRRLeaseRevoke",
         "IRRLeaseCheckpoint", "ConfigChange,IRRCompaction", "IRRTxn,nonsense")
# Go's protobuf puts one space between fields or two, as the program was built.
SPACES = re.compile(r" {2,}")
# Numbers that etcd's tool prints as the addresses where they stand.
ENTRY = re.compile(r"^ *\d+\t *\d+\t", re.MULTILINE)
ADDRESSES = (ENTRY, re.compile(r"^term=\d+ index=\d+", re.MULTILINE),
             re.compile(r"term=\d+ commitIndex=\d+"), re.compile(r"^lastIndex=\d+", re.MULTILINE))


def comparable(text: str) -> str:
    """What both are to say alike."""
    for addresses in ADDRESSES:
        text = addresses.sub("#", text)
    # Lines of zap's.
    text = re.sub(r'^\{"level":.*\n', "", text, flags=re.MULTILINE)
    return SPACES.sub(" ", without_stamps(text))


@real_etcd.needed
class BesideEtcdTest(DumpCase):
    def both(self, name: str, *words: str | Path) -> tuple[tuple, tuple]:
        said = []
        for tool in (TOOLS[name], real_etcd.build(name)):
            done = self.run_tool(tool, *words)
            said.append((done.returncode, done.stdout,
                         done.stderr.replace(str(tool), name)))
        return said[0], said[1]

    def expect_alike(self, name: str, *words: str | Path) -> str:
        ours, theirs = (tuple(comparable(part) if isinstance(part, str) else part
                              for part in each) for each in self.both(name, *words))
        self.assertEqual(ours, theirs, words)
        return ours[1]

    def directories(self) -> list[Path]:
        """Of a member of ours, and of one of etcd."""
        made = []
        for program in (ETCD, real_etcd.build("etcd")):
            data = self.filled(program, "--snapshot-count", "20")
            made.append(self.folder / f"data{len(made)}")
            shutil.copytree(data, made[-1])
        return made

    def test_logs_are_shown_alike(self) -> None:
        ours, theirs = self.directories()
        self.expect_heads_alike(theirs)
        for data in (self.directory(full_log()), ours):
            self.assertIn("norm", self.expect_alike("etcd-dump-logs", data))
            for kind in TYPES:
                self.expect_alike("etcd-dump-logs", "-entry-type", kind, data)
            for words in (["-start-index", "60"], ["-start-index", "60", "-end-index", "70"],
                          ["-end-index", "3"], ["-start-index=9999"]):
                self.expect_alike("etcd-dump-logs", *words, data)
            snapshots = sorted((data / "member/snap").glob("*.snap"))
            for snapshot in snapshots:
                self.expect_alike("etcd-dump-logs", "-start-snap", snapshot.name, data)
            for words in ([], ["-start-index", "70"]):
                raw = self.expect_alike("etcd-dump-logs", "-raw", *words, data)
                self.assertIn("EOF: All entries were processed.", raw)

    def expect_heads_alike(self, data: Path) -> None:
        """Of a log of etcd 3.7, on whose entries its own tool panics: they have no type."""
        (status, ours, said), (panicked, theirs, trace) = self.both("etcd-dump-logs", data)
        self.assertEqual((status, said, panicked), (0, "", 2))
        self.assertIn("nil pointer dereference", trace)
        end = "\ttype\tdata\n"
        self.assertIn(end, theirs)
        self.assertEqual(comparable(ours.partition(end)[0]), comparable(theirs.partition(end)[0]))
        self.assertIn('lease_revoke:{ID:78}', ours)

    def test_numbers_are_those_of_the_log(self) -> None:
        """Which etcd's tool does not print, but in the raw form."""
        data = self.filled(ETCD)
        (_, ours, _), (_, theirs, _) = self.both("etcd-dump-logs", "-raw", data)
        numbers = re.findall(r"^Entry: Term:(\d+) Index:(\d+)", theirs, re.MULTILINE)
        shown = self.run_tool(TOOLS["etcd-dump-logs"], data).stdout
        self.assertEqual(re.findall(r"^ *(\d+)\t *(\d+)\t", shown, re.MULTILINE), numbers)
        self.assertEqual(SPACES.sub(" ", ours), SPACES.sub(" ", theirs))

    def test_decoders_are_asked_alike(self) -> None:
        for number, script in enumerate(('echo "OK|$line"', 'echo "$line"',
                                         'echo "a|b$line|c"')):
            decoder = self.folder / f"decoder{number}"
            decoder.write_text(f"#!/bin/sh\nwhile read -r line; do {script}; done\n")
            decoder.chmod(0o700)
            self.expect_alike("etcd-dump-logs", "-stream-decoder", decoder,
                              self.directory(full_log()))

    def test_mistakes_in_words_for_logs_are_told_alike(self) -> None:
        for words in ([], ["a", "b"], ["-x"], ["---x"], ["-=x"], ["-wal-dir"], ["-end-index=x"],
                      ["-end-index=-1"], ["-end-index=18446744073709551616"], ["-raw=y", "a"],
                      ["-raw", "-entry-type=IRRPut", "a"], ["-raw", "-start-snap=x", "a"],
                      ["-start-snap=a", "-start-index=1", "b"], ["/nowhere"], ["-raw", "/nowhere"],
                      ["-start-snap=a", "/nowhere"], ["-h"], ["-help"], ["--help", "a"]):
            ours, theirs = self.both("etcd-dump-logs", *words)
            self.assertEqual((ours[0], ours[1]), (theirs[0], comparable(theirs[1])), words)
            # Ours says what is shown of secrets.
            self.assertTrue(without_stamps(ours[2]).startswith(without_stamps(theirs[2])), ours[2])

    def test_databases_are_shown_alike(self) -> None:
        data = self.directories()[1]
        self.expect_alike("etcd-dump-db", "list-bucket", data)
        database = data / "member/snap/db"
        for bucket in ("alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease",
                       "members", "members_removed", "meta", "none"):
            for words in ([], ["--decode"], ["--limit", "2"], ["--decode", "--limit=7"]):
                self.expect_alike("etcd-dump-db", "iterate-bucket", database, bucket, *words)
        for revision in ("0", "50", "999"):
            ours, theirs = self.both("etcd-dump-db", "scan-keys", data, revision)
            self.assertEqual(ours[:2], theirs[:2])
            self.assertEqual([line.partition(", error:")[0] for line in ours[2].splitlines()],
                             [line.partition(", error:")[0] for line in theirs[2].splitlines()])
        self.expect_alike("etcd-dump-db", "hash", data)  # last: theirs opens it for writing

    def test_our_records_are_those_of_an_etcd_with_the_same(self) -> None:
        """Ours by our tool, and as etcd's tool shows them in a snapshot of the member."""
        member = self.member()
        self.fill(member)
        snapshot = self.folder / "snapshot.db"
        pieces = self.client(member).start_stream(
            "etcdserverpb.Maintenance", "Snapshot", rpc.SnapshotRequest().SerializeToString())
        snapshot.write_bytes(b"".join(rpc.SnapshotResponse.FromString(piece).blob
                                      for piece in pieces))
        member.stop()
        real = real_etcd.build("etcd-dump-db")
        for bucket in ("alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease",
                       "members", "members_removed"):
            for words in ([], ["--decode"]):
                ours, theirs = (self.run_tool(*each, bucket, *words).stdout for each in (
                    (TOOLS["etcd-dump-db"], "iterate-bucket", member.folder / "data"),
                    (real, "iterate-bucket", snapshot)))
                self.assertEqual(SPACES.sub(" ", ours), SPACES.sub(" ", theirs), bucket)

    def test_help_and_mistakes_for_databases_are_told_alike(self) -> None:
        commands = ("list-bucket", "scan-keys", "hash")
        for words in ([], ["help"], ["--help"], ["-h"],
                      *([command, "--help"] for command in commands),
                      *(["help", command] for command in commands),
                      *([command] for command in commands), ["iterate-bucket"],
                      ["iterate-bucket", "a"], ["iterate-bucket", "a", "b", "c"],
                      ["hash", "/nowhere"], ["hash", "/nowhere/db"], ["list-bucket", "/nowhere"],
                      ["iterate-bucket", "/nowhere", "key"], ["scan-keys", "/nowhere", "1"]):
            self.expect_alike("etcd-dump-db", *words)
        # What cobra says is said once here.
        for words in (["nonsense"], ["iter"], ["lis"], ["hash", "--nonsense"], ["-x"],
                      ["iterate-bucket", "--limit", "x"], ["--timeout", "soon", "hash"]):
            ours, theirs = self.both("etcd-dump-db", *words)
            self.assertEqual((ours[0], ours[2]), (theirs[0], theirs[2]), words)

    def test_metrics_are_described_alike(self) -> None:
        for program in (ETCD, real_etcd.build("etcd")):
            member = self.member(program)
            client = self.client(member)
            client.call(KV, "Put", rpc.PutRequest(key=b"k"), rpc.PutResponse)
            address = f"{member.url}/metrics"
            # The first one has calls counted that the other one would not find.
            self.run_tool(real_etcd.build("etcd-dump-metrics"), "-addr", address)
            text = self.expect_alike("etcd-dump-metrics", "-addr", address)
            self.assertIn('# name: "etcd_server_version"', text)


if __name__ == "__main__":
    unittest.main()
