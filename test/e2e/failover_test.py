#!/usr/bin/python3
"""Clients of three members, of which one at a time is killed, stopped, or added: calls go to the
others, no put is done twice, and the endpoints follow the members.

ETCD, ETCDCTL and FAILOVER (examples/client/failover.cc) in the environment are the programs.
"""

import os
import re
import signal
import subprocess
import time
import unittest
from pathlib import Path

from cluster import Cluster
from cluster_case import ClusterCase
from member import Member

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
FAILOVER = os.environ.get("FAILOVER", str(BINARIES / "example_client_failover"))
TIMEOUT_SECONDS = 60
RUN_SECONDS = 12


def pause(member: Member) -> None:
    """Returns when it does nothing any more."""
    member.process.send_signal(signal.SIGSTOP)
    threads = list(Path(f"/proc/{member.process.pid}/task").iterdir())
    end = time.monotonic() + TIMEOUT_SECONDS
    while any((thread / "stat").read_text().rpartition(")")[2].split()[0] != "T"
              for thread in threads):
        if time.monotonic() > end:
            raise RuntimeError(f"{member.name} does not stop")
        time.sleep(0.01)


def resume(member: Member) -> None:
    member.process.send_signal(signal.SIGCONT)


class FailoverTest(ClusterCase):
    def ctl(self, endpoints: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, "--endpoints", endpoints, *arguments], text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS)

    def expect_service(self, endpoints: str, key: str) -> None:
        """Reads never fail; a put may while there is no leader, and says so."""
        done = self.ctl(endpoints, "--command-timeout=10s", "get", "a")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.wait_for("a put is taken",
                      lambda: self.ctl(endpoints, "put", key, "v").returncode == 0)

    def test_etcdctl_leaves_a_member_that_is_dead_or_stopped_for_the_others(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        endpoints = cluster.endpoints
        for number, member in enumerate(cluster):
            member.kill()
            self.expect_service(endpoints, f"killed{number}")
            member.start()
            pause(member)
            try:
                self.expect_service(endpoints, f"stopped{number}")
            finally:
                resume(member)
        for number in range(3):
            for key in (f"killed{number}", f"stopped{number}"):
                self.assertIn("v", self.ctl(endpoints, "get", key).stdout)

    def test_a_client_of_the_library_goes_on(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        # It is told of one member, and learns of the others.
        client = subprocess.Popen([FAILOVER, cluster[0].address, str(RUN_SECONDS)], text=True,
                                  stdout=subprocess.PIPE)
        self.addCleanup(client.kill)
        time.sleep(2.5)
        cluster[0].kill()
        time.sleep(1.5)
        cluster[0].start()
        leader = cluster.leader()
        pause(leader)
        time.sleep(3)
        resume(leader)
        cluster.leader()
        follower = cluster.follower()
        follower.stop()
        output, _ = client.communicate(timeout=TIMEOUT_SECONDS)
        last = re.search(r"^(\d+) puts, (\d+) failed; (\d+) gets, (\d+) failed\n(.*)$", output,
                         re.MULTILINE | re.DOTALL)
        self.assertIsNotNone(last, output)
        puts, lost_puts, _, lost_gets = (int(last[number]) for number in range(1, 5))
        self.assertGreater(puts, 200, output)
        # A call that was under way to who was killed or stopped, or while there was no leader.
        self.assertLessEqual(lost_puts, 8, output)
        self.assertLessEqual(lost_gets, 4, output)
        self.assertEqual(set(last[5].split()), {member.url for member in cluster}, output)
        left = next(member for member in cluster if member.process is not None)
        kvs = self.client(left).range(key=b"failover/", range_end=b"failover0").kvs
        self.assertEqual({kv.version for kv in kvs}, {1}, "no put was done twice")
        self.assertGreaterEqual(len(kvs), puts - lost_puts)

    @unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
    def test_keepalive_of_etcdctl_notices_a_member_that_is_stopped(self) -> None:
        member = self.enterContext(Member(ETCD))
        # Pings come every 10 s at most, whatever is asked for; a txn has no other limit.
        process = subprocess.Popen(
            [ETCDCTL, "--endpoints", member.address, "--keepalive-time=1s",
             "--keepalive-timeout=1s", "txn"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        time.sleep(1)  # it connects
        pause(member)
        try:
            began = time.monotonic()
            _, said = process.communicate("\nput a b\n\n\n", timeout=TIMEOUT_SECONDS)
            self.assertLess(time.monotonic() - began, 20)
        finally:
            resume(member)
        self.assertEqual(process.returncode, 1)
        self.assertIn("keepalive ping failed to receive ACK within timeout", said)


if __name__ == "__main__":
    unittest.main()
