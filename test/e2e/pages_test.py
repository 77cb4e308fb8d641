#!/usr/bin/python3
"""The commands that pages of docs/ show do what the pages say. Of a block of `sh` each line is run, and
what follows it behind `#> ` is all that it prints but for empty lines, where `...` stands for anything. A command that
shows nothing may print what it likes, and must succeed.

ETCD in the environment is the program.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

from in_place import ETCD
from member import Member

DOCS = Path(__file__).resolve().parents[2] / "docs"
SECONDS = 60
SHOWN = "#>"


def listings(page: str) -> list[tuple[str, list[str] | None]]:
    """Commands with what they print; None: the page does not say."""
    found: list[tuple[str, list[str] | None]] = []
    for block in re.findall(r"^```sh\n(.*?)^```$", (DOCS / page).read_text(),
                            re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if not line.startswith(SHOWN):
                found.append((line, None))
                continue
            command, shown = found[-1]
            text = line.removeprefix(SHOWN).strip()
            found[-1] = (command, (shown or []) + ([text] if text else []))
    return found


class PagesTest(unittest.TestCase):
    def run_page(self, page: str, *flags: str) -> None:
        with Member(ETCD, *flags) as member:
            environment = os.environ | {"XDG_CONFIG_HOME": str(member.folder), "PATH": f"{Path(ETCD).parent}:/usr/bin:/bin",
                                        "ETCDCTL_ENDPOINTS": member.url}
            commands = listings(page)
            self.assertTrue(commands)
            for command, shown in commands:
                done = subprocess.run(["bash", "-o", "pipefail", "-c", command], env=environment,
                                      capture_output=True, text=True, timeout=SECONDS,
                                      cwd=member.folder)
                said = done.stdout + "".join(line for line in done.stderr.splitlines(True)
                                             if not line.startswith("{"))
                with self.subTest(page=page, command=command):
                    if shown is None or not any(line.startswith("Error") for line in shown):
                        self.assertEqual(done.returncode, 0, said)
                    if shown is not None:
                        pattern = "\n".join(shown)
                        pattern = re.escape(pattern).replace(re.escape("..."), ".*")
                        lines = [line.strip() for line in said.splitlines() if line.strip()]
                        self.assertRegex("\n".join(lines), f"^{pattern}$")

    def test_authentication(self) -> None:
        self.run_page("authentication.md", "--bcrypt-cost", "4")

    def test_space(self) -> None:
        self.run_page("space.md")

    def test_etcdctl(self) -> None:
        self.run_page("etcdctl.md")

    def test_getting_started(self) -> None:
        self.run_page("getting-started.md")

    def test_operations(self) -> None:
        self.run_page("operations.md")

    def test_kubernetes(self) -> None:
        self.run_page("kubernetes.md")

    def test_admission(self) -> None:
        self.run_page("admission.md")


if __name__ == "__main__":
    unittest.main()
