"""Members with users, for clients in other processes."""

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

from auth_test import ANN, ROOT, AuthClient
from authority import Authority
from member import Member, scratch_folder

BCRYPT = ("--bcrypt-cost", "4")


@contextlib.contextmanager
def secured_members(program: Path | str) -> Iterator[dict[str, str]]:
    """What the environment says of them: four members, each with root and with ann, who may do what
    she likes with what begins with "a/". ETCD_SIMPLE keeps tokens, ETCD_FORGETFUL forgets one that
    was not used for a second, ETCD_JWT signs them, and ETCD_TLS knows who asks by certificates, of
    which ETCD_CERTIFICATE is ann's."""
    folder = Path(scratch_folder())
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        environment = {"ETCD_ROOT_PASSWORD": ROOT, "ETCD_ANN_PASSWORD": ANN}
        environment["ETCD_SIMPLE"] = _start(stack, Member(program, *BCRYPT))
        environment["ETCD_FORGETFUL"] = _start(stack, Member(
            program, *BCRYPT, "--auth-token-ttl", "1"))
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                        folder / "jwt"], check=True, capture_output=True, timeout=60)
        environment["ETCD_JWT"] = _start(stack, Member(
            program, *BCRYPT, "--auth-token", f"jwt,priv-key={folder}/jwt,sign-method=ES256,ttl=10m"))
        environment |= _start_with_certificates(stack, program, folder)
        yield environment


def _start(stack: contextlib.ExitStack, member: Member) -> str:
    """Its plain URL."""
    stack.enter_context(member)
    client = AuthClient(member.address)
    stack.callback(client.close)
    client.found()
    return member.url


def _start_with_certificates(stack: contextlib.ExitStack, program: Path | str,
                             folder: Path) -> dict[str, str]:
    authority = Authority(folder, "authority")
    certificate, key = authority.issue("server", "localhost")
    member = Member(program, *BCRYPT, "--cert-file", str(certificate), "--key-file", str(key),
                    "--client-cert-auth", "--trusted-ca-file", str(authority.certificate))
    member.flags += ("--listen-client-urls", f"http://{member.address},https://{member.address}")
    _start(stack, member)
    certificate, key = authority.issue("ann", "ann", hosts="IP:127.0.0.1")
    return {"ETCD_TLS": f"https://{member.address}", "ETCD_AUTHORITY": str(authority.certificate),
            "ETCD_CERTIFICATE": str(certificate), "ETCD_KEY": str(key)}
