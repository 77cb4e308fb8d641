"""A cluster of one member in a process of its own."""

import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

# Below the ports that the system gives to connections, so that none of them is taken meanwhile.
PORTS_FROM = 23000
PORTS_OF_PROCESS = 20
PROCESSES_MAX = 50
READY_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 20
LOG_TIMEOUT_SECONDS = 20
# No end that anybody has asked for.
CRASHES = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@functools.cache
def _ports_of_process() -> tuple[range, IO]:
    """Which no other process that runs such tests uses, and the lock that says so."""
    for number in range(PROCESSES_MAX):
        lock = open(Path(tempfile.gettempdir()) / f"cornerstore-e2e-{number}.lock", "a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        first = PORTS_FROM + number * PORTS_OF_PROCESS
        return range(first, first + PORTS_OF_PROCESS), lock
    raise RuntimeError(f"{PROCESSES_MAX} processes run such tests already")


def free_ports(count: int) -> list[int]:
    candidates, _ = _ports_of_process()
    ports = [port for port in candidates if _is_free(port)]
    if len(ports) < count:
        raise RuntimeError(f"no {count} free ports in {candidates}")
    return ports[:count]


def scratch_folder() -> str:
    """Of its own, below E2E_FOLDER in the environment; otherwise in memory if the system has a
    place there: these tests wait for no disk."""
    memory = "/dev/shm"
    return tempfile.mkdtemp(prefix="e2e-", dir=os.environ.get("E2E_FOLDER") or (
        memory if os.access(memory, os.W_OK) else None))


class Member:
    """With a data directory of its own, that outlives the process but not the `with` block."""

    def __init__(self, program: Path | str, *flags: str, name: str = "m",
                 ports: tuple[int, int] | None = None) -> None:
        self.program = str(program)
        self.flags = flags
        self.name = name
        self.initial_cluster: str | None = None  # None: this member alone
        self.discovery: list[str] = []  # flags that say where the members are, instead of that
        self.prefix: list[str] = []  # a command that becomes the program: taskset, prlimit
        self.folder = Path(scratch_folder())
        self.log = self.folder / "log"
        client, peer = ports or free_ports(2)
        self.address = f"127.0.0.1:{client}"
        self.url = f"http://{self.address}"
        self.peer_url = f"http://127.0.0.1:{peer}"  # that others are told
        self.listen_peer_url = self.peer_url
        self.process: subprocess.Popen | None = None
        self._launched: list[subprocess.Popen] = []

    def __enter__(self) -> "Member":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        try:
            if self.process is not None:
                self.stop()
            self.check_no_crash()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def check_no_crash(self) -> None:
        """Of all that were launched, also while they stopped: nobody else looks at how they end."""
        for process in self._launched:
            if process.poll() is not None and -process.returncode in CRASHES:
                raise AssertionError(f"{self.program} has crashed: "
                                     f"{signal.Signals(-process.returncode).name}\n{self.log_tail()}")

    def start(self) -> None:
        """Returns when it answers."""
        self.launch()
        end = time.monotonic() + READY_TIMEOUT_SECONDS
        while not self.is_healthy():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.program} ended with {self.process.returncode}:\n"
                                   f"{self.log_tail()}")
            if time.monotonic() > end:
                raise RuntimeError(f"{self.program} does not become ready:\n{self.log_tail()}")
            time.sleep(0.02)

    def launch(self) -> None:
        """Returns at once."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.program, "--name", self.name,
                 "--data-dir", self.folder / "data",
                 "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                 "--listen-peer-urls", self.listen_peer_url,
                 "--initial-advertise-peer-urls", self.peer_url,
                 *(self.discovery or
                   ["--initial-cluster", self.initial_cluster or f"{self.name}={self.peer_url}"]),
                 *self.flags],
                stdout=log, stderr=subprocess.STDOUT)
        self._launched.append(self.process)

    def kill(self) -> None:
        """As kill -9 does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        self.process = None

    def stop(self) -> int:
        """As an operator does; answers the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process = None

    def anonymous_bytes(self) -> int:
        """Its memory without files that are mapped."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        return 0

    def log_tail(self) -> str:
        return self.log.read_bytes()[-4000:].decode(errors="replace")

    def wait_for_log(self, text: str) -> list[str]:
        """The lines with the text, when there is one: the log is written behind the answers."""
        end = time.monotonic() + LOG_TIMEOUT_SECONDS
        while True:
            whole = self.log.read_text().rpartition("\n")[0].split("\n")
            if found := [line for line in whole if text in line]:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"no {text!r} in the log:\n{self.log_tail()}")
            time.sleep(0.02)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=2) as answer:
                return json.load(answer)["health"] == "true"
        except (OSError, urllib.error.URLError, ValueError):
            return False
