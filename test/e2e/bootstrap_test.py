#!/usr/bin/python3
"""How clusters begin, and begin again: discovery through another etcd, --force-new-cluster.

ETCD and ETCDCTL in the environment are the programs. With E2E_FULL also beside a real etcd 3.7.
"""

import json
import os
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

import real_etcd
from authority import Authority
from cluster import Cluster, wait_until_ready
from member import Member, free_ports

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
WAIT_SECONDS = 20
REGISTRY = "/_etcd/registry"


def ctl(member: Member, *arguments: str) -> str:
    done = subprocess.run([ETCDCTL, "--endpoints", member.address, *arguments],
                          capture_output=True, text=True, timeout=WAIT_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout


def members_of(member: Member) -> list[dict]:
    return json.loads(ctl(member, "member", "list", "-w", "json"))["members"]


def why_it_ended(member: Member) -> str:
    """The last reason that the log gives."""
    member.process.wait(timeout=WAIT_SECONDS)
    member.process = None
    lines = [json.loads(line) for line in member.log.read_text().splitlines()
             if line.startswith("{")]
    return next(line["error"] for line in reversed(lines) if "error" in line)


def start_forced(member: Member) -> None:
    flags = member.flags
    member.flags = (*flags, "--force-new-cluster")
    try:
        member.start()
    finally:
        member.flags = flags


class ForceNewClusterCase(unittest.TestCase):
    def lose_all_but(self, cluster: Cluster, survivor: Member) -> None:
        for member in cluster:
            if member is not survivor:
                member.kill()
        survivor.kill()

    def expect_alone(self, member: Member, before: list[dict]) -> None:
        after = members_of(member)
        self.assertEqual([each["name"] for each in after], [member.name])
        self.assertEqual(after[0]["ID"],
                         next(each["ID"] for each in before if each["name"] == member.name))
        self.assertEqual(ctl(member, "get", "a", "--print-value-only"), "1\n")
        self.assertEqual(ctl(member, "put", "b", "2"), "OK\n")

    def goes_through(self, program: Path | str, *flags: str) -> None:
        cluster = self.enterContext(Cluster(*[program] * 3, flags=flags))
        survivor = cluster.follower()
        ctl(survivor, "put", "a", "1")
        before = members_of(survivor)
        self.lose_all_but(cluster, survivor)
        start_forced(survivor)
        self.expect_alone(survivor, before)
        survivor.kill()
        survivor.start()
        self.expect_alone(survivor, before)
        # And grows again.
        joining = Member(program, "--initial-cluster-state", "existing", name="new",
                         ports=tuple(free_ports(2)))
        self.addCleanup(joining.__exit__)
        ctl(survivor, "member", "add", "new", "--peer-urls", joining.peer_url)
        joining.initial_cluster = (f"{survivor.name}={survivor.peer_url},"
                                   f"new={joining.peer_url}")
        joining.start()
        self.assertEqual(ctl(joining, "get", "b", "--print-value-only"), "2\n")


class ForceNewClusterTest(ForceNewClusterCase):
    def test_one_of_three_goes_on_alone_and_the_cluster_grows_again(self) -> None:
        self.goes_through(ETCD)

    def test_and_after_a_snapshot(self) -> None:
        self.goes_through(ETCD, "--snapshot-count", "5", "--snapshot-catchup-entries", "5")

    def test_a_kill_at_any_moment_leaves_a_directory_that_starts(self) -> None:
        cluster = self.enterContext(Cluster(*[ETCD] * 3))
        survivor = cluster[0]
        ctl(survivor, "put", "a", "1")
        before = members_of(survivor)
        self.lose_all_but(cluster, survivor)
        flags = survivor.flags
        for wait_ms in range(0, 60, 6):
            survivor.flags = (*flags, "--force-new-cluster")
            survivor.launch()
            time.sleep(wait_ms / 1000)
            survivor.kill()
        survivor.flags = flags
        start_forced(survivor)
        self.expect_alone(survivor, before)


def discovery_flags(registry: Member, token: str) -> list[str]:
    return ["--discovery-token", token, "--discovery-endpoints", registry.address]


def guard(registry: Member, *trusted: str | Path) -> None:
    """From now on it serves users alone; `member` may do what members have to. With the size."""
    def run(*arguments: str, user: str | None = None) -> int:
        who = ["--user", user] if user else []
        return subprocess.run(
            [ETCDCTL, "--endpoints", registry.url, *trusted, *who, *arguments],
            capture_output=True, timeout=WAIT_SECONDS).returncode

    end = time.monotonic() + WAIT_SECONDS
    while run("put", f"{REGISTRY}/t/_config/size", "3"):
        if time.monotonic() > end:
            raise RuntimeError(registry.log_tail())
    for arguments in (("user", "add", "root:root"), ("user", "grant-role", "root", "root"),
                      ("role", "add", "members"),
                      ("role", "grant-permission", "members", "readwrite", REGISTRY + "/",
                       REGISTRY + "0"),
                      ("user", "add", "member:secret"),
                      ("user", "grant-role", "member", "members"), ("auth", "enable")):
        if run(*arguments):
            raise RuntimeError(f"{arguments} failed")


class DiscoveryCase(unittest.TestCase):
    def registry(self, program: Path | str, size: str | None) -> Member:
        registry = self.enterContext(Member(program, name="registry"))
        if size is not None:
            ctl(registry, "put", f"{REGISTRY}/t/_config/size", size)
        return registry

    def found_by_each_other(self, registry: Member, *programs: Path | str) -> None:
        cluster = Cluster(*programs)
        for member in cluster:
            member.discovery = discovery_flags(registry, "t")
        with cluster:
            members = members_of(cluster[0])
            self.assertEqual({each["name"] for each in members},
                             {f"m{number}" for number in range(len(programs))})
            ctl(cluster[0], "put", "a", "1")
            for member in cluster:
                self.assertEqual(ctl(member, "get", "a", "--print-value-only"), "1\n")
            # One more has no place.
            self.assertEqual(self.refusal(ETCD, registry),
                             "failed to join discovery cluster (discovery: cluster is full)")
            # A member that has started once asks nobody.
            registry.kill()
            cluster[0].kill()
            cluster[0].start()
            registry.start()

    def launched(self, program: Path | str, registry: Member) -> Member:
        member = Member(program, name="more")
        self.addCleanup(member.__exit__)
        member.discovery = discovery_flags(registry, "t")
        member.launch()
        return member

    def refusal(self, program: Path | str, registry: Member) -> str:
        return why_it_ended(self.launched(program, registry))


    def secured_registry(self, program: Path | str) -> tuple[Member, list]:
        """It asks for a certificate and a user, and the flags of those who have the one."""
        registry = Member(program, name="registry")
        self.addCleanup(registry.__exit__)
        authority = Authority(registry.folder, "authority")
        server, server_key = authority.issue("server", "server")
        # The name would be the user's if none were told.
        client, client_key = authority.issue("client", "nobody")
        registry.url = registry.url.replace("http:", "https:")
        registry.flags = ("--cert-file", server, "--key-file", server_key,
                          "--trusted-ca-file", authority.certificate, "--client-cert-auth")
        registry.launch()
        trusted = ["--cacert", authority.certificate, "--cert", client, "--key", client_key]
        guard(registry, *trusted)
        secured = ["--discovery-insecure-transport=false",
                   "--discovery-cacert", authority.certificate,
                   "--discovery-cert", client, "--discovery-key", client_key]
        return registry, secured

    def refusal_with(self, program: Path | str, registry: Member, flags: list) -> str:
        member = Member(program, name="more", ports=tuple(free_ports(2)))
        self.addCleanup(member.__exit__)
        member.discovery = discovery_flags(registry, "t") + flags
        member.launch()
        return why_it_ended(member)


class DiscoveryTest(DiscoveryCase):
    def test_three_members_find_each_other(self) -> None:
        self.found_by_each_other(self.registry(ETCD, "3"), ETCD, ETCD, ETCD)

    def test_what_the_registry_lacks_is_told(self) -> None:
        registry = self.registry(ETCD, None)
        failed = "failed to join discovery cluster (discovery: size key {})"
        self.assertEqual(self.refusal(ETCD, registry), failed.format("not found"))
        ctl(registry, "put", f"{REGISTRY}/t/_config/size", "three")
        self.assertEqual(self.refusal(ETCD, registry), failed.format("is bad"))

    def test_a_start_that_waits_for_others_can_be_ended(self) -> None:
        registry = self.registry(ETCD, "2")
        ports = free_ports(4)
        member = self.launched(ETCD, registry)
        end = time.monotonic() + WAIT_SECONDS
        while "waiting for peers" not in member.log_tail():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        started = time.monotonic()
        self.assertEqual(member.stop(), -signal.SIGTERM)
        self.assertLess(time.monotonic() - started, 1)
        # What it has registered counts when it comes back.
        member.launch()
        second = Member(ETCD, name="second", ports=tuple(ports[2:]))
        self.addCleanup(second.__exit__)
        second.discovery = member.discovery
        second.start()
        wait_until_ready(member)
        self.assertEqual(len(members_of(member)), 2)

    def test_a_registry_that_asks_for_certificates_and_a_user(self) -> None:
        registry, secured = self.secured_registry(ETCD)
        cluster = Cluster(ETCD, ETCD, ETCD)
        for member in cluster:
            member.discovery = [*discovery_flags(registry, "t"), *secured, "--discovery-user",
                                "member", "--discovery-password", "secret"]
        with cluster:
            self.assertEqual({each["name"] for each in members_of(cluster[0])}, {"m0", "m1", "m2"})
        self.assertIn("authentication failed", self.refusal_with(ETCD, registry, [
            *secured, "--discovery-user", "member", "--discovery-password", "wrong"]))


class JoiningTest(unittest.TestCase):
    def test_a_start_that_asks_others_can_be_ended(self) -> None:
        # They take the connection, and say nothing.
        client, peer, other = free_ports(3)
        member = Member(ETCD, "--initial-cluster-state", "existing", ports=(client, peer))
        self.addCleanup(member.__exit__)
        silent = self.enterContext(socket.create_server(("127.0.0.1", other)))
        member.initial_cluster = f"m={member.peer_url},x=http://127.0.0.1:{other}"
        member.launch()
        silent.settimeout(WAIT_SECONDS)
        self.enterContext(silent.accept()[0])
        started = time.monotonic()
        member.stop()
        self.assertLess(time.monotonic() - started, 1)

    def test_members_of_two_clusters_are_told_that_they_are(self) -> None:
        cluster = Cluster(ETCD, ETCD)
        for number, member in enumerate(cluster):
            self.addCleanup(member.__exit__)
            member.flags = ("--initial-cluster-token", f"token{number}")
            member.launch()
        end = time.monotonic() + WAIT_SECONDS
        for member in cluster:
            while "due to cluster ID mismatch" not in member.log.read_text():
                self.assertLess(time.monotonic(), end, member.log_tail())
                time.sleep(0.02)

    def test_a_member_that_has_heard_nothing_yet_starts_again(self) -> None:
        first = self.enterContext(Member(ETCD, name="a"))
        joining = Member(ETCD, "--initial-cluster-state", "existing", name="b",
                         ports=tuple(free_ports(2)))
        self.addCleanup(joining.__exit__)
        ctl(first, "member", "add", "b", "--peer-urls", joining.peer_url)
        joining.initial_cluster = f"a={first.peer_url},b={joining.peer_url}"
        joining.launch()
        end = time.monotonic() + WAIT_SECONDS
        while not (joining.folder / "data/member/wal").exists():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.001)
        joining.kill()
        joining.start()
        self.assertEqual(len(members_of(joining)), 2)


@real_etcd.needed
class BesideEtcdTest(DiscoveryCase, ForceNewClusterCase):
    def test_a_real_member_and_ours_find_each_other(self) -> None:
        real = real_etcd.build()
        self.found_by_each_other(self.registry(real, "3"), real, ETCD, ETCD)

    def test_a_registry_that_asks_for_certificates_and_a_user(self) -> None:
        registry, secured = self.secured_registry(real_etcd.build())

        def as_user(name: str, password: str) -> list:
            return [*secured, "--discovery-user", name, "--discovery-password", password]

        cluster = Cluster(real_etcd.build(), ETCD, ETCD)
        for member in cluster:
            member.discovery = discovery_flags(registry, "t") + as_user("member", "secret")
        cluster[2].discovery = [*discovery_flags(registry, "t"), *secured,
                                "--discovery-user", "member:secret"]  # ours alone splits it
        with cluster:
            self.assertEqual({each["name"] for each in members_of(cluster[0])}, {"m0", "m1", "m2"})
        # Whoever is not known ends at once.
        for name, password in (("member", "wrong"), ("stranger", "secret")):
            told = [self.refusal_with(program, registry, as_user(name, password))
                    for program in (ETCD, real_etcd.build())]
            self.assertEqual(told[0], told[1])

    def test_the_same_is_told_in_the_same_words(self) -> None:
        real = real_etcd.build()
        registry = self.registry(real, None)
        for size in (None, "three", "0", "-1", "1.5", "", " 3"):
            if size is not None:
                ctl(registry, "put", "--", f"{REGISTRY}/t/_config/size", size)
            self.assertEqual(self.refusal(ETCD, registry), self.refusal(real, registry), size)

    def test_one_of_three_real_ones_goes_on_as_ours(self) -> None:
        for flags in ((), ("--snapshot-count", "5", "--snapshot-catchup-entries", "5")):
            with self.subTest(flags), Cluster(*[real_etcd.build()] * 3, flags=flags) as cluster:
                survivor = cluster.follower()
                for _ in range(20):
                    ctl(survivor, "put", "a", "1")
                before = members_of(survivor)
                time.sleep(0.5)  # until it is in its database
                self.lose_all_but(cluster, survivor)
                survivor.program = ETCD
                start_forced(survivor)
                self.expect_alone(survivor, before)
                survivor.kill()
                survivor.start()
                self.expect_alone(survivor, before)

    def test_force_new_cluster_does_the_same_to_a_real_etcd(self) -> None:
        self.goes_through(real_etcd.build())


if __name__ == "__main__":
    unittest.main()
