#!/usr/bin/python3
"""The proxy between a server and clients of this test."""

import contextlib
import os
import socket
import subprocess
import threading
import time
import unittest

import dialler
import e2e_path  # noqa: F401
from dialler import CLIENTS
from member import free_ports
from network import PYTHON, Network
from proxy import PIPE_BYTES_MAX

TIMEOUT_SECONDS = 10
# Longer than a chunk takes that nothing holds up.
A_WHILE_SECONDS = 0.2


class ProxyTest(unittest.TestCase):
    def setUp(self) -> None:
        self.port, target = free_ports(2)
        self.listener = socket.create_server(("127.0.0.1", target))
        self.addCleanup(self.listener.close)
        self.listener.settimeout(TIMEOUT_SECONDS)
        self.network = self.enterContext(Network(seed=1))
        self.network.listen(self.port, target, "m1")

    def dial(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS)
        self.addCleanup(client.close)
        return client

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """The client's and the server's end."""
        client = self.dial()
        server, _ = self.listener.accept()
        self.addCleanup(server.close)
        server.settimeout(TIMEOUT_SECONDS)
        return client, server

    def expect_silence(self, end: socket.socket) -> None:
        end.settimeout(A_WHILE_SECONDS)
        with self.assertRaises(TimeoutError):
            end.recv(1)
        end.settimeout(TIMEOUT_SECONDS)

    def expect_reset(self, end: socket.socket) -> None:
        with self.assertRaises(ConnectionResetError):
            if end.recv(1) == b"":
                raise AssertionError("it was closed")

    def test_a_socket_is_found_if_the_kernel_tells_of_it_and_if_it_does_not(self) -> None:
        client = self.dial()
        ports = self.port, client.getsockname()[1]
        inode = os.fstat(client.fileno()).st_ino
        self.assertEqual(dialler._listed_inode(*ports), inode)
        self.assertIn(dialler._told_inode(*ports), (inode, None))
        client.close()
        self.assertIsNone(dialler._listed_inode(*ports))
        self.assertIsNone(dialler._told_inode(*ports))

    def test_both_ways_are_open(self) -> None:
        client, server = self.connect()
        client.sendall(b"there")
        self.assertEqual(server.recv(100), b"there")
        server.sendall(b"back")
        self.assertEqual(client.recv(100), b"back")
        self.assertEqual(self.network.delivered(), {(CLIENTS, "m1"): 5, ("m1", CLIENTS): 4})

    def test_an_end_is_passed_on_and_the_other_way_stays_open(self) -> None:
        client, server = self.connect()
        client.sendall(b"all")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(server.recv(100), b"all")
        self.assertEqual(server.recv(100), b"")
        server.sendall(b"answer")
        self.assertEqual(client.recv(100), b"answer")
        server.shutdown(socket.SHUT_WR)
        self.assertEqual(client.recv(100), b"")

    def test_a_server_that_is_down_resets(self) -> None:
        self.listener.close()
        self.expect_reset(self.dial())

    def test_a_delay_is_of_one_direction_and_keeps_the_order(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", delay=0.3, jitter=0.1)
        begin = time.monotonic()
        for number in range(5):
            client.sendall(b"%d" % number)
            time.sleep(0.01)
        server.sendall(b"back")
        self.assertEqual(client.recv(100), b"back")
        self.assertLess(time.monotonic() - begin, 0.2)
        found = b""
        while len(found) < 5:
            found += server.recv(100)
        self.assertEqual(found, b"01234")
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    def test_chunks_are_held_with_a_probability(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", hold_probability=1, hold_seconds=0.3)
        begin = time.monotonic()
        client.sendall(b"x")
        self.assertEqual(server.recv(1), b"x")
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)

    def test_what_is_held_comes_later(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", state="held")
        client.sendall(b"later")
        self.expect_silence(server)
        server.sendall(b"back")
        self.assertEqual(client.recv(100), b"back")
        self.network.set(CLIENTS, "m1")
        self.assertEqual(server.recv(100), b"later")

    def test_connections_are_reset_and_new_ones_are_made_at_once(self) -> None:
        client, server = self.connect()
        self.network.reset("m2")
        client.sendall(b"there")
        self.assertEqual(server.recv(100), b"there")
        self.network.reset("m1")
        self.expect_reset(client)
        self.expect_reset(server)
        client, server = self.connect()
        client.sendall(b"there")
        self.assertEqual(server.recv(100), b"there")

    def test_what_is_dropped_is_lost_and_its_connection_ends(self) -> None:
        client, server = self.connect()
        spared, other = self.connect()
        self.network.set(CLIENTS, "m1", state="dropped")
        client.sendall(b"lost")
        server.sendall(b"back")
        self.assertEqual(client.recv(100), b"back")
        self.expect_silence(server)
        self.network.set(CLIENTS, "m1")
        self.expect_reset(client)
        self.expect_reset(server)
        spared.sendall(b"there")
        self.assertEqual(other.recv(100), b"there")

    def test_a_cut_resets_those_that_are_there_and_new_ones(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", state="cut")
        self.expect_reset(client)
        self.expect_reset(server)
        self.expect_reset(self.dial())
        self.network.set(CLIENTS, "m1")
        client, server = self.connect()
        client.sendall(b"there")
        self.assertEqual(server.recv(100), b"there")

    def test_the_rate_is_kept(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", rate=1_000_000)
        size = 500_000
        sending = threading.Thread(target=client.sendall, args=(bytes(size),))
        begin = time.monotonic()
        sending.start()
        received = 0
        while received < size:
            received += len(server.recv(1 << 20))
        sending.join()
        self.assertGreaterEqual(time.monotonic() - begin, 0.5)

    def test_what_a_slow_line_has_taken_arrives_when_it_is_quick_again(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", rate=1000)
        client.sendall(bytes(100_000) + b"x")
        self.expect_silence(server)
        self.network.set(CLIENTS, "m1", delay=A_WHILE_SECONDS)
        found = b""
        while not found.endswith(b"x"):
            found += server.recv(1 << 20)
        self.assertEqual(len(found), 100_001)

    def test_what_waits_is_bounded_and_the_sender_waits(self) -> None:
        client, server = self.connect()
        self.network.set(CLIENTS, "m1", state="held")
        client.settimeout(A_WHILE_SECONDS)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 100 * PIPE_BYTES_MAX:
                sent += client.send(bytes(1 << 16))
        # The kernel's buffers come on top.
        self.assertLess(sent, 20 * PIPE_BYTES_MAX)
        self.network.set(CLIENTS, "m1")
        received = 0
        while received < sent:
            received += len(server.recv(1 << 20))
        self.assertEqual(received, sent)

    def test_a_member_is_known_by_its_process(self) -> None:
        self.network.set(CLIENTS, "m1", state="cut")
        program = f"""import socket, sys
connection = socket.create_connection(("127.0.0.1", {self.port}))
connection.sendall(b"from m2")
sys.stdin.read()"""
        process = subprocess.Popen([PYTHON, "-c", program, "--name", "m2"], stdin=subprocess.PIPE)
        server, _ = self.listener.accept()
        server.settimeout(TIMEOUT_SECONDS)
        self.assertEqual(server.recv(100), b"from m2")
        self.assertEqual(self.network.delivered()["m2", "m1"], 7)
        process.communicate(timeout=TIMEOUT_SECONDS)
        server.close()


if __name__ == "__main__":
    unittest.main()
