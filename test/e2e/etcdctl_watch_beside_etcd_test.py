#!/usr/bin/python3
"""`watch` of our etcdctl and of a real etcdctl 3.7.1, on a real etcd and on ours: the same bytes on
standard output and standard error, and the same exit status where it ends by itself. Only with
E2E_FULL.

ETCD and ETCDCTL in the environment are our programs.
"""

import contextlib
import os
import re
import selectors
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import real_etcd
from member import Member

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
TIMEOUT_SECONDS = 60
WORKERS = 4
PROGRESS = ("--watch-progress-notify-interval", "200ms")

# In the order in which they were written; the last one is what most watches wait for.
HISTORY = [("put", "a", "1"), ("put", "a", "2"), ("put", "b", "x y"), ("del", "a"),
           ("put", "a\n\x01", 'q"\\'), ("put", "a", "3"), ("put", "aa", "\u00fc"), ("del", "", "--from-key"),
           ("put", "last", "END")]
FIRST = 2  # the revision of the first of them
SHOW = 'echo "$ETCD_WATCH_REVISION $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE $*"'


@dataclass
class Run:
    """A command line, what is typed once there is output, and how it is known to be done."""
    words: tuple[str, ...]
    typed: str | None = None  # None: nothing, and it is not expected to end
    until: str = ""  # what it prints last; empty: it ends by itself
    holds: bool = False  # more may be typed, until it ends
    variables: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([*(f"{k}={v}" for k, v in self.variables.items()), *self.words,
                         *([] if self.typed is None else [f"<{self.typed!r}"])])


def ends(*words: str, **variables: str) -> Run:
    return Run(("watch", *words), variables=variables)


def shows(until: str, *words: str, **variables: str) -> Run:
    return Run(("watch", *words), until=until, variables=variables)


def typed(text: str, until: str = "", *words: str, **variables: str) -> Run:
    return Run(("watch", "-i", *words), typed=text, until=until, variables=variables)


ALL = ("", "--prefix", "--rev", str(FIRST))
# What stands at the end of the last event.
END_OF = {"simple": "END", "json": "RU5E", "fields": '"Value" : "END"\n"Lease" : ', "protobuf": "END"}
KEY, END = "ETCDCTL_WATCH_KEY", "ETCDCTL_WATCH_RANGE_END"
RUNS = [
    *(shows(END_OF[form], *ALL, "-w", form, *more) for form in ("simple", "json", "fields", "protobuf")
      for more in ([], ["--prev-kv"])),
    shows("RU5E", *ALL, "-w", "json", "--hex"),
    shows(r"\x45\x4e\x44", *ALL, "--hex", "--prev-kv"),
    shows('"Value" : "END"\n"Lease" : 0000', *ALL, "--prev-kv", "--hex", "-w", "fields"),
    shows("END", "b", "z", "--rev", "2"),
    shows("END", "last", "--rev", "2", "x", "y", "z"),
    shows("END", "l", "--prefix", "--rev=9"),
    shows("END", "--rev=9", **{KEY: "last"}),
    shows("END", "--rev=9", **{KEY: "l", END: "m"}),
    shows('"END" one two', "last", "--rev", "2", "--", "sh", "-c", SHOW, "sh", "one", "two"),
    shows('"END" ', *ALL, "--", "sh", "-c", SHOW),
    shows('"END" ', "--prefix", "--rev=2", "--", "sh", "-c", SHOW, **{KEY: "l"}),
    shows("progress notify: ", "nothing", "--progress-notify"),
    shows("progress notify: ", "nothing", "--progress-notify", "-w", "fields"),
    shows("CancelReason", "nothing", "--progress-notify", "-w", "json"),
    # Those that end by themselves.
    ends(*ALL, "-w", "table"), ends(*ALL, "-w", "xml"), ends(), ends("--prefix"),
    ends("a", "b", "--prefix"), ends("a", "--"), ends("--", "echo"), ends("a", "--rev", "x"),
    ends("a", "--nope"), ends("a", "--from-key"), ends("-h"), ends("b", "a"), ends("b", "b"),
    *(ends("b", "a", "-w", form) for form in ("json", "fields", "protobuf", "table")),
    ends("a", "--rev=-1"), ends("a", "--rev=-1", "-w", "json"),
    ends("last", "--rev=2", "--", "false"), ends("last", "--rev=2", "--", "sh", "-c", "exit 9"),
    ends("last", "--rev=2", "--", "no-such-program", "a b"), ends("last", "--rev=2", "--", "/etc/passwd"),
    ends("last", "--rev=2", "--", "/no/such"), ends("last", "--rev=2", "--", "sh", "-c", "kill -9 $$"),
    ends("a", **{KEY: "a"}), ends("a", "--", "echo", **{KEY: "a"}), ends(**{END: "b"}),
    typed(""), typed("x\n"), typed("\n"), typed("watch\n"), typed("watch --prefix\n"),
    typed("watch a b --prefix\n"), typed("watch a --nope\n"), typed("watch a --rev x\n"),
    typed("watch a --\n"), typed("watch a -h\n"), typed("watch -- echo\n"),
    typed('watch "a\\q"\n'), typed("watch a\n", **{KEY: "b"}), typed("watching a\n"),
    typed("progress\n"), Run(("watch", "-i"), "watch last --rev 2 -- false\n", holds=True), typed("watch last --rev 2", "", "-w", "xml"),
    typed("watch last --rev 2\n", "END"), typed("nope\nwatch 'last' --rev 2\n", "END"),
    typed('watch "l" --prefix --rev 2 --prev-kv\n', "END"),
    typed("watch --rev 2 last -- echo done for\n", "done for"),
    typed("watch --rev 2\n", "END", **{KEY: "last"}),
    typed("watch nothing\nprogress\n", "progress notify: "),
    typed("watch nothing --progress-notify\n", "progress notify: "),
    typed("watch last --rev 2\n", "RU5E", "-w", "json", "--rev", "5", "nowhere"),
]
# On a store whose revisions up to 5 are compacted.
COMPACTED = [ends("a", "--rev=2", "-w", form) for form in ("simple", "json", "fields", "protobuf", "table")]



def run(program: str | Path, member: Member, wanted: Run) -> tuple[int | None, bytes, bytes]:
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("ETCDCTL_")}
    environment |= {"ETCDCTL_ENDPOINTS": member.address, **wanted.variables}
    process = subprocess.Popen([program, *wanted.words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment)
    with process:
        try:
            return converse(process, wanted)
        finally:
            process.kill()


def converse(process: subprocess.Popen, wanted: Run) -> tuple[int | None, bytes, bytes]:
    output = {process.stdout: b"", process.stderr: b""}
    try:
        process.stdin.write((wanted.typed or "").encode())
        process.stdin.flush()
    except BrokenPipeError:  # it has ended before it reads
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    if not wanted.until and not wanted.holds:
        process.stdin.close()
    end = time.monotonic() + TIMEOUT_SECONDS
    with selectors.DefaultSelector() as selector:
        for pipe in output:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > end:
                raise RuntimeError(f"{wanted} gives no {wanted.until!r}: {list(output.values())}")
            for key, _ in selector.select(1):
                piece = os.read(key.fd, 65536)
                output[key.fileobj] += piece
                if not piece:
                    selector.unregister(key.fileobj)
            if is_shown(output[process.stdout], wanted):
                break
    status = None if wanted.until else process.wait(TIMEOUT_SECONDS)
    return status, alike(output[process.stdout], wanted), alike(output[process.stderr], wanted)


def is_shown(output: bytes, wanted: Run) -> bool:
    """With the rest of its line; but protobuf's have no end."""
    place = output.find(wanted.until.encode()) if wanted.until else -1
    return place >= 0 and ("protobuf" in wanted.words or b"\n" in output[place + len(wanted.until):])


def alike(output: bytes, wanted: Run) -> bytes:
    """Without the log's lines but for those of variables, and, of progress that comes again and again,
    all but the first."""
    lines = [line for line in output.splitlines(keepends=True)
             if not line.startswith(b'{"level"') or b"environment-variable" in line]
    lines = [re.sub(rb'^\{"level".*"environment-variable":', b"of a variable: ", line) for line in lines]
    output = re.sub(rb"\b127\.0\.0\.1:\d+", b"ADDRESS", b"".join(lines))
    if "notify" not in str(wanted) + wanted.until:
        return output
    return output[:output.find(b"\n", output.find(wanted.until.encode()))]


@real_etcd.needed
class EtcdctlWatchBesideEtcdTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.real = real_etcd.build("etcdctl")

    def compare(self, member: Member, runs: list[Run]) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            pairs = list(pool.map(lambda each: (each, run(self.real, member, each),
                                                run(ETCDCTL, member, each)), runs))
        differing = [f"{each}\n  real: {real}\n  ours: {ours}" for each, real, ours in pairs
                     if real != ours]
        self.assertEqual(differing, [], f"{len(differing)} of {len(pairs)}\n" + "\n".join(differing))

    def compare_on(self, program: str | Path) -> None:
        with Member(program, *PROGRESS) as member:
            for words in HISTORY:
                self.write(member, *words)
            self.compare(member, RUNS)
            self.write(member, "compaction", "5")
            self.compare(member, COMPACTED)

    def write(self, member: Member, *words: str) -> None:
        subprocess.run([ETCDCTL, "--endpoints", member.address, *words], check=True,
                       capture_output=True, timeout=TIMEOUT_SECONDS)

    def test_on_a_real_etcd(self) -> None:
        self.compare_on(real_etcd.build("etcd"))

    def test_on_ours(self) -> None:
        self.compare_on(ETCD)


if __name__ == "__main__":
    unittest.main()
