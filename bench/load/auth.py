#!/usr/bin/env python3
"""What users, their rights and admission rules cost: one member of ours, with authentication enabled
and disabled by turns.

Usage: scripts/bench auth [WORD...], or auth.py BIN_DIRECTORY [WORD...] with the programs of a
release build; a word chooses the measurements whose names contain it.

The server is on the first core, the clients on the last, where those that load the server beside
the one that measures give way to it; its data is in memory. Each ratio is the
median of several pairs of runs that follow one another, and is printed with what it may be at most.
Ends with 1 if one is above that. The server's CPU time says something on a busy machine, too;
latencies say little there.
"""

import contextlib
import itertools
import os
import pathlib
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from typing import Callable, Iterator

import grpc

import etcd
from compare import cost_of_each
from watch import LOAD_SECONDS_MAX, PORT, Puts, on_last_core

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test/e2e"))

from protocol import ADMISSION, AUTH, admission, auth, rpc  # noqa: E402

ROUNDS = 5
LATENCY_ROUNDS = 9
LATENCY_SECONDS = 6
SHAPE = (100, 10, 50_000)
REQUESTS_A_SECOND = 500
LOG_INS_A_MINUTE = 1000
ROLES, PERMISSIONS_OF_ROLE, ROLES_OF_USER = 10_000, 10, 1_000
CHANGES_A_SECOND = 10
UNDER_WAY = 50
TENANT_A_SECOND, FLOOD_FACTOR = 500, 20
ON_MAX, LOG_INS_MAX, MANY_MAX, CHANGES_MAX, FLOOD_MAX = 1.15, 1.5, 1.1, 2.0, 1.2
PASSWORD = "password"
LOADS = {
    "put": ("Put", etcd.PUT),
    "range, serializable": ("Range", etcd.SERIALIZABLE),
    "range, linearizable": ("Range", etcd.RANGE),
}


class User:
    """A client that may have logged in; without a name nobody."""

    def __init__(self, address: str, name: str | None = None) -> None:
        self.channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self.token: str | None = None
        if name is not None:
            request = rpc.AuthenticateRequest(name=name, password=PASSWORD)
            self.token = rpc.AuthenticateResponse.FromString(
                self.begin("Authenticate", request).result()).token

    def begin(self, method: str, request, service: str = AUTH) -> grpc.Future:
        metadata = [("token", self.token)] if self.token else []
        return self.channel.unary_unary(f"/{service}/{method}").future(
            request.SerializeToString(), timeout=LOAD_SECONDS_MAX, metadata=metadata)

    def do(self, method: str, request, service: str = AUTH) -> None:
        self.begin(method, request, service).result()

    def do_all(self, calls) -> None:
        """Many at a time, which do not depend on one another."""
        under_way = []
        for method, request in calls:
            under_way.append(self.begin(method, request))
            if len(under_way) == UNDER_WAY:
                under_way.pop(0).result()
        for call in under_way:
            call.result()

    def add_user(self, name: str) -> None:
        self.do("UserAdd", rpc.AuthUserAddRequest(name=name, password=PASSWORD))


def add_role(name: str):
    return "RoleAdd", rpc.AuthRoleAddRequest(name=name)


def permit(role: str, key: bytes, range_end: bytes = b""):
    permission = auth.Permission(permType=auth.Permission.READWRITE, key=key, range_end=range_end)
    return "RoleGrantPermission", rpc.AuthRoleGrantPermissionRequest(name=role, perm=permission)


def forbid(role: str, key: bytes):
    return "RoleRevokePermission", rpc.AuthRoleRevokePermissionRequest(role=role, key=key)


def give(user: str, role: str):
    return "UserGrantRole", rpc.AuthUserGrantRoleRequest(user=user, role=role)


class Bench:
    def __init__(self, folder: pathlib.Path, root: pathlib.Path, words: list[str]) -> None:
        self.folder, self.words = folder, words
        self.member = etcd.Member("auth", str(folder / "etcd"), PORT, root)
        self.address = f"127.0.0.1:{PORT}"
        self.above = 0

    def run(self) -> None:
        self.member.start(tls=False)
        try:
            self.member.fill()
            self.found()
            for name, (method, body) in LOADS.items():
                self.beside_disabled(name, method, body)
            self.beside_log_ins("again", restarts=False)
            self.beside_log_ins("anew", restarts=True)
            if self.wants("flood"):
                self.beside_flood()
            if self.wants("many roles"):
                self.of_many_roles()
        finally:
            self.member.stop()

    def wants(self, name: str) -> bool:
        return not self.words or any(word in name for word in self.words)

    def found(self) -> None:
        """Users: root, and two with a role, who may touch what the loads do."""
        nobody = User(self.address)
        for name in ("root", "one"):
            nobody.add_user(name)
            nobody.do(*add_role(name))
            nobody.do(*give(name, name))
        nobody.do(*permit("one", b"key", b"kez"))
        nobody.add_user("tenant")
        nobody.do(*give("tenant", "one"))
        nobody.do("AuthEnable", rpc.AuthEnableRequest())

    # ---- Of the processor ----

    def cost(self, method: str, body: bytes, token: str | None) -> float:
        before = self.handled(method)
        headers = (f"token: {token}",) if token else ()
        cost = cost_of_each(self.member.process.pid, SHAPE[2], lambda: self.member.load(
            f"/etcdserverpb.KV/{method}", etcd.grpc(body), "grpc", SHAPE, headers))
        answered = self.handled(method) - before
        if answered != SHAPE[2]:
            raise SystemExit(f"{answered} of {SHAPE[2]} calls of {method} were answered")
        return cost

    def handled(self, method: str) -> int:
        with urllib.request.urlopen(self.member.url + "/metrics", timeout=60) as answer:
            found = re.search(rf'^grpc_server_handled_total{{grpc_code="OK",grpc_method="{method}".*'
                              rf'}} (\S+)$', answer.read().decode(), re.MULTILINE)
        return int(float(found[1])) if found else 0

    def beside_disabled(self, name: str, method: str, body: bytes) -> None:
        if not self.wants(name):
            return
        self.cost(method, body, User(self.address, "one").token)
        on, off = [], []
        for _ in range(ROUNDS):
            on.append(self.cost(method, body, User(self.address, "one").token))
            User(self.address, "root").do("AuthDisable", rpc.AuthDisableRequest())
            off.append(self.cost(method, body, None))
            User(self.address).do("AuthEnable", rpc.AuthEnableRequest())
        self.judge(f"{name}, by a user beside disabled", "us CPU", on, off, ON_MAX)

    def judge(self, name: str, unit: str, with_it: list[float], without: list[float],
              ratio_max: float) -> None:
        ratios = [one / other for one, other in zip(with_it, without)]
        ratio = statistics.median(ratios)
        verdict = "" if ratio <= ratio_max else "   TOO MUCH"
        self.above += ratio > ratio_max
        print(f"{name:52} {ratio:6.3f} of {ratio_max:.2f}   (of {len(ratios)}: {min(ratios):.3f} to "
              f"{max(ratios):.3f}; {statistics.median(with_it):.1f} and "
              f"{statistics.median(without):.1f} {unit}){verdict}", flush=True)

    # ---- Of latency ----

    def p99(self, kind: str, token: str, beside: Callable[[], contextlib.AbstractContextManager]
            ) -> float:
        with beside():
            requests = Requests(self.folder, kind, token)
            time.sleep(LATENCY_SECONDS)
            result = requests.stop()
        self.failed += result["failed"]
        self.asked += result["count"]
        return result["p99_us"] / 1000

    def compare_latency(self, name: str, kind: str, user: str, beside, ratio_max: float,
                        restarts: bool = False) -> None:
        self.failed = self.asked = 0
        with_it, without = [], []
        for _ in range(LATENCY_ROUNDS):
            if restarts:
                self.member.stop()
                self.member.start(tls=False)
            token = User(self.address, user).token
            without.append(self.p99(kind, token, contextlib.nullcontext))
            with_it.append(self.p99(kind, token, beside))
        self.judge(f"{name}: {kind}, p99", "ms", with_it, without, ratio_max)
        if self.failed:
            print(f"  {self.failed} of {self.asked} failed")

    def beside_log_ins(self, name: str, restarts: bool) -> None:
        name = f"log-ins, {name}"
        if not self.wants(name):
            return
        users = [f"user{number}" for number in range(LOG_INS_A_MINUTE * LATENCY_SECONDS // 60)]
        root = User(self.address, "root")
        for user in users:
            with contextlib.suppress(grpc.RpcError):  # it is there from the other measurement
                root.add_user(user)
            if not restarts:
                User(self.address, user)

        @contextlib.contextmanager
        def log_ins() -> Iterator[None]:
            nobody = User(self.address)
            requests = [("Authenticate", rpc.AuthenticateRequest(name=user, password=PASSWORD))
                        for user in users]
            with Repeated(nobody, requests, LOG_INS_A_MINUTE / 60):
                yield

        for kind in ("put", "range"):
            self.compare_latency(name, kind, "one", log_ins, LOG_INS_MAX, restarts)

    # ---- Of admission rules ----

    def beside_flood(self) -> None:
        rule = admission.Rule(name="tenant", user="tenant", requests_per_second=TENANT_A_SECOND)
        User(self.address, "root").do("RuleSet", admission.RuleSetRequest(rule=rule), ADMISSION)

        @contextlib.contextmanager
        def flood() -> Iterator[None]:
            tenant = Requests(self.folder, "put", User(self.address, "tenant").token,
                              FLOOD_FACTOR * TENANT_A_SECOND, urgent=False)
            yield
            result = tenant.stop()
            if result["failed"] < result["count"] / 2:
                raise SystemExit(f"of {result['count']} only {result['failed']} were refused")

        for kind in ("put", "range"):
            self.compare_latency("a tenant who floods", kind, "one", flood, FLOOD_MAX)

    # ---- Of many roles ----

    def of_many_roles(self) -> None:
        begin = time.monotonic()
        roles = [f"role{number:05d}" for number in range(ROLES)]
        # Disabled, since changes that come at once are refused: each is of an older revision.
        User(self.address, "root").do("AuthDisable", rpc.AuthDisableRequest())
        nobody = User(self.address)
        nobody.add_user("many")
        nobody.do_all(add_role(role) for role in roles)
        nobody.do_all(permit(role, f"other{role}.{number}".encode())
                      for role in roles for number in range(PERMISSIONS_OF_ROLE))
        nobody.do_all(give("many", role) for role in roles[::ROLES // ROLES_OF_USER])
        nobody.do(*permit(roles[0], b"key", b"kez"))
        nobody.do("AuthEnable", rpc.AuthEnableRequest())
        root = User(self.address, "root")
        print(f"{ROLES * PERMISSIONS_OF_ROLE} permissions granted in "
              f"{time.monotonic() - begin:.1f} s", flush=True)
        tokens = {name: User(self.address, name).token for name in ("many", "one")}
        for body in (etcd.SERIALIZABLE, etcd.RANGE):
            costs: dict[str, list[float]] = {"many": [], "one": []}
            for _ in range(ROUNDS):
                for name, token in tokens.items():
                    costs[name].append(self.cost("Range", body, token))
            kind = "serializable" if body == etcd.SERIALIZABLE else "linearizable"
            self.judge(f"many roles: range, {kind}, beside a user of one", "us CPU", costs["many"],
                       costs["one"], MANY_MAX)

        @contextlib.contextmanager
        def changes() -> Iterator[None]:
            both = [permit(roles[0], b"changing"), forbid(roles[0], b"changing")]
            with Repeated(root, itertools.cycle(both), CHANGES_A_SECOND, one_by_one=True):
                yield

        for user in ("many", "one"):
            self.compare_latency(f"many roles: puts of {user} beside changes", "put", user, changes,
                                 CHANGES_MAX)


class Requests(Puts):
    """Puts, or reads, of a user. If not `urgent` their client holds up no other that measures."""

    def __init__(self, folder: pathlib.Path, kind: str, token: str,
                 rate: int = REQUESTS_A_SECOND, urgent: bool = True) -> None:
        self.process = on_last_core(str(folder / "lease_load"), str(PORT), token,
                                    urgent=urgent)
        self.process.stdin.write(f"{kind} {rate}\n")
        self.process.stdin.flush()


class Repeated:
    """A client asks so many of these a second; none may fail. With `one_by_one` each waits until
    the one before was answered."""

    def __init__(self, user: User, calls, rate: float, one_by_one: bool = False) -> None:
        self.user, self.calls, self.rate, self.one_by_one = user, calls, rate, one_by_one
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ask)
        self.under_way: list[grpc.Future] = []

    def ask(self) -> None:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # of this thread
        begin = time.monotonic()
        for number, (method, request) in enumerate(self.calls):
            if self.ended.wait(max(0.0, begin + number / self.rate - time.monotonic())):
                return
            call = self.user.begin(method, request)
            if self.one_by_one:
                call.result()
            else:
                self.under_way.append(call)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.thread.join()
        for call in self.under_way:
            call.result()


def main() -> int:
    os.sched_setaffinity(0, {os.cpu_count() - 1})
    arguments = sys.argv[1:]
    if not arguments:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
        bench = Bench(pathlib.Path(arguments[0]), pathlib.Path(root), arguments[1:])
        bench.run()
    return 1 if bench.above else 0


if __name__ == "__main__":
    sys.exit(main())
