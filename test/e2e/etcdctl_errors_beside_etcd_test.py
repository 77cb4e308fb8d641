#!/usr/bin/python3
"""What our etcdctl and a real etcdctl 3.7.1 print of every error that a member may answer: the same.
Only with E2E_FULL.

ETCDCTL in the environment is our program.
"""

import os
import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

import real_etcd

ROOT = Path(__file__).resolve().parents[2]
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
TIMEOUT_SECONDS = 60
WORKERS = 16

CODES = {code.name.replace("_", "").lower(): code for code in grpc.StatusCode}


def errors() -> list[tuple[grpc.StatusCode, str]]:
    """Those that our members have, and some that nobody has."""
    table = re.findall(r'constexpr Error k\w+\{\s*Code::k(\w+),\s*"([^"]*)"\s*\}',
                       (ROOT / "src/base/errors.h").read_text())
    known = [(CODES[name.replace("Canceled", "Cancelled").lower()], text) for name, text in table
             # Cannot be told from the client's own time that is over.
             if text != "context deadline exceeded"]
    odd = [(code, "something else") for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
    # The text decides, whatever the code.
    return known + odd + [(grpc.StatusCode.UNKNOWN, text) for _, text in known] + [
        (grpc.StatusCode.UNKNOWN, ""),
        (grpc.StatusCode.UNKNOWN, "etcdserver: nobody has ever said so"),
        (grpc.StatusCode.UNKNOWN, "etcdserver: no leader!"),
    ]


class Answering(grpc.GenericRpcHandler):
    """Answers a put of the key N with the N-th error."""

    def __init__(self, answers: list[tuple[grpc.StatusCode, str]]) -> None:
        self.answers = answers

    def service(self, _):
        def put(request: bytes, context: grpc.ServicerContext) -> bytes:
            number = int(request[2:2 + request[1]])  # PutRequest.key comes first
            context.abort(*self.answers[number])
        return grpc.unary_unary_rpc_method_handler(put)


@real_etcd.needed
class EtcdctlErrorsTest(unittest.TestCase):
    def test_every_error_is_printed_alike(self) -> None:
        answers = errors()
        self.assertGreater(len(answers), 100)
        real = real_etcd.build("etcdctl")
        with ThreadPoolExecutor(WORKERS) as pool:
            server = grpc.server(pool)
            server.add_generic_rpc_handlers((Answering(answers),))
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()

            def said(program: Path | str, number: int) -> tuple[int, str, str]:
                # Some are answered only after a hundred attempts.
                done = subprocess.run([program, f"--endpoints=127.0.0.1:{port}",
                                       "--command-timeout=50s", "put", str(number), "v"],
                                      text=True, capture_output=True, timeout=TIMEOUT_SECONDS)
                # A line of the log for each attempt is etcd's alone.
                lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
                return done.returncode, done.stdout, "\n".join(lines)

            with ThreadPoolExecutor(WORKERS) as callers:
                theirs = [callers.submit(said, real, number) for number in range(len(answers))]
                ours = [callers.submit(said, ETCDCTL, number) for number in range(len(answers))]
                for number, (their, our) in enumerate(zip(theirs, ours)):
                    with self.subTest(answers[number]):
                        self.assertEqual(our.result(), their.result())
            server.stop(None)


if __name__ == "__main__":
    unittest.main()
