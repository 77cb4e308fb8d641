"""What clients asked and were answered: operations, one a line of JSON.

  {"client": "c3", "at": "m1", "call": 17, "returned": 42, "request": {...}, "reply": {...}}
  {"client": "c3", "at": "m1", "call": 51, "returned": 99, "request": {...}, "error": "..."}

`call` and `returned` are nanoseconds of the machine's monotonic clock, on which all its processes
agree. An operation without a reply may have been carried out, or will be, or never; with
`"refused": true` it never is. These are the requests, each with its reply:

  {"op": "put", "key": k, "value": v, "prev": true}
      {"revision": r, "prev": [kv]}
  {"op": "delete", "key": k, "end": e, "prev": true}
      {"revision": r, "deleted": n, "prev": [kv...]}
  {"op": "range", "key": k, "end": e, "at": r, "serializable": true}
      {"revision": r, "kvs": [kv...], "count": n}
  {"op": "txn", "compare": [[k, "mod", "<", n]...], "then": [request...], "else": [request...]}
      {"revision": r, "succeeded": true, "responses": [reply without revision...]}
  {"op": "compact", "at": r}
      {"revision": r}

`end` may be left out, for one key, and is "\\0" for all from the key on. `prev` asks for pairs as
they were before. A kv is [key, value, create revision, mod revision, version]. Compares are of value,
mod, create or version; of values only = and !=, as a value stands for a longer one (`expand`).
"""

import json
from dataclasses import dataclass
from pathlib import Path

FROM_KEY = "\0"  # as `end`; as `key`, with that `end`: everything
WRITES = ("put", "delete", "txn")


@dataclass(slots=True, eq=False)
class Operation:
    client: str
    at: str  # which member was asked
    call: int
    returned: int
    request: dict
    reply: dict | None = None
    error: str = ""
    refused: bool = False

    @property
    def revision(self) -> int:
        """Of the store when it was carried out; 0 if it was not answered."""
        return self.reply["revision"] if self.reply else 0

    @property
    def is_serializable(self) -> bool:
        return self.request.get("serializable", False)

    def line(self) -> str:
        fields = {"client": self.client, "at": self.at, "call": self.call,
                  "returned": self.returned, "request": self.request}
        if self.reply is not None:
            fields["reply"] = self.reply
        else:
            fields["error"] = self.error
        if self.refused:
            fields["refused"] = True
        return json.dumps(fields, separators=(",", ":"))


def has_changed(request: dict, reply: dict) -> bool:
    """So `reply` has a revision of its own."""
    match request["op"]:
        case "put":
            return True
        case "delete":  # of a branch that was not taken, there may be something else
            return reply.get("deleted", 0) > 0
        case "txn":
            branch = request["then" if reply["succeeded"] else "else"]
            return any(map(has_changed, branch, reply["responses"]))
    return False


class Histories:
    """All that was written so far to the histories of a folder, while others write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}  # bytes, by file
        self._operations: list[Operation] = []

    def operations(self) -> list[Operation]:
        """Those before come first. The list stays that of this object."""
        for path in sorted(self._folder.glob("history-*.jsonl")):
            with open(path, "rb") as file:
                file.seek(self._read.get(path, 0))
                # The last line may be one that is still being written.
                whole = file.read().rpartition(b"\n")[0]
            if whole:
                self._read[path] = self._read.get(path, 0) + len(whole) + 1
                self._operations += [Operation(**json.loads(line))
                                     for line in whole.split(b"\n")]
        return self._operations


def expand(value: str) -> bytes:
    """What is sent for a value of a history: "3.17:400" is filled up to 400 bytes."""
    size = int(value.rpartition(":")[2])
    return value.encode().ljust(size, b".")


def shorten(value: bytes) -> str:
    """What `expand` was given; anything else as it is."""
    text = value.decode("latin-1")
    short = text.rstrip(".")
    size = short.rpartition(":")[2]
    if size.isdigit() and len(text) == max(int(size), len(short)):
        return short
    return text
