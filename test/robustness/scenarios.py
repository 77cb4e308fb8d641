"""What a run may do. Each scenario goes on until it is told that it is done."""

import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

import e2e_path  # noqa: F401
import faults
from cluster import wait_until_ready
from faulty_system import NEEDED, WANTED
from history import Operation, has_changed
from protocol import MAINTENANCE, Client, rpc
from peer_tls import rotation, update
from run import Done, Run, received_snapshots
from small_disk import SmallDisk
from stall import stall

PROCESSES = [faults.killed, faults.killed, faults.paused, faults.restarted]
LINKS = [faults.apart, faults.apart, faults.one_way, faults.one_link, faults.delayed, faults.slow]
SYSTEMS = [faults.slow_disk, faults.still_disk, faults.clock_jump]
UPKEEP = [faults.compacted, faults.defragmented, faults.led_by_another]

# Small numbers, so that members fall behind the log soon.
SNAPSHOTS_SOON = ("--snapshot-count", "100", "--snapshot-catchup-entries", "50")
# A follower that is to get a snapshot misses so many revisions.
MISSED_REVISIONS = 300
WAIT_SECONDS = 60


def kills(run: Run, done: Done) -> None:
    while not done():
        with faults.killed(run):
            run.sleep(0, 0.6)
        run.sleep(0, 0.5)
        if run.random.random() < 0.7:  # or once more while it starts
            run.heal()


def pauses(run: Run, done: Done) -> None:
    while not done():
        with faults.paused(run):
            run.sleep(0.1, 2)
        run.sleep(0.2, 1)


def links(run: Run, done: Done) -> None:
    while not done():
        with run.random.choice(LINKS)(run):
            run.sleep(0.2, 1.5)
        run.sleep(0.1, 0.8)


def rolling(run: Run, done: Done) -> None:
    """One after the other, each once the one before is back."""
    while not done():
        for member in run.cluster:
            if member.stop() not in faults.STOPPED:
                raise AssertionError(f"{member.name} does not stop well")
            run.count("restarts")
            member.launch()
            wait_until_ready(member)


def snapshots(run: Run, done: Done) -> None:
    """A member misses more than the others' log keeps. Compactions and defragmentations go on."""
    behind = run.cluster.follower()
    behind.kill()
    run.count("kills")
    newest = run.newest()
    run.wait_for("the others go on", lambda: run.newest() > newest + MISSED_REVISIONS)
    run.heal()
    run.wait_for("it gets a snapshot", lambda: received_snapshots(behind) > 0)
    while not done():
        with run.random.choice([faults.killed, faults.apart, faults.paused])(run):
            newest = run.newest()
            end = time.monotonic() + 3  # there may be no majority
            while run.newest() < newest + MISSED_REVISIONS and time.monotonic() < end:
                time.sleep(0.1)
            with run.random.choice(UPKEEP)(run):
                pass
        run.heal()
        with run.random.choice(UPKEEP)(run):
            run.sleep(0.2, 0.5)


def members(run: Run, done: Done) -> None:
    """Any member is replaced, the leader too."""
    while not done():
        faults.replace(run, run.random.choice(run.cluster.members))


def mix(run: Run, done: Done) -> None:
    """One to three faults of different kinds at a time, then none, again and again."""
    all_kinds = [PROCESSES, LINKS, UPKEEP] + ([SYSTEMS] if run.systems else [])
    while not done():
        kinds = run.random.sample(all_kinds, run.random.choice([1, 1, 2, 3]))
        with contextlib.ExitStack() as entered:
            for kind in kinds:
                entered.enter_context(run.random.choice(kind)(run))
                run.sleep(0, 0.3)
            run.sleep(0.2, 1.5)
        if run.random.random() < 0.7:  # or the next ones while they still start
            run.heal()
            run.sleep(0.2, 1)


def disk(run: Run, done: Done) -> None:
    """The disk of some member fills up, or of all: an alarm, until there is room again."""
    run.start_traffic("f", keys=["f0", "f1", "f2"], value_sizes=[100_000], clients=3)
    run.wait_for("the alarm", lambda: _has_space_alarm(run), WAIT_SECONDS)
    run.stop_traffic("f")
    for small in run.disks:
        small.fill()
    run.count("full disks")
    run.sleep(2, 3)
    for small in run.disks:
        small.free()
        small.enlarge()
    newest = run.newest()
    run.wait_for("writes come back", lambda: run.newest() > newest + 20, WAIT_SECONDS)
    run.expect("every member lives", all(member.process.poll() is None for member in run.cluster))
    run.wait_for("it is done", done)


def _has_space_alarm(run: Run) -> bool:
    client = Client(run.cluster[-1].address)
    try:
        return any(alarm.alarm == rpc.NOSPACE for alarm in client.call(
            MAINTENANCE, "Alarm", rpc.AlarmRequest(), rpc.AlarmResponse).alarms)
    except grpc.RpcError:
        return False
    finally:
        client.close()


@contextlib.contextmanager
def on_a_small_disk(run: Run):
    with SmallDisk(run.cluster[0]) as disk:
        run.disks = [disk]
        yield


@contextlib.contextmanager
def on_small_disks(run: Run):
    with contextlib.ExitStack() as disks:
        run.disks = [disks.enter_context(SmallDisk(member)) for member in run.cluster]
        yield


RTT_TIMING = (20, 200)


def rtt(run: Run, done: Done) -> None:
    """Members 20 ms apart: how long nobody can write after the leader was killed."""
    run.cluster.network.set_all(run.cluster.names, delay=0.01)
    seconds = []
    while not done():
        time.sleep(1)
        leader = run.cluster.leader()
        killed_at = time.monotonic_ns()
        leader.kill()
        run.count("kills")
        run.wait_for("a write", lambda: _written_after(run, killed_at) is not None)
        seconds.append((_written_after(run, killed_at) - killed_at) / 1e9)
        leader.launch()
        wait_until_ready(leader)
    election = RTT_TIMING[1] / 1000
    run.figures = {"shortest": min(seconds), "median": statistics.median(seconds),
                   "longest": max(seconds),
                   "within three election timeouts":
                       sum(one <= 3 * election for one in seconds) / len(seconds)}
    run.expect_time("median <= two election timeouts", run.figures["median"] <= 2 * election)
    run.expect_time("nine of ten within three", run.figures["within three election timeouts"] >= 0.9)
    run.expect_time("all within five", run.figures["longest"] <= 5 * election)


def _written_after(run: Run, moment: int) -> int | None:
    """When the first write was answered that was called after `moment`."""
    return min((operation.returned for operation in run.history()
                if operation.call > moment and operation.reply
                and has_changed(operation.request, operation.reply)), default=None)


def _is_put(operation: Operation) -> bool:
    return operation.request["op"] == "put" and operation.reply is not None


REGIONS_TIMING = (100, 1500)


def regions(run: Run, done: Done) -> None:
    """Members 100 ms apart, on a line that loses a packet now and then: nobody is elected, and a
    put takes a round trip."""
    run.cluster.network.set_all(run.cluster.names, delay=0.1, jitter=0.02, hold_probability=0.01,
                                hold_seconds=0.3)
    time.sleep(2 * REGIONS_TIMING[1] / 1000)
    begin = time.monotonic_ns()
    leader, term = run.cluster.leader(), run.cluster.term()
    run.wait_for("the time is over", done, seconds=3600)
    run.figures["elections"] = run.cluster.term() - term
    puts = [(operation.returned - operation.call) / 1e9 for operation in run.history()
            if operation.call > begin and _is_put(operation) and operation.at == leader.name]
    run.figures["puts"] = len(puts)
    run.figures["put p50"] = statistics.median(puts)
    run.figures["put p99"] = statistics.quantiles(puts, n=100)[98]
    run.expect("nobody is elected", run.figures["elections"] == 0)
    run.expect_time("a put's p50 <= 1.1 round trips", run.figures["put p50"] <= 0.22)


def slow(run: Run, done: Done) -> None:
    while not done():
        with run.random.choice([faults.slow_disk, faults.slow_disk, faults.still_disk])(run):
            run.sleep(0.3, 2)
        run.sleep(0.1, 0.5)


# What etcd has if nothing is said.
DEFAULT_TIMING = (100, 1000)
# No member is to be missed while its connections are made anew, on a busy machine too.
PATIENT_TIMING = (100, 3000)


def clocks(run: Run, done: Done) -> None:
    """The clock of one member jumps, and of another: no request fails, and nobody is elected."""
    term = run.cluster.term()
    while not done():
        system = run.random.choice(list(run.systems.values()))
        ahead = faults.let_jump(run, system)
        run.wait_for("the member sees it", lambda system=system, ahead=ahead:
                     abs(system.seconds_ahead() - ahead) < faults.HOUR / 60)
        run.sleep(0.2, 1)
    run.expect("nobody is elected", run.cluster.term() == term)
    run.expect_no_failures()


@dataclass
class Scenario:
    act: Callable[[Run, Done], None]
    options: dict = field(default_factory=dict)  # of the run
    # What the cluster lives in.
    around: Callable[[Run], contextlib.AbstractContextManager] = contextlib.nullcontext

    def run(self, name: str, seed: int, done: Callable[[Run], bool], **options) -> Run:
        """Until `done`; the result is judged."""
        run = Run(name, seed, **(self.options | options))
        with self.around(run), run:
            self.act(run, lambda: done(run))
        return run


SCENARIOS = {
    "kills": Scenario(kills),
    "pauses": Scenario(pauses),
    "links": Scenario(links),
    "rolling": Scenario(rolling),
    "snapshots": Scenario(snapshots, {"flags": SNAPSHOTS_SOON}),
    "members": Scenario(members),
    "mix": Scenario(mix, {"flags": SNAPSHOTS_SOON, "faulty_systems": WANTED}),
    "disk": Scenario(disk, around=on_a_small_disk),
    "disks": Scenario(disk, around=on_small_disks),
    # Many, so that some of them have nothing under way when the leader dies.
    "rtt": Scenario(rtt, {"timing": RTT_TIMING, "clients": 30, "pause_seconds": 0.1,
                          "weights": {"put": 9, "get": 1}}),
    "regions": Scenario(regions, {"timing": REGIONS_TIMING, "clients": 16}),
    "slow": Scenario(slow, {"faulty_systems": NEEDED}),
    "stall": Scenario(stall, {"timing": DEFAULT_TIMING, "faulty_systems": NEEDED}),
    "clocks": Scenario(clocks, {"timing": DEFAULT_TIMING, "faulty_systems": NEEDED,
                                "peer_tls": False}),
    "rotation": Scenario(rotation, {"timing": PATIENT_TIMING, "peer_tls": True}),
    "update": Scenario(update, {"timing": DEFAULT_TIMING, "peer_tls": False}),
}


def for_seconds(seconds: float) -> Callable[[Run], bool]:
    return lambda run: time.monotonic() - run.began > seconds


def after(count: int, what: str) -> Callable[[Run], bool]:
    """When so many of these were counted."""
    return lambda run: run.counts.get(what, 0) >= count
