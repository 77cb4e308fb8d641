#!/usr/bin/python3
"""Our etcdctl on members: what it says of them, of those that do not answer, of alarms and files.
What it has in common with etcdctl 3.4 is in test/interop/etcdctl_interop_test.py.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import re
import socket
import subprocess
import unittest
import urllib.request
from pathlib import Path

from member import Member

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
TIMEOUT_SECONDS = 30


class EtcdctlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.member = Member(ETCD).__enter__()
        # Bound and not listening: whoever connects is refused, and nobody else gets the port.
        cls.silent = socket.socket()
        cls.silent.bind(("127.0.0.1", 0))
        cls.dead = f"127.0.0.1:{cls.silent.getsockname()[1]}"

    @classmethod
    def tearDownClass(cls) -> None:
        cls.silent.close()
        cls.member.__exit__(None, None, None)

    def run_on(self, endpoints: str, *words: str, read: str = "") -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("ETCDCTL_")}
        return subprocess.run([ETCDCTL, f"--endpoints={endpoints}", *words], input=read, text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS, env=environment)

    def output(self, *words: str, read: str = "") -> str:
        done = self.run_on(self.member.address, *words, read=read)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(self.member.url + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)

    def cause(self, why: str) -> str:
        return ('{"level":"warn","msg":"no endpoint could be reached",'
                f'"error":"{self.dead}: {why}"}}\n')

    def test_the_doctor_says_what_is_wrong(self) -> None:
        done = self.run_on(f"{self.member.address},{self.dead}", "doctor", "-w", "json")
        self.assertEqual(done.returncode, 1)
        found = json.loads(done.stdout)
        self.assertEqual(set(found[0]), {"severity", "subject", "what", "advice"})
        self.assertEqual((found[0]["severity"], found[0]["subject"]), ("error", self.dead))
        self.assertIn("Connection refused", found[0]["what"])
        self.assertIn("note: cluster: has one voting member\n", self.output("doctor", "--cluster"))
        self.assertEqual(self.run_on(self.dead, "--command-timeout=1s", "doctor").returncode, 1)

    def test_the_status_is_the_members(self) -> None:
        status = self.post("/v3/maintenance/status", {})
        told = json.loads(self.output("endpoint", "status", "-w", "json"))
        self.assertEqual([entry["Endpoint"] for entry in told], [self.member.address])
        for name in ("version", "dbSize", "leader", "raftTerm", "dbSizeInUse", "storageVersion",
                     "dbSizeQuota"):
            self.assertEqual(str(told[0]["Status"][name]), str(status[name]), name)
        self.assertEqual(told[0]["Status"]["header"]["member_id"],
                         int(status["header"]["member_id"]))
        fields = self.output("endpoint", "status", "-w", "fields")
        self.assertIn(f'"Leader" : {status["leader"]}\n', fields)
        self.assertIn(f'"Endpoint" : "{self.member.address}"\n', fields)
        self.assertIn(f'"Version" : "{status["version"]}"\n', fields)
        table = self.output("endpoint", "status", "-w", "table")
        self.assertIn(f"│ {self.member.address} │", table)
        line = self.output("endpoint", "status")
        self.assertTrue(line.startswith(f"{self.member.address}, {int(status['leader']):x}, "), line)

    def test_who_does_not_answer_is_named_beside_those_who_do(self) -> None:
        both = f"{self.dead},{self.member.address}"
        for command, what in (("status", "status"), ("hashkv", "hash")):
            done = self.run_on(both, "endpoint", command, "--command-timeout=500ms")
            self.assertEqual(done.returncode, 1, command)
            self.assertIn(f"Failed to get the {what} of endpoint {self.dead} (", done.stderr)
            self.assertTrue(done.stdout.startswith(f"{self.member.address}, "), done.stdout)

    def test_the_health_is_that_of_each_endpoint(self) -> None:
        healthy = self.output("endpoint", "health")
        self.assertRegex(healthy, f"^{self.member.address} is healthy: successfully committed "
                                  r"proposal: took = \S+s\n$")
        done = self.run_on(f"{self.dead},{self.member.address}", "endpoint", "health",
                           "--command-timeout=500ms", "-w", "json")
        self.assertEqual((done.returncode, done.stderr), (1, self.cause("Connection refused") + "Error: unhealthy cluster\n"))
        told = {entry["endpoint"]: entry for entry in json.loads(done.stdout)}
        self.assertFalse(told[self.dead]["health"])
        self.assertTrue(told[self.dead]["error"])
        self.assertTrue(told[self.member.address]["health"])
        self.assertNotIn("error", told[self.member.address])

    def test_the_endpoints_of_the_cluster_are_those_of_its_members(self) -> None:
        told = json.loads(self.output("endpoint", "health", "--cluster", "-w", "json"))
        self.assertEqual([entry["endpoint"] for entry in told], [self.member.url])
        done = self.run_on(self.dead, "endpoint", "health", "--cluster", "--command-timeout=300ms")
        self.assertEqual(done.returncode, 1)
        self.assertIn("failed to fetch endpoints from etcd cluster member list", done.stderr)

    def test_the_hash_is_that_of_a_revision(self) -> None:
        self.output("put", "hashed", "1")
        revision = json.loads(self.output("get", "hashed", "-w", "json"))["header"]["revision"]
        before = self.output("endpoint", "hashkv", "--rev", str(revision))
        self.output("put", "hashed", "2")
        self.assertEqual(self.output("endpoint", "hashkv", "--rev", str(revision)), before)
        self.assertNotEqual(self.output("endpoint", "hashkv"), before)
        self.assertTrue(before.endswith(f", {revision}\n"), before)

    def test_an_alarm_is_listed_makes_the_member_unhealthy_and_is_disarmed(self) -> None:
        self.assertEqual(self.output("alarm", "list"), "")
        self.post("/v3/maintenance/alarm",
                  {"action": "ACTIVATE", "memberID": "255", "alarm": "CORRUPT"})
        try:
            self.assertEqual(self.output("alarm", "list"), "memberID:255 alarm:CORRUPT\n")
            self.post("/v3/maintenance/alarm",
                      {"action": "ACTIVATE", "memberID": "255", "alarm": "NOSPACE"})
            done = self.run_on(self.member.address, "endpoint", "health")
            self.assertEqual(done.returncode, 1)
            self.assertIn("is unhealthy: failed to commit proposal: Active Alarm(s): "
                          "NOSPACE CORRUPT ", done.stderr)
        finally:
            disarmed = self.output("alarm", "disarm")
        self.assertEqual(disarmed, "memberID:255 alarm:NOSPACE\nmemberID:255 alarm:CORRUPT\n")
        self.assertEqual(self.output("alarm", "list"), "")

    def test_a_defragmentation_is_told_for_each_endpoint(self) -> None:
        self.assertRegex(self.output("defrag"),
                         rf"^Finished defragmenting etcd member\[{self.member.address}\]. "
                         r"took \S+s\n$")
        done = self.run_on(f"{self.dead},{self.member.address}", "defrag",
                           "--command-timeout=500ms")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"Failed to defragment etcd member[{self.dead}]. took ", done.stderr)
        self.assertIn(f"Finished defragmenting etcd member[{self.member.address}]", done.stdout)

    def test_a_snapshot_is_saved_whole_or_not_at_all(self) -> None:
        path = self.member.folder / "saved"
        self.assertEqual(self.output("snapshot", "save", str(path)),
                         f"Snapshot saved at {path}\nServer version 3.7.0\n")
        self.assertEqual(path.stat().st_size % 512, 32)
        self.assertFalse(Path(f"{path}.part").exists())
        done = self.run_on(self.member.address, "snapshot", "save", "/nowhere/at/all")
        self.assertEqual(done.returncode, 5)
        self.assertIn("Error: could not open /nowhere/at/all.part (", done.stderr)
        done = self.run_on(self.member.address, "snapshot", "save", str(self.member.folder))
        self.assertEqual(done.returncode, 5)
        self.assertIn(f"could not rename {self.member.folder}.part to", done.stderr)
        self.assertFalse(Path(f"{self.member.folder}.part").exists())
        done = self.run_on(f"{self.dead},{self.member.address}", "snapshot", "save", str(path))
        self.assertEqual((done.returncode, done.stderr),
                         (5, "Error: snapshot must be requested to one selected node, not multiple "
                             f"[{self.dead} {self.member.address}]\n"))
        done = self.run_on(self.dead, "snapshot", "save", f"{path}2", "--command-timeout=300ms")
        self.assertEqual(done.returncode, 5)
        self.assertFalse(Path(f"{path}2").exists())
        self.assertFalse(Path(f"{path}2.part").exists())

    def test_what_lies_beside_a_snapshot_stays(self) -> None:
        path = self.member.folder / "kept"
        beside = Path(f"{path}.part")
        beside.write_text("mine")
        done = self.run_on(self.member.address, "snapshot", "save", str(path))
        self.assertEqual((done.returncode, done.stderr),
                         (0, f"{beside} is there and stays as it is; saving to {beside}.2 "
                             "meanwhile\n"))
        self.assertEqual(path.stat().st_size % 512, 32)
        self.assertEqual(beside.read_text(), "mine")
        self.assertFalse(Path(f"{beside}.2").exists())

    def test_a_stream_gives_what_one_answer_gives(self) -> None:
        for i in range(300):
            self.post("/v3/kv/put", {"key": "c3RyZWFtL3" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 26]
                                     + "a" * (4 * (i // 26) + 1), "value": "dg=="})
        words = ["get", "stream/", "--prefix", "-w", "json"]
        self.assertEqual(json.loads(self.output(*words, "--stream")),
                         json.loads(self.output(*words)))
        limited = ["get", "stream/", "--prefix", "--limit=3", "-w", "fields"]
        self.assertEqual(self.output(*limited, "--stream"), self.output(*limited))
        done = self.run_on(self.member.address, "get", "", "--stream")
        self.assertIn("etcdserver: key is not provided", done.stderr)

    def test_a_compaction_says_what_it_compacted(self) -> None:
        self.output("put", "compacted", "1")
        self.output("put", "compacted", "2")
        revision = json.loads(self.output("get", "compacted", "-w", "json"))["header"]["revision"]
        self.assertEqual(self.output("compaction", str(revision - 1)),
                         f"compacted revision {revision - 1}\n")
        self.assertEqual(self.output("compaction", str(revision), "--physical"),
                         f"compacted revision {revision}\n")
        done = self.run_on(self.member.address, "compaction", str(revision))
        self.assertEqual(done.returncode, 1)
        self.assertIn("required revision has been compacted", done.stderr)

    def test_members_are_listed_by_any_or_by_all(self) -> None:
        for words in (["member", "list"], ["member", "list", "--consistency=s"]):
            self.assertRegex(self.output(*words), r"^[0-9a-f]+, started, \S+, http://\S+, "
                                                  rf"{re.escape(self.member.url)}, false\n$")
        done = self.run_on(self.member.address, "member", "list", "--consistency=x")
        self.assertEqual((done.returncode, done.stderr),
                         (4, 'Error: unknown consistency flag "x"\n'))

    def test_the_member_of_a_cluster_of_one_is_not_to_be_changed_much(self) -> None:
        [own] = re.findall(r"^[0-9a-f]+", self.output("member", "list"))
        self.assertEqual(self.output("move-leader", own),
                         f"Leadership transferred from {own} to {own}\n")
        for words, why in (
                (["member", "promote", own], "can only promote a learner member"),
                (["member", "remove", own],
                 "re-configuration failed due to not enough started members"),
                (["member", "remove", "77"], "member not found"),
                (["member", "update", "77", "--peer-urls=http://a:1"], "member not found"),
                (["move-leader", "77"], "bad leader transferee")):
            done = self.run_on(self.member.address, *words)
            self.assertEqual((done.returncode, done.stderr), (1, f"Error: etcdserver: {why}\n"))
        url = self.output("member", "list").split(", ")[3]
        self.assertRegex(self.output("member", "update", own, "--peer-urls=http://a:1"),
                         rf"^Member +{own} updated in cluster +[0-9a-f]+\n$")
        self.assertEqual(self.output("member", "list").split(", ")[3], "http://a:1")
        self.output("member", "update", own, f"--peer-urls={url}")

    def test_a_transaction_asks_for_its_parts_if_it_is_to(self) -> None:
        text = self.output("txn", "-i", read='\nput txn 1\n\n\n')
        self.assertEqual(text, "compares:\nsuccess requests (get, put, del):\n"
                               "failure requests (get, put, del):\nSUCCESS\n\nOK\n")
        self.assertEqual(self.output("txn", read='\nput txn 1\n\n\n'), "SUCCESS\n\nOK\n")
        done = self.run_on(self.member.address, "txn", read="\nput txn 1\n")
        self.assertEqual((done.returncode, done.stderr), (3, "Error: EOF\n"))


if __name__ == "__main__":
    unittest.main()
