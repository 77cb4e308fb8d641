#!/usr/bin/python3
"""Authentication, users and roles with our etcdctl on our server: line by line what a real etcdctl
3.7.1 says on a real etcd 3.7.1.

ETCD and ETCDCTL in the environment are our programs.
"""

import os
import unittest

from etcdctl_auth_case import ROOT, EtcdctlAuthCase


class EtcdctlAuthTest(EtcdctlAuthCase):
    server = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))

    def test_every_line_of_a_long_script(self) -> None:
        self.says_what_is_recorded("long")

    def test_every_answer_in_every_format(self) -> None:
        self.says_what_is_recorded("formats")

    def test_a_watch_goes_on_with_the_token_of_a_member_that_has_restarted(self) -> None:
        self.watch_with_new_tokens(self.member("--auth-token-ttl", "1"))

    def test_a_watch_goes_on_with_the_token_of_a_new_revision(self) -> None:
        self.watch_with_new_tokens(self.jwt_member())


if __name__ == "__main__":
    unittest.main()
