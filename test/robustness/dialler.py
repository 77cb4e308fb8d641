"""Who dialled: which process of this machine has the other end of a connection."""

import os
import socket
import struct
from pathlib import Path

CLIENTS = "clients"  # whoever is no member

_NAME_FLAG = b"--name"
_LOOPBACK = bytes([127, 0, 0, 1])
# Of sock_diag(7) and netlink(7).
_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
_ALL_STATES = _NO_COOKIE = 0xFFFFFFFF
_HEADER_BYTES = 16
_INODE_OFFSET = 4 + 48 + 16  # in an inet_diag_msg
_ANSWER_SECONDS = 5


class Diallers:
    """Members are the processes that `parent` started with `--name NAME`. That a member is known by
    its process, not by what it sends, holds for every connection, whatever is spoken on it."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._names: dict[int, str] = {}  # by process

    def name(self, server_port: int, client_port: int) -> str:
        """Of the process whose socket is 127.0.0.1:`client_port`, connected to `server_port`."""
        inode = _told_inode(server_port, client_port) or _listed_inode(server_port, client_port)
        if inode is None:
            return CLIENTS
        target = f"socket:[{inode}]"
        for process, name in list(self._names.items()):
            if _has_open(process, target):
                return name
        self._names = _members(self._parent)
        for process, name in self._names.items():
            if _has_open(process, target):
                return name
        return CLIENTS


def _told_inode(server_port: int, client_port: int) -> int | None:
    """By a kernel that can tell of one socket: it takes ten milliseconds to list all, in which the
    proxy does nothing else."""
    try:
        return _ask_kernel(server_port, client_port)
    except OSError:
        return None


def _ask_kernel(server_port: int, client_port: int) -> int | None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.settimeout(_ANSWER_SECONDS)
        asked = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, _ALL_STATES) + \
            struct.pack("!HH4s12x4s12x", client_port, server_port, _LOOPBACK, _LOOPBACK) + \
            struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
        kernel.send(struct.pack("=IHHII", _HEADER_BYTES + len(asked), _BY_FAMILY, _REQUEST, 0, 0)
                    + asked)
        answer = kernel.recv(4096)
    if struct.unpack_from("=H", answer, 4)[0] != _BY_FAMILY:  # an error
        return None
    return struct.unpack_from("=I", answer, _HEADER_BYTES + _INODE_OFFSET)[0] or None


def _listed_inode(server_port: int, client_port: int) -> int | None:
    local, remote = (f"0100007F:{port:04X}" for port in (client_port, server_port))
    for line in Path("/proc/net/tcp").read_text().splitlines():
        if local in line and remote in line:
            fields = line.split()
            if fields[1:3] == [local, remote] and fields[9] != "0":
                return int(fields[9])
    return None


def _has_open(process: int, target: str) -> bool:
    folder = f"/proc/{process}/fd"
    try:
        for descriptor in os.listdir(folder):
            try:
                if os.readlink(f"{folder}/{descriptor}") == target:
                    return True
            except OSError:  # closed meanwhile
                continue
    except OSError:  # the process has ended
        pass
    return False


def _members(parent: int) -> dict[int, str]:
    names = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if int(state[1]) == parent and _NAME_FLAG in words:
            names[int(folder.name)] = words[words.index(_NAME_FLAG) + 1].decode()
    return names
