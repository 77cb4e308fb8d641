"""Requests to the HTTP/1.1 port and the JSON gateway that are odd in one or several places, each
from its number."""

import base64
import json
import random

KEYS = (b"", b"a", b"b", b"key", b"k/1", b"\0", b"\xff", b"z" * 40)
INTEGERS = ("0", "1", "2", "-1", '"0"', '"3"', '"-1"', "1.0", "1e0", "10e-1", "1.5", '"1.0"', '"1e1"',
            "9223372036854775807", '"9223372036854775807"', "9223372036854775808", "1e400",
            '"0x1"', '" 1"', '"1 "', "01", "+1", "-0", '""', "null", "true", "[]", "{}", "NaN", '"NaN"')
TRUTHS = ("true", "false", "true", "false", '"true"', '"false"', "1", "0", "null", "TRUE", '""', "[]")
OTHERS = ("null", "1", '""', "[]", "{}", '"x"', "true", "[null]", "[{}]", "[[]]")
NAMES = {"sort_order": ("NONE", "ASCEND", "DESCEND"),
         "sort_target": ("KEY", "VERSION", "CREATE", "MOD", "VALUE"),
         "result": ("EQUAL", "GREATER", "LESS", "NOT_EQUAL"),
         "target": ("VERSION", "CREATE", "MOD", "VALUE", "LEASE"),
         "action": ("GET", "GET", "ACTIVATE", "DEACTIVATE", "DEACTIVATE", "DEACTIVATE"),
         "alarm": ("NONE", "NOSPACE", "NOSPACE")}
RANGE = {"key": "bytes", "range_end": "bytes", "limit": "int", "revision": "int",
         "sort_order": "enum", "sort_target": "enum", "serializable": "bool", "keys_only": "bool",
         "count_only": "bool", "min_mod_revision": "int", "max_mod_revision": "int",
         "min_create_revision": "int", "max_create_revision": "int"}
PUT = {"key": "bytes", "value": "bytes", "lease": "no lease", "prev_kv": "bool",
       "ignore_value": "bool", "ignore_lease": "bool"}
DELETE = {"key": "bytes", "range_end": "bytes", "prev_kv": "bool"}
COMPARE = {"result": "enum", "target": "enum", "key": "bytes", "version": "int",
           "create_revision": "int", "mod_revision": "int", "value": "bytes", "range_end": "bytes"}
OPERATION = {"request_range": RANGE, "request_put": PUT, "request_delete_range": DELETE}
TXN = {"compare": [COMPARE], "success": [OPERATION], "failure": [OPERATION]}
CALLS = {"kv/range": RANGE, "kv/put": PUT, "kv/deleterange": DELETE, "kv/txn": TXN,
         "kv/compaction": {"revision": "int", "physical": "bool"},
         "maintenance/alarm": {"action": "enum", "memberID": "int", "alarm": "enum"},
         "maintenance/hashkv": {"revision": "int"},
         "cluster/member/list": {"linearizable": "bool"}}
PLACES = ("/version", "/health", "/health?serializable=true", "/livez", "/readyz", "/livez/serializable_read",
          "/readyz/data_corruption", "/nope", "/", "/v3/", "/v3/kv", "/v3", "/v3/kv/put/", "/v3/kv//put",
          "/v3/kv/put?x=1", "/v2/keys/a", "/health/", "/livez?exclude=x", "/readyz?verbose", "/%6eope")
TYPES = ("", "application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded",
         "application/grpc-web", "nonsense", "APPLICATION/JSON")
ODD_FIELDS = ("Accept: text/html", "Accept-Encoding: gzip", "Accept-Encoding: identity", "X: y", "x-etcd: 1",
              "Cookie: a=b", "TE: trailers", "Grpc-Timeout: 5S", "Grpc-Metadata-X: y", "Content-Encoding: identity",
              "User-Agent: ", "Range: bytes=0-1", "If-None-Match: *", "Upgrade: h2c", "Connection: x",
              "Connection: keep-alive", "X-HTTP-Method-Override: GET", "Authorization: x", "Pragma: no-cache")


class Odd:
    """What is drawn from one number."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def _chance(self, one_in: int) -> bool:
        return self._random.randrange(one_in) == 0

    def _bytes(self) -> str:
        value = self._random.choice(KEYS)
        kind = self._random.randrange(16)
        if kind == 0:
            return json.dumps(base64.urlsafe_b64encode(value).decode())
        if kind == 1:
            return json.dumps(base64.b64encode(value).decode().rstrip("="))
        if kind == 2:
            return self._random.choice(('"#"', '"a"', '"====" ', '"YQ=="', '"YQ="', '"Y Q=="', '"YQ==\\n"',
                                        '"\\u0059Q=="', '"é"', '"YR=="') + OTHERS)
        return json.dumps(base64.b64encode(value).decode())

    def _enum(self, name: str) -> str:
        kind = self._random.randrange(10)
        if kind < 6:
            return json.dumps(self._random.choice(NAMES[name]))
        if kind < 8:
            return str(self._random.randrange(3))
        # At an action or a kind of alarm that is none, etcd's process ends.
        strange = () if name in ("action", "alarm") else ("77", "-1")
        return self._random.choice(('"X"', '"1"', '"key"', '""', "1.0") + strange + OTHERS)

    def _value(self, name: str, kind: object) -> str:
        if self._chance(25):
            return self._random.choice(OTHERS)
        if isinstance(kind, dict):
            return self._object(kind)
        if isinstance(kind, list):
            items = [self._object(kind[0]) for _ in range(self._random.randrange(4))]
            return "[" + self._random.choice((",", " , ", ",\n")).join(items) + "]"
        if kind == "bytes":
            return self._bytes()
        if kind == "enum":
            return self._enum(name)
        if kind == "bool":
            return self._random.choice(TRUTHS if self._chance(4) else TRUTHS[:4])
        if kind == "no lease":
            return self._random.choice(("0", '"0"', "7", '"7"') + OTHERS)
        return self._random.choice(INTEGERS if self._chance(3) else INTEGERS[:6])

    def _name(self, name: str) -> str:
        kind = self._random.randrange(20)
        if kind < 6:
            head, *rest = name.split("_")
            return head + "".join(part.title() for part in rest)
        if kind == 6 and self._chance(3):
            return self._random.choice((name.upper(), name + " ", "", "x", name.title(), "@type"))
        return name

    def _object(self, fields: dict) -> str:
        chosen = [name for name in fields if self._chance(3)]
        if "key" in fields and "key" not in chosen and not self._chance(6):
            chosen.insert(0, "key")
        if fields is OPERATION and not self._chance(8):
            chosen = [self._random.choice(list(fields))]
        if chosen and self._chance(30):
            chosen.append(chosen[0])
        members = [f"{json.dumps(self._name(name))}{self._random.choice((':', ': '))}"
                   f"{self._value(name, fields[name])}" for name in chosen]
        text = "{" + self._random.choice((",", ", ", "\n,\t")).join(members) + "}"
        return text if not self._chance(60) else text[:-1] + self._random.choice(("", ",}", "]", "}}", " }"))

    def _body(self, fields: dict) -> bytes:
        text = self._object(fields)
        if self._chance(25):
            text = self._random.choice(("", " ", "null", "[]", "1", '"x"', "{", "}", "//\n" + text, "\ufeff" + text,
                                        text + text, text + "x", text + " \n", " " + text, "'" + text, "[" + text + "]"))
        body = text.encode()
        if body and self._chance(40):
            at = self._random.randrange(len(body))
            body = body[:at] + bytes([self._random.choice((0, 9, 0x22, 0x5c, 0x7f, 0x80, 0xff))]) + body[at + 1:]
        return body

    def _framed(self, body: bytes) -> tuple[list[str], bytes]:
        if not self._chance(5):
            return [f"Content-Length: {len(body)}"], body
        pieces, at = b"", 0
        while at < len(body):
            size = self._random.randrange(1, 40)
            piece = body[at:at + size]
            pieces += b"%x\r\n%s\r\n" % (len(piece), piece)
            at += size
        return ["Transfer-Encoding: chunked"], pieces + b"0\r\n\r\n"

    def request(self) -> bytes:
        """One request; it asks to keep the connection unless it says otherwise."""
        name = self._random.choice(list(CALLS))
        path = "/v3/" + name
        method = "POST"
        body = self._body(CALLS[name])
        if self._chance(12):
            path = self._random.choice(PLACES)
            method = self._random.choice(("GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"))
        elif self._chance(30):
            method = self._random.choice(("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post", "Post"))
        framing, framed = self._framed(body)
        fields = ["Host: x", *framing]
        if kind := self._random.choice(TYPES) if self._chance(6) else "":
            fields.append("Content-Type: " + kind)
        fields += self._random.sample(ODD_FIELDS, self._random.choice((0, 0, 0, 1, 2)))
        self._random.shuffle(fields)
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(field + "\r\n" for field in fields) + "\r\n"
        return head.encode() + framed
