"""Another program goes on in the directory of a member that has ended."""

import os
import shutil
import subprocess
from pathlib import Path

from member import Member

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
ETCDUTL = os.environ.get("ETCDUTL", str(Path(ETCD).with_name("etcdutl")))
EXPORT_SECONDS = 120


def export(member: Member, *flags: str) -> subprocess.CompletedProcess:
    """What `etcdutl export` says; the directory it makes is `exported`, beside the member's."""
    return subprocess.run([ETCDUTL, "export", "--data-dir", member.folder / "data", "--output-dir",
                           member.folder / "exported", *flags],
                          capture_output=True, text=True, timeout=EXPORT_SECONDS)


def take_exported(member: Member) -> None:
    """The member's own directory is gone then."""
    shutil.rmtree(member.folder / "data")
    (member.folder / "exported").rename(member.folder / "data")


def hand_over(member: Member, program: Path | str) -> None:
    """The member does not run, and has to be launched. Etcd gets a directory that was exported."""
    if member.program == ETCD:
        done = export(member)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        take_exported(member)
    member.program = str(program)
