"""A cluster whose members reach each other through the proxy."""

import functools
import signal
import time
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
from cluster import Cluster
from member import Member, free_ports
from network import Network
from peer_certificates import PeerCertificates
from protocol import MAINTENANCE, Client, rpc
from recorder import connect

WAIT_SECONDS = 30


class LinkedCluster(Cluster):
    def __init__(self, *programs: Path | str, flags: tuple[str, ...], seed: int,
                 peer_tls: bool = False) -> None:
        super().__init__(*programs, flags=flags)
        # Behind those that the members have, which are not bound yet.
        ports = free_ports(3 * len(programs))[2 * len(programs):]
        self.network = Network(seed)
        for member, port in zip(self, ports):
            listens = int(member.peer_url.rpartition(":")[2])
            member.peer_url = f"http://127.0.0.1:{port}"
            self.network.listen(port, listens, member.name)
        if peer_tls:
            for member in self:
                self.certificates.use(member)
        for member in self:
            member.initial_cluster = ",".join(f"{one.name}={one.peer_url}" for one in self)
        self._clients = {member: connect(member.address) for member in self}

    def __exit__(self, *_) -> None:
        try:
            self.resume()
            super().__exit__()
        finally:
            for client in self._clients.values():
                client.close()
            self.network.__exit__()

    @functools.cached_property
    def certificates(self) -> PeerCertificates:
        """Each member has some, used or not."""
        folder = self[0].folder / "authorities"
        folder.mkdir()
        certificates = PeerCertificates(folder)
        for member in self:
            certificates.make(member)
        return certificates

    @property
    def names(self) -> list[str]:
        return [member.name for member in self]

    def client(self, member: Member) -> Client:
        return self._clients[member]

    def heal_links(self) -> None:
        self.network.set_all(self.names)

    def resume(self) -> None:
        """All that are paused go on."""
        for member in self:
            if member.process is not None:
                member.process.send_signal(signal.SIGCONT)

    def wait_until_equal(self) -> int:
        """That all have caught up and hold the same; answers the revision. Nobody may write."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            hashes = self._hashes()
            if len(set(hashes)) == 1:
                return hashes[0][0]
            if time.monotonic() > end:
                raise AssertionError(f"members differ, or do not answer: {hashes}")
            time.sleep(0.05)

    def _hashes(self) -> list[tuple]:
        """By member: of which revision, the hash, and what was compacted; or why there is none."""
        hashes = []
        for member in self:
            try:
                newest = self.client(member).range(key=b"x").header.revision  # linearizable
                reply = self.client(member).hash_kv()
            except grpc.RpcError as error:  # not connected again yet
                hashes.append((member.name, error.details()))
            else:
                revision = max(newest, reply.hash_revision)
                hashes.append((revision, reply.hash, reply.compact_revision))
        return hashes

    def term(self) -> int:
        """The highest that a member knows."""
        return max(self.client(member).call(MAINTENANCE, "Status", rpc.StatusRequest(),
                                            rpc.StatusResponse).raftTerm for member in self)
