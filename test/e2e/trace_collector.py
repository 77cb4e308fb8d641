"""A small collector of OpenTelemetry: keeps the spans that it is sent, by gRPC and by HTTP."""

import http.server
import threading
import time
from concurrent import futures
from dataclasses import dataclass, field

import grpc

from protocol import otlp_collector, otlp_trace

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
WAIT_SECONDS = 20


@dataclass
class Seen:
    """One span, in plain values."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    flags: int
    state: str
    attributes: dict
    events: list[str]
    failed: bool
    failure: str
    nanos: int  # how long it took
    resource: dict = field(default_factory=dict)


def plain(attributes) -> dict:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def spans_of(request: bytes) -> list[Seen]:
    parsed = otlp_collector.ExportTraceServiceRequest.FromString(request)
    kinds = otlp_trace.Span.SpanKind
    return [
        Seen(name=span.name, kind=kinds.Name(span.kind).removeprefix("SPAN_KIND_"),
             trace=span.trace_id.hex(), id=span.span_id.hex(), parent=span.parent_span_id.hex(),
             flags=span.flags, state=span.trace_state, attributes=plain(span.attributes),
             events=[event.name for event in span.events],
             failed=span.status.code == otlp_trace.Status.STATUS_CODE_ERROR,
             failure=span.status.message,
             nanos=span.end_time_unix_nano - span.start_time_unix_nano,
             resource=plain(group.resource.attributes))
        for group in parsed.resource_spans
        for scope in group.scope_spans
        for span in scope.spans]


class Collector:
    """While the `with` block lasts. `answer` makes the answer of a request's bytes, or raises: what
    it is told by default is that all was taken. `delay_seconds` is how long it takes."""

    def __init__(self, port: int = 0) -> None:
        self.spans: list[Seen] = []
        self.requests = 0
        self.delay_seconds = 0.0
        self.changed = threading.Condition()
        self.port = port

    def take(self, request: bytes) -> None:
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        with self.changed:
            self.requests += 1
            self.spans += spans_of(request)
            self.changed.notify_all()

    def wait_for(self, is_there, what: str = "spans") -> list[Seen]:
        """The spans, once `is_there` says of them that they are enough."""
        with self.changed:
            if not self.changed.wait_for(lambda: is_there(self.spans), WAIT_SECONDS):
                raise AssertionError(f"no {what}; there are {[span.name for span in self.spans]}")
            return list(self.spans)

    def wait_for_names(self, *names: str) -> list[Seen]:
        return self.wait_for(lambda spans: set(names) <= {span.name for span in spans}, f"{names}")


class GrpcCollector(Collector):
    def __enter__(self) -> "GrpcCollector":
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
        self.server.add_generic_rpc_handlers((self._Handler(self),))
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        if self.port == 0:
            raise OSError("the port is taken")
        self.server.start()
        self.address = f"127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_) -> None:
        self.server.stop(grace=None).wait()

    class _Handler(grpc.GenericRpcHandler):
        def __init__(self, collector: "GrpcCollector") -> None:
            self.collector = collector

        def service(self, details):
            if details.method != EXPORT:
                return None
            return grpc.unary_unary_rpc_method_handler(self.export)

        def export(self, request: bytes, context) -> bytes:
            return self.collector.answer(request, context)

    def answer(self, request: bytes, _context) -> bytes:
        self.take(request)
        return b""


class HttpCollector(Collector):
    def __enter__(self) -> "HttpCollector":
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.paths.append(self.path)
                collector.types.append(self.headers["Content-Type"])
                status = collector.status
                if status == 200:
                    collector.take(body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        self.paths: list[str] = []
        self.types: list[str] = []
        self.status = 200
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
