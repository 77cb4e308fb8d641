"""Random requests about users, roles, tokens and the keys that they protect, which collide often:
each is asked by somebody, who may be known, known no more, or nobody."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from protocol import AUTH, CLUSTER, KV, LEASE, MAINTENANCE, auth, rpc

USERS = ["root", "ann", "bob", "cid"]
ROLES = ["root", "r0", "r1", "r2", "none"]
KEYS = [b"a", b"b", b"b1", b"c", b"d", b"\0"]
ENDS = [b"", b"", b"", b"b", b"c", b"d", b"e", b"\0", b"a"]
LEASES = [11, 12, 13]
LEASE_SECONDS = 100_000
# Of a role: of more than these, those of one key are in an order that Go's sort happens to make, and
# the first of them is the one that a further grant changes.
PERMISSIONS_MAX = 12
# What is no token of anybody's.
MALFORMED = ["", "x", ".", "a.b", "abcdefghijklmnop.1", "a.1.2", "abcdefghijklmnop.-1",
             "Bearer ", "\u00e4", "x" * 1000, "x" * 1_000_000]
# 3.4 waits for an entry with a negative index without an end.
MALFORMED_OF_OLD = [token for token in MALFORMED if "-" not in token]


@dataclass
class Call:
    """What is asked, and by whom: the number of a log-in, a text that is no token, or None."""
    service: str
    method: str
    message: Any
    response: Any
    by: int | str | None


class AuthCalls:
    """Those of a seed. To an `old` etcd, 3.4, without what ends it, or leaves it in another state
    than 3.7."""

    def __init__(self, seed: int, old: bool = False) -> None:
        self.random = random.Random(seed)
        self.old = old
        self.enabled = False
        self.granted: Counter[str] = Counter()  # of each role
        self.logins = 0
        self.by_user: dict[str, int] = {}

    def founding(self) -> list[Call]:
        """What makes root, and enables authentication."""
        return [
            self._auth("UserAdd", rpc.AuthUserAddRequest(name="root", password="root"), None),
            self._auth("UserGrantRole", rpc.AuthUserGrantRoleRequest(user="root", role="root"), None),
            self._auth("AuthEnable", rpc.AuthEnableRequest(), None),
            self._login("root", "root"),
        ]

    def next(self) -> Call:
        makers = {self._keys: 500, self._user: 60, self._role: 110, self._lease: 80,
                  self._log_in: 25, self._look: 60, self._member: 30,
                  self._switch: 2 if self.enabled else 40}
        return self.random.choices(list(makers), weights=makers.values())[0]()

    def done(self, call: Call) -> None:
        """The call was answered, without an error."""
        if call.method == "Authenticate":
            self.by_user[call.message.name] = self.logins
            self.logins += 1
        if call.method in ("AuthEnable", "AuthDisable"):
            self.enabled = call.method == "AuthEnable"
        if call.method == "RoleGrantPermission":
            self.granted[call.message.name] += 1
        if call.method == "RoleDelete":
            del self.granted[call.message.role]

    def _by(self) -> int | str | None:
        if self.old and not self.enabled:
            return None  # 3.4 refuses tokens then
        chance = self.random.random()
        if chance < 0.04:
            return None
        if chance < 0.06:
            return self.random.choice(MALFORMED_OF_OLD if self.old else MALFORMED)
        if chance < 0.10 and self.logins:
            return self.random.randrange(self.logins)  # it may be known no more
        return self.by_user[self.random.choice(list(self.by_user))]

    def _admin(self) -> int | str | None:
        disabled = self.old and not self.enabled
        return self.by_user.get("root") if self._happens(0.85) and not disabled else self._by()

    def _auth(self, method: str, message: Any, by: int | str | None) -> Call:
        response = getattr(rpc, type(message).__name__.replace("Request", "Response"))
        return Call(AUTH, method, message, response, by)

    def _login(self, user: str, password: str) -> Call:
        return self._auth("Authenticate", rpc.AuthenticateRequest(name=user, password=password), None)

    def _log_in(self) -> Call:
        user = self.random.choice(USERS)
        return self._login(user, user if self.random.random() < 0.9 else "wrong")

    def _any_range(self) -> dict[str, bytes]:
        return {"key": self.random.choice(KEYS), "range_end": self.random.choice(ENDS)}

    def _range(self) -> dict[str, bytes]:
        """Not the wrong way round: what etcd says to that depends on the order of its tree."""
        while True:
            fields = self._any_range()
            if fields["range_end"] in (b"", b"\0") or fields["range_end"] > fields["key"]:
                return fields

    def _happens(self, probability: float) -> bool:
        return self.random.random() < probability

    def _put_request(self):
        return rpc.PutRequest(key=self.random.choice(KEYS), value=b"%d" % self.random.randrange(100),
                              prev_kv=self._happens(0.2),
                              lease=self.random.choice(LEASES) if self._happens(0.2) else 0)

    def _range_request(self):
        return rpc.RangeRequest(**self._range(), serializable=self._happens(0.2),
                                count_only=self._happens(0.1))

    def _delete_request(self):
        return rpc.DeleteRangeRequest(**self._range(), prev_kv=self._happens(0.3))

    def _op(self, depth: int):
        kind = self.random.randrange(4 if depth else 3)
        if kind == 0:
            return rpc.RequestOp(request_range=self._range_request())
        if kind == 1:
            put = self._put_request()
            if self.old:  # in a transaction 3.4 asks only whether the key may be written
                put.prev_kv = False
                put.lease = 0
            return rpc.RequestOp(request_put=put)
        if kind == 2:
            return rpc.RequestOp(request_delete_range=self._delete_request())
        return rpc.RequestOp(request_txn=self._txn_request(depth - 1))

    def _txn_request(self, depth: int):
        txn = rpc.TxnRequest()
        for _ in range(self.random.randrange(2)):
            txn.compare.append(rpc.Compare(target=rpc.Compare.VERSION, result=rpc.Compare.GREATER,
                                           version=self.random.randrange(3), **self._range()))
        for branch in (txn.success, txn.failure):
            branch.extend(self._op(depth) for _ in range(self.random.randrange(3)))
        return txn

    def _keys(self) -> Call:
        kind = self.random.randrange(10)
        if kind < 4:
            return Call(KV, "Range", self._range_request(), rpc.RangeResponse, self._by())
        if kind < 7:
            return Call(KV, "Put", self._put_request(), rpc.PutResponse, self._by())
        if kind < 8:
            return Call(KV, "DeleteRange", self._delete_request(), rpc.DeleteRangeResponse, self._by())
        depth = 0 if self.old else 2  # 3.4 does not look into a transaction within another
        return Call(KV, "Txn", self._txn_request(depth), rpc.TxnResponse, self._by())

    def _user(self) -> Call:
        user = self.random.choice([*USERS[1:], "", "root"])
        role = self.random.choice(ROLES)
        options = auth.UserAddOptions(no_password=True) if self._happens(0.1) else None
        return self.random.choice([
            lambda: self._auth("UserAdd", rpc.AuthUserAddRequest(
                name=user, password=user, options=options), self._admin()),
            lambda: self._auth("UserAdd", rpc.AuthUserAddRequest(name=user, password=user),
                               self._admin()),
            lambda: self._auth("UserDelete", rpc.AuthUserDeleteRequest(name=user), self._admin()),
            lambda: self._auth("UserChangePassword", rpc.AuthUserChangePasswordRequest(
                name=user, password=user), self._admin()),
            lambda: self._auth("UserGrantRole", rpc.AuthUserGrantRoleRequest(
                user=user, role=role), self._admin()),
            lambda: self._auth("UserGrantRole", rpc.AuthUserGrantRoleRequest(
                user=user, role=role), self._admin()),
            lambda: self._auth("UserRevokeRole", rpc.AuthUserRevokeRoleRequest(
                name=user, role=role), self._admin()),
        ])()

    def _role(self) -> Call:
        role = self.random.choice([*ROLES, *ROLES, ""])
        # 3.4 takes a range that ends before it begins, and ends where there is no permission.
        permitted = self._range() if self.old else self._any_range()
        permission = auth.Permission(permType=self.random.randrange(3), **permitted)
        nothing = {"perm": permission} if self.old else {}
        if self.granted[role] == PERMISSIONS_MAX:
            return self._auth("RoleDelete", rpc.AuthRoleDeleteRequest(role=role), self._admin())
        return self.random.choice([
            lambda: self._auth("RoleAdd", rpc.AuthRoleAddRequest(name=role), self._admin()),
            lambda: self._auth("RoleDelete", rpc.AuthRoleDeleteRequest(role=role), self._admin()),
            lambda: self._auth("RoleGrantPermission", rpc.AuthRoleGrantPermissionRequest(
                name=role, perm=permission), self._admin()),
            lambda: self._auth("RoleGrantPermission", rpc.AuthRoleGrantPermissionRequest(
                name=role, perm=permission), self._admin()),
            lambda: self._auth("RoleGrantPermission", rpc.AuthRoleGrantPermissionRequest(
                name=role, **nothing), self._admin()),
            lambda: self._auth("RoleRevokePermission", rpc.AuthRoleRevokePermissionRequest(
                role=role, **self._range()), self._admin()),
        ])()

    def _look(self) -> Call:
        user, role = self.random.choice([*USERS, "none"]), self.random.choice(ROLES)
        return self.random.choice([
            lambda: self._auth("AuthStatus", rpc.AuthStatusRequest(), self._by()),
            lambda: self._auth("UserGet", rpc.AuthUserGetRequest(name=user), self._by()),
            lambda: self._auth("UserList", rpc.AuthUserListRequest(), self._by()),
            lambda: self._auth("RoleGet", rpc.AuthRoleGetRequest(role=role), self._by()),
            lambda: self._auth("RoleList", rpc.AuthRoleListRequest(), self._by()),
        ])()

    def _lease(self) -> Call:
        lease, by = self.random.choice(LEASES), self._by()
        if self.old and self.enabled and by is None:
            by = MALFORMED_OF_OLD[0]  # 3.4 does not ask who grants or revokes a lease without keys
        return self.random.choice([
            lambda: Call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=lease, TTL=LEASE_SECONDS),
                         rpc.LeaseGrantResponse, by),
            lambda: Call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=lease, TTL=LEASE_SECONDS),
                         rpc.LeaseGrantResponse, by),
            lambda: Call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease),
                         rpc.LeaseRevokeResponse, by),
            lambda: Call(LEASE, "LeaseTimeToLive",
                         rpc.LeaseTimeToLiveRequest(ID=lease, keys=self._happens(0.7)),
                         rpc.LeaseTimeToLiveResponse, by),
            lambda: Call(LEASE, "LeaseLeases", rpc.LeaseLeasesRequest(), rpc.LeaseLeasesResponse, by),
        ])()

    def _member(self) -> Call:
        by = self._by()
        return self.random.choice([
            lambda: Call(CLUSTER, "MemberList", rpc.MemberListRequest(), rpc.MemberListResponse, by),
            lambda: Call(MAINTENANCE, "Alarm", rpc.AlarmRequest(), rpc.AlarmResponse, by),
            lambda: Call(MAINTENANCE, "Alarm", rpc.AlarmRequest(action=2, alarm=1),
                         rpc.AlarmResponse, by),
            lambda: Call(MAINTENANCE, "HashKV", rpc.HashKVRequest(), rpc.HashKVResponse, by),
            lambda: Call(MAINTENANCE, "MoveLeader", rpc.MoveLeaderRequest(targetID=5),
                         rpc.MoveLeaderResponse, by),
            lambda: Call(KV, "Compact", rpc.CompactionRequest(revision=10**9),
                         rpc.CompactionResponse, by),
            lambda: Call(CLUSTER, "MemberRemove", rpc.MemberRemoveRequest(ID=5),
                         rpc.MemberRemoveResponse, by),
        ])()

    def _switch(self) -> Call:
        if not self.enabled:
            return self.random.choice(self.founding()[:3])
        on = self._happens(0.6)
        message = rpc.AuthEnableRequest() if on else rpc.AuthDisableRequest()
        return self._auth("AuthEnable" if on else "AuthDisable", message, self._admin())
