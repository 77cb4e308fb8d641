"""The page that shows what the tester has seen, and its data."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from board import Board

PAGE = Path(__file__).resolve().parent / "dashboard.html"
# A client that says nothing, or takes nothing, is left.
CLIENT_SECONDS = 10
END_SECONDS = 10
# The page has all that it needs, but for the data.
POLICY = ("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
          "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'")


class Dashboard:
    """Served in a `with` block. Raises OSError if the address cannot be had."""

    def __init__(self, board: Board, host: str, port: int) -> None:
        self._server = (_Server6 if ":" in host else _Server)((host, port), _Handler)
        self._server.board = board
        self._server.page = PAGE.read_bytes()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def __enter__(self) -> "Dashboard":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._thread.join(END_SECONDS)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    board: Board
    page: bytes


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CLIENT_SECONDS

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer(200, "text/html; charset=utf-8", self.server.page)
        elif path == "/data":
            self._answer(200, "application/json", json.dumps(self.server.board.data()).encode())
        else:
            self._answer(404, "text/plain; charset=utf-8", b"The pages are / and /data.\n")

    do_HEAD = do_GET

    def log_message(self, *_) -> None:
        pass

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
