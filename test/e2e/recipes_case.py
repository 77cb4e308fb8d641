"""What tests of the client library's recipes have in common: processes of examples/client at members,
and what became of the keys that they use.

ETCD, ETCDCTL, SEMAPHORE, QUEUE, STM and BARRIER in the environment are the programs.
"""

import base64
import json
import os
import subprocess
from pathlib import Path

from cluster_case import ClusterCase

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
SEMAPHORE, QUEUE, STM, BARRIER = (
    os.environ.get(name, str(BINARIES / f"example_client_{name.lower()}"))
    for name in ("SEMAPHORE", "QUEUE", "STM", "BARRIER"))
TIMEOUT_SECONDS = 90


class RecipesCase(ClusterCase):
    endpoints = ""  # of the members

    def start(self, program: str, *words: str) -> subprocess.Popen:
        process = subprocess.Popen([program, self.endpoints, *words], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def lines_of(self, process: subprocess.Popen) -> list[str]:
        """Once it has ended well."""
        output, complaints = process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(process.returncode, 0, complaints)
        return output.splitlines()

    def etcdctl(self, *words: str) -> list[str]:
        done = subprocess.run([ETCDCTL, "--endpoints", self.endpoints, *words], text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def keys(self, prefix: str) -> list[str]:
        return self.etcdctl("get", prefix, "--prefix", "--keys-only")

    def history(self, prefix: str) -> list[list[tuple[str, bool]]]:
        """Of each revision that has changed such keys: which, and whether they were put."""
        end = f"{prefix}~end"
        self.etcdctl("put", end, "")
        found: list[list[tuple[str, bool]]] = []
        with subprocess.Popen([ETCDCTL, "--endpoints", self.endpoints, "watch", prefix, "--prefix",
                               "--rev=1", "-w=json"], text=True, stdout=subprocess.PIPE) as watch:
            revision = 0
            for line in watch.stdout:
                for event in json.loads(line)["Events"]:
                    key = base64.b64decode(event["kv"]["key"]).decode()
                    if event["kv"]["mod_revision"] != revision:
                        revision = event["kv"]["mod_revision"]
                        found.append([])
                    found[-1].append((key, event.get("type", 0) == 0))
                if found[-1] == [(end, True)]:
                    break
            watch.kill()
        self.etcdctl("del", end)
        return found[:-1]

    def most_at_once(self, prefix: str, of: str) -> int:
        """How many keys of the prefix `of`, which begins with `prefix`, there were together."""
        there: set[str] = set()
        most = 0
        for revision in self.history(prefix):
            for key, is_put in revision:
                if key.startswith(of):
                    there = there | {key} if is_put else there - {key}
            most = max(most, len(there))
        return most
