"""What watches were told, one answer a line of JSON, in the order of its watch.

  {"watch": "c.w1", "at": "m1", "time": 17, "kind": "opened", "revision": r}
  {"watch": "c.w1", "at": "m1", "time": 23, "kind": "events", "revision": r, "events": [...]}
  {"watch": "c.w1", "at": "m1", "time": 42, "kind": "progress", "revision": r}
  {"watch": "c.w1", "at": "m1", "time": 51, "kind": "compacted", "revision": r}
  {"watch": "c.w1", "at": "", "time": 99, "kind": "ended", "revision": r}

`time` is that of history.py, when the answer came. A watch goes on from stream to stream, each of
which begins with "opened": the revision is the first that is asked for, and what an earlier stream
did not bring whole is not in the file. "events" are those of one answer, or of all its fragments,
and the revision is the store's, as in "progress"; of "compacted" it is the first that can still be
asked for; of "ended" the newest that the clients of its process were told, which the watch must
have passed. Before the first line of all is what the watch is:

  {"watch": "c.w1", "key": k, "end": e, "prev": true, "without": ["put"]}

An event is [kv, kv before, or null] for a put, and [[key, null, 0, revision, 0], kv before, or
null] for a deletion.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Wish:
    """`key` and `end` as in history.py. `without` are "put" or "delete", which are not told."""

    watch: str
    key: str
    end: str | None = None
    prev: bool = False
    without: list[str] = field(default_factory=list)


@dataclass
class Told:
    watch: str
    at: str
    time: int
    kind: str
    revision: int
    events: list[list] = field(default_factory=list)


def line(what: Wish | Told) -> str:
    return json.dumps(vars(what), separators=(",", ":"))


def read(folder: Path) -> dict[str, tuple[Wish, list[Told]]]:
    """By watch, in order."""
    watches: dict[str, tuple[Wish, list[Told]]] = {}
    for path in sorted(folder.glob("watches-*.jsonl")):
        for text in path.read_text().splitlines():
            fields = json.loads(text)
            if "kind" in fields:
                watches[fields["watch"]][1].append(Told(**fields))
            else:
                watches[fields["watch"]] = (Wish(**fields), [])
    return watches
