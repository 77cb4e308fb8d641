#!/usr/bin/env python3
"""Two million keys go out to etcd's files and come in again, and a snapshot of them is restored: how
long each takes, how much memory, beside `cp` and `sync` of the same file.

Usage: scripts/bench import [COUNT], or import.py BIN_DIRECTORY [COUNT], on the disk.

8-byte keys and 256-byte values. Each figure is the middle of three and stands beside its goal.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from keys import Member

IMPORT_GOAL_SECONDS, RESTORE_GOAL_SECONDS = 30, 5
RUNS = 3


def free_port() -> int:
    """One behind which the next one is free, too."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


class Run:
    """A command that was run: its seconds, and the most memory that it had, in MB: all of it, and
    what of it is no part of a file."""

    def __init__(self, *command: object) -> None:
        began = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE)
        self.anonymous = 0
        while process.poll() is None:
            self.anonymous = max(self.anonymous, anonymous_kilobytes(process.pid))
            time.sleep(0.01)
        self.seconds = time.monotonic() - began
        if process.returncode != 0:
            raise SystemExit(f"{command}: {process.stderr.read().decode()}")
        process.stderr.close()

    def memory(self) -> str:
        return f"{self.anonymous / 1000:.0f} MB"


def anonymous_kilobytes(pid: int) -> int:
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def middle(measure) -> Run:
    return sorted((measure() for _ in range(RUNS)), key=lambda run: run.seconds)[RUNS // 2]


class Bench:
    def __init__(self, programs: pathlib.Path, root: pathlib.Path) -> None:
        self.programs, self.root = programs, root
        self.snapshot = root / "snapshot"

    def etcdutl(self, *arguments: object) -> Run:
        return Run(self.programs / "etcdutl", *arguments)

    def save(self, count: int) -> None:
        member = Member("member", str(self.programs / "etcd"), free_port(), self.root)
        try:
            member.start()
            member.load(count)
            Run(self.programs / "etcdctl", "--endpoints", f"127.0.0.1:{member.port}",
                "--command-timeout", "600s", "snapshot", "save", self.snapshot)
        finally:
            member.stop()
        shutil.rmtree(member.data)

    def copy(self) -> Run:
        copied = self.root / "copy"
        os.sync()
        run = Run("sh", "-c", f"cp {self.snapshot} {copied} && sync {copied}")
        copied.unlink()
        return run

    def restore(self) -> Run:
        """Leaves the directory of the last time."""
        self.restored = self.root / "restored"
        shutil.rmtree(self.restored, ignore_errors=True)
        os.sync()
        return self.etcdutl("snapshot", "restore", self.snapshot, "--data-dir", self.restored)

    def export(self) -> Run:
        """Leaves the directory of the last time."""
        self.exported = self.root / "exported"
        shutil.rmtree(self.exported, ignore_errors=True)
        os.sync()
        return self.etcdutl("export", "--data-dir", self.restored, "--output-dir", self.exported)

    def bring_in(self) -> Run:
        directory = self.root / "imported"
        shutil.copytree(self.exported, directory)
        os.sync()
        run = self.etcdutl("import", "--data-dir", directory)
        shutil.rmtree(directory)
        return run


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000_000
    root = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    bench = Bench(pathlib.Path(sys.argv[1]), root)
    try:
        bench.save(count)
        size = bench.snapshot.stat().st_size / 1e6
        copy = middle(bench.copy)
        print(f"{count} keys, a snapshot of {size:.0f} MB; cp and sync of it: {copy.seconds:.1f} s",
              flush=True)
        restore = middle(bench.restore)
        print(f"restore: {restore.seconds:.1f} s, {restore.memory()}; goal: "
              f"{copy.seconds + RESTORE_GOAL_SECONDS:.1f} s", flush=True)
        export = middle(bench.export)
        print(f"export: {export.seconds:.1f} s, {export.memory()}", flush=True)
        imported = middle(bench.bring_in)
        print(f"import: {imported.seconds:.1f} s, {imported.memory()}; goal: "
              f"{IMPORT_GOAL_SECONDS} s", flush=True)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
