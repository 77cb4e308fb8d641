"""What tests of etcd-dump-logs, etcd-dump-db and etcd-dump-metrics have in common."""

import os
import re
import subprocess
from pathlib import Path

from cluster_case import ClusterCase
from member import Member, scratch_folder
from protocol import AUTH, CLUSTER, KV, LEASE, raft_internal, rpc
from wal_file import CONF_CHANGE, METADATA, WalFile, data_field, numbers

BINARIES = Path(__file__).resolve().parents[2] / "build/dev/bin"
ETCD = os.environ.get("ETCD", str(BINARIES / "etcd"))
TOOLS = {name: os.environ.get(name.upper().replace("-", "_"), str(BINARIES / name))
         for name in ("etcd-dump-logs", "etcd-dump-db", "etcd-dump-metrics")}
GATES = "--feature-gates=LeaseCheckpoint=true"
TIMEOUT_SECONDS = 60
STAMP = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", re.MULTILINE)


def without_stamps(text: str) -> str:
    return STAMP.sub("", text)


def all_requests() -> list:
    """One of each kind, as etcd's own test of its tool has them; and those that it lacks."""
    made = []

    def add(field: str, **values) -> None:
        request = raft_internal.InternalRaftRequest(ID=5 + len(made))
        part = getattr(request, field)
        part.SetInParent()
        for name, value in values.items():
            if isinstance(value, list):
                getattr(part, name).extend(value)
            elif hasattr(value, "SerializeToString"):
                getattr(part, name).CopyFrom(value)
            else:
                setattr(part, name, value)
        made.append(request)

    removal = rpc.RequestOp(
        request_delete_range=rpc.DeleteRangeRequest(key=b"a", range_end=b"b"))
    add("range", key=b"1", range_end=b"hi", limit=6, revision=1, sort_order=1,
        max_mod_revision=20000, max_create_revision=20000)
    add("put", key=b"foo1", value=b"bar1", lease=1, ignore_lease=True)
    add("delete_range", key=b"0", range_end=b"9", prev_kv=True)
    add("txn", success=[removal], failure=[removal])
    add("compaction", physical=True)
    add("lease_grant", TTL=1, ID=1)
    add("lease_revoke", ID=2)
    add("alarm", action=3, memberID=4, alarm=5)
    add("auth_enable")
    add("auth_disable")
    add("authenticate", name="myname", password="password", simple_token="token")
    add("auth_user_add", name="name1", password="pass1")
    made[-1].auth_user_add.options.SetInParent()
    add("auth_user_delete", name="name1")
    add("auth_user_get", name="name1")
    add("auth_user_change_password", name="name1", password="pass2")
    add("auth_user_grant_role", user="user1", role="role1")
    add("auth_user_revoke_role", name="user2", role="role2")
    add("auth_user_list")
    add("auth_role_list")
    add("auth_role_add", name="role2")
    add("auth_role_delete", role="role1")
    add("auth_role_get", role="role3")
    add("auth_role_grant_permission", name="role3")
    permission = made[-1].auth_role_grant_permission.perm
    permission.permType, permission.key, permission.range_end = 1, b"Keys", b"RangeEnd"
    add("auth_role_revoke_permission", role="role3", key=b"key", range_end=b"rangeend")
    add("lease_checkpoint", checkpoints=[rpc.LeaseCheckpoint(ID=3, remaining_TTL=9)])
    add("put", key=b"\0\xff\n\"\\", value="ä\x7f\u0085€".encode())
    return made


def conf_change(number: int, kind: int, member: int) -> bytes:
    return numbers(number, kind, member) + data_field(4, b"")


def full_log() -> WalFile:
    """Four changes of members, then one request of each kind, each at a term of its own."""
    log = WalFile()
    log.append(METADATA, b"")
    log.mark(0, 0)
    for index, (kind, member) in enumerate(((0, 2), (1, 2), (2, 2), (3, 3)), 1):
        log.entry(min(index, 2), index, conf_change(index, kind, member), CONF_CHANGE)
    for place, request in enumerate(all_requests()):
        log.entry(3 + place, 5 + place, request.SerializeToString())
    log.state(40, 0, 5)
    return log


class DumpCase(ClusterCase):
    def setUp(self) -> None:
        self.folder = Path(scratch_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder], check=True)

    def directory(self, log: WalFile) -> Path:
        data = self.folder / "written"
        (data / "member/snap").mkdir(parents=True, exist_ok=True)
        (data / "member/wal").mkdir(exist_ok=True)
        log.write(data / "member/wal")
        return data

    def run_tool(self, tool: str | Path, *words: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run([tool, *map(str, words)], capture_output=True,
                              timeout=TIMEOUT_SECONDS, text=True, errors="surrogateescape")

    def told(self, name: str, *words: str | Path) -> str:
        done = self.run_tool(TOOLS[name], *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, name: str, *words: str | Path, status: int = 1) -> str:
        done = self.run_tool(TOOLS[name], *words)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, STAMP)
        return without_stamps(done.stderr)

    def member(self, program: str | Path = ETCD, *flags: str) -> Member:
        member = Member(program, *flags)
        self.addCleanup(member.__exit__)
        member.start()
        return member

    def fill(self, member: Member) -> None:
        """An entry of each kind that a client can ask for."""
        client = self.client(member)
        client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=77, TTL=1000),
                    rpc.LeaseGrantResponse)
        client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=78, TTL=1000),
                    rpc.LeaseGrantResponse)
        for number in range(60):
            client.put(b"k%d" % number, b"v" * 500)
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"k7"), rpc.DeleteRangeResponse)
        client.call(KV, "Put", rpc.PutRequest(key=b"leased", lease=77), rpc.PutResponse)
        put = rpc.RequestOp(request_put=rpc.PutRequest(key=b"t", value=b"u"))
        client.call(KV, "Txn", rpc.TxnRequest(success=[put]), rpc.TxnResponse)
        client.call(KV, "Compact", rpc.CompactionRequest(revision=20, physical=True),
                    rpc.CompactionResponse)
        client.call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=78), rpc.LeaseRevokeResponse)
        client.call(AUTH, "UserAdd", rpc.AuthUserAddRequest(name="ann", password="secret"),
                    rpc.AuthUserAddResponse)
        client.call(AUTH, "RoleAdd", rpc.AuthRoleAddRequest(name="reader"),
                    rpc.AuthRoleAddResponse)
        grant = rpc.AuthRoleGrantPermissionRequest(name="reader")
        grant.perm.permType, grant.perm.key, grant.perm.range_end = 2, b"k", b"l"
        client.call(AUTH, "RoleGrantPermission", grant, rpc.AuthRoleGrantPermissionResponse)
        client.call(AUTH, "UserGrantRole", rpc.AuthUserGrantRoleRequest(user="ann", role="reader"),
                    rpc.AuthUserGrantRoleResponse)
        client.call(CLUSTER, "MemberAdd", rpc.MemberAddRequest(
            peerURLs=["http://127.0.0.1:9"], isLearner=True), rpc.MemberAddResponse)

    def filled(self, program: str | Path = ETCD, *flags: str) -> Path:
        """The directory of a member that has ended."""
        member = self.member(program, *flags)
        self.fill(member)
        member.stop()
        return member.folder / "data"
