"""A name server of our own, which only the processes of this test can ask.

A test that needs one begins with `enter()`: it runs itself again in a network and with files of its
own, where port 53 is free and /etc/resolv.conf names this server. So all programs are asked as they
are, ours and real ones, and nothing outside is asked or changed.
"""

import fcntl
import os
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

INSIDE = "NAME_SERVER_INSIDE"
A, AAAA, SRV = 1, 28, 33
NO_SUCH_NAME, REFUSED = 3, 5
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
# In a user namespace of its own where that is needed.
WAYS = (["unshare", "--mount", "--net"], ["unshare", "--map-root-user", "--mount", "--net"])


def enter() -> None:
    """Returns inside, or where it cannot get there; then the tests are skipped."""
    if INSIDE in os.environ:
        _arrange()
        return
    for way in WAYS:
        try:
            possible = subprocess.run([*way, "true"], capture_output=True, timeout=10).returncode == 0
        except OSError:
            possible = False
        if possible:
            os.environ[INSIDE] = "1"
            os.execvp(way[0], [*way, sys.executable, *sys.argv])


def needed(test: type) -> type:
    return unittest.skipUnless(INSIDE in os.environ,
                               "a network of its own is not permitted here")(test)


def _arrange() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True, timeout=10)
    Path(file.name).unlink()


def _name(text: str) -> bytes:
    labels = [label.encode() for label in text.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class NameServer:
    """Answers from `hosts` (a name's IPv4 address) and `services` (a service's (host, port) pairs)."""

    def __init__(self) -> None:
        self.hosts: dict[str, str] = {}
        self.services: dict[str, list[tuple[str, int]]] = {}
        self.silent = False
        self.refuses = False
        self.garbage = False
        self.asked: list[str] = []
        outer = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                packet, sock = self.request
                answer = outer.answer(packet)
                if answer is None:
                    return
                if len(answer) > 512:  # the rest by TCP
                    question = outer.question_end(packet)
                    answer = packet[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + packet[12:question]
                sock.sendto(answer, self.client_address)

        class Stream(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(5)
                size = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))[0]
                answer = outer.answer(self.request.recv(size, socket.MSG_WAITALL))
                if answer is not None:
                    self.request.sendall(struct.pack("!H", len(answer)) + answer)

        socketserver.TCPServer.allow_reuse_address = True
        self.servers = [socketserver.ThreadingUDPServer(("127.0.0.1", 53), Datagram),
                        socketserver.ThreadingTCPServer(("127.0.0.1", 53), Stream)]

    def __enter__(self) -> "NameServer":
        for server in self.servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    @staticmethod
    def question_end(packet: bytes) -> int:
        at = 12
        while packet[at]:
            at += packet[at] + 1
        return at + 5

    def answer(self, packet: bytes) -> bytes | None:
        end = self.question_end(packet)
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += packet[at] + 1
        name = ".".join(labels).lower()
        kind = struct.unpack("!H", packet[end - 4:end - 2])[0]
        self.asked.append(name)
        if self.silent:
            return None
        if self.garbage:
            return packet[:2] + b"\x81\x80\0\1\0\x09\0\0\0\0" + packet[12:end] + b"\xff" * 20
        data = []
        if kind == SRV:
            data = [struct.pack("!HHH", 0, 0, port) + _name(host)
                    for host, port in self.services.get(name, [])]
        elif kind == A and name in self.hosts:
            data = [socket.inet_aton(self.hosts[name])]
        known = name in self.services or name in self.hosts
        code = REFUSED if self.refuses else 0 if known else NO_SUCH_NAME
        if code:
            data = []
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 5, len(each)) + each
                           for each in data)
        head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(data), 0, 0)
        return head + packet[12:end] + records
