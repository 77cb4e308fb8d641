"""Two members that are asked the same about users, roles, tokens and the keys that they protect."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable

import grpc

from member import Member
from protocol import CALL_TIMEOUT_SECONDS, Client
from random_auth import AuthCalls, Call

REPORTED_MAX = 10


@dataclass
class Answer:
    """Without what differs from member to member."""
    code: str
    text: str = ""
    message: Any = None  # of OK

    def __str__(self) -> str:
        return f"{self.code} {self.text}{self.message or ''}"


# Whether a difference is this one: what was asked, what ours answered and what theirs.
Difference = Callable[[Call, Answer, Answer], bool]


class Side:
    def __init__(self, member: Member) -> None:
        self.client = Client(member.address)
        self.tokens: list[str] = []

    def _metadata(self, by: int | str | None) -> list[tuple[str, str]]:
        if by is None:
            return []
        token = self.tokens[by] if isinstance(by, int) else by
        return [("token", token)] if token.isascii() else [("authorization", "odd")]

    def ask(self, call: Call) -> Answer:
        method = self.client.channel.unary_unary(f"/{call.service}/{call.method}")
        try:
            reply = method(call.message.SerializeToString(), timeout=CALL_TIMEOUT_SECONDS,
                           metadata=self._metadata(call.by))
        except grpc.RpcError as error:
            return Answer(error.code().name, error.details())
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
        return Answer("OK", message=answer)


class Comparison:
    def __init__(self, ours: Member, theirs: Member, differences: dict[str, Difference]) -> None:
        self.ours, self.theirs = Side(ours), Side(theirs)
        self.differences = differences
        self.codes: Counter[str] = Counter()  # of theirs
        self.seen: Counter[str] = Counter()  # differences that have a name
        self.unexplained: list[str] = []

    def run(self, calls: AuthCalls, count: int) -> None:
        """As long as not too much differs."""
        asked = calls.founding()
        for number in range(count):
            call = asked.pop(0) if asked else calls.next()
            ours, theirs = self.ours.ask(call), self.theirs.ask(call)
            self.codes[theirs.code] += 1
            if theirs.code == "OK":
                calls.done(call)
            if ours != theirs:
                self._explain(number, call, ours, theirs)
            if len(self.unexplained) == REPORTED_MAX:
                break
        print(", ".join(f"{code} {seen}" for code, seen in self.codes.most_common()))
        for name in self.differences:
            print(f"  {self.seen[name]} times: {name}")

    def _explain(self, number: int, call: Call, ours: Answer,
                 theirs: Answer) -> None:
        for name, explains in self.differences.items():
            if explains(call, ours, theirs):
                self.seen[name] += 1
                return
        self.unexplained.append(f"{number}: {call.method} {call.message} by {call.by!r}\n"
                                f"  ours:   {ours}\n  theirs: {theirs}")
