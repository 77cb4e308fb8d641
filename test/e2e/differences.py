"""What etcd 3.7 answers otherwise than 3.4, as docs/differences-3.4.md lists it.

Each difference says of a request and its two replies whether it is all that tells them apart.
"""

from dataclasses import dataclass, field
from typing import Any, Callable

import grpc

from protocol import rpc
from random_requests import Request

INVALID_SORT = "etcdserver: invalid sort option"
COMPACTED = "etcdserver: mvcc: required revision has been compacted"
# What an operation is refused for when its transaction is about to be carried out.
TXN_CHECKS = {COMPACTED, "etcdserver: mvcc: required revision is a future revision",
              "etcdserver: key not found", "etcdserver: requested lease not found"}
# Up to here Go's sort keeps the order of equal elements.
STABLE_SORT_MAX = 12


@dataclass
class Reply:
    """Without what differs between two clusters: their ids and the raft term."""

    code: grpc.StatusCode = grpc.StatusCode.OK
    text: str = ""
    messages: list[Any] = field(default_factory=list)  # one, but for a stream

    @property
    def message(self):
        return self.messages[0] if self.messages else None


Predicate = Callable[[Request, Reply, Reply], bool]


def _unknown_sort_is_refused(request: Request, old: Reply, new: Reply) -> bool:
    return ((new.code, new.text) == (grpc.StatusCode.INVALID_ARGUMENT, INVALID_SORT)
            and old.code in (grpc.StatusCode.OK, grpc.StatusCode.OUT_OF_RANGE)
            and "sort_order: 9" in str(request.message))


def _hash_of_compact_revision(request: Request, old: Reply, new: Reply) -> bool:
    return (request.method == "HashKV" and (old.code, old.text) ==
            (grpc.StatusCode.OUT_OF_RANGE, COMPACTED) and new.code == grpc.StatusCode.OK
            and new.message.compact_revision <= request.message.revision
            and new.message.hash_revision == request.message.revision)


def _hash_revision_is_answered(request: Request, old: Reply, new: Reply) -> bool:
    if request.method != "HashKV" or not old.message or not new.message:
        return False
    expected = rpc.HashKVResponse()
    expected.CopyFrom(old.message)
    asked = request.message.revision
    expected.hash_revision = asked if asked != 0 else old.message.header.revision
    return expected == new.message


def _hash_of_revision_0(request: Request, old: Reply, new: Reply) -> bool:
    return (request.method == "HashKV" and request.message.revision == 0
            and old.code == new.code == grpc.StatusCode.OK
            and (new.message.compact_revision, new.message.hash_revision) == (-1, 0))


def _undecodable_in_other_words(request: Request, old: Reply, new: Reply) -> bool:
    prefix = "grpc: error unmarshalling request: "
    return (request.message is None and old.code == new.code == grpc.StatusCode.INTERNAL
            and old.text.startswith(prefix) and new.text.startswith(prefix))


def _other_error_of_transaction(request: Request, old: Reply, new: Reply) -> bool:
    return request.method == "Txn" and {old.text, new.text} <= TXN_CHECKS


def _range_stream(request: Request, old: Reply, new: Reply) -> bool:
    """`old` is what 3.4 answers to the same request as a Range."""
    if request.method != "RangeStream":
        return False
    asked = request.message
    if asked.key and (asked.sort_order != 0 and (asked.sort_order, asked.sort_target) != (1, 0)):
        text = "RangeStream does not support custom sort orders"
    elif asked.key and any((asked.min_mod_revision, asked.max_mod_revision,
                            asked.min_create_revision, asked.max_create_revision)):
        text = "RangeStream does not support revision filters"
    elif old.code != grpc.StatusCode.OK:
        return (old.code, old.text) == (new.code, new.text) and not new.messages
    else:
        whole = rpc.RangeResponse()
        for part in new.messages[:-1]:
            if part.range_response.HasField("header"):
                return False
        for part in new.messages:
            whole.MergeFrom(part.range_response)
        return new.code == grpc.StatusCode.OK and (
            whole == old.message or _same_but_for_order(asked, old.message, whole))
    return (new.code, new.text) == (grpc.StatusCode.UNIMPLEMENTED, text) and not new.messages


def _equal_elements_in_other_order(request: Request, old: Reply, new: Reply) -> bool:
    if old.message is None or new.message is None:
        return False
    same = {"Range": _same_but_for_order, "Txn": _same_txn_but_for_order}.get(request.method)
    return same is not None and same(request.message, old.message, new.message)


def _same_txn_but_for_order(asked, old, new) -> bool:
    bare = [rpc.TxnResponse(), rpc.TxnResponse()]
    for copy, reply in zip(bare, (old, new)):
        copy.CopyFrom(reply)
        del copy.responses[:]
    if bare[0] != bare[1] or len(old.responses) != len(new.responses):
        return False
    ops = asked.success if old.succeeded else asked.failure
    return all(_same_op_but_for_order(*each) for each in zip(ops, old.responses, new.responses))


def _same_op_but_for_order(op, old, new) -> bool:
    if old == new:
        return True
    if op.HasField("request_range"):
        return _same_but_for_order(op.request_range, old.response_range, new.response_range)
    return op.HasField("request_txn") and _same_txn_but_for_order(
        op.request_txn, old.response_txn, new.response_txn)


def _same_but_for_order(asked, old, new) -> bool:
    """Of a Range that is sorted and of more elements than Go's sort keeps in order."""
    if old.count <= STABLE_SORT_MAX or asked.sort_target == rpc.RangeRequest.KEY:
        return False
    name = ["key", "version", "create_revision", "mod_revision", "value"][asked.sort_target]
    if [getattr(kv, name) for kv in old.kvs] != [getattr(kv, name) for kv in new.kvs]:
        return False
    # Of those that equal the last one, the limit may have cut others.
    cut = getattr(old.kvs[-1], name) if old.more else None
    bare, elements = [], []
    for reply in (old, new):
        elements.append(sorted(kv.SerializeToString() for kv in reply.kvs
                               if cut is None or getattr(kv, name) != cut))
        bare.append(rpc.RangeResponse())
        bare[-1].CopyFrom(reply)
        del bare[-1].kvs[:]
    return bare[0] == bare[1] and elements[0] == elements[1]


DIFFERENCES: dict[str, Predicate] = {
    "A sort option that does not exist is refused": _unknown_sort_is_refused,
    "HashKV answers at the compact revision": _hash_of_compact_revision,
    "HashKV answers the revision that was hashed": _hash_revision_is_answered,
    "HashKV answers what a compaction at revision 0 hashed": _hash_of_revision_0,
    "Bytes that are no request are refused in other words": _undecodable_in_other_words,
    "The errors of a transaction come in another order": _other_error_of_transaction,
    "RangeStream exists": _range_stream,
    "Equal elements of a sorted Range may be in another order": _equal_elements_in_other_order,
}

# What no member of another make can answer alike: in words of Go's decoder and the order of Go's
# sort; and streams with a sort target, which are compared with a Range.
LASTING = ("Bytes that are no request are refused in other words", "RangeStream exists",
           "Equal elements of a sorted Range may be in another order")
