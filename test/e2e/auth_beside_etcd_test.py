#!/usr/bin/python3
"""The same random users, roles, permissions, tokens and requests at a member of ours and at one of
etcd 3.7.1: every code, text and field is the same. Only with E2E_FULL.

ETCD in the environment is the program, AUTH_CALLS how many are asked.
"""

import os
import random
import unittest
from collections import Counter
from pathlib import Path

import grpc

import real_etcd
from member import Member
from protocol import CALL_TIMEOUT_SECONDS, Client
from random_auth import AuthCalls, Call

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
CALLS = int(os.environ.get("AUTH_CALLS", "20000"))
FLAGS = ["--bcrypt-cost", "4"]
REPORTED_MAX = 10


class Side:
    def __init__(self, member: Member) -> None:
        self.client = Client(member.address)
        self.tokens: list[str] = []

    def _metadata(self, by: int | str | None) -> list[tuple[str, str]]:
        if by is None:
            return []
        token = self.tokens[by] if isinstance(by, int) else by
        return [("token", token)] if token.isascii() else [("authorization", "odd")]

    def ask(self, call: Call) -> str:
        """What is answered, but for what differs from member to member."""
        method = self.client.channel.unary_unary(f"/{call.service}/{call.method}")
        try:
            reply = method(call.message.SerializeToString(), timeout=CALL_TIMEOUT_SECONDS,
                           metadata=self._metadata(call.by))
        except grpc.RpcError as error:
            return f"{error.code().name} {error.details()}"
        answer = call.response.FromString(reply)
        for field in ("cluster_id", "member_id", "raft_term"):
            answer.header.ClearField(field)
        if call.method == "Authenticate" and answer.token:
            self.tokens.append(answer.token)
            answer.token = "given"
        if call.method == "LeaseTimeToLive":
            answer.TTL = min(answer.TTL, 0)
            answer.keys.sort()
        if call.method == "LeaseLeases":
            answer.leases.sort(key=lambda lease: lease.ID)
        if call.method == "MemberList":
            answer.ClearField("members")
        return f"OK {answer}"


@real_etcd.needed
class AuthBesideEtcdTest(unittest.TestCase):
    def test_all_is_answered_alike(self) -> None:
        seed = int(os.environ.get("SEED", random.randrange(2**32)))
        print(f"seed {seed}", flush=True)
        calls = AuthCalls(seed)
        codes: Counter[str] = Counter()
        different: list[str] = []
        with Member(ETCD, *FLAGS) as member, Member(real_etcd.build(), *FLAGS) as peer:
            ours, theirs = Side(member), Side(peer)
            asked = calls.founding()
            for number in range(CALLS):
                call = asked.pop(0) if asked else calls.next()
                ours_told, theirs_told = ours.ask(call), theirs.ask(call)
                codes[theirs_told.split(" ", 1)[0]] += 1
                if call.method == "Authenticate" and theirs_told.startswith("OK"):
                    calls.logged_in(call.message.name)
                if ours_told != theirs_told:
                    different.append(f"{number}: {call.method} {call.message} by {call.by!r}\n"
                                     f"  ours:   {ours_told}\n  theirs: {theirs_told}")
                    if len(different) == REPORTED_MAX:
                        break
        print(", ".join(f"{code} {count}" for code, count in codes.most_common()))
        self.assertFalse(different, "\n".join(different))
        self.assertGreater(codes["OK"], CALLS // 5)
        self.assertGreater(codes["PERMISSION_DENIED"], CALLS // 50)


if __name__ == "__main__":
    unittest.main()
