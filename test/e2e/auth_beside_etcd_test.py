#!/usr/bin/python3
"""The same random users, roles, permissions, tokens and requests at a member of ours and at a real one.

Beside Debian's etcd 3.4.23 every code, text and field is the same, but for what 3.7 has changed, which
is listed here. Beside etcd 3.7.1 all is the same; only with E2E_FULL.

ETCD in the environment is the program, AUTH_CALLS how many are asked.
"""

import os
import random
import unittest
from pathlib import Path

import real_etcd
from auth_comparison import Answer, Comparison, Difference
from member import Member
from protocol import auth, rpc
from random_auth import AuthCalls, Call

ETCD = os.environ.get("ETCD", str(Path(__file__).resolve().parents[2] / "build/dev/bin/etcd"))
DEBIANS = "/usr/bin/etcd"
CALLS = int(os.environ.get("AUTH_CALLS", "20000"))
CALLS_OF_DEBIANS = int(os.environ.get("AUTH_CALLS", "2000"))
# Enough calls that each difference shows itself whatever the seed.
LONG_RUN = 20_000
FLAGS = ["--bcrypt-cost", "4"]


# Methods at which 3.4 does not ask who asks; of leases and transactions that change something the
# random calls leave out what it would let pass.
NOT_ASKED_WHO = {"Alarm", "Compact", "LeaseLeases", "LeaseTimeToLive", "MemberList", "MoveLeader"}
BAD_TRANSFEREE = "etcdserver: bad leader transferee"
REFUSED = {("UNAUTHENTICATED", "etcdserver: invalid auth token"),
           ("INVALID_ARGUMENT", "etcdserver: user name is empty"),
           ("PERMISSION_DENIED", "etcdserver: permission denied")}


def _anybody_may(call: Call, ours: Answer, theirs: Answer) -> bool:
    return (call.method in NOT_ASKED_WHO and (ours.code, ours.text) in REFUSED
            and (theirs.code in ("OK", "OUT_OF_RANGE") or theirs.text == BAD_TRANSFEREE))


def _refused_without_code(call: Call, ours: Answer, theirs: Answer) -> bool:
    return (call.method in ("Alarm", "HashKV") and (ours.code, ours.text) in REFUSED
            and theirs.code == "UNKNOWN"
            and theirs.text.removeprefix("auth: ") == ours.text.removeprefix("etcdserver: "))


def _no_status(call: Call, ours: Answer, theirs: Answer) -> bool:
    return call.method == "AuthStatus" and theirs.code == "UNIMPLEMENTED"


def _root_as_it_was_granted(call: Call, ours: Answer, theirs: Answer) -> bool:
    all_keys = auth.Permission(permType=auth.Permission.READWRITE, key=b"", range_end=b"\0")
    return (call.method == "RoleGet" and call.message.role == "root" and ours.message is not None
            and theirs.message is not None and list(ours.message.perm) == [all_keys])


def _no_hash_revision(call: Call, ours: Answer, theirs: Answer) -> bool:
    if call.method != "HashKV" or ours.message is None or theirs.message is None:
        return False
    expected = rpc.HashKVResponse()
    expected.CopyFrom(theirs.message)
    expected.hash_revision = theirs.message.header.revision
    return ours.message == expected


def _no_revision_of_alarm(call: Call, ours: Answer, theirs: Answer) -> bool:
    if call.method != "Alarm" or ours.message is None or theirs.message is None:
        return False
    expected = rpc.AlarmResponse()
    expected.CopyFrom(theirs.message)
    expected.header.revision = ours.message.header.revision
    return theirs.message.header.revision == 0 and ours.message == expected


# What 3.4.23 does otherwise than 3.7.1, as which a member of ours answers.
DIFFERENCES: dict[str, Difference] = {
    "Anybody may ask some things": _anybody_may,
    "Some refusals have no code of their own": _refused_without_code,
    "There is no AuthStatus": _no_status,
    "RoleGet tells of root what was granted, not that it may do all": _root_as_it_was_granted,
    "HashKV does not say which revision was hashed": _no_hash_revision,
    "The answer to Alarm has no revision": _no_revision_of_alarm,
}


class BesideEtcd(unittest.TestCase):
    def compare(self, theirs: Path | str, flags: list[str], count: int,
                differences: dict[str, Difference], old: bool) -> Comparison:
        seed = int(os.environ.get("SEED", random.randrange(2**32)))
        print(f"seed {seed}", flush=True)
        with Member(ETCD, *FLAGS) as member, Member(theirs, *flags) as peer:
            comparison = Comparison(member, peer, differences)
            comparison.run(AuthCalls(seed, old), count)
        self.assertFalse(comparison.unexplained, "\n".join(comparison.unexplained))
        self.assertGreater(comparison.codes["OK"], count // 5)
        self.assertGreater(comparison.codes["PERMISSION_DENIED"], count // 50)
        return comparison


@real_etcd.needed
class AuthBesideEtcdTest(BesideEtcd):
    def test_all_is_answered_alike(self) -> None:
        self.compare(real_etcd.build(), FLAGS, CALLS, {}, old=False)


@unittest.skipUnless(os.access(DEBIANS, os.X_OK), f"there is no {DEBIANS}")
class AuthBesideDebiansEtcdTest(BesideEtcd):
    def test_only_what_is_listed_differs(self) -> None:
        comparison = self.compare(DEBIANS, [*FLAGS, "--logger", "zap"], CALLS_OF_DEBIANS, DIFFERENCES,
                                  old=True)
        if CALLS_OF_DEBIANS >= LONG_RUN:
            self.assertEqual(set(comparison.seen), set(DIFFERENCES))


if __name__ == "__main__":
    unittest.main()
