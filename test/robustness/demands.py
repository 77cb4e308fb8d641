"""What must hold in the tester's cluster after a failure."""

import time

import grpc

import e2e_path  # noqa: F401
from board import Round
from member import Member
from protocol import KV, MAINTENANCE, rpc
from soundness import stuck, unequal
from tested_cluster import TestedCluster

CALL_SECONDS = 2
COMPACT_SECONDS = DEFRAGMENT_SECONDS = 30
LOOK_SECONDS = 0.1


class RoundFailed(AssertionError):
    def __init__(self, wrong: list[str]) -> None:
        super().__init__("\n".join(wrong))
        self.wrong = wrong


class Demands:
    """Each within `bound` seconds; otherwise RoundFailed is raised."""

    def __init__(self, tested: TestedCluster, bound: float) -> None:
        self._tested = tested
        self._cluster = tested.cluster
        self._bound = bound

    def progress(self) -> None:
        """A write at every member, after which all of their revisions have risen."""
        before = self._revisions()
        for member in self._cluster:
            self._until_answered(f"{member.name} writes nothing", lambda member=member:
                                 self._cluster.client(member).put(b"progress", b"", CALL_SECONDS))
        end = time.monotonic() + self._bound
        while wrong := stuck(before, self._revisions()):
            self._look_again(end, wrong)

    def locks(self) -> None:
        """The lock goes from hand to hand."""
        counted = self._tested.lockers.order.counted
        end = time.monotonic() + self._bound
        while self._tested.lockers.order.counted == counted:
            self._look_again(end, ["nobody gets the lock"])

    def equal(self, told: Round) -> None:
        """Members at one revision; clients go on meanwhile."""
        reply = self._until_answered("nobody reads", lambda: self._cluster.client(
            self._cluster[0]).range(key=b"progress"))
        told.revision = reply.header.revision
        hashes = {member.name: self._hash(member, told.revision) for member in self._cluster}
        told.hashes = {name: f"{value:08x}" for name, (value, _, _) in hashes.items()}
        if wrong := unequal(hashes):
            raise RoundFailed(wrong)

    def no_alarm(self) -> None:
        """One that was for want of room goes by itself."""
        end = time.monotonic() + self._bound
        for member in self._cluster:
            while alarms := self._until_answered(
                    "nobody tells of alarms", lambda member=member: self._cluster.client(
                        member).call(MAINTENANCE, "Alarm", rpc.AlarmRequest(), rpc.AlarmResponse,
                                     CALL_SECONDS)).alarms:
                self._look_again(end, [f"{member.name} has an alarm: {alarms[0]}"])

    def sound(self, healthy_since: float) -> None:
        """Counters, locks and leases; those that were abandoned run out."""
        asked = self._cluster.client(self._tested.random.choice(self._cluster.members))
        wrong = self._until_answered("nobody reads", lambda: self._tested.stresser.wrong(
            asked, CALL_SECONDS))
        wrong += self._tested.lockers.wrong()
        leases = self._tested.leases
        awaited = leases.abandoned()
        while not wrong:
            wrong = self._until_answered("nobody reads", lambda: leases.wrong(
                asked, healthy_since, self._bound))
            if not awaited & leases.abandoned():
                break
            time.sleep(LOOK_SECONDS)
        if wrong:
            raise RoundFailed(wrong)

    def compact(self, revision: int) -> None:
        request = rpc.CompactionRequest(revision=revision, physical=True)

        def ask() -> None:
            try:
                self._cluster.client(self._cluster[0]).call(
                    KV, "Compact", request, rpc.CompactionResponse, COMPACT_SECONDS)
            except grpc.RpcError as error:
                if "has been compacted" not in error.details():  # it was done, unanswered
                    raise
        self._until_answered("nobody compacts", ask)

    def defragment(self) -> None:
        for member in self._cluster:
            self._until_answered(
                f"{member.name} does not defragment", lambda member=member: self._cluster.client(
                    member).call(MAINTENANCE, "Defragment", rpc.DefragmentRequest(),
                                 rpc.DefragmentResponse, DEFRAGMENT_SECONDS))

    def _revisions(self) -> dict[str, int]:
        return {member.name: self._until_answered(
            f"{member.name} does not say how far it is", lambda member=member:
            self._cluster.client(member).call(MAINTENANCE, "Status", rpc.StatusRequest(),
                                              rpc.StatusResponse, CALL_SECONDS)).header.revision
            for member in self._cluster}

    def _hash(self, member: Member, revision: int) -> tuple[int, int, int]:
        """Once it has got so far."""
        reply = self._until_answered(
            f"{member.name} does not hash revision {revision}", lambda: self._cluster.client(
                member).hash_kv(revision))
        return reply.hash, reply.hash_revision, reply.compact_revision

    def _until_answered(self, otherwise: str, ask):
        end = time.monotonic() + self._bound
        while True:
            try:
                return ask()
            except grpc.RpcError as error:
                self._look_again(end, [f"for {self._bound:.0f} s {otherwise}: {error.details()}"])

    def _look_again(self, end: float, otherwise: list[str]) -> None:
        if time.monotonic() > end:
            raise RoundFailed(otherwise)
        for member in self._cluster:
            if member.process.poll() is not None:
                raise RoundFailed([f"{member.name} ended with {member.process.returncode}",
                                   *otherwise])
        time.sleep(LOOK_SECONDS)
