"""How long files, functions, lines and parameter lists may be."""

import re

from .layers import is_test
from .tree import Tree

LINE_COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
FILE_LINES_MAX = {".h": 400, ".cc": 800, "test": 1200}

NOT_A_FUNCTION = re.compile(
    r"^\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|return|static constexpr|"
    r"constexpr auto k|inline constexpr)\b|=\s*\{?$|^\s*[})\]]|^#")
NAME = re.compile(r"([~\w:]+|operator\S+)\s*\(")


def functions(text: str):
    """Yields (name, first line, line count, parameter text), by clang-format's layout: a body
    opens at the end of a line and closes at the same indentation."""
    lines = text.splitlines()
    for end_of_head, line in enumerate(lines):
        if not line.endswith("{") or NOT_A_FUNCTION.search(line):
            continue
        start = end_of_head
        head = line
        while (head.count("(") < head.count(")") or ("(" not in head and start > 0)
               or head.lstrip().startswith(": ")):
            start -= 1
            if start < 0 or lines[start].endswith((";", "}", "{")) or not lines[start].strip():
                break
            head = lines[start] + " " + head.strip()
        name = NAME.search(head)
        if "(" not in head or not name or NOT_A_FUNCTION.search(head):
            continue
        indent = len(head) - len(head.lstrip())
        closing = " " * indent + "}"
        for end in range(end_of_head + 1, len(lines)):
            if lines[end].startswith(closing) and not lines[end].startswith(closing + " else"):
                yield name[1], start + 1, end - start + 1, _parameters(head, name.end())
                break


def _parameters(head: str, start: int) -> str:
    depth = 1
    for position in range(start, len(head)):
        depth += {"(": 1, ")": -1}.get(head[position], 0)
        if depth == 0:
            return head[start:position]
    return head[start:]


def count_parameters(text: str) -> int:
    if not text.strip():
        return 0
    depth, count = 0, 1
    for character in text:
        depth += {"<": 1, "(": 1, "[": 1, "{": 1, ">": -1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        count += character == "," and depth == 0
    return count


def check(tree: Tree) -> list[str]:
    findings = []
    for path in tree.sources():
        text = tree.text(path)
        lines = text.splitlines()
        kind = "test" if is_test(path) or path.startswith("test/") else "." + path.rpartition(".")[2]
        if len(lines) > FILE_LINES_MAX[kind]:
            findings.append(f"{path}: {len(lines)} lines, at most {FILE_LINES_MAX[kind]}")
        findings += [f"{path}:{number}: {len(line)} columns, at most {LINE_COLUMNS_MAX}"
                     for number, line in enumerate(lines, 1) if len(line) > LINE_COLUMNS_MAX]
        for name, start, length, parameters in functions(text):
            if length > FUNCTION_LINES_MAX:
                findings.append(
                    f"{path}:{start}: {name} has {length} lines, at most {FUNCTION_LINES_MAX}")
            if count_parameters(parameters) > PARAMETERS_MAX:
                findings.append(f"{path}:{start}: {name} has more than {PARAMETERS_MAX} parameters")
    return findings
