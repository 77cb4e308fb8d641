#!/usr/bin/python3
"""A watch of the client library on three members, of which one after the other is killed and comes
back while keys are written: what it tells is the history, nothing twice and nothing left out.

ETCD, ETCDCTL and WATCH (examples/client/watch.cc) in the environment are the programs.
"""

import os
import re
import subprocess
import threading
import unittest
from pathlib import Path

from cluster import Cluster
from cluster_case import ClusterCase
from member import Member, free_ports

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
WATCH = os.environ.get("WATCH", str(BINARIES / "example_client_watch"))
TIMEOUT_SECONDS = 60
PREFIX, LAST = "w/", "w/last"
EVENT = re.compile(r"put (\S+) = (\S*) at (\d+)")


class ClientWatchTest(ClusterCase):
    def ctl(self, endpoints: str, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, "--endpoints", endpoints, *words], text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS)

    def start_watch(self, endpoints: str) -> subprocess.Popen:
        watch = subprocess.Popen([WATCH, endpoints, PREFIX, LAST], text=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        self.addCleanup(watch.kill)
        self.assertEqual(watch.stdout.readline().split()[:2], ["0", "keys"])
        return watch

    def end_of(self, watch: subprocess.Popen) -> list[tuple[str, str, int]]:
        output, error = watch.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual((watch.returncode, error), (0, ""))
        events = [EVENT.fullmatch(line) for line in output.splitlines()]
        self.assertNotIn(None, events, output)
        return [(event[1], event[2], int(event[3])) for event in events]

    def write(self, endpoints: str, key: str, value: str) -> None:
        """Maybe more than once: a put of a member that dies is not certain."""
        self.wait_for("a put is taken",
                      lambda: self.ctl(endpoints, "put", key, value).returncode == 0)

    def history(self, endpoints: str, keys: list[str], last: int) -> set[tuple[str, str, int]]:
        """Every version of each key, by reading it at every revision."""
        told = set()
        for revision in range(2, last + 1):
            fields = self.ctl(endpoints, "get", PREFIX, "--prefix", f"--rev={revision}", "-w", "fields",
                              "--sort-by=MODIFY", "--order=DESCEND", "--limit=1").stdout
            found = re.search(r'"Key" : "([^"]+)"\n.*\n"ModRevision" : (\d+)\n.*\n"Value" : "([^"]*)"',
                              fields)
            if found:
                told.add((found[1], found[3], int(found[2])))
        self.assertLessEqual(set(keys), {key for key, _, _ in told})
        return told

    def test_a_watch_goes_on_at_other_members_and_tells_the_history(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        endpoints = cluster.endpoints
        watches = [self.start_watch(endpoints) for _ in range(3)]
        keys = [f"w/{number}" for number in range(30)]
        writer = threading.Thread(target=lambda: [self.write(endpoints, key, "v") for key in keys])
        writer.start()
        for member in cluster:
            member.kill()
            self.wait_for("it is written on", lambda: self.ctl(endpoints, "put", "other", "v").returncode == 0)
            member.start()
        writer.join()
        self.write(endpoints, LAST, "end")
        told = [self.end_of(watch) for watch in watches]
        expected = sorted(self.history(endpoints, [*keys, LAST], told[0][-1][2]), key=lambda each: each[2])
        for events in told:
            self.assertEqual(events, expected)

    def move(self, member: Member, address: str) -> None:
        """To where nobody is who knew it."""
        member.stop()
        member.address, member.url = address, f"http://{address}"
        member.start()

    def test_a_watch_whose_revision_is_compacted_meanwhile_begins_anew(self) -> None:
        member = self.enterContext(Member(ETCD))
        watch = self.start_watch(member.address)
        self.write(member.address, "w/1", "one")
        self.assertEqual(watch.stdout.readline(), "put w/1 = one at 2\n")
        known = member.address
        self.move(member, f"127.0.0.1:{free_ports(3)[2]}")
        for number in range(5):
            self.write(member.address, "w/2", str(number))
        self.assertEqual(self.ctl(member.address, "compaction", "6").returncode, 0)
        self.move(member, known)
        self.write(member.address, LAST, "end")
        output, error = watch.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual((watch.returncode, error), (0, ""))
        self.assertRegex(output, r"^2 keys at revision 7\n(put w/last = end at 8\n)$|^3 keys at revision 8\n$")


if __name__ == "__main__":
    unittest.main()
