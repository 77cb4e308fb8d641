#!/usr/bin/python3
"""The same command lines to our etcdctl and to a real etcdctl 3.7.1: the same exit status and the same
bytes on standard output and standard error. What only reads goes to one member; what writes goes to
two, which are alike to the ids. What may differ is in docs/differences.md, and listed here. Only with
E2E_FULL.

ETCD and ETCDCTL in the environment are our programs.
"""

import os
import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import real_etcd
from member import Member

ROOT = Path(__file__).resolve().parents[2]
ETCD = os.environ.get("ETCD", str(ROOT / "build/dev/bin/etcd"))
ETCDCTL = os.environ.get("ETCDCTL", str(ROOT / "build/dev/bin/etcdctl"))
TIMEOUT_SECONDS = 60
WORKERS = 4

Line = tuple[tuple[bytes, ...], bytes]  # words, and what is read

# Of each class of bytes: what a terminal, JSON, UTF-8 or Go's %q takes apart.
TEXTS = [
    b"plain", b"with space", b" ", b"\x01", b"\x07\x08\x0b\x0c", b"\x1b[31m", b"\x7f", b"a\nb", b"\r\n",
    b"\t", b'"', b"'", b"\\", b"\\n", b"%s%d", b"<a>&b</a>", b"/", b"{}", b"[1,2]", b"--flag", b"-",
    b"\x80", b"\xff\xfe", b"\xc3", b"\xc3\x28", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\xc0\x80", "ü".encode(), "日本".encode(), "\u0085".encode(), "\u00a0".encode(),
    "\u00ad".encode(), "\u0301".encode(), "\u200b".encode(), "\u2028\u2029".encode(),
    "\u202e".encode(), "\ufeff".encode(), "\ufffd".encode(), "\ue000".encode(),
    "\U0001f600".encode(), "\U0010ffff".encode(), "\U000e0001".encode(), b"x" * 3000,
]
FORMATS = ["simple", "json", "fields", "protobuf", "table", "xml", "", "JSON"]


def line(*words: str | bytes, read: bytes = b"") -> Line:
    return tuple(w.encode() if isinstance(w, str) else w for w in words), read


def lines(text: str) -> list[Line]:
    """One command line a line, words apart by spaces; '' is an empty word, ADDRESS the member's."""
    return [line(*("" if word == "''" else word for word in each.split()))
            for each in text.strip().splitlines()]


READS = lines("""
    get
    get ''
    get a b c
    get plain
    get nothing
    get '' --prefix
    get '' --prefix --keys-only
    get '' --prefix --count-only
    get '' --prefix --count-only -w fields
    get '' --prefix --count-only --keys-only
    get '' --prefix --print-value-only
    get '' --prefix --print-value-only -w json
    get '' --prefix --print-value-only --keys-only
    get '' --prefix --limit 3
    get '' --prefix --limit 3 -w fields
    get '' --prefix --limit -1
    get '' --prefix --limit 99999999999999999999
    get '' --prefix --limit x
    get '' --prefix --limit 0x3
    get '' --prefix --limit 1_0
    get '' --from-key
    get p --from-key
    get p q --from-key
    get p q --prefix
    get p --prefix --from-key
    get a z
    get z a
    get plain --rev 1
    get plain --rev 3
    get plain --rev 0
    get plain --rev -1
    get plain --rev 100000
    get plain --rev x
    get plain --consistency s
    get plain --consistency l
    get plain --consistency x
    get plain --consistency ''
    --consistency s get plain
    --rev 3 get plain
    --lease 0 put
    get plain --consistency=s --consistency=l
    get '' --prefix --order ASCEND
    get '' --prefix --order DESCEND
    get '' --prefix --order descend
    get '' --prefix --order X
    get '' --prefix --order ''
    get '' --prefix --sort-by KEY
    get '' --prefix --sort-by VALUE
    get '' --prefix --sort-by CREATE --order DESCEND
    get '' --prefix --sort-by MODIFY --order DESCEND --keys-only
    get '' --prefix --sort-by VERSION
    get '' --prefix --sort-by version
    get '' --prefix --sort-by LENGTH
    get '' --prefix --min-mod-rev 5
    get '' --prefix --max-mod-rev 5
    get '' --prefix --min-create-rev 5 --max-create-rev 8
    get '' --prefix --min-mod-rev x
    get plain --hex
    get plain --hex=true
    get plain --hex=maybe
    get plain --write-out=json
    get plain -wjson
    get plain -w=json
    get plain -w
    get plain --write-out
    get plain --nope
    get plain -z
    get plain --=x
    get plain ---x
    get plain -
    get -- plain
    get -- --prefix
    --write-out json get plain
    --hex get plain
    -w fields --hex get plain
    ge plain
    g plain
    GET plain
    nope
    nope get plain
    ''
    -- get plain
    get plain --endpoints
    get plain --command-timeout x
    get plain --command-timeout 5
    get plain --command-timeout 0s
    get plain --command-timeout -1s
    get plain --dial-timeout 0s
    get plain --dial-timeout 1x
    get plain --keepalive-time 0s
    get plain --keepalive-time x
    get plain --keepalive-time -1s
    get plain --keepalive-time
    get plain --keepalive-timeout 1x
    get plain --keepalive-timeout 0s
    get plain --keepalive-timeout -1s
    get plain --keepalive-time 1ms --keepalive-timeout 1ms
    get plain --keepalive-time=1h --keepalive-timeout=1h
    get plain --endpoints 127.0.0.1:1,ADDRESS
    get plain --endpoints ADDRESS,ADDRESS
    get plain --endpoints 127.0.0.1:1 --endpoints ADDRESS
    get plain --endpoints 127.0.0.1:1 --command-timeout 500ms
    put plain v --endpoints 127.0.0.1:1,127.0.0.1:2 --command-timeout 500ms
    member list --endpoints 127.0.0.1:1,ADDRESS
    alarm list --endpoints 127.0.0.1:1,ADDRESS
    snapshot save /nowhere/file --endpoints 127.0.0.1:1,ADDRESS
    endpoint health --endpoints 127.0.0.1:1,ADDRESS --command-timeout 1s
    endpoint status --endpoints 127.0.0.1:1,ADDRESS --command-timeout 1s
    endpoint status --endpoints 127.0.0.1:1 --command-timeout 1s -w json
    endpoint hashkv --endpoints 127.0.0.1:1,ADDRESS --command-timeout 1s
    get plain --debug=maybe
    get plain --user ''
    get plain --insecure-transport=false
    get plain --cacert=
    get plain --cert=
    get plain --cacert=/nowhere/file
    get plain --cert=/nowhere/file
    get plain --max-request-bytes x
    get plain --max-recv-bytes 10
    get plain --auth-jwt-token x --user x:y
    get plain --user x:y
    get plain --user x --password y
    get plain --stream
    get '' --prefix --stream --keys-only
    get -h
    get --help
    --help
    help
    help get
    help nope
    help member list
    put
    put a
    put '' v
    put a b c
    put a b --lease zz
    put a b --lease 7f
    put a b --lease -1
    lease timetolive -- -1
    lease timetolive --hex -w fields -- -7fffffffffffffff
    lease revoke -- -2
    put a b --ignore-value
    put nothing --ignore-value
    put nothing v --ignore-lease
    put a b --nope
    put -h
    del
    del a b c
    del ''
    del nothing
    del nothing --prev-kv
    del nothing -w json
    del nothing -w fields
    del nothing -w table
    del nothing -w protobuf
    del a b --prefix
    del a --prefix --from-key
    del a b --from-key
    del nothing --range
    del -h
    txn x
    txn -h
    txn -w nope
    compaction
    compaction x
    compaction 1 2
    compaction 0
    compaction -1
    compaction -- -1
    compaction 100000
    compaction 0x1
    compaction -h
    compact 100000
    compac 100000
    comp 1
    c 1
    alarm
    alarm list
    alarm list x
    alarm list -w json
    alarm list -w fields
    alarm list -w table
    alarm list -w protobuf
    alarm disarm x
    alarm disarm
    alarm nope
    alarm -h
    alarm list -h
    defrag -h
    defrag x
    endpoint
    endpoint -h
    endpoint nope
    endpoint health -h
    endpoint status
    endpoint status -w json
    endpoint status -w fields
    endpoint status -w table
    endpoint status -w protobuf
    endpoint status -w xml
    endpoint status --cluster
    endpoint status --hex
    endpoint status -w json --hex
    endpoint status -w fields --hex
    endpoint status x
    endpoint status -h
    endpoint hashkv
    endpoint hashkv -w json
    endpoint hashkv -w fields
    endpoint hashkv -w table
    endpoint hashkv -w protobuf
    endpoint hashkv --rev 3
    endpoint hashkv --rev 100000
    endpoint hashkv --rev -1
    endpoint hashkv --rev x
    endpoint hashkv -h
    endpoint health
    endpoint health -w json
    endpoint health -w fields
    endpoint health -w table
    endpoint health --cluster
    endpoint health x
    member
    member -h
    member nope
    member list
    member list -w json
    member list -w json --hex
    member list -w fields
    member list -w fields --hex
    member list -w table
    member list -w protobuf
    member list -w xml
    member list --hex
    member list --consistency s
    member list --consistency x
    member list x
    member list -h
    member add
    member add n5
    member add n5 --peer-urls ''
    member add n5 --peer-urls=bad
    member add n5 --peer-urls=http://a:1,
    member add n5 --peer-urls=http://a:1/path
    member add --peer-urls=http://a:1
    member add n5 n6 --peer-urls=http://a:1
    member add -h
    member remove
    member remove zz
    member remove a b
    member remove 77
    member remove 77 -w json
    member remove 0x77
    member remove ''
    member remove -- -1
    member remove ffffffffffffffffff
    member remove -h
    member update
    member update zz --peer-urls=http://a:1
    member update 77
    member update 77 --peer-urls=bad
    member update 77 --peer-urls=http://a:1
    member update a b --peer-urls=http://a:1
    member update -h
    member promote
    member promote zz
    member promote a b
    member promote 77
    member promote -h
    move-leader
    move-leader zz
    move-leader a b
    move-leader 77
    move-leader -h
    move-l 77
    downgrade
    downgrade -h
    downgrade nope
    downgrade validate
    downgrade validate a b
    downgrade validate x
    downgrade validate ''
    downgrade validate 3.5
    downgrade validate 3.6
    downgrade validate 3.6.0 -w json
    downgrade validate 3.6 -w fields
    downgrade validate 3.6 -w table
    downgrade validate 3.6 -w protobuf
    downgrade validate -h
    downgrade enable
    downgrade enable a b
    downgrade enable ''
    downgrade enable 3.7
    downgrade enable -h
    downgrade cancel
    downgrade cancel x
    downgrade cancel -h
    snapshot
    snapshot -h
    snapshot nope
    snapshot save
    snapshot save a b
    snapshot save -h
    snapshot save /nowhere/file
    make-mirror
    make-mirror a b
    make-mirror a --max-txn-ops=-1
    make-mirror a --max-txn-ops=18446744073709551616
    make-mirror ADDRESS --dest-prefix=a --no-dest-prefix
    make-mirror -h
    check
    check nope
    check -h
    check perf --load=x
    check perf --auto-compact=x
    check perf -h
    check datascale --load=
    check datascale -h
    version
    version x
    version -h
    version -w json
    options
    options x
""") + [line("get", "", "--prefix", "-w", form, *more)
        for form in FORMATS for more in ([], ["--hex"], ["--keys-only"], ["--limit", "2"])]

# In this order, each with both tools on their own member.
WRITES = (
    [line("put", "--", key, b"value of " + key) for key in TEXTS]
    + [line("put", "--", b"v" + str(i).encode(), value) for i, value in enumerate(TEXTS)]
    + [line("put", f"read{i}", read=read)
       for i, read in enumerate([b"", b"a", b"a\n", b"\n", b"a\0b", b"\xff\n\n", b"x" * 70000])]
    + [line("put", "f", "v", "-w", form) for form in FORMATS]
    + [line("put", "f", "v", "--prev-kv", "-w", form, *more)
       for form in FORMATS for more in ([], ["--hex"])]
    + lines("""
    put new v --prev-kv
    put f --ignore-value
    put f v2 --ignore-lease
    put f v --ignore-value
    put f --ignore-value --ignore-lease
    put f '' --prev-kv
    put f v --lease 0
    put f v --lease=00
    pu f v
    del new
    del f --prev-kv -w json
    del v0 v2 --prev-kv
    del v2 --prev-kv --hex -w fields
    del v3 --prev-kv -w protobuf
    del v4 -w simple
    del v5 -w table
    de v6
    """)
    + [line("del", "--prev-kv", "--", key) for key in TEXTS[:12]]
    + [line("txn", *more, read=read) for more in ([], ["-i"], ["-w", "json"], ["-w", "fields"],
                                                  ["-w", "protobuf"], ["-w", "table"])
       for read in (
           b'value("plain") = "x"\n\nput c "x y"\nget c\ndel nothing\n\nget a\nput d 1\n\n',
           b'mod("c") > "1"\nver("c") < "90"\n\nput c 2 --prev-kv\n\nget a\n\n',
           b'create("c") != "0"\n\nget c\nput c 4\n\n\n', b"\n\n\n", b"\n", b"",
           b'lease("c") = "0"\n\nget --prefix v1\n\n\n', b"nonsense\n\n\n\n",
           b'mod("a") > "x"\n\n\n\n', b'mod(a) > "1"\n\n\n\n', b'mod("a") ~ "1"\n\n\n\n',
           b'ver("a")="1"\n\nput "k\\x00\\xff" "\\u00fc\\n"\n\n\n', b"\nfly away\n\n\n",
           b"\nput a\n\n\n", b"\nput a b c\n\n\n", b'\nput "a\n\n\n', b"\nget\n\n\n",
           b"\nput k 'single quotes' --prev-kv\n\n\n", b'\nget "" --prefix --limit 1\n\n\n',
           b'value("c") = "\\"q\\""\n\nget c\n\nget c\n\n', b'\ndel "" --from-key\n\n\n')]
    + [line("put", "again", value) for value in TEXTS[:5]]
    + lines("""
    defrag
    defrag --cluster
    compaction 20
    compaction 20
    compaction 30 --physical
    compact 31
    compaction 32 -w json
    get again --rev 5
    get '' --prefix
    snapshot save /nowhere/file
    """)
)

# Where ours answers otherwise, by a pattern of the words, and why. Each must occur.
DIFFERENCES = {
    r"txn.* <b'lease\(.*": "etcd's panics: a comparison of a lease",
    r"txn.* <b'mod\(\"a\"\) ~.*": "etcd's panics: an operator that there is none of",
    r"(''|-- get plain|help|help nope|--help|de v6|nope|nope get plain|comp 1|c 1)":
        "commands that etcd does not have are shown, and suggested",
    r"options( x)?": "flags that etcd does not have are shown",
    r"member list --consistency x": "etcd's names another value than the one that is wrong",
}


def words_of(command: Line) -> str:
    words, read = command
    text = " ".join(word.decode(errors="backslashreplace") or "''" for word in words)
    return text + (f" <{read[:60]!r}" if read else "")


def alike(output: bytes) -> bytes:
    """Without what two runs tell apart."""
    output = re.sub(rb"127\.0\.0\.1:\d+", b"ADDRESS", output)
    output = re.sub(rb"took( = |\.? )[\d.]+[a-z\xc2\xb5]+s?", b"took T", output)
    output = re.sub(rb'("[Tt]ook" ?: ?)"?[\d.]+[a-z\xc2\xb5]+"?', rb"\1T", output)
    output = re.sub(rb"\b\d+\.\d+(ms|\xc2\xb5s|s)\b", b"T", output)
    output = re.sub(rb"\b\d+(\.\d+)? [kM]B\b", b"SIZE", output)
    output = re.sub(rb"\b\d+%", b"P%", output)
    if b"TOOK" in output:  # a table as wide as the time is long
        output = re.sub(rb"(\xe2\x94\x80)+", b"-", re.sub(rb" +", b" ", output))
    return re.sub(rb'("(?:[rR]aft(?:Applied)?Index|(?:db|DB)Size(?:InUse)?)" ?: ?)\d+', rb"\1N", output)


class Ran:
    def __init__(self, done: subprocess.CompletedProcess) -> None:
        self.status = done.returncode
        self.output = alike(done.stdout)
        # The log's lines name a place in the source; ours say the same in fewer.
        self.error = alike(b"".join(each for each in done.stderr.splitlines(keepends=True)
                                    if not each.startswith(b"{")))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ran) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"{self.status} {self.output[:700]!r} {self.error[:500]!r}"


def run(program: str | Path, member: Member, command: Line) -> Ran:
    words, read = command
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("ETCDCTL_")}
    environment["ETCDCTL_ENDPOINTS"] = member.address
    words = [word.replace(b"ADDRESS", member.address.encode()) for word in words]
    if b"--endpoints" in words:  # etcdctl takes both for a contradiction
        del environment["ETCDCTL_ENDPOINTS"]
    return Ran(subprocess.run([program, *words], input=read, capture_output=True, env=environment,
                              timeout=TIMEOUT_SECONDS))


@real_etcd.needed
class EtcdctlBesideEtcdTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.real = real_etcd.build("etcdctl")
        # Alike to the ids, which come from what they advertise to their peers.
        cls.occurred: set[str] = set()
        cls.members = []
        for _ in range(2):
            member = Member(ETCD)
            peer = "http://127.0.0.1:1"
            member.flags = ("--initial-advertise-peer-urls", peer, "--initial-cluster", f"m={peer}")
            cls.members.append(member.__enter__())

    @classmethod
    def tearDownClass(cls) -> None:
        for member in cls.members:
            member.__exit__(None, None, None)

    def compare(self, pairs: list[tuple[Line, Ran, Ran]]) -> None:
        differing = [(words_of(command), real, ours) for command, real, ours in pairs
                     if real != ours]
        listed = {pattern: [words for words, _, _ in differing if re.fullmatch(pattern, words)]
                  for pattern in DIFFERENCES}
        unlisted = [f"{words}\n  real: {real}\n  ours: {ours}" for words, real, ours in differing
                    if not any(words in found for found in listed.values())]
        self.assertEqual(unlisted, [], f"{len(unlisted)} of {len(pairs)}\n" + "\n".join(unlisted))
        self.occurred.update(pattern for pattern, found in listed.items() if found)

    def test_all_command_lines(self) -> None:
        self.compare(self.write())
        self.compare(self.read())
        self.assertEqual(self.occurred, set(DIFFERENCES))

    def write(self) -> list[tuple[Line, Ran, Ran]]:
        return [(command, run(self.real, self.members[0], command),
                 run(ETCDCTL, self.members[1], command)) for command in WRITES]

    def read(self) -> list[tuple[Line, Ran, Ran]]:
        member = self.members[0]
        for text in TEXTS:
            run(ETCDCTL, member, line("put", "--", text, text))
        with ThreadPoolExecutor(WORKERS) as pool:
            # An endpoint's state changes with each proposal, even of nothing.
            alone = [self.both(command) for command in READS if b"endpoint" in command[0]]
            return alone + list(pool.map(self.both, [command for command in READS
                                                     if b"endpoint" not in command[0]]))

    def both(self, command: Line) -> tuple[Line, Ran, Ran]:
        return (command, run(self.real, self.members[0], command),
                run(ETCDCTL, self.members[0], command))


if __name__ == "__main__":
    unittest.main()
