#!/usr/bin/python3
"""What flags change about a member, from outside.

ETCD in the environment is the program.
"""

import base64
import json
import os
import re
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import etcd3

from member import Member, free_ports

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
SAMPLE = ROOT / "test/e2e/data/etcd.conf.yml"
MEGABYTE = 1 << 20
KEYS = 8
VALUE = "v" * MEGABYTE


def is_taken(*ports: int) -> bool:
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
    return False


def wait_for(url: str) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def client(member: Member):
    host, port = member.address.split(":")
    return etcd3.client(host=host, port=int(port), timeout=30)


class FlagsTest(unittest.TestCase):
    def test_a_member_defragments_at_the_start_if_it_is_worthwhile(self) -> None:
        with Member(ETCD) as member:
            etcd = client(member)
            for number in range(KEYS):
                etcd.put(f"k{number}", VALUE)
            response = etcd.delete_prefix("k")
            etcd.compact(response.header.revision, physical=True)
            etcd.close()
            member.stop()
            database = member.folder / "data/member/snap/db.mdb"
            full_bytes = database.stat().st_size
            member.flags = ("--bootstrap-defrag-threshold-megabytes=1000",)
            member.start()
            member.stop()
            self.assertIn("Skipping defragmentation", member.log.read_text())
            self.assertGreaterEqual(database.stat().st_size, full_bytes)
            member.flags = ("--bootstrap-defrag-threshold-megabytes=1",)
            member.start()
            self.assertLess(database.stat().st_size, MEGABYTE)
            self.assertGreater(full_bytes, KEYS * MEGABYTE)

    def test_etcds_sample_configuration_is_taken_as_it_is(self) -> None:
        with Member(ETCD) as member:
            member.stop()
            text = SAMPLE.read_text()
            ports = dict(zip((2379, 2380), free_ports(2))) if is_taken(2379, 2380) else {}
            for port, other in ports.items():
                text = text.replace(f":{port}", f":{other}")
            file = member.folder / "etcd.conf.yml"
            file.write_text(text)
            address = f"127.0.0.1:{ports.get(2379, 2379)}"
            process = subprocess.Popen([ETCD, "--config-file", file], cwd=member.folder,
                                       stderr=subprocess.DEVNULL)
            try:
                self.assertIn(b"cmdline", wait_for(f"http://{address}/debug/pprof/"))
                self.assertIn(b'"health":"true"', wait_for(f"http://{address}/health"))
            finally:
                process.terminate()
                process.wait(timeout=20)

    def test_a_request_in_json_may_be_as_large_as_the_flag_says(self) -> None:
        body = json.dumps({"key": "a2V5", "value": base64.b64encode(b"v" * 15 * MEGABYTE).decode()})
        with Member(ETCD, "--max-request-bytes=20971520") as member:
            with urllib.request.urlopen(f"{member.url}/v3/kv/put", body.encode(),
                                        timeout=30) as answer:
                self.assertIn(b'"revision":"2"', answer.read())
        with Member(ETCD) as member:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{member.url}/v3/kv/put", body.encode(), timeout=30)
            self.assertEqual(refused.exception.code, 429)

    def test_old_revisions_are_forgotten_by_themselves(self) -> None:
        with Member(ETCD, "--auto-compaction-retention=1s") as member:
            etcd = client(member)
            deadline = time.monotonic() + 30
            while member.log.read_text().count("completed auto compaction") < 2:
                self.assertLess(time.monotonic(), deadline)
                etcd.put("k", "v")
                time.sleep(0.05)
            with self.assertRaisesRegex(Exception, "compacted"):
                etcd.compact(2)
            self.assertEqual(etcd.get("k")[0], b"v")

    def test_without_syncs_a_restart_finds_what_was_written(self) -> None:
        with Member(ETCD, "--unsafe-no-fsync") as member:
            etcd = client(member)
            etcd.put("k", "1")
            etcd.close()
            member.kill()
            member.start()
            self.assertEqual(client(member).get("k")[0], b"1")

    def test_the_steps_of_raft_are_added_to_a_file_up_to_its_bound(self) -> None:
        with Member(ETCD) as member:
            trace = member.folder / "trace"
            member.stop()
            member.flags = (f"--raft-trace-file={trace}",)
            member.start()
            member.kill()
            steps = [json.loads(line)["event"]["name"] for line in trace.read_text().splitlines()]
            self.assertEqual(steps[0], "InitState")
            self.assertIn("BecomeLeader", steps)
            size = trace.stat().st_size
            member.flags += (f"--raft-trace-bytes={size + 300}",)
            member.start()
            member.wait_for_log("the trace of raft has reached its bound and ends here")
            self.assertLessEqual(trace.stat().st_size, size + 300)
            added = trace.read_text()[size:].splitlines()
            self.assertEqual(json.loads(added[0])["event"]["name"], "InitState")

    def test_what_takes_too_long_is_told(self) -> None:
        with Member(ETCD, "--warning-apply-duration=1ns") as member:
            etcd = client(member)
            etcd.put("key", "secret")
            etcd.get("key")
            member.stop()  # the log is written behind the answers
            slow = [line for line in member.log.read_text().splitlines()
                    if "apply request took too long" in line]
            self.assertTrue(any('key: \\"key\\" value_size: 6' in line for line in slow), slow)
            self.assertTrue(any("read-only range " in line for line in slow), slow)
            self.assertNotIn("secret", member.log.read_text())

    def test_calls_that_take_too_long_are_told(self) -> None:
        with Member(ETCD, "--warning-unary-request-duration=1ns") as member:
            client(member).put("key", "secret")
            member.stop()  # the log is written behind the answers
            log = member.log.read_text()
            self.assertIn('"msg":"request stats"', log)
            self.assertIn('"response type":"/etcdserverpb.KV/Put"', log)
            self.assertNotIn("secret", log)

    def test_extensive_metrics_have_a_histogram_for_each_method(self) -> None:
        for kind, count in (("basic", None), ("extensive", "1")):
            with Member(ETCD, "--metrics", kind) as member:
                client(member).put("key", "value")
                with urllib.request.urlopen(member.url + "/metrics", timeout=10) as answer:
                    metrics = answer.read().decode()
                found = re.search(r'grpc_server_handling_seconds_count\{[^}]*"Put"[^}]*\} (\d+)',
                                  metrics)
                self.assertEqual(found and found[1], count, kind)


if __name__ == "__main__":
    unittest.main()
