"""A scriptable HTTP server on loopback: whatever a vendor's may do, it does on demand.

Belongs here: taking requests down, and the ways to answer one, faults included.
Does not belong here: what a vendor's answers look like (the modules beside this one).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

_IDLE_S = 30.0
"""After which a client that has connected and says nothing is dropped."""
_POLL_S = 0.05
_BLOCK = bytes(1 << 16)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came.

    Args:
        at: When it was complete, by the monotonic clock.
        headers: By lower-case name.
    """

    at: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


class Exchange:
    """One request that waits for its answer."""

    def __init__(self, server: "LocalServer", handler: BaseHTTPRequestHandler, request: Received) -> None:
        self._server = server
        self._handler = handler
        self.request = request

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and the headers; the body ends where the connection does, unless they tell its length."""
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.send_header("Connection", "close")
        self._handler.end_headers()

    def send(self, data: bytes) -> None:
        """Send bytes as they are, and count them."""
        self._handler.wfile.write(data)
        self._server.sent_bytes += len(data)

    def pause(self, seconds: float | None = None) -> bool:
        """Wait; tell whether the server goes on, for it may be told to stop meanwhile."""
        return not self._server.stopping.wait(seconds)


Answer = Callable[[Exchange], None]
"""Answers one request, or leaves that be."""


@dataclass
class LocalServer:
    """A server that runs, what it was asked, and what it is going to answer.

    Args:
        sent_bytes: Of all bodies, as far as the system took them from the server.
    """

    url: str
    received: list[Received] = field(default_factory=list)
    sent_bytes: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    _script: list[Answer] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _faults: list[Exception] = field(default_factory=list)

    def answers(self, *script: Answer) -> None:
        """Answer the next requests by these, one each; the last of them answers all that follow."""
        with self._turn:
            self._script = list(script)

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request down and answer it."""
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        request = Received(
            at=time.monotonic(),
            method=handler.command,
            path=handler.path,
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=body,
        )
        try:
            self._next(request)(Exchange(self, handler, request))
        except ConnectionError:
            pass  # the client has seen enough
        except Exception as error:  # noqa: BLE001  raised again where the test ends: a thread's would be lost
            self._faults.append(error)

    def _next(self, request: Received) -> Answer:
        with self._turn:
            self.received.append(request)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def raise_faults(self) -> None:
        """Raise what went wrong on the server's side, which no client can have caused."""
        for fault in self._faults:
            raise fault


def reply(
    body: bytes = b"",
    *,
    status: int = 200,
    media_type: str = "application/octet-stream",
    headers: Mapping[str, str] | None = None,
    after_s: float = 0.0,
) -> Answer:
    """Answer as a server does where all is well; or where it says that it is not."""

    def answer(exchange: Exchange) -> None:
        exchange.pause(after_s)
        told = {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}
        exchange.begin(status, told)
        exchange.send(body)

    return answer


def reply_json(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, after_s: float = 0.0
) -> Answer:
    """Answer with JSON."""
    body = json.dumps(value).encode()
    return reply(body, status=status, media_type="application/json", headers=headers, after_s=after_s)


def hang() -> Answer:
    """Take the request and never say a word."""

    def answer(exchange: Exchange) -> None:
        exchange.pause()

    return answer


def hang_up(*, after: bytes | None = None, status: int = 200) -> Answer:
    """Close the connection without an answer; or after the beginning of one, which told of more."""

    def answer(exchange: Exchange) -> None:
        if after is not None:
            exchange.begin(status, {"Content-Length": str(len(after) + 1)})
            exchange.send(after)

    return answer


def dribble(*, every_s: float = 0.02, in_headers: bool = False) -> Answer:
    """Send a byte at a time and never come to an end, in the body or already in the headers."""

    def answer(exchange: Exchange) -> None:
        if in_headers:
            exchange.send(b"HTTP/1.1 200 OK\r\nX-Word: ")
        else:
            exchange.begin(200, {})
        while exchange.pause(every_s):
            exchange.send(b".")

    return answer


def flood(
    size_bytes: int | None = None, *, status: int = 200, announced: bool = False, head: bytes = b""
) -> Answer:
    """Send a body of so many bytes, or without end, as fast as it is taken.

    Args:
        announced: Whether Content-Length tells of it beforehand.
        head: What it begins with.
    """

    def answer(exchange: Exchange) -> None:
        exchange.begin(status, {"Content-Length": str(size_bytes)} if announced else {})
        exchange.send(head)
        sent = len(head)
        while (size_bytes is None or sent < size_bytes) and exchange.pause(0):
            exchange.send(_BLOCK)
            sent += len(_BLOCK)

    return answer


@contextmanager
def serving(*script: Answer) -> Iterator[LocalServer]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_S
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.close_connection = True
            local.take(self)

        do_GET = do_POST  # noqa: N815  named by http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  named by http.server
            """Say nothing: the tests read what was received."""

    class Server(ThreadingHTTPServer):
        # Whoever is still being answered is waited for, so that no thread outlives its test.
        daemon_threads = False
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        local = LocalServer(f"http://127.0.0.1:{server.server_address[1]}")
        local.answers(*script or (reply(status=404),))
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,))
        thread.start()
        try:
            yield local
        finally:
            local.stopping.set()
            server.shutdown()
            thread.join()
    local.raise_faults()


@pytest.fixture
def http_server() -> Iterator[LocalServer]:
    """A server that answers 404 until it is told otherwise."""
    with serving() as server:
        yield server
