#!/usr/bin/python3
"""`make-mirror` of etcdctl: what is at the destination is what is at the source, at every moment a
revision of it. With E2E_FULL a real etcdctl 3.7.1 is run, too, which must do the same.

ETCD and ETCDCTL in the environment are our programs.
"""

import os
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import real_etcd
from authority import Authority
from member import Member
from protocol import KV, LEASE, Client, rpc
from watch_stream import WatchStream, events

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(BINARIES / "etcdctl"))
DEBIANS = "/usr/bin/etcd"  # 3.4
TIMEOUT_SECONDS = 60
ALL = {"key": b"\0", "range_end": b"\0"}
# More than two of the pages in which they are read.
KEYS = 2300
TXN_OPS = 100


def put(key: bytes, value: bytes, **fields):
    return rpc.RequestOp(request_put=rpc.PutRequest(key=key, value=value, **fields))


def delete(key: bytes):
    return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key))


class MirrorCase(unittest.TestCase):
    program = ETCDCTL
    source_program = destination_program = ETCD

    def setUp(self) -> None:
        self.source_member = self.enterContext(Member(self.source_program))
        self.destination_member = self.enterContext(Member(self.destination_program))
        self.source = self.client(self.source_member)
        self.destination = self.client(self.destination_member)

    def client(self, member: Member) -> Client:
        client = Client(member.address)
        self.addCleanup(client.close)
        return client

    def start(self, *flags: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [self.program, "--endpoints", self.source_member.address, "make-mirror", *flags,
             self.destination_member.address],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def refusal(self, *flags: str) -> tuple[int, str]:
        """The status, and the last line on standard error."""
        process = self.start(*flags)
        _, error = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, error.splitlines()[-1]

    def change(self, *operations) -> int:
        """One revision of the source."""
        return self.source.call(KV, "Txn", rpc.TxnRequest(success=operations),
                                rpc.TxnResponse).header.revision

    def await_copies(self, expected: dict[bytes, bytes]) -> None:
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            found = {kv.key: kv.value for kv in self.destination.range(**ALL).kvs}
            if found == expected:
                return
            self.assertLess(time.monotonic(), end, f"{len(found)} keys")
            time.sleep(0.02)

    def changes_of_destination(self, revisions: int) -> list[list[tuple[bytes, bytes]]]:
        """Of each revision after its first, the keys and values: what is deleted has none."""
        stream = WatchStream(self.destination)
        self.addCleanup(stream.close)
        stream.create(start_revision=2, **ALL)
        stream.wait(lambda answers: any(event.kv.mod_revision == revisions + 1
                                        for event in events(answers, 0)))
        found: dict[int, list[tuple[bytes, bytes]]] = {}
        for event in events(stream.answers(), 0):
            found.setdefault(event.kv.mod_revision, []).append((event.kv.key, event.kv.value))
        return list(found.values())

    def check_all(self) -> None:
        """All keys, and then every change."""
        keys = {b"k%05d" % number: b"%d" % number for number in range(KEYS)}
        pairs = list(keys.items())
        for first in range(0, KEYS, TXN_OPS):
            self.change(*(put(key, value) for key, value in pairs[first:first + TXN_OPS]))
        self.start()
        self.await_copies(keys)
        self.change(put(b"k00000", b"new"), delete(b"k00001"),
                    put(b"\0", b"\xff\0"))
        del keys[b"k00001"]
        self.await_copies(keys | {b"k00000": b"new", b"\0": b"\xff\0"})


class EtcdctlMirrorTest(MirrorCase):
    def test_all_keys_and_then_every_change(self) -> None:
        self.check_all()

    def test_a_revision_is_a_revision_there(self) -> None:
        self.start("--prefix=p/", "--max-txn-ops=3")
        self.change(put(b"p/a", b"1"))
        self.await_copies({b"p/a": b"1"})
        self.change(put(b"p/b", b"2"), put(b"other", b"2"), delete(b"p/a"))
        self.change(*(put(b"p/%d" % number, b"3") for number in range(7)))
        self.change(put(b"p/b", b"4"))
        self.await_copies({b"p/b": b"4"} | {b"p/%d" % number: b"3" for number in range(7)})
        self.assertEqual(
            [sorted(each) for each in self.changes_of_destination(6)],
            [[(b"p/a", b"1")], [(b"p/a", b""), (b"p/b", b"2")],
             [(b"p/0", b"3"), (b"p/1", b"3"), (b"p/2", b"3")],
             [(b"p/3", b"3"), (b"p/4", b"3"), (b"p/5", b"3")], [(b"p/6", b"3")], [(b"p/b", b"4")]])

    def test_another_prefix(self) -> None:
        self.change(put(b"p/p/a", b"1"), put(b"q", b"1"))
        for flags, prefix in [(["--prefix=p/", "--dest-prefix=copy/"], b"copy/"),
                              (["--prefix=p/", "--no-dest-prefix"], b""),
                              (["--dest-prefix=all/"], b"all/p/")]:
            process = self.start(*flags)
            self.change(put(b"p/b", b"2"))
            copies = {prefix + b"p/a": b"1", prefix + b"b": b"2"}
            self.await_copies(copies | ({b"all/q": b"1"} if prefix == b"all/p/" else {}))
            self.change(delete(b"p/b"))
            del copies[prefix + b"b"]
            self.await_copies(copies | ({b"all/q": b"1"} if prefix == b"all/p/" else {}))
            process.kill()
            process.wait()
            self.destination.call(KV, "DeleteRange", rpc.DeleteRangeRequest(**ALL),
                                  rpc.DeleteRangeResponse)

    def test_a_copy_has_no_lease_and_goes_with_the_key(self) -> None:
        lease = self.source.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=600),
                                 rpc.LeaseGrantResponse).ID
        self.start()
        self.change(put(b"a", b"1", lease=lease))
        self.await_copies({b"a": b"1"})
        self.assertEqual(self.destination.range(key=b"a").kvs[0].lease, 0)
        self.source.call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease),
                         rpc.LeaseRevokeResponse)
        self.await_copies({})

    def test_from_a_revision_on(self) -> None:
        self.change(put(b"p/a", b"1"))
        revision = self.change(put(b"p/b", b"2"))
        self.start("--prefix=p/", "--dest-prefix=p/", f"--rev={revision}")
        self.await_copies({b"p/b": b"2"})
        self.change(put(b"p/c", b"3"))
        self.await_copies({b"p/b": b"2", b"p/c": b"3"})
        self.assertEqual(len(self.changes_of_destination(2)), 2)

    def test_from_the_first_revision_on_is_all(self) -> None:
        self.change(put(b"p/a", b"1"))
        self.change(put(b"p/a", b"2"))
        self.start("--prefix=p/", "--rev=1")
        self.await_copies({b"p/a": b"2"})

    def test_from_a_revision_on_no_prefix_is_an_empty_one(self) -> None:
        revision = self.change(put(b"p/a", b"1"))
        self.start("--prefix=p/", f"--rev={revision}")
        self.await_copies({b"a": b"1"})

    def test_the_source_goes_and_comes(self) -> None:
        self.start()
        self.change(put(b"a", b"1"))
        self.await_copies({b"a": b"1"})
        self.source_member.kill()
        self.source_member.start()
        self.source = self.client(self.source_member)
        self.change(put(b"b", b"2"))
        self.await_copies({b"a": b"1", b"b": b"2"})

    def test_over_tls(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        authority = Authority(folder, "authority")
        certificate, key = authority.issue("member", "localhost")
        self.destination_member.stop()
        member = Member(ETCD, "--cert-file", str(certificate), "--key-file", str(key),
                        "--trusted-ca-file", str(authority.certificate), "--client-cert-auth")
        member.url = member.url.replace("http:", "https:")
        trusts = ["--cacert", authority.certificate]
        shows = ["--cert", certificate, "--key", key]

        def copy() -> str:
            return subprocess.run([ETCDCTL, "--endpoints", member.url, *trusts, *shows, "get", "a"],
                                  capture_output=True, text=True, timeout=TIMEOUT_SECONDS).stdout

        member.is_healthy = lambda: subprocess.run(
            [ETCDCTL, "--endpoints", member.url, *trusts, *shows, "endpoint", "health"],
            capture_output=True, timeout=TIMEOUT_SECONDS).returncode == 0
        self.enterContext(member)
        self.destination_member = member
        self.change(put(b"a", b"1"))
        self.start("--dest-insecure-transport=false",
                   *(f"--dest-{word[2:]}" if word in ("--cacert", "--cert", "--key") else str(word)
                     for word in [*trusts, *shows]))
        end = time.monotonic() + TIMEOUT_SECONDS
        while copy() != "a\n1\n":
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_what_is_wrong(self) -> None:
        self.assertEqual(self.refusal("another"),
                         (128, "Error: make-mirror takes one destination argument"))
        self.assertEqual(
            self.refusal("--dest-prefix=a", "--no-dest-prefix"),
            (128, "Error: `--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, "
                  "choose one"))
        self.change(put(b"a", b"1"))
        last = self.change(put(b"a", b"2"))
        self.assertEqual(self.refusal("--prefix=a", "--no-dest-prefix"),
                         (1, "Error: etcdserver: key is not provided"))
        self.source.call(KV, "Compact", rpc.CompactionRequest(revision=last),
                         rpc.CompactionResponse)
        self.assertEqual(self.refusal(f"--rev={last - 1}"),
                         (1, "Error: etcdserver: mvcc: required revision has been compacted"))
        # A destination whose transactions may have less than the source's.
        self.destination_member.stop()
        self.destination_member.flags += ("--max-txn-ops=2",)
        self.destination_member.start()
        self.change(put(b"b", b""), put(b"c", b""), put(b"d", b""))
        self.assertEqual(self.refusal(f"--rev={last}"),
                         (1, "Error: etcdserver: too many operations in txn request"))

    @unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full: it takes a minute")
    def test_how_far_it_has_come_is_told(self) -> None:
        self.change(put(b"a", b"1"), put(b"b", b"1"))
        process = self.start()
        self.await_copies({b"a": b"1", b"b": b"1"})
        self.assertEqual(process.stdout.readline(), "2\n")
        self.change(delete(b"a"))
        self.await_copies({b"b": b"1"})
        self.assertEqual(process.stdout.readline(), "3\n")


@real_etcd.needed
class RealEtcdctlMirrorTest(EtcdctlMirrorTest):
    def setUp(self) -> None:
        super().setUp()
        self.program = str(real_etcd.build("etcdctl"))


@unittest.skipUnless(os.access(DEBIANS, os.X_OK), "there is no /usr/bin/etcd")
class FromEtcd34Test(MirrorCase):
    source_program = DEBIANS

    def test_all_keys_and_then_every_change(self) -> None:
        self.check_all()


@unittest.skipUnless(os.access(DEBIANS, os.X_OK), "there is no /usr/bin/etcd")
class ToEtcd34Test(MirrorCase):
    destination_program = DEBIANS

    def test_all_keys_and_then_every_change(self) -> None:
        self.check_all()


if __name__ == "__main__":
    unittest.main()
