#!/usr/bin/python3
"""The deepest, longest and oddest requests that the API takes: whatever was taken can be read from
the log again. A request that could not would end the member, and every start after that.

ETCD in the environment is the program.
"""

import os
import unittest
from pathlib import Path

import grpc

from member import Member
from protocol import KV, MAINTENANCE, Client, rpc, usage

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
MAX_REQUEST_BYTES = 1_572_864
# Go's protobuf, and so etcd, takes as many messages within each other.
DEPTH_MAX = 10_000
GROUP_DEPTHS = [1, 2, 97, 98, 99, 100, 101, 1000, DEPTH_MAX - 2, DEPTH_MAX - 1, DEPTH_MAX,
                DEPTH_MAX + 1]
TXN_DEPTHS = [1, 2, 47, 48, 49, 50, 51, 64, 100, 126, 127, 128, 129, 1000, 4999, 5000, 5001]
# Ends the test's member, or its neighbours; or has no end.
NOT_ASKED = {"Snapshot", "Watch", "LeaseKeepAlive"}


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def unknown_groups(depth: int) -> bytes:
    """Groups of a field that no message has."""
    return varint(500 << 3 | 3) * depth + varint(500 << 3 | 4) * depth


def nested_txns(depth: int) -> bytes:
    """A put within so many transactions."""
    put = field(1, b"nested") + field(2, str(depth).encode())
    request = field(2, field(2, put))
    for _ in range(depth - 1):
        request = field(2, field(4, request))
    return request


ODD = [
    b"",
    varint(500 << 3) + b"\x01",                  # unknown fields of every kind
    varint(500 << 3 | 1) + bytes(8),
    varint(500 << 3 | 5) + bytes(4),
    field(500, b"x" * 1000),
    field(500, field(500, field(500, b"\xff" * 100))),
    varint((1 << 29) - 1 << 3 | 2) + b"\x00",    # the highest number
    *[unknown_groups(depth) for depth in GROUP_DEPTHS],
]


class OddRequestsTest(unittest.TestCase):
    def ask(self, client: Client, service: str, method: str, request: bytes) -> grpc.StatusCode:
        """The code of the answer; a member that is gone is a failure."""
        try:
            client.start(service, method, request).result()
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            self.assertNotEqual(error.code(), grpc.StatusCode.UNAVAILABLE,
                                f"{service}/{method}: {error.details()}")
            return error.code()

    def hash(self, client: Client) -> int:
        reply = client.start(MAINTENANCE, "HashKV", b"").result()
        return rpc.HashKVResponse.FromString(reply).hash

    def expect_it_starts_again(self, member: Member) -> None:
        before = self.hash(Client(member.address))
        member.kill()
        member.start()
        self.assertEqual(self.hash(Client(member.address)), before)

    def test_every_method_takes_or_refuses_what_is_odd(self):
        with Member(ETCD) as member:
            client = Client(member.address)
            asked = 0
            for service in (*rpc.DESCRIPTOR.services_by_name.values(),
                            *usage.DESCRIPTOR.services_by_name.values()):
                for method in service.methods:
                    if method.name in NOT_ASKED:
                        continue
                    for request in ODD:
                        self.ask(client, service.full_name, method.name, request)
                        asked += 1
            self.assertGreater(asked, 300)
            self.expect_it_starts_again(member)

    def test_writes_with_something_odd_in_them_are_carried_out_again(self):
        put = field(1, b"key") + field(2, b"value")
        writes = [("Put", put), ("DeleteRange", field(1, b"other")),
                  ("Txn", nested_txns(1)), ("Compact", b"\x08\x01")]
        with Member(ETCD) as member:
            client = Client(member.address)
            taken = 0
            for method, request in writes:
                for odd in ODD:
                    taken += self.ask(client, KV, method, request + odd) == grpc.StatusCode.OK
                    self.ask(client, KV, method, odd + request)
            self.assertGreater(taken, 3 * (len(ODD) - 2))
            self.expect_it_starts_again(member)

    def test_transactions_within_transactions(self):
        with Member(ETCD) as member:
            client = Client(member.address)
            codes = {depth: self.ask(client, KV, "Txn", nested_txns(depth))
                     for depth in TXN_DEPTHS}
            for depth, code in codes.items():
                with self.subTest(depth=depth):
                    # Each level takes one of --max-txn-ops.
                    if depth <= 128:
                        self.assertEqual(code, grpc.StatusCode.OK)
                    else:
                        self.assertNotEqual(code, grpc.StatusCode.OK)
            self.expect_it_starts_again(member)

    def test_as_many_operations_as_the_flag_allows(self):
        with Member(ETCD, "--max-txn-ops", "10000") as member:
            client = Client(member.address)
            for depth in (4000, 4998):
                self.assertEqual(self.ask(client, KV, "Txn", nested_txns(depth)),
                                 grpc.StatusCode.OK)
            self.expect_it_starts_again(member)

    def test_the_longest_requests(self):
        with Member(ETCD) as member:
            client = Client(member.address)
            codes = set()
            for size in range(MAX_REQUEST_BYTES - 40, MAX_REQUEST_BYTES + 2, 3):
                codes.add(self.ask(client, KV, "Put", field(1, b"k") + field(2, b"v" * size)))
            self.assertEqual(codes, {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT})
            self.expect_it_starts_again(member)


if __name__ == "__main__":
    unittest.main()
