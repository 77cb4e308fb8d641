#!/usr/bin/python3
"""The same bytes to the HTTP/1.1 port of a member and of a real etcd 3.7. What may differ is in
docs/differences.md. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import contextlib
import json
import os
import re
import socket
import unittest
from pathlib import Path
from typing import NamedTuple

import real_etcd
from member import Member

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
SILENCE_SECONDS = 0.4
BODY = b'{"key":"a2V5","value":"dmFsdWU="}'
CHUNKED = b"Transfer-Encoding: chunked"


def get(path: bytes, *fields: bytes, version: bytes = b"1.1", method: bytes = b"GET") -> bytes:
    lines = [method + b" " + path + b" HTTP/" + version, b"Host: x", *fields, b"", b""]
    return b"\r\n".join(lines)


def post(path: bytes, body: bytes, *fields: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return get(path, *fields, length, method=b"POST") + body


def put(body: bytes = BODY, *fields: bytes) -> bytes:
    return post(b"/v3/kv/put", body, *fields)


def raw_put(*fields: bytes, body: bytes = b"{}") -> bytes:
    return get(b"/v3/kv/put", *fields, method=b"POST") + body


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


END = b"0\r\n\r\n"
RANGE = b"/v3/kv/range"
CASES = {
    "a put": put(),
    "two at once": put() + put(),
    "connection close": put(BODY, b"Connection: close"),
    "expect": put(BODY, b"Expect: 100-continue"),
    "expect in capitals": put(BODY, b"Expect: 100-Continue"),
    "expect something else": put(BODY, b"Expect: tea"),
    "version 1.0": get(b"/version", version=b"1.0"),
    "version 1.0 kept alive": get(b"/version", b"Connection: keep-alive", version=b"1.0"),
    "version 1.2": get(b"/version", version=b"1.2"),
    "no host": b"GET /version HTTP/1.1\r\n\r\n",
    "two hosts": get(b"/version", b"Host: y"),
    "a list of lengths": raw_put(b"Content-Length: 2, 2"),
    "a length twice": raw_put(b"Content-Length: 2", b"Content-Length: 2"),
    "two lengths": raw_put(b"Content-Length: 2", b"Content-Length: 3", body=b"{} "),
    "a negative length": raw_put(b"Content-Length: -1"),
    "a signed length": raw_put(b"Content-Length: +2"),
    "no length": raw_put(b"Content-Length:"),
    "a length with spaces": raw_put(b"Content-Length:  2 "),
    "a length in hexadecimal": raw_put(b"Content-Length: 0x2"),
    "length and chunks": raw_put(b"Content-Length: 2", CHUNKED, body=chunk(b"{}") + END),
    "chunks": raw_put(CHUNKED, body=chunk(BODY) + END),
    "chunks in capitals": raw_put(b"Transfer-Encoding: CHUNKED", body=chunk(BODY) + END),
    "a coding": raw_put(b"Transfer-Encoding: gzip, chunked", body=chunk(b"{}") + END),
    "identity": raw_put(b"Transfer-Encoding: identity", b"Content-Length: 2"),
    "an extension": raw_put(CHUNKED, body=chunk(BODY, b";a=b") + END),
    "a long extension": raw_put(CHUNKED, body=chunk(BODY, b";" + b"a" * 5000) + END),
    "no chunk": raw_put(CHUNKED, body=b"zz\r\n{}\r\n"),
    "a chunk too large": raw_put(CHUNKED, body=b"fffffffffffffffff\r\n"),
    "a trailer": raw_put(CHUNKED, b"Trailer: A", body=chunk(BODY) + b"0\r\nA: b\r\n\r\n"),
    "lines that end early": b"GET /version HTTP/1.1\nHost: x\n\n",
    "a space behind a name": get(b"/version", b"A : b"),
    "a folded field": get(b"/version", b"A: b", b" c"),
    "a bad name": get(b"/version", b"A(: b"),
    "no colon": get(b"/version", b"AB"),
    "a zero": get(b"/version", b"A: \0"),
    "a bad method": get(b"/version", method=b"G(T"),
    "an odd method": get(b"/version", method=b"FOO"),
    "head": get(b"/version", method=b"HEAD"),
    "another method": get(b"/v3/kv/put"),
    "delete": get(b"/v3/kv/put", method=b"DELETE"),
    "a whole URL": get(b"http://y/version"),
    "connect": get(b"x:1", method=b"CONNECT"),
    "connect to a path": get(b"/version", method=b"CONNECT"),
    "connect to a call": get(b"/v3/kv/range", method=b"CONNECT"),
    "connect above all calls": get(b"/v3", method=b"CONNECT"),
    "connect to what is not there": get(b"/nope", method=b"CONNECT"),
    "connect with two slashes": get(b"//version", method=b"CONNECT"),
    "connect without a slash": get(b"version", method=b"CONNECT"),
    "connect to a whole URL": get(b"http://y/version", method=b"CONNECT"),
    "connect to all": get(b"*", method=b"CONNECT"),
    "no slash": get(b"version"),
    "two dots": get(b"/a/../version"),
    "two slashes": get(b"//version"),
    "a slash behind": get(b"/version/"),
    "percent": get(b"/%76ersion"),
    "bad percent": get(b"/%zz"),
    "a query": get(b"/version?a=b"),
    "not there": get(b"/nope"),
    "health": get(b"/health"),
    "health by post": post(b"/health", b""),
    "livez": get(b"/livez?verbose"),
    "one check": get(b"/livez/serializable_read"),
    "without a check": get(b"/readyz?exclude=data_corruption"),
    "v2": get(b"/v2/keys"),
    "the root": get(b"/"),
    "v3alpha": post(b"/v3alpha/kv/put", BODY),
    "v3beta": post(b"/v3beta/kv/put", BODY),
    "no such call": post(b"/v3/kv/nope", BODY),
    "a call in capitals": post(b"/V3/kv/put", BODY),
    "another type": put(BODY, b"Content-Type: text/plain"),
    "no body": put(b""),
    "null": put(b"null"),
    "an array": put(b"[]"),
    "two bodies": put(BODY + BODY),
    "junk behind": put(BODY + b"x"),
    "half an object": put(b"{"),
    "an unknown field": put(b'{"nope":1}'),
    "a number for bytes": put(b'{"key":1}'),
    "no base64": put(b'{"key":"###"}'),
    "base64 for URLs": put(b'{"key":"-_-_"}'),
    "base64 without padding": put(b'{"key":"YQ"}'),
    "snake case": put(b'{"key":"YQ==","ignore_value":true}'),
    "camel case": put(b'{"key":"YQ==","ignoreValue":true}'),
    "a text for a truth": put(b'{"key":"YQ==","prev_kv":"true"}'),
    "a text for a number": put(b'{"key":"YQ==","lease":"0"}'),
    "a fraction that is whole": put(b'{"key":"YQ==","lease":0.0}'),
    "a number too large": put(b'{"key":"YQ==","lease":99999999999999999999}'),
    "a field twice": put(b'{"key":"YQ==","key":"Yg=="}'),
    "an enum by name": post(RANGE, b'{"key":"YQ==","sort_order":"DESCEND"}'),
    "an enum by number": post(RANGE, b'{"key":"YQ==","sort_order":2}'),
    "an enum that is not": post(RANGE, b'{"key":"YQ==","sort_order":"X"}'),
    "an enum too large": post(RANGE, b'{"key":"YQ==","sort_order":77}'),
    "no key": post(RANGE, b"{}"),
    "a future revision": post(RANGE, b'{"key":"YQ==","revision":"99999"}'),
    "a deadline": put(BODY, b"Grpc-Timeout: 1S"),
    "no deadline": put(BODY, b"Grpc-Timeout: x"),
    "an origin": put(BODY, b"Origin: http://a"),
    "a preflight": get(b"/v3/kv/put", b"Origin: http://a",
                       b"Access-Control-Request-Method: POST", method=b"OPTIONS"),
}

# By the titles of docs/differences.md.
DIFFERENCES = {
    "length and chunks": "What two readers may take for different requests is refused",
    "lines that end early": "What two readers may take for different requests is refused",
    "version 1.2": "HTTP/1.1 and 1.0 are all there is",
    "a long extension": "A body in chunks that cannot be read is refused in plain text",
    "no chunk": "A body in chunks that cannot be read is refused in plain text",
    "a chunk too large": "A body in chunks that cannot be read is refused in plain text",
}

NUMBERS = re.compile(r'"(revision|raft_term|member_id|cluster_id|create_revision|mod_revision'
                     r'|version)":"\d+"')
FIELDS = ("content-type", "location", "allow", "connection", "access-control-allow-origin")


class Answer(NamedTuple):
    status: str
    fields: dict[str, str]
    body: str

    def told(self) -> tuple:
        """What a client goes by: of an error its status and gRPC's code, whatever its words."""
        body = self.body
        with contextlib.suppress(ValueError):  # Go's encoder puts spaces in, in some builds
            body = json.dumps(json.loads(body), separators=(",", ":"))
        body = NUMBERS.sub(r'"\1":"N"', body)
        if not self.status.split()[1].startswith(("1", "2", "3")):
            try:
                return self.status.split()[1], json.loads(body)["code"]
            except (ValueError, KeyError, TypeError):
                return (self.status.split()[1],)
        return self.status, self.fields, body


def parse(data: bytes) -> list[Answer]:
    answers, text = [], data.decode("latin-1")
    while text.startswith("HTTP/"):
        head, _, text = text.partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        fields = {name.lower(): value for name, value in fields.items()}
        size = int(fields.get("content-length", 0 if " 100 " in status else len(text)))
        answers.append(Answer(status, {name: fields[name] for name in FIELDS if name in fields},
                              text[:size]))
        text = text[size:]
    return answers


def ask(address: str, request: bytes) -> tuple[list[tuple], bool]:
    """All that comes, and whether the connection was ended."""
    host, _, port = address.partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        connection.settimeout(SILENCE_SECONDS)
        try:
            while data := connection.recv(65536):
                received += data
        except TimeoutError:
            return [answer.told() for answer in parse(received)], False
        except ConnectionError:
            pass
    return [answer.told() for answer in parse(received)], True


@real_etcd.needed
class Http1BesideEtcdTest(unittest.TestCase):
    maxDiff = None

    def test_odd_requests_are_answered_alike(self) -> None:
        alike = []
        with Member(ETCD) as ours:
            answers = {name: ask(ours.address, request) for name, request in CASES.items()}
        with Member(real_etcd.build()) as real:
            for name, request in CASES.items():
                with self.subTest(name):
                    theirs = ask(real.address, request)
                    if name not in DIFFERENCES:
                        self.assertEqual(answers[name], theirs)
                    elif answers[name] == theirs:
                        alike.append(name)
        self.assertEqual(alike, [], "these differ no more")


if __name__ == "__main__":
    unittest.main()
