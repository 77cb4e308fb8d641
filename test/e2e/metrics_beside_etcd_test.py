#!/usr/bin/python3
"""The metrics of a member beside those of a real etcd 3.7 after the same work: same names, types
and labels. What may differ is listed below. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import contextlib
import json
import os
import re
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import real_etcd
from member import Member
from protocol import Client

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))

# Of Go and its libraries, and our own.
OTHERS = re.compile(r"go_|promhttp_|cornerstore_")
# Services that one of the two does not have.
SERVICES = re.compile(
    r'grpc_service="(etcdserverpb\.Auth|grpc\.reflection\.v1(alpha)?\.ServerReflection)"')
# Labels whose values are a member's own.
OWN = re.compile(r'(server_id|Local|Remote|server_go_version)="[^"]*"')
# Alike only in their names, types and labels: these may differ in anything else.
Series = dict[str, set[str]]


def read(url: str, gzip: bool = False) -> str:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"} if gzip else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert (answer.headers["Content-Encoding"] == "gzip") == gzip
        return answer.read().decode(errors="replace")


def families(text: str) -> tuple[dict[str, str], Series]:
    """The types of all families, and their series, without values."""
    types: dict[str, str] = {}
    series: Series = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:4]
            if not OTHERS.match(name):
                types[name] = kind
        elif not line.startswith("#"):
            match = re.fullmatch(r"([a-z0-9_]+)(?:\{(.*)\})? \S+", line)
            name, labels = match[1], match[2] or ""
            if name not in types:
                name = re.sub(r"_(bucket|sum|count)$", "", name)
            if name in types and not SERVICES.search(labels):
                labels = ",".join(sorted(OWN.sub(r'\1="*"', labels).split(",")))
                series.setdefault(name, set()).add(f"{match[1]}{{{labels}}}")
    return types, series


def work(member: Member) -> None:
    client = Client(member.address)
    try:
        for number in range(10):
            client.put(b"key", b"%d" % number)
    finally:
        client.close()
    for path in ("health", "readyz", "livez", "version"):
        read(f"{member.url}/{path}")
    for path, body in (("kv/range", {"key": "a2V5"}),
                       ("kv/deleterange", {"key": "a2V5"}),
                       ("kv/txn", {"success": [{"request_range": {"key": "a2V5"}}]}),
                       ("kv/txn", {"success": [{"request_put": {"key": "a2V5"}}]}),
                       ("kv/compaction", {"revision": 5, "physical": True}),
                       ("maintenance/alarm", {"action": "GET"}),
                       ("maintenance/hashkv", {}),
                       ("maintenance/hash", {}),
                       ("maintenance/defragment", {}),
                       ("maintenance/snapshot", {}),
                       ("lease/grant", {"TTL": 60, "ID": 7}),
                       ("lease/keepalive", {"ID": 7}),
                       ("lease/timetolive", {"ID": 7}),
                       ("lease/leases", {}),
                       ("lock/lock", {"name": "bA==", "lease": 7}),
                       ("lock/unlock", {"key": "bC83"}),
                       ("election/campaign", {"name": "ZQ==", "lease": 7, "value": "dg=="}),
                       ("election/leader", {"name": "ZQ=="}),
                       ("lease/revoke", {"ID": 7})):
        urllib.request.urlopen(f"{member.url}/v3/{path}", json.dumps(body).encode(),
                               timeout=10).read()
    # What apply refuses.
    for path, body in (("kv/put", {"key": "a2V5", "lease": 99}),
                       ("kv/txn", {"success": [{"request_put": {"key": "a2V5", "lease": 99}}]}),
                       ("kv/compaction", {"revision": 99_999}),
                       ("kv/range", {"key": "a2V5", "revision": 99_999}),
                       ("lease/revoke", {"ID": 99}),
                       ("cluster/member/remove", {"ID": 99})):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{member.url}/v3/{path}", json.dumps(body).encode(),
                                   timeout=10).read()


@real_etcd.needed
class MetricsBesideEtcdTest(unittest.TestCase):
    def test_names_types_and_labels_are_the_same(self) -> None:
        texts = []
        for program in (ETCD, str(real_etcd.build())):
            with Member(program) as member:
                work(member)
                texts.append(read(f"{member.url}/metrics"))
        (our_types, ours), (types, theirs) = map(families, texts)
        self.assertEqual(our_types, types)
        for name in types:
            with self.subTest(name):
                self.assertEqual(sorted(ours[name]), sorted(theirs[name]))

    def test_variables_have_the_same_names(self) -> None:
        variables = []
        for program in (ETCD, str(real_etcd.build())):
            with Member(program) as member:
                variables.append(json.loads(read(f"{member.url}/debug/vars")))
                read(f"{member.url}/metrics", gzip=True)
        ours, theirs = variables
        self.assertEqual(list(ours), list(theirs))
        self.assertEqual(list(ours["raft.status"]), list(theirs["raft.status"]))
        self.assertEqual(ours["file_descriptor_limit"], theirs["file_descriptor_limit"])
        self.assertEqual(ours["cmdline"][1:3], theirs["cmdline"][1:3])
        self.assertLessEqual(set(ours["memstats"]), set(theirs["memstats"]))


if __name__ == "__main__":
    unittest.main()
