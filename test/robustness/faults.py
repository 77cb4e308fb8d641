"""What is done to a cluster. Each fault lasts as long as its `with` block; those of processes,
links and upkeep may overlap."""

import contextlib
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
from cluster import is_leader, status, wait_until_ready
from faulty_system import FaultySystem
from member import Member
from protocol import CLUSTER, MAINTENANCE, rpc
from run import NobodyAnswers, Run
from scene import Scene

UPKEEP_SECONDS = 2  # then the next thing is done, answered or not
# A change of the members is refused until all have been connected for five seconds.
CHANGE_SECONDS = 30
HOUR = 3600
# Exit codes: etcd ends with the signal that it was told to end by.
STOPPED = (0, -signal.SIGTERM)


def _some(run: Scene, most: int) -> list[Member]:
    """Of those that run; at least one, unless none does."""
    running = [member for member in run.cluster if member.process is not None]
    return run.random.sample(running, min(run.random.randint(1, most), len(running)))


def _minority(run: Scene) -> int:
    return (len(run.cluster.members) - 1) // 2


@contextlib.contextmanager
def killed(run: Scene) -> Iterator[None]:
    """kill -9: of a minority, mostly, or of all at once."""
    everybody = run.random.random() < 0.15
    with down(run, list(run.cluster) if everybody else _some(run, _minority(run))):
        yield


@contextlib.contextmanager
def down(run: Scene, members: list[Member]) -> Iterator[None]:
    """kill -9, of all these at once."""
    victims = [member for member in members if member.process is not None]
    for member in victims:
        member.process.send_signal(signal.SIGKILL)
        run.count("kills")
    for member in victims:
        member.kill()
    yield
    for member in victims:
        member.launch()


@contextlib.contextmanager
def restarted(run: Scene) -> Iterator[None]:
    """As an operator does; not with a member that must wait for its disk."""
    stopped = [member for member in _some(run, 1)
               if member not in run.systems or not run.systems[member].stands_still]
    for member in stopped:
        if (code := member.stop()) not in STOPPED:
            raise AssertionError(f"{member.name} was stopped and ended with {code}")
        run.count("restarts")
    yield
    for member in stopped:
        member.launch()


@contextlib.contextmanager
def paused(run: Scene) -> Iterator[None]:
    """SIGSTOP, also of the leader or of a majority."""
    with standing_still(run, _some(run, len(run.cluster.members) - 1)):
        yield


@contextlib.contextmanager
def standing_still(run: Scene, members: list[Member]) -> Iterator[None]:
    """SIGSTOP, of all these, which run."""
    for member in members:
        member.process.send_signal(signal.SIGSTOP)
        run.count("pauses")
    yield
    for member in members:
        if member.process is not None:
            member.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def apart(run: Scene) -> Iterator[None]:
    """A part of the members does not reach the others: connections are reset, or nothing comes."""
    names = run.cluster.names
    with cut_off(run, run.random.sample(names, run.random.randint(1, len(names) - 1))):
        yield


@contextlib.contextmanager
def cut_off(run: Scene, part: list[str]) -> Iterator[None]:
    """These members do not reach the others, nor the others them."""
    state = run.random.choice(["cut", "dropped", "held"])
    for name in part:
        run.cluster.network.set_around(
            name, [other for other in run.cluster.names if other not in part], state=state)
    run.count("partitions")
    yield
    run.cluster.heal_links()


@contextlib.contextmanager
def all_apart(run: Scene) -> Iterator[None]:
    """No member reaches another one."""
    run.cluster.network.set_all(run.cluster.names,
                                state=run.random.choice(["cut", "dropped", "held"]))
    run.count("partitions")
    yield
    run.cluster.heal_links()


@contextlib.contextmanager
def one_way(run: Scene) -> Iterator[None]:
    """One member hears the others and is not heard, or the other way round."""
    name = run.random.choice(run.cluster.names)
    with silent(run, name, speaks=run.random.random() < 0.5):
        yield


@contextlib.contextmanager
def silent(run: Scene, name: str, speaks: bool) -> Iterator[None]:
    """What it `speaks` does not arrive, or what it is told does not."""
    state = run.random.choice(["dropped", "held"])
    for other in run.cluster.names:
        if other != name:
            ends = (name, other) if speaks else (other, name)
            run.cluster.network.set(*ends, state=state)
    run.count("one-way breaks")
    yield
    run.cluster.heal_links()


@contextlib.contextmanager
def one_link(run: Scene) -> Iterator[None]:
    """Two members do not reach each other, though both reach all others."""
    first, second = run.random.sample(run.cluster.names, 2)
    run.cluster.network.set_around(first, [second], state=run.random.choice(["cut", "dropped"]))
    run.count("broken links")
    yield
    run.cluster.heal_links()


@contextlib.contextmanager
def delayed(run: Scene) -> Iterator[None]:
    delay = run.random.choice([0.002, 0.02, 0.1])
    run.cluster.network.set_all(run.cluster.names, delay=delay, jitter=delay / 2,
                                hold_probability=0.02, hold_seconds=0.3)
    run.count("delays")
    yield
    run.cluster.heal_links()


@contextlib.contextmanager
def slow(run: Scene) -> Iterator[None]:
    """A member with a thin line."""
    run.cluster.network.set_around(run.random.choice(run.cluster.names), run.cluster.names,
                                   rate=run.random.choice([20_000, 200_000]))
    run.count("slow lines")
    yield
    run.cluster.heal_links()


@contextlib.contextmanager
def slow_disk(run: Scene) -> Iterator[None]:
    """Of any members, or all: each sync takes long, of the log or of all data."""
    log_alone = run.random.random() < 0.5
    with contextlib.ExitStack() as entered:
        for system in _systems(run, len(run.systems)):
            seconds = run.random.choice([0.003, 0.02, 0.1])
            entered.enter_context(system.slow_disk(seconds, log_alone))
            run.count("slow disks")
        yield


@contextlib.contextmanager
def still_disk(run: Scene) -> Iterator[None]:
    """Of any members but one, the leader's too."""
    log_alone = run.random.random() < 0.5
    with contextlib.ExitStack() as entered:
        for system in _systems(run, min(len(run.systems), len(run.cluster.members) - 1)):
            entered.enter_context(system.still_disk(log_alone))
            run.count("still disks")
        yield


@contextlib.contextmanager
def clock_jump(run: Scene) -> Iterator[None]:
    """To an hour ahead, or behind, or back."""
    let_jump(run, _systems(run, 1)[0])
    yield


def let_jump(run: Scene, system: FaultySystem) -> int:
    """Answers how many seconds the clock is ahead now. Certificates are not valid before they were
    made, so with TLS no clock falls behind."""
    ahead = run.random.choice([0, HOUR] if run.peer_tls else [-HOUR, 0, HOUR])
    system.set_clock(ahead)
    run.count("clock jumps")
    return ahead


def _systems(run: Scene, most: int) -> list[FaultySystem]:
    return run.random.sample(list(run.systems.values()), run.random.randint(1, most))


@contextlib.contextmanager
def compacted(run: Run) -> Iterator[None]:
    """Up to somewhere near the newest revision. What nobody was told of is read before."""
    revision = run.newest() - run.random.randrange(200)
    if revision > 1:
        with contextlib.suppress(NobodyAnswers):  # then nothing is compacted
            run.describe(revision, UPKEEP_SECONDS)
            run.ask(run.random.choice(run.cluster.members), {"op": "compact", "at": revision})
            run.count("compactions")
    yield


@contextlib.contextmanager
def defragmented(run: Scene) -> Iterator[None]:
    member = run.random.choice(run.cluster.members)
    with contextlib.suppress(grpc.RpcError):  # it may be paused, or down
        run.cluster.client(member).call(MAINTENANCE, "Defragment", rpc.DefragmentRequest(),
                                        rpc.DefragmentResponse, UPKEEP_SECONDS)
        run.count("defragmentations")
    yield


@contextlib.contextmanager
def led_by_another(run: Scene) -> Iterator[None]:
    leader = next((member for member in run.cluster if is_leader(member)), None)
    if leader is not None:
        with contextlib.suppress(grpc.RpcError, OSError):
            target = run.random.choice([one for one in run.cluster if one is not leader])
            identifier = int(status(target)["header"]["member_id"])
            run.cluster.client(leader).call(
                MAINTENANCE, "MoveLeader", rpc.MoveLeaderRequest(targetID=identifier),
                rpc.MoveLeaderResponse, UPKEEP_SECONDS)
            run.count("moves of leadership")
    yield


def replace(run: Scene, member: Member) -> None:
    """Removes a member and adds a new one, without data, in its place. The others must be well."""
    others = [one for one in run.cluster if one is not member]
    identifier = int(status(member)["header"]["member_id"])
    change(run, others, "MemberRemove", rpc.MemberRemoveRequest(ID=identifier),
           rpc.MemberRemoveResponse)
    if (code := member.process.wait(timeout=CHANGE_SECONDS)) not in STOPPED:
        raise AssertionError(f"{member.name} was removed and ended with {code}")
    member.process = None
    _empty(member.folder / "data")
    learner = run.random.random() < 0.5
    added = change(run, others, "MemberAdd",
                   rpc.MemberAddRequest(peerURLs=[member.peer_url], isLearner=learner),
                   rpc.MemberAddResponse)
    if "existing" not in member.flags:
        member.flags += ("--initial-cluster-state", "existing")
    member.launch()
    wait_until_ready(member)
    if learner:
        change(run, others, "MemberPromote", rpc.MemberPromoteRequest(ID=added.member.ID),
               rpc.MemberPromoteResponse)
    run.count("replacements")


def _empty(folder: Path) -> None:
    """It stays itself, since it may be where a disk is mounted."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def change(run: Scene, members: list[Member], method: str, request, response_type):
    """Of the membership; any of these members is asked until it is done."""
    end = time.monotonic() + CHANGE_SECONDS
    while True:
        try:
            return run.cluster.client(run.random.choice(members)).call(CLUSTER, method, request,
                                                                       response_type)
        except grpc.RpcError as error:
            if "not found" in error.details():  # done, though nobody was told
                return response_type()
            if time.monotonic() > end:
                raise AssertionError(f"{method} is refused: {error.details()}") from None
        time.sleep(0.2)
