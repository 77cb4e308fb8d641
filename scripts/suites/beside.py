"""A build beside tests that mostly wait."""

import atexit
import os
import signal
import subprocess
from pathlib import Path


class Beside:
    """Builds with what others leave of the cores: it is idle to the scheduler, and gives way at once.
    Whatever comes of it, whoever needs it builds once more, and says what fails."""

    def __init__(self, root: Path, preset: str, *targets: str) -> None:
        self._process = subprocess.Popen(
            ["chrt", "--idle", "0", root / "scripts/build", preset, *targets],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        atexit.register(self.end)

    def wait(self) -> None:
        self._process.wait()

    def end(self) -> None:
        """Whether it is done or not."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()
