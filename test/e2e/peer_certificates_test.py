#!/usr/bin/python3
"""Where a member may come from with a certificate. With E2E_FULL also beside a real etcd 3.7.

ETCD in the environment is the program.
"""

import os
import ssl
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import real_etcd
from authority import Authority
from member import Member

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
# Whether a certificate for these hosts is good from 127.0.0.1.
HOSTS = {
    "": True,
    "IP:127.0.0.1": True,
    "IP:10.1.1.1,IP:127.0.0.1": True,
    "IP:10.1.1.1": False,
    "DNS:localhost": True,
    "IP:10.1.1.1,DNS:localhost": True,
    "DNS:does-not-exist.invalid": False,
    "DNS:does-not-exist.invalid,IP:127.0.0.1": True,
    "DNS:does-not-exist.invalid,DNS:localhost": True,
    "DNS:*.elsewhere.invalid": False,
}


class PeerCertificatesCase(unittest.TestCase):
    def accepted(self, program: Path | str, *flags: str) -> dict[str, bool]:
        member = Member(program)
        self.addCleanup(member.__exit__)
        authority = Authority(member.folder, "authority")
        certificate, key = authority.issue("member", "member")
        member.peer_url = member.listen_peer_url = member.peer_url.replace("http:", "https:")
        member.flags = ("--peer-cert-file", certificate, "--peer-key-file", key,
                        "--peer-trusted-ca-file", authority.certificate,
                        "--peer-client-cert-auth", *flags)
        member.start()
        outcome = {}
        for number, hosts in enumerate(HOSTS):
            own, own_key = authority.issue(f"peer{number}", "peer", hosts=hosts)
            context = ssl.create_default_context(cafile=authority.certificate)
            context.load_cert_chain(own, own_key)
            try:
                with urllib.request.urlopen(member.peer_url + "/version", context=context,
                                            timeout=20) as answer:
                    outcome[hosts] = answer.status == 200
            except (urllib.error.URLError, OSError):
                outcome[hosts] = False
        return outcome


class PeerCertificatesTest(PeerCertificatesCase):
    def test_a_member_comes_from_where_its_certificate_says(self) -> None:
        self.assertEqual(self.accepted(ETCD), HOSTS)

    def test_or_from_anywhere_if_that_is_not_to_matter(self) -> None:
        self.assertEqual(self.accepted(ETCD, "--peer-skip-client-san-verification"),
                         dict.fromkeys(HOSTS, True))


@real_etcd.needed
class PeerCertificatesBesideEtcdTest(PeerCertificatesCase):
    def test_it_is_the_same_for_a_real_etcd(self) -> None:
        real = real_etcd.build()
        self.assertEqual(self.accepted(real), HOSTS)
        self.assertEqual(self.accepted(real, "--peer-skip-client-san-verification"),
                         dict.fromkeys(HOSTS, True))


if __name__ == "__main__":
    unittest.main()
