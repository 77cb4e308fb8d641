#!/usr/bin/python3
"""The client library as those have it who link it: from the installed package, alone, in a shared
library, beside others of the same names; and the listings of docs/client.md.

ETCD names our program, BUILD the build folder."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/e2e"))

from member import Member  # noqa: E402

ETCD = os.environ["ETCD"]
BUILD = os.environ["BUILD"]

# Around the listings that are no programs.
LISTINGS_HEAD = """#undef NDEBUG
#include <etcd/admission.h>
#include <etcd/auth.h>
#include <etcd/client.h>
#include <etcd/concurrency.h>

#include <cassert>
#include <chrono>
#include <future>
#include <vector>
"""
LISTINGS_MAIN = """int main(int, char** argv) {
  etcd::ClientOptions of_main;
  of_main.endpoints = {argv[1]};
  const auto made = etcd::Client::New(of_main);
  if (!made.ok()) return 1;
  etcd::Client& client = **made;
"""


def listings() -> list[str]:
    manual = (ROOT / "docs/client.md").read_text()
    return re.findall(r"^```cpp\n(.*?)^```$", manual, re.MULTILINE | re.DOTALL)


class ClientLibraryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.prefix = f"{cls.folder}/prefix"
        subprocess.run(["cmake", "--install", BUILD, "--component", "client",
                        "--prefix", cls.prefix], check=True, capture_output=True, timeout=120)
        cls.member = Member(ETCD).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.member.__exit__(None, None, None)
        shutil.rmtree(cls.folder)

    def succeed(self, *command: str, timeout: int = 120) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def compile(self, source: str, program: str) -> None:
        pkgconfig = next(Path(self.prefix).rglob("etcd-client.pc")).parent
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "etcd-client"],
                               env=os.environ | {"PKG_CONFIG_PATH": str(pkgconfig)},
                               capture_output=True, text=True, check=True, timeout=30).stdout
        self.succeed("g++", "-Wall", "-Wextra", source, "-o", program, *flags.split())

    def test_the_package_for_cmake_alone_in_a_shared_library_and_beside_others_of_its_names(self):
        build = f"{self.folder}/build"
        self.succeed("cmake", "-S", str(ROOT / "test/package"), "-B", build,
                     f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.succeed("cmake", "--build", build)
        self.assertRegex(self.succeed(f"{build}/basics", self.member.address),
                         r"^greeting = hello\ncounter = \d\ndeleted 1\n$")
        self.assertEqual(self.succeed(f"{build}/host", self.member.address),
                         "plugin 0, own client 1, own message 1, other client 42\n")
        # Of the library itself the shared library exports nothing: weak symbols are inline ones.
        exported = self.succeed("nm", "-DC", "--defined-only", f"{build}/libplugin.so")
        strong = [line.split(" ", 2)[2] for line in exported.splitlines() if " W " not in line]
        self.assertEqual(strong, ["PluginPut"])
        for name in ("etcdserverpb", "admissionpb", "usagepb", "boost::", "google::", "client::",
                     "base::"):
            self.assertNotIn(name, exported)

    def test_the_flags_of_pkg_config(self):
        self.compile(str(ROOT / "examples/client/basics.cc"), f"{self.folder}/basics")
        self.assertIn("counter = ", self.succeed(f"{self.folder}/basics", self.member.address))

    def test_each_header_stands_alone(self):
        headers = sorted(str(header) for header in Path(self.prefix).rglob("*.h"))
        for name in ("admission", "auth", "client", "concurrency", "semaphore", "barrier", "queue", "stm"):
            self.assertIn(f"{self.prefix}/include/etcd/{name}.h", headers)
        self.succeed("g++", "-std=c++20", "-Wall", "-Wextra", "-fsyntax-only", "-x", "c++",
                     "-Wno-pragma-once-outside-header", f"-I{self.prefix}/include", *headers)

    def test_the_listings_of_the_manual(self):
        programs = [listing for listing in listings() if "int main" in listing]
        fragments = [listing for listing in listings() if "int main" not in listing]
        self.assertEqual(len(programs), 1)
        self.assertGreater(len(fragments), 5)
        whole = Path(self.folder, "program.cc")
        whole.write_text(programs[0])
        self.compile(str(whole), f"{self.folder}/program")
        self.assertEqual(self.succeed(f"{self.folder}/program", self.member.address), "hello\n")
        parts = Path(self.folder, "fragments.cc")
        parts.write_text(LISTINGS_HEAD + LISTINGS_MAIN +
                         "".join(f"  {{\n{fragment}  }}\n" for fragment in fragments) + "}\n")
        self.compile(str(parts), f"{self.folder}/fragments")
        self.succeed(f"{self.folder}/fragments", self.member.address)


if __name__ == "__main__":
    unittest.main()
