#!/usr/bin/python3
"""Where the server listens, and how TLS guards it: certificates, authorities, names, and their files.

ETCD in the environment is the program.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from authority import Authority
from member import Member, free_ports, scratch_folder

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
# The files are looked at every second.
REFRESH_TIMEOUT_SECONDS = 20


def client(trusted: Path, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusted)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


class ListenersTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.authority = Authority(self.folder, "authority")

    @contextlib.contextmanager
    def member(self, *flags: str):
        """Listens also at self.secure, a TLS port, and at a unix socket."""
        self.secure = f"127.0.0.1:{free_ports(3)[2]}"
        self.unix = self.folder / "etcd.sock"
        member = Member(ETCD, *flags)
        member.flags = ("--listen-client-urls",
                        f"{member.url},https://{self.secure},unix://{self.unix}", *flags)
        with member:
            yield member

    def health(self, context: ssl.SSLContext) -> dict:
        with urllib.request.urlopen(f"https://{self.secure}/health", timeout=10,
                                    context=context) as answer:
            return json.load(answer)

    def refusal(self, context: ssl.SSLContext) -> str:
        """What a client is told that is not served."""
        with self.assertRaises((OSError, http.client.HTTPException)) as raised:
            self.health(context)
        return str(raised.exception)

    def wait_for(self, happens) -> None:
        deadline = time.monotonic() + REFRESH_TIMEOUT_SECONDS
        while not happens():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def served_with(self, context: ssl.SSLContext) -> bool:
        try:
            return self.health(context)["health"] == "true"
        except OSError:
            return False

    def certificate_flags(self, name: str, key: str = "ec:P-256") -> tuple[str, ...]:
        certificate, private = self.authority.issue(name, name, key)
        return "--cert-file", str(certificate), "--key-file", str(private)

    def test_one_member_listens_at_many_places(self) -> None:
        with self.member(*self.certificate_flags("server")):
            self.assertTrue(self.served_with(client(self.authority.certificate)))
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(10)
                peer.connect(str(self.unix))
                peer.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                self.assertIn(b"200 OK", peer.recv(4096))

    def test_http_has_a_port_of_its_own_if_asked(self) -> None:
        member = Member(ETCD)
        grpc, member.url = member.url, f"http://127.0.0.1:{free_ports(3)[2]}"
        member.flags = ("--listen-client-urls", grpc, "--listen-client-http-urls", member.url,
                        "--advertise-client-urls", grpc)
        with member:  # which is healthy there
            with self.assertRaises((OSError, http.client.HTTPException)):
                urllib.request.urlopen(grpc + "/health", timeout=10)

    def test_files_that_no_listener_needs_are_not_read(self) -> None:
        with Member(ETCD, "--cert-file=/nowhere/cert", "--key-file=/nowhere/key") as member:
            member.stop()
            log = member.log.read_text()
            self.assertIn("ignoring key and cert files", log)
            self.assertIn(member.url, log)

    def test_suites_that_the_library_does_not_have_are_left_out(self) -> None:
        old = client(self.authority.certificate)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        weak = "TLS_RSA_WITH_3DES_EDE_CBC_SHA"
        strong = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        certificate = self.certificate_flags("server")
        with self.member(*certificate, f"--cipher-suites={weak},{strong}"):
            self.assertTrue(self.served_with(old))
        with self.member(*certificate, f"--cipher-suites={weak}"):
            self.refusal(old)
            self.assertTrue(self.served_with(client(self.authority.certificate)))

    def test_a_slow_key_serves_as_well(self) -> None:
        with self.member(*self.certificate_flags("server", "rsa:3072")):
            for _ in range(20):
                self.assertTrue(self.served_with(client(self.authority.certificate)))

    def test_a_client_that_speaks_another_protocol_is_told_so(self) -> None:
        with self.member("--auto-tls"):
            host, _, port = self.secure.partition(":")
            for protocols, served in ((["foo"], False), (["foo", "http/1.1"], True), ([], True)):
                context = ssl._create_unverified_context()
                if protocols:
                    context.set_alpn_protocols(protocols)
                with socket.create_connection((host, int(port))) as plain:
                    if served:
                        context.wrap_socket(plain).close()
                        continue
                    with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
                        context.wrap_socket(plain)

    def test_auto_tls_makes_a_certificate_and_keeps_it(self) -> None:
        with self.member("--auto-tls") as member:
            host, _, port = self.secure.partition(":")
            first = ssl.get_server_certificate((host, int(port)))
            private = member.folder / "data/fixtures/client/key.pem"
            self.assertEqual(private.stat().st_mode & 0o777, 0o600)
            member.stop()
            member.start()
            self.assertEqual(ssl.get_server_certificate((host, int(port))), first)

    def test_auto_tls_makes_certificates_also_where_nobody_listens_with_tls(self) -> None:
        with Member(ETCD, "--auto-tls", "--peer-auto-tls") as member:
            for name in ("client", "peer"):
                certificate = member.folder / "data/fixtures" / name / "cert.pem"
                self.assertIn("BEGIN CERTIFICATE", certificate.read_text())

    def test_a_trusted_authority_asks_for_certificates(self) -> None:
        ours = self.authority.issue("client", "client.example")
        with self.member(*self.certificate_flags("server"),
                         "--trusted-ca-file", str(self.authority.certificate)) as member:
            self.assertTrue(self.served_with(client(self.authority.certificate, ours)))
            self.refusal(client(self.authority.certificate))
            [line] = member.wait_for_log('"rejected connection on client endpoint"')
            rejected = json.loads(line)
            self.assertEqual(rejected["level"], "warn")
            self.assertRegex(rejected["remote-addr"], r"127\.0\.0\.1:\d+")
            self.assertEqual(rejected["error"],
                             "TLS handshake: peer did not return a certificate")

    def test_whose_name_is_not_allowed_is_told(self) -> None:
        allowed = self.authority.issue("allowed", "allowed.example")
        other = self.authority.issue("other", "other.example")
        with self.member(*self.certificate_flags("server"), "--client-cert-auth",
                         "--trusted-ca-file", str(self.authority.certificate),
                         "--client-cert-allowed-hostname", "allowed.example"):
            self.assertTrue(self.served_with(client(self.authority.certificate, allowed)))
            self.assertIn("bad certificate",
                          self.refusal(client(self.authority.certificate, other)).lower())

    def test_certificates_and_authorities_are_read_again(self) -> None:
        ours = self.authority.issue("client", "client.example")
        trusted = self.folder / "trusted.pem"
        shutil.copy(self.authority.certificate, trusted)
        with self.member(*self.certificate_flags("server"), "--trusted-ca-file", str(trusted)):
            self.assertTrue(self.served_with(client(self.authority.certificate, ours)))
            # The server's certificate now comes from another authority.
            renewed = Authority(self.folder, "renewed")
            renewed.issue("server", "server")
            self.wait_for(lambda: self.served_with(client(renewed.certificate, ours)))
            # And only those of the other one are clients.
            shutil.copy(renewed.certificate, trusted)
            theirs = renewed.issue("new-client", "client.example")
            self.wait_for(lambda: self.served_with(client(renewed.certificate, theirs)))
            self.refusal(client(renewed.certificate, ours))
            # What does not fit together is not taken up.
            (self.folder / "server.pem").write_text("half written")
            time.sleep(2)
            self.assertTrue(self.served_with(client(renewed.certificate, theirs)))

    def encrypt(self, key: str, cipher: str) -> None:
        """In its place."""
        subprocess.run(["openssl", *cipher.split(), "-in", key, "-out", key + ".encrypted",
                        "-passout", "pass:secret"], check=True, capture_output=True, timeout=60)
        shutil.move(key + ".encrypted", key)

    def test_an_encrypted_key_is_refused_and_nobody_is_asked(self) -> None:
        for cipher in ("pkcs8 -topk8 -v2 aes256", "ec -aes256"):
            flags = self.certificate_flags("server")
            self.encrypt(flags[3], cipher)
            member = Member(ETCD)
            self.addCleanup(member.__exit__)
            member.flags = ("--listen-client-urls", f"https://{member.address}", *flags)
            member.launch()
            self.assertEqual(member.process.wait(timeout=10), 1)
            member.process = None
            self.assertIn("key: it is encrypted", member.log_tail())

    def test_an_encrypted_key_is_not_taken_up(self) -> None:
        with self.member(*self.certificate_flags("server")) as member:
            context = client(self.authority.certificate)
            self.assertTrue(self.served_with(context))
            self.encrypt(str(self.folder / "server.key"), "pkcs8 -topk8 -v2 aes256")
            told = b"the TLS files cannot be used; the old ones stay in use"
            self.wait_for(lambda: told in member.log.read_bytes())
            time.sleep(2)
            self.assertEqual(member.log.read_bytes().count(told), 1)
            self.assertTrue(self.served_with(context))

    def test_etcdctl_does_not_ask_for_a_passphrase_either(self) -> None:
        certificate, key = self.authority.issue("client", "client")
        self.encrypt(str(key), "pkcs8 -topk8 -v2 aes256")
        etcdctl = Path(ETCD).with_name("etcdctl")
        if not etcdctl.exists():
            self.skipTest("there is no etcdctl beside etcd")
        # With a terminal, at which it could ask.
        done = subprocess.run(
            ["script", "-qec", f"{etcdctl} --endpoints https://127.0.0.1:1 --cert {certificate} "
             f"--key {key} --cacert {self.authority.certificate} get a", "/dev/null"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"key: it is encrypted", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
