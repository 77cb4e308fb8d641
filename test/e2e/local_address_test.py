#!/usr/bin/python3
"""From which address members dial each other, with the gate SetMemberLocalAddr and without. In a
network of its own, where each member has an address.

ETCD in the environment is the program.
"""

import os
import shutil
import socket
import struct
import subprocess
import unittest
from pathlib import Path

import name_server
from cluster import Cluster
from protocol import Client

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
ADDRESSES = ("198.51.100.1", "198.51.100.2", "198.51.100.3")
ESTABLISHED = "01"


def place(text: str) -> tuple[str, int]:
    address, port = text.split(":")
    return socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(port, 16)


def connections() -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Of all sockets that have one: from where to where."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [(place(line[1]), place(line[2])) for line in lines if line[3] == ESTABLISHED]


@name_server.needed
@unittest.skipUnless(shutil.which("ip"), "there is no ip")
class LocalAddressTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        for address in ADDRESSES:
            subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)

    def cluster(self, *flags: str) -> Cluster:
        cluster = Cluster(ETCD, ETCD, ETCD, flags=flags)
        for member, address in zip(cluster, ADDRESSES):
            member.peer_url = member.peer_url.replace("127.0.0.1", address)
            member.listen_peer_url = member.peer_url
        initial = ",".join(f"{member.name}={member.peer_url}" for member in cluster)
        for member in cluster:
            member.initial_cluster = initial
        return self.enterContext(cluster)

    def sources(self, cluster: Cluster) -> set[tuple[str, str]]:
        """From where, to which member's port for peers."""
        ports = {int(member.peer_url.rpartition(":")[2]) for member in cluster}
        return {(source[0], to[0]) for source, to in connections() if to[1] in ports}

    def test_connections_come_from_the_advertised_address(self) -> None:
        cluster = self.cluster("--feature-gates", "SetMemberLocalAddr=true")
        client = Client(cluster[0].address)
        self.addCleanup(client.close)
        client.put(b"k", b"v")
        self.assertEqual(self.sources(cluster), {(source, to) for source in ADDRESSES
                                                 for to in ADDRESSES if source != to})
        cluster[1].wait_for_log('"setting member local address","LocalAddr":"198.51.100.2"')

    def test_without_the_gate_the_system_chooses(self) -> None:
        sources = self.sources(self.cluster())
        self.assertTrue(sources)
        # Which takes the address of the other end, as both are the machine's.
        self.assertTrue(all(source == to for source, to in sources))

    def test_an_address_that_is_not_there_reaches_nobody(self) -> None:
        member = Cluster(ETCD, flags=("--feature-gates", "SetMemberLocalAddr=true"))[0]
        self.addCleanup(member.__exit__)
        port = member.peer_url.rpartition(":")[2]
        member.peer_url = f"http://203.0.113.9:{port}"
        member.initial_cluster = f"m0={member.peer_url},m1=http://{ADDRESSES[1]}:1"
        member.launch()
        member.wait_for_log("Cannot assign requested address")


if __name__ == "__main__":
    name_server.enter()
    unittest.main()
