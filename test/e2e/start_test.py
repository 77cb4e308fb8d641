#!/usr/bin/python3
"""A process starts: it must have its port and its directory alone, and small things must not end it.

ETCD in the environment is the program.
"""

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from listeners_test import Authority, client
from member import STOP_TIMEOUT_SECONDS, Member, free_ports
from protocol import Client

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
WAITS = b"db file is flocked by another process, or taking too long"
WAIT_SECONDS = 20


class StartTest(unittest.TestCase):
    def member(self, *flags: str, ports_from: int = 0) -> Member:
        """Not started; stopped and removed at the end."""
        member = Member(ETCD, *flags)
        client_port, peer_port = free_ports(ports_from + 2)[ports_from:]
        member.address = f"127.0.0.1:{client_port}"
        member.url = f"http://{member.address}"
        member.peer_url = f"http://127.0.0.1:{peer_port}"
        self.addCleanup(member.__exit__)
        return member

    def wait_for(self, what: str, happens, but=lambda: "") -> None:
        """`but` tells what is there instead."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not happens():
            if time.monotonic() > deadline:
                self.fail(f"{what}: not in {WAIT_SECONDS} s; {but()}")
            time.sleep(0.02)

    def ended(self, member: Member) -> int:
        """The exit code, once it has ended by itself."""
        code = member.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        member.process = None
        return code

    def put(self, member: Member, key: bytes) -> None:
        clients = Client(member.address)
        self.addCleanup(clients.close)
        clients.put(key, b"value")

    def test_a_second_process_touches_nothing_and_waits_for_the_directory(self) -> None:
        first = self.member()
        first.start()
        self.put(first, b"a")
        temporary = first.folder / "data/member/snap/db.mdb.tmp"
        temporary.write_bytes(b"being written")
        second = self.member(ports_from=2)
        second.flags = ("--data-dir", str(first.folder / "data"))
        # One that waits ends when it is told to.
        second.launch()
        self.wait_for("a warning", lambda: WAITS in second.log.read_bytes())
        started = time.monotonic()
        self.assertEqual(second.stop(), -signal.SIGTERM)
        self.assertLess(time.monotonic() - started, 2)
        # One that goes on waiting serves what the first one has left.
        second.launch()
        self.wait_for("another warning", lambda: second.log.read_bytes().count(WAITS) == 2)
        self.assertTrue(temporary.exists())
        self.put(first, b"b")
        first.stop()
        self.wait_for("it serves", second.is_healthy)
        self.assertEqual(self.keys(second), 2)

    def keys(self, member: Member) -> int:
        clients = Client(member.address)
        self.addCleanup(clients.close)
        return clients.range(key=b"\0", range_end=b"\0").count

    def test_a_directory_for_the_log_may_be_there(self) -> None:
        member = self.member("--wal-dir", str(Path(self.enterContext(
            tempfile.TemporaryDirectory())) / "wal"))
        log = Path(member.flags[1])
        log.mkdir()
        (log / "lost+found").mkdir()
        member.start()
        self.put(member, b"key")
        member.kill()
        member.start()
        self.assertEqual(Client(member.address).range(key=b"key").count, 1)
        self.assertIn("lost+found", [path.name for path in log.iterdir()])

    def test_a_port_that_is_taken_ends_the_start(self) -> None:
        first = self.member()
        first.start()
        second = self.member(ports_from=2)
        second.flags = ("--listen-client-urls", first.url)
        second.launch()
        self.assertEqual(self.ended(second), 1)
        self.assertIn(f"listen tcp {first.address}: bind: address already in use",
                      second.log_tail())
        self.assertFalse((second.folder / "data").exists())

    def test_of_two_that_start_at_once_one_runs(self) -> None:
        for _ in range(5):
            both = [self.member(), self.member()]
            both[1].address, both[1].url = both[0].address, both[0].url
            for member in both:
                member.launch()
            self.wait_for("one ends", lambda: any(m.process.poll() is not None for m in both))
            ends, runs = sorted(both, key=lambda member: member.process.poll() is None)
            self.assertEqual(self.ended(ends), 1)
            self.wait_for("the other one serves", runs.is_healthy,
                          but=lambda: f"{runs.process.poll()}: {runs.log_tail()}")
            runs.stop()

    def test_a_port_is_shared_if_both_ask(self) -> None:
        first, second = self.member(), self.member(ports_from=2)
        first.flags = ("--socket-reuse-port",)
        second.flags = ("--socket-reuse-port", "--listen-client-urls", first.url)
        first.start()
        second.launch()
        self.wait_for("it serves", lambda: b"ready to serve" in second.log.read_bytes())

    def test_both_schemes_at_one_port(self) -> None:
        member = self.member()
        authority = Authority(member.folder, "authority")
        certificate, key = authority.issue("server", "server")
        member.flags = ("--listen-client-urls", f"{member.url},https://{member.address}",
                        "--cert-file", str(certificate), "--key-file", str(key))
        member.start()
        context = client(authority.certificate)
        for _ in range(20):
            for scheme, with_tls in (("http", None), ("https", context)):
                with urllib.request.urlopen(f"{scheme}://{member.address}/health", timeout=10,
                                            context=with_tls) as answer:
                    self.assertEqual(json.load(answer)["health"], "true")
        self.put(member, b"a")

    def test_early_clients_wait_and_are_served(self) -> None:
        first = self.member()
        first.start()
        self.put(first, b"a")
        second = self.member(ports_from=2)
        second.flags = ("--data-dir", str(first.folder / "data"))
        second.launch()
        self.wait_for("a warning", lambda: WAITS in second.log.read_bytes())
        # Nothing is recovered yet, and it cannot be.
        early = http.client.HTTPConnection(second.address, timeout=WAIT_SECONDS)
        self.addCleanup(early.close)
        early.request("GET", "/health")
        first.stop()
        answer = early.getresponse()
        self.assertEqual((answer.status, json.load(answer)["health"]), (200, "true"))

    def test_memory_is_kept_from_being_paged_out(self) -> None:
        member = self.member("--memory-mlock")
        member.prefix = ["prlimit", "--memlock=unlimited"]
        if subprocess.run([*member.prefix, "true"], capture_output=True).returncode != 0:
            self.skipTest("the limit of locked memory cannot be raised here")
        member.start()
        status = Path(f"/proc/{member.process.pid}/status").read_text()
        locked = next(int(line.split()[1]) for line in status.splitlines() if "VmLck" in line)
        self.assertGreater(locked, 1024)

    @unittest.skipIf({"ASAN_OPTIONS", "TSAN_OPTIONS"} & set(os.environ),
                     "sanitizers make nothing of mlockall")
    def test_memory_that_may_not_be_locked_is_told(self) -> None:
        member = self.member("--memory-mlock")
        member.prefix = ["prlimit", "--memlock=65536"]
        if os.geteuid() == 0:
            member.prefix = ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock",
                             *member.prefix]
        member.launch()
        self.assertEqual(self.ended(member), 1)
        self.assertIn("memory-mlock: memory that may be locked is limited to 65536 bytes",
                      member.log_tail())

    def test_signals_that_end_no_program_of_go_do_not_end_it(self) -> None:
        member = self.member()
        member.start()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM):
            member.process.send_signal(number)
        self.put(member, b"a")
        self.assertIsNone(member.process.poll())


class DescriptorsTest(unittest.TestCase):
    # The member may have 150 beside its connections.
    LIMIT = 300

    def setUp(self) -> None:
        self.member = Member(ETCD)
        self.metrics = f"127.0.0.1:{free_ports(3)[2]}"
        self.member.flags = ("--listen-metrics-urls", f"http://{self.metrics}")
        self.addCleanup(self.member.__exit__)
        self.member.start()
        self.client = Client(self.member.address)
        self.addCleanup(self.client.close)
        self.client.put(b"a", b"1")
        resource.prlimit(self.member.process.pid, resource.RLIMIT_NOFILE, (self.LIMIT, self.LIMIT))

    def idle(self, address: str, count: int) -> list[socket.socket]:
        host, _, port = address.partition(":")
        connections = []
        for _ in range(count):
            # One that is refused may be told so before it is connected.
            with contextlib.suppress(ConnectionResetError):
                connections.append(socket.create_connection((host, int(port)), timeout=5))
                self.addCleanup(connections[-1].close)
        return connections

    def wait_for_descriptors(self, most: int) -> None:
        """Until the member has no more of them open."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(os.listdir(f"/proc/{self.member.process.pid}/fd")) > most:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def processor_seconds(self) -> float:
        fields = Path(f"/proc/{self.member.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def scrape(self) -> str:
        with urllib.request.urlopen(f"{self.member.url}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def is_refused(self) -> bool:
        try:
            self.scrape()
        except (OSError, http.client.HTTPException):
            return True
        return False

    def test_connections_leave_descriptors_to_the_log(self) -> None:
        connections = self.idle(self.member.address, 200) + self.idle(self.metrics, 200)
        # One that is refused has a descriptor for a moment.
        self.wait_for_descriptors(self.LIMIT - 150)
        before = self.processor_seconds()
        time.sleep(1)
        self.assertLess(self.processor_seconds() - before, 0.3)
        # Two segments' worth.
        value = os.urandom(1_000_000)
        for number in range(140):
            self.client.put(b"large", value)
        # The log has taken reserved descriptors, and lets go of some that connections may have.
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.is_refused():
            self.assertLess(time.monotonic(), deadline)
            connections += self.idle(self.member.address, 10)
        for connection in connections:
            connection.close()
        self.wait_for_descriptors(self.LIMIT - 150 - 100)
        [count] = [line for line in self.scrape().splitlines()
                   if line.startswith("cornerstore_connections_refused_total")]
        self.assertGreaterEqual(float(count.split()[1]), 200)
        self.assertIn(self.member.log.read_bytes().count(b"refused connections"), range(1, 5))

    def test_idle_clients_leave_descriptors_to_probes_and_peers(self) -> None:
        self.idle(self.member.address, 200)
        self.assertTrue(self.is_refused())
        for url in (f"http://{self.metrics}/health", f"{self.member.peer_url}/version"):
            with urllib.request.urlopen(url, timeout=10) as answer:
                self.assertEqual(answer.status, 200)

    def test_with_few_descriptors_some_are_for_clients(self) -> None:
        member = Member(ETCD)
        member.prefix = ["prlimit", "--nofile=160"]
        with member:
            client = Client(member.address)
            client.put(b"a", b"1")
            client.close()

    def test_a_limit_that_is_too_low_is_told(self) -> None:
        done = subprocess.run(["prlimit", "--nofile=100", ETCD, "--data-dir",
                               self.member.folder / "other", "--listen-client-urls",
                               f"http://127.0.0.1:{free_ports(1)[0]}",
                               "--advertise-client-urls", "http://127.0.0.1:1"],
                              capture_output=True, timeout=STOP_TIMEOUT_SECONDS, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("file descriptor limit of etcd process is too low", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main()
