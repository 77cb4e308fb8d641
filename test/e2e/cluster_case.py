"""What tests of several members have in common."""

import time
import unittest

from member import Member
from protocol import Client

WAIT_SECONDS = 20


class ClusterCase(unittest.TestCase):
    def client(self, member: Member) -> Client:
        client = Client(member.address)
        self.addCleanup(client.close)
        return client

    def wait_for(self, what: str, happens) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not happens():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)
