#!/usr/bin/python3
"""Admission rules as operators set them with etcdctl and clients meet them: over gRPC, JSON and in a
watch; of one member and of three, with users and without; and, with E2E_FULL, beside a real etcd.

ETCD and ETCDCTL in the environment are the programs.
"""

import base64
import json
import os
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

import real_etcd
from auth_test import ANN, ROOT, AuthClient, refusal
from cluster import Cluster, status, wait_until_ready
from cluster_case import JOINS, ClusterCase
from member import Member, free_ports
from protocol import ADMISSION, AUTH, KV, LEASE, LOCK, MAINTENANCE, admission, lock, rpc
from watch_stream import WatchStream

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
FLAGS = ("--bcrypt-cost", "4")
# Any request and its answer are more than ten bytes: a debt of ten seconds.
SLOW = ("--bytes-per-second=1", "--burst=1ms")
TOO_MUCH = "etcdserver: admission rule {}: too much of bytes"
ATTEMPTS_MAX = 1000


class AdmissionCase(ClusterCase):
    def start(self, *flags: str) -> Member:
        member = Member(ETCD, *FLAGS, *flags)
        self.addCleanup(member.__exit__)
        member.start()
        return member

    def client(self, member: Member) -> AuthClient:
        client = AuthClient(member.address)
        self.addCleanup(client.close)
        return client

    def run_ctl(self, member: Member, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                              capture_output=True, text=True, timeout=60)

    def ctl(self, member: Member, *arguments: str) -> str:
        done = self.run_ctl(member, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def ctl_error(self, member: Member, *arguments: str) -> str:
        done = self.run_ctl(member, *arguments)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        return done.stderr.splitlines()[-1]

    def names(self, member: Member) -> list[str]:
        answer = self.client(member).call(ADMISSION, "RuleList", admission.RuleListRequest(),
                                          admission.RuleListResponse)
        return [rule.name for rule in answer.rules]

    def use_up(self, client: AuthClient, key: bytes, rule: str) -> grpc.RpcError:
        """Asks until the rule refuses; how it does."""
        for _ in range(ATTEMPTS_MAX):
            try:
                client.read(key)
            except grpc.RpcError as error:
                self.assertEqual((error.code(), error.details()),
                                 (grpc.StatusCode.RESOURCE_EXHAUSTED, TOO_MUCH.format(rule)))
                return error
        self.fail("nothing is refused")

    def post(self, member: Member, path: str, body: dict) -> tuple[int, dict]:
        request = urllib.request.Request(member.url + path, json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def metrics(self, member: Member) -> dict[str, float]:
        """Those about admission."""
        with urllib.request.urlopen(member.url + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines
                 if line.startswith("cornerstore_admission_"))}


class AdmissionTest(AdmissionCase):
    def test_etcdctl_sets_lists_and_deletes(self) -> None:
        member = self.start()
        self.assertEqual(self.ctl(member, "admission", "list"), "")
        self.assertEqual(self.ctl(member, "admission", "set", "jobs", "--prefix=/jobs/",
                                  "--requests-per-second=50", "--burst=1500ms"),
                         "Admission rule jobs set\n")
        self.ctl(member, "admission", "set", "ann", "--for-user=ann", "--bytes-per-second=1000000",
                 "--memory-percent=10")
        self.assertEqual(self.ctl(member, "admission", "list"),
                         "ann, ann, , , 1000000, , 10\njobs, , /jobs/, 50, , 1.5s, \n")
        listed = json.loads(self.ctl(member, "admission", "list", "-w", "json"))
        self.assertEqual(listed["rules"][1],
                         {"name": "jobs", "prefix": base64.b64encode(b"/jobs/").decode(),
                          "requests_per_second": 50, "burst_milliseconds": 1500})
        self.assertIn("│ REQUESTS/S │", self.ctl(member, "admission", "list", "-w", "table"))
        # A rule takes the place of the one of its name.
        self.ctl(member, "admission", "set", "jobs", "--prefix=/other/", "--bytes-per-second=9")
        self.assertIn("\njobs, , /other/, , 9, , \n", self.ctl(member, "admission", "list"))
        self.assertEqual(self.ctl(member, "admission", "delete", "jobs"),
                         "Admission rule jobs deleted\n")
        self.assertEqual(self.ctl_error(member, "admission", "delete", "jobs"),
                         "Error: rpc error: code = NotFound desc = "
                         "etcdserver: admission rule not found")
        for arguments, what in ((("a",), "limits nothing"), (("",), "has no name"),
                                (("a", "--memory-percent=101"),
                                 "has a share of memory above 100 percent"),
                                (("a", "--requests-per-second=1", "--burst=61s"),
                                 "has a burst of more than 60 seconds")):
            self.assertEqual(self.ctl_error(member, "admission", "set", *arguments),
                             "Error: rpc error: code = InvalidArgument desc = "
                             f"etcdserver: admission rule {what}")
        self.assertEqual(self.names(member), ["ann"])

    def test_who_comes_too_early_is_told_when_to_come_back(self) -> None:
        member = self.start()
        self.ctl(member, "admission", "set", "jobs", "--prefix=jobs/", *SLOW)
        client = self.client(member)
        error = self.use_up(client, b"jobs/1", "jobs")
        trailers = dict(error.trailing_metadata())
        self.assertIn(int(trailers["grpc-retry-pushback-ms"]), range(1, 10_002))
        client.write(b"other")
        self.assertEqual(self.ctl_error(member, "put", "jobs/1", "x"),
                         "Error: rpc error: code = ResourceExhausted desc = " +
                         TOO_MUCH.format("jobs"))
        key = base64.b64encode(b"jobs/1").decode()
        code, answer = self.post(member, "/v3/kv/range", {"key": key})
        self.assertEqual((code, answer["code"], answer["message"]),
                         (429, 8, TOO_MUCH.format("jobs")))
        stream = WatchStream(client)
        stream.create(b"jobs/", b"jobs0")
        answer = stream.wait(lambda answers: len(answers) == 1)[0]
        self.assertTrue(answer.created and answer.canceled)
        self.assertRegex(answer.cancel_reason,
                         f"^{TOO_MUCH.format('jobs')}, come back in [0-9]+ ms$")
        stream.create(b"other")
        stream.wait(lambda answers: len(answers) == 2 and not answers[1].canceled)
        stream.half_close()

    def test_etcdctl_waits_with_what_it_reads(self) -> None:
        member = self.start()
        self.ctl(member, "put", "k", "v")
        self.ctl(member, "admission", "set", "a", "--requests-per-second=1", "--burst=1ms")
        for _ in range(2):
            self.assertEqual(self.ctl(member, "get", "k"), "k\nv\n")
        # Its time would be over before.
        self.ctl(member, "admission", "set", "a", *SLOW)
        self.ctl(member, "get", "k")
        self.assertEqual(self.ctl_error(member, "get", "k", "--command-timeout=1s"),
                         "Error: rpc error: code = ResourceExhausted desc = " +
                         TOO_MUCH.format("a"))

    def test_a_lock_counts_for_the_prefix_of_its_keys(self) -> None:
        member = self.start()
        self.ctl(member, "admission", "set", "l", "--prefix=locks/a/", *SLOW)
        client = self.client(member)
        self.use_up(client, b"locks/a/", "l")
        self.assertEqual(refusal(lambda: client.call(
            LOCK, "Lock", lock.LockRequest(name=b"locks/a"), lock.LockResponse)),
            ("RESOURCE_EXHAUSTED", TOO_MUCH.format("l")))

    def test_a_large_answer_is_a_debt(self) -> None:
        member = self.start()
        client = self.client(member)
        client.write(b"large", bytes(300_000))
        # What is asked for is far less than the burst, what is answered far more.
        self.ctl(member, "admission", "set", "b", "--bytes-per-second=10000", "--burst=10s")
        client.read(b"large")
        with self.assertRaises(grpc.RpcError) as refused:
            client.read(b"small")
        self.assertEqual(refused.exception.details(), TOO_MUCH.format("b"))
        wait = int(dict(refused.exception.trailing_metadata())["grpc-retry-pushback-ms"])
        self.assertIn(wait, range(1, 10_001))

    def test_what_makes_room_is_never_refused(self) -> None:
        member = self.start()
        client = self.client(member)
        lease = client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=60),
                            rpc.LeaseGrantResponse).ID
        held = client.call(LOCK, "Lock", lock.LockRequest(name=b"l", lease=lease),
                           lock.LockResponse)
        self.ctl(member, "admission", "set", "all", *SLOW)
        self.use_up(client, b"k", "all")
        keep_alive = client.channel.stream_stream(f"/{LEASE}/LeaseKeepAlive")
        requests = [rpc.LeaseKeepAliveRequest(ID=lease).SerializeToString()] * 100
        answers = [rpc.LeaseKeepAliveResponse.FromString(answer)
                   for answer in keep_alive(iter(requests), timeout=15)]
        self.assertEqual([answer.TTL for answer in answers], [60] * 100)
        client.call(LOCK, "Unlock", lock.UnlockRequest(key=held.key), lock.UnlockResponse)
        client.call(KV, "Compact", rpc.CompactionRequest(revision=1), rpc.CompactionResponse)
        for _ in range(20):
            client.call(MAINTENANCE, "Status", rpc.StatusRequest(), rpc.StatusResponse)
        self.assertEqual(refusal(lambda: client.read(b"k")),
                         ("RESOURCE_EXHAUSTED", TOO_MUCH.format("all")))
        self.assertTrue(member.is_healthy())

    def test_metrics_are_there_as_long_as_the_rule(self) -> None:
        member = self.start("--client-memory-bytes", "100000000")
        self.assertEqual(self.metrics(member), {})
        self.ctl(member, "admission", "set", "a", *SLOW)
        self.ctl(member, "admission", "set", "held", "--for-user=ann", "--memory-percent=1")
        self.use_up(self.client(member), b"k", "a")
        metrics = self.metrics(member)
        self.assertGreaterEqual(metrics['cornerstore_admission_requests_total{rule="a"}'], 1)
        self.assertGreaterEqual(metrics['cornerstore_admission_bytes_total{rule="a"}'], 3)
        refused = {limit: metrics[f'cornerstore_admission_refused_total{{limit="{limit}",rule="a"}}']
                   for limit in ("bytes", "memory", "requests")}
        self.assertEqual(refused, {"bytes": 1, "memory": 0, "requests": 0})
        self.assertEqual(metrics['cornerstore_admission_memory_bytes{rule="held"}'], 0)
        self.ctl(member, "admission", "delete", "a")
        self.ctl(member, "admission", "delete", "held")
        self.assertEqual(self.metrics(member), {})

    def test_over_json(self) -> None:
        member = self.start()
        code, answer = self.post(member, "/v3/admission/rule/set", {
            "rule": {"name": "j", "prefix": base64.b64encode(b"j/").decode(),
                     "requests_per_second": "5"}})
        self.assertEqual((code, list(answer)), (200, ["header"]))
        code, answer = self.post(member, "/v3/admission/rule/list", {})
        self.assertEqual((code, answer["rules"]),
                         (200, [{"name": "j", "prefix": "ai8=", "requests_per_second": "5"}]))
        code, answer = self.post(member, "/v3/admission/rule/set", {"rule": {"name": "j"}})
        self.assertEqual((code, answer["message"]),
                         (400, "etcdserver: admission rule limits nothing"))
        self.assertEqual(self.post(member, "/v3/admission/rule/delete", {"name": "j"})[0], 200)
        code, answer = self.post(member, "/v3/admission/rule/delete", {"name": "j"})
        self.assertEqual((code, answer["message"]),
                         (404, "etcdserver: admission rule not found"))


class UsersTest(AdmissionCase):
    def test_one_floods_and_the_other_is_answered(self) -> None:
        """ann asks for twenty times what her rule lets in; each request of root is answered."""
        member = self.start()
        self.client(member).found()
        root = ("--user", f"root:{ROOT}")
        self.assertEqual(self.ctl_error(member, "admission", "list"),
                         "Error: etcdserver: user name is empty")
        for arguments in (("list",), ("set", "a", "--requests-per-second=1"), ("delete", "a")):
            self.assertEqual(self.ctl_error(member, "--user", f"ann:{ANN}", "admission",
                                            *arguments), "Error: etcdserver: permission denied")
        rate = 10
        self.ctl(member, *root, "admission", "set", "ann", "--for-user=ann",
                 f"--requests-per-second={rate}")
        ann = self.client(member).log_in("ann", ANN)
        quiet = self.client(member).log_in("root", ROOT)
        counts = {"OK": 0, "RESOURCE_EXHAUSTED": 0}
        began = time.monotonic()

        def flood() -> None:
            for _ in range(20 * rate * 2):
                counts[refusal(lambda: ann.read(b"a/k"))[0]] += 1

        thread = threading.Thread(target=flood)
        thread.start()
        answered = 0
        while thread.is_alive():
            quiet.read(b"a/k")
            answered += 1
        thread.join()
        self.assertGreater(answered, 0)
        # The burst of a second, and what comes in in that time, whatever that is.
        self.assertLessEqual(counts["OK"], rate * (1 + time.monotonic() - began) + 1)
        metrics = self.metrics(member)
        self.assertEqual(metrics['cornerstore_admission_requests_total{rule="ann"}'], counts["OK"])
        self.assertEqual(metrics['cornerstore_admission_refused_total{limit="requests",rule="ann"}'],
                         counts["RESOURCE_EXHAUSTED"])
        # Who was refused may still log in, and ask who she is.
        self.client(member).log_in("ann", ANN).ask(
            AUTH, "UserGet", rpc.AuthUserGetRequest(name="ann"), rpc.AuthUserGetResponse)


class ThreeMembersTest(AdmissionCase):
    def test_a_rule_is_the_clusters(self) -> None:
        """Set at one, it holds at all, after kill -9, and at a member that joins; each counts."""
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            self.ctl(cluster.follower(), "admission", "set", "k", "--prefix=k", *SLOW)
            for member in cluster:
                self.assertEqual(self.names(member), ["k"])
                self.use_up(self.client(member), b"k", "k")
                self.client(member).read(b"other")
            for member in cluster:
                member.kill()
            cluster.start()
            for member in cluster:
                self.assertEqual(self.names(member), ["k"])
                self.use_up(self.client(member), b"k", "k")
            joining = Member(ETCD, name="m3", ports=tuple(free_ports(2)))
            self.addCleanup(joining.__exit__)
            joining.initial_cluster = ",".join(
                f"{member.name}={member.peer_url}" for member in (*cluster, joining))
            self.join(joining, *cluster)
            self.assertEqual(self.names(joining), ["k"])
            self.use_up(self.client(joining), b"k", "k")
            self.ctl(joining, "admission", "delete", "k")
            for member in (*cluster, joining):
                self.assertEqual(self.names(member), [])
                for _ in range(5):
                    self.client(member).read(b"k")


@real_etcd.needed
class BesideEtcdTest(AdmissionCase):
    def test_a_rule_is_refused_and_changes_nothing(self) -> None:
        real = real_etcd.build()
        with Cluster(ETCD, ETCD, real) as cluster:
            *ours, other = cluster
            identifier = int(status(other)["header"]["member_id"])
            for member in ours:
                revision = self.client(member).write(b"k").header.revision
                self.assertEqual(
                    self.ctl_error(member, "admission", "set", "k", *SLOW),
                    "Error: rpc error: code = FailedPrecondition desc = "
                    f"not all members understand admission: {identifier:x}")
                self.assertEqual(self.names(member), [])
                self.assertEqual(self.ctl_error(member, "admission", "delete", "k"),
                                 "Error: rpc error: code = NotFound desc = "
                                 "etcdserver: admission rule not found")
                for asked in cluster:
                    self.assertEqual(self.client(asked).read(b"k").header.revision, revision)
            self.assertEqual(self.ctl_error(other, "admission", "list"),
                             "Error: rpc error: code = Unimplemented desc = "
                             "unknown service admissionpb.Admission")
            # Nothing of it is in the log: the other one reads it.
            other.kill()
            other.launch()
            wait_until_ready(other)
            self.replace(cluster, other, ETCD)
            self.ctl(ours[0], "admission", "set", "k", *SLOW)
            self.use_up(self.client(other), b"k", "k")

    def test_one_that_is_added_after_a_rule_is_left_outside(self) -> None:
        real = real_etcd.build()
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            self.ctl(cluster[0], "admission", "set", "r", "--prefix", "r", *SLOW)
            late = Member(real, *JOINS, name="late")
            self.addCleanup(late.__exit__)
            leader = cluster.leader()
            self.change(leader, "MemberAdd",
                        rpc.MemberAddRequest(peerURLs=[late.peer_url], isLearner=True),
                        rpc.MemberAddResponse)
            late.initial_cluster = f"{cluster[0].initial_cluster},late={late.peer_url}"
            late.launch()
            leader.wait_for_log("a remote peer gets no entries")
            for number in range(200):
                self.client(leader).write(b"k%d" % number)
            # It has heard of the cluster, and lives.
            late.wait_for_log("request sent was ignored by remote peer")
            self.assertIsNone(late.process.poll())
            self.assertEqual(self.client(leader).read(b"k199").header.revision, 201)


if __name__ == "__main__":
    unittest.main()
