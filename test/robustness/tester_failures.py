"""The kinds of failures that the tester draws from. Each acts until it is told that it is done, and
may leave it to `heal` to take back what it has done."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc

import e2e_path  # noqa: F401
import faults
from cluster import status
from member import Member
from protocol import MAINTENANCE, rpc
from run import Done, received_snapshots
from scene import Scene

LOOK_SECONDS = 0.05
# Until a member that is down has missed more than the log keeps, and has got a snapshot.
SNAPSHOT_SECONDS = 60
DEFRAGMENT_SECONDS = 10
# Small numbers, so that members fall behind the log soon.
SNAPSHOT_COUNT, CATCH_UP_ENTRIES = 500, 100
SNAPSHOTS_SOON = ("--snapshot-count", str(SNAPSHOT_COUNT),
                  "--snapshot-catchup-entries", str(CATCH_UP_ENTRIES))


class NotPossible(Exception):
    """With the names."""


@dataclass(frozen=True)
class Failure:
    name: str
    act: Callable[[Scene, Done], None]
    is_possible: Callable[[Scene], bool] = lambda scene: True


def draw(scene: Scene, names: list[str]) -> Failure:
    """Any of them that is possible here; of those of the names, if there are any. May raise
    NotPossible."""
    possible = [failure for failure in FAILURES
                if failure.is_possible(scene) and (not names or failure.name in names)]
    if not possible:
        raise NotPossible(f"not possible here: {', '.join(names)}")
    return scene.random.choice(possible)


def _until(done: Done) -> None:
    while not done():
        time.sleep(LOOK_SECONDS)


def _held(fault: Callable[[Scene], contextlib.AbstractContextManager]):
    """A failure that is one fault for all of the time."""
    def act(scene: Scene, done: Done) -> None:
        with fault(scene):
            _until(done)
    return act


def _one(scene: Scene) -> list[Member]:
    return [scene.random.choice(scene.cluster.members)]


def _follower(scene: Scene) -> list[Member]:
    leader = scene.cluster.leader()
    return [scene.random.choice([one for one in scene.cluster if one is not leader] or [leader])]


def _leader(scene: Scene) -> list[Member]:
    return [scene.cluster.leader()]


def _majority(scene: Scene) -> list[Member]:
    members = scene.cluster.members
    return scene.random.sample(members, len(members) // 2 + 1)


def _all(scene: Scene) -> list[Member]:
    return scene.cluster.members


def _names(members: list[Member]) -> list[str]:
    return [member.name for member in members]


def _down(who: Callable[[Scene], list[Member]]):
    return _held(lambda scene: faults.down(scene, who(scene)))


def _still(who: Callable[[Scene], list[Member]]):
    return _held(lambda scene: faults.standing_still(scene, who(scene)))


def _cut_off(who: Callable[[Scene], list[Member]]):
    return _held(lambda scene: faults.cut_off(scene, _names(who(scene))))


def _silent(who: Callable[[Scene], list[Member]], speaks: bool):
    return _held(lambda scene: faults.silent(scene, _names(who(scene))[0], speaks))


def _nothing(_: Scene, done: Done) -> None:
    _until(done)


def _full_disk(scene: Scene, done: Done) -> None:
    """To the last byte; room comes back when it is healed."""
    for disk in scene.disks:
        disk.fill()
    scene.count("full disks")
    _until(done)


def _replace(scene: Scene, _: Done) -> None:
    faults.replace(scene, scene.random.choice(scene.cluster.members))


def _again_and_again(fault: Callable[[Scene], contextlib.AbstractContextManager], pause: float):
    def act(scene: Scene, done: Done) -> None:
        while not done():
            with fault(scene):
                time.sleep(pause)
    return act


def _defragment(scene: Scene, done: Done) -> None:
    """Every member, one after the other, while clients write."""
    while True:
        for member in scene.cluster:
            with contextlib.suppress(grpc.RpcError):
                scene.cluster.client(member).call(
                    MAINTENANCE, "Defragment", rpc.DefragmentRequest(), rpc.DefragmentResponse,
                    DEFRAGMENT_SECONDS)
                scene.count("defragmentations")
        if done():
            return


def _miss_the_log(scene: Scene, _: Done) -> None:
    """A follower is down until the others' log does not reach back to where it was."""
    behind, = _follower(scene)
    other = next(member for member in scene.cluster if member is not behind)
    had = received_snapshots(behind)
    begin = int(status(other)["raftAppliedIndex"])
    end = time.monotonic() + SNAPSHOT_SECONDS
    with faults.down(scene, [behind]):
        while _applied(other) < begin + 2 * (SNAPSHOT_COUNT + CATCH_UP_ENTRIES):
            _check(end, "the others do not get on")
    while received_snapshots(behind) == had:
        _check(end, "it gets no snapshot")
    scene.count("snapshots")


def _applied(member: Member) -> int:
    try:
        return int(status(member)["raftAppliedIndex"])
    except OSError:  # it takes its time on a busy machine
        return 0


def _check(end: float, what: str) -> None:
    if time.monotonic() > end:
        raise AssertionError(f"for {SNAPSHOT_SECONDS} s: {what}")
    time.sleep(LOOK_SECONDS)


def _several(scene: Scene) -> bool:
    return len(scene.cluster.members) > 1


def _with_systems(scene: Scene) -> bool:
    return bool(scene.systems)


FAILURES = [
    Failure("nothing", _nothing),
    Failure("kill a follower", _down(_follower)),
    Failure("kill the leader", _down(_leader)),
    Failure("kill a majority", _down(_majority)),
    Failure("kill all", _down(_all)),
    Failure("stop one and start it", _held(faults.restarted)),
    Failure("pause a follower", _still(_follower)),
    Failure("pause the leader", _still(_leader)),
    Failure("pause a majority", _still(_majority)),
    Failure("pause all", _still(_all)),
    Failure("cut off a follower", _cut_off(_follower), _several),
    Failure("cut off the leader", _cut_off(_leader), _several),
    Failure("all are apart", _held(faults.all_apart), _several),
    Failure("the leader is not heard", _silent(_leader, True), _several),
    Failure("the leader hears nothing", _silent(_leader, False), _several),
    Failure("one is not heard", _silent(_one, True), _several),
    Failure("one hears nothing", _silent(_one, False), _several),
    Failure("a broken link", _held(faults.one_link), _several),
    Failure("a slow network", _held(faults.delayed), _several),
    Failure("a thin line", _held(faults.slow), _several),
    Failure("slow disks", _held(faults.slow_disk), _with_systems),
    Failure("still disks", _held(faults.still_disk),
            lambda scene: _with_systems(scene) and _several(scene)),
    Failure("a full disk", _full_disk, lambda scene: bool(scene.disks)),
    Failure("a clock jumps", _held(faults.clock_jump), _with_systems),
    Failure("replace a member", _replace, lambda scene: len(scene.cluster.members) > 2),
    Failure("a storm of leaders", _again_and_again(faults.led_by_another, 0.1), _several),
    Failure("miss the log", _miss_the_log, lambda scene: len(scene.cluster.members) > 2),
    Failure("defragment under load", _defragment),
]
