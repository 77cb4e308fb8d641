#!/usr/bin/python3
"""The reboot lock of a cluster of machines, as CoreOS' locksmith has it: at most so many of them hold
it at a time, and a machine that dies while it holds it keeps it until somebody unlocks for it.

The lock is one key of the v2 API, changed by compare-and-swap alone:

    /coreos.com/updateengine/rebootlock/semaphore
    {"semaphore": places that are left, "max": places, "holders": [machines]}

    reboot_lock.py [--endpoint URL].. lock ID        waits for a place
    reboot_lock.py [--endpoint URL].. unlock ID      gives it back, for itself or for another
    reboot_lock.py [--endpoint URL].. set-max N
    reboot_lock.py [--endpoint URL].. status
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

KEY = "/v2/keys/coreos.com/updateengine/rebootlock/semaphore"
EMPTY = {"semaphore": 1, "max": 1, "holders": []}
TIMEOUT_SECONDS = 5
WAIT_SECONDS = 30
COMPARE_FAILED, KEY_NOT_FOUND, KEY_EXISTS, INDEX_CLEARED = 101, 100, 105, 401


class Refused(Exception):
    def __init__(self, answer: dict) -> None:
        super().__init__(f"{answer.get('message')} ({answer.get('cause')})")
        self.code = answer.get("errorCode")


class Lock:
    def __init__(self, endpoints: list[str]) -> None:
        self.endpoints = endpoints

    def ask(self, method: str, query: dict, value: str | None = None,
            timeout: float = TIMEOUT_SECONDS) -> dict:
        """Of the first endpoint that answers."""
        body = None if value is None else urllib.parse.urlencode({"value": value}).encode()
        problem: Exception = ValueError("no endpoints")
        for endpoint in self.endpoints:
            url = endpoint + KEY + "?" + urllib.parse.urlencode(query)
            try:
                with urllib.request.urlopen(urllib.request.Request(url, body, method=method),
                                            timeout=timeout) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise Refused(json.load(error)) from None
                problem = error
            except (OSError, ValueError) as error:
                problem = error
        raise problem

    def read(self) -> tuple[dict, int]:
        """The semaphore and the index at which it was changed. Makes it, if there is none."""
        while True:
            try:
                node = self.ask("GET", {"quorum": "true"})["node"]
                return json.loads(node["value"]), node["modifiedIndex"]
            except Refused as refused:
                if refused.code != KEY_NOT_FOUND:
                    raise
            try:
                self.ask("PUT", {"prevExist": "false"}, json.dumps(EMPTY))
            except Refused as refused:
                if refused.code != KEY_EXISTS:
                    raise

    def write(self, semaphore: dict, index: int) -> bool:
        """False if somebody else was faster, or it cannot be told: then it is to be read again."""
        try:
            self.ask("PUT", {"prevIndex": index}, json.dumps(semaphore))
            return True
        except Refused as refused:
            if refused.code == COMPARE_FAILED:
                return False
            raise
        except (OSError, ValueError):
            time.sleep(0.1)
            return False

    def wait_for_change(self, index: int) -> None:
        try:
            self.ask("GET", {"wait": "true", "waitIndex": index + 1}, timeout=WAIT_SECONDS)
        except Refused as refused:
            if refused.code != INDEX_CLEARED:
                raise
        except (OSError, ValueError):
            time.sleep(0.1)  # it is read again

    def lock(self, machine: str) -> None:
        """Once it is there the machine has it, also if it has had it before."""
        while True:
            semaphore, index = self.read()
            if machine in semaphore["holders"]:
                return
            if semaphore["semaphore"] <= 0:
                self.wait_for_change(index)
                continue
            semaphore["semaphore"] -= 1
            semaphore["holders"] = sorted([*semaphore["holders"], machine])
            self.write(semaphore, index)

    def unlock(self, machine: str) -> None:
        while True:
            semaphore, index = self.read()
            if machine not in semaphore["holders"]:
                return
            semaphore["semaphore"] += 1
            semaphore["holders"].remove(machine)
            if self.write(semaphore, index):
                return

    def set_max(self, places: int) -> None:
        while True:
            semaphore, index = self.read()
            semaphore["semaphore"] += places - semaphore["max"]
            semaphore["max"] = places
            if self.write(semaphore, index):
                return


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", action="append", help="URL of a member, several times")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("lock", "unlock"):
        commands.add_parser(name).add_argument("machine")
    commands.add_parser("set-max").add_argument("places", type=int)
    commands.add_parser("status")
    options = parser.parse_args()
    lock = Lock(options.endpoint or ["http://127.0.0.1:2379"])
    if options.command == "lock":
        lock.lock(options.machine)
    elif options.command == "unlock":
        lock.unlock(options.machine)
    elif options.command == "set-max":
        lock.set_max(options.places)
    semaphore = lock.read()[0]
    print(f"available: {semaphore['semaphore']}\nmax: {semaphore['max']}")
    for holder in semaphore["holders"]:
        print(f"holder: {holder}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
