#!/usr/bin/python3
"""Long work of etcdutl and etcdctl shows how far it is where a terminal looks on, takes that away at its
end, and says nothing of it elsewhere.

ETCD, ETCDCTL and ETCDUTL in the environment are the programs.
"""

import os
import pty
import re
import subprocess
import threading
import unittest
from pathlib import Path

from etcdutl_test import ETCDCTL, ETCDUTL, EtcdutlCase

TIMEOUT_SECONDS = 60
CLEAR = "\r\x1b[K"
# More than a page of those that a mirror copies at a time.
KEYS = 1100


def on_terminal(*command: str | Path) -> tuple[int, str]:
    """The status, and what stands on a terminal that has standard error."""
    ours, its = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        while True:
            try:
                shown.append(os.read(ours, 65536))
            except OSError:  # nobody writes to it any more
                return

    reader = threading.Thread(target=read)
    reader.start()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=its)
    os.close(its)
    status = process.wait(timeout=TIMEOUT_SECONDS)
    reader.join()
    os.close(ours)
    return status, b"".join(shown).decode()


class ProgressTest(EtcdutlCase):
    def check(self, what: str, *command: str | Path, ends_with: int = 0) -> None:
        status, shown = on_terminal(*command)
        self.assertEqual(status, ends_with, shown)
        lines = re.findall(re.escape(CLEAR) + what + r"  .+? of .+?  (\d+)%", shown)
        self.assertTrue(lines, shown)
        self.assertEqual(lines, sorted(lines, key=int))
        end = shown.rindex(f"{lines[-1]}%") + len(f"{lines[-1]}%")
        self.assertTrue(shown[end:].startswith(CLEAR), shown)

    def test_restore_export_and_import(self) -> None:
        member = self.filled()
        self.save(member)
        member.stop()
        restored, exported = self.folder / "restored", self.folder / "exported"
        restore = (ETCDUTL, "snapshot", "restore", self.snapshot, "--data-dir")
        self.check("restoring", *restore, restored)
        self.check("exporting", ETCDUTL, "export", "--data-dir", restored, "--output-dir", exported)
        self.check("importing", ETCDUTL, "import", "--data-dir", exported)
        done = subprocess.run([*restore, self.folder / "again"], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("restoring  ", done.stdout + done.stderr)

    def test_a_mirror_until_it_has_what_there_was(self) -> None:
        source, destination = self.filled(), self.member()
        destination.start()
        client = self.client(source)
        for number in range(KEYS):
            client.put(b"mirrored%d" % number, b"")
        mirror = (ETCDCTL, "--endpoints", source.address, "make-mirror", destination.address)
        # It goes on until it is ended.
        status, shown = on_terminal("timeout", "--preserve-status", "5", *mirror)
        self.assertIn("mirroring  ", shown)
        self.assertIn(f" of {self.keys(source)} keys  100%", shown)
        self.assertTrue(shown[shown.rindex("100%"):].startswith("100%" + CLEAR), (status, shown))

    def keys(self, member) -> int:
        counted = subprocess.run([ETCDCTL, "--endpoints", member.address, "get", "", "--prefix",
                                  "--count-only", "-w", "fields"], capture_output=True, text=True,
                                 check=True, timeout=TIMEOUT_SECONDS).stdout
        return int(re.search(r'"Count" : (\d+)', counted)[1])


if __name__ == "__main__":
    unittest.main()
