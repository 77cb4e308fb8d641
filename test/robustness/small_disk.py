"""A disk in memory, of any size, for one member. Takes the right to mount."""

import contextlib
import shutil
import subprocess

import e2e_path  # noqa: F401
from member import Member

# Room for the segments of the log that a member begins with, and for little more.
SMALL = "140m"
LARGE = "1g"
PIECE_BYTES = 64 << 10


class CannotMount(Exception):
    pass


class SmallDisk:
    """In a `with` block that begins before the member runs and ends after it."""

    def __init__(self, member: Member, size: str = SMALL) -> None:
        """As mount has sizes: of tmpfs."""
        self._size = size
        self._folder = member.folder
        self._data = member.folder / "data"
        self._taken = self._data / "of others"

    def __enter__(self) -> "SmallDisk":
        self._data.mkdir()
        try:
            self._mount(f"size={self._size},mode=0700")
        except (OSError, subprocess.CalledProcessError):
            raise CannotMount from None
        return self

    def __exit__(self, *_) -> None:
        subprocess.run(["umount", "--lazy", self._data], check=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def enlarge(self) -> None:
        self._mount(f"remount,size={LARGE}")

    def fill(self) -> None:
        """Another program takes what is left, to the last byte, also what is freed meanwhile."""
        piece = PIECE_BYTES
        with open(self._taken, "wb", buffering=0) as file:
            while piece > 0:
                try:
                    file.write(bytes(piece))
                    piece = min(2 * piece, PIECE_BYTES)
                except OSError:
                    piece //= 2

    def free(self) -> None:
        self._taken.unlink(missing_ok=True)

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self._data], check=True,
                       capture_output=True)
