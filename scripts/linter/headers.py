"""Headers: guarded, free of third-party libraries, and standing alone."""

import re
import subprocess
from pathlib import Path

from .tree import Tree

# Each stays inside the .cc files of few modules; internal headers of such a module are listed
# in ratchet.txt.
THIRD_PARTY = re.compile(
    r"^#include <((?:boost|openssl|nghttp2|spdlog|prometheus|yaml-cpp|nlohmann|CLI)/[^>]+"
    r"|lmdb\.h|zlib\.h|ares\.h)>", re.MULTILINE)
HEAVY = re.compile(r"^#include <(regex|iostream|filesystem|fstream)>", re.MULTILINE)


def check(tree: Tree) -> list[str]:
    findings = []
    for path in tree.sources():
        if not path.endswith(".h"):
            continue
        text = tree.text(path)
        if "#pragma once" not in text:
            findings.append(f"{path}: has no #pragma once")
        for included in THIRD_PARTY.findall(text):
            library = included.split("/")[0]
            findings.append(f"{path}: {library} stays inside .cc files")
        for included in HEAVY.findall(text):
            findings.append(f"{path}: <{included}> costs every includer")
    return findings


def standing_alone(root: Path) -> list[str]:
    """Compiles each header by itself, without the precompiled one."""
    findings = []
    for header in sorted((root / "src").rglob("*.h")):
        done = subprocess.run(
            ["clang++-14", "-std=c++20", "-fsyntax-only", "-Wno-pragma-once-outside-header",
             "-DBOOST_ASIO_DISABLE_CO_AWAIT", f"-I{root}/src", f"-I{root}/build/tidy/src",
             "-x", "c++", header],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            findings.append(f"{header.relative_to(root)}: does not stand alone\n{done.stdout}")
    return findings
