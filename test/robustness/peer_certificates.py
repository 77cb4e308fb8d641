"""Certificates that members show each other, in files of each member's own."""

import ssl
import urllib.error
import urllib.request
from pathlib import Path

import e2e_path  # noqa: F401
from authority import Authority
from member import Member


class PeerCertificates:
    """From two authorities; in the beginning all are from the first, which alone is trusted. Files
    are replaced in place, so that a member that runs takes them up."""

    def __init__(self, folder: Path) -> None:
        self.authorities = [Authority(folder, "first"), Authority(folder, "second")]
        self._dialler = {one: one.issue(f"dialler-{one.name}", "dialler")
                         for one in self.authorities}

    def make(self, member: Member) -> None:
        self.trust(member, self.authorities[:1])
        self.certify(member, self.authorities[0])

    @staticmethod
    def use(member: Member) -> None:
        """From its next start on it is reached by TLS alone, and comes with its certificate."""
        member.peer_url = member.peer_url.replace("http:", "https:")
        member.listen_peer_url = member.listen_peer_url.replace("http:", "https:")
        member.flags += ("--peer-cert-file", str(member.folder / "peer.pem"),
                         "--peer-key-file", str(member.folder / "peer.key"),
                         "--peer-trusted-ca-file", str(member.folder / "peer-authority.pem"),
                         "--peer-client-cert-auth")

    @staticmethod
    def trust(member: Member, authorities: list[Authority]) -> None:
        _replace(member.folder / "peer-authority.pem",
                 b"".join(authority.certificate.read_bytes() for authority in authorities))

    @staticmethod
    def certify(member: Member, authority: Authority) -> None:
        """For a moment certificate and key do not fit together."""
        certificate, key = authority.issue(f"{authority.name}-{member.name}", member.name)
        _replace(member.folder / "peer.pem", certificate.read_bytes())
        _replace(member.folder / "peer.key", key.read_bytes())

    @staticmethod
    def shows_its_certificate(member: Member) -> bool:
        """To who dials it now: that of its file."""
        port = int(member.listen_peer_url.rpartition(":")[2])
        try:
            shown = ssl.get_server_certificate(("127.0.0.1", port), timeout=2)
        except OSError:
            return False
        return ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(
            (member.folder / "peer.pem").read_text())

    def is_accepted(self, member: Member, authority: Authority) -> bool:
        """Whoever dials the member now with a certificate from there."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(*self._dialler[authority])
        try:
            with urllib.request.urlopen(member.listen_peer_url + "/version", timeout=2,
                                        context=context) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False


def _replace(path: Path, content: bytes) -> None:
    """As a whole, as those do who renew certificates."""
    written = path.with_suffix(".new")
    written.write_bytes(content)
    written.replace(path)
