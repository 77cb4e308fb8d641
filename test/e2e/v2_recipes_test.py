#!/usr/bin/python3
"""The recipes of examples/v2: the reboot lock, held by processes of which some die; and a loop that
follows keys and loses no change, over restarts and a leader's death.

ETCD in the environment is the program, CHANGES how many there are, SEED when what dies.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from cluster import Cluster
from member import Member
from v2_client import Ask, Connection

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
EXAMPLES = ROOT / "examples/v2"
CHANGES = int(os.environ.get("CHANGES") or (10_000 if os.environ.get("E2E_FULL") else 1_000))
SEED = int(os.environ.get("SEED") or random.randrange(2**32))
WAIT_SECONDS = 120
MACHINES = 6
PLACES = 2
DEATHS = 4
KEYS = 20

# A machine: gets the lock, notes that it is in, and leaves again; for ever.
MACHINE = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from reboot_lock import Lock
lock, name, folder = Lock(sys.argv[4:]), sys.argv[2], sys.argv[3]
while True:
    lock.lock(name)
    open(os.path.join(folder, name), "w").close()
    inside = os.listdir(folder)
    if len(inside) > %d:
        open(os.path.join(folder, "..", "broken"), "w").write(str(inside))
    with open(os.path.join(folder, "..", "turns"), "a") as turns:
        turns.write(name + "\\n")
    time.sleep(0.005)
    os.unlink(os.path.join(folder, name))
    lock.unlock(name)
""" % PLACES


class V2RecipesTest(unittest.TestCase):
    def lock_command(self, member: Member, *words: str) -> str:
        return subprocess.run([sys.executable, EXAMPLES / "reboot_lock.py", "--endpoint", member.url,
                               *words], capture_output=True, text=True, check=True,
                              timeout=WAIT_SECONDS).stdout

    def test_the_reboot_lock_is_held_by_so_many_and_kept_by_the_dead(self) -> None:
        chance = random.Random(SEED)
        member = self.enterContext(Member(ETCD, "--enable-v2"))
        self.assertEqual(self.lock_command(member, "set-max", str(PLACES)),
                         f"available: {PLACES}\nmax: {PLACES}\n")
        inside = member.folder / "inside"
        inside.mkdir()
        turns = member.folder / "turns"
        turns.touch()

        def machine(name: str) -> subprocess.Popen:
            process = subprocess.Popen([sys.executable, "-c", MACHINE, EXAMPLES, name, inside,
                                        member.url])
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            return process

        def wait_for_turns(count: int) -> None:
            end = time.monotonic() + WAIT_SECONDS
            while len(turns.read_text().split()) < count:
                self.assertLess(time.monotonic(), end, f"seed {SEED}")
                time.sleep(0.01)

        machines = {f"machine-{i}": machine(f"machine-{i}") for i in range(MACHINES)}
        for _ in range(DEATHS):
            wait_for_turns(len(turns.read_text().split()) + MACHINES)
            name = chance.choice(sorted(machines))
            machines[name].kill()
            machines[name].wait()
            # The dead has what it had, until somebody takes it away.
            status = self.lock_command(member, "status")
            was_holder = f"holder: {name}\n" in status
            (inside / name).unlink(missing_ok=True)
            self.assertEqual(f"holder: {name}\n" in self.lock_command(member, "status"), was_holder)
            self.lock_command(member, "unlock", name)
            machines[name] = machine(name)
        wait_for_turns(len(turns.read_text().split()) + 2 * MACHINES)
        for name, process in machines.items():
            process.kill()
            process.wait()
            (inside / name).unlink(missing_ok=True)
            self.lock_command(member, "unlock", name)
        self.assertFalse((member.folder / "broken").exists(), f"seed {SEED}")
        self.assertEqual(self.lock_command(member, "status"), f"available: {PLACES}\nmax: {PLACES}\n")

    def test_a_loop_that_follows_keys_loses_no_change(self) -> None:
        cluster = self.enterContext(Cluster(ETCD, ETCD, ETCD, flags=("--enable-v2",)))
        self.put(cluster, "/config/begin", "0")
        follower = subprocess.Popen(
            [sys.executable, EXAMPLES / "follow.py", "/config", *(m.url for m in cluster)],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        seen: dict[int, tuple[str, str]] = {}
        resets: list[int] = []
        order: list[int] = []

        def read() -> None:
            for line in follower.stdout:
                change = json.loads(line)
                if change["action"] == "reset":
                    resets.append(change["index"])
                elif change["action"] == "set":
                    order.append(change["index"])
                    seen[change["index"]] = (change["key"], change["value"])

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        self.wait_until(lambda: resets)
        written: dict[int, tuple[str, str]] = {}
        for i in range(CHANGES):
            key = f"/config/{i % KEYS}"
            written[self.put(cluster, key, str(i))] = (key, str(i))
            if i == CHANGES // 3:
                cluster[0].stop()
                cluster[0].start()
            if i == CHANGES * 2 // 3:
                leader = cluster.leader()
                leader.kill()
                self.wait_until(lambda: self.has_leader(cluster))
                leader.start()
        self.wait_until(lambda: len(written.keys() - seen.keys()) == 0)
        self.assertEqual({index: seen[index] for index in written}, written)
        self.assertEqual(order, sorted(set(order)))
        self.assertEqual(len(resets), 1)

    def wait_until(self, holds) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def has_leader(self, cluster: Cluster) -> bool:
        return any(member.is_healthy() for member in cluster if member.process is not None)

    def put(self, cluster: Cluster, key: str, value: str) -> int:
        """Until a member says that it has done so. Returns the index."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            for member in cluster:
                if member.process is None:
                    continue
                try:
                    connection = self.connections.get(member.address) or Connection(member.address)
                    self.connections[member.address] = connection
                    answer = connection.ask(Ask("PUT", "/v2/keys" + key, f"value={value}".encode(),
                                                "application/x-www-form-urlencoded")).read()
                    if answer.status in (200, 201):
                        return json.loads(answer.body)["node"]["modifiedIndex"]
                except (OSError, ValueError, IndexError):
                    self.connections.pop(member.address, None)
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def setUp(self) -> None:
        self.connections: dict[str, Connection] = {}


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
