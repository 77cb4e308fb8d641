#!/usr/bin/python3
"""Calls that their client gives up.

ETCD in the environment is the program.
"""

import os
import unittest
import urllib.request
from pathlib import Path

import grpc

from member import Member
from protocol import KV, Client

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
CALLS = 4500
# A PutRequest of the key "k" and the value "v".
PUT = b"\n\x01k\x12\x01v"


class DeadlinesTest(unittest.TestCase):
    def test_thousands_that_are_too_late_harm_nobody_on_their_connection(self) -> None:
        with Member(ETCD) as member:
            client = Client(member.address)
            try:
                put = client.channel.unary_unary(f"/{KV}/Put")
                put(PUT, timeout=30)
                calls = [put.future(PUT, timeout=0.002) for _ in range(CALLS)]
                put(PUT, timeout=30)
                codes = {call.code() for call in calls}
                self.assertLessEqual(codes, {grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED})
                put(PUT, timeout=30)
                with urllib.request.urlopen(f"{member.url}/metrics", timeout=10) as answer:
                    metrics = answer.read().decode()
                self.assertIn('cornerstore_http_abuse_total{reason="rapid_reset"} 0\n', metrics)
                self.assertIn("cornerstore_http_protocol_errors_total 0\n", metrics)
            finally:
                client.close()


if __name__ == "__main__":
    unittest.main()
