"""A real etcd 3.7, built from Go's module proxy."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD_TIMEOUT_SECONDS = 1200
PACKAGES = {"etcd": "go.etcd.io/etcd/server/v3", "etcdutl": "go.etcd.io/etcd/etcdutl/v3"}


@functools.cache
def build(name: str = "etcd") -> Path:
    """The program, `etcd` or `etcdutl`; it is there until the process ends."""
    folder = tempfile.mkdtemp(prefix="etcd37-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / name
    subprocess.run(["go", "build", "-o", program, PACKAGES[name]],
                   cwd=HERE / "etcd37", check=True, timeout=BUILD_TIMEOUT_SECONDS)
    return program


def needed(test: type) -> type:
    """Such a test class runs only with --full, where there is a go."""
    test = unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")(test)
    return unittest.skipUnless(shutil.which("go"), "there is no go")(test)
