#!/usr/bin/python3
"""The spans of a member beside those of a real etcd 3.7 after the same work. What may differ is
listed below, and must. Only with E2E_FULL.

ETCD in the environment is the program.
"""

import os
import unittest
from collections import Counter
from pathlib import Path

import grpc

import real_etcd
from member import Member
from protocol import KV, Client, rpc
from trace_collector import GrpcCollector, Seen
from traced_work import call_with, traceparent, work

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
LAST = "etcdserverpb.Maintenance/Status"
# Moments that etcd tells nobody of.
OWN_EVENTS = {"Receive read index"}
# /health asks for a key, which is no call and has no trace here.
HEALTH = {"range_begin": "", "range_end": "", "rev": 0, "limit": 1, "count_only": False,
          "keys_only": True}


def known(spans: list[Seen]) -> Counter:
    """What does not depend on chance, or on the time."""
    names = {span.id: span.name for span in spans}
    counted: Counter = Counter()
    for span in spans:
        if span.attributes == HEALTH:
            continue
        attributes = {key: value for key, value in span.attributes.items() if key != "server.port"}
        events = tuple(event for event in span.events if event not in OWN_EVENTS)
        counted[(span.name, span.kind, names.get(span.parent, span.parent), span.flags, span.state,
                 tuple(sorted(attributes.items())), events, span.failed,
                 span.failure.replace("\N{NO-BREAK SPACE}", " "),  # by chance, in Go
                 tuple(sorted(span.resource.items())))] += 1
    return counted


def with_parents(member: Member) -> None:
    client = Client(member.address)
    try:
        request = rpc.PutRequest(key=b"p", value=b"v")
        for text in ("00-0-0-01", "ff-" + "1" * 32 + "-" + "2" * 16 + "-01",
                     "01-" + "3" * 32 + "-" + "2" * 16 + "-07-more",
                     "00-" + "4" * 32 + "-" + "2" * 16 + "-01-",
                     "00-" + "5" * 32 + "-" + "2" * 16 + "-04",
                     "00-" + "A" * 32 + "-" + "2" * 16 + "-01"):
            call_with(client, [("traceparent", text)], KV, "Put", request)
        for state in ("a=b,c@d=e f", "a=b, ,c", "A=b", "a=b,a=c", " x=y , ", "1a@b=c"):
            call_with(client, [traceparent(True), ("tracestate", state)], KV, "Put", request)
        call_with(client, [traceparent(False)], KV, "Put", request)
        for method in ("Nothing", "Put"):
            try:
                client.start(KV, method, b"\xff").result()
            except grpc.RpcError:
                pass
    finally:
        client.close()


@real_etcd.needed
class TracingBesideEtcdTest(unittest.TestCase):
    maxDiff = None

    def spans(self, program: Path | str, rate: str, *works) -> list[Seen]:
        """All of them: with the last call come those before it."""
        with GrpcCollector() as collector:
            with Member(program, "--enable-distributed-tracing", "--distributed-tracing-address",
                        collector.address, "--distributed-tracing-sampling-rate", rate,
                        "--distributed-tracing-instance-id", "one") as member:
                for each in works:
                    each(member)
                client = Client(member.address)
                call_with(client, [traceparent(True)], "etcdserverpb.Maintenance", "Status",
                          rpc.StatusRequest())
                client.close()
                return collector.wait_for_names(LAST)

    def compare(self, rate: str, *works) -> None:
        spans = self.spans(ETCD, rate, *works)
        spans_of_etcd = self.spans(real_etcd.build(), rate, *works)
        ours, theirs = known(spans), known(spans_of_etcd)
        if rate != "0":
            self.assertTrue(any(span.attributes == HEALTH for span in spans_of_etcd))
        self.assertFalse(any(span.attributes == HEALTH for span in spans))
        self.assertEqual((ours - theirs, theirs - ours), (Counter(), Counter()))

    def test_of_each_kind_of_call(self) -> None:
        self.compare("1000000", work)

    def test_of_parents_that_are_sampled_and_those_that_are_none(self) -> None:
        self.compare("1000000", with_parents)
        self.compare("0", with_parents)


if __name__ == "__main__":
    unittest.main()
