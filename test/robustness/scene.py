"""A cluster that something is done to, and how all of that is taken back."""

import random
import time

import e2e_path  # noqa: F401
from cluster import wait_until_ready
from faulty_system import NEEDED, CannotPreload, FaultySystem
from linked_cluster import LinkedCluster
from member import Member
from small_disk import SmallDisk


class Scene:
    """What faults act on. Whoever makes it has the cluster run."""

    def __init__(self, cluster: LinkedCluster, chance: random.Random, peer_tls: bool) -> None:
        self.cluster = cluster
        self.random = chance
        self.peer_tls = peer_tls  # between members
        self.counts: dict[str, int] = {}  # of what was done, by its name
        self.disks: list[SmallDisk] = []  # of members that have one
        self.systems: dict[Member, FaultySystem] = {}  # of members that have one

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def sleep(self, least: float, most: float) -> None:
        time.sleep(self.random.uniform(least, most))

    def heal(self) -> None:
        """Takes back all faults; all members answer when it returns."""
        self.cluster.heal_links()
        for system in self.systems.values():
            system.heal()
        for disk in self.disks:
            disk.free()
        self.cluster.resume()
        for member in self.cluster:
            if member.process is None:
                member.launch()
        for member in self.cluster:
            wait_until_ready(member)

    def preload(self, faulty_systems: str) -> None:
        """Before the members run: NEEDED, or WANTED. Raises CannotPreload if they are needed."""
        try:
            self.systems = {member: FaultySystem(member) for member in self.cluster}
        except CannotPreload:
            if faulty_systems == NEEDED:
                raise

    def keep_those_with_a_hold(self, faulty_systems: str) -> None:
        """Once the members run. Raises CannotPreload if one is needed that has none."""
        for member, system in list(self.systems.items()):
            if not system.has_a_hold:
                if faulty_systems == NEEDED:
                    raise CannotPreload(f"{member.program} writes without the C library")
                del self.systems[member]
