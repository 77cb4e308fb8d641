#!/usr/bin/python3
"""Queues and barriers of the client library together with those of etcd's own recipes for Go, at one
member: they meet at the same keys. Only with E2E_FULL.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from member import Member
from recipes_case import BARRIER, ETCD, QUEUE, RecipesCase

GO = Path(__file__).resolve().parent / "go"
BUILD_TIMEOUT_SECONDS = 900


@unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")
@unittest.skipIf(shutil.which("go") is None, "there is no go")
class ClientRecipesOfEtcdTest(RecipesCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.recipes = f"{cls.folder}/recipes"
        subprocess.run(["go", "build", "-o", cls.recipes, "./recipes"], cwd=GO, check=True,
                       timeout=BUILD_TIMEOUT_SECONDS)

    def setUp(self) -> None:
        self.endpoints = self.enterContext(Member(ETCD)).address

    def run_recipe(self, *words: str) -> list[str]:
        return self.lines_of(self.start(self.recipes, *words))

    def test_one_queue(self) -> None:
        self.run_recipe("put", "q", "a", "b")
        self.lines_of(self.start(QUEUE, "q", "put", "c", "d"))
        self.assertEqual(self.lines_of(self.start(QUEUE, "q", "take", "1")), ["a"])
        self.assertEqual(self.run_recipe("take", "q", "2"), ["b", "c"])
        self.assertEqual(self.lines_of(self.start(QUEUE, "q", "take", "1")), ["d"])
        # Who waits is told of what the other puts.
        waits = self.start(self.recipes, "take", "q", "1")
        self.lines_of(self.start(QUEUE, "q", "put", "e"))
        self.assertEqual(self.lines_of(waits), ["e"])
        waits = self.start(QUEUE, "q", "take", "1")
        self.run_recipe("put", "q", "f")
        self.assertEqual(self.lines_of(waits), ["f"])
        self.assertEqual(self.keys("q"), [])

    def test_the_keys_of_priorities(self) -> None:
        self.run_recipe("rank", "p", "65535", "low")
        self.run_recipe("rank", "p", "7", "one", "two")
        # As src/client/queue_test.cc has them.
        self.assertEqual(self.keys(""), ["__p/00007", "__p/65535", "p/00007/0000000000000000",
                                         "p/00007/0000000000000001", "p/65535/0000000000000000"])

    def test_one_double_barrier(self) -> None:
        for ours, theirs in ((1, 2), (2, 1)):
            with self.subTest(ours=ours, theirs=theirs):
                key = f"b{ours}"
                processes = [self.start(self.recipes, "meet", key, "3") for _ in range(theirs)]
                self.wait_for("they wait", lambda: len(self.keys(f"{key}/waiters/")) == theirs)
                self.assertEqual([process.poll() for process in processes], [None] * theirs)
                counted = [self.start(BARRIER, key, "3", "1") for _ in range(ours)]
                for process in processes:
                    self.assertEqual(self.lines_of(process), ["in"])
                for process in counted:
                    self.assertEqual(self.lines_of(process), [f"round 1 with {ours}"])
                self.assertEqual(self.keys(f"{key}/waiters/"), [])


if __name__ == "__main__":
    unittest.main()
