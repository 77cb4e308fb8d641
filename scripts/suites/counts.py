"""What a suite of tests reports."""

from dataclasses import dataclass, field


@dataclass
class Counts:
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Counts") -> "Counts":
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips
        return self

    def __str__(self) -> str:
        return f"{self.passed} passed, {len(self.failures)} failed, {len(self.skips)} skipped"
