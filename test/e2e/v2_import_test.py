#!/usr/bin/python3
"""A directory of etcd 3.4 with keys of API v2 is taken over with them, from its snapshot and its log.

ETCD in the environment is the program.
"""

import base64
import json
import os
import time
import unittest

from cluster import Cluster
from in_place import ETCD
from member import Member
from v2_client import Answer, Ask, Connection

ETCD_34 = "/usr/bin/etcd"
FORM = "application/x-www-form-urlencoded"
WAIT_SECONDS = 30


def ask(member: Member, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
    connection = Connection(member.address)
    kind = "application/json" if body is not None and body.startswith("{") else FORM
    try:
        return connection.ask(Ask(method, path, None if body is None else body.encode(), kind,
                                  headers)).read()
    finally:
        connection.close()


def put(member: Member, key: str, body: str, method: str = "PUT") -> None:
    answer = ask(member, method, f"/v2/keys{key}", body)
    assert answer.status in (200, 201), (key, answer.line, answer.body)


def fill(member: Member, begin: int, end: int) -> None:
    for i in range(begin, end):
        put(member, f"/many/{i % 40}", f"value=v{i}")


def tree_of(member: Member) -> tuple[dict, int]:
    answer = ask(member, "GET", "/v2/keys/?recursive=true&sorted=true&quorum=true")
    assert answer.status == 200, answer.body
    tree = json.loads(answer.body)

    def forget_ttl(node: dict) -> None:
        node.pop("ttl", None)  # goes on
        for child in node.get("nodes", []):
            forget_ttl(child)
    forget_ttl(tree["node"])
    return tree, int(answer.headers["X-Etcd-Index"])


def node_of(member: Member, key: str) -> dict | None:
    answer = ask(member, "GET", f"/v2/keys{key}?recursive=true&sorted=true&quorum=true")
    return json.loads(answer.body)["node"] if answer.status == 200 else None


@unittest.skipUnless(os.access(ETCD_34, os.X_OK), "there is no /usr/bin/etcd")
class V2ImportTest(unittest.TestCase):
    maxDiff = None

    def etcds(self, *flags: str) -> Member:
        return self.enterContext(Member(ETCD_34, "--enable-v2", *flags))

    def take_over(self, member: Member, *flags: str) -> None:
        member.stop()
        member.program = ETCD
        member.flags = ("--enable-v2", *flags)
        member.start()

    def write_some(self, member: Member) -> None:
        put(member, "/file", "value=a%00b%26%C3%A9")
        put(member, "/empty", "dir=true")
        put(member, "/dir/sub/file", "value=1")
        put(member, "/_hidden/x", "value=h")
        put(member, "/queue", "value=first", method="POST")
        put(member, "/queue", "value=second", method="POST")
        put(member, "/far", "value=t&ttl=5000")
        put(member, "/far-dir", "dir=true&ttl=6000")
        put(member, "/gone", "value=t&ttl=1")
        put(member, "/removed", "value=1")
        self.assertEqual(ask(member, "DELETE", "/v2/keys/removed").status, 200)
        put(member, "/swapped", "value=1")
        put(member, "/swapped?prevValue=1", "value=2")

    def check_goes_on(self, etcds: Member, tree: dict, index: int) -> None:
        """The index is at least that: a member that starts tells its name, and the version rises."""
        now, now_index = tree_of(etcds)
        self.assertEqual(now, tree)
        self.assertIn(now_index, range(index, index + 4))
        self.assertEqual(node_of(etcds, "/_hidden")["nodes"][0]["value"], "h")
        put(etcds, "/after", "value=1")
        self.assertIn(node_of(etcds, "/after")["createdIndex"], range(now_index + 1, index + 5))
        etcds.stop()
        etcds.start()
        self.assertEqual(node_of(etcds, "/after")["value"], "1")

    def wait_until_gone(self, member: Member, key: str) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while node_of(member, key) is not None:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def test_keys_of_the_log(self) -> None:
        etcds = self.etcds()
        self.write_some(etcds)
        self.wait_until_gone(etcds, "/gone")
        tree, index = tree_of(etcds)
        self.take_over(etcds)
        self.check_goes_on(etcds, tree, index)

    def test_keys_of_a_snapshot_and_the_log_behind_it(self) -> None:
        etcds = self.etcds("--snapshot-count=50")
        self.write_some(etcds)
        self.wait_until_gone(etcds, "/gone")
        fill(etcds, 0, 230)
        put(etcds, "/dir/sub/file", "value=2")
        put(etcds, "/short", "value=t&ttl=2")
        tree, index = tree_of(etcds)
        self.assertTrue(list((etcds.folder / "data/member/snap").glob("*.snap")))
        self.take_over(etcds)
        # Its time goes on.
        self.wait_until_gone(etcds, "/short")
        nodes = tree["node"]["nodes"]
        tree["node"]["nodes"] = [node for node in nodes if node["key"] != "/short"]
        self.check_goes_on(etcds, tree, index + 1)
        # The events before the snapshot are not taken.
        self.assertEqual(ask(etcds, "GET", "/v2/keys/file?wait=true&waitIndex=1").status, 400)

    def test_users_and_roles(self) -> None:
        etcds = self.etcds()
        put(etcds, "/a", "value=1")
        for path, body in (("users/root", '{"user":"root","password":"p"}'),
                           ("users/u", '{"user":"u","password":"q","roles":["guest"]}')):
            self.assertIn(ask(etcds, "PUT", f"/v2/auth/{path}", body).status, (200, 201))
        self.assertEqual(ask(etcds, "PUT", "/v2/auth/enable").status, 200)
        self.take_over(etcds)
        self.assertEqual(ask(etcds, "GET", "/v2/auth/users").status, 401)
        word = "Basic " + base64.b64encode(b"root:p").decode()
        answer = ask(etcds, "GET", "/v2/auth/users", Authorization=word)
        self.assertEqual([user["user"] for user in json.loads(answer.body)["users"]], ["root", "u"])

    def test_a_directory_without_such_keys_has_no_tree(self) -> None:
        etcds = self.etcds()
        self.take_over(etcds)
        self.assertEqual(ask(etcds, "GET", "/v2/keys/").status, 200)
        etcds.stop()
        plain = self.enterContext(Member(ETCD_34))
        plain.stop()
        plain.program = ETCD
        plain.start()
        self.assertEqual(ask(plain, "GET", "/v2/keys/").status, 404)

    def test_one_of_several_members_is_refused_by_name(self) -> None:
        with Cluster(ETCD_34, ETCD_34, ETCD_34, flags=("--enable-v2",)) as cluster:
            put(cluster.members[0], "/a", "value=1")
            member = cluster.members[0]
            member.stop()
            member.program = ETCD
            with self.assertRaises(RuntimeError):
                member.start()
            self.assertIn("PUT /1/a of etcd's API v2 is not supported", member.log.read_text())
            member.process = None
            member.program = ETCD_34
            member.start()


if __name__ == "__main__":
    unittest.main()
