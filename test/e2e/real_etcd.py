"""Programs of real etcds, built from Go's module proxy."""

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


PACKAGES = {"etcd": "server/v3", "etcdctl": "etcdctl/v3", "etcdutl": "etcdutl/v3",
            # Of 3.7 alone.
            **{name: f"v3/tools/{name}"
               for name in ("benchmark", "etcd-dump-logs", "etcd-dump-db", "etcd-dump-metrics")}}


@functools.cache
def build(name: str = "etcd", release: str = "3.7") -> Path:
    """One of etcd's programs, of 3.6 or 3.7; it is there until the process ends."""
    module = "etcd" + release.replace(".", "")
    folder = tempfile.mkdtemp(prefix=f"{module}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / name
    subprocess.run(["go", "build", "-o", program, f"go.etcd.io/etcd/{PACKAGES[name]}"],
                   cwd=HERE / module, check=True, timeout=BUILD_TIMEOUT_SECONDS)
    return program


def needed(test: type) -> type:
    """Such a test class runs only with --full, where there is a go."""
    test = unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")(test)
    return unittest.skipUnless(shutil.which("go"), "there is no go")(test)
