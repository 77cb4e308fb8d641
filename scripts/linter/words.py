"""Words that do not belong, each with what to write instead."""

import re

from .layers import is_test
from .tree import Tree

TEXT_SUFFIXES = (".cc", ".h", ".md", ".txt", ".py", ".cmake", ".json", ".proto", "")


class Rule:
    """A line of words.txt: PATTERN | WHERE | INSTEAD.

    WHERE lists path prefixes; one with a leading "!" exempts, "!tests" exempts test code, and
    "*" means everywhere.
    """

    def __init__(self, line: str):
        pattern, where, self.instead = (part.strip() for part in line.split(" | "))
        self.pattern = re.compile(pattern)
        prefixes = where.split()
        self.exempt = tuple(p[1:] for p in prefixes if p.startswith("!"))
        self.exempts_tests = "!tests" in prefixes
        self.within = tuple("" if p == "*" else p for p in prefixes if not p.startswith("!"))

    def concerns(self, path: str) -> bool:
        if self.exempts_tests and is_test(path):
            return False
        return path.startswith(self.within) and not path.startswith(self.exempt or ("\0",))


def rules(text: str) -> list[Rule]:
    return [Rule(line) for line in text.splitlines() if line and not line.startswith("#")]


def check(tree: Tree) -> list[str]:
    listed = rules(tree.text("scripts/linter/words.txt"))
    findings = []
    for path in tree.paths:
        name = path.rpartition("/")[2]
        suffix = "." + name.rpartition(".")[2] if "." in name else ""
        if suffix not in TEXT_SUFFIXES or path.startswith(("scripts/linter/", "test/fixtures/")):
            continue
        concerned = [rule for rule in listed if rule.concerns(path)]
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            findings += [f"{path}:{number}: '{rule.pattern.pattern}': {rule.instead}"
                         for rule in concerned if rule.pattern.search(line)]
    return findings
