#!/usr/bin/python3
"""etcd-dump-logs, etcd-dump-db and etcd-dump-metrics on members of ours: running, ended and damaged,
and on directories of Debian's etcd.

ETCD, ETCD_DUMP_LOGS, ETCD_DUMP_DB and ETCD_DUMP_METRICS in the environment are the programs.
"""

import re
import subprocess
import unittest
import urllib.request
from pathlib import Path

from dump_case import ETCD, TOOLS, DumpCase, all_requests, full_log, without_stamps
from protocol import MAINTENANCE, raft_internal, rpc
from wal_file import CONF_CHANGE, METADATA, WalFile, data_field, numbers

DEBIANS_ETCD = "/usr/bin/etcd"
KINDS = ("IRRPut", "IRRDeleteRange", "IRRTxn", "IRRCompaction", "IRRLeaseGrant", "IRRLeaseRevoke")
# Between the data of full_log's entries, which are of all kinds, and their indexes.
FULL = """\
conf	method=ConfChangeAddNode id=2
conf	method=ConfChangeRemoveNode id=2
conf	method=ConfChangeUpdateNode id=2
conf	method=ConfChangeAddLearnerNode id=3
norm	ID:5 range:{key:"1" range_end:"hi" limit:6 revision:1 sort_order:ASCEND max_mod_revision:20000 max_create_revision:20000}
norm	ID:6 put:{key:"foo1" value:"bar1" lease:1 ignore_lease:true}
norm	ID:7 delete_range:{key:"0" range_end:"9" prev_kv:true}
norm	ID:8 txn:{success:{request_delete_range:{key:"a" range_end:"b"}} failure:{request_delete_range:{key:"a" range_end:"b"}}}
norm	ID:9 compaction:{physical:true}
norm	ID:10 lease_grant:{TTL:1 ID:1}
norm	ID:11 lease_revoke:{ID:2}
norm	ID:12 alarm:{action:3 memberID:4 alarm:5}
norm	ID:13 auth_enable:{}
norm	ID:14 auth_disable:{}
norm	ID:15 authenticate:{name:"myname" password:"password" simple_token:"token"}
norm	ID:16 auth_user_add:{name:"name1" password:"pass1" options:{}}
norm	ID:17 auth_user_delete:{name:"name1"}
norm	ID:18 auth_user_get:{name:"name1"}
norm	ID:19 auth_user_change_password:{name:"name1" password:"<value removed>"}
norm	ID:20 auth_user_grant_role:{user:"user1" role:"role1"}
norm	ID:21 auth_user_revoke_role:{name:"user2" role:"role2"}
norm	ID:22 auth_user_list:{}
norm	ID:23 auth_role_list:{}
norm	ID:24 auth_role_add:{name:"role2"}
norm	ID:25 auth_role_delete:{role:"role1"}
norm	ID:26 auth_role_get:{role:"role3"}
norm	ID:27 auth_role_grant_permission:{name:"role3" perm:{permType:WRITE key:"Keys" range_end:"RangeEnd"}}
norm	ID:28 auth_role_revoke_permission:{role:"role3" key:"key" range_end:"rangeend"}
norm	ID:29 lease_checkpoint:{checkpoints:{ID:3 remaining_TTL:9}}
norm	ID:30 put:{key:"\\x00\\xff\\n\\"\\\\" value:"ä\\x7f\\u0085€"}
""".splitlines()
DECODER = """#!/bin/sh
while read -r line; do
  if [ ${#line} -ge 20 ]; then echo "OK|$line"; else echo "$line"; fi
done
"""


def rows(text: str) -> list[list[str]]:
    """Term, index and the rest of each entry."""
    table = text.partition("\ttype\tdata")[2].partition("\n")[2].partition("\nEntry types (")[0]
    return [line.split("\t", 2) for line in table.splitlines()]


def counted(text: str) -> int:
    return int(re.search(r"^Entry types \(.*\) count is : (\d+)$", text, re.MULTILINE)[1])


def state_of(directory: Path) -> dict:
    return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
            for path in sorted(directory.rglob("*"))}


class LogsTest(DumpCase):
    def logs(self, *words: str | Path) -> str:
        return self.told("etcd-dump-logs", *words)

    def raw(self, *words: str | Path) -> str:
        """Of a member's directory, which has a file for the next segment, too."""
        done = self.run_tool(TOOLS["etcd-dump-logs"], "-raw", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(without_stamps(done.stderr),
                         r"^(Warning: Ignoring not \.wal file: \d\.tmp\n)*$")
        return done.stdout

    def test_entries_of_all_kinds_are_shown(self) -> None:
        text = self.logs(self.directory(full_log()))
        self.assertEqual(
            text.splitlines()[:8],
            ["Snapshot:", "empty", "Start dumping log entries from snapshot.", "WAL metadata:",
             "nodeID=0 clusterID=0 term=40 commitIndex=5 vote=0", f"WAL entries: {len(FULL)}",
             f"lastIndex={len(FULL)}", "term\t     index\ttype\tdata"])
        self.assertEqual([row[2] for row in rows(text)], FULL)
        self.assertEqual([row[1] for row in rows(text)],
                         [f"{index:10}" for index in range(1, len(FULL) + 1)])
        self.assertEqual(rows(text)[4][0], "   3")
        self.assertTrue(text.endswith(
            f"\n\nEntry types (Normal,ConfigChange) count is : {len(FULL)}\n"))

    def test_each_type_is_filtered(self) -> None:
        data = self.directory(full_log())
        kinds = {"ConfigChange": 4, "Normal": len(FULL) - 4, "Request": 0,
                 "InternalRaftRequest": len(FULL) - 4, "IRRRange": 1, "IRRPut": 2,
                 "IRRDeleteRange": 1, "IRRTxn": 1, "IRRCompaction": 1, "IRRLeaseGrant": 1,
                 "IRRLeaseRevoke": 1, "IRRLeaseCheckpoint": 1, "ConfigChange,IRRCompaction": 5,
                 "": 0}
        for kind, count in kinds.items():
            text = self.logs("-entry-type", kind, data)
            self.assertEqual((len(rows(text)), counted(text)), (count, count), kind)
        done = self.run_tool(TOOLS["etcd-dump-logs"], "--entry-type=IRRTxn,irrput", data)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(without_stamps(done.stderr).startswith(
            "[irrput] is not a valid entry-type, ignored.\nPlease set entry-type to one or more of "
            "the following:\nConfigChange, Normal, Request, InternalRaftRequest,\n"))
        self.assertEqual(counted(done.stdout), 1)

    def test_a_range_is_shown(self) -> None:
        data = self.directory(full_log())
        text = self.logs("-start-index", "6", "-end-index", "9", data)
        self.assertTrue(text.startswith("Start dumping log entries from index 6.\nWAL metadata:\n"))
        self.assertIn("\nWAL entries: 3\nlastIndex=8\n", text)
        self.assertEqual([row[2] for row in rows(text)], FULL[5:8])
        self.assertEqual([row[2] for row in rows(self.logs("-start-index=0", "-end-index=3",
                                                           data))], FULL[:2])
        self.assertIn("\nWAL entries: 0\nterm\t", self.logs("-start-index", "99", data))

    def test_entries_that_others_replace_are_left_out(self) -> None:
        log = WalFile()
        log.append(METADATA, numbers(0xAB, 0xCD))
        log.mark(0, 0)
        for term, index in ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)):
            log.entry(term, index, b"")
        log.state(3, 0xAB, 3)
        data = self.directory(log)
        text = self.logs(data)
        self.assertEqual(rows(text), [["   1", "         1", "norm\t"],
                                      ["   2", "         2", "norm\t"],
                                      ["   3", "         3", "norm\t"]])
        self.assertIn("nodeID=ab clusterID=cd term=3 commitIndex=3 vote=ab", text)
        self.assertEqual(self.logs("-raw", data).count("Entry: "), 6)

    def test_raw_shows_every_record_and_bytes_that_are_no_text(self) -> None:
        log = WalFile()
        log.append(METADATA, numbers(0xAB, 0xCD))
        log.mark(0, 0)
        log.entry(2, 1, b"", CONF_CHANGE)
        log.entry(2, 2, b'a~ "\\\n\r\t\0\x1f\x7f\xff')
        log.state(2, 0xAB, 1)
        log.mark(2, 2)
        log.state(3, 0xAB, 2)
        data = self.directory(log)
        end = "EOF: All entries were processed.\n"
        late = ('Entry: Term:2 Index:2 Data:"a~ \\"\\\\\\n\\r\\t\\000\\037\\177\\377" \n'
                "{}Snapshot: index:2 term:2\nHardState: term:3 vote:171 commit:2\n" + end)
        begin = "CRC: 0\nMetadata: NodeID:171 ClusterID:205\n"
        self.assertEqual(self.raw(data), begin + "Snapshot: index:0 term:0\n"
                         "Entry: Term:2 Index:1 Type:EntryConfChange\n"
                         + late.format("HardState: term:2 vote:171 commit:1\n"))
        self.assertEqual(self.raw("-start-index", "2", data), begin + late.format(""))

    def test_the_log_of_a_member_is_shown(self) -> None:
        data = self.filled()
        text = self.logs(data)
        for kind in KINDS:
            self.assertGreaterEqual(len(rows(self.logs("-entry-type", kind, data))), 1, kind)
        change = rows(self.logs("-entry-type", "ConfigChange", data))
        self.assertEqual(len(change), 2)
        self.assertRegex(change[1][2], "^conf\tmethod=ConfChangeAddLearnerNode id=[0-9a-f]+$")
        self.assertRegex(text, r'auth_user_add:\{name:"ann" (options:\{\} )?hashedPassword:"[^"]+"')
        self.assertNotIn("secret", text)
        member = re.search(r"nodeID=([0-9a-f]+) clusterID=[0-9a-f]+ term=\d+ commitIndex=\d+ "
                           r"vote=([0-9a-f]+)\n", text)
        self.assertEqual(member[1], member[2])
        self.assertEqual(len(rows(text)), counted(text))
        raw = self.raw(data)
        self.assertTrue(raw.startswith("CRC: 0\nMetadata: NodeID:"))
        self.assertTrue(raw.endswith("EOF: All entries were processed.\n"))
        self.assertEqual(raw.count("Entry: "), len(rows(text)))
        late = self.raw("-start-index", "60", data)
        self.assertLess(late.count("Entry: "), raw.count("Entry: "))
        # The log alone, wherever it is.
        log = self.folder / "elsewhere"
        (data / "member/wal").rename(log)
        self.assertEqual(self.logs("-wal-dir", log, data), text)

    def test_a_log_is_shown_from_its_newest_snapshot(self) -> None:
        data = self.filled(ETCD, "--snapshot-count", "20")
        text = self.logs(data)
        found = re.match(r"Snapshot:\nterm=(\d+) index=(\d+) nodes=\[([0-9a-f]+)\] "
                         r'confstate=\{"voters":\[\d+\],"auto_leave":false\}\n', text)
        self.assertIsNotNone(found, text[:200])
        index = int(found[2])
        self.assertEqual(int(rows(text)[0][1]), index + 1)
        snapshots = sorted((data / "member/snap").glob("*.snap"))
        self.assertEqual(snapshots[-1].name, f"{int(found[1]):016x}-{index:016x}.snap")
        self.assertEqual(self.logs("-start-snap", snapshots[-1].name, data), text)
        earlier = self.logs("-start-snap", snapshots[0].name, data)
        self.assertEqual(int(rows(earlier)[0][1]), int(snapshots[0].name[17:33], 16) + 1)
        # Without any file the log's mark says it.
        for snapshot in snapshots:
            snapshot.unlink()
        self.assertTrue(self.logs(data).startswith(f"Snapshot:\nterm={found[1]} index={index} "))
        self.assertEqual(
            self.refused("etcd-dump-logs", "-start-snap", "none.snap", data),
            f"Failed loading snapshot: open {data}/member/snap/none.snap: no such file or "
            "directory\n")

    def test_the_log_of_a_running_member_is_shown_and_left_alone(self) -> None:
        member = self.member()
        client = self.client(member)
        data = member.folder / "data"
        for number in range(20):
            client.put(b"k", b"%d" % number)
            self.assertEqual(len(rows(self.logs("-entry-type", "IRRPut", data))), number + 1)
        client.put(b"k", b"last")

    def test_a_decoder_is_asked_for_each_entry(self) -> None:
        decoder = self.folder / "decoder"
        decoder.write_text(DECODER)
        decoder.chmod(0o700)
        data = self.directory(full_log())
        text = self.logs("-stream-decoder", decoder, data)
        self.assertIn("\nterm\t     index\ttype\tdata\tdecoder_status\tdecoded_data\n", text)
        found = rows(text)
        put = all_requests()[1].SerializeToString().hex()
        self.assertEqual(found[5][2], f"{FULL[5]}\tOK\t{put}")
        self.assertEqual(found[12][2], FULL[12] + "\tdecoder output format is not right, print "
                         f"output anyway\t{all_requests()[8].SerializeToString().hex()}")
        self.assertEqual(len(found), len(FULL))
        self.assertEqual(self.refused("etcd-dump-logs", "-stream-decoder", "no-such-decoder", data,
                                      status=2),
                         'exec: "no-such-decoder": executable file not found in $PATH\n')
        self.assertEqual(self.refused("etcd-dump-logs", "-stream-decoder", "true", data),
                         "stream-decoder: entry 1: it has ended before it answered\n")

    def test_a_decoder_may_answer_while_it_still_reads(self) -> None:
        log = WalFile()
        log.append(METADATA, b"")
        log.mark(0, 0)
        requests = [raft_internal.InternalRaftRequest(
            ID=number, put=rpc.PutRequest(key=b"k", value=b"v" * 1_000_000)) for number in (1, 2)]
        for index, request in enumerate(requests, 1):
            log.entry(1, index, request.SerializeToString())
        log.state(1, 0, 2)
        text = self.logs("-stream-decoder", "cat", self.directory(log))
        self.assertEqual([row[2].rsplit("\t", 1)[1] for row in rows(text)],
                         [request.SerializeToString().hex() for request in requests])

    def test_damage_is_told_by_file_and_offset(self) -> None:
        log = full_log()
        data = self.directory(log)
        path = data / "member/wal/0000000000000000-0000000000000000.wal"
        whole = self.logs(data)
        # The 8th record is the 5th entry.
        offset = log.offsets[7]
        damaged = bytearray(log.bytes)
        damaged[offset + 40] ^= 1
        path.write_bytes(damaged + bytes(4096))
        self.assertEqual(
            self.refused("etcd-dump-logs", data),
            f"Failed reading WAL: {path}: damaged record at offset {offset}: checksum mismatch\n")
        raw = self.run_tool(TOOLS["etcd-dump-logs"], "-raw", data)
        self.assertEqual(raw.returncode, 0)
        self.assertEqual(raw.stdout.count("Entry: "), len(FULL))
        self.assertEqual(without_stamps(raw.stderr),
                         "Error: Reading entry failed with CRC error: "
                         f"{path}: damaged record at offset {offset}: checksum mismatch\n")
        # A write that was cut off is no damage.
        path.write_bytes(log.bytes[:-4])
        torn = self.run_tool(TOOLS["etcd-dump-logs"], data)
        self.assertEqual((torn.returncode, without_stamps(torn.stderr)),
                         (0, f"Reading WAL ended: {path}: torn record at offset {log.offsets[-1]}: "
                          "the file ends within the record\n"))
        self.assertEqual(rows(torn.stdout), rows(whole))
        raw = self.run_tool(TOOLS["etcd-dump-logs"], "-raw", data)
        self.assertEqual(raw.returncode, 0)
        self.assertTrue(raw.stdout.endswith(
            "\nErrUnexpectedEOF: The last record might be corrupted, error: "
            f"{path}: torn record at offset {log.offsets[-1]}: the file ends within the record.\n"))

    def test_a_missing_file_is_told(self) -> None:
        log = full_log()
        data = self.directory(log)
        wal = data / "member/wal"
        (wal / "0000000000000002-0000000000000040.wal").write_bytes(b"")
        self.assertEqual(
            self.refused("etcd-dump-logs", data),
            "Failed opening WAL: wal: file not found: "
            f"{wal}: no segment between 0000000000000000-0000000000000000.wal and "
            "0000000000000002-0000000000000040.wal\n")
        nowhere = self.folder / "nowhere"
        self.assertEqual(
            self.refused("etcd-dump-logs", nowhere),
            f"Failed loading snapshot: open {nowhere}/member/snap: no such file or directory\n")
        self.assertEqual(self.refused("etcd-dump-logs", "-raw", nowhere),
                         f"Error: Failed to read directory '{nowhere}/member/wal' error:open "
                         f"{nowhere}/member/wal: no such file or directory\n")
        (data / "member/wal/readme").write_text("x")
        raw = self.run_tool(TOOLS["etcd-dump-logs"], "-raw", data)
        self.assertIn("Warning: Ignoring not .wal file: readme\n", raw.stderr)

    def test_what_is_no_request_is_shown_as_such(self) -> None:
        log = WalFile()
        log.append(METADATA, b"")
        log.mark(0, 0)
        log.entry(1, 1, b"?")
        log.entry(1, 2, data_field(1102, data_field(1, b"\xff")))  # a name that is no text
        self.assertEqual([row[2] for row in rows(self.logs(self.directory(log)))],
                         ["norm\t???"] * 2)

    def test_a_log_with_a_gap_is_told(self) -> None:
        log = WalFile()
        log.append(METADATA, b"")
        log.mark(0, 0)
        for index in (1, 2, 9):
            log.entry(1, index, b"")
        data = self.directory(log)
        said = ("wal: slice bounds out of range, snapshot[Index: 0, Term: 0], current entry"
                "[Index: 9, Term: 1], len(ents): 2: "
                f"{data}/member/wal/0000000000000000-0000000000000000.wal: record at offset "
                f"{log.offsets[-1]}\n")
        self.assertEqual(self.refused("etcd-dump-logs", data), f"Failed reading WAL: {said}")
        some = self.run_tool(TOOLS["etcd-dump-logs"], "-end-index", "2", data)
        self.assertEqual((some.returncode, without_stamps(some.stderr)),
                         (0, f"Failed reading all WAL: {said}"))
        self.assertEqual(len(rows(some.stdout)), 1)

    def test_mistakes_are_told(self) -> None:
        for words, said in ((["-x"], "flag provided but not defined: -x"),
                            (["-wal-dir"], "flag needs an argument: -wal-dir"),
                            (["-end-index=x"],
                             'invalid value "x" for flag -end-index: parse error')):
            done = self.run_tool(TOOLS["etcd-dump-logs"], *words)
            self.assertEqual((done.returncode, done.stderr.splitlines()[:2]),
                             (2, [said, f"Usage of {TOOLS['etcd-dump-logs']}:"]))
        self.assertEqual(self.refused("etcd-dump-logs"), "Must provide data-dir argument (got [])\n")
        self.assertEqual(self.refused("etcd-dump-logs", "a", "b"),
                         "Must provide data-dir argument (got [a b])\n")
        self.assertEqual(self.refused("etcd-dump-logs", "-start-snap", "a", "-start-index=1", "b"),
                         "start-snap and start-index flags cannot be used together.\n")
        self.assertEqual(
            self.refused("etcd-dump-logs", "-raw", "-entry-type=IRRPut", "b"),
            "Flags --entry-type, --stream-decoder, --entrytype not supported in the RAW mode.\n")
        done = self.run_tool(TOOLS["etcd-dump-logs"], "-help")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("hashes of passwords", done.stderr)


class DatabaseTest(DumpCase):
    def db(self, *words: str | Path) -> str:
        return self.told("etcd-dump-db", *words)

    def test_a_database_is_listed_and_decoded(self) -> None:
        data = self.filled()
        before = state_of(data)
        self.assertEqual(self.db("list-bucket", data).split(),
                         ["alarm", "auth", "authRoles", "authUsers", "cluster", "cornerstore",
                          "key", "lease", "members", "members_removed", "meta", "v2"])
        keys = self.db("iterate-bucket", data, "key", "--decode").splitlines()
        self.assertIn('tombstone:false}, value=[key "t" | val "u" | created ', keys[0])
        revisions = [int(re.match(r"rev=\{Revision:\{Main:(\d+) ", line)[1]) for line in keys]
        self.assertEqual(revisions, sorted(revisions, reverse=True))
        self.assertEqual(self.db("iterate-bucket", data, "key", "--decode", "--limit", "3"),
                         "".join(f"{line}\n" for line in keys[:3]))
        self.assertEqual(len(self.db("iterate-bucket", data, "key").splitlines()), len(keys))
        for bucket, told in (
                ("lease", "lease ID=000000000000004d, TTL=1000s, remaining TTL=0s\n"),
                ("authUsers", 'user="ann", roles=["reader"], option='),
                ("authRoles", 'role="reader", keyPermission=[permType:READWRITE key:"k" '
                              'range_end:"l"]\n'),
                ("auth", 'key="authRevision", value=5\n'),
                ("meta", 'key="finishedCompactRev", value={20 0}\n'),
                ("members", 'isLearner'), ("cluster", 'key="clusterVersion", value="3.7.0"\n')):
            self.assertIn(told, self.db("iterate-bucket", data, bucket, "--decode"))
        self.assertIn("$2", self.db("iterate-bucket", data, "authUsers"))  # bcrypt's
        self.assertEqual(self.db("iterate-bucket", data, "alarm"), "")
        self.assertEqual(self.refused("etcd-dump-db", "iterate-bucket", data, "none"),
                         "got nil bucket for none\n")
        database = data / "member/snap/db.mdb"
        self.assertEqual(self.db("hash", database), self.db("hash", data))
        self.assertEqual(state_of(data), before)

    def test_the_hash_is_the_members(self) -> None:
        member = self.member()
        self.fill(member)
        told = self.client(member).call(MAINTENANCE, "Hash", rpc.HashRequest(), rpc.HashResponse)
        member.stop()
        data = member.folder / "data"
        self.assertEqual(self.db("hash", data),
                         f"db path: {data}/member/snap/db.mdb\nHash: {told.hash}\n")

    def test_a_running_member_keeps_its_database_to_itself(self) -> None:
        member = self.member()
        data = member.folder / "data"
        for words in (["list-bucket"], ["hash"], ["iterate-bucket"], ["scan-keys"]):
            more = {"iterate-bucket": ["key"], "scan-keys": ["0"]}.get(words[0], [])
            self.assertEqual(
                self.refused("etcd-dump-db", *words, data, *more, "--timeout", "100ms"),
                f"timeout: a member runs on {data}/member; stop it first\n")
        self.client(member).put(b"k", b"v")

    def test_a_copy_is_read_where_it_lies(self) -> None:
        data = self.filled()
        copy = self.folder / "copy.db"
        copy.write_bytes((data / "member/snap/db.mdb").read_bytes())
        copy.chmod(0o400)
        self.assertEqual(self.db("iterate-bucket", copy, "lease"),
                         self.db("iterate-bucket", data, "lease"))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["copy.db"])

    def test_keys_are_found_in_a_damaged_file(self) -> None:
        data = self.filled()
        database = data / "member/snap/db.mdb"
        found = self.run_tool(TOOLS["etcd-dump-db"], "scan-keys", data, "0")
        self.assertEqual(found.returncode, 0)
        whole = found.stdout.splitlines()
        self.assertRegex(whole[0], r"^pageID=\d+, index=\d+/\d+, rev=\{Revision:\{Main:\d+ Sub:0\} "
                                   r"tombstone:(true|false)\}, value=\[key ")
        self.assertTrue(any('[key "k7" ' in line for line in whole))
        self.assertIn("error: not the key of a revision", found.stderr)
        late = self.run_tool(TOOLS["etcd-dump-db"], "scan-keys", data, "60").stdout.splitlines()
        self.assertEqual(late, [line for line in whole
                                if int(re.search(r"Main:(\d+)", line)[1]) >= 60])
        # The page of one record is gone; and with it whatever led to the others.
        page = int(re.search(r"pageID=(\d+)", whole[0])[1])
        contents = bytearray(database.read_bytes())
        contents[page * 4096:page * 4096 + 4096] = b"\xee" * 4096
        database.write_bytes(contents)
        self.assertIn(f"{database}: damaged page ", self.refused("etcd-dump-db", "list-bucket", data))
        rest = self.run_tool(TOOLS["etcd-dump-db"], "scan-keys", data, "0").stdout.splitlines()
        self.assertEqual(rest, [line for line in whole if f"pageID={page}," not in line])

    def test_what_is_no_database_is_told(self) -> None:
        nowhere = self.folder / "nowhere"
        self.assertEqual(self.refused("etcd-dump-db", "hash", nowhere),
                         f'"{nowhere}/member/snap/db" does not exist\n')
        self.assertEqual(self.refused("etcd-dump-db", "hash", f"{nowhere}/x.db"),
                         f'"{nowhere}/x.db" does not exist\n')
        for contents in (b"", b"no database" * 1000):
            (self.folder / "other.db").write_bytes(contents)
            for words in (["hash"], ["list-bucket"], ["iterate-bucket", "key"], ["scan-keys", "1"]):
                said = self.refused("etcd-dump-db", words[0], self.folder / "other.db", *words[1:])
                self.assertRegex(said, "no valid bbolt meta page|wrong .unexpected. magic")
        self.assertEqual(self.refused("etcd-dump-db", "list-bucket"),
                         "Must provide at least 1 argument (got [])\n")
        self.assertEqual(self.refused("etcd-dump-db", "iterate-bucket", "a", "b", "c"),
                         "Must provide 2 arguments (got [a b c])\n")
        (self.folder / "other.db").write_bytes(b"")
        self.assertEqual(self.refused("etcd-dump-db", "scan-keys", self.folder / "other.db", "x"),
                         'strconv.ParseInt: parsing "x": invalid syntax\n')


@unittest.skipUnless(Path(DEBIANS_ETCD).exists(), "there is no etcd of Debian")
class DebiansEtcdTest(DumpCase):
    def test_its_directory_is_shown(self) -> None:
        member = self.member(DEBIANS_ETCD)
        self.fill(member)
        told = self.client(member).call(MAINTENANCE, "Hash", rpc.HashRequest(), rpc.HashResponse)
        data = member.folder / "data"
        self.assertEqual(
            self.refused("etcd-dump-db", "hash", data, "--timeout", "100ms"),
            f"timeout: etcd runs on {data}/member/snap/db; stop it first\n")
        member.stop()
        self.assertEqual(self.told("etcd-dump-db", "hash", data),
                         f"db path: {data}/member/snap/db\nHash: {told.hash}\n")
        self.assertIn("key", self.told("etcd-dump-db", "list-bucket", data).split())
        self.assertIn('roles=["reader"]',
                      self.told("etcd-dump-db", "iterate-bucket", data, "authUsers", "--decode"))
        keys = self.run_tool(TOOLS["etcd-dump-db"], "scan-keys", data, "30")
        self.assertIn('[key "k40" ', keys.stdout)
        text = self.told("etcd-dump-logs", data)
        self.assertIn('norm\tmethod=PUT path="/0/members/', text)
        self.assertGreaterEqual(len(rows(self.told("etcd-dump-logs", "-entry-type", "Request",
                                                   data))), 2)
        for kind in KINDS:
            self.assertTrue(rows(self.told("etcd-dump-logs", "-entry-type", kind, data)), kind)


class MetricsTest(DumpCase):
    def test_metrics_are_described(self) -> None:
        member = self.member()
        text = self.told("etcd-dump-metrics", "-addr", f"{member.url}/metrics")
        self.assertTrue(text.startswith(
            '# server version: etcd_server_version{server_version="3.7.1"}\n\n# name: "'))
        with urllib.request.urlopen(f"{member.url}/metrics", timeout=20) as answer:
            names = set(re.findall(r"^# HELP (\S+)", answer.read().decode(), re.MULTILINE))
        self.assertEqual(re.findall(r'^# name: "(\S+)"$', text, re.MULTILINE), sorted(names))
        self.assertIn('# type: "counter"\n# gRPC codes: \n#  - "', text)
        self.assertEqual(list(self.client(member).range(key=b"____test").kvs), [])
        debug = self.run_tool(TOOLS["etcd-dump-metrics"], "-debug", "-addr", f"{member.url}/metrics")
        self.assertIn('"msg":"fetching metrics","endpoint":"http://', debug.stderr)

    def test_what_cannot_be_done_is_told(self) -> None:
        for words, said in (
                ([], "no etcd is started here: start one and give -addr its metrics URL"),
                (["-download-ver", "v3.7.1"], "nothing is downloaded here: "),
                (["-addr", "http://a/metrics", "-download-ver", "v3.7.1"],
                 "specify either 'addr' or 'download-ver'"),
                (["-addr", "http://127.0.0.1:1/metrics"], "failed to write test key: ")):
            done = subprocess.run([TOOLS["etcd-dump-metrics"], *words], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f'"msg":"{said}', done.stderr)


if __name__ == "__main__":
    unittest.main()
