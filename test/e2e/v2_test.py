#!/usr/bin/python3
"""The v2 API: the same random requests at a member of ours and at Debian's etcd 3.4.23.

Status, headers and bodies are the same, field by field, but for what is listed here and in
docs/differences.md. ETCD in the environment is the program, V2_CALLS how many requests are made,
V2_SEED the seed.
"""

import json
import os
import re
import time
import unittest
from pathlib import Path

from member import Member
from random_v2 import RandomRequests
from v2_client import Answer, Ask, Connection

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
DEBIANS = "/usr/bin/etcd"
CALLS = int(os.environ.get("V2_CALLS", "1500"))
SEED = int(os.environ.get("V2_SEED", "1"))
ROUND = 60  # requests between two looks at the watches, and at what has run out
WATCHES = 4
QUIET_SECONDS = 0.3
# Of the clusters, the clock and the log: that they are there, or not, is compared.
VARYING = {"X-Etcd-Cluster-Id", "X-Raft-Index", "X-Raft-Term", "Date"}
EXPIRATION = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
FRAMING_SLACK = 250  # bytes: times may have fewer digits


def _normal(value):
    """Fields in their order; without dates, and children in the order of their keys."""
    if isinstance(value, list):
        return [_normal(each) for each in value]
    if not isinstance(value, tuple):
        return value
    fields = []
    for name, field in value:
        if name == "expiration":
            assert EXPIRATION.match(field), field
            field = field[:2]
        if name == "nodes":
            field = sorted(field, key=lambda node: dict(node)["key"])
        fields.append((name, _normal(field)))
    return tuple(fields)


def normal_body(body: bytes):
    try:
        lines = body.decode().splitlines(keepends=True) if body.startswith(b"{") else []
        if not lines or not all(line.endswith("\n") for line in lines):
            return body
        return [_normal(json.loads(line, object_pairs_hook=tuple)) for line in lines]
    except ValueError:
        return body


def normal_headers(answer: Answer, method: str) -> dict[str, str]:
    headers = {name: "" if name in VARYING else value for name, value in answer.headers.items()}
    length = headers.get("Content-Length")
    chunked = headers.pop("Transfer-Encoding", None)
    if length is not None:
        if method != "HEAD":
            assert int(length) == len(answer.body), answer.headers
        headers["Content-Length"] = ""
    if chunked and 2048 < len(answer.body) < 2048 + FRAMING_SLACK:
        headers["Content-Length"] = ""
    return headers


class Pair:
    """Two members that are asked the same."""

    def __init__(self, ours: Member, theirs: Member) -> None:
        self.addresses = [ours.address, theirs.address]
        self.connections = [Connection(address) for address in self.addresses]

    def ask(self, ask: Ask) -> list[Answer]:
        answers = []
        for i, connection in enumerate(self.connections):
            answers.append(connection.ask(ask).read())
            answers[-1].body = answers[-1].body.replace(self.addresses[i].encode(), b"ADDRESS")
            if answers[-1].body.startswith(b"http://ADDRESS"):
                answers[-1].headers["Content-Length"] = str(len(answers[-1].body))
            if "close" in answers[-1].headers.pop("Connection", ""):
                connection.close()
                self.connections[i] = Connection(self.addresses[i])
        return answers

    def watch(self, ask: Ask) -> tuple[list[Connection], list[Answer]]:
        connections = [Connection(address) for address in self.addresses]
        return connections, [connection.ask(ask) for connection in connections]

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


class BesideEtcdTest(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.history: list[Ask] = []
        self.ours = self.enterContext(Member(ETCD, "--enable-v2"))
        self.theirs = self.enterContext(Member(DEBIANS, "--enable-v2"))
        self.pair = Pair(self.ours, self.theirs)
        self.addCleanup(self.pair.close)

    def compare(self, ask: Ask, answers: list[Answer]) -> None:
        ours, theirs = answers
        text = f"seed {SEED}: {ask}\nours {ours.line} {ours.headers} {ours.body[:2000]}\n" \
               f"theirs {theirs.line} {theirs.headers} {theirs.body[:2000]}"
        self.assertEqual(ours.line, theirs.line, text)
        self.assertEqual(normal_headers(ours, ask.method), normal_headers(theirs, ask.method), text)
        self.assertEqual(self.without_rounding(ours.body, theirs.body), normal_body(theirs.body),
                         text)

    def without_rounding(self, ours: bytes, theirs: bytes):
        """Seconds that are left may have become one less between the two."""
        pattern = re.compile(rb'"ttl":(-?\d+)')
        numbers = [[int(text) for text in pattern.findall(body)] for body in (ours, theirs)]
        if len(numbers[0]) != len(numbers[1]) or not ours.startswith(b'{"action":"get"'):
            return normal_body(ours)
        other = {key_and_ttl: None for key_and_ttl in numbers[1]}
        return normal_body(pattern.sub(
            lambda match: match.group(0) if int(match.group(1)) in other else
            b'"ttl":%d' % min(other, key=lambda each: abs(each - int(match.group(1)))), ours))

    def test_random_requests(self) -> None:
        requests = RandomRequests(SEED)
        for _ in range(0, CALLS, ROUND):
            self.run_round(requests)

    def run_round(self, requests: RandomRequests) -> None:
        watches = []
        ends_soon = False
        for step in range(ROUND):
            if len(watches) < WATCHES and requests.random.random() < 0.15:
                ask = requests.wait()
                watches.append((ask, *self.pair.watch(ask)))
            # What ends soon is made at once, so that nothing has run out before the end.
            ask = requests.next(may_end_soon=step >= ROUND - 8)
            ends_soon = ends_soon or b"ttl" in ask.bytes() and step >= ROUND - 8
            answers = self.pair.ask(ask)
            self.compare(ask, answers)
            requests.index = max(requests.index,
                                 int(answers[1].headers.get("X-Etcd-Index", "0")))
        if ends_soon:
            time.sleep(2.0)
        for ask, connections, answers in watches:
            for answer in answers:
                answer.read_what_comes(QUIET_SECONDS) if answer.is_chunked else answer.read()
            self.assertEqual(answers[0].ended, answers[1].ended,
                             f"{ask} {[answer.body for answer in answers]}")
            self.compare(ask, answers)
            for connection in connections:
                connection.close()
        whole = Ask("GET", "/v2/keys/?recursive=true&sorted=true")
        self.compare(whole, self.pair.ask(whole))


if __name__ == "__main__":
    unittest.main()
