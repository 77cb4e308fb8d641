"""What members show each other changes while clients are at work."""

import e2e_path  # noqa: F401
import faults
from cluster import is_leader, status, wait_until_ready
from member import Member
from protocol import rpc
from run import Done, Run


def rotation(run: Run, done: Done) -> None:
    """All members get certificates from another authority, one after the other, while they run."""
    certificates = run.cluster.certificates
    old, new = certificates.authorities
    term = run.cluster.term()
    while True:
        for member in run.cluster:
            certificates.trust(member, [old, new])
            _takes_up(run, member, [old, new])
        for member in run.cluster:
            certificates.certify(member, new)
            _takes_up(run, member, [old, new])
        for member in run.cluster:
            certificates.trust(member, [new])
            _takes_up(run, member, [new])
        run.count("rotations")
        if done():
            break
        old, new = new, old
    run.expect("nobody is elected", run.cluster.term() == term)
    run.expect_no_failures()


# That a request may last beyond a break of the links: what it lost with them is not asked again.
AFTER_BREAK_SECONDS = 1


def _takes_up(run: Run, member: Member, trusted: list) -> None:
    """The member uses its new files, and is among the others, who are all connected anew."""
    certificates = run.cluster.certificates
    run.wait_for("its certificate is taken up",
                 lambda: certificates.shows_its_certificate(member))
    run.wait_for("so are its authorities", lambda: all(
        certificates.is_accepted(member, one) == (one in trusted)
        for one in certificates.authorities))
    run.excuses.for_all(AFTER_BREAK_SECONDS)
    run.cluster.network.reset(member.name)
    for one in run.cluster:
        _answers_newest(run, one)


def _answers_newest(run: Run, member: Member) -> None:
    run.wait_for(f"{member.name} is one of them", lambda:
                 run.ask(member, {"op": "range", "key": "k0"}).reply is not None)


# After the leader has changed.
EXCUSED_SECONDS = 3
# Until gRPC has connected clients again.
BACK_SECONDS = 1


def update(run: Run, done: Done) -> None:
    """Members that are reached without TLS become such that are reached by it, one by one."""
    certificates = run.cluster.certificates
    for member in run.cluster:
        identifier = int(status(member)["header"]["member_id"])
        leads = is_leader(member)
        if leads:
            run.excuses.for_all(EXCUSED_SECONDS)
        with run.excuses.away(member.name, BACK_SECONDS):
            faults.change(run, list(run.cluster), "MemberUpdate", rpc.MemberUpdateRequest(
                ID=identifier, peerURLs=[member.peer_url.replace("http:", "https:")]),
                rpc.MemberUpdateResponse)
            if (code := member.stop()) not in faults.STOPPED:
                raise AssertionError(f"{member.name} was stopped and ended with {code}")
            certificates.use(member)
            member.launch()
            wait_until_ready(member)
        run.count("updates")
        for one in run.cluster:
            _answers_newest(run, one)
        run.sleep(0.3, 0.6)
    run.wait_for("the time is over", done, seconds=3600)
    run.expect_no_failures()
