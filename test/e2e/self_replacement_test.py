#!/usr/bin/python3
"""A member that may have lost what it has promised is replaced by the others, with --replace-damaged.

Of three members one loses the end of its log, its log or its whole directory, or gets an older copy of
that, while clients write: it comes back under another identifier, as a voter, and nothing that was
acknowledged is lost. Without the flag it does not start, nor where nobody can replace it. ETCD and
ETCDUTL in the environment are the programs.
"""

import json
import os
import random
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable

import real_etcd
from cluster import Cluster, status, wait_until_ready
from cluster_case import JOINS, WAIT_SECONDS, ClusterCase
from member import Member
from protocol import CLUSTER, rpc
from refill_test import database, flip
from steady_load import SteadyLoad

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDUTL = os.environ.get("ETCDUTL", str(BINARIES / "etcdutl"))
FLAG = "--replace-damaged"
# The log has what the database has not yet, however slow the machine is.
DATABASE_WAITS = ("--backend-batch-interval", "1h", "--backend-batch-limit", "1000000")
KEYS = 50
# A refusal that may pass is waited for half a minute.
REFUSED_SECONDS = 60
REPLACED_SECONDS = 60
# For so long members must have been connected before one of them may be removed.
CONNECTED_SECONDS = 6


def segments(member: Member) -> list[Path]:
    return sorted((member.folder / "data/member/wal").glob("*.wal"))


def cut_log(member: Member) -> None:
    """The end of the log, and what lies behind it."""
    used = segments(member)[-1].read_bytes().rstrip(b"\0")
    os.truncate(segments(member)[-1], len(used) - 100)


def damage_log(member: Member) -> None:
    """A record that the database has not: the newest but for some."""
    data = bytearray(segments(member)[-1].read_bytes())
    at = len(bytes(data).rstrip(b"\0")) - 2000
    data[at] ^= 0xFF
    segments(member)[-1].write_bytes(data)


def lose_log(member: Member) -> None:
    shutil.rmtree(member.folder / "data/member/wal")


def lose_directory(member: Member) -> None:
    shutil.rmtree(member.folder / "data")


class SelfReplacementCase(ClusterCase):
    def put_back(self, cluster: Cluster) -> Member:
        """A follower that does not run and whose directory is as it was before what it acknowledged.

        Its leader, the same as before, knows that."""
        member = cluster.follower()
        older = member.folder / "older"
        member.kill()
        shutil.copytree(member.folder / "data", older)
        member.launch()
        wait_until_ready(member)
        self.put(cluster.leader(), "second")
        self.wait_for("it has all of that", lambda: self.client(member).range(
            key=b"key%02d" % (KEYS - 1), serializable=True).kvs[0].value.startswith(b"second"))
        member.kill()
        shutil.rmtree(member.folder / "data")
        older.rename(member.folder / "data")
        return member

    def note_of_loss(self, member: Member) -> Path:
        return member.folder / "data/member/forgotten"

    def cluster(self, *flags: str, size: int = 3) -> Cluster:
        cluster = self.enterContext(Cluster(*[ETCD] * size, flags=flags))
        self.put(cluster.leader(), "first")
        return cluster

    def cluster_and_lost(self, lose: Callable[[Member], None]) -> tuple[Cluster, Member, int]:
        """And a follower that does not run any more and has lost something, with its identifier."""
        cluster = self.cluster(FLAG)
        time.sleep(CONNECTED_SECONDS)
        member = cluster.follower()
        before = self.identifier(member)
        member.kill()
        lose(member)
        return cluster, member, before

    def put(self, member: Member, value: str) -> None:
        client = self.client(member)
        for number in range(KEYS):
            client.put(b"key%02d" % number, value.encode() + b"v" * 200)

    def identifier(self, member: Member) -> int:
        return int(status(member)["header"]["member_id"])

    def members(self, asked: Member) -> dict[int, bool]:
        """Whether each is a voter."""
        answer = self.client(asked).call(CLUSTER, "MemberList", rpc.MemberListRequest(),
                                         rpc.MemberListResponse)
        return {member.ID: not member.isLearner for member in answer.members}

    def wait_until_voter(self, member: Member) -> None:
        wait_until_ready(member)
        self.wait_for("it votes", lambda: not status(member).get("isLearner"), REPLACED_SECONDS)

    def ended(self, member: Member) -> str:
        """What the member says that does not start."""
        self.assertEqual(member.process.wait(timeout=REFUSED_SECONDS), 1)
        member.process = None
        return member.log_tail()

    def asides(self, member: Member) -> list[Path]:
        return sorted((member.folder / "data").glob("replaced-by-*"))

    def check_replaced(self, cluster: Cluster, member: Member, before: int) -> None:
        self.wait_until_voter(member)
        self.assertNotEqual(self.identifier(member), before)
        self.assertEqual(len(self.members(member)), len(cluster.members))
        self.assertTrue(all(self.members(member).values()))
        self.wait_for("its note goes", lambda: not (member.folder / "data/replacement").exists())
        # And it stays so, the flags that it had among it.
        now = self.identifier(member)
        member.kill()
        member.launch()
        wait_until_ready(member)
        self.assertEqual(self.identifier(member), now)


class SelfReplacementTest(SelfReplacementCase):
    def test_a_member_is_replaced_whatever_it_has_lost(self) -> None:
        cluster = self.cluster(FLAG, *DATABASE_WAITS)
        time.sleep(CONNECTED_SECONDS)
        for lose in (cut_log, damage_log, lose_log, lose_directory):
            with self.subTest(lose.__name__):
                member = cluster.follower()
                before = self.identifier(member)
                asides = len(self.asides(member))
                self.put(cluster.leader(), lose.__name__)
                member.kill()
                kept = segments(member)
                lose(member)
                member.launch()
                self.check_replaced(cluster, member, before)
                self.assertIn(b"v" * 200,
                              self.client(member).range(key=b"key00").kvs[0].value)
                if lose in (cut_log, damage_log):
                    self.assertEqual(len(self.asides(member)), asides + 1)
                    log = self.asides(member)[-1] / "wal" / kept[0].name
                    self.assertTrue(any((aside / "wal" / kept[0].name).exists()
                                        for aside in self.asides(member)), log)
                    self.assertTrue(member.wait_for_log("its files are kept"))

    def test_nothing_that_was_acknowledged_is_lost_under_writers(self) -> None:
        cluster = self.cluster(FLAG)
        time.sleep(CONNECTED_SECONDS)
        with SteadyLoad(cluster) as load:
            for lose in (cut_log, lose_directory):
                member = cluster.leader() if lose is cut_log else cluster.follower()
                before = self.identifier(member)
                with load.without(member):
                    member.kill()
                    lose(member)
                    member.launch()
                    self.check_replaced(cluster, member, before)
        self.assertGreater(len(load.acknowledged), 500)
        for member in cluster:
            pairs = self.client(member).range(key=b"load/", range_end=b"load0").kvs
            found = {pair.key: pair.value for pair in pairs}
            self.assertEqual({key: value for key, value in load.acknowledged.items()
                              if found.get(key) != value}, {})

    def test_it_does_not_matter_who_leads_and_ends_meanwhile(self) -> None:
        cluster, member, before = self.cluster_and_lost(lose_directory)
        member.launch()
        others = [one for one in cluster if one is not member]
        # As soon as its removal may have begun the leader ends, and the one after it.
        for one in others:
            self.wait_for("it asks", lambda: "asks the others to replace it" in member.log_tail()
                          or "has taken the place" in member.log_tail())
            leader = next((other for other in others if other.process is not None
                           and self.leads(other)), one)
            leader.kill()
            time.sleep(0.5)
            leader.launch()
            wait_until_ready(leader)
        if member.process.poll() is not None:  # it had waited long enough
            member.process = None
            member.launch()
        self.check_replaced(cluster, member, before)

    def leads(self, member: Member) -> bool:
        try:
            said = status(member)
        except (OSError, urllib.error.URLError, ValueError):
            return False
        return said["header"]["member_id"] == said.get("leader")

    def test_the_member_may_be_killed_at_any_moment(self) -> None:
        cluster, member, before = self.cluster_and_lost(cut_log)
        for milliseconds in range(20, 400, 40):
            member.launch()
            time.sleep(milliseconds / 1000)
            if member.process.poll() is not None:
                self.fail(member.log_tail())
            member.kill()
        member.launch()
        self.check_replaced(cluster, member, before)
        self.assertEqual(len(self.members(member)), 3)

    def test_without_the_flag_it_does_not_start(self) -> None:
        cluster = self.cluster()
        member = cluster.follower()
        before = self.members(cluster.leader())
        member.kill()
        cut_log(member)
        member.launch()
        self.assertIn("remove the member and add it again", self.ended(member))
        lose_directory(member)
        member.launch()
        self.assertIn("has already been bootstrapped", self.ended(member))
        self.assertEqual(self.members(cluster.leader()), before)
        self.assertEqual(self.asides(member), [])

    def test_a_directory_that_is_put_back_is_replaced_at_the_next_start(self) -> None:
        cluster = self.cluster(FLAG)
        time.sleep(CONNECTED_SECONDS)
        before = self.identifier(cluster.follower())
        member = self.put_back(cluster)
        member.launch()
        said = self.ended(member)
        self.assertIn("told to commit up to index", said)
        self.assertIn("its next start has it replaced", said)
        self.assertTrue(self.note_of_loss(member).exists())
        member.launch()
        self.check_replaced(cluster, member, before)
        self.assertFalse(self.note_of_loss(member).exists())
        self.assertTrue((self.asides(member)[0] / "forgotten").exists())
        self.assertTrue(self.client(member).range(key=b"key00").kvs[0].value.startswith(b"second"))

    def test_a_directory_that_is_put_back_never_votes_again(self) -> None:
        """Not even where who knows that it has forgotten something is gone."""
        cluster = self.cluster()
        identifier = self.identifier(cluster.follower())
        member = self.put_back(cluster)
        member.launch()
        said = self.ended(member)
        self.assertIn("told to commit up to index", said)
        self.assertIn("remove the member and add it again", said)
        leader = cluster.leader()
        leader.kill()
        for _ in range(2):
            member.launch()
            said = self.ended(member)
            self.assertIn(str(self.note_of_loss(member)), said)
            self.assertIn("remove the member and add it again", said)
        leader.launch()
        wait_until_ready(leader)
        # As it says.
        self.change(cluster.leader(), "MemberRemove", rpc.MemberRemoveRequest(ID=identifier),
                    rpc.MemberRemoveResponse)
        shutil.rmtree(member.folder / "data")
        self.join(member, *(one for one in cluster if one is not member))
        self.assertEqual(len(self.members(member)), 3)
        self.assertEqual(self.asides(member), [])

    def test_a_directory_that_is_put_back_may_go_on_alone(self) -> None:
        cluster = self.cluster()
        member = self.put_back(cluster)
        member.launch()
        self.ended(member)
        for other in cluster:
            if other is not member:
                other.kill()
        told = self.recovered(member)
        self.assertIn("has is less than it had acknowledged", told)
        self.assertIn("cannot be known", told)
        member.flags += ("--force-new-cluster",)
        member.launch()
        wait_until_ready(member)
        member.kill()
        self.assertFalse(self.note_of_loss(member).exists())
        member.flags = tuple(flag for flag in member.flags if flag != "--force-new-cluster")
        member.launch()
        wait_until_ready(member)
        self.assertTrue(self.client(member).range(key=b"key00").kvs[0].value.startswith(b"first"))

    def recovered(self, member: Member) -> str:
        """What etcdutl says of the directory from which it makes a new one."""
        made = subprocess.run(
            [ETCDUTL, "recover", "--command-timeout", "2s", "--data-dir", str(member.folder / "data"),
             "--output-dir", str(member.folder / "new"), "--name", "new",
             "--initial-cluster-token", "after", "--initial-cluster", "new=http://127.0.0.1:1",
             "--initial-advertise-peer-urls", "http://127.0.0.1:1"],
            check=True, capture_output=True, text=True, timeout=WAIT_SECONDS)
        self.assertTrue((member.folder / "new/member").exists())
        return made.stdout + made.stderr

    def test_a_member_alone_is_not_replaced(self) -> None:
        member = self.enterContext(Member(ETCD, FLAG))
        self.client(member).put(b"a", b"b")
        member.kill()
        flip(database(member), random.Random(1), 1000)
        member.launch()
        self.assertIn("nor is it replaced: no other member is known", self.ended(member))
        self.assertTrue(segments(member))
        self.assertEqual(self.asides(member), [])

    def test_two_of_three_are_not_replaced(self) -> None:
        cluster = self.cluster(FLAG)
        members = [cluster[0], cluster[1]]
        for member in members:
            member.kill()
            cut_log(member)
        for member in members:
            member.launch()
        for member in members:
            said = self.ended(member)
            self.assertIn("nor is it replaced", said)
            self.assertIn("etcdutl recover", said)
            self.assertEqual(self.asides(member), [])

    def test_who_was_removed_by_an_operator_stays_so(self) -> None:
        cluster, member, identifier = self.cluster_and_lost(cut_log)
        self.change(cluster.leader(), "MemberRemove", rpc.MemberRemoveRequest(ID=identifier),
                    rpc.MemberRemoveResponse)
        member.launch()
        self.assertIn("was removed from the cluster", self.ended(member))
        self.assertEqual(len(self.members(cluster.leader())), 2)

    def test_who_was_added_by_an_operator_and_has_not_run_joins(self) -> None:
        """With the flag as without."""
        cluster = self.cluster(FLAG)
        time.sleep(CONNECTED_SECONDS)
        member = cluster.follower()
        self.replace(cluster, member, ETCD)
        self.assertIn(JOINS[0], member.flags)
        self.assertEqual(self.asides(member), [])
        self.assertEqual(len(self.members(member)), 3)

    def ask(self, member: Member, body: bytes, method: str = "POST") -> tuple[int, str]:
        request = urllib.request.Request(member.peer_url + "/cornerstore/members/replace", body,
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_what_is_no_question_is_refused(self) -> None:
        cluster = self.cluster(FLAG)
        leader = cluster.leader()
        self.assertEqual(self.ask(leader, b"", "GET")[0], 405)
        for body in (b"", b"{}", b"[" * 10_000, b"\xff"):
            self.assertEqual(self.ask(leader, body)[0], 400, body)
        self.assertEqual(self.ask(leader, b" " * (1 << 20))[0], 413)
        question = {"cluster": "1", "member": "2", "successor": "3", "voter": True, "name": "x",
                    "peerURLs": ["http://127.0.0.1:1"]}
        said = self.ask(leader, json.dumps(question).encode())
        self.assertEqual(said, (412, "it is a member of another cluster\n"))
        said = self.ask(cluster.follower(), json.dumps(question).encode())
        self.assertEqual((said[0], said[1][:15]), (503, "not the leader,"))


@real_etcd.needed
class BesideEtcdTest(SelfReplacementCase):
    """Where an etcd leads, which does not know the question, and where it follows."""

    def test_an_etcd_replaces_nobody_and_follows_who_does(self) -> None:
        theirs = real_etcd.build()
        cluster = Cluster(ETCD, ETCD, theirs)
        self.addCleanup(cluster.__exit__)
        for member in cluster.members[:2]:
            member.flags += (FLAG,)
        cluster.start()
        self.put(cluster.leader(), "first")
        self.lead(cluster, cluster[2])
        time.sleep(CONNECTED_SECONDS)
        lost = cluster[0]
        before = self.identifier(lost)
        lost.kill()
        cut_log(lost)
        lost.launch()
        said = self.ended(lost)
        self.assertIn("it cannot replace members, as those of etcd", said)
        self.assertIn("not the leader, which is", said)
        self.assertEqual(self.asides(lost), [])
        self.lead(cluster, cluster[1])
        lost.launch()
        self.check_replaced(cluster, lost, before)
        self.wait_for("etcd knows it, too",
                      lambda: self.members(cluster[2]) == self.members(cluster[1]))


if __name__ == "__main__":
    unittest.main()
