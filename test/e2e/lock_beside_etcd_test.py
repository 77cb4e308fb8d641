#!/usr/bin/python3
"""The same calls of Lock and Election at a member of ours and at one of etcd 3.7.1: the same answers,
field by field but for the members' identities and the terms. Only with E2E_FULL. A call that is
repeated with its lease writes once more at ours (docs/differences.md), and is in lock_test.py.

ETCD in the environment is the program.
"""

import os
import re
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import grpc

import real_etcd
from member import Member
from protocol import ELECTION, KV, LEASE, LOCK, Client, election, lock, rpc

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
SHORT_SECONDS = 1
# Until what one call did has come to those that wait.
SETTLE_SECONDS = 0.4
RESPONSES = {
    "Lock": lock.LockResponse, "Unlock": lock.UnlockResponse,
    "Campaign": election.CampaignResponse, "Proclaim": election.ProclaimResponse,
    "Leader": election.LeaderResponse, "Observe": election.LeaderResponse,
    "Resign": election.ResignResponse,
}
LEASES = (0x1A, 0x2B, 0x3C)
# Of leases that the members have chosen themselves.
CHOSEN = re.compile(r"\b(?:[0-9a-f]{15,16}|[0-9]{16,19})\b")


class Side:
    """One member, and what it answered, a line each."""

    def __init__(self, member: Member) -> None:
        self.url = member.url
        self.client = Client(member.address)
        self.lines: list[str] = []
        for lease in LEASES:
            self.grant(lease)

    def close(self) -> None:
        self.client.close()

    def note(self, method: str, reply: bytes) -> object:
        answer = RESPONSES[method].FromString(reply)
        for field in ("cluster_id", "member_id", "raft_term"):
            assert getattr(answer.header, field) != 0
            answer.header.ClearField(field)
        self.lines.append(f"{method}: {CHOSEN.sub('CHOSEN', str(answer))}")
        return answer

    def finish(self, method: str, call) -> object:
        try:
            return self.note(method, call.result())
        except grpc.RpcError as error:
            self.lines.append(f"{method}: {error.code()} {error.details()}")
            return None

    def begin(self, request, method: str, timeout_seconds: float = 15):
        service = LOCK if type(request).DESCRIPTOR.file.package == "v3lockpb" else ELECTION
        return self.client.start(service, method, request.SerializeToString(), timeout_seconds)

    def call(self, request, method: str, timeout_seconds: float = 15) -> object:
        answer = self.finish(method, self.begin(request, method, timeout_seconds))
        time.sleep(SETTLE_SECONDS)
        return answer

    def wait(self, request, method: str):
        """Begins a call that has to wait."""
        call = self.begin(request, method)
        time.sleep(SETTLE_SECONDS)
        self.lines.append(f"{method}: {'answered' if call.done() else 'waits'}")
        return call

    def grant(self, lease: int) -> None:
        self.client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=lease, TTL=600),
                         rpc.LeaseGrantResponse)

    def revoke(self, lease: int) -> None:
        self.client.call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease),
                         rpc.LeaseRevokeResponse)
        time.sleep(SETTLE_SECONDS)

    def put(self, key: bytes, value: bytes = b"") -> int:
        revision = self.client.put(key, value).header.revision
        time.sleep(SETTLE_SECONDS)
        return revision

    def compact(self, revision: int) -> None:
        self.client.call(KV, "Compact", rpc.CompactionRequest(revision=revision, physical=True),
                         rpc.CompactionResponse)

    def keys(self) -> None:
        for kv in self.client.range(key=b"\0", range_end=b"\0").kvs:
            self.lines.append("there is " + CHOSEN.sub("CHOSEN", str(kv)))

    def post(self, path: str, body: str) -> None:
        request = urllib.request.Request(self.url + path, body.encode())
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        text = re.sub(r'"(cluster_id|member_id|raft_term)":\s*"\d+",?|\s', "", text)
        self.lines.append(f"{path}: {status} {text.replace(',}', '}')}")


def lock_of(name: bytes, lease: int = 0) -> lock.LockRequest:
    return lock.LockRequest(name=name, lease=lease)


def unlock_of(key: bytes) -> lock.UnlockRequest:
    return lock.UnlockRequest(key=key)


def campaign_of(lease: int, value: bytes, name: bytes = b"e") -> election.CampaignRequest:
    return election.CampaignRequest(name=name, lease=lease, value=value)


def proclaim_of(value: bytes, **leader) -> election.ProclaimRequest:
    return election.ProclaimRequest(leader=election.LeaderKey(**leader), value=value)


def resign_of(**leader) -> election.ResignRequest:
    return election.ResignRequest(leader=election.LeaderKey(**leader))


def locks_at_once(side: Side) -> None:
    for lease in (0x1A, 999, -5):
        side.call(lock_of(b"a", lease), "Lock")
    side.call(lock_of(b"", 0x1A), "Lock")
    side.call(lock_of(b"free"), "Lock")
    side.call(unlock_of(b"nothing"), "Unlock")
    side.call(unlock_of(b""), "Unlock")
    side.keys()


def locks_that_wait(side: Side) -> None:
    side.call(lock_of(b"a", 0x1A), "Lock")
    second = side.wait(lock_of(b"a", 0x2B), "Lock")
    third = side.wait(lock_of(b"a", 0x3C), "Lock")
    side.call(unlock_of(b"a/3c"), "Unlock")
    side.call(unlock_of(b"a/1a"), "Unlock")
    side.finish("Lock", second)
    side.lines.append(str(third.done()))
    side.call(unlock_of(b"a/2b"), "Unlock")
    side.finish("Lock", third)
    side.call(lock_of(b"a", 0x1A), "Lock")
    side.call(lock_of(b"a", 0x2B), "Lock", SHORT_SECONDS)
    side.keys()
    side.put(b"p/zzz")
    behind = side.wait(lock_of(b"p", 0x2B), "Lock")
    side.put(b"z")
    side.compact(side.put(b"z"))
    side.call(unlock_of(b"p/zzz"), "Unlock")
    side.finish("Lock", behind)
    lost = side.wait(lock_of(b"a", 0x3C), "Lock")
    side.revoke(0x3C)
    side.call(unlock_of(b"a/1a"), "Unlock")
    side.finish("Lock", lost)


def elections_at_once(side: Side) -> None:
    leader = election.LeaderRequest(name=b"e")
    side.call(leader, "Leader")
    side.call(campaign_of(0x1A, b"one"), "Campaign")
    side.call(leader, "Leader")
    side.call(campaign_of(77, b"one"), "Campaign")
    side.call(campaign_of(0, b"one", b"free"), "Campaign")
    side.call(election.ProclaimRequest(value=b"x"), "Proclaim")
    side.call(election.ResignRequest(), "Resign")
    side.call(proclaim_of(b"x"), "Proclaim")
    side.call(resign_of(), "Resign")
    held = {"name": b"e", "key": b"e/1a", "rev": 2}
    for lease in (0x1A, 0, 88, 0x2B):
        side.call(proclaim_of(b"x", lease=lease, **held), "Proclaim")
    side.call(proclaim_of(b"x", lease=0x1A, **{**held, "rev": 1}), "Proclaim")
    side.call(resign_of(lease=0x1A, **{**held, "rev": 1}), "Resign")
    side.call(proclaim_of(b"x", lease=0x1A, name=b"e", key=b"made/up"), "Proclaim")
    side.call(leader, "Leader")
    side.keys()
    side.call(resign_of(**held), "Resign")
    side.call(leader, "Leader")


def elections_that_wait(side: Side) -> None:
    first = side.call(campaign_of(0x1A, b"one"), "Campaign")
    second = side.wait(campaign_of(0x2B, b"two"), "Campaign")
    side.keys()
    side.call(election.ResignRequest(leader=first.leader), "Resign")
    side.finish("Campaign", second)
    side.call(campaign_of(0x3C, b"three"), "Campaign", SHORT_SECONDS)
    side.keys()


def elections_that_are_observed(side: Side) -> None:
    def observe(name: bytes):
        request = election.LeaderRequest(name=name).SerializeToString()
        stream = side.client.start_stream(ELECTION, "Observe", request)
        time.sleep(SETTLE_SECONDS)
        return stream

    first = side.call(campaign_of(0x1A, b"one"), "Campaign")
    side.put(b"other")
    told, nobody = observe(b"e"), observe(b"nobody")
    side.note("Observe", next(told))
    side.call(election.ProclaimRequest(leader=first.leader, value=b"still"), "Proclaim")
    side.note("Observe", next(told))
    second = side.wait(campaign_of(0x2B, b"two"), "Campaign")
    side.call(election.ResignRequest(leader=first.leader), "Resign")
    side.finish("Campaign", second)
    side.note("Observe", next(told))
    side.client.call(KV, "Txn", rpc.TxnRequest(success=[
        rpc.RequestOp(request_put=rpc.PutRequest(key=key)) for key in (b"nobody/2", b"nobody/1")]),
        rpc.TxnResponse)
    side.note("Observe", next(nobody))
    side.put(b"nobody/1", b"unheard")
    side.put(b"nobody/2", b"heard")
    side.note("Observe", next(nobody))
    side.compact(side.put(b"other"))
    side.put(b"nobody/2", b"still heard")
    side.note("Observe", next(nobody))
    for stream in (told, nobody):
        stream.cancel()


def calls_in_json(side: Side) -> None:
    side.post("/v3/lock/lock", '{"name":"ag==","lease":"26"}')
    side.post("/v3/lock/unlock", '{"key":"ai8xYQ=="}')
    side.post("/v3/lock/unlock", "{}")
    side.post("/v3/election/leader", '{"name":"ZQ=="}')
    side.post("/v3/election/campaign", '{"name":"ZQ==","lease":"26","value":"dg=="}')
    side.post("/v3/election/leader", '{"name":"ZQ=="}')
    side.post("/v3/election/proclaim", "{}")
    side.post("/v3/election/resign", '{"leader":{"name":"ZQ==","key":"ZS8xYQ==","rev":"4"}}')


@real_etcd.needed
class LockBesideEtcdTest(unittest.TestCase):
    def test_the_same_calls_have_the_same_answers(self) -> None:
        for script in (locks_at_once, locks_that_wait, elections_at_once, elections_that_wait,
                       elections_that_are_observed, calls_in_json):
            with self.subTest(script=script.__name__):
                self.assertEqual(*(self.answers(program, script)
                                   for program in (real_etcd.build(), ETCD)))

    @staticmethod
    def answers(program: str | Path, script) -> list[str]:
        with Member(program) as member:
            side = Side(member)
            try:
                script(side)
            finally:
                side.close()
            return side.lines


if __name__ == "__main__":
    unittest.main()
