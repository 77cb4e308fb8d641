#!/usr/bin/python3
"""The commands that pages show do what the pages say. Of a block of commands each is run, and what follows it
behind `#> ` is all that it prints but for empty lines, where `...` stands for anything. A command that shows
nothing may print what it likes, and must succeed. A block that nothing runs fails.

ETCD, ETCDCTL, ETCDUTL, ETCD_BENCH, DISCOVERY_SERVICE, FAILPOINTS_PROGRAM, ETCD_SIM and the ETCD_DUMP_... in the
environment are the programs, which lie in one folder.
"""

import functools
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path
from typing import Callable

import real_etcd
from authority import Authority
from cluster import Cluster
from in_place import ETCD
from member import Member, free_ports, scratch_folder
from pages import (ASSIGNMENT, PROGRAMS, ROOT, SCRIPTS, Block, blocks, flags_in_the_text, in_the_text,
                   scripts_in_the_text)

BINARIES = Path(ETCD).parent
SECONDS = 60
# Pages all of whose blocks are commands to one member, in their order, with the member's flags.
OF_A_MEMBER = {
    "docs/authentication.md": ("--bcrypt-cost", "4"),
    "docs/etcdctl.md": (),
    "docs/getting-started.md": (),
    "docs/kubernetes.md": (),
    "docs/operations.md": (),
    "docs/space.md": (),
}
# By page and how a block begins: which test runs its commands, or why none does.
ELSEWHERE = {
    ("docs/admission.md", "etcdctl admission set batch --requests-per-second=200"):
        "test/e2e/admission_test.py",  # needs a member of etcd
    ("docs/benchmarking.md", "etcd-bench put --endpoints"): "test/e2e/etcd_bench_test.py",
    ("docs/benchmarking.md", "etcd-bench put --rate"): "test/e2e/etcd_bench_test.py",
    ("docs/benchmarking.md", "etcd-bench compare"): "test/e2e/etcd_bench_test.py",
    ("docs/client.md", "cmake --install"): "test/interop/client_library_test.py",
    ("docs/going-back.md", "etcdctl --endpoints http://127.0.0.1:2379 snapshot save"):
        "test/interop/snapshot_interop_test.py",  # with the tools of Debian's etcd
    ("docs/testing.md", "build/dev/bin/etcd-sim raft-trace"): "test/tla/raft_trace_test.py",
}
# The words of scripts are looked up in what they say of themselves.
WORDS_OF_SCRIPTS: dict[str, list[str]] = {
    "scripts/bench": ["scripts/bench"],
    "scripts/fuzz": ["scripts/fuzz"],
}
# Commands in sentences which one member is not enough for, or which take long: who runs them.
SENTENCES_ELSEWHERE = {
    "ETCDCTL_API=2 etcdctl backup": "test/e2e/v2_backup_test.py",
    "etcdctl --auth-jwt-token TOKEN auth disable": "test/e2e/etcdctl_auth_test.py",
    "etcdctl --cacert CA --cert ROOT.crt --key ROOT.key user passwd root":
        "test/e2e/etcdctl_auth_test.py",
    "etcdctl --discovery-srv DOMAIN": "test/e2e/dns_test.py",
    "etcdctl check perf": "test/e2e/etcdctl_check_test.py",
    "etcdctl member promote": "test/e2e/etcdctl_test.py",
    "etcdctl migrate": "test/e2e/v2_migrate_test.py",
    "etcdutl import --data-dir": "test/e2e/import_test.py",
    "etcdutl migrate-v2 --data-dir": "test/e2e/v2_migrate_test.py",
    "etcdutl snapshot restore v3.db": "test/e2e/v2_migrate_test.py",
}
# What comes last of sentences' commands, one after the other.
SENTENCES_ORDER = ("downgrade enable", "downgrade cancel", "member add", "member remove")
# Sentences name them, without what they cannot do without.
NAMED_ALONE = {
    "etcd-dump-metrics -download-ver", "etcdctl get", "etcdctl get --rev", "etcdctl lock",
    "etcdctl make-mirror", "etcdctl member add", "etcdctl move-leader",
    "etcdctl role revoke-permission", "etcdctl snapshot save", "etcdutl defrag", "etcdutl export", "etcdutl import",
    "etcdutl k8s extract", "etcdutl migrate-v2", "etcdutl recover", "etcdutl snapshot restore",
    "etcdutl snapshot status",
}
NO_FLAGS = {"--switch"}  # any, as an example
NO_OPTIONS = ("scripts/setup", "scripts/build", "scripts/run", "scripts/format",
              "test/robustness/robustness_test.py", "test/robustness/linearizability.py")

RUN: dict[tuple[str, str], str] = {}  # by page and how a block begins: the test


def shows(page: str, *begins: str) -> Callable:
    """A test that runs these blocks of a page, each of which is an argument of it."""
    def with_blocks(test: Callable) -> Callable:
        for begin in begins:
            RUN[page, begin] = test.__name__

        def run(self: unittest.TestCase) -> None:
            test(self, *(block_of(page, begin) for begin in begins))
        return run
    return with_blocks


def block_of(page: str, begin: str) -> Block:
    found = [block for block in blocks() if block.page == page and block.begin.startswith(begin)]
    if len(found) != 1:
        raise AssertionError(f"{page}: {len(found)} blocks begin with {begin!r}")
    return found[0]


def is_of_scripts(block: Block) -> bool:
    return all(words_of(command)[0].startswith(SCRIPTS) for command in parts_of(block))


def parts_of(block: Block) -> list[str]:
    """Commands without their comments, each of several of a line by itself."""
    return [part.strip() for command in block.commands
            for part in re.split(r"&&", re.sub(r"(^|\s)#.*", "", command)) if part.strip()]


def words_of(command: str) -> list[str]:
    """Without what is set in the environment."""
    return list(itertools.dropwhile(ASSIGNMENT.match, command.split()))


@functools.cache
def said_of(script: str) -> str:
    """By itself, in its help and its text."""
    # It builds nothing, since it is told what to run.
    environment = os.environ | {"ETCD": ETCD, "ETCDCTL": ETCD, "LOCK": ETCD}
    done = subprocess.run(WORDS_OF_SCRIPTS.get(script) or [script, "--help"], cwd=ROOT, text=True,
                          capture_output=True, timeout=SECONDS, env=environment)
    parts = (ROOT / "bench/load").glob("*.py") if script == "scripts/bench" else []
    return "".join([done.stdout, done.stderr,
                    *(file.read_text() for file in [ROOT / script, *parts])])


class PagesCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("ETCD_", "ETCDCTL_"))}
        self.environment |= {"PATH": f"{BINARIES}:/usr/bin:/bin",
                             "XDG_CONFIG_HOME": str(self.folder)}

    def run_command(self, command: str) -> str:
        """What it prints; the log lines of what went on are left out."""
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], env=self.environment,
                              capture_output=True, text=True, timeout=SECONDS, cwd=self.folder)
        said = done.stdout + "".join(line for line in done.stderr.splitlines(True)
                                     if not line.startswith("{"))
        self.status = done.returncode
        return said

    def run_listing(self, command: str, shown: list[str] | None = None) -> str:
        said = self.run_command(command)
        with self.subTest(command=command):
            if shown is None or not any(line.startswith("Error") for line in shown):
                self.assertEqual(self.status, 0, said)
            if shown is not None:
                pattern = re.escape("\n".join(shown)).replace(re.escape("..."), ".*")
                lines = [line.strip() for line in said.splitlines() if line.strip()]
                self.assertRegex("\n".join(lines), f"^{pattern}$")
        return said

    def run_block(self, block: Block, places: dict[str, object] | None = None) -> list[str]:
        """What each command prints; what stands for a place or an address becomes that."""
        return [self.run_listing(put(command, places or {}), shown)
                for command, shown in block.listings]

    def launch(self, command: str, **more: str) -> subprocess.Popen:
        """One that goes on; it is ended with the test."""
        log = open(self.folder / "log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(["bash", "-c", "exec " + command], cwd=self.folder,
                                   env=self.environment | more, stdout=log, stderr=log)

        def end() -> None:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=SECONDS)
        self.addCleanup(end)
        return process

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def log_tail(self) -> str:
        return self.log()[-4000:]

    def wait_for(self, what: Callable[[], bool], *processes: subprocess.Popen) -> None:
        end = time.monotonic() + SECONDS
        while not what():
            for process in processes:
                self.assertIsNone(process.poll(), self.log_tail())
            self.assertLess(time.monotonic(), end, self.log_tail())
            time.sleep(0.02)

    def start(self, *commands: str) -> list[str]:
        """Commands that start etcd, beside each other, at ports of their own; their URLs, once all of
        them serve. The peers' URLs are said already."""
        urls = [f"http://127.0.0.1:{port}" for port in free_ports(10)[-len(commands):]]
        processes = []
        for command, url in zip(commands, urls):
            flags = f"--listen-client-urls {url} --advertise-client-urls {url}"
            if own := re.search(r"--initial-advertise-peer-urls (\S+)", command):
                flags += f" --listen-peer-urls {own[1]}"
            else:
                flags += f" --listen-peer-urls {url[:-5]}{free_ports(1)[0]}"
            processes.append(self.launch(f"{command.removesuffix('...')} {flags}"))
        for url in urls:
            self.wait_for(lambda: is_healthy(url), *processes)
        return urls


def put(command: str, places: dict[str, object]) -> str:
    """With what there is in the place of what the page says; a longer name goes before its part."""
    if not places:
        return command
    names = sorted(places, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), lambda name: str(places[name[0]]), command)


def is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/health", timeout=2) as answer:
            return json.load(answer)["health"] == "true"
    except (OSError, ValueError):
        return False


class PagesTest(PagesCase):
    def test_each_block_is_run_or_listed(self) -> None:
        known = {**RUN, **ELSEWHERE}
        met = set()
        for block in blocks():
            keys = {key for key in known
                    if key[0] == block.page and block.begin.startswith(key[1])}
            met |= keys
            ways = len(keys) + (block.page in OF_A_MEMBER) + is_of_scripts(block)
            self.assertEqual(ways, 1, f"{block.page}: {block.begin}")
        self.assertEqual(set(known) - met, set(), "there are no such blocks any more")
        for test in ELSEWHERE.values():
            self.assertTrue((ROOT / test).exists(), test)

    def test_pages_of_commands_to_a_member(self) -> None:
        for page, flags in OF_A_MEMBER.items():
            with Member(ETCD, *flags) as member:
                self.folder = member.folder
                self.environment |= {"ETCDCTL_ENDPOINTS": member.url,
                                     "XDG_CONFIG_HOME": str(member.folder)}
                found = [block for block in blocks() if block.page == page]
                self.assertTrue(found)
                for block in found:
                    self.run_block(block)

    @shows("docs/admission.md", "etcdctl admission set batch --for-user")
    def test_admission(self, block: Block) -> None:
        with Member(ETCD) as member:
            self.environment["ETCDCTL_ENDPOINTS"] = member.url
            self.run_block(block)

    @shows("docs/backup.md", "etcdctl --endpoints", "etcdutl snapshot restore", "etcdutl hashkv")
    def test_backup(self, save: Block, restore: Block, look: Block) -> None:
        with Member(ETCD) as member:
            self.run_command(f"etcdctl --endpoints {member.url} put a 1")
            self.run_block(save, {"http://127.0.0.1:2379": member.url})
            member.stop()
            self.run_block(look, {"DATA_DIR": member.folder / "data"})
        peers = {f"http://10.0.0.{number + 1}:2380": f"http://127.0.0.1:{port}"
                 for number, port in enumerate(free_ports(3))}
        starts = []
        for number, (shown, peer) in enumerate(peers.items()):
            own = {"--name m0": f"--name m{number}", "new.etcd": f"m{number}.etcd",
                   "--initial-advertise-peer-urls http://10.0.0.1:2380":
                       f"--initial-advertise-peer-urls {peer}"}
            restored, start = (put(command, own | peers) for command in restore.commands)
            self.run_listing(restored)
            starts.append(start)
        for url in self.start(*starts):
            self.assertEqual(self.run_command(f"etcdctl --endpoints {url} get a"), "a\n1\n")

    def registered(self, start: str, places: dict[str, object]) -> None:
        """Three members find each other."""
        commands = []
        for number, port in enumerate(free_ports(3)):
            peer = f"http://127.0.0.1:{port}"
            commands.append(put(start, places | {"--name m0": f"--name m{number}",
                                                 "http://10.0.0.1:2380": peer}))
        url = self.start(*commands)[0]
        members = self.run_command(f"etcdctl --endpoints {url} member list")
        self.assertEqual(members.count("started"), 3, members)

    @shows("docs/clusters.md", "etcdctl --endpoints REGISTRY put", "curl -X PUT http://REGISTRY")
    def test_discovery(self, by_v3: Block, by_v2: Block) -> None:
        for block in (by_v3, by_v2):
            self.folder = self.folder / "next"
            self.folder.mkdir()
            with Member(ETCD, "--enable-v2") as registry:
                places = {"REGISTRY": registry.url, "http://REGISTRY:2379": registry.url,
                          "TOKEN": "a-token"}
                size, start = block.commands
                self.run_listing(put(size, places))
                self.registered(start, places)

    @shows("docs/clusters.md", "etcd-discovery")
    def test_discovery_service(self, block: Block) -> None:
        certificate, key = (authority := Authority(self.folder, "authority")).issue("own", "own")
        service, ask = block.commands
        with Member(ETCD, "--enable-v2") as registry:
            port, = free_ports(1)
            places = {"http://127.0.0.1:2379": registry.url, ":8087": f"127.0.0.1:{port}",
                      "CERT": certificate, "KEY": key}
            process = self.launch(put(service, places))
            self.wait_for(lambda: "serving discovery" in self.log(), process)
            self.environment["CURL_CA_BUNDLE"] = str(authority.certificate)
            asked = ask.split("#")[0].replace("discovery.example.com", f"127.0.0.1:{port}", 1)
            self.assertRegex(self.run_listing(asked), r"^https://discovery\.example\.com/\w+")

    @shows("docs/clusters.md", "etcdutl recover --data-dir m1.etcd --data-dir m4.etcd -w table",
           "etcdutl recover --data-dir m1.etcd --data-dir m4.etcd --output-dir")
    def test_recovery(self, look: Block, act: Block) -> None:
        with Cluster(*[ETCD] * 4) as cluster:
            self.run_command(f"etcdctl --endpoints {cluster[0].url} put a 1")
            for member in cluster:
                member.kill()
            for number in (1, 4):
                member = cluster[number - 1]
                shutil.copytree(member.folder / "data", self.folder / f"m{number}.etcd")
        self.assertIn("m4.etcd", self.run_block(look)[0])
        places = {"http://10.0.0.1:2380": f"http://127.0.0.1:{free_ports(1)[0]}"}
        recover, start = (put(command, places) for command in act.commands)
        self.run_listing(recover)
        url, = self.start(start)
        self.assertEqual(self.run_command(f"etcdctl --endpoints {url} get a"), "a\n1\n")

    @shows("docs/going-back.md", "etcdutl export")
    def test_export(self, block: Block) -> None:
        export, start = block.commands
        with Member(ETCD) as member:
            self.run_command(f"etcdctl --endpoints {member.url} put a 1")
            member.stop()
            new = self.folder / "new"
            places = {"DATA_DIR": member.folder / "data", "NEW_DIRECTORY": new}
            self.run_listing(put(export, places))
            self.assertTrue((new / "member/snap/db").exists())
            if not os.environ.get("E2E_FULL") or not shutil.which("go"):
                return
            command = re.sub("^etcd", str(real_etcd.build()), put(start.split("#")[0], places))
            url, = self.start(command.strip() + f" --name {member.name} --force-new-cluster")
            self.assertEqual(self.run_command(f"etcdctl --endpoints {url} get a"), "a\n1\n")

    @shows("docs/going-back.md", "etcdctl --endpoints http://OLD:2379 make-mirror")
    def test_mirror(self, block: Block) -> None:
        with Member(ETCD) as old, Member(ETCD) as new:
            self.run_command(f"etcdctl --endpoints {old.url} put a 1")
            mirror = self.launch(put(block.commands[0], {"http://OLD:2379": old.url,
                                                         "http://NEW:2379": new.url}))
            self.wait_for(lambda: self.run_command(f"etcdctl --endpoints {new.url} get a")
                          == "a\n1\n", mirror)

    @shows("docs/inspect.md", "etcd-dump-logs DATA_DIR", "etcd-dump-db", "etcd-dump-metrics")
    def test_inspection(self, logs: Block, database: Block, metrics: Block) -> None:
        decode = self.folder / "decode"
        decode.write_text("#!/bin/sh\nwhile read -r line; do echo \"OK|$line\"; done\n")
        decode.chmod(0o755)
        with Member(ETCD) as member:
            self.run_command(f"etcdctl --endpoints {member.url} put a 1")
            self.assertIn("etcd_server_has_leader", self.run_block(
                metrics, {"http://127.0.0.1:2379": member.url})[0])
            member.stop()
            data = member.folder / "data"
            places = {"DATA_DIR": data, "/logs/wal": data / "member/wal"}
            shown = self.run_block(logs, places)
            self.assertIn('put:<key:"a" value:"1"', shown[0].replace("{", "<"))
            self.assertIn("key", self.run_block(database, places)[0])

    @shows("docs/tracing.md", "etcd --enable-distributed-tracing")
    def test_tracing(self, block: Block) -> None:
        collector = free_ports(20)[-1]
        self.start(put(block.commands[0], {"localhost:4317": f"localhost:{collector}"}))

    @shows("docs/v2.md", "etcd --enable-v2", "export ETCDCTL_API=2")
    def test_v2(self, by_curl: Block, by_etcdctl: Block) -> None:
        start, *curls = by_curl.commands
        url, = self.start(start)
        for command in (put(command, {"http://127.0.0.1:2379": url}) for command in curls):
            if "wait=true" not in command:
                self.assertRegex(self.run_listing(command), '"(action|errorCode)":')
                continue
            waits = self.launch(command.replace("curl", "curl -s"))
            self.wait_for(lambda: self.watchers(url) == 1, waits)
            self.run_listing(f"curl -X PUT {url}/v2/keys/message -d value=later")
            self.assertEqual(waits.wait(timeout=SECONDS), 0)
            self.assertIn('"value":"later"', self.log())
        self.environment |= {"ETCDCTL_API": "2", "ETCDCTL_ENDPOINTS": url}
        for command in by_etcdctl.commands[1:]:
            if "exec-watch" not in command:
                self.run_listing(command)
                continue
            watches = self.launch(command)
            self.wait_for(lambda: self.watchers(url) == 1, watches)
            self.run_listing("etcdctl set /seen so")
            self.wait_for(lambda: "/seen so" in self.log(), watches)
            watches.send_signal(signal.SIGKILL)

    @staticmethod
    def watchers(url: str) -> int:
        with urllib.request.urlopen(url + "/v2/stats/store", timeout=SECONDS) as answer:
            return json.load(answer)["watchers"]

    @shows("docs/testing.md", "GOFAIL_HTTP")
    def test_failpoints(self, block: Block) -> None:
        start, *asks = block.commands
        address = f"127.0.0.1:{free_ports(20)[-1]}"
        places = {"127.0.0.1:22381": address, "build/dev/bin": BINARIES}
        variable, program = put(start, places).removesuffix("&").strip().split(" ", 1)
        name, value = variable.split("=")
        client, peer = free_ports(2)
        process = self.launch(f"{program} --listen-client-urls http://127.0.0.1:{client} "
                              f"--advertise-client-urls http://127.0.0.1:{client} "
                              f"--listen-peer-urls http://127.0.0.1:{peer}", **{name: value})
        self.wait_for(lambda: is_healthy(f"http://127.0.0.1:{client}"), process)
        for ask in asks:
            self.run_listing(put(ask, places))

    def test_scripts_know_their_words(self) -> None:
        shown = [(block.page, words_of(part)) for block in filter(is_of_scripts, blocks())
                 for part in parts_of(block)]
        for page, words in [*shown, *scripts_in_the_text()]:
            script = words[0]
            with self.subTest(page=page, words=words):
                self.assertTrue(os.access(ROOT / script, os.X_OK))
                if script in NO_OPTIONS:
                    continue
                for word in words[1:]:
                    if re.match(r"--?[a-z]|[a-z_]+$", word):
                        self.assertRegex(said_of(script), rf"(?<![\w-]){re.escape(word)}\b")


class SentencesTest(PagesCase):
    """Commands that stand in sentences."""

    def test_each_is_one_and_knows_its_flags(self) -> None:
        for page, command in sorted(set(in_the_text())):
            words = command.split()
            variables = list(itertools.takewhile(ASSIGNMENT.match, words))
            program, *words = words[len(variables):]
            flags = [word.split("=")[0] for word in words if word.startswith("-")]
            path = [word for i, word in enumerate(words)
                    if re.fullmatch("[a-z][a-z0-9-]*", word) and (i == 0 or words[i - 1][0] != "-")]
            with self.subTest(page=page, command=command):
                said = self.run_command(" ".join([*variables, program, *path, "--help"]))
                self.assertEqual(self.status, 0, said)
                if program == "etcdctl":
                    said += self.run_command("etcdctl options")
                if path and program in ("etcdctl", "etcdutl"):
                    self.assertIn(f"  {program} {path[0]}", said)
                for flag in flags:
                    self.assertRegex(said, rf"(?<![\w-]){flag}\b")

    def test_each_flag_is_one(self) -> None:
        """Of a program, or of a script of this repository."""
        said = "".join(self.run_command(f"{program} --help") for program in PROGRAMS)
        said += (ROOT / "src/ctl/testdata/help.txt").read_text()
        for folder in ("scripts", "test", "examples", "src/bench", "src/cmd", "src/discovery",
                       "src/dump", "src/utl"):
            said += "".join(file.read_text(errors="replace") for file in sorted((ROOT / folder).rglob("*"))
                            if file.is_file() and file.suffix in ("", ".py", ".cc", ".h"))
        for page, flag in sorted(set(flags_in_the_text())):
            if flag in NO_FLAGS:
                continue
            with self.subTest(page=page, flag=flag):
                self.assertRegex(said, rf"(?<![\w-]){re.escape(flag)}(?![\w-])|"
                                       rf"\"{flag.lstrip('-')}\"")

    def test_each_is_run(self) -> None:
        elsewhere, alone = set(SENTENCES_ELSEWHERE), set(NAMED_ALONE)
        def place(command: str) -> int:
            return max((i for i, part in enumerate(SENTENCES_ORDER, 1) if part in command),
                       default=0)
        with Cluster(*[ETCD] * 3) as cluster:
            self.environment["ETCDCTL_ENDPOINTS"] = cluster[0].url
            for value in ("1", "2"):
                self.run_listing(f"etcdctl put KEY {value}")
            for command in sorted({command for _, command in in_the_text()},
                                  key=lambda command: (place(command), command)):
                if command in NAMED_ALONE:
                    alone.discard(command)
                    self.run_command(command)
                    self.assertNotEqual(self.status, 0, command)
                elif test := next((key for key in SENTENCES_ELSEWHERE if command.startswith(key)),
                                  None):
                    elsewhere.discard(test)
                    self.assertTrue((ROOT / SENTENCES_ELSEWHERE[test]).exists(), test)
                else:
                    self.run_sentence(command)
        self.assertEqual((elsewhere, alone), (set(), set()), "no sentence has these any more")

    def run_sentence(self, command: str) -> None:
        listed = self.run_command("etcdctl member list")
        added = [line.split(",")[0] for line in listed.splitlines() if "unstarted" in line]
        listing = put(command, {"=N": "=2", " NAME": " name", " ID": f" {added[0] if added else ''}",
                                " URL": f" http://127.0.0.1:{len(added) + 1}"})
        if " watch " in command:
            key = listing.split()[2]
            watches = self.launch(listing)
            return self.wait_for(lambda: self.run_command(f"etcdctl put {key} seen") == "OK\n"
                                 and f"{key}\nseen\n" in self.log(), watches)
        self.run_listing(listing)


if __name__ == "__main__":
    unittest.main()
