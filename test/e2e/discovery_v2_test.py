#!/usr/bin/python3
"""Members that find each other through a discovery service of API v2 (--discovery), which Debian's
etcd is here.

ETCD in the environment is the program.
"""

import json
import os
import shutil
import signal
import time
import unittest
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from cluster import Cluster, wait_until_ready
from member import Member

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
DEBIANS = "/usr/bin/etcd"
TOKEN = "/v2/keys/_etcd/registry/token"
WAIT_SECONDS = 20
FAILED = "failed to join discovery cluster (discovery: {})"


def put(service: Member, key: str, value: str) -> None:
    request = urllib.request.Request(service.url + TOKEN + key, f"value={value}".encode(),
                                     method="PUT")
    urllib.request.urlopen(request, timeout=WAIT_SECONDS).close()


def names(service: Member) -> set[str]:
    with urllib.request.urlopen(service.url + TOKEN, timeout=WAIT_SECONDS) as answer:
        nodes = json.load(answer)["node"].get("nodes", [])
    return {node["value"].split("=")[0] for node in nodes}


def why_it_ended(member: Member) -> str:
    member.process.wait(timeout=WAIT_SECONDS)
    for line in reversed(member.log.read_text().splitlines()):
        record = json.loads(line)
        if record["level"] in ("fatal", "error"):
            return record["error"]
    raise AssertionError(member.log_tail())


class NoService(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<html>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


@unittest.skipUnless(shutil.which("etcd", path="/usr/bin"), "there is no /usr/bin/etcd")
class DiscoveryV2Test(unittest.TestCase):
    def setUp(self) -> None:
        self.service = self.enterContext(Member(DEBIANS, "--enable-v2", name="service"))
        self.url = self.service.url + TOKEN

    def member(self, url: str | None = None) -> Member:
        member = Member(ETCD, name="more")
        self.addCleanup(member.__exit__)
        member.discovery = ["--discovery", url or self.url]
        return member

    def launched(self, url: str | None = None) -> Member:
        member = self.member(url)
        member.launch()
        return member

    def wait_for_line(self, member: Member, text: str) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while text not in member.log.read_text():
            self.assertLess(time.monotonic(), end, member.log_tail())
            time.sleep(0.02)

    def test_three_members_find_each_other(self) -> None:
        put(self.service, "/_config/size", "3")
        cluster = Cluster(ETCD, ETCD, ETCD)
        for member in cluster:
            member.discovery = ["--discovery", self.url + "/"]
        with cluster:
            for member in cluster:
                wait_until_ready(member)
            self.assertEqual(names(self.service), {"m0", "m1", "m2"})
            self.assertEqual(why_it_ended(self.launched()), FAILED.format("cluster is full"))
            # A member that has started once asks nobody.
            self.service.kill()
            cluster[0].kill()
            cluster[0].start()
            self.service.start()

    def test_what_the_service_lacks_is_told(self) -> None:
        self.assertEqual(why_it_ended(self.launched()), FAILED.format("size key not found"))
        put(self.service, "/_config/size", "three")
        self.assertEqual(why_it_ended(self.launched()), FAILED.format("size key is bad"))

    def test_a_member_that_is_there_already_is_refused(self) -> None:
        put(self.service, "/_config/size", "2")
        member = self.launched()
        self.wait_for_line(member, "waiting for peers")
        member.kill()
        member.launch()
        self.assertEqual(why_it_ended(member), FAILED.format("found duplicate id"))

    def test_members_of_one_name_are_no_cluster(self) -> None:
        put(self.service, "/_config/size", "2")
        put(self.service, "/1", "more=http://127.0.0.1:1")
        self.assertEqual(why_it_ended(self.launched()), FAILED.format("found duplicate name"))

    def test_what_is_no_member_is_no_cluster(self) -> None:
        put(self.service, "/_config/size", "2")
        put(self.service, "/1", "n=nonsense")
        self.assertEqual(why_it_ended(self.launched()), FAILED.format("invalid URL"))

    def test_a_service_that_comes_later_is_waited_for(self) -> None:
        put(self.service, "/_config/size", "1")
        member = self.member()
        self.service.kill()
        member.launch()
        self.wait_for_line(member, "retry connecting to discovery service")
        self.service.start()
        wait_until_ready(member)

    def test_a_start_that_waits_for_others_can_be_ended(self) -> None:
        put(self.service, "/_config/size", "2")
        member = self.launched()
        self.wait_for_line(member, "waiting for peers")
        member.process.send_signal(signal.SIGTERM)
        member.process.wait(timeout=WAIT_SECONDS)

    def test_what_is_no_service_is_told(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), NoService)
        self.addCleanup(server.server_close)
        Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/token"
        self.assertEqual(why_it_ended(self.launched(url=url)),
                         FAILED.format("bad discovery endpoint"))
        self.assertEqual(why_it_ended(self.launched(url="nonsense")),
                         FAILED.format("invalid URL"))


if __name__ == "__main__":
    unittest.main()
