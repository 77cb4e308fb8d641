#!/usr/bin/python3
"""Watches through clients that we did not write, over restarts of the member.

ETCD in the environment is the program.
"""

import json
import os
import random
import subprocess
import threading
import time
import unittest
from pathlib import Path

import grpc

from member import Member
from protocol import KV, Client, rpc
from watch_stream import PROGRESS_ID, WatchStream, events

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
ETCDCTL = "/usr/bin/etcdctl"
TIMEOUT_SECONDS = 30
WATCHERS = 2000 if os.environ.get("E2E_FULL") else 300
WRITES = 400


def put(client: Client, key: bytes, value: bytes) -> int:
    """Until it is done; the revision."""
    request = rpc.PutRequest(key=key, value=value).SerializeToString()
    reply = client.start(KV, "Put", request).result()
    return rpc.PutResponse.FromString(reply).header.revision


class ClientsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.member = Member(ETCD)
        self.member.__enter__()
        self.addCleanup(self.member.__exit__)

    def test_etcdctl(self) -> None:
        client = Client(self.member.address)
        self.addCleanup(client.close)
        with subprocess.Popen([ETCDCTL, f"--endpoints={self.member.address}", "watch", "--prefix",
                               "--rev=2", "--prev-kv", "-w=json", "k"],
                              env={"ETCDCTL_API": "3"}, stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            put(client, b"k1", b"a")
            put(client, b"other", b"b")
            put(client, b"k1", b"c")
            seen = []
            while len(seen) < 2:
                seen += json.loads(process.stdout.readline()).get("Events") or []
            process.kill()
        self.assertEqual([event["kv"]["mod_revision"] for event in seen], [2, 4])
        self.assertEqual(seen[1]["prev_kv"]["value"], "YQ==")

    def test_curl(self) -> None:
        client = Client(self.member.address)
        self.addCleanup(client.close)
        put(client, b"k", b"a")
        request = json.dumps({"create_request": {"key": "aw==", "start_revision": "2"}})
        with subprocess.Popen(["curl", "-sN", "-m", str(TIMEOUT_SECONDS),
                               f"{self.member.url}/v3/watch", "-d", request],
                              stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            created = json.loads(process.stdout.readline())["result"]
            told = json.loads(process.stdout.readline())["result"]
            process.kill()
        self.assertTrue(created["created"])
        self.assertEqual(told["events"][0]["kv"]["value"], "YQ==")

    def test_the_metrics_count(self) -> None:
        client = Client(self.member.address)
        self.addCleanup(client.close)
        stream = WatchStream(client)
        self.addCleanup(stream.close)
        stream.create(b"a")
        stream.create(b"b")
        stream.wait(lambda answers: len(answers) == 2)
        put(client, b"a", b"1")
        stream.wait(lambda answers: len(answers) == 3)
        text = subprocess.run(["curl", "-sf", f"{self.member.url}/metrics"], capture_output=True,
                              text=True, check=True, timeout=TIMEOUT_SECONDS).stdout
        for line in ("etcd_debugging_mvcc_watch_stream_total 1",
                     "etcd_debugging_mvcc_watcher_total 2",
                     "etcd_debugging_mvcc_slow_watcher_total 0",
                     "etcd_debugging_mvcc_events_total 1"):
            self.assertIn(line + "\n", text)


class GuaranteesTest(unittest.TestCase):
    """What etcd promises of watches: ordered, unique, atomic, reliable, resumable, bookmarkable."""

    def check(self, told: list, expected: dict[int, list], start: int, end: int) -> None:
        revisions = [revision for revision, _ in told]
        self.assertEqual(revisions, sorted(revisions))
        wanted = [(revision, event) for revision in range(start, end + 1)
                  for event in expected.get(revision, [])]
        self.assertEqual(told, wanted)

    def test_thousands_of_watchers_that_come_back_again_and_again(self) -> None:
        chooser = random.Random(7)
        with Member(ETCD) as member:
            writer = Client(member.address)
            written: dict[int, list] = {}
            done = threading.Event()

            def write() -> None:
                for number in range(WRITES):
                    ops = [rpc.RequestOp(request_put=rpc.PutRequest(
                        key=b"k%d" % key, value=b"%d" % number))
                        for key in chooser.sample(range(10), chooser.randrange(1, 4))]
                    request = rpc.TxnRequest(success=ops).SerializeToString()
                    reply = rpc.TxnResponse.FromString(writer.start(KV, "Txn", request).result())
                    written[reply.header.revision] = [
                        (op.request_put.key, op.request_put.value) for op in ops]
                    time.sleep(0.005)
                done.set()

            thread = threading.Thread(target=write)
            thread.start()
            told: list[list] = [[] for _ in range(WATCHERS)]
            resume = [2] * WATCHERS
            while not done.is_set():
                self.watch_once(member, told, resume, chooser.uniform(0.1, 0.5))
            thread.join()
            last = max(written)
            # Progress is told from the revision on that a watch begins at, which some have reached.
            put(writer, b"none of theirs", b"")
            self.watch_once(member, told, resume, 0, last)
            writer.close()
            for each in told:
                self.check(each, written, 2, last)

    def watch_once(self, member: Member, told: list[list], resume: list[int], seconds: float,
                   until: int = 0) -> None:
        """Watches everything from where each stands, on a connection that is cut in the end."""
        client = Client(member.address)
        streams = [WatchStream(client) for _ in range(4)]
        for number, start in enumerate(resume):
            streams[number % 4].create(b"k", b"l", start_revision=start, watch_id=number + 1)
        time.sleep(seconds)
        if until:
            for stream in streams:
                self.wait_for(stream, until)
        for stream in streams:
            stream.close()
        client.close()
        for stream in streams:
            for answer in stream.answers():
                if answer.watch_id == PROGRESS_ID:
                    continue
                number = answer.watch_id - 1
                for event in answer.events:
                    # A revision comes whole, so that one can go on after it.
                    told[number].append((event.kv.mod_revision, (event.kv.key, event.kv.value)))
                    resume[number] = event.kv.mod_revision + 1

    def wait_for(self, stream: WatchStream, revision: int) -> None:
        end = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < end:
            stream.ask_for_progress()
            try:
                stream.wait(lambda answers: any(
                    a.watch_id == PROGRESS_ID and not a.created and a.header.revision >= revision
                    for a in answers[-4:]), 0.5)
                return
            except TimeoutError:
                continue
        raise TimeoutError(f"no progress to {revision}")

    def test_over_a_kill_of_the_member(self) -> None:
        with Member(ETCD) as member:
            client = Client(member.address)
            for number in range(5):
                put(client, b"k", b"%d" % number)
            stream = WatchStream(client)
            stream.create(b"k", start_revision=2)
            stream.wait(lambda answers: len(events(answers, 0)) == 5)
            member.kill()
            stream.wait_for_end()
            self.assertEqual(stream.error.code(), grpc.StatusCode.UNAVAILABLE)
            stream.close()
            member.start()
            last = put(client, b"k", b"5")
            stream = WatchStream(client)
            stream.create(b"k", start_revision=4)
            answers = stream.wait(lambda answers: len(events(answers, 0)) == last - 3)
            self.assertEqual([event.kv.mod_revision for event in events(answers, 0)],
                             list(range(4, last + 1)))
            stream.close()
            client.close()


if __name__ == "__main__":
    unittest.main()
