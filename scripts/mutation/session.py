"""Runs a command in a session of its own, of which nothing is left when it is over."""

import os
import resource
import signal
import subprocess
import tempfile

# A mutant may take memory without end; what a database file is mapped to does not count.
MEMORY_BYTES_MAX = 4 << 30
TOO_LONG = -1000


def run(command: list[str], timeout_seconds: int, environment: dict[str, str] | None = None
        ) -> tuple[int, str]:
    """The exit status, TOO_LONG if it took longer, and what was printed."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=os.environ | (environment or {}),
                                   start_new_session=True, preexec_fn=_limit_memory)
        try:
            code = process.wait(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            code = TOO_LONG
        finally:
            end(process)
        output.seek(0)
        return code, output.read()


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def end(process: subprocess.Popen) -> None:
    """One that leads a session, and the programs that it started and may have left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
