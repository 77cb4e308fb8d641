"""Asks members, and writes down what was asked and answered."""

import threading
import time
from pathlib import Path

import grpc

import e2e_path  # noqa: F401
from history import Operation, expand, shorten
from protocol import KV, Client, rpc

TARGETS = {"value": rpc.Compare.VALUE, "create": rpc.Compare.CREATE, "mod": rpc.Compare.MOD,
           "version": rpc.Compare.VERSION}
SIGNS = {"=": rpc.Compare.EQUAL, "!=": rpc.Compare.NOT_EQUAL, "<": rpc.Compare.LESS,
         ">": rpc.Compare.GREATER}
FIELDS = {"value": "value", "create": "create_revision", "mod": "mod_revision",
          "version": "version"}
METHODS = {"put": ("Put", rpc.PutResponse), "delete": ("DeleteRange", rpc.DeleteRangeResponse),
           "range": ("Range", rpc.RangeResponse), "txn": ("Txn", rpc.TxnResponse),
           "compact": ("Compact", rpc.CompactionResponse)}
# What is answered so was not carried out and never will be.
REFUSALS = {
    "etcdserver: too many requests",
    "etcdserver: mvcc: database space exceeded",
    "etcdserver: mvcc: required revision has been compacted",
    "etcdserver: mvcc: required revision is a future revision",
}
# gRPC's own words: the request has not left this process.
NOT_SENT = "failed to connect to all addresses"


def connect(address: str) -> Client:
    """One that comes back by itself. gRPC works on connections only while a call waits, and when
    all members are down no call does: each fails at once."""
    client = Client(address)
    client.channel.subscribe(lambda _: None, try_to_connect=True)
    return client


class Recorder:
    """Any thread may use it. Lines are in the file when `ask` returns."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "a", buffering=1)
        self._lock = threading.Lock()

    def ask(self, client: str, member: str, connection: Client, request: dict,
            timeout_seconds: float, lies: bool = False) -> Operation:
        """With `lies`, a range is asked for as a serializable one, which is not written down."""
        operation = Operation(client, member, 0, 0, request)
        method, response = METHODS[request["op"]]
        message = _message(request | {"serializable": True} if lies else request)
        encoded = message.SerializeToString()
        operation.call = time.monotonic_ns()
        try:
            reply = connection.start(KV, method, encoded, timeout_seconds).result()
            operation.returned = time.monotonic_ns()
            operation.reply = _reply(request, response.FromString(reply))
        except grpc.RpcError as error:
            operation.returned = time.monotonic_ns()
            operation.error = error.details() or error.code().name
            operation.refused = operation.error in REFUSALS or NOT_SENT in operation.error
        with self._lock:
            self._file.write(operation.line() + "\n")
        return operation

    def close(self) -> None:
        self._file.close()


def _message(request: dict):
    match request["op"]:
        case "put":
            return rpc.PutRequest(key=request["key"].encode(), value=expand(request["value"]),
                                  prev_kv=request.get("prev", False))
        case "delete":
            return rpc.DeleteRangeRequest(key=request["key"].encode(), range_end=_end(request),
                                          prev_kv=request.get("prev", False))
        case "range":
            return rpc.RangeRequest(key=request["key"].encode(), range_end=_end(request),
                                    revision=request.get("at", 0),
                                    serializable=request.get("serializable", False))
        case "compact":
            return rpc.CompactionRequest(revision=request["at"])
    return rpc.TxnRequest(compare=[_compare(*compare) for compare in request["compare"]],
                          success=[_inner(inner) for inner in request["then"]],
                          failure=[_inner(inner) for inner in request["else"]])


def _end(request: dict) -> bytes:
    return request.get("end", "").encode()


def _compare(key: str, target: str, sign: str, wanted):
    return rpc.Compare(key=key.encode(), target=TARGETS[target], result=SIGNS[sign], **{
        FIELDS[target]: expand(wanted) if target == "value" else wanted})


def _inner(request: dict):
    name = {"put": "request_put", "delete": "request_delete_range", "range": "request_range"}
    return rpc.RequestOp(**{name[request["op"]]: _message(request)})


def _reply(request: dict, response) -> dict:
    reply = _fields(request, response)
    reply["revision"] = response.header.revision
    return reply


def _fields(request: dict, response) -> dict:
    match request["op"]:
        case "put":
            if not request.get("prev"):
                return {}
            return {"prev": [pair(response.prev_kv)] if response.HasField("prev_kv") else []}
        case "delete":
            reply = {"deleted": response.deleted}
            if request.get("prev"):
                reply["prev"] = [pair(kv) for kv in response.prev_kvs]
            return reply
        case "range":
            return {"kvs": [pair(kv) for kv in response.kvs], "count": response.count}
        case "compact":
            return {}
    branch = request["then" if response.succeeded else "else"]
    return {"succeeded": response.succeeded,
            "responses": [_fields(inner, getattr(answer, answer.WhichOneof("response")))
                          for inner, answer in zip(branch, response.responses, strict=True)]}


def pair(kv) -> list:
    """As histories have it."""
    return [kv.key.decode("latin-1"), shorten(kv.value), kv.create_revision, kv.mod_revision,
            kv.version]
