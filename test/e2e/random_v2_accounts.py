"""Random requests about users and roles of the v2 API, and about keys that they protect, from one seed:
each is asked by somebody who is known, gives a wrong password, or is nobody."""

import base64
import json
import random

from random_v2 import RandomRequests
from v2_client import Ask

USERS = ["root", "u1", "u2", "u3"]
ROLES = ["root", "guest", "r1", "r2", "r3", "none"]
# None is empty: there etcd 3.4 panics, and the connection ends.
PATTERNS = ["/*", "/a", "/a*", "/a/*", "/b", "/b/c", "/_h*", "/c/*", "a", "*", "/", "/a//b", "/%61"]
PASSWORDS = ["p", "q"]
# What is no user's name and password. Not ":", where it panics, too.
MALFORMED = ["", "Basic", "Basic ", "Basic !", "basic cm9vdA==", "Bearer x", "Basic cm9vdA", "x"]
PATHS = ["/v2/auth/users", "/v2/auth/users/", "/v2/auth/roles", "/v2/auth/enable"]


class RandomAccounts:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.requests = RandomRequests(seed)
        self.passwords = {"root": "p"}  # as far as they are known here

    def founding(self) -> list[Ask]:
        """What makes root, and has passwords asked for."""
        return [self.put("/v2/auth/users/root", {"user": "root", "password": "p"}, None),
                self.put("/v2/auth/enable", None, None)]

    def next(self) -> Ask:
        if self.random.random() < 0.6:
            ask = self.requests.next(may_end_soon=False)
            ask.headers |= self.by(self.somebody())
            return ask
        # Most of what follows is for root alone.
        user = "root" if self.random.random() < 0.85 else self.somebody()
        return self.random.choice([self.user, self.user, self.role, self.role, self.look,
                                   self.enable, self.odd])(user)

    def somebody(self) -> str | None:
        # Few are unknown, or give a wrong password: they are answered late.
        if self.random.random() < 0.03:
            return self.random.choice([*USERS, "none"])
        return self.random.choice([None, None, *self.passwords])

    def by(self, user: str | None) -> dict[str, str]:
        if user is None:
            if self.random.random() < 0.9:
                return {}
            return {"Authorization": self.random.choice(MALFORMED)}
        password = self.passwords.get(user, "p")
        if self.random.random() < 0.01:
            password += "x"
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}

    def put(self, path: str, body: object, user: str | None) -> Ask:
        data = None if body is None else json.dumps(body).encode()
        return Ask("PUT", path, data, None if data is None else "application/json", self.by(user))

    def some(self, values: list[str]) -> list[str]:
        return [self.random.choice(values) for _ in range(self.random.randint(0, 3))]

    def user(self, by: str | None) -> Ask:
        name = self.random.choice(USERS)
        path = "/v2/auth/users/" + name
        kind = self.random.random()
        if kind < 0.15:
            if by == "root" and name != "root":
                self.passwords.pop(name, None)
            return Ask("DELETE", path, headers=self.by(by))
        body: dict[str, object] = {"user": name if self.random.random() < 0.95 else "other"}
        if kind < 0.5:
            # root keeps its own, so that it is known.
            body["password"] = "p" if name == "root" else self.random.choice(PASSWORDS)
        for field, chance in (("roles", 0.2), ("grant", 0.4), ("revoke", 0.3)):
            if self.random.random() < chance:
                body[field] = self.some(ROLES)
        ask = self.put(path, body, by)
        if "password" in body and by == "root":
            self.passwords[name] = str(body["password"])
        return ask

    def role(self, by: str | None) -> Ask:
        name = self.random.choice(ROLES)
        path = "/v2/auth/roles/" + name
        if self.random.random() < 0.15:
            return Ask("DELETE", path, headers=self.by(by))
        body: dict[str, object] = {"role": name if self.random.random() < 0.95 else "other"}
        for field, chance in (("permissions", 0.3), ("grant", 0.5), ("revoke", 0.3)):
            if self.random.random() < chance:
                body[field] = {"kv": {kind: self.some(PATTERNS) for kind in ("read", "write")
                                      if self.random.random() < 0.7}}
        return self.put(path, body, by)

    def look(self, by: str | None) -> Ask:
        names = ["/v2/auth/users/" + name for name in USERS + ["none"]]
        names += ["/v2/auth/roles/" + name for name in ROLES]
        return Ask("GET", self.random.choice(PATHS + names), headers=self.by(by))

    def enable(self, by: str | None) -> Ask:
        method = self.random.choice(["PUT", "PUT", "PUT", "DELETE"])
        return Ask(method, "/v2/auth/enable", headers=self.by(by))

    def odd(self, by: str | None) -> Ask:
        method = self.random.choice(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
        path = self.random.choice(PATHS + ["/v2/auth/users/u1/x", "/v2/auth/roles/r1/", "/v2/auth/none",
                                           "/v2/auth/users/u1", "/v2/auth/roles/r1"])
        if method == "DELETE" and path == "/v2/auth/enable":
            method = "POST"
        body = self.random.choice([None, b"", b"x", b"{", b"[]", b"{}", b"null", b'{"user":1}', b'{"role":[]}',
                                   b'{"user":"u1","roles":"r1"}', b'{"role":"r1","grant":{"kv":[]}}'])
        return Ask(method, path, body, None if body is None else "application/json", self.by(by))
