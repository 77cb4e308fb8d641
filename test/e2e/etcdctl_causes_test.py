#!/usr/bin/python3
"""What etcdctl says of a member that it cannot reach: the cause stands above the last line, which is
etcd's. And which endpoints it takes.

ETCD and ETCDCTL in the environment are the programs.
"""

import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

from authority import Authority
from member import Member, free_ports

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
TIMEOUT_SECONDS = 30


class EtcdctlCausesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.member = Member(ETCD)
        cls.folder = cls.member.folder
        cls.authority = Authority(cls.folder, "authority")
        cls.stranger = Authority(cls.folder, "stranger")
        certificate, key = cls.authority.issue("server", "localhost")
        cls.mine = cls.authority.issue("client", "client")
        cls.strangers = cls.stranger.issue("strange", "client")
        cls.port = free_ports(3)[2]
        cls.socket = f"{cls.folder}/localhost:1"
        cls.member.flags = ("--listen-client-urls",
                            f"{cls.member.url},https://127.0.0.1:{cls.port},unixs://{cls.socket}",
                            "--cert-file", str(certificate), "--key-file", str(key),
                            "--client-cert-auth", "--trusted-ca-file",
                            str(cls.authority.certificate))
        cls.member.__enter__()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.member.__exit__(None, None, None)

    def run_on(self, endpoints: str, *flags: str) -> subprocess.CompletedProcess:
        return self.run_words(endpoints, "--command-timeout=400ms", *flags, "get", "a")

    def run_words(self, endpoints: str, *words: str,
                  **variables: str) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("ETCDCTL_")} | variables
        return subprocess.run([ETCDCTL, f"--endpoints={endpoints}", *words], text=True,
                              capture_output=True, timeout=TIMEOUT_SECONDS, env=environment)

    def tls(self, trusted: Authority, certificate: tuple[Path, Path] | None = None) -> list[str]:
        flags = [f"--cacert={trusted.certificate}"]
        if certificate is not None:
            flags += [f"--cert={certificate[0]}", f"--key={certificate[1]}"]
        return flags

    def assert_cause(self, done: subprocess.CompletedProcess, cause: str) -> None:
        self.assertEqual(done.returncode, 1, done.stderr)
        line, last = done.stderr.splitlines()
        self.assertEqual(last, "Error: context deadline exceeded")
        self.assertIn(cause, json.loads(line)["error"])

    def test_the_right_certificates_are_enough(self) -> None:
        for endpoint in (f"https://127.0.0.1:{self.port}", f"HTTPS://127.0.0.1:{self.port}",
                         f"unixs://{self.socket}"):
            done = self.run_on(endpoint, *self.tls(self.authority, self.mine))
            self.assertEqual((done.returncode, done.stderr), (0, ""), endpoint)

    def test_the_doctor_looks_at_certificates(self) -> None:
        # It is for two days.
        done = self.run_words(f"https://127.0.0.1:{self.port}",
                              *self.tls(self.authority, self.mine), "doctor")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("the certificate of --cert-file expires in 1 day\n", done.stdout)

    def test_each_cause_is_told(self) -> None:
        secure = f"https://127.0.0.1:{self.port}"
        for endpoint, flags, cause in (
                (secure, self.tls(self.stranger, self.mine),
                 "x509: certificate signed by unknown authority"),
                (secure, self.tls(self.authority), "remote error: tls: certificate required"),
                (secure, self.tls(self.authority, self.strangers),
                 "remote error: tls: unknown certificate authority"),
                (f"https://127.0.0.2:{self.port}", self.tls(self.authority, self.mine),
                 "Connection refused"),
                (f"http://127.0.0.1:{self.port}", [], "it may speak only TLS here"),
                (f"https://{self.member.address}", self.tls(self.authority, self.mine),
                 "the peer does not speak TLS")):
            with self.subTest(endpoint=endpoint, flags=flags):
                self.assert_cause(self.run_on(endpoint, *flags), cause)

    def test_a_member_that_stands_still_is_told_from_one_that_speaks_tls(self) -> None:
        silent = ("the server does not answer; it may be stopped or overloaded, or speak only TLS "
                  "here")
        self.member.process.send_signal(signal.SIGSTOP)
        try:
            self.assert_cause(self.run_on(self.member.url, "--dial-timeout=100ms"), silent)
            for words in (["doctor"], ["top", "--once"]):
                done = self.run_words(self.member.url, "--dial-timeout=100ms",
                                      "--command-timeout=400ms", *words)
                self.assertEqual(done.returncode, 1)
                self.assertIn(silent, done.stdout + done.stderr)
        finally:
            self.member.process.send_signal(signal.SIGCONT)

    def test_how_long_a_snapshot_may_take_is_said_by_the_environment_too(self) -> None:
        path = str(self.folder / "saved.db")
        self.member.process.send_signal(signal.SIGSTOP)
        try:
            done = self.run_words(self.member.url, "snapshot", "save", path,
                                  ETCDCTL_COMMAND_TIMEOUT="400ms")
        finally:
            self.member.process.send_signal(signal.SIGCONT)
        self.assertEqual((done.returncode, done.stderr.splitlines()[-1]),
                         (5, "Error: context deadline exceeded"))
        done = self.run_words(self.member.url, "snapshot", "save", path,
                              ETCDCTL_COMMAND_TIMEOUT="soon")
        self.assertEqual(done.returncode, 0, done.stderr)
        warning = json.loads(done.stderr.splitlines()[0])
        self.assertEqual(warning["environment-variable"], "ETCDCTL_COMMAND_TIMEOUT=soon")
        self.assertEqual(warning["error"], 'time: invalid duration "soon"')

    def test_for_the_v2_api_too(self) -> None:
        secure = f"https://127.0.0.1:{self.port}"
        done = self.run_words(secure, "get", "/a", ETCDCTL_API="2")
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("error #0: TLS handshake: tls: failed to verify certificate: x509: "
                      "certificate signed by unknown authority", done.stderr)

    def test_a_name_that_the_certificate_lacks_is_told(self) -> None:
        os.symlink(self.socket, f"{self.folder}/elsewhere")
        done = self.run_on(f"unixs://{self.folder}/elsewhere",
                           *self.tls(self.authority, self.mine))
        self.assert_cause(done, "x509: certificate is valid for 127.0.0.1, localhost, not elsewhere")

    def test_a_file_that_cannot_be_used_is_named_though_no_endpoint_needs_it(self) -> None:
        key = str(self.mine[1])
        for flags, error in (
                (["--cacert=/nowhere/ca"], "open /nowhere/ca: no such file or directory"),
                ([f"--cacert={key}"], f"trusted CA file {key}: there is no certificate in PEM form"),
                ([f"--cert={self.mine[0]}", f"--key={self.mine[0]}"],
                 f"key file {self.mine[0]}: there is no private key in PEM form"),
                ([f"--cert={self.mine[0]}", f"--key={self.strangers[1]}"],
                 f"key file {self.strangers[1]}: it does not belong to the certificate")):
            done = self.run_on(self.member.url, *flags)
            self.assertEqual((done.returncode, done.stderr), (128, f"Error: {error}\n"))

    def test_of_several_endpoints_the_good_ones_are_used(self) -> None:
        address = self.member.address
        for endpoints in (f"{address},", f",{address}", f"HTTP://{address}", f"a b:1,{address}",
                          f"http://{address}/path"):
            done = self.run_on(endpoints)
            self.assertEqual((done.returncode, done.stderr), (0, ""), endpoints)

    def test_without_a_time_to_dial_it_takes_what_it_needs(self) -> None:
        for time in ("0s", "-1s"):
            done = self.run_on(self.member.address, f"--dial-timeout={time}")
            self.assertEqual((done.returncode, done.stderr), (0, ""), time)


if __name__ == "__main__":
    unittest.main()
