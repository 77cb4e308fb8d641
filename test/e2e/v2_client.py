"""Requests of the v2 API as bytes, and their answers as they come: also those that do not end."""

import select
import socket
import time
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 60


@dataclass
class Ask:
    method: str
    target: str  # path and query, as they are sent
    body: bytes | None = None
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        headers = {"Host": "127.0.0.1"} | self.headers
        lines = [f"{self.method} {self.target} HTTP/1.1",
                 *(f"{name}: {value}" for name, value in headers.items())]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}")
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + (self.body or b"")


class Answer:
    """Its head has come; the body is read when it is asked for."""

    def __init__(self, connection: "Connection", method: str) -> None:
        self._file = connection.file
        self.socket = connection.socket
        self.line = self._file.readline().decode().strip()
        if not self.line:
            raise ConnectionError("no answer")
        self.status = int(self.line.split()[1])
        self.headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name] = value.strip()
        self.body = b""
        self.ended = method == "HEAD" or self.status in (204, 304)

    @property
    def is_chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding") == "chunked"

    def read(self) -> "Answer":
        """To its end."""
        if not self.ended and not self.is_chunked:
            self.body = self._file.read(int(self.headers.get("Content-Length", "0")))
            self.ended = True
        while not self.ended:
            self._read_chunk()
        return self

    def read_what_comes(self, seconds: float) -> "Answer":
        """Until it ends, or nothing has come for so long."""
        while not self.ended and self.has_more(seconds):
            self._read_chunk()
        return self

    def has_more(self, seconds: float) -> bool:
        """Whether some of it comes within that time."""
        return self._file.peek_buffered() or bool(select.select([self.socket], [], [], seconds)[0])

    def close(self) -> None:
        """With its connection."""
        self.socket.close()

    def read_what_is_there(self) -> bool:
        """Answers whether there was some."""
        if not self.is_chunked:
            self.read()
        if self.ended or not self.has_more(0):
            return False
        self.read_what_comes(0)
        return True

    def _read_chunk(self) -> None:
        size = int(self._file.readline().strip() or b"0", 16)
        self.body += self._file.read(size)
        self._file.readline()
        self.ended = size == 0


class _Reader:
    """Lines and bytes; what a timeout has left half is there the next time."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""

    def peek_buffered(self) -> bool:
        return bool(self._buffer)

    def _more(self) -> bool:
        data = self._socket.recv(1 << 16)
        self._buffer += data
        return bool(data)

    def readline(self) -> bytes:
        while b"\n" not in self._buffer:
            if not self._more():
                break
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line + newline

    def read(self, size: int) -> bytes:
        while len(self._buffer) < size and self._more():
            pass
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data


class Connection:
    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = _Reader(self.socket)

    def ask(self, ask: Ask) -> Answer:
        """When the head has come."""
        self.send(ask)
        return Answer(self, ask.method)

    def send(self, ask: Ask) -> None:
        """Its answer is then to be made, Answer(self, ask.method)."""
        self.socket.sendall(ask.bytes())

    def close(self) -> None:
        self.socket.close()


def read_side_by_side(pairs: list[list[Answer]], quiet_seconds: float,
                      late_seconds: float) -> None:
    """What comes of all of them, to their ends or until they are quiet; if it is not as much of
    both of a pair, one of them may be late."""
    def progress(answer: Answer) -> tuple[bool, int]:
        return answer.ended, answer.body.count(b"\n")

    end = time.monotonic() + late_seconds
    while waiting := [answer for pair in pairs for answer in pair if not answer.ended]:
        if any([answer.read_what_is_there() for answer in waiting]):
            continue
        if select.select([answer.socket for answer in waiting], [], [], quiet_seconds)[0]:
            continue
        if time.monotonic() > end or all(progress(one) == progress(other) for one, other in pairs):
            return
