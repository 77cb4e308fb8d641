"""HTTP/2 by hand over a blocking socket: for clients that misbehave, and for those that measure."""

import socket
import struct

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
CONTINUATION = 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4  # settings
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW_MAX = 2**31 - 1
WINDOW_AT_FIRST = 65_535
FRAME_MAX = 16_384


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _string(text: bytes) -> bytes:
    """HPACK's, without Huffman's code."""
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, size = len(text) - 127, b"\x7f"
    while rest > 127:
        size += bytes([rest & 127 | 128])
        rest >>= 7
    return size + bytes([rest]) + text


def literal(name: bytes, value: bytes, indexed: bool = False) -> bytes:
    """One field of a header block; `indexed`: it enters the dynamic table."""
    return (b"\x40" if indexed else b"\0") + _string(name) + _string(value)


def head(path: str, *fields: tuple[bytes, bytes]) -> bytes:
    """The header block of a gRPC call."""
    fields = ((b":path", path.encode()), (b":authority", b"127.0.0.1"), (b"te", b"trailers"),
              (b"content-type", b"application/grpc")) + fields
    # Indexed: :method POST, :scheme http.
    return b"\x83\x86" + b"".join(literal(name, value) for name, value in fields)


def message(encoded: bytes) -> bytes:
    return struct.pack(">BI", 0, len(encoded)) + encoded


class Connection:
    """`window` is that of each of its streams; that of the connection is as wide as can be unless
    it is not `wide`."""

    def __init__(self, address: str, window: int = WINDOW_MAX, wide: bool = True,
                 receive_buffer: int = 0, timeout: float = 30) -> None:
        host, _, port = address.partition(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # No dynamic table: what is received can be passed over.
        settings = struct.pack(">HIHI", HEADER_TABLE_SIZE, 0, INITIAL_WINDOW_SIZE, window)
        self.send(PREFACE + frame(SETTINGS, 0, 0, settings))
        if wide:
            self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_MAX - WINDOW_AT_FIRST)))
        self.next_stream = 1
        self._received = bytearray()

    def send(self, encoded: bytes) -> None:
        self.socket.sendall(encoded)

    def request(self, path: str, encoded: bytes, *fields: tuple[bytes, bytes]) -> bytes:
        """The frames of a call with one message, which fits into the windows that are there at first."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        data = message(encoded)
        pieces = [data[at:at + FRAME_MAX] for at in range(0, len(data), FRAME_MAX)]
        return frame(HEADERS, END_HEADERS, stream, head(path, *fields)) + b"".join(
            frame(DATA, END_STREAM if number == len(pieces) else 0, stream, piece)
            for number, piece in enumerate(pieces, start=1))

    def receive(self) -> tuple[int, int, int, bytes]:
        """The next frame: kind, flags, stream, payload. Raises ConnectionError at the end, and
        TimeoutError."""
        while True:
            if len(self._received) >= 9:
                size = int.from_bytes(self._received[:3], "big")
                if len(self._received) >= 9 + size:
                    kind, flags, stream = struct.unpack(">BBI", self._received[3:9])
                    payload = bytes(self._received[9:9 + size])
                    del self._received[:9 + size]
                    if kind == SETTINGS and not flags & ACK:
                        self.send(frame(SETTINGS, ACK, 0))
                    elif kind == PING and not flags & ACK:
                        self.send(frame(PING, ACK, 0, payload))
                    return kind, flags, stream, payload
            received = self.socket.recv(65_536)
            if not received:
                raise ConnectionError("the server closed the connection")
            self._received += received

    def call(self, path: str, encoded: bytes) -> bytes | None:
        """The message of the answer, or none if there is an error instead."""
        stream = self.next_stream
        self.send(self.request(path, encoded))
        answer = b""
        while True:
            kind, flags, of, payload = self.receive()
            if of != stream:
                continue
            if kind == RESET:
                return None
            if kind == DATA:
                answer += payload
            if flags & END_STREAM:
                return answer[5:] if len(answer) >= 5 else None

    def close(self) -> None:
        self.socket.close()
