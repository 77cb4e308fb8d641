"""The include graph against src/layers.txt."""

import re

from .tree import Tree

LINE = re.compile(r"(\d+) ([a-z0-9_/]+):((?: [a-z0-9_/]+)*)$")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
# The installed headers in include/etcd belong to the module that implements them.
PUBLIC_INCLUDE = re.compile(r"^#include <etcd/", re.MULTILINE)
PUBLIC_MODULE = "client"


class Graph:
    """layers.txt: each module's layer, place and permitted edges."""

    def __init__(self, text: str):
        self.layer: dict[str, int] = {}
        self.order: dict[str, int] = {}
        self.edges: dict[str, list[str]] = {}
        self.findings: list[str] = []
        for number, line in enumerate(text.splitlines(), 1):
            if line and not line.startswith("#"):
                self._read(number, line)

    def _read(self, number: int, line: str) -> None:
        where = f"src/layers.txt:{number}"
        match = LINE.match(line)
        if not match:
            self.findings.append(f"{where}: cannot read '{line}'")
            return
        layer, module, edges = int(match[1]), match[2], match[3].split()
        if module in self.layer:
            self.findings.append(f"{where}: {module} is listed twice")
        if self.layer and layer < max(self.layer.values()):
            self.findings.append(f"{where}: {module} stands below a higher layer")
        for edge in edges:
            if edge not in self.layer:
                self.findings.append(
                    f"{where}: {module} -> {edge} points to no earlier line (a cycle or upward)")
        self.layer[module] = layer
        self.order[module] = len(self.order)
        self.edges[module] = edges

    def module_of(self, path: str) -> str | None:
        """The module of a file given relative to src/: the longest listed folder around it."""
        folder = path.rpartition("/")[0].removesuffix("/testing").removesuffix("/testdata")
        while folder and folder not in self.layer:
            folder = folder.rpartition("/")[0]
        return folder or None

    def test_may_include(self, module: str, other: str) -> bool:
        return self.order[other] < self.order[module] or other.startswith("runtime/")


def is_test(path: str) -> bool:
    return path.endswith("_test.cc") or "/testing/" in path


def check(tree: Tree) -> list[str]:
    graph = Graph(tree.text("src/layers.txt"))
    findings = list(graph.findings)
    used: set[tuple[str, str]] = set()
    for path in tree.sources():
        if not path.startswith("src/") or path.startswith("src/cmd/"):
            continue
        module = graph.module_of(path.removeprefix("src/"))
        if module is None:
            findings.append(f"{path}: its folder is no module of src/layers.txt")
            continue
        for included in INCLUDE.findall(tree.text(path)):
            other = graph.module_of(included)
            if other is None:
                findings.append(f'{path}: "{included}" is not a path from src/')
            elif other != module:
                used.add((module, other))
                findings += _judge(graph, path, module, other)
        if module != PUBLIC_MODULE and PUBLIC_INCLUDE.search(tree.text(path)):
            used.add((module, PUBLIC_MODULE))
            findings += _judge(graph, path, module, PUBLIC_MODULE)
    for module, edges in graph.edges.items():
        findings += [f"src/layers.txt: {module} -> {edge} is not used" for edge in edges
                     if (module, edge) not in used]
    return findings


def _judge(graph: Graph, path: str, module: str, other: str) -> list[str]:
    if other in graph.edges[module]:
        return []
    if is_test(path) and graph.test_may_include(module, other):
        return []
    return [f"{path}: {module} may not include {other}"]
