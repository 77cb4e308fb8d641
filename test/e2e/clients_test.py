#!/usr/bin/python3
"""Clients that we did not write, against a member: Debian's etcdctl, python3-etcd3,
python3-etcd3gw and curl.

ETCD in the environment is the program.
"""

import base64
import functools
import json
import os
import subprocess
import threading
import unittest
from pathlib import Path

import etcd3
from etcd3gw.client import Etcd3Client
from etcd3gw.exceptions import Etcd3Exception

from member import Member

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
TIMEOUT_SECONDS = 30
# That a saved snapshot has behind the database.
SHA256_BYTES = 32


# What the dashboards and alerts of etcd's community, and Kubernetes', look at.
METRICS = """
    etcd_cluster_version etcd_debugging_mvcc_compact_revision etcd_debugging_mvcc_current_revision
    etcd_debugging_mvcc_db_compaction_keys_total etcd_debugging_mvcc_keys_total
    etcd_debugging_mvcc_total_put_size_in_bytes etcd_disk_backend_commit_duration_seconds
    etcd_disk_backend_defrag_duration_seconds etcd_disk_backend_snapshot_duration_seconds
    etcd_disk_defrag_inflight etcd_disk_wal_fsync_duration_seconds etcd_disk_wal_write_bytes_total
    etcd_mvcc_db_total_size_in_bytes etcd_mvcc_db_total_size_in_use_in_bytes
    etcd_mvcc_delete_total etcd_mvcc_hash_duration_seconds etcd_mvcc_hash_rev_duration_seconds
    etcd_mvcc_put_total etcd_mvcc_range_total etcd_mvcc_txn_total
    etcd_network_client_grpc_received_bytes_total etcd_network_client_grpc_sent_bytes_total
    etcd_server_apply_duration_seconds etcd_server_feature_enabled etcd_server_has_leader
    etcd_server_health_failures etcd_server_health_success etcd_server_id etcd_server_is_leader
    etcd_server_is_learner etcd_server_leader_changes_seen_total
    etcd_server_proposals_applied_total etcd_server_proposals_committed_total
    etcd_server_proposals_failed_total etcd_server_proposals_pending
    etcd_server_quota_backend_bytes etcd_server_range_duration_seconds
    etcd_server_read_indexes_failed_total etcd_server_request_duration_seconds
    etcd_server_slow_apply_total etcd_server_slow_read_indexes_total etcd_server_version
    grpc_server_handled_total grpc_server_msg_received_total grpc_server_msg_sent_total
    grpc_server_started_total os_fd_limit os_fd_used process_cpu_seconds_total process_max_fds
    process_open_fds process_resident_memory_bytes process_start_time_seconds
    process_virtual_memory_bytes
""".split()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class ClientTest(unittest.TestCase):
    """Each test has a member of its own."""

    def setUp(self) -> None:
        self.member = Member(ETCD)
        self.enterContext(self.member)


class EtcdctlTest(ClientTest):
    def etcdctl(self, *arguments: str, text: str = "", code: int = 0) -> str:
        done = subprocess.run(["/usr/bin/etcdctl", "--endpoints", self.member.url, *arguments],
                              input=text, text=True, capture_output=True, timeout=TIMEOUT_SECONDS,
                              env=os.environ | {"ETCDCTL_API": "3"})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def answer(self, *arguments: str):
        return json.loads(self.etcdctl(*arguments, "-w", "json"))

    def test_put_get_del(self) -> None:
        self.assertEqual(self.etcdctl("put", "k", "1"), "OK\n")
        self.assertEqual(self.etcdctl("put", "--prev-kv", "k", "2"), "OK\nk\n1\n")
        self.assertEqual(self.etcdctl("get", "k"), "k\n2\n")
        self.assertEqual(self.etcdctl("get", "--rev=2", "k"), "k\n1\n")
        self.etcdctl("put", "k2", "3")
        self.assertEqual(self.etcdctl("get", "--prefix", "--keys-only", ""), "k\n\nk2\n\n")
        self.assertEqual(self.etcdctl("get", "--from-key", "--print-value-only", "k"), "2\n3\n")
        self.assertEqual(self.etcdctl("get", "--prefix", "--sort-by=VALUE", "--order=DESCEND",
                                      "--limit=1", "k"), "k2\n3\n")
        self.assertEqual(self.etcdctl("del", "--prefix", "--prev-kv", "k"), "2\nk\n2\nk2\n3\n")
        self.assertEqual(self.etcdctl("get", "k"), "")

    def test_txn_takes_the_branch_that_holds(self) -> None:
        self.etcdctl("put", "k", "1")
        txn = 'value("k") = "1"\nver("k") > "0"\n\nput k 2\nget k\n\nget k\n\n'
        self.assertEqual(self.etcdctl("txn", text=txn), "SUCCESS\n\nOK\n\nk\n2\n")
        self.assertEqual(self.etcdctl("txn", text=txn), "FAILURE\n\nk\n2\n")

    def test_compaction(self) -> None:
        for value in "123":
            self.etcdctl("put", "k", value)
        self.assertEqual(self.etcdctl("compaction", "3", "--physical"), "compacted revision 3\n")
        self.assertIn("required revision has been compacted",
                      self.etcdctl("get", "--rev=2", "k", code=1))
        self.assertIn("required revision has been compacted",
                      self.etcdctl("compaction", "3", code=1))

    def test_endpoint_status_and_health_and_hashkv(self) -> None:
        self.etcdctl("put", "k", "1")
        [status] = self.answer("endpoint", "status")
        self.assertEqual(status["Endpoint"], self.member.url)
        self.assertEqual(status["Status"]["version"], "3.7.1")
        self.assertEqual(status["Status"]["leader"], status["Status"]["header"]["member_id"])
        self.assertEqual(status["Status"]["header"]["revision"], 2)
        self.assertGreater(status["Status"]["dbSize"], 0)
        [health] = self.answer("endpoint", "health")
        self.assertTrue(health["health"])
        [hash_now] = self.answer("endpoint", "hashkv")
        [hash_then] = self.answer("endpoint", "hashkv", "--rev=2")
        self.assertEqual(hash_now["HashKV"]["hash"], hash_then["HashKV"]["hash"])

    def test_snapshot_save_and_status(self) -> None:
        for number in range(100):
            self.etcdctl("put", f"k{number}", "v" * 1000)
        file = self.member.folder / "snapshot.db"
        self.etcdctl("snapshot", "save", str(file))
        status = self.answer("snapshot", "status", str(file))
        self.assertEqual(status["revision"], 101)
        self.assertEqual(status["totalSize"] + SHA256_BYTES, file.stat().st_size)
        self.assertGreaterEqual(status["totalKey"], 100)

    def test_member_list(self) -> None:
        [member] = self.answer("member", "list")["members"]
        self.assertEqual(member["name"], "m")
        self.assertEqual(member["peerURLs"], [self.member.peer_url])
        self.assertEqual(member["clientURLs"], [self.member.url])

    def test_alarm_list_and_defrag(self) -> None:
        self.assertEqual(self.etcdctl("alarm", "list"), "")
        self.assertIn("Finished defragmenting", self.etcdctl("defrag"))


class PythonEtcd3Test(ClientTest):
    def setUp(self) -> None:
        super().setUp()
        host, port = self.member.address.split(":")
        self.client = etcd3.client(host=host, port=int(port), timeout=TIMEOUT_SECONDS)
        self.addCleanup(self.client.close)

    def test_put_get_delete(self) -> None:
        self.client.put("k", "1")
        self.client.put("k2", "2")
        value, metadata = self.client.get("k")
        self.assertEqual((value, metadata.version, metadata.mod_revision), (b"1", 1, 2))
        self.assertEqual([value for value, _ in self.client.get_prefix("k", sort_order="descend")],
                         [b"2", b"1"])
        self.assertTrue(self.client.delete("k"))
        self.assertFalse(self.client.delete("k"))
        self.assertEqual(self.client.get("k"), (None, None))

    def test_transactions(self) -> None:
        self.assertTrue(self.client.put_if_not_exists("k", "1"))
        self.assertFalse(self.client.put_if_not_exists("k", "2"))
        self.assertTrue(self.client.replace("k", "1", "2"))
        transactions = self.client.transactions
        succeeded, answers = self.client.transaction(
            compare=[transactions.value("k") == "2", transactions.version("k") > 1],
            success=[transactions.put("k2", "3"), transactions.get("k")],
            failure=[transactions.delete("k")])
        self.assertTrue(succeeded)
        self.assertEqual(answers[1][0][0], b"2")

    def test_watches(self) -> None:
        came, cancel = self.client.watch_prefix("k")
        self.client.put("k1", "a")
        self.client.put("l", "b")
        self.client.delete("k1")
        first, second = next(came), next(came)
        self.assertIsInstance(first, etcd3.events.PutEvent)
        self.assertEqual((first.key, first.value), (b"k1", b"a"))
        self.assertIsInstance(second, etcd3.events.DeleteEvent)
        cancel()
        seen = []
        arrived = threading.Event()

        def note(response) -> None:
            seen.extend(response.events)
            arrived.set()

        name = self.client.add_watch_callback("other", note)
        self.client.put("other", "c")
        self.assertTrue(arrived.wait(TIMEOUT_SECONDS))
        self.assertEqual(seen[0].value, b"c")
        self.client.cancel_watch(name)

    def test_leases(self) -> None:
        lease = self.client.lease(60)
        self.client.put("leased", "v", lease=lease)
        self.assertEqual(lease.granted_ttl, 60)
        self.assertEqual(list(lease.keys), [b"leased"])
        self.assertEqual([answer.TTL for answer in lease.refresh()], [60])
        lease.revoke()
        self.assertEqual(self.client.get("leased"), (None, None))
        self.assertEqual(lease.remaining_ttl, -1)
        self.assertEqual([answer.TTL for answer in lease.refresh()], [0])

    # Its way to wait for a lock does not work with Debian's version of what it waits with.
    def test_a_lock_is_held_by_one(self) -> None:
        lock = self.client.lock("name", ttl=60)
        other = self.client.lock("name", ttl=60)
        self.assertTrue(lock.acquire(timeout=0))
        self.assertFalse(other.acquire(timeout=0))
        self.assertTrue(lock.is_acquired())
        self.assertTrue(lock.release())
        self.assertTrue(other.acquire(timeout=0))

    def test_a_lock_goes_on_when_its_holder_is_gone(self) -> None:
        lock = self.client.lock("name", ttl=2)
        self.assertTrue(lock.acquire(timeout=0))
        event = self.client.watch_once(lock.key, timeout=TIMEOUT_SECONDS)
        self.assertIsInstance(event, etcd3.events.DeleteEvent)
        self.assertTrue(self.client.lock("name", ttl=60).acquire(timeout=0))

    def test_status_compaction_and_members(self) -> None:
        self.client.put("k", "1")
        self.client.put("k", "2")
        self.client.compact(3)
        self.assertEqual(self.client.status().version, "3.7.1")
        self.assertEqual([member.name for member in self.client.members], ["m"])
        self.client.defragment()


class PythonEtcd3gwTest(ClientTest):
    def setUp(self) -> None:
        super().setUp()
        host, port = self.member.address.split(":")
        self.client = Etcd3Client(host=host, port=int(port), timeout=TIMEOUT_SECONDS,
                                  api_path="/v3/")
        self.addCleanup(self.client.session.close)

    def test_put_get_delete(self) -> None:
        self.assertTrue(self.client.put("k", "1"))
        self.client.put("k2", "2")
        self.assertEqual(self.client.get("k"), [b"1"])
        self.assertEqual([value for value, _ in self.client.get_prefix("k")], [b"1", b"2"])
        self.assertTrue(self.client.delete("k"))
        self.assertFalse(self.client.delete("k"))
        self.assertEqual(self.client.get("k"), [])

    def test_transactions(self) -> None:
        self.assertTrue(self.client.create("k", "1"))
        self.assertFalse(self.client.create("k", "2"))
        self.assertTrue(self.client.replace("k", "1", "2"))
        self.assertFalse(self.client.replace("k", "1", "3"))

    def test_leases(self) -> None:
        lease = self.client.lease(ttl=60)
        self.client.put("leased", "v", lease=lease)
        self.assertEqual(lease.keys(), [b"leased"])
        self.assertEqual(lease.refresh(), 60)
        self.assertTrue(lease.revoke())
        self.assertEqual(self.client.get("leased"), [])

    def test_watches(self) -> None:
        events, cancel = self.client.watch_prefix("k")
        self.client.put("k1", "a")
        self.client.put("l", "b")
        self.client.delete("k1")
        first, second = next(events), next(events)
        cancel()
        self.assertEqual((first["kv"]["key"], first["kv"]["value"]), (b"k1", b"a"))
        self.assertEqual((second["type"], second["kv"]["key"]), ("DELETE", b"k1"))

    def test_a_lock_is_held_by_one(self) -> None:
        lock, other = self.client.lock("name", ttl=60), self.client.lock("name", ttl=60)
        self.assertTrue(lock.acquire())
        self.assertFalse(other.acquire())
        self.assertTrue(lock.is_acquired())
        self.assertTrue(lock.release())
        self.assertTrue(other.acquire())

    def test_an_error_has_its_text(self) -> None:
        with self.assertRaises(Etcd3Exception) as raised:
            self.client.put("", "1")
        self.assertIn("etcdserver: key is not provided", str(raised.exception.detail_text))

    def test_status_and_members(self) -> None:
        self.assertEqual(self.client.status()["version"], "3.7.1")
        self.assertEqual([member["name"] for member in self.client.members()], ["m"])


def in_both_versions(test):
    """Of HTTP, given to the test."""
    @functools.wraps(test)
    def run(self) -> None:
        for version in self.VERSIONS:
            with self.subTest(version=version):
                test(self, version)
    return run


class CurlTest(ClientTest):
    VERSIONS = {"1.1": "--http1.1", "2": "--http2-prior-knowledge"}

    def curl(self, version: str, path: str, *arguments: str) -> tuple[int, str, str]:
        """Status, content type and body."""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", str(TIMEOUT_SECONDS), self.VERSIONS[version], "-w",
             "\n%{http_code} %{http_version} %{content_type}", self.member.url + path, *arguments],
            text=True, capture_output=True, timeout=TIMEOUT_SECONDS + 5)
        self.assertEqual(done.returncode, 0, done.stderr)
        body, _, last = done.stdout.rpartition("\n")
        status, spoken, *content_type = last.split(" ", 2)
        self.assertEqual(spoken, version)
        return int(status), "".join(content_type), body

    def post(self, version: str, path: str, request) -> tuple[int, dict]:
        text = request if isinstance(request, str) else json.dumps(request)
        status, content_type, body = self.curl(version, path, "-d", text)
        self.assertEqual(content_type, "application/json")
        return status, json.loads(body)

    @in_both_versions
    def test_put_range_deleterange(self, version: str) -> None:
        key, value = encoded("k"), encoded("v")
        status, put = self.post(version, "/v3/kv/put", {"key": key, "value": value})
        self.assertEqual(status, 200)
        revision = put["header"]["revision"]
        status, found = self.post(version, "/v3/kv/range", {"key": key, "limit": "5"})
        self.assertEqual(status, 200)
        self.assertEqual(found["count"], "1")
        self.assertEqual(found["kvs"], [{
            "key": key, "create_revision": revision, "mod_revision": revision, "version": "1",
            "value": value}])
        status, deleted = self.post(version, "/v3/kv/deleterange",
                                    {"key": key, "prevKv": True})
        self.assertEqual((status, deleted["deleted"]), (200, "1"))
        self.assertEqual(deleted["prev_kvs"], found["kvs"])
        status, empty = self.post(version, "/v3beta/kv/range", {"key": key})
        self.assertEqual((status, list(empty)), (200, ["header"]))

    @in_both_versions
    def test_txn(self, version: str) -> None:
        key = encoded(f"txn {version}")
        request = {
            "compare": [{"key": key, "target": "CREATE", "createRevision": "0"}],
            "success": [{"requestPut": {"key": key, "value": encoded("v")}}],
            "failure": [{"request_range": {"key": key}}]}
        status, first = self.post(version, "/v3/kv/txn", request)
        self.assertEqual((status, first["succeeded"]), (200, True))
        self.assertIn("response_put", first["responses"][0])
        status, second = self.post(version, "/v3/kv/txn", request)
        self.assertEqual(status, 200)
        self.assertNotIn("succeeded", second)
        [answer] = second["responses"]
        self.assertEqual(answer["response_range"]["kvs"][0]["value"], encoded("v"))

    @in_both_versions
    def test_errors_have_etcds_codes(self, version: str) -> None:
        key = encoded("k")
        cases = [
            ("/v3/kv/range", {}, 400, 3, "etcdserver: key is not provided"),
            ("/v3/kv/range", {"key": key, "revision": 99}, 400, 11,
             "etcdserver: mvcc: required revision is a future revision"),
            ("/v3/kv/put", {"key": key, "lease": "7"}, 404, 5,
             "etcdserver: requested lease not found"),
            ("/v3/kv/put", {"key": key, "ignore_value": True}, 400, 3,
             "etcdserver: key not found"),
            ("/v3/kv/nothing", {}, 404, 5, "Not Found")]
        for path, request, status, code, text in cases:
            self.assertEqual(self.post(version, path, request),
                             (status, {"code": code, "message": text}))
        status, error = self.post(version, "/v3/kv/range", "{")
        self.assertEqual((status, error["code"]), (400, 3))
        status, _, body = self.curl(version, "/v3/kv/range")
        self.assertEqual((status, json.loads(body)["code"]), (501, 12))

    @in_both_versions
    def test_version_and_health(self, version: str) -> None:
        status, content_type, body = self.curl(version, "/version")
        self.assertEqual((status, content_type), (200, "application/json"))
        self.assertEqual(json.loads(body), {
            "etcdserver": "3.7.1", "etcdcluster": "3.7.0", "storage": "3.7.0"})
        healthy = (200, "text/plain; charset=utf-8", '{"health":"true","reason":""}')
        for query in ("", "?serializable=true", "?exclude=NOSPACE&exclude=CORRUPT"):
            self.assertEqual(self.curl(version, "/health" + query), healthy)
        status, _, body = self.curl(version, "/health", "-X", "POST")
        self.assertEqual((status, body), (405, "Method Not Allowed\n"))
        status, _, body = self.curl(version, "/nothing")
        self.assertEqual((status, body), (404, "404 page not found\n"))

    @in_both_versions
    def test_livez_and_readyz(self, version: str) -> None:
        checks = ["data_corruption", "serializable_read", "linearizable_read", "non_learner"]
        for path in ("/livez", "/readyz", "/livez?exclude=unknown", "/readyz/non_learner"):
            self.assertEqual(self.curl(version, path), (200, "text/plain; charset=utf-8",
                                                        "ok\n"))
        self.assertEqual(self.curl(version, "/livez?verbose")[2],
                         "[+]serializable_read ok\nok\n")
        status, _, body = self.curl(version, "/readyz?verbose&exclude=non_learner")
        self.assertEqual(status, 200)
        self.assertEqual(sorted(body.splitlines()),
                         sorted([f"[+]{name} ok" for name in checks[:3]] + ["ok"]))
        for name in checks:
            self.assertEqual(self.curl(version, f"/readyz/{name}?verbose")[2],
                             f"[+]{name} ok\nok\n")
        self.assertEqual(self.curl(version, "/readyz/unknown")[0], 404)

    @in_both_versions
    def test_metrics(self, version: str) -> None:
        self.post(version, "/v3/kv/range", {"key": encoded("k")})  # as in etcd, measured since
        status, content_type, body = self.curl(version, "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(content_type.startswith("text/plain; version=0.0.4"), content_type)
        names = {line.split("{")[0].split(" ")[0] for line in body.splitlines()
                 if not line.startswith("#")}
        missing = {name for name in METRICS if not {name, name + "_count"} & names}
        self.assertEqual(missing, set())


if __name__ == "__main__":
    unittest.main()
