#!/usr/bin/python3
"""Members and clients that find each other by DNS. With E2E_FULL also beside a real etcd 3.7.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import re
import subprocess
import time
import unittest
from pathlib import Path

import name_server
import real_etcd
from cluster import Cluster, wait_until_ready
from member import Member, free_ports
from name_server import NameServer

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
WAIT_SECONDS = 40
DOMAIN = "cluster.test"


def why_it_ended(member: Member) -> str:
    """The reason that the log gives."""
    member.process.wait(timeout=WAIT_SECONDS)
    member.process = None
    lines = [json.loads(line) for line in member.log.read_text().splitlines()
             if line.startswith("{")]
    return next(line["error"] for line in reversed(lines) if line["level"] == "fatal")


class DnsCase(unittest.TestCase):
    def setUp(self) -> None:
        self.names = self.enterContext(NameServer())
        self.names.hosts = {f"m{number}.{DOMAIN}": "127.0.0.1" for number in range(3)}

    def offer(self, service: str, *places: tuple[str, int]) -> None:
        self.names.services[f"_{service}._tcp.{DOMAIN}"] = list(places)

    def cluster(self, *programs: Path | str) -> Cluster:
        cluster = Cluster(*programs)
        self.offer("etcd-server", *((f"m{number}.{DOMAIN}", port_of(member.peer_url))
                                    for number, member in enumerate(cluster)))
        for number, member in enumerate(cluster):
            member.discovery = ["--discovery-srv", DOMAIN, "--initial-advertise-peer-urls",
                                f"http://m{number}.{DOMAIN}:{port_of(member.peer_url)}"]
        return self.enterContext(cluster)

    def ctl(self, *arguments: str, program: str = ETCDCTL) -> subprocess.CompletedProcess:
        return subprocess.run([program, "--discovery-srv", DOMAIN, *arguments],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)

    def launched(self, program: str | Path) -> Member:
        member = Member(program)
        self.addCleanup(member.__exit__)
        member.discovery = ["--discovery-srv", DOMAIN]
        member.launch()
        return member

    def refusal(self, program: str | Path) -> str:
        return why_it_ended(self.launched(program))

    def found_by_each_other(self, *programs: Path | str) -> None:
        cluster = self.cluster(*programs)
        self.offer("etcd-client", *((f"m{number}.{DOMAIN}", port_of(member.url))
                                    for number, member in enumerate(cluster)))
        self.assertEqual(self.ctl("put", "a", "1").stdout, "OK\n")
        members = json.loads(self.ctl("member", "list", "-w", "json").stdout)["members"]
        self.assertEqual({member["name"] for member in members}, {"m0", "m1", "m2"})
        # The records are not looked at again.
        self.names.silent = True
        cluster[0].kill()
        cluster[0].launch()
        self.names.silent = False
        wait_until_ready(cluster[0])

    def mistakes(self, program: str | Path) -> list[str]:
        texts = [self.refusal(program)]
        self.offer("etcd-server", (f"m0.{DOMAIN}", 1))
        texts.append(self.refusal(program))
        self.offer("etcd-server", (f"unknown.{DOMAIN}", 1))
        texts.append(self.refusal(program))
        self.names.refuses = True
        texts.append(self.refusal(program))
        self.names.refuses = False
        del self.names.services[f"_etcd-server._tcp.{DOMAIN}"]
        return texts


@name_server.needed
class DnsTest(DnsCase):
    def test_three_members_find_each_other(self) -> None:
        self.found_by_each_other(ETCD, ETCD, ETCD)

    def test_a_service_with_a_name(self) -> None:
        client, peer = free_ports(2)
        self.offer("etcd-server-mine", (f"m0.{DOMAIN}", peer))
        self.offer("etcd-client-mine", (f"m0.{DOMAIN}", client))
        member = Member(ETCD, ports=(client, peer))
        member.discovery = ["--discovery-srv", DOMAIN, "--discovery-srv-name", "mine"]
        # The name in the records and the address that is advertised are one place.
        with member:
            done = self.ctl("--discovery-srv-name", "mine", "put", "a", "1")
            self.assertEqual(done.stdout, "OK\n", done.stderr)

    def test_a_long_answer_comes_by_tcp(self) -> None:
        for number in range(60):
            self.names.hosts[f"some-longer-name-{number}.{DOMAIN}"] = "127.0.0.9"
        client, peer = free_ports(2)
        self.offer("etcd-client", *((f"some-longer-name-{number}.{DOMAIN}", 1)
                                    for number in range(60)), (f"m0.{DOMAIN}", client))
        done = self.ctl("--dial-timeout", "1s", "--command-timeout", "1s", "endpoint", "health")
        self.assertEqual(done.stderr.count("is unhealthy"), 61, done.stderr)

    def test_clients_may_insist_on_tls(self) -> None:
        self.offer("etcd-client", (f"m0.{DOMAIN}", 1))
        done = self.ctl("--insecure-discovery=false", "--command-timeout", "1s", "get", "a")
        self.assertIn(f'ignoring discovered insecure endpoint "http://m0.{DOMAIN}', done.stderr)

    def test_a_client_is_told_what_is_missing(self) -> None:
        done = self.ctl("get", "a")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr, "Error: dns lookup errors: lookup _etcd-client-ssl._tcp.cluster.test on "
            "127.0.0.1:53: no such host and lookup _etcd-client._tcp.cluster.test on "
            "127.0.0.1:53: no such host\n")

    def test_mistakes_are_told(self) -> None:
        texts = self.mistakes(ETCD)
        missing = ("error querying DNS SRV records for _etcd-server{0} lookup "
                   "_etcd-server{0}._tcp.cluster.test on 127.0.0.1:53: no such host")
        setting_up = "error setting up initial cluster: "
        self.assertEqual(texts[0], setting_up + missing.format("-ssl") + "\n" + missing.format(""))
        self.assertEqual(texts[1],
                         setting_up + 'cannot find local etcd member "m" in SRV records')
        self.assertIn("lookup unknown.cluster.test", texts[2])
        self.assertIn("server misbehaving", texts[3])

    def test_a_server_that_says_nothing_or_nonsense_ends_the_start_in_time(self) -> None:
        self.names.garbage = True
        self.assertIn("error querying DNS SRV records", self.refusal(ETCD))
        self.names.garbage = False
        self.names.silent = True
        started = time.monotonic()
        self.assertIn("i/o timeout", self.refusal(ETCD))
        self.assertLess(time.monotonic() - started, 25)

    def test_a_start_that_waits_for_dns_can_be_ended(self) -> None:
        self.names.silent = True
        member = self.launched(ETCD)
        while not self.names.asked:
            time.sleep(0.02)
        started = time.monotonic()
        member.stop()
        self.assertLess(time.monotonic() - started, 1)


@name_server.needed
@real_etcd.needed
class DnsBesideEtcdTest(DnsCase):
    def test_members_of_both_kinds_find_each_other(self) -> None:
        real = real_etcd.build()
        self.found_by_each_other(real, ETCD, ETCD)
        self.found_by_each_other(real, real, ETCD)

    def test_etcdctl_says_the_same(self) -> None:
        real = str(real_etcd.build("etcdctl"))
        client, peer = free_ports(2)
        with Member(ETCD, ports=(client, peer)):
            for places in ((), ((f"m0.{DOMAIN}", client),)):
                self.offer("etcd-client", *places)
                for arguments in (["put", "a", "1"], ["get", "a"], ["member", "list"],
                                  ["--insecure-discovery=false", "get", "a"],
                                  ["--discovery-srv-name", "mine", "get", "a"]):
                    ours, theirs = (self.ctl(*arguments, program=program)
                                    for program in (ETCDCTL, real))
                    with self.subTest((places, arguments)):
                        self.assertEqual(ours.returncode, theirs.returncode, theirs.stderr)
                        self.assertEqual(plain(ours.stdout), plain(theirs.stdout))
                        self.assertEqual(plain(ours.stderr), plain(theirs.stderr))

    def test_the_same_mistakes_are_told_in_the_same_words(self) -> None:
        for ours, theirs in zip(self.mistakes(ETCD), self.mistakes(real_etcd.build())):
            with self.subTest(theirs):
                # Hosts are looked up by the system's library, which does not say whom it asks.
                self.assertEqual(ours, theirs.replace(f"{DOMAIN}. on 127.0.0.1:53", DOMAIN)
                                 if f"unknown.{DOMAIN}" in theirs else theirs)


def plain(text: str) -> str:
    """Without the log, how long it took, and the dot that Go leaves at the end of a host."""
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("{"))
    return re.sub(r"took = \S+", "took", text).replace(f"{DOMAIN}.:", f"{DOMAIN}:")


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


if __name__ == "__main__":
    name_server.enter()
    unittest.main()
