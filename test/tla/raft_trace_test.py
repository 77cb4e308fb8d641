#!/usr/bin/python3
"""State traces of our raft, judged by the TLA+ specification that etcd/raft publishes.

ETCD, ETCD_SIM and ETCD_SIM_PLANTED in the environment are the programs. Only with E2E_FULL, where there are java,
mvn and go: the specification and the model checker are downloaded."""

import collections
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import judge

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/e2e"))

from cluster import Cluster, status  # noqa: E402
from protocol import KV, MAINTENANCE, Client, rpc  # noqa: E402

BIN = ROOT / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BIN / "etcd"))
ETCD_SIM = os.environ.get("ETCD_SIM", str(BIN / "etcd-sim"))
ETCD_SIM_PLANTED = os.environ.get("ETCD_SIM_PLANTED", str(BIN / "etcd-sim-planted"))
TIMEOUT_SECONDS = 120
SEEDS = range(1, 11)
# Steps without which the seeds would show little, and how often they are there at least.
EXPECTED = {"BecomeLeader": 15, "InitState": 50, "ChangeConf": 5, "ApplyConfChange": 5, "Replicate": 150,
            "ReceiveAppendEntriesRequest": 1000, "ReceiveRequestVoteRequest": 30}
# By the order of src/raft/planted.h; each is refused in the trace of one of so many seeds.
PLANTED = {"votes twice in a term": 1, "votes for a shorter log": 2, "commits an old term by counting": 3,
           "forgets its vote": 5}
PLANTED_SEEDS = 40


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
@unittest.skipIf(judge.missing(), f"there is no {' and no '.join(judge.missing())}")
class RaftTraceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = tempfile.TemporaryDirectory(prefix="raft-trace-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = Path(cls.scratch.name)
        cls.checker = judge.checker(cls.folder)

    def verdict_on(self, lines: list[str]) -> judge.Verdict:
        return judge.judge(lines, self.checker)

    def assert_accepted(self, name: object, lines: list[str], verdict: judge.Verdict) -> None:
        told = "\n".join(lines[max(0, verdict.followed - 2):verdict.followed + 1])
        self.assertTrue(verdict.accepted, f"{name}: {verdict}\n{told}")

    def simulated(self, program: str, seed: int, *words: str) -> list[str]:
        """The trace of that seed."""
        path = self.folder / f"{seed}{''.join(words)}.ndjson"
        subprocess.run([program, "raft-trace", str(seed), path, *words], timeout=TIMEOUT_SECONDS,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return path.read_text().splitlines()

    def test_a_trace_of_etcd_itself_is_accepted_and_not_with_another_commit_index(self) -> None:
        lines = (judge.specification() / "example.ndjson").read_text().splitlines()[:400]
        self.assert_accepted("example", lines, self.verdict_on(lines))
        at = max(number for number, line in enumerate(lines) if '"name":"Commit"' in line)
        event = json.loads(lines[at])
        event["event"]["state"]["commit"] += 1
        lines[at] = json.dumps(event)
        verdict = self.verdict_on(lines)
        self.assertEqual((verdict.accepted, verdict.followed), (False, at))

    def test_simulated_clusters_are_accepted(self) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            traces = list(pool.map(lambda seed: self.simulated(ETCD_SIM, seed), SEEDS))
            verdicts = list(pool.map(self.verdict_on, traces))
        for seed, lines, verdict in zip(SEEDS, traces, verdicts):
            self.assert_accepted(f"seed {seed}", lines, verdict)
        steps = collections.Counter(json.loads(line)["event"]["name"] for lines in traces for line in lines)
        for name, count in EXPECTED.items():
            self.assertGreaterEqual(steps[name], count, name)

    def test_planted_bugs_are_refused(self) -> None:
        for bug, number in PLANTED.items():
            with self.subTest(bug):
                self.assertTrue(self.is_refused(number))

    def is_refused(self, bug: int) -> bool:
        for seed in range(1, PLANTED_SEEDS + 1):
            lines = self.simulated(ETCD_SIM_PLANTED, seed, "--plant", str(bug))
            if not self.verdict_on(lines).accepted:
                return True
        return False

    def test_three_processes_are_accepted(self) -> None:
        traces = [self.folder / f"m{number}.ndjson" for number in range(3)]
        # A pre-vote that is answered with a newer term is none of the specification's messages.
        cluster = Cluster(ETCD, ETCD, ETCD, flags=("--pre-vote=false",))
        for member, trace in zip(cluster, traces):
            member.flags += (f"--raft-trace-file={trace}",)
        with cluster:
            self.put(cluster)
            self.move_leader(cluster)
            self.put(cluster)
        lines = judge.merged(traces)
        self.assert_accepted("processes", lines, self.verdict_on(lines))
        leaders = {json.loads(line)["event"]["nid"] for line in lines if '"name":"BecomeLeader"' in line}
        self.assertGreaterEqual(len(leaders), 2)

    def put(self, cluster: Cluster) -> None:
        for number, member in enumerate(cluster):
            client = Client(member.address)
            self.addCleanup(client.close)
            for key in range(5):
                client.call(KV, "Put", rpc.PutRequest(key=f"{number}/{key}".encode(), value=b"value"),
                            rpc.PutResponse)

    def move_leader(self, cluster: Cluster) -> None:
        leader = cluster.leader()
        target = next(member for member in cluster if member is not leader)
        client = Client(leader.address)
        self.addCleanup(client.close)
        client.call(MAINTENANCE, "MoveLeader",
                    rpc.MoveLeaderRequest(targetID=int(status(target)["header"]["member_id"])),
                    rpc.MoveLeaderResponse)
        end = time.monotonic() + TIMEOUT_SECONDS
        while cluster.leader() is not target:
            self.assertLess(time.monotonic(), end)


if __name__ == "__main__":
    unittest.main()
