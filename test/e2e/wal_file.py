"""A segment of a write-ahead log, byte by byte: entries that no client can have a member write, and
damage at a place that is known."""

import struct
from pathlib import Path

METADATA, ENTRY, STATE, CRC, SNAPSHOT = range(1, 6)
NORMAL, CONF_CHANGE = 0, 1
FIRST = f"{0:016x}-{0:016x}.wal"
_POLYNOMIAL = 0x82F63B78


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def crc32c(data: bytes, before: int = 0) -> int:
    crc = before ^ 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def varint(number: int) -> bytes:
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def numbers(*values: int) -> bytes:
    """A message whose fields 1, 2, ... are these."""
    return b"".join(varint(field << 3) + varint(value) for field, value in enumerate(values, 1))


def data_field(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


class WalFile:
    """What a segment has so far, and where its records lie."""

    def __init__(self) -> None:
        self.bytes = b""
        self.offsets: list[int] = []
        self.crc = 0
        self.append(CRC)

    def append(self, kind: int, data: bytes = b"") -> None:
        self.offsets.append(len(self.bytes))
        body = numbers(kind)
        if kind != CRC:
            self.crc = crc32c(data, self.crc)
        body += varint(2 << 3) + varint(self.crc)
        if kind != CRC:
            body += data_field(3, data)
        pad = -len(body) % 8
        length = len(body) | ((0x80 | pad) << 56 if pad else 0)
        self.bytes += struct.pack("<Q", length) + body + bytes(pad)

    def entry(self, term: int, index: int, data: bytes, kind: int = NORMAL) -> None:
        self.append(ENTRY, numbers(kind, term, index) + (data_field(4, data) if data else b""))

    def state(self, term: int, vote: int, commit: int) -> None:
        self.append(STATE, numbers(term, vote, commit))

    def mark(self, index: int, term: int) -> None:
        self.append(SNAPSHOT, numbers(index, term))

    def write(self, directory: Path, name: str = FIRST) -> Path:
        path = directory / name
        path.write_bytes(self.bytes + bytes(4096))
        return path
