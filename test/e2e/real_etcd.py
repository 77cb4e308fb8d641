"""Programs of real etcds, built from Go's module proxy."""

import atexit
import functools
import json
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


# Those with API v2 that are no module, each with what of its source is left out (None) or written
# otherwise (old and new text), since dependencies of the same age are not to be had.
OLD = {
    "2.3": ("2.3.8", {"Godeps/_workspace/src/github.com/ugorji/go/codec/gen.go":
                      ("0123456789__", "0123456789_-")}),
    "3.0": ("3.0.17", {"client/keys.generated.go": None,
                       "etcdmain/etcd.go": ("SdNotify(", "SdNotify(false, ")}),
    "3.1": ("3.1.20", {"client/keys.generated.go": None, "etcdmain/grpc_proxy.go": None}),
    "3.2": ("3.2.26", {"client/keys.generated.go": None, "etcdmain/grpc_proxy.go": None}),
    "3.3": ("3.3.27", {}),
}


@functools.cache
def build(name: str = "etcd", release: str = "3.7") -> Path:
    """One of etcd's programs, of 3.5 to 3.7, or the server of an older one; it is there until the
    process ends."""
    module = "etcd" + release.replace(".", "")
    folder = tempfile.mkdtemp(prefix=f"{module}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / name
    if release in OLD:
        assert name == "etcd"
        return _build_old(release, Path(folder), HERE / module)
    subprocess.run(["go", "build", "-o", program, f"go.etcd.io/etcd/{PACKAGES[name]}"],
                   cwd=HERE / module, check=True, timeout=BUILD_TIMEOUT_SECONDS)
    return program


def _build_old(release: str, folder: Path, module: Path) -> Path:
    version, changes = OLD[release]
    package = "github.com/coreos/etcd"
    # 2.3 has its dependencies with it, and is built as programs were then.
    is_module = module.exists()
    source = folder / "build" / "etcd" if is_module else folder / "build" / "src" / package
    fetched = subprocess.run(["go", "mod", "download", "-json", f"{package}@v{version}+incompatible"],
                             cwd=folder, check=True, capture_output=True, text=True,
                             timeout=BUILD_TIMEOUT_SECONDS)
    # Without the modes of the files, which are read-only.
    shutil.copytree(json.loads(fetched.stdout)["Dir"], source, copy_function=shutil.copyfile)
    subprocess.run(["chmod", "-R", "u+w", source], check=True)
    for path, change in changes.items():
        if change is None:
            (source / path).unlink()
            continue
        text = (source / path).read_text()
        assert change[0] in text, path
        (source / path).write_text(text.replace(*change))
    environment = dict(os.environ)
    if is_module:
        for file in ("go.mod", "go.sum"):
            shutil.copyfile(module / file, folder / "build" / file)
        (source / "go.mod").write_text(f"module {package}\n")
    else:
        environment |= {"GO111MODULE": "off", "GOPATH": str(folder / "build")}
    program = folder / "etcd"
    subprocess.run(["go", "build", "-o", program, package], env=environment, check=True,
                   cwd=folder / "build" if is_module else source, timeout=BUILD_TIMEOUT_SECONDS)
    return program


def needed(test: type) -> type:
    """Such a test class runs only with --full, where there is a go."""
    test = unittest.skipUnless(os.environ.get("E2E_FULL"), "only with --full")(test)
    return unittest.skipUnless(shutil.which("go"), "there is no go")(test)
