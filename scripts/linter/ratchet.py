"""Violations that stand: listed by name, and the list may only shrink."""


def apply(findings: list[str], text: str) -> list[str]:
    """The findings that no line of the ratchet starts, and the lines that allow nothing."""
    allowed = [line for line in text.splitlines() if line and not line.startswith("#")]
    left = [finding for finding in findings
            if not any(finding.startswith(line) for line in allowed)]
    idle = [line for line in allowed
            if not any(finding.startswith(line) for finding in findings)]
    return left + [f"scripts/linter/ratchet.txt: '{line}' allows nothing any more" for line in idle]
