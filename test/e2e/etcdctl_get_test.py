#!/usr/bin/python3
"""`etcdctl get` of many keys: in parts at one revision, in every format as if it was one answer, and in
little memory; what ends it: compaction, a reader that goes, Ctrl-C, a member that goes.

ETCD and ETCDCTL in the environment are the programs.
"""

import base64
import json
import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

import grpc

from member import Member
from protocol import KV, rpc

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
KEYS = 20_000
VALUE_BYTES = 2_000
KEYS_A_TXN = 100
TIMEOUT_SECONDS = 60
MEMORY_MAX = 64 << 20


def key(number: int) -> bytes:
    return b"k/%08d" % number


def value(number: int) -> bytes:
    return b"%0*d" % (VALUE_BYTES, number)


class EtcdctlGetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.member = Member(ETCD).__enter__()
        cls.channel = grpc.insecure_channel(
            cls.member.address, options=[("grpc.max_receive_message_length", -1)])
        for first in range(0, KEYS, KEYS_A_TXN):
            request = rpc.TxnRequest()
            for number in range(first, first + KEYS_A_TXN):
                request.success.add().request_put.MergeFrom(
                    rpc.PutRequest(key=key(number), value=value(number)))
            cls.call("Txn", request, rpc.TxnResponse)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.channel.close()
        cls.member.__exit__(None, None, None)

    @classmethod
    def call(cls, method: str, request, response):
        return cls.channel.unary_unary(f"/{KV}/{method}",
                                       request_serializer=type(request).SerializeToString,
                                       response_deserializer=response.FromString)(request)

    def begin(self, *words: str) -> subprocess.Popen:
        process = subprocess.Popen([ETCDCTL, "--endpoints", self.member.address, "get", *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def get(self, *words: str) -> bytes:
        done = subprocess.run([ETCDCTL, "--endpoints", self.member.address, "get", *words],
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def whole(self, **fields) -> rpc.RangeResponse:
        answer = self.call("Range", rpc.RangeRequest(key=b"k/", range_end=b"k0", **fields),
                           rpc.RangeResponse)
        return answer

    def test_every_format_is_as_of_one_answer(self) -> None:
        for flags, fields in (((), {}), (("--limit=5000",), {"limit": 5000}),
                              (("--keys-only",), {"keys_only": True}),
                              (("--consistency=s",), {"serializable": True})):
            answer = self.whole(**fields)
            lines = b"".join(kv.key + b"\n" + kv.value + b"\n" for kv in answer.kvs)
            self.assertTrue(self.get("--prefix", "k/", *flags) == lines, flags)
            self.assertTrue(self.get("--prefix", "k/", "-w", "protobuf", *flags) ==
                            answer.SerializeToString(), flags)
            told = json.loads(self.get("--prefix", "k/", "-w", "json", *flags))
            self.assertEqual(list(told), ["header", "kvs", *(["more"] if answer.more else []),
                                          "count"])
            self.assertEqual(told["header"]["revision"], answer.header.revision)
            self.assertEqual((told["count"], told.get("more", False)), (KEYS, answer.more))
            self.assertEqual([base64.b64decode(kv["key"]) for kv in told["kvs"]],
                             [kv.key for kv in answer.kvs])
            fields_of = self.get("--prefix", "k/", "-w", "fields", *flags).decode()
            self.assertEqual(fields_of.count('"Key" : '), len(answer.kvs))
            self.assertEqual(fields_of.count('"ClusterID" : '), 1)
            self.assertTrue(fields_of.endswith(f'"More" : {str(answer.more).lower()}\n"Count" : {KEYS}\n'))

    def test_it_is_of_one_revision(self) -> None:
        process = self.begin("--prefix", "k/")
        read = process.stdout.read(1000)
        self.call("Put", rpc.PutRequest(key=key(KEYS - 1), value=b"later"), rpc.PutResponse)
        self.call("Put", rpc.PutRequest(key=key(KEYS), value=b"new"), rpc.PutResponse)
        read += process.stdout.read()
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
        self.assertTrue(read.endswith(key(KEYS - 1) + b"\n" + value(KEYS - 1) + b"\n"))
        self.call("DeleteRange", rpc.DeleteRangeRequest(key=key(KEYS)), rpc.DeleteRangeResponse)
        self.call("Put", rpc.PutRequest(key=key(KEYS - 1), value=value(KEYS - 1)), rpc.PutResponse)

    def test_little_of_it_is_held(self) -> None:
        for form in ("simple", "fields", "json", "protobuf"):
            process = self.begin("--prefix", "k/", "-w", form)
            peak = 0
            while process.stdout.read(1 << 20):
                try:
                    status = Path(f"/proc/{process.pid}/status").read_text()
                except OSError:
                    continue
                if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                    peak = int(found[1]) << 10
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 0)
            self.assertGreater(peak, 0)
            if "asan" not in ETCDCTL:
                self.assertLess(peak, MEMORY_MAX, form)

    def test_what_is_compacted_meanwhile_is_told(self) -> None:
        process = self.begin("--prefix", "k/")
        process.stdout.read(1000)
        answer = self.call("Put", rpc.PutRequest(key=b"other"), rpc.PutResponse)
        self.call("Compact", rpc.CompactionRequest(revision=answer.header.revision),
                  rpc.CompactionResponse)
        process.stdout.read()
        self.assertEqual(process.stderr.read(),
                         b"Error: etcdserver: mvcc: required revision has been compacted\n")
        self.assertEqual(process.wait(TIMEOUT_SECONDS), 1)

    def test_a_revision_that_is_compacted_prints_nothing(self) -> None:
        answer = self.call("Put", rpc.PutRequest(key=b"other"), rpc.PutResponse)
        self.call("Compact", rpc.CompactionRequest(revision=answer.header.revision),
                  rpc.CompactionResponse)
        done = subprocess.run([ETCDCTL, "--endpoints", self.member.address, "get", "--prefix", "k/",
                               "--rev=2"], capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, b"", b"Error: etcdserver: mvcc: required revision has been compacted\n"))

    def test_a_reader_that_goes_ends_it(self) -> None:
        process = self.begin("--prefix", "k/")
        process.stdout.read(1000)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(TIMEOUT_SECONDS), -signal.SIGPIPE)

    def test_an_interrupt_ends_it(self) -> None:
        process = self.begin("--prefix", "k/")
        process.stdout.read(1000)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(TIMEOUT_SECONDS), -signal.SIGINT)
        self.assertEqual(process.stderr.read(), b"")


if __name__ == "__main__":
    unittest.main()
