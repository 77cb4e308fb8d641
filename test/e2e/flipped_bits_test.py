#!/usr/bin/python3
"""Bits that a disk has flipped anywhere in the files of one of three members, 20 a start: in its log, its
database and its snapshots, as they were drawn. What was damaged is named and made good, by a refill, a
log that begins later or a new member in its place; no value that nobody has put is ever read, and what
nothing reads changes nothing.

Few starts, and a hundred with E2E_FULL; STARTS in the environment is another number, SEED the first seed.
ETCD is the program.
"""

import collections
import itertools
import json
import os
import random
import shutil
import sys
import time
import unittest
from pathlib import Path

from cluster import Cluster, status
from member import Member
from protocol import KV, rpc
from refill_test import ETCD, SCRUBS, SEED, STARTS as USUAL_STARTS, RefillCase, database

STARTS = int(os.environ.get("STARTS", USUAL_STARTS))
FLIPS = 20
# Most lie where the log has been written; it is larger than that.
OUTSIDE = 0.1
LARGE_PUTS, LARGE_BYTES = 12, 1_000_000
# A member that asks to be replaced waits until the others have been connected for five seconds.
MEND_SECONDS = 90
CONNECTED_SECONDS = 6
# Of the log, what is being written, and segments that are closed.
KINDS = ("log", "closed log", "snapshot", "database")
# Each turn damages some of them, all combinations in turn.
MIXES = [mix for size in range(1, len(KINDS) + 1) for mix in itertools.combinations(KINDS, size)]
# What a member says of each kind.
REPLACED = "asks the others to replace it"
OF_LOG = ("wal: damaged record", "wal: torn record", REPLACED)
NAMED = {"log": OF_LOG, "closed log": OF_LOG, "snapshot": ("damaged snapshot file",),
         "database": ("db.mdb: damaged page", "db.mdb: damaged record")}
SCRUBBED = "scrubbed the log, the snapshots and the database"


class FlippedBitsTest(RefillCase):
    def files(self, member: Member, kind: str) -> list[Path]:
        if kind == "database":
            return [database(member)]
        if kind == "snapshot":
            return self.snapshots(member)
        segments = sorted((member.folder / "data/member/wal").glob("*.wal"))
        return segments[-1:] if kind == "log" else segments[:-1]

    def flip_some(self, member: Member, mix: tuple[str, ...], draw: random.Random) -> set[str]:
        """The kinds of which there are any."""
        flipped = {kind for kind in mix if self.files(member, kind)}
        for _ in range(FLIPS if flipped else 0):
            path = draw.choice(self.files(member, draw.choice(sorted(flipped))))
            with path.open("r+b") as file:
                data = file.read()
                used = len(data.rstrip(b"\0"))
                at = draw.randrange(len(data) if draw.random() < OUTSIDE else used)
                file.seek(at)
                file.write(bytes([data[at] ^ 1 << draw.randrange(8)]))
        return flipped

    def put_large(self, cluster: Cluster, turn: int) -> None:
        """So much that the log has several segments."""
        client = self.client(cluster.leader())
        for number in range(LARGE_PUTS):
            last = client.put(b"large%d" % number, b"%d " % turn + b"v" * LARGE_BYTES)
        client.call(KV, "Compact", rpc.CompactionRequest(revision=last.header.revision),
                    rpc.CompactionResponse)

    def check_at_the_member(self, member: Member) -> None:
        """What it answers by itself."""
        for pair in self.client(member).range(key=b"key", range_end=b"kez", serializable=True).kvs:
            self.assertRegex(pair.value.decode(), rf"^\d+ of {pair.key.decode()[3:]} v{{500}}$")

    def damages_of_rounds(self, said: list[str]) -> list[int]:
        return [json.loads(line)["damages"] for line in said if SCRUBBED in line]

    def lines(self, member: Member) -> list[str]:
        return member.log.read_text().rpartition("\n")[0].split("\n")

    def mend(self, member: Member) -> list[str]:
        """Starts it and waits until nothing is damaged and it votes; what it has said."""
        before = len(self.lines(member))
        member.launch()
        end = time.monotonic() + MEND_SECONDS
        while not member.is_healthy():
            self.assertIsNone(member.process.poll(), member.log_tail())
            self.assertLess(time.monotonic(), end, member.log_tail())
            time.sleep(0.05)
        self.check_at_the_member(member)
        self.wait_for("it votes", lambda: not status(member).get("isLearner"), MEND_SECONDS)
        self.wait_for("nothing is damaged", lambda: self.damages_of_rounds(
            self.lines(member)[before:])[-1:] == [0], MEND_SECONDS)
        return self.lines(member)[before:]

    def forget_files(self, member: Member) -> None:
        """Those that are kept of what was damaged."""
        for path in (member.folder / "data").glob("replaced-by-*"):
            shutil.rmtree(path)
        for path in (member.folder / "data").rglob("*.broken*"):
            path.unlink()

    def take_turn(self, cluster: Cluster, turn: int, counts: collections.Counter) -> None:
        draw = random.Random(SEED + turn)
        member = cluster[draw.randrange(3)]
        self.put_large(cluster, turn + 1)
        member.kill()
        self.put(cluster, turn + 1)
        flipped = self.flip_some(member, MIXES[(SEED + turn) % len(MIXES)], draw)
        said = "\n".join(self.mend(member))
        self.check_values(member)
        self.check_equal(cluster)
        counts["a database that was refilled"] += "a snapshot has come" in said
        counts["a member that was replaced"] += REPLACED in said
        counts["a log that begins later"] += "repaired the damaged log" in said
        self.forget_files(member)
        for kind, words in NAMED.items():
            is_named = any(word in said for word in words)
            if kind not in flipped:
                self.assertFalse(is_named and words is not OF_LOG, said)
            elif words is OF_LOG or REPLACED not in said:  # with the log all else is put aside
                counts[f"{kind}: flipped"] += 1
                counts[f"{kind}: named"] += is_named

    def test_whatever_is_flipped_is_named_and_made_good(self) -> None:
        cluster = self.cluster("--replace-damaged", "--max-wals", "3", *SCRUBS)
        counts = collections.Counter()
        time.sleep(CONNECTED_SECONDS)
        for turn in range(STARTS):
            try:
                self.take_turn(cluster, turn, counts)
            except BaseException:
                print(f"SEED={SEED + turn}, start {turn + 1}", file=sys.stderr)
                raise
        print(f"{STARTS} starts: {dict(counts)}", flush=True)
        self.check_a_last_start(cluster)
        for kind in KINDS:
            self.assertGreaterEqual(counts[f"{kind}: named"], counts[f"{kind}: flipped"] // 2, kind)

    def check_a_last_start(self, cluster: Cluster) -> None:
        """Of what was made good nothing is found any more."""
        for member in cluster:
            member.stop()
        before = {member.name: len(self.lines(member)) for member in cluster}
        cluster.start()
        for member in cluster:
            said = "\n".join(self.lines(member)[before[member.name]:])
            for words in NAMED.values():
                for word in words:
                    self.assertNotIn(word, said)
            self.check_values(member)
        self.check_equal(cluster)


if __name__ == "__main__":
    unittest.main()
