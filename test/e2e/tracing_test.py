#!/usr/bin/python3
"""Spans of a member's calls, as a collector of OpenTelemetry sees them.

ETCD in the environment is the program.
"""

import json
import os
import signal
import socket
import threading
import unittest
import urllib.request
from pathlib import Path

import grpc

from member import Member, free_ports
from protocol import KV, Client, rpc
from trace_collector import GrpcCollector, HttpCollector
from traced_work import PARENT, TRACE, call_with, traceparent, work
from watch_stream import WatchStream

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
ALL = "1000000"
PUT = "etcdserverpb.KV/Put"
RANGE = "etcdserverpb.KV/Range"
MANY = 600  # more than go into a batch
STOP_SECONDS = 20
# Whoever looks reads of it: what a batch waits for at most, and a machine that is busy.


def metric(member: Member, name: str) -> float:
    with urllib.request.urlopen(member.url + "/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


class TracingCase(unittest.TestCase):
    def start(self, address: str, rate: str = ALL, *flags: str) -> Member:
        member = Member(ETCD, "--enable-distributed-tracing", "--distributed-tracing-address",
                        address, "--distributed-tracing-sampling-rate", rate, *flags)
        self.addCleanup(member.__exit__)
        member.start()
        return member

    def connect(self, member: Member) -> Client:
        client = Client(member.address)
        self.addCleanup(client.close)
        return client

    def collect(self, collector):
        self.addCleanup(collector.__exit__)
        return collector.__enter__()

    def stop(self, member: Member) -> None:
        """What is there is sent before it ends."""
        member.process.send_signal(signal.SIGTERM)
        member.process.wait(timeout=STOP_SECONDS)
        member.process = None


class SpansTest(TracingCase):
    def expect_all(self, spans) -> None:
        by_name = {span.name: span for span in spans}
        calls = {span.id: span for span in spans if span.kind == "SERVER"}
        for child, call in (("put", PUT), ("range", RANGE), ("txn", "etcdserverpb.KV/Txn"),
                            ("delete_range", "etcdserverpb.KV/DeleteRange"),
                            ("compact", "etcdserverpb.KV/Compact"),
                            ("lease_grant", "etcdserverpb.Lease/LeaseGrant"),
                            ("lease_renew", "etcdserverpb.Lease/LeaseKeepAlive"),
                            ("lease_revoke", "etcdserverpb.Lease/LeaseRevoke"),
                            ("watch", "etcdserverpb.Watch/Watch")):
            span = by_name[child]
            parent = calls[span.parent]
            self.assertEqual((span.kind, parent.name, span.trace), ("INTERNAL", call, parent.trace))
            self.assertGreaterEqual(parent.nanos, span.nanos, child)
            self.assertGreater(span.nanos, 0)
        self.assertEqual(by_name["put"].attributes, {"key": "k"})
        for written in ("put", "delete_range", "compact", "lease_grant", "lease_revoke"):
            self.assertEqual(by_name[written].events, ["Send raft proposal", "Receive raft result"])
        # One that is not linearizable waits for nobody.
        self.assertEqual({(span.attributes.get("count_only", False), *span.events)
                          for span in spans if span.name == "range"},
                         {(True,), (False, "Receive read index")})

    def test_of_each_kind_of_call_by_grpc(self) -> None:
        collector = self.collect(GrpcCollector())
        member = self.start(collector.address, ALL, "--distributed-tracing-service-name", "store",
                            "--distributed-tracing-instance-id", "one")
        work(member)
        spans = collector.wait_for_names("put", "range", "txn", "delete_range", "lease_grant",
                                         "lease_renew", "lease_revoke", "watch", "compact")
        self.expect_all(spans)
        put = next(span for span in spans if span.name == PUT)
        self.assertEqual(put.resource, {"service.name": "store", "service.instance.id": "one"})
        port = int(member.address.rpartition(":")[2])
        self.assertEqual(put.attributes, {
            "rpc.method": PUT, "rpc.system.name": "grpc", "rpc.response.status_code": "OK",
            "server.address": "127.0.0.1", "server.port": port})
        self.assertEqual(put.parent, "")
        self.assertEqual(len({span.id for span in spans}), len(spans))
        codes = {span.attributes["rpc.response.status_code"] for span in spans
                 if span.name == RANGE}
        self.assertEqual(codes, {"OK", "INVALID_ARGUMENT", "OUT_OF_RANGE"})
        # The caller is at fault, so that the member has not failed.
        self.assertFalse(any(span.failed for span in spans))

    def test_of_a_watch_it_ends_when_the_watch_does(self) -> None:
        collector = self.collect(GrpcCollector())
        stream = WatchStream(self.connect(self.start(collector.address)))
        stream.create(b"k", b"l")
        stream.wait(lambda answers: answers)
        stream.cancel(0)
        collector.wait_for_names("watch")  # the stream goes on
        stream.close()

    def test_by_http(self) -> None:
        collector = self.collect(HttpCollector())
        member = self.start(collector.address)
        work(member)
        spans = collector.wait_for_names("put", "range", "txn", "delete_range", "lease_grant",
                                         "lease_renew", "lease_revoke", "watch", "compact")
        self.expect_all(spans)
        self.assertEqual(set(collector.paths), {"/v1/traces"})
        self.assertEqual(set(collector.types), {"application/x-protobuf"})

    def test_a_path_may_be_given(self) -> None:
        collector = self.collect(HttpCollector())
        member = self.start(collector.address + "/here?a=b")
        self.connect(member).put(b"k", b"v")
        collector.wait_for_names(PUT)
        self.assertEqual(set(collector.paths), {"/here?a=b"})

    def test_bytes_that_are_no_text_do_not_spoil_a_batch(self) -> None:
        collector = self.collect(GrpcCollector())
        member = self.start(collector.address)
        self.connect(member).put(b"\xff" * 5000 + b"k", b"v")
        spans = collector.wait_for_names("put", PUT)
        key = next(span for span in spans if span.name == "put").attributes["key"]
        self.assertEqual(set(key), {"\N{REPLACEMENT CHARACTER}"})
        self.assertLess(len(key), 2000)


class ParentTest(TracingCase):
    def test_only_a_sampled_parent_is_continued_at_rate_0(self) -> None:
        collector = self.collect(GrpcCollector())
        member = self.start(collector.address, "0")
        client = self.connect(member)
        request = rpc.PutRequest(key=b"k", value=b"v")
        client.put(b"k", b"v")
        other = TRACE[::-1]
        call_with(client, [traceparent(False, other)], KV, "Put", request)
        call_with(client, [("traceparent", "00-0-0-01")], KV, "Put", request)
        call_with(client, [traceparent(True), ("tracestate", "a=b, c=d")], KV, "Put", request)
        self.stop(member)
        spans = collector.wait_for_names(PUT)
        self.assertEqual({span.trace for span in spans}, {TRACE})
        call = next(span for span in spans if span.name == PUT)
        self.assertEqual((call.parent, call.state), (PARENT, "a=b,c=d"))
        self.assertEqual(call.flags, 0x301)  # sampled, and its parent is elsewhere
        self.assertEqual([span.name for span in spans if span.parent == call.id], ["put"])

    def test_an_unsampled_parent_is_not_continued_at_the_full_rate(self) -> None:
        collector = self.collect(GrpcCollector())
        member = self.start(collector.address)
        client = self.connect(member)
        call_with(client, [traceparent(False)], KV, "Put", rpc.PutRequest(key=b"k"))
        client.range(key=b"k")
        self.stop(member)
        names = {span.name for span in collector.wait_for_names(RANGE)}
        self.assertNotIn(PUT, names)

    def test_over_json(self) -> None:
        collector = self.collect(GrpcCollector())
        member = self.start(collector.address, "0")
        name, value = traceparent(True)
        for field in (name, "Grpc-Metadata-Traceparent"):
            request = urllib.request.Request(
                member.url + "/v3/kv/put", json.dumps({"key": "aw==", "value": "dg=="}).encode(),
                {field: value, "Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=15).close()
        spans = collector.wait_for(
            lambda spans: sum(span.name == PUT for span in spans) == 2, "two puts")
        self.assertEqual({(span.trace, span.parent) for span in spans if span.name == PUT},
                         {(TRACE, PARENT)})


class AwayTest(TracingCase):
    def test_a_collector_that_comes_gets_what_was_before(self) -> None:
        port = free_ports(5)[4]
        member = self.start(f"127.0.0.1:{port}")
        self.connect(member).put(b"k", b"v")
        member.wait_for_log("failed to send traces")
        collector = self.collect(GrpcCollector(port))
        collector.wait_for_names("put", PUT)
        member.wait_for_log("traces are sent again")

    def test_a_collector_that_was_killed_gets_it_when_it_is_back(self) -> None:
        first = GrpcCollector().__enter__()
        member = self.start(first.address)
        client = self.connect(member)
        client.put(b"k", b"v")
        first.wait_for_names(PUT)
        first.__exit__()
        client.range(key=b"k")
        member.wait_for_log("failed to send traces")
        second = self.collect(GrpcCollector(first.port))
        second.wait_for_names(RANGE)

    def test_a_dead_one_holds_up_neither_requests_nor_a_stop(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
            member = self.start("127.0.0.1:{}".format(silent.getsockname()[1]))
            client = self.connect(member)
            for number in range(MANY):
                client.put(b"k%d" % number, b"v")
            self.stop(member)

    def test_a_slow_one_gets_all_of_them(self) -> None:
        collector = GrpcCollector()
        collector.delay_seconds = 0.5
        self.collect(collector)
        member = self.start(collector.address)
        client = self.connect(member)
        for number in range(MANY):
            client.put(b"k%d" % number, b"v")
        collector.wait_for(
            lambda spans: sum(span.name == PUT for span in spans) == MANY, "all puts")

    def test_what_is_there_is_sent_before_a_stop(self) -> None:
        for collector in (GrpcCollector(), HttpCollector()):
            with collector:
                member = self.start(collector.address)
                self.connect(member).put(b"k", b"v")
                self.stop(member)
                collector.wait_for_names("put", PUT)

    def test_one_that_refuses_is_told_of(self) -> None:
        collector = self.collect(HttpCollector())
        collector.status = 400
        member = self.start(collector.address)
        self.connect(member).put(b"k", b"v")
        member.wait_for_log("traces were refused by the collector")
        self.assertGreater(
            metric(member, 'cornerstore_trace_spans_dropped_total{reason="refused"}'), 0)
        collector.status = 503  # it may come back from that
        self.connect(member).range(key=b"k")
        member.wait_for_log("failed to send traces")
        collector.status = 200
        collector.wait_for_names(RANGE)

    def test_one_that_says_nonsense_is_harmless(self) -> None:
        class Liar(GrpcCollector):
            def answer(self, request: bytes, context) -> bytes:
                self.take(request)
                if self.requests % 3 == 0:
                    context.abort(grpc.StatusCode.INTERNAL, "x" * 100_000)
                return b"\xff" * (1_000_000 if self.requests % 3 == 1 else 10)

        collector = self.collect(Liar())
        member = self.start(collector.address)
        client = self.connect(member)
        for number in range(3 * MANY):
            client.put(b"k%d" % number, b"v")
        collector.wait_for(lambda _: collector.requests >= 3, "requests")
        self.assertTrue(member.is_healthy())

    def test_what_does_not_fit_is_dropped_and_counted(self) -> None:
        member = self.start(f"127.0.0.1:{free_ports(5)[4]}")
        threads = [threading.Thread(target=self.put_long_keys, args=(member, number))
                   for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        member.wait_for_log("spans of traces were dropped")
        self.assertGreater(
            metric(member, 'cornerstore_trace_spans_dropped_total{reason="queue_full"}'), 0)

    def put_long_keys(self, member: Member, number: int) -> None:
        client = Client(member.address)
        try:
            calls = [client.start(KV, "Put", rpc.PutRequest(
                key=b"%d-%d-" % (number, i) + b"k" * 1000).SerializeToString(), 60)
                for i in range(1500)]
            for call in calls:
                call.result()
        finally:
            client.close()


class FlagsTest(TracingCase):
    def test_what_is_wrong_is_said(self) -> None:
        for flags, why in (
                (("--distributed-tracing-sampling-rate", "-1"),
                 "tracing sampling rate must be positive"),
                (("--distributed-tracing-address", "http://"), "--distributed-tracing-address")):
            member = Member(ETCD, "--enable-distributed-tracing", *flags)
            self.addCleanup(member.__exit__)
            member.launch()
            self.assertEqual(member.process.wait(timeout=STOP_SECONDS), 1)
            member.process = None
            self.assertIn("distributed tracing configurition is not valid: (" + why,
                          member.log.read_text())

    def test_without_it_there_is_no_word_of_traces(self) -> None:
        with Member(ETCD, "--distributed-tracing-sampling-rate", ALL) as member:
            work(member)
            with urllib.request.urlopen(member.url + "/metrics", timeout=10) as answer:
                self.assertNotIn(b"cornerstore_trace", answer.read())
            self.assertNotIn("tracing", member.log.read_text().replace("distributed-tracing", ""))


if __name__ == "__main__":
    unittest.main()
