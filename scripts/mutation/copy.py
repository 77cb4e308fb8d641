"""A copy of the tree, in which mutants are built."""

import fcntl
import re
import shutil
import subprocess
from pathlib import Path

from . import session

MODULES = ("api/v3", "app", "cli", "offline", "ctl", "utl", "dump", "bench", "state/apply", "cmd")
UNIT_TESTS = ("unit_tests",)
# All of them each time: a program that was not built anew would still have the mutant before.
PROGRAMS = ("etcd", "etcdctl", "etcdutl", "etcd-sim", "etcd-dump-logs", "etcd-dump-db",
            "etcd-dump-metrics", "etcd-bench", "etcd-discovery", "etcd-failpoints")
BUILD_TIMEOUT_SECONDS = 1800


class Copy:
    """A git worktree of HEAD below build/, always at the same place, so that ccache knows its
    files again. Removed at the end of the `with` block."""

    def __init__(self, root: Path):
        self.root = root
        self.folder = root / "build/mutate/tree"
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.folder.parent / "lock", "w")

    def __enter__(self) -> "Copy":
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit("another scripts/mutate is at work in this tree")
        self._remove()
        self._git("worktree", "add", "--quiet", "--detach", str(self.folder), "HEAD")
        return self

    def __exit__(self, *_) -> None:
        self._remove()

    @property
    def binaries(self) -> Path:
        return self.folder / "build/dev/bin"

    def sources(self, modules: tuple[str, ...]) -> dict[str, str]:
        """The texts of what may be changed, by path."""
        found = {}
        for module in modules:
            for path in (self.folder / "src" / module).rglob("*"):
                is_test = path.name.endswith("_test.cc") or "testing" in path.parts
                if path.suffix in (".h", ".cc") and not is_test:
                    found[str(path.relative_to(self.folder))] = path.read_text()
        return found

    def test_suites(self, module: str) -> list[str]:
        """Of the unit tests that stand in the module's folder."""
        found = set()
        for path in sorted((self.folder / "src" / module).rglob("*_test.cc")):
            found.update(re.findall(r"^TEST(?:_F|_P)?\((\w+),", path.read_text(), re.MULTILINE))
        return sorted(found)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def build(self, targets: tuple[str, ...]) -> bool:
        """False if it does not compile."""
        command = [str(self.folder / "scripts/build"), "dev", *targets]
        return session.run(command, BUILD_TIMEOUT_SECONDS)[0] == 0

    def _remove(self) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self._git("worktree", "prune")

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True)
