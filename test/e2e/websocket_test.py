#!/usr/bin/python3
"""Debian's python3-websockets against the JSON interface of a member.

ETCD in the environment is the program.
"""

import asyncio
import base64
import hashlib
import json
import os
import unittest
from pathlib import Path

import websockets

from member import Member

HERE = Path(__file__).resolve().parent
ETCD = os.environ.get("ETCD", str(HERE.parents[1] / "build/dev/bin/etcd"))
TIMEOUT_SECONDS = 30


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class WebSocketTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.member = Member(ETCD)
        cls.member.__enter__()
        cls.addClassCleanup(cls.member.__exit__)

    def connect(self, path: str, **options) -> websockets.connect:
        return websockets.connect(f"ws://{self.member.address}{path}", max_size=None,
                                  open_timeout=TIMEOUT_SECONDS, **options)

    async def ask(self, path: str, *requests: dict) -> tuple[list[dict], int]:
        """All answers, and why the member closed."""
        async with self.connect(path) as socket:
            for request in requests:
                await socket.send(json.dumps(request))
            answers = [json.loads(message) async for message in socket]
            return answers, socket.close_code

    async def test_unary_calls(self) -> None:
        put, code = await self.ask("/v3/kv/put", {"key": encoded("a"), "value": encoded("1")})
        self.assertEqual(code, 1000)
        self.assertIn("revision", put[0]["header"])
        got, _ = await self.ask("/v3/kv/range", {"key": encoded("a")})
        self.assertEqual(got[0]["kvs"][0]["value"], encoded("1"))

    async def test_large_messages(self) -> None:
        value = "x" * 1_000_000
        await self.ask("/v3/kv/put", {"key": encoded("large"), "value": encoded(value)})
        got, _ = await self.ask("/v3/kv/range", {"key": encoded("large")})
        self.assertEqual(got[0]["kvs"][0]["value"], encoded(value))

    async def test_errors(self) -> None:
        answers, code = await self.ask("/v3/kv/put", {"value": encoded("1")})
        self.assertEqual(answers, [{"code": 3, "message": "etcdserver: key is not provided"}])
        self.assertEqual(code, 1000)
        async with self.connect("/v3/nothing") as socket:
            answer = json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_SECONDS))
        self.assertEqual(answer, {"code": 5, "message": "Not Found"})

    async def test_a_stream_of_answers_to_a_reader_that_pauses(self) -> None:
        for i in range(20):
            await self.ask("/v3/kv/put", {"key": encoded(f"s{i}"), "value": encoded("x" * 200_000)})
        async with self.connect("/v3/maintenance/snapshot", max_queue=1) as socket:
            await socket.send("{}")
            file = b""
            async for message in socket:
                if not file:
                    await asyncio.sleep(0.3)
                file += base64.b64decode(json.loads(message)["result"].get("blob", ""))
            self.assertEqual(socket.close_code, 1000)
        # A database, and its SHA-256.
        self.assertGreater(len(file), 20 * 200_000)
        self.assertEqual(hashlib.sha256(file[:-32]).digest(), file[-32:])

    async def test_pings_and_fragments(self) -> None:
        async with self.connect("/v3/kv/range") as socket:
            await asyncio.wait_for(await socket.ping(b"there?"), TIMEOUT_SECONDS)
            await socket.send(['{"key":', f'"{encoded("none")}"', "}"])
            answer = json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_SECONDS))
        self.assertIn("header", answer)

    async def test_subprotocol(self) -> None:
        async with self.connect("/v3/kv/range", subprotocols=["Bearer", "token"]) as socket:
            self.assertEqual(socket.subprotocol, "Bearer")

    async def test_other_paths_are_no_websockets(self) -> None:
        with self.assertRaises(websockets.InvalidStatusCode) as refused:
            await self.connect("/version")
        self.assertEqual(refused.exception.status_code, 200)


if __name__ == "__main__":
    unittest.main()
