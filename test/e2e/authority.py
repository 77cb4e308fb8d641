"""Certificates for tests, made with openssl."""

import subprocess
from pathlib import Path


class Authority:
    """Signs certificates, each written as NAME.pem and NAME.key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.certificate = folder / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                      folder / f"{name}.key", "-out", self.certificate)

    def issue(self, name: str, common_name: str, key: str = "ec:P-256",
              hosts: str | None = None) -> tuple[Path, Path]:
        """For `hosts`, as "IP:127.0.0.1,DNS:localhost"; for this machine and the name if None."""
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        kind, _, detail = key.partition(":")
        option = f"rsa_keygen_bits:{detail}" if kind == "rsa" else f"ec_paramgen_curve:{detail}"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        names = "IP:127.0.0.1,DNS:" + common_name if hosts is None else hosts
        extensions.write_text("subjectAltName=" + names if names else "basicConstraints=CA:FALSE")
        self._openssl("req", "-newkey", kind, "-pkeyopt", option, "-nodes", "-subj",
                      f"/CN={common_name}", "-keyout", private, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
                      self.folder / f"{self.name}.key", "-CAcreateserial", "-days", "2",
                      "-extfile", extensions, "-out", certificate)
        return certificate, private

    @staticmethod
    def _openssl(*arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
