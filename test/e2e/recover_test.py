#!/usr/bin/python3
"""etcdutl recover: of a cluster that has lost its quorum for good a new one is made, with all that
the most advanced of those that are left has; what must not be done is refused.

ETCD, ETCDCTL and ETCDUTL in the environment are the programs.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

import grpc
import real_etcd

from cluster import Cluster, status
from cluster_case import ClusterCase
from member import Member, scratch_folder
from protocol import KV, LEASE, Client, rpc

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
ETCDUTL = os.environ.get("ETCDUTL", str(BINARIES / "etcdutl"))
DEBIANS_ETCD = "/usr/bin/etcd"
LEASE_ID = 77


class Writer:
    """Puts keys one after the other, on whoever answers, and keeps which were acknowledged."""

    def __init__(self, members: list[Member]) -> None:
        self.acknowledged: list[bytes] = []
        self._clients = [Client(member.address) for member in members]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            client = self._clients[number % len(self._clients)]
            key = b"w%06d" % number
            number += 1
            try:
                client.put(key, key * 20, timeout_seconds=1)
            except grpc.RpcError:
                continue
            self.acknowledged.append(key)

    def wait_for_more(self, count: int) -> None:
        goal = len(self.acknowledged) + count
        end = time.monotonic() + 60
        while len(self.acknowledged) < goal:
            if time.monotonic() > end:
                raise AssertionError("nothing is acknowledged any more")
            time.sleep(0.01)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        for client in self._clients:
            client.close()


class RecoverCase(ClusterCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder], check=True)

    def run_tool(self, *words: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDUTL, "recover", "--command-timeout", "2s", *map(str, words)],
                              capture_output=True, text=True, timeout=120)

    def recover(self, *words: str | Path) -> str:
        done = self.run_tool(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def report(self, *words: str | Path) -> dict:
        return json.loads(self.recover(*words, "-w", "json"))

    def error(self, *words: str | Path) -> str:
        """The last line of what it says; it ends with 1."""
        done = self.run_tool(*words)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr.splitlines()[-1]

    def cluster(self, *programs: Path | str) -> Cluster:
        cluster = Cluster(*programs)
        self.addCleanup(cluster.__exit__)
        cluster.start()
        return cluster

    def heir(self, *from_directories: Path, flags: tuple[str, ...] = ()) -> Member:
        """A member of a new cluster that has been made of one of them, not started."""
        member = Member(ETCD, name="heir")
        self.addCleanup(member.__exit__)
        directories = [word for each in from_directories for word in ("--data-dir", each)]
        self.recover(*directories, "--output-dir", member.folder / "data", "--name", member.name,
                     "--initial-cluster", f"{member.name}={member.peer_url}",
                     "--initial-advertise-peer-urls", member.peer_url, *flags)
        return member

    def keys(self, member: Member) -> dict[bytes, bytes]:
        answer = self.client(member).range(key=b"\0", range_end=b"\0")
        return {kv.key: kv.value for kv in answer.kvs}

    @staticmethod
    def data(member: Member) -> Path:
        return member.folder / "data"

    @staticmethod
    def contents(folder: Path) -> dict[str, str]:
        """Of all files but what LMDB notes of its readers."""
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(folder.rglob("*"))
                if path.is_file() and not path.name.endswith("-lock")}

    def end(self, *members: Member) -> None:
        for member in members:
            member.kill()

    def go_on_from_etcd(self, program: str | Path) -> None:
        cluster = self.cluster(program, program, program)
        leader = cluster.leader()
        left, first = (member for member in cluster if member is not leader)
        client = self.client(leader)
        expected = {b"k%d" % number: b"%d" % number for number in range(100)}
        for key, value in expected.items():
            client.put(key, value)
        first.kill()
        client.put(b"last", b"acknowledged")
        self.assertIn("timeout: etcd runs on ", self.error("--data-dir", self.data(left),
                                                            "--timeout", "100ms"))
        self.end(leader, left)
        before = self.contents(self.data(left))
        report = self.report("--data-dir", self.data(left), "--data-dir", self.data(first))
        self.assertEqual(report["mostAdvanced"], str(self.data(left)))
        self.assertEqual([each["of"] for each in report["survivors"]], ["etcd", "etcd"])
        self.assertEqual([each["damage"] for each in report["survivors"]], ["none", "none"])
        self.assertEqual(len(report["survivors"][0]["members"]), 3)
        heir = self.heir(self.data(first), self.data(left))
        self.assertEqual(self.contents(self.data(left)), before)
        heir.start()
        self.assertEqual(self.keys(heir), expected | {b"last": b"acknowledged"})


class RecoverTest(RecoverCase):
    def lose_two(self) -> tuple[Cluster, Member, list[bytes]]:
        """Of three under writes; what was acknowledged is in the log of the one that is left."""
        cluster = self.cluster(ETCD, ETCD, ETCD)
        leader = cluster.leader()
        left, first = (member for member in cluster if member is not leader)
        writer = Writer([leader, left])
        self.addCleanup(writer.stop)
        writer.wait_for_more(200)
        first.kill()
        writer.wait_for_more(100)  # now it takes the one that will be left
        leader.kill()
        writer.stop()
        return cluster, left, writer.acknowledged

    def test_of_the_last_of_three_grows_a_cluster_that_has_all_that_was_acknowledged(self) -> None:
        cluster, left, acknowledged = self.lose_two()
        self.assertIn("a member runs on", self.error("--data-dir", self.data(left),
                                                     "--timeout", "100ms"))
        old = status(left)["header"]["cluster_id"]
        left.kill()
        before = self.contents(self.data(left))
        report = self.report("--data-dir", self.data(left))
        self.assertEqual(report["mostAdvanced"], str(self.data(left)))
        self.assertEqual((report["quorum"], report["survivors"][0]["damage"]), (False, "none"))
        self.assertEqual(len(report["endpoints"]), 3)
        self.assertIn("2 of 3 voters are not here. They are a majority, which may have answered "
                      "entries that nobody here has: whether there are any cannot be known.",
                      report["findings"])
        heir = self.heir(self.data(left))
        self.assertEqual(self.contents(self.data(left)), before)
        heir.start()
        keys = self.keys(heir)
        for key in acknowledged:
            self.assertEqual(keys[key], key * 20)
        self.assertNotEqual(status(heir)["header"]["cluster_id"], old)
        members = [heir]
        for name in ("n1", "n2"):
            member = Member(ETCD, name=name)
            self.addCleanup(member.__exit__)
            member.initial_cluster = ",".join(f"{each.name}={each.peer_url}"
                                              for each in [*members, member])
            self.join(member, *members)
            members.append(member)
        self.client(members[1]).put(b"new", b"write")
        for member in members:
            self.wait_for("it has all", lambda member=member:
                          self.keys(member) == keys | {b"new": b"write"})

    def test_each_member_of_the_new_cluster_may_be_made_of_the_same_directory(self) -> None:
        _, left, acknowledged = self.lose_two()
        left.kill()
        heirs = Cluster(ETCD, ETCD, ETCD)
        self.addCleanup(heirs.__exit__)
        for member in heirs:
            self.recover("--data-dir", self.data(left), "--output-dir", self.data(member),
                         "--name", member.name, "--initial-cluster", member.initial_cluster,
                         "--initial-cluster-token", "recovered",
                         "--initial-advertise-peer-urls", member.peer_url)
        heirs.start()
        hashes = {self.client(member).hash_kv(0).hash for member in heirs}
        self.assertEqual(len(hashes), 1)
        self.assertTrue(set(acknowledged) <= set(self.keys(heirs[0])))

    def test_of_two_of_five_the_more_advanced_is_chosen(self) -> None:
        cluster = self.cluster(*[ETCD] * 5)
        leader = cluster.leader()
        behind, ahead, *lost = (member for member in cluster if member is not leader)
        self.client(leader).put(b"early", b"1")
        self.wait_for("it has it", lambda: b"early" in self.keys(behind))
        behind.stop()
        writer = Writer([leader])
        writer.wait_for_more(50)
        lost[0].kill()  # from now on each of the three takes what is acknowledged
        writer.wait_for_more(50)
        self.end(lost[1], leader)
        writer.stop()
        ahead.kill()
        directories = [self.data(behind), self.data(ahead)]
        for ordered in (directories, directories[::-1]):
            report = self.report("--data-dir", ordered[0], "--data-dir", ordered[1])
            self.assertEqual(report["mostAdvanced"], str(self.data(ahead)))
            named = ",".join(map(str, ordered))
            self.assertEqual(self.report("--data-dir", named)["mostAdvanced"],
                             str(self.data(ahead)))
            hashes = {each["hash"] for each in report["survivors"]}
            self.assertEqual(len(hashes), 1)
            self.assertIsNotNone(hashes.pop())
            behinds = next(each for each in report["survivors"]
                           if each["directory"] == str(self.data(behind)))
            self.assertIn(f"{behinds['name']} ({behinds['memberID']}) in {self.data(behind)} "
                          "has no entry that it lacks.", report["findings"])
        heir = self.heir(*directories)
        heir.start()
        self.assertTrue(set(writer.acknowledged) | {b"early"} <= set(self.keys(heir)))

    def ctl(self, member: Member, *words: str) -> str:
        done = subprocess.run([ETCDCTL, "--endpoints", member.address, "--user", "root:secret",
                               "--dial-timeout", "30s", "--command-timeout", "30s", *words],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_leases_users_and_revisions_are_kept(self) -> None:
        cluster = self.cluster(ETCD, ETCD, ETCD)
        member = cluster.leader()
        client = self.client(member)
        client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=LEASE_ID, TTL=1000),
                    rpc.LeaseGrantResponse)
        client.call(KV, "Put", rpc.PutRequest(key=b"leased", lease=LEASE_ID), rpc.PutResponse)
        revision = client.put(b"last", b"1").header.revision
        for words in ("user add root:secret", "user grant-role root root", "auth enable"):
            subprocess.run([ETCDCTL, "--endpoints", member.address, *words.split()], check=True,
                           capture_output=True, timeout=60)
        self.end(*cluster)
        heir = self.heir(self.data(member))
        heir.start()
        self.assertIn("leased", self.ctl(heir, "lease", "timetolive", f"{LEASE_ID:x}", "--keys"))
        answer = json.loads(self.ctl(heir, "get", "last", "-w", "json"))
        self.assertEqual(answer["header"]["revision"], revision)
        # The heir is at the place of an old member, and answers nobody whom it does not know.
        bump = ("--bump-revision", "1000", "--mark-compacted")
        place = self.folder / "place"
        self.assertIn("etcdserver: user name is empty; stop it, give what TLS or authentication "
                      "need, or name it in --endpoints-of-others",
                      self.error("--data-dir", self.data(member), "--output-dir", place, *bump,
                                 "--endpoints", heir.url))
        self.assertFalse(place.exists())
        bumped = self.heir(self.data(member), flags=(*bump, "--endpoints", heir.url, "--user",
                                                     "root:secret"))
        bumped.start()
        answer = json.loads(self.ctl(bumped, "get", "last", "-w", "json"))
        self.assertEqual(answer["header"]["revision"], revision + 1000)

    def test_while_a_quorum_answers_nothing_is_made(self) -> None:
        cluster = self.cluster(ETCD, ETCD, ETCD)
        stopped = cluster.follower()
        stopped.stop()
        stopped.process = None
        place = self.folder / "place"
        report = self.report("--data-dir", self.data(stopped))
        self.assertTrue(report["quorum"])
        self.assertIn("A quorum is alive: ", report["findings"][-1])
        self.assertRegex(self.error("--data-dir", self.data(stopped), "--output-dir", place),
                         "^Error: a quorum of the cluster is alive: member .* leads; replace the "
                         "members that are lost, by etcdctl member remove and add$")
        self.assertFalse(place.exists())
        # One of those that are left runs without a leader: that is told, and is no quorum.
        lone = next(member for member in cluster if member.process is not None)
        for member in cluster:
            if member is not lone and member.process is not None:
                member.kill()
        self.wait_for("it has lost its leader", lambda: not int(status(lone).get("leader", 0)))
        report = self.report("--data-dir", self.data(stopped))
        self.assertFalse(report["quorum"])
        self.assertTrue([line for line in report["findings"]
                         if f"runs at {lone.url}, without a leader" in line], report["findings"])

    def test_who_cannot_be_asked_may_be_a_quorum(self) -> None:
        _, left, _ = self.lose_two()
        left.kill()
        place = self.folder / "place"
        words = ("--data-dir", self.data(left), "--output-dir", place)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}"
            self.assertIn(f"Error: something is at {url} that could not be asked whether a quorum "
                          "is alive", self.error(*words, "--endpoints", url))
            self.assertFalse(place.exists())
            self.recover(*words, "--endpoints", url, "--endpoints-of-others", url)
        self.assertTrue(place.exists())

    def test_damage_is_told_and_not_gone_on_from(self) -> None:
        cluster = self.cluster(ETCD, ETCD, ETCD)
        for number in range(50):
            self.client(cluster[0]).put(b"k%d" % number, b"v" * 1000)
        self.end(*cluster)
        broken, whole = self.folder / "broken", self.folder / "whole"
        shutil.copytree(self.data(cluster[0]), broken)
        shutil.copytree(self.data(cluster[1]), whole)
        database = broken / "member/snap/db.mdb"
        contents = bytearray(database.read_bytes())
        contents[8192:] = b"\xee" * (len(contents) - 8192)
        database.write_bytes(contents)
        report = self.report("--data-dir", broken, "--data-dir", whole)
        self.assertEqual(report["survivors"][0]["damage"], "log+database"
                         if report["survivors"][0]["logDamage"] else "database")
        self.assertEqual(report["mostAdvanced"], str(whole))
        self.assertIn(f"{broken} is damaged: {report['survivors'][0]['databaseDamage']}",
                      report["findings"])
        place = self.folder / "place"
        self.assertEqual(self.error("--data-dir", broken, "--output-dir", place),
                         "Error: none of the directories can be gone on from; restore a snapshot")
        self.assertFalse(place.exists())

        log = next((whole / "member/wal").glob("*.wal"))
        with log.open("r+b") as file:
            file.seek(4000)
            file.write(b"\xee" * 64)
        with database.open("r+b") as file:
            file.truncate(0)
        report = self.report("--data-dir", whole)
        damage = report["survivors"][0]
        self.assertIn(str(log), damage["logDamage"] + damage["mendedDamage"])

    def test_what_cannot_be_is_refused_and_leaves_nothing(self) -> None:
        _, left, _ = self.lose_two()
        left.kill()
        data = self.data(left)
        place = self.folder / "place"
        place.mkdir()
        (place / "mine").touch()
        self.assertEqual(self.error("--data-dir", data, "--output-dir", place),
                         f'Error: data-dir "{place}" not empty or could not be read')
        self.assertEqual([file.name for file in place.iterdir()], ["mine"])
        self.assertEqual(self.run_tool("--data-dir", data, "--output-dir", place).stdout, "",
                         "before anybody is asked")
        other = self.folder / "other"
        log = self.folder / "log"
        log.mkdir()
        self.assertEqual(self.error("--data-dir", data, "--output-dir", other,
                                    "--output-wal-dir", log), f'Error: wal-dir "{log}" exists')
        self.assertEqual(self.error("--data-dir", data, "--data-dir", f"{data}/"),
                         f"Error: {data}/ is named twice")
        copy = self.folder / "copy"
        shutil.copytree(data, copy)
        self.assertIn(" are of the same member, ", self.error("--data-dir", data,
                                                              "--data-dir", copy))
        alone = Member(ETCD)
        self.addCleanup(alone.__exit__)
        alone.start()
        alone.kill()
        self.assertRegex(self.error("--data-dir", data, "--data-dir", self.data(alone)),
                         "is of cluster [0-9a-f]+, but .* is of cluster")
        self.assertEqual(self.error("--data-dir", self.folder / "nowhere"),
                         f"Error: stat {self.folder}/nowhere/member: no such file or directory")
        # The same members with the same token would be the same cluster.
        self.assertRegex(
            self.error("--data-dir", self.data(alone), "--output-dir", other, "--name", alone.name,
                       "--initial-cluster", f"{alone.name}={alone.peer_url}",
                       "--initial-advertise-peer-urls", alone.peer_url),
            "the new cluster would have the id of the old one, .*; give another "
            "--initial-cluster-token$")
        self.assertFalse(other.exists())
        done = self.run_tool("--data-dir", data, "--output-dir", other, "--bump-revision", "1")
        self.assertEqual((done.returncode, done.stderr.splitlines()[-1]),
                         (128, "Error: --mark-compacted required if --revision-bump > 0"))
        done = self.run_tool("--data-dir", data, "-w", "protobuf")
        self.assertEqual(done.returncode, 4)

    def kill_in_the_middle(self, place: Path, *words: str | Path) -> None:
        """Tries it until it was neither too early nor too late."""
        for _ in range(100):
            tool = subprocess.Popen([ETCDUTL, "recover", *map(str, words)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while tool.poll() is None and not (place / "restoring").exists():
                pass
            tool.kill()
            tool.wait(timeout=60)
            if (place / "restoring").exists() and not (place / "member").exists():
                return
            shutil.rmtree(place, ignore_errors=True)
        self.fail("it was never killed in the middle")

    def test_a_kill_leaves_nothing_that_a_member_starts_on(self) -> None:
        member = Member(ETCD)
        self.addCleanup(member.__exit__)
        member.start()
        client = self.client(member)
        for number in range(400):
            client.put(b"k%d" % number, b"v" * 20_000)
        member.kill()
        heir = Member(ETCD, name="heir")
        self.addCleanup(heir.__exit__)
        words = ["--data-dir", self.data(member), "--output-dir", self.data(heir), "--name",
                 heir.name, "--initial-cluster", f"{heir.name}={heir.peer_url}",
                 "--initial-cluster-token", "recovered", "--initial-advertise-peer-urls",
                 heir.peer_url]
        self.kill_in_the_middle(self.data(heir), *words)
        with self.assertRaises(RuntimeError):
            heir.start()
        heir.process = None
        heir.wait_for_log("a restore, or etcdutl recover, was cut off here")
        self.assertIn("not empty or could not be read", self.error(*words))
        shutil.rmtree(self.data(heir))
        self.recover(*words)
        heir.start()
        self.assertEqual(len(self.keys(heir)), 400)

    def test_a_directory_of_debians_etcd_is_gone_on_from(self) -> None:
        if not Path(DEBIANS_ETCD).exists():
            self.skipTest("there is no /usr/bin/etcd")
        self.go_on_from_etcd(DEBIANS_ETCD)


@real_etcd.needed
class RecoverOfEtcdTest(RecoverCase):
    """The same of what etcds of 3.6 and 3.7 leave."""

    def test_directories_of_etcd_are_gone_on_from(self) -> None:
        for release in ("3.6", "3.7"):
            with self.subTest(release):
                self.go_on_from_etcd(real_etcd.build(release=release))


if __name__ == "__main__":
    unittest.main()
