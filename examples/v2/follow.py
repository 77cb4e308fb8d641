#!/usr/bin/python3
"""Follows the keys below a directory of the v2 API, as programs like confd do that write files from
templates: reads them once, and waits for each change by a long poll from the index behind the last one.
So no change is lost while it asks, while a member restarts, or when another one leads.

    follow.py DIRECTORY [ENDPOINT..]

writes a line of JSON for each change: {"action", "key", "value", "index"}; "reset" begins anew, where so
much has changed meanwhile that the member does not know all of it any more.
"""

import http.client
import json
import sys
import time
import urllib.parse
from typing import Iterator

WAIT_SECONDS = 30
INDEX_CLEARED = 401


class Follower:
    def __init__(self, directory: str, endpoints: list[str]) -> None:
        self.path = "/v2/keys" + directory
        self.endpoints = endpoints
        self.connection: http.client.HTTPConnection | None = None
        self.index = 0  # the last one that was told

    def ask(self, query: str) -> tuple[dict, int]:
        """The answer, and the index of the whole tree; of the next endpoint, if one fails."""
        while True:
            try:
                if self.connection is None:
                    address = urllib.parse.urlsplit(self.endpoints[0]).netloc
                    self.connection = http.client.HTTPConnection(address, timeout=WAIT_SECONDS)
                self.connection.request("GET", f"{self.path}?{query}")
                answer = self.connection.getresponse()
                body = answer.read()
                if answer.status < 500 and body:
                    return json.loads(body), int(answer.headers["X-Etcd-Index"])
            except TimeoutError:
                pass  # nothing has changed; asks again
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)
            if self.connection is not None:
                self.connection.close()
                self.connection = None
            self.endpoints = [*self.endpoints[1:], self.endpoints[0]]

    def changes(self) -> Iterator[dict]:
        yield from self.read_all()
        while True:
            answer, _ = self.ask(f"wait=true&recursive=true&waitIndex={self.index + 1}")
            if answer.get("errorCode") == INDEX_CLEARED:
                yield from self.read_all()
                continue
            node = answer["node"]
            self.index = node["modifiedIndex"]
            yield {"action": answer["action"], "key": node["key"], "value": node.get("value"),
                   "index": self.index}

    def read_all(self) -> Iterator[dict]:
        answer, self.index = self.ask("recursive=true&quorum=true")
        yield {"action": "reset", "key": None, "value": None, "index": self.index}
        waiting = [answer["node"]] if "node" in answer else []
        while waiting:
            node = waiting.pop()
            waiting.extend(node.get("nodes", []))
            if not node.get("dir"):
                yield {"action": "get", "key": node["key"], "value": node["value"],
                       "index": node["modifiedIndex"]}


def main() -> None:
    directory, *endpoints = sys.argv[1:]
    for change in Follower(directory, endpoints or ["http://127.0.0.1:2379"]).changes():
        print(json.dumps(change), flush=True)


if __name__ == "__main__":
    main()
