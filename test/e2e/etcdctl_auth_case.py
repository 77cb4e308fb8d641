"""Command lines about authentication, users and roles, how the tools are given them, and what a real
etcdctl 3.7.1 has said to them on a real etcd 3.7.1. They build on each other: what a server answers
to one follows from those before.
"""

import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from member import Member

ROOT = Path(__file__).resolve().parents[2]
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
RECORD = Path(__file__).resolve().parent / "data/etcdctl_auth.json"
TIMEOUT_SECONDS = 60
FORMATS = ["simple", "json", "fields", "protobuf", "table"]

# Words as in a shell without quotes: '' is an empty word. Behind <, what is typed, \n for a new line.
LINES = r"""
    auth status
    user list
    role list
    auth enable
    auth disable
    user add
    user add '' --new-user-password pw
    user add ''
    user add :pw
    user add root < rootpw\nrootpw\n
    user add root:again
    user add root --new-user-password again
    user add alice < one\ntwo\n
    user add alice < \n
    user add alice
    user add alice:
    user delete alice
    user add alice < \s alice secret \s\r\nalice secret\n
    user add bob --interactive=false < bobpw rest\n
    user add bob2 --interactive=false
    user add carol:with:colon
    user add dave:x --new-user-password davepw
    user add erin:x --no-password
    user add frank --no-password --new-user-password x
    user add grace --interactive
    user add heidi --interactive=maybe
    user list
    user get root
    user get alice
    user get nobody
    user get ''
    user get alice --detail
    role add
    role add ''
    role add reader
    role add reader
    role add writer
    role add all
    role add none
    role add --prefix
    role list
    role get reader
    role get nobody
    role grant-permission reader read key
    role grant-permission reader READ key
    role grant-permission reader Read pre/ --prefix
    role grant-permission reader read from --from-key
    role grant-permission reader read a b
    role grant-permission reader read a b ignored
    role grant-permission reader read b a
    role grant-permission reader read a a
    role grant-permission reader write both
    role grant-permission reader readwrite both
    role grant-permission reader write a b
    role grant-permission reader rw a b
    role grant-permission reader '' a b
    role grant-permission reader read ''
    role grant-permission reader read '' --prefix
    role grant-permission reader read '' --from-key
    role grant-permission reader read '' --from-key --prefix
    role grant-permission reader read '' end
    role grant-permission reader read '' end --prefix
    role grant-permission reader read a b --prefix
    role grant-permission reader read a b --from-key
    role grant-permission reader read a --prefix --from-key
    role grant-permission nobody read a
    role grant-permission all readwrite '' --prefix
    role grant-permission writer write w
    role grant-permission writer write W --prefix --prefix=false
    role get reader
    role get all
    role get writer
    role revoke-permission reader nokey
    role revoke-permission reader a c
    role revoke-permission reader a b
    role revoke-permission reader pre/ --prefix
    role revoke-permission reader from --from-key
    role revoke-permission reader '' --prefix
    role revoke-permission reader ''
    role revoke-permission nobody key
    role revoke-permission reader
    role get reader
    user grant-role alice reader
    user grant-role alice reader
    user grant-role alice writer
    user grant-role alice nobody
    user grant-role nobody reader
    user grant-role alice
    user grant-role alice ''
    user get alice
    user get alice --detail
    user revoke-role alice writer
    user revoke-role alice writer
    user revoke-role nobody reader
    user passwd alice < alicepw\nalicepw\n
    user passwd alice < alicepw\nother\n
    user passwd alice
    user passwd nobody < x\nx\n
    user passwd bob --interactive=false < new\n
    user passwd
    --user root:rootpw auth status
    --user alice:alicepw get key
    --user nobody:x get key
    auth enable
    auth enable
    auth status
    get key
    put key value
    user list
    --user root get key < rootpw\n
    --user root get key < wrong\n
    --user root get key
    --user root put key < rootpw\nvalue
    --user root:rootpw put key value
    --user root:rootpw put pre/1 one
    --user root --password rootpw get key
    --user root:x --password rootpw get key
    --password rootpw get key
    --user : get key
    --user root: get key
    --user :rootpw get key
    --user root:wrong get key
    --user root:wrong auth status
    --user nobody:x get key
    --user '' get key
    --auth-jwt-token nonsense get key
    --auth-jwt-token nonsense --user root:rootpw get key
    --auth-jwt-token nonsense auth status
    --user alice:alicepw get key
    --user alice:alicepw get other
    --user alice:alicepw get '' --prefix
    --user alice:alicepw put key value
    --user alice:alicepw del key
    --user alice:alicepw put both 1
    --user alice:alicepw get both
    --user alice:alicepw user get alice
    --user alice:alicepw user get alice --detail
    --user alice:alicepw user get root
    --user alice:alicepw user list
    --user alice:alicepw user add eve:x
    --user alice:alicepw role get reader
    --user alice:alicepw role get all
    --user alice:alicepw role list
    --user alice:alicepw role add r
    --user alice:alicepw auth disable
    --user alice:alicepw auth enable
    --user alice:alicepw member list
    --user alice:alicepw endpoint health
    --user alice:alicepw alarm list
    --user alice:alicepw snapshot save /nowhere/file
    --user alice:alicepw snapshot save /dev/shm/of-alice
    snapshot save /dev/shm/of-nobody
    --user alice:alicepw endpoint hashkv
    --user alice:alicepw move-leader 1
    --user alice:alicepw member add n --peer-urls=http://127.0.0.1:1
    --user alice:alicepw downgrade validate 3.6
    --user alice:alicepw lease revoke 77
    --user alice:alicepw lease list
    --user alice:alicepw lock key echo
    --user alice:alicepw elect key x
    --user alice:alicepw compaction 1
    --user bob:new get key
    --user bob:bobpw get key
    --user erin: get key
    --user carol:with:colon get key
    --user dave:davepw get key
    --user root:rootpw endpoint health
    --user root:rootpw member list -w json
    --user root:rootpw alarm list
    --user root:rootpw user get root
    --user root:rootpw user get root --detail
    --user root:rootpw role get root
    --user root:rootpw role list
    --user root:rootpw user delete root
    --user root:rootpw role delete root
    --user root:rootpw user revoke-role root root
    --user root user add judy < jpw\njpw\nrootpw\n
    --user root user add judy:x < rootpw\n
    --user root user passwd judy < new\nnew\nrootpw\n
    --user judy:new get key
    --user root:rootpw user delete judy
    --user judy:new get key
    --user root:rootpw user delete judy
    --user root:rootpw user delete
    --user root:rootpw role delete reader
    --user root:rootpw role delete reader
    --user root:rootpw role delete
    --user alice:alicepw get key
    --user root:rootpw user get alice
    --user root:rootpw auth status
    --user root:rootpw auth disable
    --user root:rootpw auth disable
    auth disable
    --user root:rootpw get key
    --user root:wrong get key
    auth status
    role delete root
    user revoke-role root root
    role delete root
    role add root
    auth enable
    user grant-role root root
    auth enable
    --user root:rootpw auth disable
    user delete root
    auth enable
"""

# Each in every format, beginning with a user and two roles.
BEGINNING = r"""
    user add u:pw
    role add r
    role add s
    user grant-role u r
    user grant-role u s
    role grant-permission r read a b
    role grant-permission r write c
    role grant-permission r readwrite d --prefix
    role grant-permission r readwrite e --from-key
"""
IN_FORMATS = r"""
    auth status
    user list
    user get u
    user get u --detail
    user get x
    role list
    role get r
    role get s
    role get x
    user add v:pw
    user passwd v --interactive=false < new\n
    user grant-role v r
    user revoke-role v r
    user delete v
    role add t
    role grant-permission t read a b
    role revoke-permission t a b
    role delete t
    user add root:rootpw
    auth enable
    --user root:rootpw auth status
    --user root:rootpw auth disable
    role delete root
    user delete root
"""
FOR_HELP = ["auth", "auth enable", "auth disable", "auth status", "user", "user add", "user delete",
            "user get", "user list", "user passwd", "user grant-role", "user revoke-role", "role",
            "role add", "role delete", "role get", "role list", "role grant-permission",
            "role revoke-permission"]
HELP = [f"{command} {flag}".strip() for command in FOR_HELP for flag in ("--help", "--nope")] + [
    "auth", "user", "role", "user nope", "role nope", "auth nope", "us li x", "rol get", "r", "u", "au"]


def lines(text: str) -> list[str]:
    return [each.strip() for each in text.strip().splitlines()]


def in_formats() -> list[str]:
    return lines(BEGINNING) + [f"-w {form} {more} {each}" for form in FORMATS
                               for more in ("", "--hex") for each in lines(IN_FORMATS)]


class Ran:
    """How a program ended."""

    def __init__(self, done: subprocess.CompletedProcess) -> None:
        self.status = done.returncode
        self.output = re.sub(rb"127\.0\.0\.1:\d+", b"ADDRESS", done.stdout)
        self.output = re.sub(rb"took = [^ \n]+", b"took = T", self.output)
        self.output = re.sub(rb'("raft_term":|"RaftTerm" : )\d+', rb"\1N", self.output)
        # The log's lines name a place in etcd's source, and stty is etcd's way to hide what is typed.
        self.error = b"".join(each for each in done.stderr.splitlines(keepends=True)
                              if not each.startswith((b"{", b"stty: ")))
        self.error = re.sub(rb"127\.0\.0\.1:\d+", b"ADDRESS", self.error)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ran) and vars(self) == vars(other)

    def recorded(self) -> list:
        return [self.status, self.output.decode("latin-1"), self.error.decode("latin-1")]

    def __repr__(self) -> str:
        return f"{self.status} {self.output[:700]!r} {self.error[:500]!r}"


def run(program: str | Path, member: Member, line: str) -> Ran:
    command, _, typed = line.partition(" < ")
    typed = typed.replace(r"\n", "\n").replace(r"\r", "\r").replace(r"\s", " ")
    words = ["" if word == "''" else word for word in command.split()]
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("ETCDCTL_")}
    environment["ETCDCTL_ENDPOINTS"] = member.address
    return Ran(subprocess.run([program, *words], input=typed.encode(), capture_output=True,
                              env=environment, timeout=TIMEOUT_SECONDS))


def recorded() -> dict[str, list]:
    """By the name of a script: each of its lines, and Ran.recorded."""
    return json.loads(RECORD.read_text())


# All members are alike to the ids, which come from what they advertise to their peers.
PEER_URL = "http://127.0.0.1:1"
MEMBER_FLAGS = ["--bcrypt-cost", "4", "--initial-advertise-peer-urls", PEER_URL,
                "--initial-cluster", f"m={PEER_URL}"]
SCRIPTS = {"long": lines(LINES), "formats": in_formats(), "help": HELP}
ENABLED = lines(BEGINNING) + ["user add root:rootpw", "auth enable"]


class EtcdctlAuthCase(unittest.TestCase):
    """What our etcdctl does whosever the server is."""

    server: str | Path

    def member(self, *flags: str) -> Member:
        return self.enterContext(Member(self.server, *MEMBER_FLAGS, *flags))

    def jwt_member(self) -> Member:
        member = Member(self.server)
        private, public = member.folder / "private.pem", member.folder / "public.pem"
        for command in (["genrsa", "-out", private, "2048"],
                        ["rsa", "-in", private, "-pubout", "-out", public]):
            subprocess.run(["openssl", *command], check=True, capture_output=True,
                           timeout=TIMEOUT_SECONDS)
        member.flags = ("--bcrypt-cost", "4", "--auth-token",
                        f"jwt,pub-key={public},priv-key={private},sign-method=RS256,ttl=10m")
        return self.enterContext(member)

    def succeed(self, member: Member, *script: str) -> None:
        for each in script:
            ran = run(ETCDCTL, member, each)
            self.assertEqual(ran.status, 0, f"{each}: {ran}")

    def says_what_is_recorded(self, name: str) -> None:
        member = self.member()
        self.assertEqual([each[0] for each in recorded()[name]], SCRIPTS[name])
        for each, *how in recorded()[name]:
            with self.subTest(each):
                self.assertEqual(run(ETCDCTL, member, each).recorded(), how)

    def watch_with_new_tokens(self, member: Member) -> None:
        self.succeed(member, *ENABLED)
        watch = subprocess.Popen([ETCDCTL, "--endpoints", member.address, "--user", "u:pw", "watch",
                                  "d"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(watch.communicate)
        self.addCleanup(watch.kill)
        for value in ("1", "2", "3"):
            # A watch from now on may begin behind the first of them.
            for _ in range(50 if value == "1" else 1):
                self.succeed(member, f"--user root:rootpw put d {value}")
            self.succeed(member, f"--user root:rootpw role add t{value}")
            while (line := watch.stdout.readline()) != f"{value}\n":
                self.assertNotEqual(line, "", f"ended before {value}")
            member.kill()
            member.start()
        self.succeed(member, "--user root:rootpw user delete u")
        member.kill()
        member.start()
        self.assertIn("watch was canceled (etcdserver: authentication failed, invalid user ID or "
                      "password)\n", watch.communicate(timeout=TIMEOUT_SECONDS)[0])
        self.assertEqual(watch.returncode, 5)
