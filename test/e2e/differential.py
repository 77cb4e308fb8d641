#!/usr/bin/python3
"""Sends the same random requests to two members and compares every field of every reply.

  differential.py [--seed N] [--count N] [--same] [OLD [NEW]]

OLD is Debian's etcd 3.4.23 by default, NEW that of the dev build. What may differ is listed in
docs/differences-3.4.md; in a long run each entry must show itself. With --same OLD is an etcd of
the version that NEW answers as, and no more may differ than what lasts; then leases are granted and
revoked, too.
"""

import argparse
import random
import re
import sys
from collections import Counter
from pathlib import Path

import grpc
from google.protobuf import text_format

from differences import DIFFERENCES, LASTING, Reply
from member import Member
from protocol import KV, MAINTENANCE, Client, rpc
from random_requests import Request, Requests

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/differences-3.4.md"
REPORTED_MAX = 10
# Enough requests that every difference shows itself whatever the seed.
LONG_RUN = 10_000
HASHES = 20

RESPONSES = {
    "Range": rpc.RangeResponse, "RangeStream": rpc.RangeStreamResponse, "Put": rpc.PutResponse,
    "DeleteRange": rpc.DeleteRangeResponse, "Txn": rpc.TxnResponse,
    "Compact": rpc.CompactionResponse, "HashKV": rpc.HashKVResponse,
    "LeaseGrant": rpc.LeaseGrantResponse, "LeaseRevoke": rpc.LeaseRevokeResponse,
    "LeaseTimeToLive": rpc.LeaseTimeToLiveResponse, "LeaseLeases": rpc.LeaseLeasesResponse,
    "LeaseKeepAlive": rpc.LeaseKeepAliveResponse,
}


def _parsed(method: str, encoded: bytes):
    message = RESPONSES[method].FromString(encoded)
    header = (message.range_response if method == "RangeStream" else message).header
    for name in ("cluster_id", "member_id", "raft_term"):
        if method != "RangeStream" or message.range_response.HasField("header"):
            header.ClearField(name)
    if method == "LeaseTimeToLive":  # as time goes by, and in the order of a map
        message.TTL = min(message.TTL, 0)
        message.keys.sort()
    if method == "LeaseLeases":  # in the order of their ends, down to the nanosecond
        message.leases.sort(key=lambda lease: lease.ID)
    return message


def _as_range(request: Request) -> Request:
    """What must be answered like a RangeStream, unless its order is refused."""
    asked = rpc.RangeRequest()
    asked.CopyFrom(request.message)
    if asked.sort_order != 0:
        asked.ClearField("sort_order")
        asked.ClearField("sort_target")
    return Request(KV, "Range", asked.SerializeToString(), asked)


class Side:
    def __init__(self, address: str) -> None:
        self.client = Client(address)

    def start(self, request: Request):
        if request.method == "RangeStream":
            return self.client.start_stream(request.service, request.method, request.encoded)
        return self.client.start(request.service, request.method, request.encoded)

    def reply(self, request: Request, call) -> Reply:
        reply = Reply()
        try:
            parts = call if request.method == "RangeStream" else [call.result()]
            for part in parts:
                reply.messages.append(_parsed(request.method, part))
        except grpc.RpcError as error:
            reply.code, reply.text = error.code(), error.details()
        return reply


class Comparison:
    def __init__(self, old: Side, new: Side, requests: Requests, same: bool) -> None:
        self.old, self.new, self.requests, self.same = old, new, requests, same
        self.differences = {name: explains for name, explains in DIFFERENCES.items()
                            if not same or name in LASTING}
        self.codes: Counter[str] = Counter()
        self.matched: Counter[str] = Counter()
        self.unexplained = 0

    def step(self, request: Request) -> None:
        asked_of_old = self._asked_of_old(request)
        calls = self.old.start(asked_of_old), self.new.start(request)
        old = self.old.reply(asked_of_old, calls[0])
        new = self.new.reply(request, calls[1])
        self.codes[f"{request.method} {old.code.name}"] += 1
        self._note(request, old)
        if old == new:
            return
        for name, explains in self.differences.items():
            if explains(request, old, new):
                self.matched[name] += 1
                return
        self.unexplained += 1
        if self.unexplained <= REPORTED_MAX:
            self._report(request, old, new)

    def _asked_of_old(self, request: Request) -> Request:
        if request.method != "RangeStream":
            return request
        orderly = request.message.sort_target == 0 or request.message.sort_order != 0
        return request if self.same and orderly else _as_range(request)

    def _note(self, request: Request, old: Reply) -> None:
        if old.message is None or request.method == "RangeStream":
            return
        compaction = request.message if request.method == "Compact" else None
        self.requests.seen(old.message.header.revision, compaction)

    @staticmethod
    def _report(request: Request, old: Reply, new: Reply) -> None:
        def shown(message) -> str:
            return text_format.MessageToString(message, as_one_line=True)[:3000] if message else "-"
        print(f"{request.method} {shown(request.message)}")
        for side, reply in (("old", old), ("new", new)):
            print(f"  {side}: {reply.code.name} {reply.text!r} "
                  f"{' | '.join(shown(message) for message in reply.messages)}")


def documented() -> set[str]:
    return set(re.findall(r"^## (.*)$", DOCUMENT.read_text(), re.MULTILINE))


def hash_request(revision: int) -> Request:
    message = rpc.HashKVRequest(revision=revision)
    return Request(MAINTENANCE, "HashKV", message.SerializeToString(), message)


def last_hashes(requests: Requests, chooser: random.Random) -> list[Request]:
    first = max(1, requests.compacted + 1)
    revisions = [0, requests.compacted, requests.revision, requests.revision + 1]
    revisions += [chooser.randint(first, requests.revision) for _ in range(HASHES)]
    return [hash_request(revision) for revision in revisions]


def compaction(revision: int) -> Request:
    """One that is carried out before it is answered, so that its hash is known."""
    message = rpc.CompactionRequest(revision=revision, physical=True)
    return Request(KV, "Compact", message.SerializeToString(), message)


def compare(old: Member, new: Member, arguments: argparse.Namespace) -> int:
    """The number of things that are wrong."""
    seed, count, same = arguments.seed, arguments.count, arguments.same
    requests = Requests(seed, leases=same)
    comparison = Comparison(Side(old.address), Side(new.address), requests, same)
    comparison.step(compaction(0))
    comparison.step(hash_request(0))
    for _ in range(count):
        comparison.step(requests.next())
    comparison.step(compaction(requests.compacted + 1))
    for request in last_hashes(requests, random.Random(seed)):
        comparison.step(request)
    print(f"{count} requests up to revision {requests.revision}, compacted to {requests.compacted}")
    print("  " + ", ".join(f"{name} {seen}" for name, seen in sorted(comparison.codes.items())))
    wrong = comparison.unexplained
    print(f"{wrong} replies differ for no reason known")
    for name in comparison.differences:
        print(f"  {comparison.matched[name]} times: {name}")
        if count >= LONG_RUN and not same and comparison.matched[name] == 0:
            print("    NEVER SEEN")
            wrong += 1
    for name in documented() ^ set(DIFFERENCES):
        print(f"  NOT in both {DOCUMENT.name} and differences.py: {name}")
        wrong += 1
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--same", action="store_true", help="OLD is of the version of NEW")
    parser.add_argument("old", nargs="?", default="/usr/bin/etcd")
    parser.add_argument("new", nargs="?", default=ROOT / "build/dev/bin/etcd")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with Member(arguments.old) as old, Member(arguments.new) as new:
        return 1 if compare(old, new, arguments) else 0


if __name__ == "__main__":
    sys.exit(main())
