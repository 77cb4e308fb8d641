#!/usr/bin/python3
"""Everything that etcd 3.7.1, etcdctl, etcdutl and the other tools of etcd take, flag by flag, is taken by
ours: data/etcd_3_7_surface.txt and .yaml, which E2E_FULL compares with what the real programs say of themselves.

ETCD in the environment is the program, which the others lie beside.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import real_etcd
from authority import Authority
from in_place import ETCD
from member import Member, free_ports, scratch_folder

HERE = Path(__file__).resolve().parent
BINARIES = Path(ETCD).parent
SURFACE = HERE / "data/etcd_3_7_surface.txt"
FILES = HERE / "data/etcd_3_7_surface.yaml"
TIMEOUT_SECONDS = 30
WORKERS = 4
SERVES = "ready to serve client requests"
# How what is not there is refused.
REFUSED = re.compile(r"unknown (shorthand )?flag|unknown command|flag provided but not defined|"
                     r"unrecognized feature gate|unsupported|not supported|"
                     r"did you mean", re.IGNORECASE)
# Without a value on the command line, or said otherwise there.
ENVIRONMENT_HAS_NOT = {"version", "help", "config-file"}
# What the help of etcd 3.7.1 names and etcd 3.7.1 does not take.
NAMED_ALONE = {"discovery", "discovery-proxy"}
# What it takes and names nowhere.
NOT_NAMED = {"test.coverprofile", "test.outputdir"} | set(
    """cluster-active-size cluster-remove-delay cluster-sync-interval config force max-result-buffer
    max-retry-attempts peer-heartbeat-interval peer-election-timeout retry-interval snapshot v
    vv""".split())


@dataclass(frozen=True)
class Entry:
    command: tuple[str, ...]  # with its arguments
    flags: tuple[tuple[str, ...], ...]  # each with what it is given together with
    text: str = ""  # of the standard input
    fails: bool = False
    goes_on: bool = False

    @property
    def program(self) -> str:
        return self.command[0]

    def lines(self) -> list[tuple[str, ...]]:
        return [(*self.command, *flags) for flags in self.flags or ((),)]


def entries() -> list[Entry]:
    found = []
    for line in re.sub(r"\n +", " ", SURFACE.read_text()).splitlines():
        if not line or line.startswith("#"):
            continue
        mark, _, rest = line.partition(" ") if line[0] in "!." else ("", "", line)
        command, _, flags = rest.partition(" |")
        flags, _, text = flags.partition(" <")
        found.append(Entry(tuple(command.split()), tuple(tuple(re.split(r"\+(?=-|[A-Z])", each))
                                                         for each in flags.split()),
                           text.strip().replace("\\n", "\n"), mark == "!", mark == "..."))
    return found


class Places:
    """What stands for the words in capitals."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        authority = Authority(folder, "authority")
        certificate, key = authority.issue("server", "localhost")
        decoder = folder / "decoder"
        decoder.write_text("#!/bin/sh\nwhile read -r line; do echo \"OK|$line\"; done\n")
        decoder.chmod(0o755)
        self.words: dict[str, object] = {
            "CA": authority.certificate, "CERT": certificate, "PRIVATE": key, "DECODER": decoder,
            "CRL": self.revocations(authority)}

    def revocations(self, authority: Authority) -> Path:
        """A list of none."""
        configuration = self.folder / "ca.cnf"
        (self.folder / "index").touch()
        configuration.write_text(f"[ca]\ndefault_ca=own\n[own]\ndatabase={self.folder}/index\n"
                                 "default_md=sha256\ndefault_crl_days=2\n")
        subprocess.run(["openssl", "ca", "-gencrl", "-config", configuration, "-cert",
                        authority.certificate, "-keyfile", self.folder / "authority.key", "-out",
                        self.folder / "crl"], check=True, capture_output=True,
                       timeout=TIMEOUT_SECONDS)
        return self.folder / "crl"

    def put(self, text: str) -> str:
        names = sorted(self.words, key=len, reverse=True)
        return re.sub(rf"(?<![A-Z_])({'|'.join(names)})(?![A-Z_])",
                      lambda name: str(self.words[name[0]]), text)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(scratch_folder())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ETCD")}


class ServerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(scratch())
        self.places = Places(self.folder)
        self.registry = self.enterContext(self.a_registry())

    def a_registry(self) -> Member:
        words = self.places.words
        registry = Member(ETCD, "--cert-file", str(words["CERT"]), "--key-file", str(words["PRIVATE"]),
                          ports=tuple(free_ports(8)[-2:]))
        registry.flags += ("--listen-client-urls", f"{registry.url},https://{registry.address}")
        return registry

    def begin(self, number: int) -> dict[str, object]:
        """The places of one start."""
        subprocess.run([BINARIES / "etcdctl", "--endpoints", self.registry.address, "put",
                        f"/_etcd/registry/token{number}/_config/size", "1"], check=True,
                       capture_output=True, timeout=TIMEOUT_SECONDS)
        folder = self.folder / str(number)
        folder.mkdir()
        client, peer, http, metrics = free_ports(4)
        address = f"127.0.0.1:{client}"
        return {"FOLDER": folder, "DATA": folder / "data", "PLAIN_CLIENT_URL": f"http://{address}",
                "CLIENT_URLS": f"http://{address},https://{address}",
                "PLAIN_PEER_URL": f"http://127.0.0.1:{peer}",
                "PEER_URL": f"https://127.0.0.1:{peer}", "HTTP_URL": f"http://127.0.0.1:{http}",
                "METRICS_URL": f"http://127.0.0.1:{metrics}",
                "REGISTRY": f"https://{self.registry.address}"}

    def check_start(self, arguments: list[str], fails: bool = False, **variables: str) -> None:
        folder = Path(str(self.places.words["FOLDER"]))
        with open(folder / "log", "w") as log:
            process = subprocess.Popen([ETCD, *arguments], cwd=folder, stdout=log,
                                       env=clean_environment() | variables,
                                       stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + TIMEOUT_SECONDS
            while process.poll() is None and SERVES not in self.told(folder):
                self.assertLess(time.monotonic(), end, self.told(folder)[-3000:])
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
        said = self.told(folder)
        self.assertEqual(SERVES not in said, fails, said[-3000:])
        self.assertNotRegex(said, REFUSED)

    @staticmethod
    def told(folder: Path) -> str:
        """What the member has written, wherever it writes its log."""
        return "".join(file.read_text() for file in (folder / "log", folder / "etcd.log")
                       if file.exists())

    def own_flags(self, given: set[str]) -> list[str]:
        own = {"name": "m", "data-dir": "DATA", "listen-peer-urls": "PLAIN_PEER_URL",
               "listen-client-urls": "PLAIN_CLIENT_URL",
               "advertise-client-urls": "PLAIN_CLIENT_URL",
               "initial-advertise-peer-urls": "PLAIN_PEER_URL",
               "initial-cluster": "m=PLAIN_PEER_URL"}
        if any(name.startswith("discovery-") and name != "discovery-fallback" for name in given):
            del own["initial-cluster"]
        return [f"--{name}={value}" for name, value in own.items() if name not in given]

    def test_each_flag_starts_a_member(self) -> None:
        for in_environment in (False, True):
            for number, entry in enumerate(each for each in entries() if each.program == "etcd"):
                flags = [flag for flags in entry.flags for flag in flags]
                names = {name_of(flag) for flag in flags}
                number += 100 * in_environment
                self.places.words |= self.begin(number)
                line = [self.places.put(flag).replace("=token", f"=token{number}")
                        for flag in [*self.own_flags(names), *flags]]
                with self.subTest(flags=flags, in_environment=in_environment):
                    if in_environment:
                        self.check_start([], entry.fails, **{variable_of(flag): value_of(flag)
                                                             for flag in line})
                    else:
                        self.check_start(line, entry.fails)

    def test_each_key_of_a_file_starts_a_member(self) -> None:
        for number, text in enumerate(FILES.read_text().split("\n---\n"), 200):
            self.places.words |= self.begin(number)
            file = self.folder / str(number) / "etcd.yaml"
            file.write_text(self.places.put(text).replace("token: token", f"token: token{number}"))
            with self.subTest(file=text):
                self.check_start(["--config-file", str(file)], "discovery-srv" in text)

    def test_each_flag_has_a_key(self) -> None:
        """But for those that no file sets."""
        keys = set(re.findall(r"[\w-]+(?=:)", FILES.read_text()))
        none = NOT_NAMED | {"raft-read-timeout", "raft-write-timeout", "discovery-fallback",
                            "client-crl-file", "peer-crl-file"}
        for entry in entries():
            if entry.program != "etcd":
                continue
            for name in {name_of(flag) for flags in entry.flags for flag in flags} - none:
                plain = re.sub("^(client-cert|peer-cert|peer|discovery|socket)-(?=(allowed|"
                               "cert-file|key-file|client-|trusted|auto-tls|skip|token|endpoints|"
                               "dial|request|keepalive|insecure|cert$|key$|cacert|reuse))", "", name)
                plain = plain.replace("discovery-user", "username").replace(
                    "discovery-password", "password")
                self.assertIn(plain, keys, name)


def name_of(flag: str) -> str:
    return flag.split("=")[0].lstrip("-")


def value_of(flag: str) -> str:
    return flag.partition("=")[2]


def variable_of(flag: str) -> str:
    return "ETCD_" + name_of(flag).upper().replace("-", "_")


class ToolsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(scratch())
        self.places = Places(self.folder)
        words = self.places.words
        member = Member(ETCD, "--bcrypt-cost", "4", "--cert-file", str(words["CERT"]), "--key-file",
                        str(words["PRIVATE"]))
        member.flags += ("--listen-client-urls", f"{member.url},https://{member.address}")
        self.member = self.enterContext(member)
        ctl = self.output("etcdctl", "member", "list", "-w", "simple")
        self.output("etcdctl", "put", "a", "1")
        saved = self.folder / "snapshot"
        self.output("etcdctl", "snapshot", "save", str(saved))
        words |= {"FOLDER": self.folder, "SNAPSHOT": saved, "ADDRESS": member.address,
                  "URL": member.url, "ID": ctl.split(",")[0], "PEER": member.peer_url,
                  "LEASE": self.output("etcdctl", "lease", "grant", "600").split()[1]}

    def environment(self) -> dict[str, str]:
        return clean_environment() | {"XDG_CONFIG_HOME": str(self.folder),
                                      "ETCDCTL_ENDPOINTS": self.member.address}

    def output(self, program: str, *words: str) -> str:
        return subprocess.run([BINARIES / program, *words], check=True, capture_output=True,
                              text=True, env=self.environment(), timeout=TIMEOUT_SECONDS).stdout

    def check(self, line: tuple[str, ...], entry: Entry) -> None:
        program, *words = map(self.places.put, line)
        environment = self.environment()
        if any(word.startswith("--endpoints") for word in words):
            del environment["ETCDCTL_ENDPOINTS"]
        elif program == "etcd-bench":
            words += ["--endpoints", self.member.address]
        process = subprocess.Popen([BINARIES / program, *words], text=True, env=environment,
                                   errors="replace",  # of protobuf
                                   cwd=self.folder,   # a report may be left there
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        command = shlex.join(line)
        try:
            if entry.goes_on:
                first = process.stdout.readline()
                process.send_signal(signal.SIGINT)
            out, error = process.communicate(entry.text, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail(f"{command} goes on: {process.communicate()}")
        if entry.goes_on:
            self.assertNotEqual(first, "", (command, error))
        else:
            self.assertEqual(process.returncode != 0, entry.fails, (command, out, error))
        self.assertNotRegex(error, REFUSED, command)

    def of(self, *programs: str) -> list[tuple[tuple[str, ...], Entry]]:
        return [(line, entry) for entry in entries() if entry.program in programs
                for line in entry.lines()]

    def test_etcdctl(self) -> None:
        for line, entry in self.of("etcdctl"):
            with self.subTest(command=line):
                self.check(line, entry)

    def test_what_asks_a_member(self) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            for line, done in [(line, pool.submit(self.check, line, entry)) for line, entry in
                               self.of("etcd-bench", "etcd-dump-metrics")]:
                with self.subTest(command=line):
                    done.result()

    def test_what_reads_files(self) -> None:
        self.member.stop()
        self.places.words["DATA"] = self.member.folder / "data"
        for number, (line, entry) in enumerate(self.of("etcdutl", "etcd-dump-db",
                                                       "etcd-dump-logs")):
            self.places.words["NEW"] = self.folder / f"new{number}"
            with self.subTest(command=line):
                self.check(line, entry)


@real_etcd.needed
class CompletenessTest(unittest.TestCase):
    """Nothing that the real programs name is left out, and nothing they do not know is there."""

    def said(self, *words: str | Path) -> str:
        done = subprocess.run([*words, "--help"], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS)
        return done.stdout + done.stderr

    def test_of_the_server(self) -> None:
        etcd = real_etcd.build()
        named = set(re.findall(r"^ *--([a-z0-9-]+)", self.said(etcd), re.MULTILINE))
        gates = set(re.findall(r"^ *(\w+)=true\|false", self.said(etcd), re.MULTILINE))
        flags = [flag for entry in entries() if entry.program == "etcd" for flags in entry.flags
                 for flag in flags]
        listed = {name_of(flag) for flag in flags}
        self.assertEqual(named - NAMED_ALONE - ENVIRONMENT_HAS_NOT, listed - NOT_NAMED)
        self.assertEqual(gates, {gate.split("=")[0] for flag in flags if "feature-gates" in flag
                                 for gate in value_of(flag).split(",")})

    def flags_of(self, tool: Path, *path: str) -> set[str]:
        own = re.split("Global Flags:", self.said(tool, *path))[0]
        return set(re.findall(r"^ +(?:-\w, )?-{1,2}([\w][\w.-]+)", own, re.MULTILINE)) - {"help"}

    def commands(self, tool: Path, *path: str) -> Iterator[tuple[str, ...]]:
        said = self.said(tool, *path)
        body = said.partition("Usage:")[2].partition("\nFlags:")[0].partition("\n\n")[2]
        names = re.findall(r"^  ([a-z][\w-]*) +\S", body, re.MULTILINE) if (
            f"{' '.join([tool.name, *path])} [command]" in said) else []
        for name in names:
            if name not in ("help", tool.name):
                yield from self.commands(tool, *path, name)
        if not names:
            yield path

    def listed(self, program: str, path: tuple[str, ...]) -> set[str]:
        named = set()
        for entry in entries():
            if entry.command[:len(path) + 1] == (program, *path):
                for words in entry.lines():
                    named |= {name_of(word) for word in words if word.startswith("-")}
        return named

    def check_tool(self, ours: str, real: str, left_out: tuple[str, ...] = ()) -> None:
        tool = real_etcd.build(real)
        everywhere = self.flags_of(tool) | (self.flags_of(tool, "options") if real == "etcdctl"
                                            else set())
        found = list(self.commands(tool))
        self.assertTrue(found)
        seen = set()
        for path in found:
            if path and path[0] in left_out:
                continue
            flags = self.flags_of(tool, *path) | self.flags_of(tool, *path[:1])
            with self.subTest(tool=real, command=path):
                self.assertTrue(any(entry.command[:len(path) + 1] == (ours, *path)
                                    for entry in entries()))
                self.assertEqual(flags - self.listed(ours, path) - everywhere, set())
            seen |= self.listed(ours, path)
        self.assertEqual(everywhere - seen, set())

    def test_of_the_tools(self) -> None:
        self.check_tool("etcdctl", "etcdctl")
        self.check_tool("etcdutl", "etcdutl")
        self.check_tool("etcd-bench", "benchmark", ("mvcc", "completion"))
        self.check_tool("etcd-dump-db", "etcd-dump-db", ("completion",))
        self.check_tool("etcd-dump-logs", "etcd-dump-logs")
        self.check_tool("etcd-dump-metrics", "etcd-dump-metrics")


if __name__ == "__main__":
    unittest.main()
