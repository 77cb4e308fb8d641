"""What tests of several members have in common."""

import shutil
import time
import unittest
from pathlib import Path

import grpc

from cluster import Cluster, is_leader, status, wait_until_ready
from member import Member
from protocol import CLUSTER, MAINTENANCE, Client, rpc

WAIT_SECONDS = 20
JOINS = ("--initial-cluster-state", "existing")


class ClusterCase(unittest.TestCase):
    def client(self, member: Member) -> Client:
        client = Client(member.address)
        self.addCleanup(client.close)
        return client

    def wait_for(self, what: str, happens, seconds: float = WAIT_SECONDS) -> None:
        end = time.monotonic() + seconds
        while not happens():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def lead(self, cluster: Cluster, member: Member) -> None:
        """Has it lead."""
        if not is_leader(member):
            self.client(cluster.leader()).call(
                MAINTENANCE, "MoveLeader",
                rpc.MoveLeaderRequest(targetID=int(status(member)["header"]["member_id"])),
                rpc.MoveLeaderResponse)
        self.wait_for("it leads", lambda: is_leader(member))

    def change(self, asked: Member, method: str, request, response_type):
        """Of the members. It is refused until they have been connected for five seconds."""
        client = self.client(asked)
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return client.call(CLUSTER, method, request, response_type)
            except grpc.RpcError as error:
                if error.details() != "etcdserver: unhealthy cluster":
                    raise
                self.assertLess(time.monotonic(), end, error.details())
            time.sleep(0.1)

    def replace(self, cluster: Cluster, member: Member, program: Path | str) -> None:
        """Removes it, and adds one of `program` without data in its place; another one is asked."""
        asked = next(one for one in cluster if one is not member)
        identifier = int(status(member)["header"]["member_id"])
        self.change(asked, "MemberRemove", rpc.MemberRemoveRequest(ID=identifier),
                    rpc.MemberRemoveResponse)
        member.process.wait(timeout=WAIT_SECONDS)  # by itself
        member.process = None
        shutil.rmtree(member.folder / "data")
        member.program = str(program)
        self.join(member, *(one for one in cluster if one is not member))

    def join(self, member: Member, *others: Member) -> None:
        """Adds it to the cluster of the others and starts it, without data; it answers on return."""
        self.wait_for("one leads", lambda: any(is_leader(other) for other in others))
        leader = next(other for other in others if is_leader(other))
        self.change(leader, "MemberAdd", rpc.MemberAddRequest(peerURLs=[member.peer_url]),
                    rpc.MemberAddResponse)
        # It may ask any of them who belongs to the cluster.
        for other in others:
            self.wait_for("it knows", lambda other=other: member.peer_url in self.peer_urls(other))
        if JOINS[0] not in member.flags:
            member.flags += JOINS
        member.launch()
        wait_until_ready(member)

    def peer_urls(self, member: Member) -> set[str]:
        """Of all members, as far as it has heard."""
        answer = self.client(member).call(CLUSTER, "MemberList", rpc.MemberListRequest(),
                                          rpc.MemberListResponse)
        return {url for each in answer.members for url in each.peerURLs}
