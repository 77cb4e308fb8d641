"""The files of the project, as the checks see them."""

import subprocess
from pathlib import Path


class Tree:
    """Paths relative to the root, and their texts. Tests make one from a dictionary."""

    def __init__(self, root: Path | None = None, files: dict[str, str] | None = None):
        self._root = root
        self._texts = dict(files or {})
        self.paths = sorted(files) if files is not None else self._listed()

    def _listed(self) -> list[str]:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=self._root, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout.splitlines()
        return sorted(path for path in listed if (self._root / path).is_file())

    def text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = (self._root / path).read_text(errors="replace")
        return self._texts[path]

    def sources(self) -> list[str]:
        """The C++ files."""
        return [path for path in self.paths if path.endswith((".cc", ".h"))]
