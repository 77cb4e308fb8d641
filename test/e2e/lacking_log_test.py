#!/usr/bin/python3
"""A member whose log lacks what it has acknowledged does not start, however whole the rest looks.

A member alone finds its log zeroed from a record on, put back from an older copy, or without its
newest segment: it names that, and what it says to do works when it is done to the letter. One of
several that has lost its newest segment and its database is not refilled under its old identifier.
etcd reads what says that a segment is not the newest. ETCD in the environment is the program.
"""

import os
import shutil
import struct
import unittest
from pathlib import Path

from cluster import Cluster, status, wait_until_ready
from cluster_case import JOINS, ClusterCase
from member import Member
from protocol import rpc
from refill_test import database
from self_replacement_test import DATABASE_WAITS, FLAG, segments

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCD_34 = "/usr/bin/etcd"
FORCE = "--force-new-cluster"
FILLS = ("--max-request-bytes", str(16 << 20))
KEYS = 40
CLOSING_BYTES = 8
LENGTH_MASK = (1 << 56) - 1


def zero_from(path: Path, text: bytes) -> None:
    """All from the record on that holds the text."""
    data = path.read_bytes()
    at = 0
    while True:
        word = struct.unpack_from("<Q", data, at)[0]
        end = at + 8 + (word & LENGTH_MASK) + (word >> 56 & 7)
        if text in data[at:end]:
            break
        at = end
    os.truncate(path, at)
    os.truncate(path, len(data))


class LackingLogCase(ClusterCase):
    def put(self, member: Member, first: int = 0, last: int = KEYS) -> None:
        client = self.client(member)
        for number in range(first, last):
            client.put(b"key%02d" % number, b"v%02d" % number)

    def value(self, member: Member, key: bytes) -> bytes | None:
        found = self.client(member).range(key=key).kvs
        return found[0].value if found else None

    def wait_until_covered(self, member: Member) -> None:
        """The database has what was put until now."""
        database_file = database(member)
        self.wait_for("the database has the last key", lambda: b"key%02d" % (KEYS - 1) in
                      database_file.read_bytes())

    def fill_a_segment(self, asked: Member, *members: Member) -> None:
        client = self.client(asked)
        for number in range(5):
            client.put(b"large", b"%d" % number + b"v" * (14 << 20))
        for member in members:
            self.wait_for("it is full", lambda member=member: len(segments(member)) > 1)

    def ended(self, member: Member) -> str:
        """What the member says that does not start."""
        said = len(member.log.read_bytes())
        member.launch()
        self.assertEqual(member.process.wait(timeout=60), 1)
        member.process = None
        return member.log.read_bytes()[said:].decode(errors="replace")


class AloneTest(LackingLogCase):
    def check_refused_until_forced(self, member: Member, *names: str) -> None:
        member.process = None
        for _ in range(2):
            said = self.ended(member)
            for name in (*names, "start it with --force-new-cluster once"):
                self.assertIn(name, said)
        flags = member.flags
        member.flags = (*flags, FORCE)
        member.start()
        self.assertTrue(member.wait_for_log("the log lacks writes, which are lost"))
        member.stop()
        member.flags = flags
        member.start()
        self.client(member).put(b"new", b"1")
        member.kill()
        member.start()
        self.assertEqual(self.value(member, b"new"), b"1")

    def test_a_log_that_was_zeroed_from_some_place_on(self) -> None:
        member = self.enterContext(Member(ETCD))
        self.put(member)
        self.wait_until_covered(member)
        member.kill()
        zero_from(segments(member)[-1], b"key20")
        self.check_refused_until_forced(member, str(segments(member)[-1]), "the log ends at entry",
                                        "but the database has entry")
        self.assertEqual(self.value(member, b"key39"), b"v39")

    def test_a_log_that_is_an_older_copy(self) -> None:
        member = self.enterContext(Member(ETCD))
        self.put(member, 0, 10)
        log, copy = member.folder / "data/member/wal", member.folder / "copy"
        shutil.copytree(log, copy)
        self.put(member, 10)
        self.wait_until_covered(member)
        member.kill()
        shutil.rmtree(log)
        copy.rename(log)
        self.check_refused_until_forced(member, str(segments(member)[-1]), "the log ends at entry",
                                        "but the database has entry")
        self.assertEqual(self.value(member, b"key39"), b"v39")

    def test_a_log_that_was_cut_short(self) -> None:
        member = self.enterContext(Member(ETCD, *DATABASE_WAITS))
        self.put(member, 0, 10)
        member.stop()  # the database has these, and the log alone what follows
        member.start()
        self.put(member, 10)
        member.kill()
        zero_from(segments(member)[-1], b"key20")
        used = segments(member)[-1].read_bytes().rstrip(b"\0")
        os.truncate(segments(member)[-1], len(used) + -len(used) % 8)
        self.check_refused_until_forced(member, str(segments(member)[-1]), "was cut short")
        self.assertEqual(self.value(member, b"key19"), b"v19")
        self.assertIsNone(self.value(member, b"key20"))

    def test_a_log_without_its_newest_segment(self) -> None:
        member = self.enterContext(Member(ETCD, *DATABASE_WAITS, *FILLS))
        self.put(member)
        member.stop()
        member.start()
        self.fill_a_segment(member, member)
        member.kill()
        segments(member)[-1].unlink()
        self.check_refused_until_forced(member, str(segments(member)[-1]),
                                        "the segment behind it is gone")
        self.assertEqual(self.value(member, b"key39"), b"v39")

    def test_one_that_does_not_sync_starts(self) -> None:
        member = self.enterContext(Member(ETCD, "--unsafe-no-fsync"))
        self.put(member)
        self.wait_until_covered(member)
        member.kill()
        zero_from(segments(member)[-1], b"key20")
        member.start()
        self.assertEqual(self.value(member, b"key39"), b"v39")


class SeveralTest(LackingLogCase):
    def lose(self, member: Member) -> None:
        segments(member)[-1].unlink()
        database(member).unlink()

    def test_one_without_its_newest_segment_and_its_database_is_not_refilled(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3, flags=FILLS))
        member = cluster.follower()
        self.fill_a_segment(cluster.leader(), member)
        self.put(cluster.leader())
        member.kill()
        self.lose(member)
        last = str(segments(member)[-1])
        for _ in range(2):
            said = self.ended(member)
            self.assertIn(last, said)
            self.assertIn("the segment behind it is gone", said)

    def test_it_is_replaced(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3, flags=(*FILLS, FLAG)))
        member = cluster.follower()
        self.fill_a_segment(cluster.leader(), member)
        self.put(cluster.leader())
        before = status(member)["header"]["member_id"]
        member.kill()
        self.lose(member)
        member.launch()
        wait_until_ready(member)
        self.wait_for("it votes", lambda: not status(member).get("isLearner"), 60)
        self.assertNotEqual(status(member)["header"]["member_id"], before)
        self.assertEqual(self.value(member, b"key39"), b"v39")

    def test_a_learner_is_not_alone(self) -> None:
        voter = self.enterContext(Member(ETCD, name="voter"))
        learner = Member(ETCD, *JOINS, name="learner")
        self.addCleanup(learner.__exit__)
        learner.initial_cluster = f"voter={voter.peer_url},learner={learner.peer_url}"
        self.change(voter, "MemberAdd",
                    rpc.MemberAddRequest(peerURLs=[learner.peer_url], isLearner=True),
                    rpc.MemberAddResponse)
        learner.launch()
        wait_until_ready(learner)
        self.put(voter)
        self.wait_until_covered(learner)
        learner.kill()
        zero_from(segments(learner)[-1], b"key20")
        learner.flags += ("--unsafe-no-fsync",)
        for _ in range(2):
            said = self.ended(learner)
            self.assertIn("remove the member and add it again", said)
            self.assertNotIn(FORCE, said.rpartition("failed to start")[2])
            learner.flags += (FORCE,)


class BesideEtcdTest(LackingLogCase):
    def test_etcd_reads_closed_segments(self) -> None:
        member = self.enterContext(Member(ETCD_34))
        client = self.client(member)
        for number in range(70):
            client.put(b"key%02d" % number, b"v" * (1 << 20))
        member.kill()
        full = segments(member)[:-1]
        self.assertEqual(len(full), 1)
        os.truncate(full[0], full[0].stat().st_size + CLOSING_BYTES)
        member.start()
        self.assertEqual(len(self.value(member, b"key00")), 1 << 20)
        self.assertEqual(len(self.value(member, b"key69")), 1 << 20)


if __name__ == "__main__":
    unittest.main()
