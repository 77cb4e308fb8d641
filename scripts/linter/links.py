"""Links of the pages: each file and each heading that they lead to is there."""

import re
from pathlib import PurePosixPath

from linter.tree import Tree

CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    plain = (re.sub(r"[`*_]|\]\([^)]*\)|\[", "", heading) for heading in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            for heading in plain}


def resolve(page: str, path: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / path).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def check(tree: Tree) -> list[str]:
    findings = []
    for page in (path for path in tree.paths if path.endswith(".md")):
        for link in LINK.findall(CODE.sub("", tree.text(page))):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = resolve(page, path) if path else page
            if not any(path == target or path.startswith(target + "/") for path in tree.paths):
                findings.append(f"{page}: {link} leads nowhere")
            elif anchor and anchor not in anchors(tree.text(target)):
                findings.append(f"{page}: {link}: there is no such heading")
    return findings
