"""A copy of the tree, in which mutants are built."""

import os
import re
import shutil
import subprocess
from pathlib import Path

MODULES = ("api/v3", "app", "ctl", "state/apply", "cmd")
TARGETS = ("unit_tests", "etcd", "etcdctl", "etcd-sim")
BUILD_TIMEOUT_SECONDS = 1800


class Copy:
    """A git worktree of HEAD below build/, always at the same place, so that ccache knows its
    files again. Removed at the end of the `with` block."""

    def __init__(self, root: Path):
        self.root = root
        self.folder = root / "build/mutate/tree"

    def __enter__(self) -> "Copy":
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

    def build(self) -> bool:
        """False if it does not compile."""
        done = subprocess.run([self.folder / "scripts/build", "dev", *TARGETS],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=BUILD_TIMEOUT_SECONDS, env=os.environ)
        return done.returncode == 0

    def _remove(self) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self._git("worktree", "prune")

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True)
