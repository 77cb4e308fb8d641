#!/usr/bin/python3
"""examples/client/scheduler.cc: agents that take work under a lease, some of which are killed, or
stand still for longer than their lease lasts.
"""

import os
import signal
import subprocess
import unittest
from pathlib import Path

from cluster import Cluster
from member import Member
from recipes_case import ETCD, ETCDCTL, TIMEOUT_SECONDS, RecipesCase

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
SCHEDULER = os.environ.get("SCHEDULER", str(BINARIES / "example_client_scheduler"))
WORK = [f"w{i}" for i in range(6)]
EACH = 4  # of the work an agent does at most


class SchedulerCase(RecipesCase):
    def agent(self, name: str) -> subprocess.Popen:
        return self.start(SCHEDULER, "s", name, str(EACH))

    def want(self, *work: str) -> None:
        for one in work:
            # A write whose leader is killed may be lost; this one may be made twice.
            put = [ETCDCTL, "--endpoints", self.endpoints, "put", f"s/desired/{one}", ""]
            self.wait_for("it is put", lambda put=put: subprocess.run(
                put, capture_output=True, timeout=TIMEOUT_SECONDS).returncode == 0)

    def claims(self) -> dict[str, str]:
        """The agents, by work."""
        words = self.etcdctl("get", "s/claims/", "--prefix")
        return {key.removeprefix("s/claims/"): agent
                for key, agent in zip(words[::2], words[1::2])}

    def wait_until_done_by(self, work: list[str], agents: set[str]) -> None:
        self.wait_for(f"{work} is done by {agents}", lambda: sorted(self.claims()) == work
                      and set(self.claims().values()) <= agents)

    def running(self, process: subprocess.Popen) -> set[str]:
        """According to what it has said until it is killed."""
        process.kill()
        running: set[str] = set()
        for line in process.communicate()[0].splitlines():
            what, work = line.split()
            self.assertEqual(work in running, what == "stop", f"{line} twice")
            running = running | {work} if what == "start" else running - {work}
        return running


class SchedulerTest(SchedulerCase):
    def setUp(self) -> None:
        self.endpoints = self.enterContext(Member(ETCD)).address

    def test_what_is_desired_no_more_is_let_go(self) -> None:
        agent = self.agent("a")
        self.want("x", "y")
        self.wait_until_done_by(["x", "y"], {"a"})
        self.etcdctl("del", "s/desired/x")
        self.wait_until_done_by(["y"], {"a"})
        self.assertEqual(self.keys("s/"), ["s/claims/y", "s/desired/y", "s/status/y"])
        self.assertEqual(self.running(agent), {"y"})

    def test_the_work_of_who_is_killed_moves(self) -> None:
        self.want(*WORK)
        agents = {name: self.agent(name) for name in ("a", "b")}
        self.wait_until_done_by(WORK, set(agents))
        agents["c"] = self.agent("c")
        agents.pop("a").kill()
        self.wait_until_done_by(WORK, set(agents))
        done = self.claims()
        for name, process in agents.items():
            running = self.running(process)
            self.assertEqual(running, {work for work, agent in done.items() if agent == name})
            self.assertLessEqual(len(running), EACH)

    def test_who_stood_still_stops_what_others_have_taken(self) -> None:
        self.want("x")
        still = self.agent("a")
        self.wait_until_done_by(["x"], {"a"})
        other = self.agent("b")
        still.send_signal(signal.SIGSTOP)
        self.wait_until_done_by(["x"], {"b"})
        still.send_signal(signal.SIGCONT)
        self.assertEqual([still.stdout.readline() for _ in range(2)], ["start x\n", "stop x\n"])
        self.assertEqual(self.running(other), {"x"})


class SchedulerInAClusterTest(SchedulerCase):
    def test_the_work_goes_on_while_members_are_killed_in_turn(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        self.endpoints = cluster.endpoints
        agents = {name: self.agent(name) for name in ("a", "b")}
        work: list[str] = []
        for i, member in enumerate(cluster):
            member.kill()
            self.endpoints = ",".join(one.address for one in cluster if one is not member)
            work.append(f"w{i}")
            self.want(work[-1])
            self.wait_until_done_by(work, set(agents))
            member.start()
            self.endpoints = cluster.endpoints
        done = [self.running(process) for process in agents.values()]
        self.assertEqual(sorted(set.union(*done)), work)
        self.assertEqual(sum(len(one) for one in done), len(work))


if __name__ == "__main__":
    unittest.main()
