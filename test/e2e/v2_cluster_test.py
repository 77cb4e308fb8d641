#!/usr/bin/python3
"""The v2 API of clusters of three: requests to any of the members, beside three members of Debian's
etcd 3.4.23; members that die, come back, and were away for longer than the log keeps; members that
do not serve it; members of etcd 3.7.

ETCD in the environment is the program, V2_CALLS how many requests are made, V2_SEED the seed.
"""

import json
import os
import random
import re
import time
import unittest
from itertools import product

import real_etcd
from cluster import Cluster, wait_until_ready
from cluster_case import JOINS, WAIT_SECONDS, ClusterCase
from member import Member, free_ports
from protocol import rpc
from random_v2 import RandomRequests
from v2_client import Answer, Ask, Connection
from v2_test import DEBIANS, ETCD, SEED, Pair, RequestsBesideEtcdTest

CLUSTER_CALLS = int(os.environ.get("V2_CALLS") or (20_000 if os.environ.get("E2E_FULL") else 300))
V2 = ("--enable-v2",)
# So that a member that was away for some hundred entries gets a snapshot.
SHORT_LOG = ("--snapshot-count", "100", "--snapshot-catchup-entries", "50")
WHOLE = Ask("GET", "/v2/keys/?recursive=true&sorted=true")


def ask(member: Member, request: Ask) -> Answer:
    connection = Connection(member.address)
    try:
        return connection.ask(request).read()
    finally:
        connection.close()


def index_of(member: Member) -> int:
    return int(ask(member, Ask("GET", "/v2/keys/")).headers["X-Etcd-Index"])


def without_ttl(body: bytes) -> bytes:
    return re.sub(rb'"ttl":-?\d+', b"", body)


class ClusterPair(Pair):
    """Two clusters; each request goes to a member by chance, the same of both."""

    def __init__(self, ours: Cluster, theirs: Cluster) -> None:
        self.clusters = [ours, theirs]
        self.random = random.Random(SEED)
        self.index = 0
        self.connect_to_all()

    def connect_to_all(self) -> None:
        self.of_members = [[self.connect(member.address) for member in cluster]
                           for cluster in self.clusters]
        self.choose()

    def choose(self) -> None:
        self.number = self.random.randrange(len(self.of_members[0]))
        self.addresses = [cluster[self.number].address for cluster in self.clusters]
        self.connections = [connections[self.number] for connections in self.of_members]
        for connection in self.connections:
            self.wait_for_index(connection)

    def wait_for_index(self, connection: Connection) -> None:
        """What its member answers by itself may be old."""
        end = time.monotonic() + WAIT_SECONDS
        while int(connection.ask(Ask("GET", "/v2/keys/")).read().headers["X-Etcd-Index"]) < self.index:
            assert time.monotonic() < end, f"a member stays behind {self.index}"
            time.sleep(0.001)

    def ask(self, request: Ask) -> list[Answer]:
        self.choose()
        answers = super().ask(request)
        for connections, connection in zip(self.of_members, self.connections):
            connections[self.number] = connection
        for cluster, answer in zip(self.clusters, answers):
            for number, member in enumerate(cluster):
                answer.body = answer.body.replace(member.address.encode(), b"MEMBER%d" % number)
            if request.target == "/v2/machines":
                answer.headers["Content-Length"] = str(len(answer.body))
        self.index = max(self.index, int(answers[1].headers.get("X-Etcd-Index", "0")))
        return answers

    def watch(self, request: Ask) -> list[Answer]:
        self.choose()
        return super().watch(request)

    def close(self) -> None:
        for connections in self.of_members:
            for connection in connections:
                connection.close()


class BesideEtcdTest(RequestsBesideEtcdTest):
    """The same as of one member."""

    def setUp(self) -> None:
        ours = self.enterContext(Cluster(ETCD, ETCD, ETCD, flags=V2))
        theirs = self.enterContext(Cluster(DEBIANS, DEBIANS, DEBIANS, flags=V2))
        # etcd's members tell their names when they have begun.
        self.pair = ClusterPair(ours, theirs)
        self.addCleanup(self.pair.close)
        self.assertEqual([index_of(member) for cluster in (ours, theirs) for member in cluster],
                         [7] * 6)

    def test_random_requests(self) -> None:
        requests = RandomRequests(SEED)
        done = 0
        for until in (CLUSTER_CALLS // 3, CLUSTER_CALLS * 2 // 3, CLUSTER_CALLS):
            if done > 0:
                self.lose_leaders()
            while done < until:
                done += self.run_round(requests)

    def may_be_left(self, ask: Ask, ours: int, theirs: int) -> bool:
        """A member of etcd that reads its log takes what is left then for what was left."""
        return super().may_be_left(ask, ours, theirs) or "waitIndex" in ask.target and \
            theirs <= ours

    def lose_leaders(self) -> None:
        """And a member of the same number, if others lead there."""
        self.pair.close()
        for cluster in self.pair.clusters:
            leader = cluster.leader()
            leader.kill()
            cluster.leader()
            leader.start()
            wait_until_ready(leader)
        # A start tells the member's name once more, which has an index.
        indexes = [index_of(cluster.leader()) for cluster in self.pair.clusters]
        self.assertEqual(*indexes)
        self.pair.index = indexes[0]
        self.pair.connect_to_all()

    # They are of one member: not asked again.
    test_statistics_count_the_same = None
    test_metrics_count_the_same = None
    test_members_and_statistics = None


class KilledMembersTest(ClusterCase):
    def setUp(self) -> None:
        self.cluster = self.enterContext(Cluster(ETCD, ETCD, ETCD, flags=V2 + SHORT_LOG))

    def fill(self, member: Member, first: int, last: int) -> None:
        connection = Connection(member.address)
        for number in range(first, last):
            target = f"/v2/keys/d{number % 5}/{number % 300}?value={number}"
            answer = connection.ask(Ask("PUT", target + "&ttl=10000" * (number % 2))).read()
            self.assertIn(answer.status, (200, 201), answer.body)
        connection.close()

    def check_equal(self) -> None:
        """Trees, indexes and histories."""
        index = index_of(self.cluster.leader())
        for member in self.cluster:
            self.wait_for("it is as far", lambda member=member: index_of(member) >= index)
        asks = [WHOLE] + [Ask("GET", f"/v2/keys/?wait=true&recursive=true&waitIndex={at}")
                          for at in (1, index - 1100, index - 900, index - 400, index - 20)
                          if 0 < at]
        for request in asks:
            answers = [ask(member, request) for member in self.cluster]
            self.assertEqual(len({without_ttl(answer.body) for answer in answers}), 1, request)
            self.assertEqual(len({answer.headers["X-Etcd-Index"] for answer in answers}), 1)

    def test_a_kill_loses_nothing(self) -> None:
        self.fill(self.cluster[0], 0, 300)
        for member in self.cluster:
            member.kill()
            self.fill(self.cluster.leader(), 300, 330)
            member.start()
            self.check_equal()
        for member in self.cluster:
            member.kill()
        self.cluster.start()
        self.check_equal()

    def test_who_was_away_for_long_gets_the_tree_by_a_snapshot(self) -> None:
        self.fill(self.cluster[0], 0, 1500)
        away = self.cluster.follower()
        index = index_of(away)
        away.kill()
        self.fill(self.cluster.leader(), 1500, 3000)
        away.start()
        self.check_equal()
        away.wait_for_log("applied snapshot")
        gone = ask(away, Ask("GET", f"/v2/keys/?wait=true&recursive=true&waitIndex={index}"))
        self.assertEqual((gone.status, json.loads(gone.body)["errorCode"]), (400, 401))

    def test_what_is_watched_while_a_snapshot_comes(self) -> None:
        """A stream ends if it has missed what the history has no more, and says no wrong thing."""
        self.fill(self.cluster[0], 0, 10)
        away = self.cluster.follower()
        connection = Connection(away.address)
        self.addCleanup(connection.close)
        stream = connection.ask(Ask("GET", "/v2/keys/?wait=true&stream=true&recursive=true"))
        away.process.send_signal(19)  # SIGSTOP
        self.fill(self.cluster.leader(), 10, 3000)
        away.process.send_signal(18)  # SIGCONT
        stream.read()  # to its end
        told = [json.loads(line)["node"]["modifiedIndex"] for line in stream.body.splitlines()]
        self.assertEqual(told, list(range(told[0], told[0] + len(told))) if told else [])
        self.check_equal()


class StatisticsTest(ClusterCase):
    """Beside three members of Debian's etcd: of the same form, and measured."""

    def statistics(self, member: Member, name: str) -> dict:
        answer = ask(member, Ask("GET", "/v2/stats/" + name))
        self.assertEqual(answer.status, 200, answer.body)
        return json.loads(answer.body)

    def put_many(self, member: Member) -> None:
        connection = Connection(member.address)
        for number in range(300):
            answer = connection.ask(Ask("PUT", f"/v2/keys/{number}?value=" + "x" * 100)).read()
            self.assertIn(answer.status, (200, 201), answer.body)
        connection.close()

    def check(self, cluster: Cluster) -> tuple[list[str], list[str], list[str]]:
        """The names of fields: of a follower, and of the leader and a follower themselves."""
        leader, follower = cluster.leader(), cluster.follower()
        self.put_many(leader)
        leads, follows = self.statistics(leader, "self"), self.statistics(follower, "self")
        followers = self.statistics(leader, "leader")["followers"]
        self.assertEqual(len(followers), 2)
        for times in followers.values():
            latency, counts = times["latency"], times["counts"]
            self.assertGreaterEqual(counts["success"], 300)
            self.assertLessEqual(latency["minimum"], latency["average"])
            self.assertLessEqual(latency["average"], latency["maximum"])
            self.assertLessEqual(latency["current"], latency["maximum"])
            self.assertGreater(latency["maximum"], 0)
            self.assertGreaterEqual(latency["standardDeviation"], 0)
        for statistics, direction in ((leads, "send"), (follows, "recv")):
            self.assertGreaterEqual(statistics[direction + "AppendRequestCnt"], 300)
            self.assertGreater(statistics[direction + "PkgRate"], 10)
            # More than their values.
            self.assertGreater(statistics[direction + "BandwidthRate"],
                               50 * statistics[direction + "PkgRate"])
        time.sleep(1.5)
        for member, direction in ((leader, "send"), (follower, "recv")):
            self.assertNotIn(direction + "PkgRate", self.statistics(member, "self"))
        refused = ask(follower, Ask("GET", "/v2/stats/leader"))
        self.assertEqual((refused.status, refused.body),
                         (403, b'{"message":"not current leader"}'))
        return list(times), list(leads), list(follows)

    def test_appends_are_measured_as_by_etcd(self) -> None:
        with Cluster(ETCD, ETCD, ETCD, flags=V2) as ours:
            fields = self.check(ours)
            follower, leader = ours.follower(), ours.leader()
            before = self.statistics(leader, "leader")["followers"]
            follower.kill()
            self.put_many(leader)
            follower.start()
            wait_until_ready(follower)
            after = self.statistics(leader, "leader")["followers"]
            self.assertEqual(sorted(before), sorted(after))
        with Cluster(DEBIANS, DEBIANS, DEBIANS, flags=V2) as theirs:
            self.assertEqual(fields, self.check(theirs))


class WhoServesTest(ClusterCase):
    def test_a_member_without_the_flag_has_the_tree_all_the_same(self) -> None:
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            silent = cluster[2]
            for member in (cluster[0], cluster[1]):
                member.stop()
                member.flags += V2
                member.start()
            self.assertEqual(ask(cluster[0], Ask("PUT", "/v2/keys/a?value=1")).status, 201)
            self.assertEqual(ask(silent, Ask("GET", "/v2/keys/a")).status, 404)
            index = index_of(cluster[0])
            silent.stop()
            silent.flags += V2
            silent.start()
            self.wait_for("it has the tree", lambda: index_of(silent) >= index)
            self.assertIn(b'"value":"1"', ask(silent, Ask("GET", "/v2/keys/a")).body)


@real_etcd.needed
class BesideMembersOfEtcdTest(ClusterCase):
    def test_the_first_request_is_refused_while_a_member_of_etcd_is_there(self) -> None:
        with Cluster(ETCD, ETCD, real_etcd.build()) as cluster:
            for member in (cluster[0], cluster[1]):
                member.stop()
                member.flags += V2
                member.start()
            for method, path in product(("GET", "PUT"), ("/v2/keys/a",)):
                answer = ask(cluster[0], Ask(method, path))
                self.assertEqual(answer.status, 500)
                said = json.loads(answer.body)
                self.assertEqual(said["errorCode"], 300)
                self.assertIn("not all members understand v2: ", said["cause"])

    def test_with_a_tree_a_member_of_etcd_does_not_get_in(self) -> None:
        with Member(ETCD, *V2) as member:
            self.assertEqual(ask(member, Ask("PUT", "/v2/keys/a?value=1")).status, 201)
            added = Member(real_etcd.build(), *JOINS, name="theirs", ports=tuple(free_ports(2)))
            self.addCleanup(added.__exit__)
            added.initial_cluster = f"{member.name}={member.peer_url},theirs={added.peer_url}"
            self.change(member, "MemberAdd", rpc.MemberAddRequest(peerURLs=[added.peer_url],
                                                                  isLearner=True),
                        rpc.MemberAddResponse)
            added.launch()
            time.sleep(5)
            self.assertFalse(added.is_healthy())
            self.assertEqual(ask(member, Ask("GET", "/v2/keys/a")).status, 200)


if __name__ == "__main__":
    unittest.main()
