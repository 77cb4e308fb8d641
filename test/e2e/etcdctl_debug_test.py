#!/usr/bin/python3
"""`etcdctl debug`: what is in its archive, and what must not be: with users, TLS, a member that is away, a
log with secrets.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import stat
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from authority import Authority
from cluster import Cluster
from member import Member

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
TIMEOUT_SECONDS = 60
PASSWORD = "pa55-word"
VALUE = "the-value-of-a-key"
KEY = "the-name-of-a-key"
FILES = {"README.txt", "etcdctl.txt", "doctor.txt", "doctor.json", "members.json", "alarms.json",
         "hashes.json"}
PAGES = {"status.json", "version.json", "health.json", "metrics.txt"}


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            assert member.mode == 0o600 and member.isfile()
        return {member.name: archive.extractfile(member).read() for member in archive.getmembers()}


class DebugTest(unittest.TestCase):
    def ctl(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        return subprocess.run([ETCDCTL, *words], capture_output=True, text=True, cwd=cwd,
                              timeout=TIMEOUT_SECONDS)

    def test_the_archive_has_what_a_report_needs(self) -> None:
        with Member(ETCD) as member:
            self.ctl("--endpoints", member.address, "put", KEY, VALUE)
            path = member.folder / "report.tar.gz"
            done = self.ctl("--endpoints", member.address, "debug", str(path), "--log",
                            str(member.log), "--log-lines=5")
            self.assertEqual((done.returncode, done.stderr), (0, "asking the members ...\n"))
            self.assertTrue(done.stdout.startswith(f"{path}: 12 files, "), done.stdout)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            files = contents(path)
            folder, = {name.rsplit("/", 1)[0] for name in files if "/" in name}
            self.assertEqual(set(files), FILES | {f"{folder}/{page}" for page in PAGES} | {"log.txt"})
            self.assertEqual(len(files["log.txt"].splitlines()), 5)
            self.assertIn(b"etcd_server_has_leader 1", files[f"{folder}/metrics.txt"])
            status, = json.loads(files[f"{folder}/status.json"])
            self.assertEqual(status["Endpoint"], member.address)
            self.assertEqual(json.loads(files["members.json"])["members"][0]["name"], "m")
            self.assertEqual(len(json.loads(files["hashes.json"])), 1)
            self.assertIn(f"ETCDCTL_ENDPOINTS=[{member.address}]".encode(), files["etcdctl.txt"])
            self.assertIn(b"has one voting member", files["doctor.txt"])
            for text in files.values():
                self.assertNotIn(VALUE.encode(), text)

    def test_a_file_that_is_there_stays(self) -> None:
        with Member(ETCD) as member:
            path = member.folder / "report.tar.gz"
            path.write_text("mine")
            done = self.ctl("--endpoints", member.address, "debug", str(path))
            self.assertEqual(done.returncode, 1)
            self.assertIn("file exists", done.stderr)
            self.assertEqual(path.read_text(), "mine")

    def test_without_a_name_it_is_named_by_the_time(self) -> None:
        with Member(ETCD) as member:
            done = self.ctl("--endpoints", member.address, "debug", cwd=member.folder)
            self.assertEqual(done.returncode, 0)
            name = done.stdout.partition(":")[0]
            self.assertRegex(name, r"^etcdctl-debug-\d{8}-\d{6}\.tar\.gz$")
            self.assertIn("README.txt", contents(member.folder / name))

    def test_secrets_are_left_out(self) -> None:
        with Member(ETCD, "--bcrypt-cost", "4") as member:
            words = ("--endpoints", member.address)
            for line in (("put", KEY, VALUE), ("user", "add", f"root:{PASSWORD}"),
                         ("user", "grant-role", "root", "root"), ("auth", "enable")):
                self.assertEqual(self.ctl(*words, *line).returncode, 0)
            log = member.folder / "leaky.log"
            log.write_text(f"first\nsomebody wrote {PASSWORD} here\n")
            path = member.folder / "report.tar.gz"
            for number, user in enumerate((("--user", f"root:{PASSWORD}"),
                                           ("--user", "root", "--password", PASSWORD))):
                path = member.folder / f"report{number}.tar.gz"
                done = self.ctl(*words, *user, "debug", str(path), "--log", str(log))
                self.assertEqual(done.returncode, 0, done.stderr)
                files = contents(path)
                for name, text in files.items():
                    self.assertNotIn(PASSWORD.encode(), text, name)
                    self.assertNotIn(VALUE.encode(), text, name)
                    self.assertNotIn(KEY.encode(), text, name)
                self.assertEqual(files["log.txt"], b"first\nsomebody wrote *** here\n")
            token = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
            path = member.folder / "token.tar.gz"
            self.ctl(*words, "--auth-jwt-token", token, "debug", str(path))
            for name, text in contents(path).items():
                self.assertNotIn(token.encode(), text, name)

    def test_keys_of_certificates_are_left_out(self) -> None:
        with Member(ETCD) as member:
            authority = Authority(member.folder, "authority")
            key = Path(authority.issue("client", "client")[1])
            path = member.folder / "report.tar.gz"
            done = self.ctl("--endpoints", member.address, "debug", str(path), "--log", str(key))
            self.assertEqual(done.returncode, 0)
            secret = key.read_text().splitlines()[1].encode()
            for name, text in contents(path).items():
                self.assertNotIn(secret, text, name)

    def test_that_nobody_answers_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.tar.gz"
            done = self.ctl("--endpoints", "http://ann:urlsecret@127.0.0.1:1",
                            "--command-timeout=1s", "debug", str(path))
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("no member has told anything", done.stderr)
            for name, text in contents(path).items():
                self.assertNotIn(b"urlsecret", text, name)

    def test_what_could_not_be_had_is_told(self) -> None:
        with Cluster(ETCD, ETCD, ETCD) as cluster:
            cluster.members[2].kill()
            endpoints = ",".join(member.address for member in cluster.members)
            path = cluster.members[0].folder / "report.tar.gz"
            done = self.ctl("--endpoints", endpoints, "--command-timeout=1s", "debug", str(path),
                            "--log", "/nothing/there")
            self.assertEqual(done.returncode, 0)
            files = contents(path)
            for text in (done.stderr, files["errors.txt"].decode()):
                self.assertIn(f"{cluster.members[2].address}: ", text)
                self.assertIn("log: ", text)
            self.assertEqual(len(json.loads(files["hashes.json"])), 2)
            first, second = (entry["HashKV"]["hash"] for entry in json.loads(files["hashes.json"]))
            self.assertEqual(first, second)

    def test_profiles_are_there_if_they_are_asked_for(self) -> None:
        with Member(ETCD, "--enable-pprof") as member:
            path = member.folder / "report.tar.gz"
            done = self.ctl("--endpoints", member.address, "debug", str(path), "--profile")
            self.assertEqual(done.returncode, 0)
            files = contents(path)
            for name in ("cpu.pb.gz", "heap.pb.gz"):
                profile, = (text for path, text in files.items() if path.endswith(name))
                self.assertTrue(profile.startswith(b"\x1f\x8b"))


if __name__ == "__main__":
    unittest.main()
