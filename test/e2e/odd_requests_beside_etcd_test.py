#!/usr/bin/python3
"""5,000 odd requests to the HTTP/1.1 port of a member and of a real etcd 3.7, drawn from their
numbers: the same status, fields that matter, and body. Only with E2E_FULL.

ETCD in the environment is the program, ODD_FROM the first number.
"""

import os
import re
import socket
import unittest

import real_etcd
from http1_beside_etcd_test import ETCD, parse
from member import Member
from odd_requests import Odd

COUNT = 5000
FIRST = int(os.environ.get("ODD_FROM", "1"))
TIMEOUT_SECONDS = 10
OWN = re.compile(rb'"ID":"\d+"|127\.0\.0\.1:\d+')  # of a member
SPACE = re.compile(rb'(?<=[}\]"]), (?=[{"])')  # Go's JSON has it or has it not, by build
ALARMS = re.compile(rb'"alarms":\[(.*)\]')
CHECKS = re.compile(rb"(\[.\][a-z_]+ ok\n)+")
LAST_CHUNK = re.compile(rb"(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n$")
LENGTH = re.compile(rb"(?i)content-length: (\d+)")


def ask(address: str, request: bytes) -> bytes:
    """One answer, whole, or what came of it."""
    host, _, port = address.partition(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(request)
        while not is_whole(answer, request.startswith(b"HEAD ")):
            data = connection.recv(65536)
            if not data:
                break
            answer += data
    return answer


def is_whole(answer: bytes, without_body: bool) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if b"transfer-encoding: chunked" in head.lower() and not without_body:
        return LAST_CHUNK.search(body) is not None
    length = LENGTH.search(head)
    return without_body or length is None or len(body) >= int(length[1])


def body_of_chunks(chunks: bytes) -> bytes:
    body = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        if int(size, 16) == 0:
            break
        body += chunks[:int(size, 16)]
        chunks = chunks[int(size, 16) + 2:]
    return body


def told(answer: bytes, request: bytes) -> list[tuple]:
    """What must be the same: nothing that names the member, and sorted what Go has in any order.
    How a body is framed says nothing: for a client that takes trailers grpc-gateway uses chunks."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = body_of_chunks(body)
    body = SPACE.sub(b",", body)
    body = OWN.sub(b"N", body)
    body = ALARMS.sub(lambda match: b",".join(sorted(re.findall(rb"\{[^}]*\}", match[1]))), body)
    body = CHECKS.sub(lambda match: b"".join(sorted(match[0].splitlines(True))), body)
    if not request.startswith(b"HEAD "):
        head = LENGTH.sub(b"content-length: %d" % len(body), head)
    return [answer.told() for answer in parse(head + separator + body)]


@real_etcd.needed
class OddRequestsBesideEtcdTest(unittest.TestCase):
    maxDiff = None

    def test_they_are_answered_alike(self) -> None:
        with Member(ETCD) as ours, Member(real_etcd.build()) as real:
            for number in range(FIRST, FIRST + COUNT):
                request = Odd(number).request()
                with self.subTest(number, request=request):
                    self.assertEqual(told(ask(ours.address, request), request),
                                     told(ask(real.address, request), request))


if __name__ == "__main__":
    unittest.main()
