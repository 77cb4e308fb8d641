#!/usr/bin/python3
"""Bits that a disk has flipped: found, named and made good.

Of three members one has flipped bits in its database, its log or its snapshots, 20 a start: damage of
the database is refilled from the others, what the scrubber finds in the log is left behind, and no
value that nobody has put is ever read. Few starts, and a hundred with E2E_FULL. SEED in the
environment is the first seed. ETCD in the environment is the program.
"""

import os
import random
import re
import shutil
import struct
import time
import unittest
import urllib.request
from pathlib import Path

from cluster import Cluster, wait_until_ready
from cluster_case import ClusterCase
from member import Member
from protocol import MAINTENANCE, rpc

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
SEED = int(os.environ.get("SEED", "1"))
STARTS = 100 if os.environ.get("E2E_FULL") else 4
FLIPS = 20
KEYS = 60
# As long a proposal waits.
PUBLISH_SECONDS = 7
SCRUBS = ("--scrub-interval", "1s", "--scrub-bytes-per-second", "100000000")

# Of the database's file.
PAGE_BYTES, BRANCH = 4096, 1

DATABASE_DAMAGES = 'cornerstore_scrub_damages_total{kind="database"}'


def flip(path: Path, draw: random.Random, flips: int = FLIPS) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(flips):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def database(member: Member) -> Path:
    return member.folder / "data/member/snap/db.mdb"


class RefillCase(ClusterCase):
    def cluster(self, *flags: str) -> Cluster:
        cluster = self.enterContext(Cluster(*[ETCD] * 3, flags=(
            "--snapshot-count", "20", "--snapshot-catchup-entries", "10", *flags)))
        self.put(cluster, 0)
        for member in cluster:
            self.wait_for("its log begins later", lambda member=member: self.snapshots(member))
        return cluster

    def snapshots(self, member: Member) -> list[Path]:
        return sorted((member.folder / "data/member/snap").glob("*.snap"))

    def put(self, cluster: Cluster, turn: int) -> None:
        client = self.client(cluster.leader())
        for number in range(KEYS):
            client.put(b"key%02d" % number, b"%d of %02d " % (turn, number) + b"v" * 500)

    def check_values(self, member: Member) -> None:
        """Each is one that somebody has put, or the read fails."""
        for pair in self.client(member).range(key=b"key", range_end=b"kez").kvs:
            self.assertRegex(pair.value.decode(), rf"^\d+ of {pair.key.decode()[3:]} v{{500}}$")

    def hashes(self, cluster: Cluster) -> set[tuple[int, int]]:
        found = set()
        for member in cluster:
            answer = self.client(member).call(MAINTENANCE, "HashKV", rpc.HashKVRequest(),
                                              rpc.HashKVResponse)
            found.add((answer.header.revision, answer.hash))
        return found

    def refills(self, member: Member) -> int:
        return member.log.read_text().count("a snapshot has come")

    def check_equal(self, cluster: Cluster) -> None:
        self.wait_for("all have the same keys", lambda: len(self.hashes(cluster)) == 1)

    def metric(self, member: Member, sample: str) -> float:
        with urllib.request.urlopen(member.url + "/metrics", timeout=5) as answer:
            found = re.search(rf"^{re.escape(sample)} (\S+)$", answer.read().decode(), re.M)
        return float(found.group(1)) if found else -1


class RefillTest(RefillCase):
    def test_a_database_of_another_cluster_is_refused(self) -> None:
        other = self.enterContext(Member(ETCD))
        self.client(other).put(b"theirs", b"value")
        cluster = self.enterContext(Cluster(*[ETCD] * 3))  # at other ports, so with other ids
        other.stop()
        self.put(cluster, 0)
        member = cluster.follower()
        member.kill()
        own = database(member).rename(database(member).with_name("own"))
        shutil.copy(database(other), database(member))
        member.launch()
        self.assertEqual(member.process.wait(timeout=30), 1)
        member.process = None
        self.assertIn("is the database of another cluster: the log knows none of its members",
                      member.log_tail())
        own.rename(database(member))
        member.launch()
        wait_until_ready(member)
        self.check_equal(cluster)

    def test_a_damaged_database_is_refilled(self) -> None:
        cluster = self.cluster()
        refilled = 0
        for turn in range(STARTS):
            seed = SEED + turn
            with self.subTest(seed=seed):
                draw = random.Random(seed)
                member = cluster[draw.randrange(3)]
                member.kill()
                self.put(cluster, turn + 1)
                flip(database(member), draw)
                lines = len(member.log.read_text().splitlines())
                member.launch()
                wait_until_ready(member)
                self.check_values(member)
                self.check_equal(cluster)
                said = "\n".join(member.log.read_text().splitlines()[lines:])
                if "the database is damaged" in said:
                    refilled += 1
                    self.assertIn("db.mdb: damaged page", said)
                    self.assertTrue(Path(f"{database(member)}.broken").exists())
        self.assertGreater(refilled, STARTS // 2)

    def test_it_says_so_as_long_as_nobody_can_refill_it(self) -> None:
        cluster = self.cluster()
        member = cluster.follower()
        others = [other for other in cluster if other is not member]
        for one in cluster:
            one.stop()
        flip(database(member), random.Random(SEED), 1000)
        member.launch()
        member.wait_for_log("waiting for a leader, whose snapshot fills it again")
        with self.assertRaises(OSError):  # it serves nobody
            urllib.request.urlopen(member.url + "/health", timeout=2)
        time.sleep(PUBLISH_SECONDS + 1)  # what it waits for is said, and not what follows from it
        self.assertNotIn("failed to publish", member.log_tail())
        member.kill()
        member.launch()
        for other in others:
            other.launch()
        for one in cluster:
            wait_until_ready(one)
        self.check_values(member)
        self.check_equal(cluster)

    def test_a_database_that_ends_before_the_log_begins_is_refilled(self) -> None:
        cluster = self.cluster()
        member = cluster.follower()
        member.stop()
        old = database(member).read_bytes()
        member.launch()
        wait_until_ready(member)
        before = self.snapshots(member)
        for turn in range(1, 4):
            self.put(cluster, turn)
        self.wait_for("its log begins later", lambda: self.snapshots(member) != before)
        member.kill()
        database(member).write_bytes(old)
        member.launch()
        wait_until_ready(member)
        self.check_values(member)
        self.check_equal(cluster)
        said = member.wait_for_log("the database is damaged; other members fill it again")
        self.assertIn("before the log begins", said[-1])
        self.assertTrue(Path(f"{database(member)}.broken").exists())

    def test_without_the_flag_it_does_not_start(self) -> None:
        cluster = self.cluster("--refill-damaged=false")
        member = cluster.follower()
        member.stop()
        flip(database(member), random.Random(SEED), 1000)
        before = database(member).read_bytes()
        member.launch()
        self.assertEqual(member.process.wait(timeout=20), 1)
        member.process = None
        self.assertIn("db.mdb: damaged page", member.log_tail())
        self.assertEqual(database(member).read_bytes(), before)

    def test_a_member_alone_is_not_refilled(self) -> None:
        member = self.enterContext(Member(ETCD))
        self.client(member).put(b"a", b"b")
        member.stop()
        flip(database(member), random.Random(SEED), 1000)
        member.launch()
        self.assertEqual(member.process.wait(timeout=20), 1)
        member.process = None
        self.assertIn("db.mdb: damaged page", member.log_tail())
        self.assertFalse(Path(f"{database(member)}.broken").exists())

    def test_the_scrubber_finds_bits_of_pages_that_lead_to_records(self) -> None:
        cluster = self.cluster(*SCRUBS)
        member = cluster.follower()
        branches = 0
        # In the page's number, which nothing looks at to find a record.
        with database(member).open("r+b") as file:
            data = file.read()
            for at in range(2 * PAGE_BYTES, len(data), PAGE_BYTES):
                number, flags = struct.unpack_from("<QxxH", data, at)
                if number == at // PAGE_BYTES and flags == BRANCH:
                    branches += 1
                    file.seek(at)
                    file.write(bytes([data[at] ^ 1]))
        self.assertGreater(branches, 0)
        self.wait_for("it is found", lambda: self.metric(member, DATABASE_DAMAGES) > 0)
        # Unless a commit was quicker, which took the wrong page for one that it does not need.
        found = member.wait_for_log("the scrubber has found damage")
        self.assertRegex(found[0], r"db.mdb: damaged page \d+: (not a branch|it leads to page)")
        self.wait_for("it is refilled", lambda: self.refills(member) > 0 and
                      self.metric(member, "cornerstore_awaits_snapshot") == 0)
        self.check_values(member)
        self.check_equal(cluster)

    def test_the_scrubber_finds_bits_of_a_member_that_runs(self) -> None:
        cluster = self.cluster(*SCRUBS)
        for turn in range(STARTS):
            seed = SEED + turn
            with self.subTest(seed=seed):
                draw = random.Random(seed)
                member = cluster[draw.randrange(3)]
                before = self.metric(member, DATABASE_DAMAGES)
                refills = self.refills(member)
                snapshot = self.snapshots(member)[-1]
                flip(snapshot, draw)
                self.wait_for("it is moved aside", Path(f"{snapshot}.broken").exists)
                self.put(cluster, turn + 1)
                # Of a value that is in no cache of the member's.
                data = bytearray(database(member).read_bytes())
                places = [found.start() for found in re.finditer(rb"v{400}", bytes(data))]
                with database(member).open("r+b") as file:
                    for place in places:
                        file.seek(place + draw.randrange(400))
                        file.write(b"w")
                self.wait_for("it is found",
                              lambda: self.metric(member, DATABASE_DAMAGES) > before)
                self.wait_for("it is refilled", lambda: self.refills(member) > refills and
                              self.metric(member, "cornerstore_awaits_snapshot") == 0)
                self.check_values(member)
                self.check_equal(cluster)
                self.assertIsNone(member.process.poll())


if __name__ == "__main__":
    unittest.main()
