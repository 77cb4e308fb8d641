"""The cluster that lives through the tester's rounds, and its clients."""

import argparse
import contextlib
import os
import random
import shutil
import threading
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
import tester_failures
from board import Board
from faulty_system import WANTED
from linked_cluster import LinkedCluster
from lockers import Leases, Lockers
from member import Member
from protocol import MAINTENANCE, Client, rpc
from recorder import connect
from run import ELECTION, ETCD, HEARTBEAT, ROOT
from scene import Scene
from small_disk import CannotMount, SmallDisk
from stresser import Stresser

LOCK = Path(os.environ.get("LOCK", str(ROOT / "build/dev/bin/example_client_lock")))
ETCDCTL = Path(os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl")))
LOCKERS = 2
SAMPLE_SECONDS = 1
# Of the member that has one; it fills up in some rounds.
DISK_SIZE = "400m"


class TestedCluster(Scene):
    """In a `with` block: members, and clients that write, lock and hold leases."""

    def __init__(self, arguments: argparse.Namespace, seed: int, board: Board) -> None:
        flags = ("--heartbeat-interval", str(HEARTBEAT), "--election-timeout", str(ELECTION),
                 *tester_failures.SNAPSHOTS_SOON)
        cluster = LinkedCluster(*(ETCD[number % len(ETCD)] for number in range(arguments.members)),
                                flags=flags, seed=seed)
        super().__init__(cluster, random.Random(seed), peer_tls=False)
        self._parts = contextlib.ExitStack()
        self._seed = seed
        self._clients = arguments.clients
        self._board = board
        self._sampling_ends = threading.Event()

    def __enter__(self) -> "TestedCluster":
        with contextlib.ExitStack() as parts:
            self._mount(parts)
            parts.push(self.cluster.__exit__)
            self.preload(WANTED)
            self.cluster.start()
            self.keep_those_with_a_hold(WANTED)
            addresses = [member.address for member in self.cluster]
            self.stresser = parts.enter_context(
                Stresser(addresses, self._seed, self._clients, self._board.series))
            self.leases = parts.enter_context(Leases(addresses, self._seed))
            self.lockers = parts.enter_context(
                Lockers(LOCK, ETCDCTL, self.cluster.endpoints, LOCKERS))
            sampler = threading.Thread(target=self._sample, daemon=True)
            sampler.start()
            parts.callback(sampler.join, SAMPLE_SECONDS * (1 + len(addresses)))
            parts.callback(self._sampling_ends.set)
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *error) -> None:
        self._parts.__exit__(*error)

    def _mount(self, parts: contextlib.ExitStack) -> None:
        try:
            self.disks = [parts.enter_context(SmallDisk(self.cluster[0], DISK_SIZE))]
        except CannotMount:
            shutil.rmtree(self.cluster[0].folder / "data")

    def _sample(self) -> None:
        """For the dashboard."""
        with contextlib.ExitStack() as closing:
            clients = {}
            for member in self.cluster:
                clients[member] = connect(member.address)
                closing.callback(clients[member].close)
            while not self._sampling_ends.wait(SAMPLE_SECONDS):
                self._board.set_members([_sampled(*each) for each in clients.items()])
                self._board.set_counts({
                    "counts under the lock": self.lockers.order.counted,
                    "leases granted": self.leases.granted,
                    "leases that ran out": self.leases.ran_out})


def _sampled(member: Member, client: Client) -> dict:
    told = {"name": member.name, "address": member.address, "state": "does not answer",
            "revision": None, "term": None, "database_bytes": None, "memory_bytes": None}
    with contextlib.suppress(OSError, AttributeError):  # it is down
        told["memory_bytes"] = member.anonymous_bytes()
    try:
        status = client.call(MAINTENANCE, "Status", rpc.StatusRequest(), rpc.StatusResponse,
                             SAMPLE_SECONDS / 2)
    except grpc.RpcError:
        return told
    leads = status.leader == status.header.member_id
    return told | {"state": "leads" if leads else "follows" if status.leader else "has no leader",
                   "revision": status.header.revision, "term": status.raftTerm,
                   "database_bytes": status.dbSize}
