"""Calls of all kinds, for whoever looks at their spans."""

import grpc

from member import Member
from protocol import KV, LEASE, Client, rpc
from watch_stream import WatchStream

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def traceparent(sampled: bool, trace: str = TRACE) -> tuple[str, str]:
    return ("traceparent", f"00-{trace}-{PARENT}-{'01' if sampled else '00'}")


def call_with(client: Client, metadata, service: str, method: str, request) -> None:
    client.channel.unary_unary(f"/{service}/{method}")(
        request.SerializeToString(), metadata=metadata, timeout=15)


def keep_alive(client: Client, lease: int) -> None:
    method = client.channel.stream_stream(f"/{LEASE}/LeaseKeepAlive")
    list(method(iter([rpc.LeaseKeepAliveRequest(ID=lease).SerializeToString()]), timeout=15))


def watch_one(client: Client) -> None:
    stream = WatchStream(client)
    stream.create(b"k", b"l", prev_kv=True)
    stream.wait(lambda answers: answers)
    stream.cancel(0)
    stream.wait(lambda answers: len(answers) == 2)
    stream.close()


def txn(read_only: bool) -> rpc.TxnRequest:
    read = rpc.RequestOp(request_range=rpc.RangeRequest(key=b"k"))
    put = rpc.RequestOp(request_put=rpc.PutRequest(key=b"k2", value=b"v"))
    return rpc.TxnRequest(
        compare=[rpc.Compare(key=b"k", target=rpc.Compare.VERSION, version=1)],
        success=[read if read_only else put], failure=[read])


def work(member: Member) -> None:
    """On a member without data."""
    client = Client(member.address)
    try:
        client.put(b"k", b"v")
        client.range(key=b"k", limit=7)
        client.range(key=b"a", range_end=b"\0", serializable=True, count_only=True)
        for read_only in (False, True):
            client.call(KV, "Txn", txn(read_only), rpc.TxnResponse)
        client.call(KV, "DeleteRange", rpc.DeleteRangeRequest(key=b"k2"), rpc.DeleteRangeResponse)
        client.call(LEASE, "LeaseGrant", rpc.LeaseGrantRequest(ID=7, TTL=60),
                    rpc.LeaseGrantResponse)
        keep_alive(client, 7)
        client.call(LEASE, "LeaseRevoke", rpc.LeaseRevokeRequest(ID=7), rpc.LeaseRevokeResponse)
        watch_one(client)
        client.call(KV, "Compact", rpc.CompactionRequest(revision=3, physical=True),
                    rpc.CompactionResponse)
        for request in (rpc.RangeRequest(), rpc.RangeRequest(key=b"k", revision=1000)):
            try:
                client.call(KV, "Range", request, rpc.RangeResponse)
            except grpc.RpcError:
                pass
    finally:
        client.close()
