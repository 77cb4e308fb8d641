#!/usr/bin/python3
"""The same writes and the same watches at a member of ours and at one of etcd: every watch is told
the same events in the same order, whatever answers they come in.

ETCD in the environment is the program. Beside it runs Debian's etcd, and with E2E_FULL 3.7.1.
"""

import os
import random
import shutil
import time
import unittest
from pathlib import Path

import grpc

import real_etcd
from member import Member
from protocol import KV, Client, rpc
from watch_stream import WatchStream, events

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
DEBIAN = "/usr/bin/etcd"
KEYS = [b"a", b"aa", b"ab", b"b", b"b\x00", b"c", b"\xff", b"\xff\xff"]
ROUNDS = 12
FULL_ROUNDS = 40
# Between two looks of etcd for watches that are behind are 0.1.
BEHIND_SECONDS = 0.4
ANCHOR = b"anchor"


class Side:
    """One member, with the streams of its watches."""

    def __init__(self, member: Member) -> None:
        self.client = Client(member.address)
        self.streams = [WatchStream(self.client) for _ in range(3)]

    def close(self) -> None:
        for stream in self.streams:
            stream.close()
        self.client.close()

    def call(self, method: str, request) -> tuple[str, bytes]:
        try:
            return "", self.client.start(KV, method, request.SerializeToString()).result()
        except grpc.RpcError as error:
            return f"{error.code()}: {error.details()}", b""

    def anchor(self) -> None:
        """A watch on each stream that settle() writes to."""
        for stream in self.streams:
            stream.create(ANCHOR)
            stream.wait(lambda answers: any(answer.created for answer in answers))

    def settle(self) -> int:
        """Until each stream has told of all that was written; the revision."""
        _, reply = self.call("Put", rpc.PutRequest(key=ANCHOR))
        revision = rpc.PutResponse.FromString(reply).header.revision
        for stream in self.streams:
            stream.wait(lambda answers: any(event.kv.mod_revision == revision
                                            for event in events(answers, 0)))
        return revision


def write(chooser: random.Random, revision: int) -> tuple[str, object]:
    key = chooser.choice(KEYS)
    value = b"%d" % chooser.randrange(1000)
    kind = chooser.randrange(12)
    if kind < 6:
        return "Put", rpc.PutRequest(key=key, value=value)
    if kind < 8:
        return "DeleteRange", rpc.DeleteRangeRequest(key=key)
    if kind < 9:
        return "DeleteRange", rpc.DeleteRangeRequest(key=key, range_end=chooser.choice(KEYS))
    if kind < 11:
        return "Txn", rpc.TxnRequest(success=[
            rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=b"a", range_end=b"b")),
            *(rpc.RequestOp(request_put=rpc.PutRequest(key=other, value=value))
              for other in chooser.sample(KEYS[3:], 3))])
    return "Compact", rpc.CompactionRequest(revision=max(1, revision - chooser.randrange(12)))


def watch(chooser: random.Random, revision: int, fragments: bool) -> dict:
    key = chooser.choice(KEYS + [b""])
    range_end = chooser.choice([b"", b"", b"\x00", b"b", b"z", chooser.choice(KEYS)])
    start = chooser.choice([0, 0, 1, revision, revision + 3, max(1, revision - 20)])
    filters = chooser.choice([[], [], [], [0], [1], [0, 1]])
    return {"key": key, "range_end": range_end, "start_revision": start, "filters": filters,
            "prev_kv": chooser.random() < 0.5, "fragment": fragments and chooser.random() < 0.5}


def control(answers: list) -> list[tuple]:
    """What was said of the watches themselves."""
    return [(answer.watch_id, answer.created, answer.canceled, answer.compact_revision,
             answer.cancel_reason)
            for answer in answers if answer.created or answer.canceled]


def shown(event) -> str:
    text = f"{event.kv.mod_revision} {event.kv.key!r}"
    text += f" = {event.kv.value!r} #{event.kv.version}" if event.type == 0 else " deleted"
    if event.HasField("prev_kv"):
        text += f" was {event.prev_kv.value!r} of {event.prev_kv.mod_revision}"
    return text


class WatchBesideEtcdTest(unittest.TestCase):
    def compare(self, other: str | Path, seed: int, rounds: int, is_old: bool) -> None:
        chooser = random.Random(seed)
        with Member(other) as theirs, Member(ETCD) as ours:
            sides = [Side(theirs), Side(ours)]
            try:
                self.drive(chooser, sides, rounds, is_old)
            finally:
                for side in sides:
                    side.close()

    def settle(self, sides: list[Side]) -> tuple[int, list[list[list]]]:
        revisions = {side.settle() for side in sides}
        self.assertEqual(len(revisions), 1)
        time.sleep(BEHIND_SECONDS)  # etcd's watches that are behind come later
        return revisions.pop(), [[stream.answers() for stream in side.streams] for side in sides]

    @staticmethod
    def forget_canceled(watches: list[list[int]], told: list[list]) -> None:
        """etcd still knows one that it has canceled for a compaction, and answers for it."""
        for stream, answers in enumerate(told):
            canceled = {answer.watch_id for answer in answers if answer.canceled}
            watches[stream] = [each for each in watches[stream] if each not in canceled]

    def drive(self, chooser: random.Random, sides: list[Side], rounds: int, is_old: bool) -> None:
        revision = 1
        watches: list[list[int]] = [[], [], []]
        for side in sides:
            side.anchor()
        for _ in range(rounds):
            begun: list[tuple[int, int]] = []
            for _ in range(chooser.randrange(4)):
                stream = chooser.randrange(3)
                if watches[stream] and chooser.random() < 0.3:
                    watch_id = watches[stream].pop(chooser.randrange(len(watches[stream])))
                    for side in sides:
                        side.streams[stream].cancel(watch_id)
                        side.streams[stream].wait(lambda answers: any(
                            a.canceled and a.watch_id == watch_id for a in answers))
                    continue
                wanted = watch(chooser, revision, fragments=not is_old)
                for side in sides:
                    before = len(side.streams[stream].answers())
                    side.streams[stream].create(**wanted)
                    answers = side.streams[stream].wait(
                        lambda all_of_them: any(a.created for a in all_of_them[before:]))
                created = [a for a in answers[before:] if a.created][0]
                if not created.canceled:
                    begun.append((stream, created.watch_id))
            revision, told = self.settle(sides)
            for stream, watch_id in begun:
                watches[stream].append(watch_id)
            self.forget_canceled(watches, told[0])
            for _ in range(chooser.randrange(1, 12)):
                method, request = write(chooser, revision)
                results = [side.call(method, request) for side in sides]
                self.assertEqual(results[0][0], results[1][0], f"{method} {request}")
                if results[0][1]:
                    replies = [getattr(rpc, method.replace("Compact", "Compaction") + "Response")
                               .FromString(result[1]) for result in results]
                    revision = replies[0].header.revision
                    self.assertEqual(revision, replies[1].header.revision)
            revision, told = self.settle(sides)
            self.forget_canceled(watches, told[0])
            for stream in range(3):
                theirs, ours = told[0][stream], told[1][stream]
                self.assertEqual(sorted(control(theirs)), sorted(control(ours)))
                for watch_id in {answer.watch_id for answer in theirs + ours}:
                    self.assertEqual([shown(event) for event in events(theirs, watch_id)],
                                     [shown(event) for event in events(ours, watch_id)],
                                     f"stream {stream}, watch {watch_id}")

    @unittest.skipUnless(shutil.which(DEBIAN), f"there is no {DEBIAN}")
    def test_beside_debians(self) -> None:
        for seed in (1, 2):
            with self.subTest(seed=seed):
                self.compare(DEBIAN, seed, ROUNDS, is_old=True)


@real_etcd.needed
class WatchBesideEtcd37Test(WatchBesideEtcdTest):
    def test_beside_debians(self) -> None:
        etcd = real_etcd.build()
        for seed in range(10, 13):
            with self.subTest(seed=seed):
                self.compare(etcd, seed, FULL_ROUNDS, is_old=False)


if __name__ == "__main__":
    unittest.main()
