#!/usr/bin/python3
"""The tester's clients notice what a member does behind their backs.

ETCD, ETCDCTL and LOCK (examples/client/lock.cc) in the environment are the programs.
"""

import time
import unittest

import e2e_path  # noqa: F401
from lockers import Leases, Lockers
from member import Member
from protocol import KV, LEASE, Client, rpc
from run import ETCD
from series import Series
from stresser import Stresser
from tested_cluster import ETCDCTL, LOCK

WAIT_SECONDS = 30
CALL_SECONDS = 5


class StresserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.member = cls.enterClassContext(Member(ETCD[0]))
        cls.client = Client(cls.member.address)
        cls.addClassCleanup(cls.client.close)

    def wait_for(self, what: str, happens) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not happens():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def delete(self, key: bytes) -> None:
        self.client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=key),
                         rpc.DeleteRangeResponse)

    def version(self, key: bytes) -> int:
        reply = self.client.range(key=key)
        return reply.kvs[0].version if reply.kvs else 0

    def test_a_write_that_is_lost(self) -> None:
        series = Series()
        with Stresser([self.member.address], 1, 2, series) as stresser:
            self.wait_for("both count", lambda: self.version(b"counter/0") > 5
                          and self.version(b"counter/1") > 5)
            self.assertEqual(stresser.wrong(self.client, CALL_SECONDS), [])
            self.delete(b"counter/1")
            wrong = stresser.wrong(self.client, CALL_SECONDS)
        self.assertTrue(wrong)
        self.assertRegex(wrong[0], "^counter/1: .* lost")

    @unittest.skipUnless(LOCK.exists(), f"there is no {LOCK.name}")
    def test_a_count_that_is_made_twice(self) -> None:
        with Lockers(LOCK, ETCDCTL, self.member.address, 2) as lockers:
            self.wait_for("all of them count", lambda: lockers.counting() == {0, 1, 2})
            self.assertEqual(lockers.wrong(), [])
            told: list[str] = []

            def delete() -> bool:  # who has read it just before writes the next one all the same
                self.delete(b"lock/count")
                told.extend(lockers.wrong())
                return bool(told)
            self.wait_for("it is noticed", delete)
        self.assertIn("two held the lock at a time", told[0])
        self.assertIn("has ended", " ".join(lockers.wrong()))

    def test_a_lease_that_ends_too_early(self) -> None:
        with Leases([self.member.address], 1) as leases:
            def wrong() -> list[str]:
                return leases.wrong(self.client, time.monotonic(), WAIT_SECONDS)
            self.wait_for("one runs out by itself", lambda: self.assertEqual(wrong(), []) or
                          leases.ran_out > 0)
            self.assertGreater(leases.granted, leases.ran_out)
            told: list[str] = []

            def revoke() -> bool:
                for lease in self.client.call(LEASE, "LeaseLeases", rpc.LeaseLeasesRequest(),
                                              rpc.LeaseLeasesResponse).leases:
                    self.client.call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease.ID),
                                     rpc.LeaseRevokeResponse)
                told.extend(wrong())
                return bool(told)
            self.wait_for("it is noticed", revoke)
        self.assertRegex(told[0], "^lease [0-9a-f]+ ran out after")


if __name__ == "__main__":
    unittest.main()
