"""The messages of etcd's API as Python classes, and calls that carry them over gRPC."""

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

import grpc

SOURCE = Path(__file__).resolve().parents[2] / "src"
KV = "etcdserverpb.KV"
CLUSTER = "etcdserverpb.Cluster"
LEASE = "etcdserverpb.Lease"
LOCK = "v3lockpb.Lock"
ELECTION = "v3electionpb.Election"
MAINTENANCE = "etcdserverpb.Maintenance"
AUTH = "etcdserverpb.Auth"
ADMISSION = "admissionpb.Admission"
USAGE = "usagepb.Usage"
CALL_TIMEOUT_SECONDS = 15


def _generated(*names: str):
    with tempfile.TemporaryDirectory() as folder:
        protos = sorted(str(path) for path in (SOURCE / "proto").glob("*.proto"))
        subprocess.run(["protoc", f"-I{SOURCE}", f"--python_out={folder}", *protos], check=True,
                       timeout=60)
        sys.path.insert(0, folder)
        try:
            return [importlib.import_module(f"proto.{name}_pb2") for name in names]
        finally:
            sys.path.remove(folder)


# Every message and enum of the files in src/proto.
(rpc, lock, election, auth, admission, usage, raft_internal, otlp_trace,
 otlp_collector) = _generated("rpc", "v3lock", "v3election", "auth", "admission", "usage",
                              "raft_internal", "otlp_trace", "otlp_collector")


class Client:
    """A connection of its own to one member. Calls by the methods' names."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address, options=[
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 50),
            # An attempt's time, too: a busy machine takes a while to answer.
            ("grpc.min_reconnect_backoff_ms", 2000),
            ("grpc.max_reconnect_backoff_ms", 200),
        ])
        self._methods: dict[str, grpc.UnaryUnaryMultiCallable | grpc.UnaryStreamMultiCallable] = {}

    def start(self, service: str, method: str, request: bytes,
              timeout_seconds: float = CALL_TIMEOUT_SECONDS):
        """Sends encoded bytes, whatever they are; the result is a future of the reply's bytes."""
        path = f"/{service}/{method}"
        if path not in self._methods:
            self._methods[path] = self.channel.unary_unary(path)
        return self._methods[path].future(request, timeout=timeout_seconds)

    def start_stream(self, service: str, method: str, request: bytes,
                     timeout_seconds: float = CALL_TIMEOUT_SECONDS):
        """The result is an iterator over the encoded replies."""
        path = f"/{service}/{method}"
        if path not in self._methods:
            self._methods[path] = self.channel.unary_stream(path)
        return self._methods[path](request, timeout=timeout_seconds)

    def call(self, service: str, method: str, request, response_type,
             timeout_seconds: float = CALL_TIMEOUT_SECONDS):
        """Raises grpc.RpcError."""
        reply = self.start(service, method, request.SerializeToString(), timeout_seconds).result()
        return response_type.FromString(reply)

    def put(self, key: bytes, value: bytes, timeout_seconds: float = CALL_TIMEOUT_SECONDS):
        return self.call(KV, "Put", rpc.PutRequest(key=key, value=value), rpc.PutResponse,
                         timeout_seconds)

    def range(self, **fields):
        return self.call(KV, "Range", rpc.RangeRequest(**fields), rpc.RangeResponse)

    def hash_kv(self, revision: int = 0):
        return self.call(MAINTENANCE, "HashKV", rpc.HashKVRequest(revision=revision),
                         rpc.HashKVResponse)

    def close(self) -> None:
        self.channel.close()
