"""Programs of other languages as clients of rpc_test_server: gRPC's implementations, each with all
cases of test/interop/cases.txt, and h2spec."""

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from .counts import Counts
from .gtest import environment_with

BUILD_TIMEOUT_SECONDS = 900
RUN_TIMEOUT_SECONDS = 300
END_TIMEOUT_SECONDS = 20

# A line of cases.txt.
CASE = r"([^:(]+?)(?: \(not in ([a-z, ]+): [^)]+\))?: .+"

# Names of tests, as the language spells them, and whether they passed.
Results = list[tuple[str, bool]]


@dataclass
class Language:
    name: str  # "" if it has nothing to do with the cases
    peer: str
    programs: list[str]  # that it needs
    folder: Path
    build: list[str]
    run: list[str]
    read: Callable[[str], Results]


def run(root: Path, server: Path, environment: dict[str, str]) -> Counts:
    """`environment` is what other tests in the folders need."""
    tests = root / "test/interop"
    counts = Counts()
    with tempfile.TemporaryDirectory() as scratch:
        # npm writes beside package.json.
        node = Path(scratch) / "node"
        shutil.copytree(tests / "node", node)
        environment = environment | {"INTEROP_PROTOS": f"{tests}:{root / 'src'}"}
        for language in _languages(tests, node, root / "build/clients/interop-java"):
            counts += _run(language, tests / "cases.txt", server, environment)
    return counts


def _languages(tests: Path, node: Path, java_build: Path) -> list[Language]:
    go = ["go", "test", "-count=1", "-json", "./..."]
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
    tap = ["node", "--test", "--test-reporter=tap", "interop_test.js"]
    maven = ["mvn", "--batch-mode", "--strict-checksums"]
    cargo = ["cargo", "test", "--locked"]
    return [
        Language("", "h2spec", ["go"], tests / "h2spec", ["go", "vet", "./..."], go, read_go),
        Language("go", "grpc-go", ["go"], tests / "go", ["go", "vet", "./..."], go, read_go),
        Language("node", "grpc-js", ["node", "npm"], node, npm, tap, _read_tap),
        Language("java", "grpc-java", ["mvn", "javac"], tests / "java",
                 [*maven, "clean", "test-compile"], [*maven, "test"],
                 lambda _: _read_surefire(java_build)),
        Language("rust", "tonic", ["cargo", "protoc"], tests / "rust", [*cargo, "--no-run"],
                 # One at a time: cases ask the server what it has done.
                 [*cargo, "--", "--test-threads=1"], _read_cargo),
    ]


def _run(language: Language, cases: Path, server: Path, environment: dict[str, str]) -> Counts:
    missing = [name for name in language.programs if shutil.which(name) is None]
    if missing:
        return Counts(skips=[f"interop: {language.peer}: there is no {' and no '.join(missing)}"])
    built, _ = _execute(language, language.build, {}, BUILD_TIMEOUT_SECONDS)
    if not built:
        return Counts(failures=[f"{language.peer}: could not be built"])
    counts = Counts()
    with servers(server, counts if language.name else None) as addresses:
        ended_well, output = _execute(language, language.run, environment | addresses,
                                      RUN_TIMEOUT_SECONDS)
    results = language.read(output)
    counts.passed += sum(passed for _, passed in results)
    counts.failures += [f"{language.peer}: {name}" for name, passed in results if not passed]
    ran = {_plain(name) for name, _ in results}
    counts.failures += [f"{language.peer}: {name}: was not run"
                        for name in _cases_of(language.name, cases) if _plain(name) not in ran]
    if not ended_well and not counts.failures:
        counts.failures.append(f"{language.peer}: failed")
    return counts


def _execute(language: Language, command: list[str], environment: dict[str, str],
             timeout_seconds: int) -> tuple[bool, str]:
    """Whether it ended well, and what it printed, which is shown if it did not."""
    try:
        done = subprocess.run(command, cwd=language.folder, text=True, timeout=timeout_seconds,
                              env=environment_with(environment), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        print(f"{language.peer}: not done after {timeout_seconds} s")
        return False, ""
    if done.returncode != 0:
        print(done.stdout[-20_000:])
    return done.returncode == 0, done.stdout


def _plain(name: str) -> str:
    """The same for all spellings of a name."""
    return re.sub("^test", "", re.sub("[^a-z]", "", name.lower()))


def _cases_of(language: str, cases: Path) -> list[str]:
    if not language:
        return []
    names = []
    for line in cases.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, excused = re.fullmatch(CASE, line).groups()
        if language not in (excused or "").split(", "):
            names.append(name)
    return names


def read_go(output: str) -> Results:
    events = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [(event["Test"], event["Action"] == "pass") for event in events
            if "Test" in event and event["Action"] in ("pass", "fail")]


def _read_tap(output: str) -> Results:
    return [(name, not bad) for bad, name in re.findall(r"^(not )?ok \d+ - (.+)$", output, re.M)]


def _read_cargo(output: str) -> Results:
    return [(name, outcome == "ok")
            for name, outcome in re.findall(r"^test (\w+) \.\.\. (ok|FAILED)$", output, re.M)]


def _read_surefire(build: Path) -> Results:
    results = []
    for report in sorted(build.glob("surefire-reports/TEST-*.xml")):
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            bad = case.find("failure") is not None or case.find("error") is not None
            results.append((case.get("name"), not bad))
    return results


@contextlib.contextmanager
def servers(program: Path, counts: Counts | None = None) -> Iterator[dict[str, str]]:
    """The variables that tell clients the addresses of servers: a plain one, one with TLS, one with
    client certificates, too, one that pings silent clients, and one that may be drained. With
    `counts`, it counts as a failure if the last does not end by itself."""
    with tempfile.TemporaryDirectory() as certificates, contextlib.ExitStack() as stack:
        def start(*arguments: str) -> tuple[subprocess.Popen, str]:
            process = stack.enter_context(_server(program, arguments))
            return process, process.stdout.readline().split()[-1]  # "listening on ..."

        drained, drain_address = start()
        yield {
            "INTEROP_ADDRESS": start()[1],
            "INTEROP_TLS_ADDRESS": start("tls")[1],
            "INTEROP_MUTUAL_TLS_ADDRESS": start("client-certificates", certificates)[1],
            "INTEROP_PING_ADDRESS": start("ping")[1],
            "INTEROP_DRAIN_ADDRESS": drain_address,
            "INTEROP_CERTIFICATES": certificates,
        }
        if counts is None:
            return
        try:
            drained.wait(timeout=END_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            counts.failures.append("interop: the drained server did not end")


@contextlib.contextmanager
def _server(program: Path, arguments: tuple[str, ...]) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen([program, "0", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=END_TIMEOUT_SECONDS)
        process.stdout.close()
