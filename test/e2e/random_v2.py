"""Random requests of the v2 API, valid and invalid ones, from one seed."""

import random
from urllib.parse import quote, quote_plus

from v2_client import Ask

NAMES = ["a", "b", "c", "d", "_h", "a b", "é", "<&>", "x%y", "\u2028", "00", "a.b", "..."]
VALUES = ["", "x", "y", "1", "a b", "é", "<&>\"\\", "\u2028\t\n\x01", "x" * 3000, "\x7f"]
BOOLEANS = ["true", "false", "1", "0", "t", "F", "TRUE", "True", "yes", "", "2", "tRue"]
NUMBERS = ["0", "1", "x", "", "-1", "+1", "1.5", "18446744073709551615", "18446744073709551616",
           "0x1", " 1", "1_0"]
LONG_TTLS = ["10000", "100000", "31536000"]  # longer than it is asked
# The last ones are too large for a time, and are of the past for that.
SHORT_TTLS = ["0", "1", "9000000000", "18446744073709551615"]
METHODS = ["GET"] * 6 + ["PUT"] * 8 + ["POST"] * 2 + ["DELETE"] * 3 + ["HEAD", "PATCH", "OPTIONS"]
FORM = "application/x-www-form-urlencoded"
ODD_TARGETS = ["/v2", "/v2/", "/v2/keys", "/v2/keys/", "/v2/keysx", "/v2/keys//a", "/v2//keys/a/",
               "/v2/keys/./a", "/v2/keys/a/../b", "/v2/keys/..", "/v2/keys/%2e%2e/b",
               "/v2/keys/a%2Fb", "/v2/keys/a/?recursive=true&sorted=true", "/v2/keys/a;b", "/v2/none",
               "/v2/keys/a+b", "/v2/keys/%00", "/v2/keys/a?x=%zz", "/v2/keys/a?%", "/v2/keys/a?;",
               "/v2/keys/a?value=%ff%fe", "/v2/keys?recursive", "/v2/machines", "/v2/keys/%2F%2Fa",
               "/v2/keys/a%20b/%252F"]


class RandomRequests:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.index = 3  # that the tree has, about

    def path(self) -> str:
        depth = self.random.choice([0, 1, 1, 1, 2, 2, 2, 3, 4])
        names = NAMES if self.random.random() < 0.3 else NAMES[:5]
        return "".join("/" + self.random.choice(names) for _ in range(depth))

    def next(self, may_end_soon: bool) -> Ask:
        """One with a short time to live only if it may have one."""
        method = self.random.choice(METHODS)
        if self.random.random() < 0.03:
            return Ask(method, self.random.choice(ODD_TARGETS))
        parameters = self.parameters(method, may_end_soon)
        return self.ask(method, self.path(), parameters)

    def wait(self) -> Ask:
        """A watch, mostly valid."""
        parameters = [("wait", "true")]
        if self.random.random() < 0.5:
            parameters.append(("recursive", "true"))
        if self.random.random() < 0.4:
            parameters.append(("stream", "true"))
        if self.random.random() < 0.6:
            near = self.index + self.random.randint(-20, 6)
            parameters.append(("waitIndex", str(max(0, self.random.choice([near, near, near, 1, 0])))))
        return self.ask("GET", self.path(), parameters)

    def parameters(self, method: str, may_end_soon: bool) -> list[tuple[str, str]]:
        chance = self.random.random
        pick = self.random.choice
        found = []

        def maybe(probability: float, name: str, *values: str) -> None:
            if chance() < probability:
                found.append((name, pick(values)))

        writes = method in ("PUT", "POST", "PATCH")
        maybe(0.8 if writes else 0.05, "value", *VALUES)
        if writes and chance() < 0.25:
            found.append(("ttl", pick(SHORT_TTLS if may_end_soon and chance() < 0.5 else LONG_TTLS)))
        maybe(0.02, "ttl", *(text for text in NUMBERS if text not in SHORT_TTLS))
        maybe(0.2 if writes else 0.3, "dir", "true", "true", "false", *BOOLEANS)
        maybe(0.12, "prevValue", *VALUES)
        maybe(0.1, "prevIndex", *NUMBERS, *(str(self.index - self.random.randint(0, 30))
                                            for _ in range(20)))
        maybe(0.15, "prevExist", "true", "false", *BOOLEANS)
        maybe(0.08, "refresh", "true", "true", *BOOLEANS)
        maybe(0.3, "recursive", "true", "true", *BOOLEANS)
        maybe(0.2, "sorted", "true", *BOOLEANS)
        maybe(0.1, "quorum", "true", *BOOLEANS)
        maybe(0.04, "stream", *BOOLEANS)
        maybe(0.03, "wait", "x", "", "false", *(["true"] if method != "GET" else []))
        maybe(0.05, "waitIndex", *NUMBERS)
        maybe(0.1, "noValueOnSuccess", "true", *BOOLEANS)
        maybe(0.02, "unknown", "x")
        self.random.shuffle(found)
        return found

    def ask(self, method: str, path: str, parameters: list[tuple[str, str]]) -> Ask:
        target = "/v2/keys" + quote(path)
        if self.random.random() < 0.03:
            target += "/"
        where = [self.random.random() < (0.7 if method in ("PUT", "POST") else 0.03)
                 for _ in parameters]
        query = [each for each, in_body in zip(parameters, where) if not in_body]
        body = [each for each, in_body in zip(parameters, where) if in_body]
        if query:
            target += "?" + self.encode(query)
        if not body:
            return Ask(method, target)
        types = [FORM] * 12 + [FORM + "; charset=utf-8", "text/plain", None, FORM.upper()]
        return Ask(method, target, self.encode(body).encode(), self.random.choice(types))

    def encode(self, parameters: list[tuple[str, str]]) -> str:
        text = "&".join(f"{name}={quote_plus(value)}" for name, value in parameters)
        if self.random.random() < 0.01:
            text += self.random.choice(["&x=%zz", "&%", "&a;b", "&=", "&&", "&value", "&%f"])
        return text
