#!/usr/bin/python3
"""etcd's dashboard and its alerts on a real Prometheus that scrapes a cluster of ours: every query
returns data, every alert looks at series that are there, and those that operators live by fire. Only
with E2E_FULL, where there is a prometheus.

ETCD in the environment is the program.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Iterator

import grpc

import e2e_path  # noqa: F401
from cluster import Cluster
from cluster_case import ClusterCase
from faulty_system import FaultySystem
from member import Member, free_ports
from mixin import ALERTS, DASHBOARD, selectors, within
from protocol import Client
from run import ETCD

WINDOW = "5s"
WAIT_SECONDS = 60
QUOTA_BYTES = 24 << 20


class Prometheus:
    def __init__(self, members: list[Member]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="prometheus-"))
        rules = [{"alert": name, "expr": within(expression, WINDOW), "for": "1s"}
                 for name, expression in ALERTS]
        (self.folder / "rules.yml").write_text(
            json.dumps({"groups": [{"name": "etcd", "interval": "1s", "rules": rules}]}))
        (self.folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "etcd", "static_configs": [
                {"targets": [member.address for member in members]}]}]}))
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml",
             f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address={self.url.removeprefix('http://')}"], stderr=subprocess.DEVNULL)

    def __enter__(self) -> "Prometheus":
        end = time.monotonic() + WAIT_SECONDS
        while not self.query("1"):
            if time.monotonic() > end:
                self.__exit__()
                raise RuntimeError("prometheus does not become ready")
            time.sleep(0.05)
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(timeout=WAIT_SECONDS)
        shutil.rmtree(self.folder)

    def _ask(self, path: str) -> dict:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list:
        """The series that it yields now; none while Prometheus starts."""
        try:
            return self._ask("query?" + urllib.parse.urlencode({"query": expression}))["result"]
        except OSError:
            return []

    def firing(self) -> set[str]:
        return {alert["labels"]["alertname"] for alert in self._ask("alerts")["alerts"]
                if alert["state"] == "firing"}


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
@unittest.skipUnless(shutil.which("prometheus"), "there is no prometheus")
class PrometheusTest(ClusterCase):
    @contextlib.contextmanager
    def load(self, cluster: Cluster) -> Iterator[None]:
        """Writes to the members in turn, as long as they take them."""
        ending = threading.Event()

        def write() -> None:
            clients = [Client(member.address) for member in cluster]
            number = 0
            while not ending.wait(0.005):
                number += 1
                with contextlib.suppress(grpc.RpcError):
                    clients[number % len(clients)].put(b"key%d" % (number % 100), b"value", 2)
            for client in clients:
                client.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            ending.set()
            writer.join()

    def wait_until_fires(self, prometheus: Prometheus, *names: str) -> None:
        self.wait_for(f"{names} fire", lambda: set(names) <= prometheus.firing(), WAIT_SECONDS)

    def test_dashboard_and_alerts(self) -> None:
        # Compat: how long calls took is told only then.
        flags = ("--metrics", "extensive")
        with Cluster(*[ETCD[0]] * 3, flags=flags) as cluster, \
                Prometheus(cluster.members) as prometheus, self.load(cluster):
            for query in DASHBOARD:
                query = query.replace("$__rate_interval", WINDOW)
                self.wait_for(query, lambda query=query: prometheus.query(query), WAIT_SECONDS)
            for _, expression in ALERTS:
                for selector in selectors(expression):
                    self.assertTrue(prometheus.query(selector), selector)
            self.assertEqual(prometheus.firing(), set())
            for member in cluster.members[1:]:
                member.kill()
            self.wait_until_fires(prometheus, "etcdNoLeader", "etcdInsufficientMembers",
                                  "etcdMembersDown")

    def test_a_slow_disk(self) -> None:
        cluster = Cluster(*[ETCD[0]] * 3)
        systems = [FaultySystem(member) for member in cluster]
        with cluster, Prometheus(cluster.members) as prometheus, self.load(cluster), \
                contextlib.ExitStack() as slow:
            for system in systems:
                slow.enter_context(system.slow_disk(0.7))
            self.wait_until_fires(prometheus, "etcdHighFsyncDurations")

    def test_a_quota_that_is_nearly_used_up(self) -> None:
        with Cluster(*[ETCD[0]] * 3, flags=("--quota-backend-bytes", str(QUOTA_BYTES))) as cluster, \
                Prometheus(cluster.members) as prometheus:
            client = self.client(cluster[0])
            with self.assertRaises(grpc.RpcError):
                for number in range(100):
                    client.put(b"%d" % number, os.urandom(1_000_000))
            self.wait_until_fires(prometheus, "etcdDatabaseQuotaLowSpace")


if __name__ == "__main__":
    unittest.main()
