"""The links between members and their clients, as a test sets them. See proxy.py."""

import json
import subprocess
import threading
from itertools import permutations
from pathlib import Path

PROXY = Path(__file__).resolve().parent / "proxy.py"
PYTHON = "/usr/bin/python3"
END_TIMEOUT_SECONDS = 10


class Network:
    """All links are open and fast in the beginning. Any thread may use it."""

    def __init__(self, seed: int = 0) -> None:
        self._process = subprocess.Popen([PYTHON, PROXY, str(seed)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self._lock = threading.Lock()

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=END_TIMEOUT_SECONDS)
        self._process.stdout.close()

    def _do(self, **command) -> dict:
        with self._lock:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the proxy has ended")
        return json.loads(answer)

    def listen(self, port: int, target: int, name: str) -> None:
        """Connections to `port` go on to member `name`, which listens at `target`."""
        self._do(do="listen", port=port, target=target, name=name)

    def set(self, sender: str, receiver: str, **conditions) -> None:
        """Of one direction; what is not said is as in the beginning. See `Link` in proxy.py."""
        self._do(do="set", **{"from": sender, "to": receiver}, **conditions)

    def set_all(self, names: list[str], **conditions) -> None:
        """Between each two of them, both ways."""
        for sender, receiver in permutations(names, 2):
            self.set(sender, receiver, **conditions)

    def set_around(self, name: str, others: list[str], **conditions) -> None:
        """Between one and the others, both ways."""
        for other in others:
            if other != name:
                self.set(name, other, **conditions)
                self.set(other, name, **conditions)

    def reset(self, name: str) -> None:
        """All connections of a member break; new ones may be made at once."""
        self._do(do="reset", name=name)

    def delivered(self) -> dict[tuple[str, str], int]:
        """Bytes, by sender and receiver."""
        return {(sender, receiver): count
                for sender, receiver, count in self._do(do="count")["delivered"]}
