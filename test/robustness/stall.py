"""The disk of the leader's log stands still."""

import statistics
import time
import urllib.error
import urllib.request

import e2e_path  # noqa: F401
from cluster import is_leader
from history import Operation, has_changed
from member import Member
from run import Done, Run

STALL_SECONDS = 5
QUIET_SECONDS = 2
# Of the process, beyond what it is to keep: the machine may be busy.
SCHEDULING_SECONDS = 1


def stall(run: Run, done: Done) -> None:
    """The disk of the leader's log stands still, with or without that of its database: it says so,
    another one leads, old reads go on. Once, for whoever leads again soon keeps the lead."""
    leader = run.cluster.leader()
    run.start_traffic("s", at=[leader], clients=2, weights={"serializable_get": 1},
                      pause_seconds=0.002)
    time.sleep(QUIET_SECONDS)
    term, begin = run.cluster.term(), time.monotonic_ns()
    with run.systems[leader].still_disk(log_alone=run.random.random() < 0.5):
        told, replaced = _notices(run, leader)
        time.sleep(max(0, STALL_SECONDS - _seconds_since(begin)))
    end = time.monotonic_ns()
    run.count("stalls")
    run.wait_for("it is ready again", lambda: _is_ready(leader) is True)
    run.stop_traffic("s")
    run.expect("nobody is elected but the one who was handed the lead",
               run.cluster.term() == term + 1)
    _judge_stall(run, leader, begin, end, told, replaced)
    run.wait_for("the time is over", done, seconds=3600)


def _notices(run: Run, leader: Member) -> tuple[float, float]:
    """Seconds until the member is not ready any more, and until another one leads."""
    begin = time.monotonic_ns()
    told = replaced = None
    while told is None or replaced is None:
        if told is None and _is_ready(leader) is False:
            told = _seconds_since(begin)
        if replaced is None and any(is_leader(one) for one in run.cluster if one is not leader):
            replaced = _seconds_since(begin)
        if _seconds_since(begin) > STALL_SECONDS:
            raise AssertionError("the member does not say that its disk stands still"
                                 if told is None else "nobody else leads")
        time.sleep(0.01)
    return told, replaced


def _judge_stall(run: Run, leader: Member, begin: int, end: int, told: float,
                 replaced: float) -> None:
    if run.systems[leader].held == 0:
        raise AssertionError("the disk has held up nothing")
    history = run.history()
    reads = [operation for operation in history if operation.client.startswith("s")]
    quiet = _p99(reads, begin - QUIET_SECONDS * 10**9, begin)
    stalled = _p99(reads, begin, end)
    without = _longest_without_a_write(history, begin, end)
    run.figures |= {"not ready after": told, "another leads after": replaced,
                    "longest without a write": without,
                    "p99 of serializable reads before": quiet, "and meanwhile": stalled}
    run.expect("not ready within an election timeout",
               told <= run.election_seconds + SCHEDULING_SECONDS)
    run.expect("serializable reads go on", stalled <= max(10 * quiet, 0.1))
    run.expect_time("and as fast", stalled <= max(2 * quiet, 0.02))
    run.expect_time("another one leads within two election timeouts",
                    replaced <= 2 * run.election_seconds)
    run.expect_time("writes within two election timeouts", without <= 2 * run.election_seconds)


def _seconds_since(moment: int) -> float:
    return (time.monotonic_ns() - moment) / 1e9


def _is_ready(member: Member) -> bool | None:
    """As it says; nothing if it does not."""
    try:
        with urllib.request.urlopen(member.url + "/readyz", timeout=0.2) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return False
    except OSError:
        return None


def _p99(operations: list[Operation], begin: int, end: int) -> float:
    """Of those that were called between the two, in seconds."""
    return statistics.quantiles(((one.returned - one.call) / 1e9 for one in operations
                                 if begin <= one.call < end), n=100)[98]


def _longest_without_a_write(history: list[Operation], begin: int, end: int) -> float:
    answered = sorted(one.returned for one in history if begin <= one.returned <= end
                      and one.reply and has_changed(one.request, one.reply))
    moments = [begin, *answered, end]
    return max(after - before for before, after in zip(moments, moments[1:])) / 1e9
