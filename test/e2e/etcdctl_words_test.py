#!/usr/bin/python3
"""What the programs say of mistyped words, behind etcd's own text, and when they paint: on terminals
alone. And contexts: the names of clusters, as people use them.

The programs are those of ETCD_BINARIES in the environment.
"""

import os
import pty
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from member import Member

BINARIES = Path(os.environ.get("ETCD_BINARIES",
                               Path(__file__).resolve().parents[2] / "build/dev/bin"))
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
TIMEOUT_SECONDS = 30


def run(*command: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("ETCDCTL_")}
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                          env=clean | environment)


def on_terminal(*command: str, **environment: str) -> str:
    """What it shows on a terminal."""
    main, other = pty.openpty()
    clean = {name: text for name, text in os.environ.items()
             if not name.startswith("ETCDCTL_") and name != "NO_COLOR"}
    with subprocess.Popen(command, stdin=other, stdout=other, stderr=other,
                          env=clean | {"TERM": "xterm"} | environment) as process:
        os.close(other)
        shown = b""
        while True:
            try:
                piece = os.read(main, 4096)
            except OSError:  # nobody writes any more
                break
            if not piece:
                break
            shown += piece
        process.wait(TIMEOUT_SECONDS)
    os.close(main)
    return shown.decode().replace("\r\n", "\n")


class MistypedWordsTest(unittest.TestCase):
    def test_each_program_says_what_may_have_been_meant(self) -> None:
        for program, words, meant in (
                (ETCD, ["--data-dri=/x"], "--data-dir"),
                (ETCD, ["--initial-cluster-state=exsting"], "existing"),
                (ETCDCTL, ["gte", "a"], "get"),
                (ETCDCTL, ["get", "a", "--prefx"], "--prefix"),
                (ETCDCTL, ["get", "a", "-w", "tabel"], "table"),
                (ETCDCTL, ["member", "lst"], "list"),
                (str(BINARIES / "etcdutl"), ["snapsho", "statsu"], "status"),
                (str(BINARIES / "etcdutl"), ["snapshot", "status", "x", "--write-ou=json"],
                 "--write-out"),
                (str(BINARIES / "etcd-bench"), ["put", "--totl=1"], "--total"),
                (str(BINARIES / "etcd-bench"), ["rnge"], "range"),
                (str(BINARIES / "etcd-dump-logs"), ["-start-snp=x"], "--start-snap"),
                (str(BINARIES / "etcd-dump-metrics"), ["-downlod-ver=x"], "--download-ver"),
                (str(BINARIES / "etcd-dump-db"), ["list-buckt"], "list-bucket")):
            done = run(program, *words)
            self.assertIn("\nDid you mean this?\n", done.stderr, (program, words))
            self.assertIn(f"\t{meant}\n", done.stderr.split("Did you mean this?\n")[1],
                          (program, words))

    def test_what_stands_before_is_etcds_text(self) -> None:
        done = run(ETCD, "--data-dri=/x")
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stderr.startswith("flag provided but not defined: -data-dri\nUsage:\n"))
        done = run(ETCDCTL, "get", "a", "-w", "tabel")
        self.assertEqual((done.returncode, done.stderr.splitlines()[0]),
                         (4, "Error: unsupported output format"))


class ColorsTest(unittest.TestCase):
    ERROR = "Error: unsupported output format\n"
    PAINTED = "\x1b[31mError:\x1b[0m unsupported output format\n"

    def test_terminals_show_them_and_others_not(self) -> None:
        words = (ETCDCTL, "get", "a", "-w", "xml")
        self.assertEqual(on_terminal(*words), self.PAINTED)
        self.assertEqual(on_terminal(*words, NO_COLOR="1"), self.ERROR)
        self.assertEqual(on_terminal(*words, TERM="dumb"), self.ERROR)
        self.assertEqual(on_terminal(*words, "--color=never"), self.ERROR)
        self.assertEqual(run(*words).stderr, self.ERROR)
        self.assertEqual(run(*words, TERM="xterm").stderr, self.ERROR)
        self.assertEqual(run(*words, "--color=always").stderr, self.PAINTED)
        self.assertEqual(run(*words, ETCDCTL_COLOR="always").stderr, self.PAINTED)

    def test_the_environment_says_so_of_mistakes_in_the_command_line_too(self) -> None:
        words = (ETCDCTL, "get", "--nope")
        painted = "\x1b[31mError:\x1b[0m unknown flag: --nope\n"
        self.assertTrue(run(*words, ETCDCTL_COLOR="always").stderr.startswith(painted))
        self.assertNotIn("\x1b", on_terminal(*words, ETCDCTL_COLOR="never"))
        self.assertNotIn("\x1b", on_terminal(ETCDCTL, "--color=never", "get", "--nope",
                                              ETCDCTL_COLOR="always"))

    def test_tables_and_the_doctor_have_them(self) -> None:
        with Member(ETCD) as member:
            words = (ETCDCTL, "--endpoints", member.address)
            self.assertIn("\x1b[1mENDPOINT\x1b[0m",
                          on_terminal(*words, "endpoint", "status", "-w", "table"))
            self.assertIn("\x1b[2mnote:\x1b[0m cluster:", on_terminal(*words, "doctor"))
            self.assertNotIn("\x1b", run(*words, "doctor").stdout)
            self.assertNotIn("\x1b", on_terminal(*words, "endpoint", "status", "-w", "json"))


class ContextsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.file = self.home / ".config/etcdctl/contexts.yaml"

    def ctl(self, *words: str, status: int = 0, **environment: str) -> str:
        without = {"XDG_CONFIG_HOME": "", "HOME": str(self.home)}
        done = run(ETCDCTL, *words, **(without | environment))
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr
        return done.stdout

    def test_names_stand_for_clusters(self) -> None:
        with Member(ETCD) as one, Member(ETCD) as two:
            self.ctl("--endpoints", one.address, "context", "set", "one")
            self.ctl("--endpoints", two.address, "context", "set", "two")
            self.ctl("context", "use", "one")
            self.ctl("put", "where", "one")
            self.ctl("--context=two", "put", "where", "two")
            self.assertEqual(self.ctl("get", "where"), "where\none\n")
            self.assertEqual(self.ctl("get", "where", ETCDCTL_CONTEXT="two"), "where\ntwo\n")
            self.assertEqual(self.ctl("get", "where", "--endpoints", two.address), "where\ntwo\n")
            self.assertEqual(self.ctl("get", "where", ETCDCTL_ENDPOINTS=two.address), "where\ntwo\n")
            self.assertEqual(self.ctl("context", "list"), "* one\n  two\n")
            self.ctl("context", "delete", "one")
            self.assertEqual(self.ctl("context", "list"), "  two\n")

    def test_passwords_are_kept_if_that_is_asked_for_and_for_the_owner_alone(self) -> None:
        with Member(ETCD, "--bcrypt-cost", "4") as member:
            words = ("--endpoints", member.address)
            self.ctl(*words, "user", "add", "root:secret")
            self.ctl(*words, "user", "grant-role", "root", "root")
            self.ctl(*words, "auth", "enable")
            self.ctl(*words, "--user=root:secret", "context", "set", "it")
            self.assertNotIn("secret", self.file.read_text())
            self.assertEqual(self.ctl("--context=it", "--user=root", "--password=secret", "user",
                                      "list"), "root\n")
            self.ctl("--user=root:secret", "context", "set", "it", "--store-password")
            self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
            self.assertEqual(self.ctl("--context=it", "user", "list"), "root\n")
            self.assertNotIn("secret", self.ctl("context", "show", "it"))
            self.assertNotIn("secret", self.ctl("context", "show", "it", "-w", "json"))
            self.file.chmod(0o640)
            self.ctl("--context=it", "user", "list", status=128)
            self.assertIn("others may read the password in it (rw-r-----)", self.said)
            # Who says where it goes, and who goes, needs no file.
            self.ctl(*words, "--user=root:secret", "user", "list")


if __name__ == "__main__":
    unittest.main()
