#!/usr/bin/python3
"""etcd with failpoints, set as etcd's robustness suite sets them: wherever the process ends, it
starts again, and all that was acknowledged is there.

FAILPOINTS_PROGRAM in the environment is the program.
"""

import contextlib
import os
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

from cluster import Cluster, wait_until_ready
from member import Member, free_ports
from protocol import CLUSTER, KV, MAINTENANCE, Client, rpc

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FAILPOINTS_PROGRAM", str(ROOT / "build/dev/bin/etcd-failpoints"))
FLAGS = ("--snapshot-count", "20", "--snapshot-catchup-entries", "5",
         "--compaction-batch-limit", "10", "--max-wals", "1")
WAIT_SECONDS = 60
CATCH_UP_SECONDS = 5
PANIC_EXIT_CODE = 2
# What a member alone comes to, and what only one comes to that has others.
ALONE = ("raftBeforeSave raftAfterSave raftBeforeSaveSnap raftAfterSaveSnap raftAfterWALRelease "
         "beforeApplyOneConfChange commitBeforePreCommitHook commitAfterPreCommitHook "
         "beforeStartDBTxn afterStartDBTxn beforeWritebackBuf afterWritebackBuf beforeCommit "
         "afterCommit defragBeforeCopy defragBeforeRename compactBeforeCommitScheduledCompact "
         "compactAfterCommitScheduledCompact compactBeforeCommitBatch compactAfterCommitBatch "
         "compactBeforeSetFinishedCompact compactAfterSetFinishedCompact").split()
OF_A_LEADER, OF_A_FOLLOWER = "raftBeforeLeaderSend", "raftBeforeFollowerSend"
OF_WHO_IS_BEHIND = ["raftBeforeApplySnap", "applyBeforeOpenSnapshot", "raftAfterApplySnap"]
OF_WATCHES = ["beforeSyncWatchers", "beforeSendWatchResponse", "beforeProgressIfSync"]


class Failpoints:
    """Of one process, over HTTP."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    def ask(self, method: str, path: str = "", body: str | None = None) -> tuple[int, str]:
        request = urllib.request.Request(f"http://{self.address}/{path}",
                                         body.encode() if body is not None else None,
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def names(self) -> list[str]:
        return [line.split("=")[0] for line in self.ask("GET")[1].splitlines()]


class Work:
    """Writes, and has what is written kept, compacted and defragmented, until the member ends."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.client = Client(member.address)
        self.acknowledged: dict[bytes, bytes] = {}
        self.number = 0
        self.revision = 0
        self.learners = 0

    def do_until_it_ends(self) -> None:
        end = time.monotonic() + WAIT_SECONDS
        last = None
        while self.member.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"it goes on after {self.number} writes; at last: {last}")
            try:
                self.do_one()
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
                last = error
                # Another one: a channel whose server has ended often enough may not come back.
                self.client.close()
                self.client = Client(self.member.address)
                time.sleep(0.02)

    def do_one(self) -> None:
        number = self.number
        self.number += 1
        self.put(b"k%d" % (number % 50), b"%d" % number)
        if number % 20 == 19:
            self.client.call(KV, "Compact", rpc.CompactionRequest(revision=self.revision,
                                                                  physical=True),
                             rpc.CompactionResponse)
            self.client.call(MAINTENANCE, "Defragment", rpc.DefragmentRequest(),
                             rpc.DefragmentResponse)
        if number % 20 == 5:
            self.add_learner()

    def add_learner(self) -> None:
        """In the place of the one that is there."""
        members = self.client.call(CLUSTER, "MemberList", rpc.MemberListRequest(),
                                   rpc.MemberListResponse).members
        for member in members:
            if member.isLearner:
                self.client.call(CLUSTER, "MemberRemove", rpc.MemberRemoveRequest(ID=member.ID),
                                 rpc.MemberRemoveResponse)
        # An identifier follows from the URL and the second.
        self.learners += 1
        self.client.call(CLUSTER, "MemberAdd",
                         rpc.MemberAddRequest(peerURLs=[f"http://127.0.0.1:{self.learners}"],
                                              isLearner=True), rpc.MemberAddResponse)

    def put(self, key: bytes, value: bytes) -> None:
        self.revision = self.client.put(key, value).header.revision
        self.acknowledged[key] = value

    def missing(self) -> dict[bytes, bytes]:
        """What was acknowledged and is not there. The last write may have been done unanswered."""
        kept = {kv.key: kv.value for kv in self.client.range(key=b"k", range_end=b"l").kvs}
        return {key: value for key, value in self.acknowledged.items()
                if int(kept.get(key, b"-1")) < int(value)}


class FailpointsTest(unittest.TestCase):
    def serve(self) -> tuple[Member, Failpoints]:
        client, peer, port = free_ports(3)
        member = self.enterContext(Member(PROGRAM, *FLAGS, ports=(client, peer)))
        member.stop()
        member.prefix = ["env", f"GOFAIL_HTTP=127.0.0.1:{port}"]
        member.start()
        return member, Failpoints(port)

    def wait_for_panic(self, member: Member, name: str) -> None:
        self.assertEqual(member.process.wait(timeout=WAIT_SECONDS), PANIC_EXIT_CODE, name)
        self.assertIn(f"panic: failpoint panic: {name}", member.log_tail())

    def test_they_are_set_as_those_of_etcd(self) -> None:
        _, failpoints = self.serve()
        self.assertEqual(failpoints.names(), sorted(
            [OF_A_LEADER, OF_A_FOLLOWER] + ALONE + OF_WHO_IS_BEHIND + OF_WATCHES))
        self.assertEqual(failpoints.ask("PUT", "beforeCommit", "sleep(1)"), (204, ""))
        self.assertEqual(failpoints.ask("GET", "beforeCommit"), (200, "sleep(1)\n"))
        self.assertIn("beforeCommit=sleep(1)\n", failpoints.ask("GET")[1])
        self.assertEqual(failpoints.ask("DELETE", "beforeCommit"), (204, ""))
        self.assertEqual(failpoints.ask("PUT", "none", "panic")[0], 400)

    def test_nothing_is_lost_wherever_a_member_ends(self) -> None:
        member, failpoints = self.serve()
        work = Work(member)
        for name in ALONE:
            with self.subTest(name):
                self.assertEqual(failpoints.ask("PUT", name, "panic"), (204, ""))
                work.do_until_it_ends()
                self.wait_for_panic(member, name)
                member.start()
                self.assertEqual(work.missing(), {})

    def test_of_those_who_lead_and_follow(self) -> None:
        cluster = Cluster(PROGRAM, PROGRAM, PROGRAM, flags=FLAGS)
        ports = free_ports(9)[6:]
        for member, port in zip(cluster, ports):
            member.prefix = ["env", f"GOFAIL_HTTP=127.0.0.1:{port}"]
        with cluster:
            for name, chosen in ((OF_A_LEADER, cluster.leader),
                                 (OF_A_FOLLOWER, cluster.follower)):
                with self.subTest(name):
                    member = chosen()
                    failpoints = Failpoints(ports[cluster.members.index(member)])
                    self.assertEqual(failpoints.ask("PUT", name, "panic"), (204, ""))
                    self.wait_for_panic(member, name)
                    member.start()
                    self.all_have_the_same(cluster)

    def all_have_the_same(self, cluster: Cluster) -> None:
        client = Client(cluster[0].address)
        self.put_at_last(client, b"last", b"")
        revision = client.range(key=b"last").header.revision
        hashes = {Client(each.address).hash_kv(revision).hash for each in cluster}
        self.assertEqual(len(hashes), 1)

    def ends_again(self, cluster: Cluster, member: Member, names: list[str]) -> None:
        """Restarted with a failpoint that is set from the start on, while others write."""
        for name in names:
            with self.subTest(name):
                member.prefix = ["env", f"GOFAIL_FAILPOINTS={name}=panic"]
                self.get_behind_until_it_ends(cluster, member)
                self.wait_for_panic(member, name)
                member.prefix = []
                member.launch()
                wait_until_ready(member)
                self.all_have_the_same(cluster)

    def get_behind_until_it_ends(self, cluster: Cluster, member: Member) -> None:
        """More than once if need be: the others may have kept what it lacks in their logs."""
        client = Client(next(each.address for each in cluster if each is not member))
        end = time.monotonic() + WAIT_SECONDS
        while True:
            member.kill()
            for number in range(60):
                self.put_at_last(client, b"k%d" % number, b"%d" % number)
            member.launch()
            with contextlib.suppress(subprocess.TimeoutExpired):
                member.process.wait(timeout=CATCH_UP_SECONDS)
                return
            self.assertLess(time.monotonic(), end)

    def put_at_last(self, client: Client, key: bytes, value: bytes) -> None:
        """Also if there is no leader for a while."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                client.put(key, value, timeout_seconds=2)
                return
            except grpc.RpcError:
                self.assertLess(time.monotonic(), end)

    def test_a_snapshot_is_installed_or_not(self) -> None:
        with Cluster(PROGRAM, PROGRAM, PROGRAM, flags=FLAGS) as cluster:
            self.ends_again(cluster, cluster.follower(), OF_WHO_IS_BEHIND)

    def test_watches_are_held_up(self) -> None:
        member, failpoints = self.serve()
        client = Client(member.address)
        for name in OF_WATCHES:
            with self.subTest(name):
                self.assertEqual(failpoints.ask("PUT", name, "sleep(50)"), (204, ""))
                self.watch_is_told(client, name)
                self.assertGreater(int(failpoints.ask("GET", f"{name}/count")[1]), 0)

    def watch_is_told(self, client: Client, name: str) -> None:
        ask = [rpc.WatchRequest(create_request=rpc.WatchCreateRequest(key=name.encode())),
               rpc.WatchRequest(progress_request=rpc.WatchProgressRequest())]
        asked_for = threading.Event()

        def requests():
            yield ask[0]
            asked_for.wait(WAIT_SECONDS)
            yield ask[1]
            time.sleep(WAIT_SECONDS)

        watch = client.channel.stream_stream(
            "/etcdserverpb.Watch/Watch", rpc.WatchRequest.SerializeToString,
            rpc.WatchResponse.FromString)(requests(), timeout=WAIT_SECONDS)
        self.assertTrue(next(watch).created)
        client.put(name.encode(), b"v")
        self.assertEqual(next(watch).events[0].kv.value, b"v")
        asked_for.set()
        self.assertEqual(next(watch).watch_id, -1)
        watch.cancel()


if __name__ == "__main__":
    unittest.main(verbosity=2)
