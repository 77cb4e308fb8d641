#!/usr/bin/python3
"""Tools that a signal ends in the midst of their work, as Ctrl-C does: what they were making is
gone, what lay beside it and what they read is as it was, and they have ended as by the signal.

ETCD, ETCDCTL and ETCDUTL in the environment are the programs.
"""

import hashlib
import shutil
import signal
import subprocess
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from etcdutl_test import ETCDCTL, ETCDUTL, EtcdutlCase
from member import Member

VALUES = 60
VALUE_BYTES = 1_000_000
# How often it is tried again if the tool was done before the signal came.
TRIES = 30
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def tree(folder: Path) -> dict[str, str]:
    """All that there is, by what it holds; but for who reads a database of ours."""
    found = {}
    for path in sorted(folder.rglob("*")):
        is_compared = path.is_file() and path.name != "db.mdb-lock"
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if is_compared else ""
        found[str(path.relative_to(folder))] = digest
    return found


class UnfinishedTest(EtcdutlCase):
    def large(self) -> Member:
        member = self.member()
        member.start()
        client = self.client(member)
        for number in range(VALUES):
            client.put(b"k%d" % number, bytes([number]) * VALUE_BYTES)
        return member

    def stopped(self) -> Path:
        """The data directory of a member that does not run."""
        member = self.large()
        self.save(member)
        member.stop()
        member.process = None
        return member.folder / "data"

    def end(self, words: list[str | Path], is_making: Callable[[], bool],
            by: signal.Signals) -> bool:
        """Whether the tool was at work when the signal came, which it then ended by."""
        tool = subprocess.Popen(list(map(str, words)), cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while tool.poll() is None and not is_making():
            time.sleep(0.0005)
        tool.send_signal(by)
        out, err = tool.communicate(timeout=60)
        if tool.returncode == -by:
            return True
        self.assertEqual(tool.returncode, 0, out + err)
        return False

    def check(self, tool: str, words: list[str | Path], place: Path,
              prepare: Callable[[], None] = lambda: None) -> None:
        """`place` is the folder in which it makes something; all is there as it was before."""
        for by in SIGNALS:
            with self.subTest(words=words, signal=by.name):
                for _ in range(TRIES):
                    prepare()
                    before = tree(place)
                    names = set(place.rglob("*"))
                    if self.end([tool, *words], lambda: set(place.rglob("*")) != names, by):
                        self.assertEqual(tree(place), before)
                        break
                else:
                    self.fail(f"done each of {TRIES} times before the signal came")

    def test_of_etcdctl_nothing_is_left(self) -> None:
        member = self.large()
        place = self.folder / "place"
        place.mkdir()
        (place / "saved").write_text("an older one")
        (place / "saved.part").write_text("somebody's")
        for words in (["snapshot", "save", place / "saved"], ["debug", place / "report.tar.gz"]):
            # So that it cannot be done before the signal comes.
            member.process.send_signal(signal.SIGSTOP)
            try:
                words = ["--endpoints", member.address, "--dial-timeout", "60s",
                         "--command-timeout", "60s", *words]
                self.check(ETCDCTL, words, place)
            finally:
                member.process.send_signal(signal.SIGCONT)

    def test_quit_is_heeded_by_what_a_script_starts_in_the_background(self) -> None:
        member = self.large()
        for program, *words in (["etcdctl", "watch", "a"], ["etcdctl", "lock", "l"],
                                ["etcd-bench", "put", "--total", "100000000"]):
            with self.subTest(program=program, words=words), subprocess.Popen(
                    [str(Path(ETCDCTL).with_name(program)), "--endpoints", member.address, *words],
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.folder,
                    preexec_fn=lambda: signal.signal(signal.SIGQUIT, signal.SIG_IGN)) as tool:
                # Once it no longer ignores it.
                ignored = 1
                while ignored and tool.poll() is None:
                    status = Path(f"/proc/{tool.pid}/status").read_text()
                    ignored = int(status.split("SigIgn:")[1].split()[0], 16) & (
                        1 << signal.SIGQUIT - 1)
                    time.sleep(0.01)
                tool.send_signal(signal.SIGQUIT)
                self.assertEqual(tool.wait(60), -signal.SIGQUIT)

    def test_of_a_defragmentation_nothing_is_left(self) -> None:
        data = self.stopped()
        self.check(ETCDUTL, ["defrag", "--data-dir", data], data / "member/snap")
        etcds = self.folder / "etcds/member/snap/db"
        etcds.parent.mkdir(parents=True)
        etcds.with_name("db.tmp").write_text("somebody's")
        etcds.write_bytes(self.snapshot.read_bytes()[:-32])
        self.check(ETCDUTL, ["defrag", "--data-dir", self.folder / "etcds"], etcds.parent)
        self.utl("defrag", "--data-dir", self.folder / "etcds")

    def test_of_a_new_directory_nothing_is_left(self) -> None:
        data = self.stopped()
        place = self.folder / "place"
        empty = place / "empty"

        def prepare() -> None:
            shutil.rmtree(place, ignore_errors=True)
            empty.mkdir(parents=True)
        before = tree(data)
        for words in (["snapshot", "restore", self.snapshot, "--data-dir", place / "new"],
                      ["snapshot", "restore", self.snapshot, "--data-dir", empty,
                       "--wal-dir", place / "log"],
                      ["export", "--data-dir", data, "--output-dir", place / "new",
                       "--output-wal-dir", place / "log"],
                      ["recover", "--data-dir", data, "--output-dir", place / "new",
                       "--command-timeout", "1s"]):
            self.check(ETCDUTL, words, place, prepare)
            self.assertEqual(tree(data), before)

    def test_an_import_leaves_the_directory_to_etcd(self) -> None:
        data = self.stopped()
        etcds = self.folder / "etcds"
        self.utl("export", "--data-dir", data, "--output-dir", etcds)
        copy = self.folder / "copy"

        def prepare() -> None:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(etcds, copy)
            (copy / "member/lock").touch()  # which stays
        self.check(ETCDUTL, ["import", "--data-dir", copy], copy, prepare)


if __name__ == "__main__":
    unittest.main()
