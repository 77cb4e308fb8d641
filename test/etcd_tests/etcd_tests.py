#!/usr/bin/python3
"""etcd's own tests of its programs, with ours in their place.

Usage: etcd_tests.py [e2e|common|robustness|regression]... [--only REGEX] [--rounds N]

They come from Go's module go.etcd.io/etcd/tests/v3 and are built once. Each test runs alone, in a
network of its own. differs.txt names those that cannot pass here, or not always, and why: they are
not run. `robustness` runs its random scenarios N times over; its members are etcd-failpoints. Prints "PASS name", "FAIL name" or "SKIP name: why"; the output of what
failed is in build/etcd-tests.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build/etcd-tests"
PROGRAMS = Path(os.environ.get("PROGRAMS", ROOT / "build/dev/bin"))
MODULE = "go.etcd.io/etcd/tests/v3"
BUILD_TIMEOUT_SECONDS = 1200
TEST_TIMEOUT_SECONDS = 240
ROUND_TIMEOUT_SECONDS = 900

sys.path.insert(0, str(ROOT / "test/e2e"))
import real_etcd  # noqa: E402

# What etcd's judge says of a history that it did not get to the end of, or that is too short.
INCONCLUSIVE = re.compile("linearization: Timeout|Requiring minimal .* qps")

# Of the package `robustness`: one has names of its own, so that the other can run many rounds.
ROBUSTNESS = {"regression": "^TestRobustnessRegression$", "robustness": "^TestRobustnessExploratory$"}


def go(*arguments: str) -> str:
    return subprocess.run(["go", *arguments], cwd=HERE, check=True, text=True,
                          stdout=subprocess.PIPE, timeout=BUILD_TIMEOUT_SECONDS).stdout


def link(folder: Path, name: str, program: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(program)


def programs(suite: str) -> Path:
    """A folder with what the tests of a suite look for."""
    folder = WORK / "bin" / suite
    etcd = "etcd-failpoints" if suite in ROBUSTNESS else "etcd"
    for name, ours in (("etcd", etcd), ("etcdctl", "etcdctl"), ("etcdutl", "etcdutl")):
        link(folder, name, PROGRAMS / ours)
    if suite not in ROBUSTNESS:  # which asks for failpoints in all members
        link(folder, "etcd-last-release", real_etcd.build("etcd", "3.6"))
    return folder


def sources(suite: str) -> Path:
    """A copy of the module that the tests may write to, with what they look for beside it."""
    copy = WORK / "tests"
    go("mod", "download", MODULE)  # its folder is known only then
    if not copy.exists():
        shutil.copytree(go("list", "-m", "-f", "{{.Dir}}", MODULE).strip(), copy,
                        copy_function=shutil.copyfile)
    shutil.copyfile(ROOT / "packaging/etcd.conf.yml.sample", WORK / "etcd.conf.yml.sample")
    return copy / suite


def differences(suite: str) -> list[tuple[str, str]]:
    """Regular expressions of names, and why."""
    found = []
    for line in (HERE / "differs.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            of, name, why = line.split(maxsplit=2)
            if of == suite:
                found.append((name, why))
    return found


class Suite:
    def __init__(self, name: str) -> None:
        self.name = name
        self.package = "robustness" if name in ROBUSTNESS else name
        self.binary = WORK / f"{self.package}.test"
        self.programs = programs(name)
        self.sources = sources(self.package)
        go("test", "-c", "-tags", "e2e", "-o", str(self.binary), f"{MODULE}/{self.package}")

    def names(self) -> list[str]:
        if self.name in ROBUSTNESS:
            return [ROBUSTNESS[self.name]]
        done = subprocess.run([self.binary, "-test.list", ".*", "-bin-dir", self.programs],
                              cwd=self.sources, text=True, stdout=subprocess.PIPE, check=True)
        return [f"^{name}$" for name in done.stdout.split() if name.startswith("Test")]

    def run(self, only: str, rounds: int) -> bool:
        """Whether nothing failed."""
        good = True
        different = differences(self.name)
        for pattern in self.names():
            name = pattern.strip("^$")
            if not re.search(only, name):
                continue
            why = next((why for each, why in different if re.fullmatch(each, name)), None)
            if why is not None:
                print(f"SKIP {name}: {why}")
                continue
            for number in range(rounds if self.name in ROBUSTNESS else 1):
                good = self.run_one(pattern, f"{name}-{number}" if rounds > 1 else name) and good
        return good

    def run_one(self, pattern: str, label: str) -> bool:
        output = WORK / self.name / f"{label}.log"
        output.parent.mkdir(parents=True, exist_ok=True)
        limit = ROUND_TIMEOUT_SECONDS if self.name in ROBUSTNESS else TEST_TIMEOUT_SECONDS
        command = (f"ip link set lo up; exec timeout -k 5 {limit} {self.binary} -test.v "
                   f"-test.run '{pattern}' -bin-dir {self.programs}")
        with open(output, "w") as log:
            code = subprocess.run(["unshare", "-n", "bash", "-c", command], cwd=self.sources,
                                  stdout=log, stderr=subprocess.STDOUT,
                                  env=os.environ | {"RESULTS_DIR": str(WORK / "results")}).returncode
        text = output.read_text(errors="replace")
        skipped = re.search(rf"^--- SKIP: {re.escape(pattern.strip('^$'))} ", text, re.MULTILINE)
        if code == 0 and skipped:
            print(f"SKIP {label}: etcd's test skips itself")
            return True
        told = re.findall(r"(?:main_test|traffic)\.go:\d+: (.*)", text)
        if code != 0 and told and all(INCONCLUSIVE.match(each) for each in told):
            print(f"SKIP {label}: {told[0]}", flush=True)
            return True
        passed = code == 0
        print(f"{'PASS' if passed else 'FAIL'} {label}", flush=True)
        for line in re.findall(r"^ +--- FAIL: .*", text, re.MULTILINE) if not passed else []:
            print(line)
        return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", default=["e2e", "common", "regression"])
    parser.add_argument("--only", default="", help="a regular expression of names")
    parser.add_argument("--rounds", type=int, default=1, help="of robustness")
    arguments = parser.parse_args()
    good = True
    for name in arguments.suites:
        good = Suite(name).run(arguments.only, arguments.rounds) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
