#!/usr/bin/python3
"""Traffic as the apiservers of Kubernetes make it, to a member and to a cluster whose members are
killed. Each cache of an apiserver is what etcd lists at its revision; no event is lost, doubled or
out of order; each guarded update is atomic. Longer with E2E_FULL.

ETCD in the environment is the program.
"""

import contextlib
import os
import random
import time
import unittest
from pathlib import Path

from cluster import Cluster, wait_until_ready
from kubernetes import EVENTS, OBJECTS, WAIT_SECONDS, ApiServer, Journal, Store, end_of
from member import Member
from watch_stream import WatchStream

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
FULL = bool(os.environ.get("E2E_FULL"))
SERVERS = 2
COMPACTION_SECONDS = 1.5
# Of traffic, between two of the things that happen.
STEP_SECONDS = 5 if FULL else 2
ROUNDS = 6 if FULL else 1


class KubernetesTrafficTest(unittest.TestCase):
    def setUp(self) -> None:
        self.journal = Journal()
        self.stack = self.enterContext(contextlib.ExitStack())

    def start_servers(self, addresses: list[str]) -> list[ApiServer]:
        return [self.stack.enter_context(
            ApiServer(b"apiserver-%d" % number, addresses, number, self.journal, COMPACTION_SECONDS))
            for number in range(SERVERS)]

    def wait_for(self, what: str, happens) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not happens():
            self.assertEqual(self.journal.complaints[:3], [])
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def put_to_sleep(self, server: ApiServer) -> None:
        """Until what it knows is compacted: its caches begin anew."""
        relists = server.relists
        with server.asleep():
            revision = max(cache.revision for cache in server.caches)
            self.wait_for("a compaction", lambda: self.journal.compaction_done > revision + 1)
        self.wait_for("new lists", lambda: server.relists >= relists + len(server.caches))

    def check_watch_of_the_past(self, store: Store) -> None:
        done = self.journal.compaction_done
        stream = WatchStream(store.client())
        self.addCleanup(stream.close)
        stream.create(OBJECTS[0], end_of(OBJECTS[0]), start_revision=done - 1)
        created, canceled = stream.wait(lambda answers: len(answers) == 2)
        self.assertTrue(created.created and not created.canceled, created)
        self.assertTrue(canceled.canceled, canceled)
        self.assertGreaterEqual(canceled.compact_revision, done)
        self.assertEqual(canceled.cancel_reason, "")

    def finish(self, servers: list[ApiServer]) -> None:
        """All that was written is everywhere, and what had a lease goes."""
        for server in servers:
            server.stop_writing()
        store = servers[0].store()
        self.wait_for("the ends of the leases",
                      lambda: store.read(key=EVENTS, range_end=end_of(EVENTS), count_only=True).count == 0)
        for server in servers:
            for cache in server.caches:
                for streams in (False, True):
                    server.check_consistent_list(server.store(), cache, streams)
        self.assertEqual(servers[0].caches[-1].pairs, {})
        for server in servers:
            for cache in server.caches:
                cache.check_acknowledged()
            self.assertEqual(self.journal.complaints[:3], [])
            self.assertGreater(server.consistent_lists, 2 * len(server.caches))
        # What is compared above has happened.
        self.assertGreater(len(self.journal.acknowledged), 100)
        self.assertGreater(len(self.journal.deleted), 5)
        self.assertGreater(self.journal.refused, 5)
        self.assertGreater(self.journal.compaction_done, 0)

    def test_one_member(self) -> None:
        member = self.stack.enter_context(
            Member(ETCD, "--watch-progress-notify-interval", "500ms"))
        servers = self.start_servers([member.address])
        for number in range(ROUNDS):
            time.sleep(STEP_SECONDS)
            self.put_to_sleep(servers[number % SERVERS])
            self.check_watch_of_the_past(servers[0].store())
        self.finish(servers)

    def test_a_cluster_whose_members_are_killed(self) -> None:
        cluster = self.stack.enter_context(
            Cluster(ETCD, ETCD, ETCD, flags=("--watch-progress-notify-interval", "500ms")))
        servers = self.start_servers([member.address for member in cluster])
        chance = random.Random(1)
        for number in range(ROUNDS):
            time.sleep(STEP_SECONDS)
            victim = cluster.leader() if number % 2 == 0 else chance.choice(cluster.members)
            victim.kill()
            time.sleep(STEP_SECONDS)
            victim.launch()
            wait_until_ready(victim)
            self.put_to_sleep(servers[number % SERVERS])
        time.sleep(STEP_SECONDS)
        self.finish(servers)


if __name__ == "__main__":
    unittest.main()
