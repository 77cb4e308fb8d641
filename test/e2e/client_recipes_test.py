#!/usr/bin/python3
"""Semaphores, queues, transactions that are run again and double barriers of the client library:
processes that use them, some of which are killed, or their members are.
"""

import unittest
from collections import Counter

from cluster import Cluster
from member import Member
from recipes_case import BARRIER, ETCD, QUEUE, SEMAPHORE, STM, RecipesCase

FOR_EVER = "600000"


class ClientRecipesTest(RecipesCase):
    def setUp(self) -> None:
        self.endpoints = self.enterContext(Member(ETCD)).address

    def test_a_semaphore_of_three_is_never_held_by_four(self) -> None:
        killed = [self.start(SEMAPHORE, "s", "3", f"killed-{i}", "1", FOR_EVER) for i in range(3)]
        self.wait_for("they hold it", lambda: len(self.keys("s/holders/")) == 3)
        # Whatever these say of the limit.
        others = [self.start(SEMAPHORE, "s", "8", f"other-{i}", "6", "20") for i in range(5)]
        self.wait_for("they wait", lambda: len(self.keys("s/waiters/")) == 5)
        for process in killed:
            process.kill()
        for process in others:
            said = self.lines_of(process)
            self.assertEqual([line.split()[0] for line in said], ["in", "out"] * 6)
        self.assertEqual(self.most_at_once("s/", of="s/holders/"), 3)
        self.assertEqual(self.keys("s/"), ["s/limit"])

    def test_a_queue_hands_out_each_element_at_most_once_while_consumers_are_killed(self) -> None:
        values = [str(i) for i in range(700)]
        self.lines_of(self.start(QUEUE, "q", "put", *values[:600]))
        consumers = [self.start(QUEUE, "q", "take", FOR_EVER) for _ in range(3)]
        producer = self.start(QUEUE, "q", "put", *values[600:])
        for i in range(6):
            left = 500 - 80 * i
            self.wait_for("some are taken", lambda left=left: len(self.keys("q/")) <= left)
            consumers[i].kill()
            consumers.append(self.start(QUEUE, "q", "take", FOR_EVER))
        self.lines_of(producer)
        self.wait_for("all are taken", lambda: not self.keys("q/"))
        taken: Counter = Counter()
        for consumer in consumers:
            consumer.kill()
            taken.update(consumer.communicate()[0].splitlines())
        self.assertLessEqual(set(taken), set(values))
        self.assertEqual(set(taken.values()), {1})
        # What one has taken and not printed is lost with it.
        self.assertGreaterEqual(len(taken), len(values) - len(consumers))

    def test_transfers_keep_what_there_is_altogether_while_some_are_killed(self) -> None:
        killed = [self.start(STM, "a/", "3", FOR_EVER, str(seed)) for seed in range(2)]
        others = [self.start(STM, "a/", "3", "40", str(seed)) for seed in range(2, 6)]

        def balances() -> list[int]:
            """At one revision."""
            return [int(value) for value in
                    self.etcdctl("get", "a/", "--prefix", "--print-value-only")]

        self.wait_for("all are used", lambda: len(balances()) == 3)
        for process in [*killed, None]:
            self.assertEqual(sum(balances()), 300)
            if process is not None:
                process.kill()
        for process in others:
            self.assertEqual(len(self.lines_of(process)), 40)
        self.assertEqual(sum(balances()), 300)
        self.assertGreaterEqual(min(balances()), 0)
        self.assertEqual(len(balances()), 3)

    def test_a_double_barrier_lets_nobody_in_early(self) -> None:
        def waiters() -> list[str]:
            return self.keys("b/waiters/")

        killed = self.start(BARRIER, "b", "3", "1")
        self.wait_for("it waits", lambda: len(waiters()) == 1)
        late = self.start(BARRIER, "b", "3", "4")
        self.wait_for("both wait", lambda: len(waiters()) == 2)
        killed.kill()
        self.wait_for("it is there no longer", lambda: len(waiters()) == 1)
        self.assertIsNone(late.poll())
        processes = [late, *(self.start(BARRIER, "b", "3", "4") for _ in range(2))]
        for process in processes:
            self.assertEqual(self.lines_of(process), [f"round {i} with 3" for i in range(1, 5)])
        there: set[str] = set()
        opened = 0
        for revision in self.history("b/"):
            for key, is_put in revision:
                if key.startswith("b/waiters/"):
                    there = there | {key} if is_put else there - {key}
                elif key == "b/ready" and is_put:
                    self.assertEqual(len(there), 3)
                    opened += 1
        self.assertEqual(opened, 4)
        self.assertEqual(self.keys("b/"), [])


class ClientRecipesInAClusterTest(RecipesCase):
    def test_a_semaphore_of_two_while_members_are_killed_in_turn(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        self.endpoints = cluster.endpoints
        processes = [self.start(SEMAPHORE, "s", "2", f"one-{i}", "40", "50") for i in range(5)]

        def last() -> list[str]:
            """What was done last, and how often it was."""
            return self.etcdctl("get", "s-restarted", "-w=fields")

        for member in cluster:
            before = last()
            self.wait_for("one has restarted", lambda before=before: last() != before)
            member.kill()
            self.endpoints = ",".join(other.address for other in cluster if other is not member)
            before = last()
            self.wait_for("one has restarted since", lambda before=before: last() != before)
            member.start()
        self.endpoints = cluster.endpoints
        for process in processes:
            said = self.lines_of(process)
            self.assertEqual(said.count("out"), 40)
        self.assertEqual(self.most_at_once("s/", of="s/holders/"), 2)


if __name__ == "__main__":
    unittest.main()
