"""Random requests to the KV API, invalid ones of every kind included, that collide often."""

import random
from dataclasses import dataclass
from typing import Any

from protocol import KV, LEASE, MAINTENANCE, rpc

TXN_OPS_MAX = 128
INT64_MAX, INT64_MIN = 2**63 - 1, -2**63
# Past what --max-request-bytes allows by default, and past what gRPC then does.
TOO_LARGE, MUCH_TOO_LARGE = 1_600_000, 2_200_000

KEYS = [b"k%02d" % number for number in range(20)] + [b"k", b"k0", b"\0", b"z\xff", b"\xff"]
ENDS = KEYS + [b"\0", b"k\0", b"k1", b"k2", b"l", b"a", b"k05\0", b"\xff\xff"]
# Granted and revoked again and again, for so long that none runs out.
LEASES = [11, 12, 13, 2**62]
LEASE_SECONDS = 100_000
UNKNOWN_LEASES = [1, -1, 7587849484, INT64_MAX, INT64_MIN]
UNKNOWN_ENUM = 9


@dataclass
class Request:
    service: str
    method: str
    encoded: bytes
    message: Any = None  # none if the bytes are no request


class Requests:
    """Those of a seed. What is asked for depends on what was answered, see `seen`."""

    def __init__(self, seed: int, leases: bool = False) -> None:
        self.random = random.Random(seed)
        self.leases = leases
        self.revision = 1
        self.compacted = -1
        self.unawaited: set[int] = set()  # compactions that may not be over

    def next(self) -> Request:
        return self._one_of({
            self._range: 300, self._range_stream: 20, self._put: 250, self._delete_range: 90,
            self._txn: 300, self._read_only_txn: 40, self._compact: 8, self._hash_kv: 8,
            self._unknown_sort: 6, self._undecodable: 4, self._unknown_method: 2,
            self._too_large: 1, self._lease: 150 if self.leases else 0,
        })()

    def seen(self, revision: int, compaction: Any = None) -> None:
        """The store's revision, and a compaction which was made."""
        self.revision = max(self.revision, revision)
        if compaction is not None:
            self.compacted = compaction.revision
            if not compaction.physical:
                self.unawaited.add(compaction.revision)

    def _one_of(self, weights: dict):
        return self.random.choices(list(weights), weights=weights.values())[0]

    def _happens(self, probability: float) -> bool:
        return self.random.random() < probability

    @staticmethod
    def _kv(method: str, message) -> Request:
        return Request(KV, method, message.SerializeToString(), message)

    def _range(self) -> Request:
        return self._kv("Range", self._range_request())

    def _range_stream(self) -> Request:
        return self._kv("RangeStream", self._range_request())

    def _put(self) -> Request:
        return self._kv("Put", self._put_request(may_keep=True))

    def _delete_range(self) -> Request:
        return self._kv("DeleteRange", self._delete_request(may_be_open=self._happens(0.05)))

    def _compact(self) -> Request:
        revision = self._one_of({
            self.revision - self.random.randrange(1, 200): 60, self.revision: 10,
            self.compacted: 10, self.revision + 1: 5, 0: 5, -3: 5, INT64_MAX: 2, INT64_MIN: 2,
        })
        return self._kv("Compact", rpc.CompactionRequest(revision=revision,
                                                         physical=self._happens(0.5)))

    def _hash_kv(self) -> Request:
        revision = self._revision()
        # Before the compaction is over the hash goes by the one before, and then by this one.
        message = rpc.HashKVRequest(revision=0 if revision in self.unawaited else revision)
        return Request(MAINTENANCE, "HashKV", message.SerializeToString(), message)

    def _lease(self) -> Request:
        lease = self.random.choice(UNKNOWN_LEASES if self._happens(0.1) else LEASES)
        seconds = self.random.choice([9_000_000_001, INT64_MAX]) if self._happens(0.05) else (
            LEASE_SECONDS)
        method, message = self._one_of({
            ("LeaseGrant", rpc.LeaseGrantRequest(ID=lease, TTL=seconds)
             .SerializeToString()): 50,
            ("LeaseRevoke", rpc.LeaseRevokeRequest(ID=lease).SerializeToString()): 25,
            ("LeaseTimeToLive", rpc.LeaseTimeToLiveRequest(ID=lease, keys=self._happens(0.7))
             .SerializeToString()): 25,
            ("LeaseLeases", b""): 10,
            ("LeaseKeepAlive", rpc.LeaseKeepAliveRequest(ID=lease).SerializeToString()): 15,
        })
        return Request(LEASE, method, message)

    def _txn(self) -> Request:
        # Where ignore_value or ignore_lease keeps what this very transaction deleted, real etcd
        # panics. Its check for duplicate keys overlooks such a deletion only if it has no end.
        open_deletes = self._happens(0.2)
        if self._happens(0.03):
            message = self._long_txn()
        else:
            message = self._txn_request(0, open_deletes)
        return self._kv("Txn", message)

    def _read_only_txn(self) -> Request:
        def ranges() -> list:
            return [rpc.RequestOp(request_range=self._range_request())
                    for _ in range(self.random.randrange(4))]
        return self._kv("Txn", rpc.TxnRequest(compare=self._compares(), success=ranges(),
                                              failure=ranges()))

    def _unknown_sort(self) -> Request:
        """Real etcd 3.4 panics if only the target is unknown."""
        asked = self._range_request()
        asked.sort_order = UNKNOWN_ENUM
        if self._happens(0.5):
            asked.sort_target = UNKNOWN_ENUM
        if self._happens(0.5):
            return self._kv("Range", asked)
        op = rpc.RequestOp(request_range=asked)
        return self._kv("Txn", rpc.TxnRequest(success=[op], failure=[op]))

    def _undecodable(self) -> Request:
        method = self.random.choice(["Range", "Put", "DeleteRange", "Txn", "Compact"])
        # A length-delimited field that is longer than what follows, or a tag that is cut off.
        return Request(KV, method, self.random.choice([b"\x0a\x7fshort", b"\x0a", b"\xff\xff"]))

    def _unknown_method(self) -> Request:
        service = self.random.choice([KV, "etcdserverpb.Nothing"])
        return Request(service, self.random.choice(["Nothing", "range"]), b"")

    def _too_large(self) -> Request:
        size = self.random.choice([TOO_LARGE, MUCH_TOO_LARGE])
        put = rpc.PutRequest(key=self._key(), value=bytes(size))
        if self._happens(0.5):
            return self._kv("Put", put)
        return self._kv("Txn", rpc.TxnRequest(success=[rpc.RequestOp(request_put=put)]))

    def _key(self) -> bytes:
        return b"" if self._happens(0.01) else self.random.choice(KEYS)

    def _end(self) -> bytes:
        return b"" if self._happens(0.35) else self.random.choice(ENDS)

    def _revision(self) -> int:
        return self._one_of({
            0: 50, self.revision: 6, self.revision - 1: 6, self.revision + 1: 2,
            self.revision - self.random.randrange(1, 300): 20,
            self.random.randrange(1, self.revision + 1): 3, self.compacted: 4,
            self.compacted + 1: 4, self.compacted - 1: 2, -1: 2, -7: 1, INT64_MAX: 1, INT64_MIN: 1,
        })

    def _bound(self) -> int:
        """Of a filter."""
        return self._one_of({
            0: 75, self.revision - self.random.randrange(1, 100): 20, self.revision: 2,
            self.revision + 3: 1, -1: 1, INT64_MAX: 1, INT64_MIN: 1,
        })

    def _range_request(self):
        filtered = self._happens(0.2)
        return rpc.RangeRequest(
            key=self._key(), range_end=self._end(),
            limit=self._one_of({0: 60, 1: 10, 2: 10, 5: 10, 11: 3, 25: 3, -1: 2, INT64_MAX: 1,
                                INT64_MIN: 1}),
            revision=self._revision(),
            sort_order=self._one_of({0: 60, 1: 15, 2: 25}),
            sort_target=self._one_of({0: 60, 1: 10, 2: 10, 3: 10, 4: 10}),
            serializable=self._happens(0.3), keys_only=self._happens(0.2),
            count_only=self._happens(0.1),
            min_mod_revision=self._bound() if filtered else 0,
            max_mod_revision=self._bound() if filtered else 0,
            min_create_revision=self._bound() if filtered else 0,
            max_create_revision=self._bound() if filtered else 0)

    def _put_request(self, may_keep: bool):
        keeps_value = may_keep and self._happens(0.08)
        keeps_lease = may_keep and self._happens(0.08)
        # Few values, so that comparisons and sorts find equal ones.
        value = self.random.choice([b"", b"a", b"b", b"ab", b"\0", b"\xff\xfe\xff"])
        return rpc.PutRequest(
            key=self._key(), value=b"" if keeps_value and self._happens(0.9) else value,
            lease=self._lease_of_put(),
            prev_kv=self._happens(0.3), ignore_value=keeps_value, ignore_lease=keeps_lease)

    def _lease_of_put(self) -> int:
        if self._happens(0.02):
            return self.random.choice(UNKNOWN_LEASES)
        return self.random.choice(LEASES) if self.leases and self._happens(0.25) else 0

    def _delete_request(self, may_be_open: bool):
        end = self._end()
        if end == b"\0" and not may_be_open:
            end = b"k1"
        return rpc.DeleteRangeRequest(key=self._key(), range_end=b"" if self._happens(0.4) else end,
                                      prev_kv=self._happens(0.4))

    def _compares(self) -> list:
        return [self._compare() for _ in range(self._one_of({0: 20, 1: 50, 2: 20, 3: 10}))]

    def _compare(self):
        revision = self.random.choice([0, self.revision, self.revision - 1, -1, 2])
        union = self.random.choice([
            {"version": self.random.choice([0, 1, 2, -1])}, {"create_revision": revision},
            {"mod_revision": revision}, {"value": self.random.choice([b"", b"a", b"ab"])},
            {"lease": self.random.choice([0, 1])}, {}])
        targets = {"version": 0, "create_revision": 1, "mod_revision": 2, "value": 3, "lease": 4}
        target = targets[next(iter(union))] if union else self.random.randrange(5)
        if self._happens(0.1):  # not the one that is given
            target = self.random.choice([0, 1, 2, 3, 4, UNKNOWN_ENUM])
        return rpc.Compare(
            result=UNKNOWN_ENUM if self._happens(0.03) else self.random.randrange(4),
            target=target, key=self._key(),
            range_end=self._end() if self._happens(0.3) else b"", **union)

    def _op(self, depth: int, open_deletes: bool):
        kind = self._one_of({"range": 35, "put": 40, "delete": 15, "txn": 10 if depth < 3 else 0,
                             "none": 0.5})
        if kind == "range":
            return rpc.RequestOp(request_range=self._range_request())
        if kind == "put":
            return rpc.RequestOp(request_put=self._put_request(may_keep=not open_deletes))
        if kind == "delete":
            return rpc.RequestOp(request_delete_range=self._delete_request(open_deletes))
        if kind == "txn":
            return rpc.RequestOp(request_txn=self._txn_request(depth + 1, open_deletes))
        return rpc.RequestOp()

    def _txn_request(self, depth: int, open_deletes: bool):
        def branch() -> list:
            return [self._op(depth, open_deletes)
                    for _ in range(self._one_of({0: 15, 1: 40, 2: 25, 3: 15, 5: 5}))]
        return rpc.TxnRequest(compare=self._compares(), success=branch(), failure=branch())

    def _long_txn(self):
        """As many operations as are allowed, one less or one more, on one level or on two."""
        count = TXN_OPS_MAX + self.random.choice([-1, 0, 1])
        outer = self.random.choice([0, self.random.randrange(1, TXN_OPS_MAX)])
        ops = [rpc.RequestOp(request_range=self._range_request_of_one()) for _ in range(count)]
        inner = rpc.TxnRequest(**{self.random.choice(["success", "failure"]): ops[outer:]})
        if outer == 0:
            return inner
        return rpc.TxnRequest(success=ops[:outer - 1] + [rpc.RequestOp(request_txn=inner)])

    def _range_request_of_one(self):
        return rpc.RangeRequest(key=self.random.choice(KEYS), keys_only=True)
