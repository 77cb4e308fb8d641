#!/usr/bin/python3
"""`etcdutl export`: the directory of a member becomes one on which etcd starts, and back.

ETCD and ETCDUTL in the environment are the programs. A real etcd 3.7 only with E2E_FULL.
"""

import signal
import subprocess
import unittest
from pathlib import Path

import real_etcd
from cluster import Cluster, wait_until_ready
from cluster_case import ClusterCase
from in_place import ETCD, ETCDUTL, export, hand_over, take_exported
from member import Member
from protocol import ADMISSION, AUTH, KV, LEASE, Client, admission, rpc

KEYS, KEYS_OF_TRANSACTION = 100_000, 100
LEASES = 50
USERS = 20


class ExportCase(ClusterCase):
    def fill(self, member: Member, keys: int) -> None:
        """With versions, deletions, and keys of leases."""
        client = self.client(member)
        leases = [client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(TTL=3600),
                              rpc.LeaseGrantResponse).ID for _ in range(LEASES)]
        for first in range(0, keys, KEYS_OF_TRANSACTION):
            client.call(KV, "Txn", rpc.TxnRequest(success=[
                rpc.RequestOp(request_put=rpc.PutRequest(
                    key=b"key%d" % (number % (keys * 3 // 4)), value=b"%d" % number,
                    lease=leases[number % LEASES] if number % 7 == 0 else 0))
                for number in range(first, first + KEYS_OF_TRANSACTION)]), rpc.TxnResponse)
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"key1", range_end=b"key2"),
                    rpc.DeleteRangeResponse)

    def add_users(self, member: Member) -> None:
        client = self.client(member)
        client.call(AUTH, "UserAdd", rpc.AuthUserAddRequest(name="root", password="r"),
                    rpc.AuthUserAddResponse)
        client.call(AUTH, "UserGrantRole", rpc.AuthUserGrantRoleRequest(user="root", role="root"),
                    rpc.AuthUserGrantRoleResponse)
        for number in range(USERS):
            name = f"u{number}"
            client.call(AUTH, "RoleAdd", rpc.AuthRoleAddRequest(name=name), rpc.AuthRoleAddResponse)
            client.call(AUTH, "UserAdd", rpc.AuthUserAddRequest(name=name, password=name),
                        rpc.AuthUserAddResponse)
            client.call(AUTH, "UserGrantRole", rpc.AuthUserGrantRoleRequest(user=name, role=name),
                        rpc.AuthUserGrantRoleResponse)

    def check_log_in(self, member: Member) -> None:
        client = self.client(member)
        client.call(AUTH, "AuthEnable", rpc.AuthEnableRequest(), rpc.AuthEnableResponse)
        for name, password in (("root", "r"), ("u3", "u3")):
            client.call(AUTH, "Authenticate",
                        rpc.AuthenticateRequest(name=name, password=password),
                        rpc.AuthenticateResponse)

    def facts(self, member: Member) -> tuple:
        """What must be the same wherever it is."""
        client = self.client(member)
        client.range(key=b"x")  # it has all that was acknowledged then
        hashed = client.hash_kv()
        leases = client.call(LEASE, "LeaseLeases", rpc.LeaseLeasesRequest(),
                             rpc.LeaseLeasesResponse).leases
        keys = [client.call(LEASE, "LeaseTimeToLive",
                            rpc.LeaseTimeToLiveRequest(ID=lease.ID, keys=True),
                            rpc.LeaseTimeToLiveResponse).keys for lease in leases]
        users = client.call(AUTH, "UserList", rpc.AuthUserListRequest(), rpc.AuthUserListResponse)
        return (hashed.hash, hashed.header.revision, hashed.compact_revision,
                sorted(lease.ID for lease in leases), sorted(map(sorted, keys)),
                sorted(users.users))


class ExportTest(ExportCase):
    def member(self) -> Member:
        member = Member(ETCD)
        self.addCleanup(member.__exit__)
        member.start()
        return member

    def test_what_is_exported_is_all_that_was_acknowledged(self) -> None:
        member = self.member()
        self.fill(member, 1000)
        self.add_users(member)
        facts = self.facts(member)
        member.kill()  # so that the log has what the database lacks
        self.assertEqual(export(member).returncode, 0)
        member.start()
        self.assertEqual(self.facts(member), facts)
        member.stop()
        take_exported(member)
        member.start()
        member.wait_for_log("imported the database of etcd")
        self.assertEqual(self.facts(member), facts)
        self.check_log_in(member)

    def test_a_log_may_lie_elsewhere(self) -> None:
        member = Member(ETCD)
        self.addCleanup(member.__exit__)
        member.flags = ("--wal-dir", str(member.folder / "wal"))
        member.start()
        self.fill(member, 200)
        facts = self.facts(member)
        member.kill()
        done = export(member)
        self.assertIn("start the member once more", done.stderr)
        done = export(member, "--wal-dir", str(member.folder / "wal"),
                      "--output-wal-dir", str(member.folder / "exported-wal"))
        self.assertEqual(done.returncode, 0, done.stderr)
        take_exported(member)
        member.flags = ("--wal-dir", str(member.folder / "exported-wal"))
        member.start()
        self.assertEqual(self.facts(member), facts)

    def test_a_member_that_runs_is_waited_for(self) -> None:
        member = self.member()
        done = export(member, "--timeout", "100ms")
        self.assertEqual(done.returncode, 1)
        self.assertIn("a member runs on", done.stderr)
        self.assertFalse((member.folder / "exported").exists())

    def test_what_etcd_does_not_know_is_named(self) -> None:
        member = self.member()
        client = self.client(member)
        client.call(ADMISSION, "RuleSet", admission.RuleSetRequest(
            rule=admission.Rule(name="slow", prefix=b"a/", requests_per_second=5)), admission.RuleSetResponse)
        member.stop()
        done = export(member)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "Error: etcd does not know of admission rule slow\n"))
        done = export(member, "--leave-out-extensions")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("left out what etcd does not know", done.stderr)

    def test_a_directory_of_etcd_is_none_of_ours(self) -> None:
        member = self.member()
        self.fill(member, 200)
        member.stop()
        self.assertEqual(export(member).returncode, 0)
        take_exported(member)
        done = export(member)
        self.assertEqual(done.returncode, 1)
        data = member.folder / "data"
        self.assertEqual(done.stderr, f"Error: {data}/member: is of etcd already, which starts on it as it is "
                         f"({data}/member/snap/db is its database); nothing is to be exported\n")
        self.assertIn("db.mdb: no such file or directory",
                      export(member, "--data-dir", str(member.folder / "none")).stderr)

    def test_what_lies_where_it_is_made_stays(self) -> None:
        member = self.member()
        self.fill(member, 200)
        member.stop()
        beside = member.folder / "exported.part"
        beside.mkdir()
        (beside / "file").write_text("mine")
        done = export(member)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertTrue(done.stderr.startswith(f"Error: {beside} exists, where "), done.stderr)
        self.assertEqual((beside / "file").read_text(), "mine")
        self.assertFalse((member.folder / "exported").exists())

    def test_a_disk_that_is_full_is_told_and_nothing_is_left(self) -> None:
        member = self.member()
        self.fill(member, 1000)
        member.stop()
        done = subprocess.run(["prlimit", "--fsize=30000", ETCDUTL, "export", "--data-dir",
                               member.folder / "data", "--output-dir", member.folder / "exported"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("file too large", done.stderr)
        self.assertFalse((member.folder / "exported").exists())


@real_etcd.needed
class RoundTripTest(ExportCase):
    def go_on(self, cluster: Cluster, program: Path | str) -> None:
        for member in cluster:
            member.process.send_signal(signal.SIGTERM)
        for member in cluster:
            member.stop()
            hand_over(member, program)
        cluster.start()

    def test_all_comes_along_in_and_out_and_in_again(self) -> None:
        real = real_etcd.build()
        with Cluster(*[real] * 3) as cluster:
            self.fill(cluster[0], KEYS)
            self.add_users(cluster[0])
            facts = self.facts(cluster[0])
            for program in (ETCD, real, ETCD):
                self.go_on(cluster, program)
                for member in cluster:
                    self.assertEqual(self.facts(member), facts)
            self.check_log_in(cluster[0])


if __name__ == "__main__":
    unittest.main()
