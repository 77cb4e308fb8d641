"""The commands that the pages of this repository show."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOWN = "#>"
ASSIGNMENT = re.compile(r"\w+=")  # of a variable of the environment, before a command
FLAG = re.compile(r"--?[a-z]")
# Of this repository, which build, or run for long.
SCRIPTS = ("scripts/", "test/")
# What a command begins with.
PROGRAMS = ("etcd", "etcdctl", "etcdutl", "etcd-bench", "etcd-discovery", "etcd-dump-db",
            "etcd-dump-logs", "etcd-dump-metrics")


@dataclass(frozen=True)
class Block:
    page: str  # its path
    text: str

    @property
    def begin(self) -> str:
        return self.text.strip().split("\n")[0].strip()

    @property
    def commands(self) -> list[str]:
        return [command for command, _ in self.listings]

    @property
    def listings(self) -> list[tuple[str, list[str] | None]]:
        """Commands with what they print, line by line; None: the page does not say."""
        found: list[tuple[str, list[str] | None]] = []
        for line in re.sub(r"\\\n *", "", self.text).splitlines():
            line = line.strip()
            if not line.startswith(SHOWN):
                found.append((line, None))
                continue
            command, shown = found[-1]
            text = line.removeprefix(SHOWN).strip()
            found[-1] = (command, (shown or []) + ([text] if text else []))
        return found


def pages() -> list[Path]:
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for folder in ("docs", "src", "test", "examples", "bench", "packaging"):
        found += sorted((ROOT / folder).rglob("*.md"))
    return [page for page in found if page.exists() and "node_modules" not in page.parts]


def blocks() -> list[Block]:
    """Those of commands, of all pages."""
    found = []
    for page in pages():
        for language, text in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page.read_text(),
                                         re.MULTILINE | re.DOTALL):
            words = text.split()
            if language in ("sh", "bash", "console", "shell") or (
                    not language and words and words[0] in PROGRAMS):
                found.append(Block(str(page.relative_to(ROOT)), text))
    return found


def _codes() -> list[tuple[str, list[str]]]:
    """The words of what stands in a sentence or a table as code, with its page."""
    found = []
    for page in pages():
        text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        found += [(str(page.relative_to(ROOT)), code.split())
                  for code in re.findall(r"`([^`]+)`", text) if code.strip()]
    return found


def in_the_text() -> list[tuple[str, str]]:
    """Each command that stands in a sentence or a table, with its page and what it sets in the environment."""
    found = []
    for page, words in _codes():
        program = next((i for i, word in enumerate(words) if not ASSIGNMENT.match(word)), 0)
        if len(words) > program + 1 and words[program] in PROGRAMS:
            found.append((page, " ".join(words)))
    return found


def scripts_in_the_text() -> list[tuple[str, list[str]]]:
    """The words of each use of a script."""
    return [(page, words) for page, words in _codes()
            if words[0].startswith(SCRIPTS) and len(words) > 1]


def flags_in_the_text() -> list[tuple[str, str]]:
    """Each flag that stands there without its program."""
    return [(page, word.split("=")[0]) for page, words in _codes() if FLAG.match(words[0])
            for word in words if FLAG.match(word)]
