"""Who dialled: which process of this machine has the other end of a connection."""

import os
from pathlib import Path

CLIENTS = "clients"  # whoever is no member

_NAME_FLAG = b"--name"


class Diallers:
    """Members are the processes that `parent` started with `--name NAME`. That a member is known by
    its process, not by what it sends, holds for every connection, whatever is spoken on it."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._names: dict[int, str] = {}  # by process

    def name(self, server_port: int, client_port: int) -> str:
        """Of the process whose socket is 127.0.0.1:`client_port`, connected to `server_port`."""
        inode = _inode(server_port, client_port)
        if inode is None:
            return CLIENTS
        socket = f"socket:[{inode}]"
        for process, name in list(self._names.items()):
            if _has_open(process, socket):
                return name
        self._names = _members(self._parent)
        for process, name in self._names.items():
            if _has_open(process, socket):
                return name
        return CLIENTS


def _inode(server_port: int, client_port: int) -> str | None:
    local, remote = (f"0100007F:{port:04X}" for port in (client_port, server_port))
    for line in Path("/proc/net/tcp").read_text().splitlines():
        if local in line and remote in line:
            fields = line.split()
            if fields[1:3] == [local, remote] and fields[9] != "0":
                return fields[9]
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
