#!/usr/bin/python3
"""The v2 API: the same random requests at a member of ours and at Debian's etcd 3.4.23.

Status, headers and bodies are the same, field by field, but for what is listed here and in
docs/differences.md. ETCD in the environment is the program, V2_CALLS how many requests are made,
V2_SEED the seed; with E2E_FULL they are 20,000.
"""

import base64
import functools
import json
import os
import re
import time
import unittest
from pathlib import Path
from typing import Callable

from member import Member
from random_v2 import RandomRequests
from random_v2_accounts import RandomAccounts
from v2_client import Answer, Ask, Connection, read_side_by_side

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
DEBIANS = "/usr/bin/etcd"
CALLS = int(os.environ.get("V2_CALLS") or (20_000 if os.environ.get("E2E_FULL") else 1_500))
SEED = int(os.environ.get("V2_SEED", "1"))
ACCOUNT_CALLS = CALLS // 20  # most with a password, which both take their time to check
ROUND = 60  # requests between two looks at the watches, and at what has run out
WATCHES = 4
QUIET_SECONDS = 0.05
LATE_SECONDS = 2  # a watch's event may come, if the other member has told it
# What lives for less is waited for; the others' times are longer than it is asked.
SHORT_LIFE_SECONDS, RUN_OUT_SECONDS = 5, 10
MOMENT_SECONDS = 2  # at most, between the same request to the one and to the other
# Of the clusters, the clock and the log: that they are there, or not, is compared.
VARYING = {"X-Etcd-Cluster-Id", "X-Raft-Index", "X-Raft-Term", "Date"}
EXPIRATION = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
# A body up to this long goes out with its length, a longer one in chunks. Times may have fewer
# digits there than here: near it, the one may come in this way and the other in that.
BUFFERED_BYTES = 2048
FRAMING_SLACK = 250


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
        # One of 0 is left out.
        if name == "expiration" and all(other != "ttl" for other, _ in value):
            fields.append(("ttl", 0))
    return tuple(fields)


def normal_body(body: bytes):
    try:
        lines = body.decode().splitlines(keepends=True) if body.startswith(b"{") else []
        if not lines or not all(line.endswith("\n") for line in lines):
            return body
        return [_normal(json.loads(line, object_pairs_hook=tuple)) for line in lines]
    except ValueError:
        return body


def with_their_times(ours, theirs, may_be_left: Callable[[int, int], bool]):
    """Ours, normal, with their `ttl` instead of each of ours that may be another one."""
    if type(ours) is not type(theirs) or not isinstance(ours, (list, tuple)):
        return ours
    if len(ours) != len(theirs):
        return ours
    if ours[:1] == theirs[:1] == ("ttl",):
        return theirs if may_be_left(ours[1], theirs[1]) else ours
    return type(ours)(with_their_times(mine, other, may_be_left)
                      for mine, other in zip(ours, theirs))


def ends_soon(answer: Answer) -> bool:
    """Something of what was asked for has a short time to live."""
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + SHORT_LIFE_SECONDS))
    return any(moment < soon for moment in re.findall(r'"expiration":"(.{19})', answer.body.decode()))


def is_read(ask: Ask) -> bool:
    return ask.method == "GET" and "wait=true" not in ask.target


def may_be_framed_otherwise(answers: list[Answer]) -> bool:
    return any(abs(len(answer.body) - BUFFERED_BYTES) < FRAMING_SLACK for answer in answers)


def normal_headers(answer: Answer, method: str, with_framing: bool) -> dict[str, str]:
    headers = {name: "" if name in VARYING else value for name, value in answer.headers.items()}
    length = headers.get("Content-Length")
    headers.pop("Transfer-Encoding", None)
    if method == "HEAD" and answer.status == 301:  # a length of nothing is told here
        headers.pop("Content-Length", None)
        length = None
    if length is not None:
        if method != "HEAD":
            assert int(length) == len(answer.body), answer.headers
        headers["Content-Length"] = ""
    if not with_framing:
        headers.pop("Content-Length", None)
    return headers


class Pair:
    """Two members that are asked the same."""

    def __init__(self, ours: Member, theirs: Member) -> None:
        self.addresses = [ours.address, theirs.address]
        self.connections = [self.connect(address) for address in self.addresses]

    @staticmethod
    def connect(address: str) -> Connection:
        connection = Connection(address)
        # etcd resets a connection that begins with a line of more than 4,096 bytes.
        connection.ask(Ask("GET", "/version")).read()
        return connection

    def ask(self, ask: Ask) -> list[Answer]:
        for connection in self.connections:
            connection.send(ask)
        answers = [Answer(connection, ask.method).read() for connection in self.connections]
        for i, answer in enumerate(answers):
            answer.body = answer.body.replace(self.addresses[i].encode(), b"ADDRESS")
            if answer.body.startswith(b"http://ADDRESS"):
                answer.headers["Content-Length"] = str(len(answer.body))
            if "close" in answer.headers.pop("Connection", ""):
                self.connections[i].close()
                self.connections[i] = self.connect(self.addresses[i])
        return answers

    def watch(self, ask: Ask) -> list[Answer]:
        """Each on a connection of its own, which ends with the answer."""
        connections = [Connection(address) for address in self.addresses]
        for connection in connections:
            connection.send(ask)
        return [Answer(connection, ask.method) for connection in connections]

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


class BesideEtcdCase(unittest.TestCase):
    """Two members, and comparisons of what they answer."""

    maxDiff = None

    FLAGS: tuple[str, ...] = ()

    def setUp(self) -> None:
        ours, theirs = (self.enterContext(Member(program, "--enable-v2", *self.FLAGS))
                        for program in (ETCD, DEBIANS))
        self.pair = Pair(ours, theirs)
        self.addCleanup(self.pair.close)

    def compare(self, ask: Ask, answers: list[Answer]) -> None:
        ours, theirs = answers
        text = f"seed {SEED}: {ask}\nours {ours.line} {ours.headers} {ours.body[:2000]}\n" \
               f"theirs {theirs.line} {theirs.headers} {theirs.body[:2000]}"
        self.assertEqual(ours.line, theirs.line, text)
        with_framing = not may_be_framed_otherwise(answers)
        self.assertEqual(*(normal_headers(answer, ask.method, with_framing) for answer in answers),
                         text)
        expected = normal_body(theirs.body)
        found = with_their_times(normal_body(ours.body), expected,
                                 functools.partial(self.may_be_left, ask))
        self.assertEqual(found, expected, text)

    def may_be_left(self, ask: Ask, ours: int, theirs: int) -> bool:
        """Of a time to live, where both were not asked in the same moment."""
        return is_read(ask) and abs(ours - theirs) <= MOMENT_SECONDS


class RequestsBesideEtcdTest(BesideEtcdCase):
    def test_random_requests(self) -> None:
        requests = RandomRequests(SEED)
        done = 0
        while done < CALLS:
            done += self.run_round(requests)

    def run_round(self, requests: RandomRequests) -> int:
        """Answers how many requests were made."""
        watches: list[tuple[Ask, list[Answer]]] = []
        for step in range(1, ROUND + 1):
            if len(watches) < WATCHES and requests.random.random() < 0.15:
                ask = requests.wait()
                watches.append((ask, self.pair.watch(ask)))
            # What ends soon is made last, so that nothing has run out before the end.
            ask = requests.next(may_end_soon=step > ROUND - 8)
            answers = self.pair.ask(ask)
            self.compare(ask, answers)
            requests.index = max(requests.index,
                                 int(answers[1].headers.get("X-Etcd-Index", "0")))
            if step > ROUND - 8 and self.await_end(ask, answers):
                break
        read_side_by_side([answers for _, answers in watches], QUIET_SECONDS, LATE_SECONDS)
        for ask, answers in watches:
            self.assertEqual(answers[0].ended, answers[1].ended,
                             f"seed {SEED}: {ask} {[answer.body for answer in answers]}")
            self.compare(ask, answers)
            for answer in answers:
                answer.close()
        whole = Ask("GET", "/v2/keys/?recursive=true&sorted=true")
        self.compare(whole, self.pair.ask(whole))
        return step

    def await_end(self, ask: Ask, answers: list[Answer]) -> bool:
        """Of what it may have given a short time to live; answers whether there was such a thing."""
        if b"ttl" not in ask.bytes() or answers[1].status not in (200, 201):
            return False
        there = Ask("GET", ask.target.partition("?")[0] + "?recursive=true")
        given = any(ends_soon(answer) for answer in answers)
        end = time.monotonic() + RUN_OUT_SECONDS
        while any(ends_soon(answer) for answer in self.pair.ask(there)):
            self.assertLess(time.monotonic(), end, f"seed {SEED}: {ask} does not run out")
            given = True
            time.sleep(0.02)
        return given

    def counts(self) -> list[dict[str, int]]:
        return [json.loads(answer.body) for answer in self.pair.ask(Ask("GET", "/v2/stats/store"))]

    def test_statistics_count_the_same(self) -> None:
        before = self.counts()
        requests = RandomRequests(SEED + 1)
        for _ in range(300):
            ask = requests.next(may_end_soon=False)
            if ask.method != "HEAD":
                self.compare(ask, self.pair.ask(ask))
        # etcd looks for users at each request.
        grown = [{name: count - earlier[name] for name, count in later.items()
                  if name not in ("getsFail", "watchers")}
                 for earlier, later in zip(before, self.counts())]
        self.assertEqual(*grown)

    def metrics(self) -> list[dict[str, float]]:
        """Those of the v2 API. Of the others etcd counts what members and users do, too; of times
        there are no two the same."""
        found = []
        for answer in self.pair.ask(Ask("GET", "/metrics")):
            lines = re.findall(r"^(etcd_(?:debugging_store|http)_[^ ]*) ([^ ]*)$",
                               answer.body.decode(), re.MULTILINE)
            found.append({name: float(value) for name, value in lines
                          if "_bucket" not in name and "_sum" not in name and
                          "_failed_total{action" not in name and 'action="get"' not in name})
            # A create that is stopped by a file on its way is one of each here, two creates there.
            writes = 'etcd_debugging_store_writes_total{action="%s"}'
            found[-1]["set and create"] = sum(found[-1].pop(writes % action, 0)
                                              for action in ("set", "create"))
        return found

    def test_metrics_count_the_same(self) -> None:
        self.pair.ask(Ask("GET", "/v2/keys/"))
        before = self.metrics()
        requests = RandomRequests(SEED + 2)
        # The seed may have none of these.
        certain = [Ask("GET", "/v2/keys/?quorum=true&recursive=true"), Ask("GET", "/v2/keys/none"),
                   Ask("PUT", "/v2/keys/a?value=1")]
        for ask in certain + [requests.next(may_end_soon=False) for _ in range(300)]:
            self.compare(ask, self.pair.ask(ask))
        watching = self.pair.watch(Ask("GET", "/v2/keys/never?wait=true"))
        grown = [{name: value - earlier.get(name, 0) for name, value in later.items()
                  if value != earlier.get(name, 0)}
                 for earlier, later in zip(before, self.metrics())]
        for answer in watching:
            answer.close()
        self.assertEqual(*grown)
        for name in ("etcd_debugging_store_watchers", 'etcd_http_received_total{method="QGET"}',
                     'etcd_debugging_store_reads_total{action="getRecursive"}',
                     'etcd_http_failed_total{code="404",method="GET"}',
                     'etcd_http_successful_duration_seconds_count{method="PUT"}'):
            self.assertGreater(grown[0].get(name, 0), 0, name)
        bounds = [re.findall(r'etcd_http_successful_duration_seconds_bucket{method="PUT",le="(.*?)"}',
                             answer.body.decode()) for answer in self.pair.ask(Ask("GET", "/metrics"))]
        self.assertEqual(*bounds)

    def test_members_and_statistics(self) -> None:
        json_body = {"content_type": "application/json"}
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
            for path in ("/v2/members/none", "/v2/members/123", "/v2/stats/none", "/v2/stats/",
                         "/v2/stats", "/v2/machinesx", "/v2/auth", "/v2/auth/", "/v2/auth/none"):
                ask = Ask(method, path)
                self.compare(ask, self.pair.ask(ask))
        for path in ("/v2/keys/a", "/v2//keys/a", "/v2/keys/b/../a"):
            ask = Ask("CONNECT", path)
            self.compare(ask, self.pair.ask(ask))
        for body in (b"{}", b"[1]", b'{"peerURLs":[1]}', b"x", b'{"peerURLs":["x"]}', b"",
                     b'{"peerURLs":["http://127.0.0.1"]}', b'{"peerURLs":["ftp://127.0.0.1:1"]}',
                     b'{"peerURLs":["http://127.0.0.1:1/a"]}', b'{"peerURLs":[]}'):
            for method, path in (("POST", ""), ("PUT", "/123"), ("PUT", "/x"), ("PUT", "")):
                ask = Ask(method, "/v2/members" + path, body, **json_body)
                self.compare(ask, self.pair.ask(ask))
        ask = Ask("POST", "/v2/members", b"{}", "text/plain")
        self.compare(ask, self.pair.ask(ask))
        for answer in self.pair.ask(Ask("GET", "/v2/members")):
            members = json.loads(answer.body)["members"]
            self.assertEqual(list(members[0]), ["id", "name", "peerURLs", "clientURLs"])
            leader = self.pair.ask(Ask("GET", "/v2/members/leader"))
        self.assertEqual(*[list(json.loads(answer.body)) for answer in leader])
        selves = self.pair.ask(Ask("GET", "/v2/stats/self"))
        self.assertEqual(*[list(json.loads(answer.body)) for answer in selves])


    def test_a_content_type_that_cannot_be_read_changes_nothing(self) -> None:
        form = "application/x-www-form-urlencoded"
        types = [form + more for more in (
            "", ";", " ; ", "; charset=utf-8", "; charset=", '; charset="x', '; charset="x y"', "; a=b; a=b",
            "; a=b; A=c", ";;", "; a=b c", "; =x", "; bad", ", text/plain", "," + form, "; a*0=b; a*1=c")]
        types += [form.upper(), "text/plain", "text/plain; bad", "a/b/c", "/", "a/", "/b", "x y", "x",
                  "application/json,", "multipart/form-data"]
        for number, content_type in enumerate(types):
            for method in ("PUT", "POST", "PATCH", "DELETE", "GET"):
                ask = Ask(method, f"/v2/keys/k{number}?value=q", b"value=v1", content_type)
                self.compare(ask, self.pair.ask(ask))
        for query in ("?a=%zz&b=a;b", "?a=a;b&b=%zz", "?a=%zz&b=%yy"):
            for body in (b"", b"a=%xx", b"a=;&a=%xx"):
                ask = Ask("PUT", "/v2/keys/q" + query, body, form)
                self.compare(ask, self.pair.ask(ask))
        ask = Ask("GET", "/v2/keys/?recursive=true&sorted=true")
        self.compare(ask, self.pair.ask(ask))


class AccountsBesideEtcdTest(BesideEtcdCase):
    def ask(self, method: str, path: str, body=None, user: str | None = None) -> None:
        headers = {}
        if user is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        ask = Ask(method, path, data, None if data is None else "application/json", headers)
        self.compare(ask, self.pair.ask(ask))

    def test_a_delete_of_nobody_makes_the_directories(self) -> None:
        for number, path in enumerate(("roles/guest", "users/xx", "users/root")):
            self.ask("DELETE", "/v2/auth/" + path)
            self.ask("PUT", f"/v2/keys/a{number}")

    def test_users_and_roles(self) -> None:
        users, roles, enable = "/v2/auth/users", "/v2/auth/roles", "/v2/auth/enable"
        for path in (users, users + "/", users + "/u", users + "/u/", users + "/u/x", roles,
                     roles + "/root", roles + "/r", roles + "/r/", enable, enable + "/"):
            for method in ("GET", "POST", "HEAD", "DELETE"):
                self.ask(method, path)
        self.ask("PUT", enable)
        for body in (b"", b"x", b'{"user":"u"', {}, {"user": "x"}, {"user": "u"}, {"user": 1},
                     {"user": "u", "password": "p"}, {"user": "u"}, {"user": "u", "grant": ["r"]},
                     {"user": "u", "grant": ["r"]}, {"user": "u", "revoke": ["x"]},
                     {"user": "u", "roles": ["r"], "grant": ["r"]}, {"user": "u", "revoke": ["r"]},
                     {"user": "u", "roles": ["r"], "password": "p"}, {"user": "u", "grant": ["r"]}):
            self.ask("PUT", users + "/u", body)
        for body in (b"", {"role": "x"}, {"role": "r"}, {"role": "r"},
                     {"role": "r", "grant": {"kv": {"read": ["/a/*", "/b"], "write": ["/a/*"]}}},
                     {"role": "r", "grant": {"kv": {"read": ["/b"]}}},
                     {"role": "r", "revoke": {"kv": {"read": ["/none"]}}},
                     {"role": "r", "grant": {"kv": {"read": ["/c"]}},
                      "permissions": {"kv": {"read": ["/c"]}}}):
            self.ask("PUT", roles + "/r", body)
        self.ask("PUT", roles + "/root", {"role": "root"})
        self.ask("PUT", users + "/root", {"user": "root", "password": "secret"})
        for path in (users, users + "/u", users + "/root", roles, roles + "/r"):
            self.ask("GET", path)
        self.ask("PUT", enable)
        self.ask("PUT", enable, user="root:secret")
        self.ask("PUT", roles + "/guest", {"role": "guest", "revoke": {"kv": {"write": ["/*"]}}},
                 user="root:secret")
        # Not ":": there etcd 3.4 panics, and the connection ends.
        for user in (None, "root:secret", "root:wrong", "u:p", "none:p", "u"):
            for method, path in (("GET", "/v2/keys/a/x"), ("PUT", "/v2/keys/a/x?value=1"),
                                 ("GET", "/v2/keys/a?recursive=true"), ("GET", "/v2/keys/b"),
                                 ("DELETE", "/v2/keys/b"), ("GET", "/v2/keys/"),
                                 ("GET", "/v2/keys/a?recursive=x"), ("GET", users),
                                 ("GET", enable), ("DELETE", "/v2/members/123"),
                                 ("GET", "/v2/stats/none"), ("DELETE", users + "/root")):
                self.ask(method, path, user=user)
        # What root is, it does not lose.
        self.ask("PUT", users + "/root", {"user": "root", "revoke": ["root"]}, user="root:secret")
        self.ask("GET", users + "/root", user="root:secret")
        self.ask("DELETE", roles + "/r", user="root:secret")
        self.ask("DELETE", roles + "/r", user="root:secret")
        self.ask("GET", users + "/u", user="root:secret")
        self.ask("DELETE", users + "/u", user="root:secret")
        self.ask("DELETE", users + "/u", user="root:secret")
        self.ask("DELETE", enable)
        self.ask("DELETE", enable, user="root:secret")
        self.ask("GET", "/v2/keys/?recursive=true")


class RandomAccountsTest(BesideEtcdCase):
    def test_random_requests(self) -> None:
        accounts = RandomAccounts(SEED)
        for ask in accounts.founding():
            self.compare(ask, self.pair.ask(ask))
        for _ in range(ACCOUNT_CALLS):
            ask = accounts.next()
            answers = self.pair.ask(ask)
            self.compare(ask, answers)
            accounts.requests.index = max(accounts.requests.index,
                                          int(answers[1].headers.get("X-Etcd-Index", "0")))


class MemberTest(unittest.TestCase):
    """What is of this program alone."""

    def test_without_the_flag_there_is_no_such_path(self) -> None:
        member = self.enterContext(Member(ETCD))
        connection = Connection(member.address)
        self.addCleanup(connection.close)
        for path in ("/v2/keys/a", "/v2/members", "/v2/machines", "/v2/stats/self", "/v2/auth/enable"):
            answer = connection.ask(Ask("GET", path)).read()
            self.assertEqual((answer.status, answer.body), (404, b"404 page not found\n"), path)

    def test_a_start_reads_a_tree_of_any_depth(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        # All paths of its directories together are 4 GB.
        path = "/v2/keys" + "/d" * 31_000
        for number in range(4):
            connection = Connection(member.address)
            answer = connection.ask(Ask("PUT", f"{path}/{number}", b"value=v",
                                        "application/x-www-form-urlencoded")).read()
            connection.close()
            self.assertEqual(answer.status, 201, answer.line)
        member.stop()  # what it has written then is in the database
        member.prefix = ["prlimit", "--data=1000000000"]
        member.start()
        connection = Connection(member.address)
        self.addCleanup(connection.close)
        self.assertEqual(connection.ask(Ask("GET", path + "/3")).read().status, 200)

    def test_nothing_is_lost_by_a_kill(self) -> None:
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        connection = Connection(member.address)
        for i in range(1500):
            answer = connection.ask(Ask("PUT", f"/v2/keys/d{i % 7}/{i}?value={i}&ttl=10000")).read()
            self.assertEqual(answer.status, 201)
        connection.ask(Ask("DELETE", "/v2/keys/d0?recursive=true")).read()
        asks = [Ask("GET", "/v2/keys/?recursive=true"),
                Ask("GET", "/v2/keys/d1?wait=true&recursive=true&waitIndex=900"),
                Ask("GET", "/v2/keys/d1?wait=true&waitIndex=2")]
        before = [connection.ask(ask).read() for ask in asks]
        connection.close()
        self.assertEqual([answer.status for answer in before], [200, 200, 400])
        for restarts in range(1, 3):
            member.kill()
            member.start()
            connection = Connection(member.address)
            for ask, answer in zip(asks, before):
                again = connection.ask(ask).read()
                self.assertEqual(again.status, answer.status)
                # A start tells the member's name once more, which has an index.
                self.assertEqual(int(again.headers["X-Etcd-Index"]),
                                 int(answer.headers["X-Etcd-Index"]) + restarts)
                if again.status == 200:
                    self.assertEqual(re.sub(rb'"ttl":\d+', b"", again.body),
                                     re.sub(rb'"ttl":\d+', b"", answer.body), ask)
            connection.close()


if __name__ == "__main__":
    unittest.main()
