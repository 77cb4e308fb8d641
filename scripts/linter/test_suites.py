"""Suites of unit tests: all are one program, where a suite's name stands for one fixture."""

import re
from collections import defaultdict

from .tree import Tree

USE = re.compile(r"^(TEST|TEST_F|TEST_P)\((\w+),", re.MULTILINE)
FIXTURE = re.compile(r"^(?:class|struct) (\w+)\b[^;]*?\{", re.MULTILINE)
ALIAS = re.compile(r"^using (\w+) =", re.MULTILINE)


def check(tree: Tree) -> list[str]:
    # By suite, what its tests derive from, with a file where they do: "TEST", or the file that
    # defines the fixture.
    uses: dict[str, dict[str, str]] = defaultdict(dict)
    for path in tree.sources():
        if not path.endswith("_test.cc"):
            continue
        text = tree.text(path)
        own = set(FIXTURE.findall(text)) | set(ALIAS.findall(text))
        for macro, suite in USE.findall(text):
            fixture = "TEST" if macro == "TEST" else path if suite in own else "shared"
            uses[suite].setdefault(fixture, path)
    return [f"{path}: suite {suite} has another fixture in {next(iter(fixtures.values()))}"
            for suite, fixtures in sorted(uses.items())
            for path in list(fixtures.values())[1:]]
