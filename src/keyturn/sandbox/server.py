"""The sandbox's HTTP server: routes, a settable clock, injected faults, a record of exchanges.

Serves on loopback only. It knows nothing of any API: `github.py` and `gitlab.py` register routes.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class Clock:
    """The sandbox's time: stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC).replace(microsecond=0)

    def advance(self, step: timedelta) -> None:
        """Move the time."""
        self.now += step


@dataclass(frozen=True, slots=True)
class Request:
    """One request, parsed."""

    method: str
    path: str
    """Percent-encoding still in place."""
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    base_url: str
    """Scheme, host and prefix that the client used, for URLs in answers."""

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object; empty where there is none."""
        data = json.loads(self.body) if self.body else {}
        return data if isinstance(data, dict) else {}


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. A `body` of None sends none; bytes and text go out as they are."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """Answers instead of the route, for requests whose `METHOD path?query` matches.

    `drop`: the connection is closed without an answer. `delay`: seconds before answering.
    `after`: the route runs first, so that its effect stays and only the answer is lost.
    """

    pattern: str
    response: Response | None = None
    drop: bool = False
    delay: float = 0.0
    after: bool = False
    times: int | None = None
    """How often it strikes; None: always."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and answered; kept for the conformance tests and the request counts."""

    request: Request
    response: Response


Handler = Callable[..., Response]


@cache  # hundreds of templates, the same for every sandbox that is made
def _pattern(template: str) -> re.Pattern[str]:
    pattern = re.sub(r"\\{(\w+)\\\*\\}", r"(?P<\1>.+)", re.escape(template))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern))


class Router:
    """Method and path template (`/repos/{owner}/{repo}`) -> handler(request, **parameters).

    A parameter written `{path*}` takes slashes too. The first route that matches is used.
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Register a handler."""
        self.routes.append((method, _pattern(template), handler))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
        """Return the handler and its decoded parameters."""
        for verb, pattern, handler in self.routes:
            match = pattern.fullmatch(path) if verb == method else None
            if match:
                return handler, {k: unquote(v) for k, v in match.groupdict().items()}
        return None


class Server:
    """Serves one router on a free loopback port, one request at a time per world."""

    def __init__(
        self,
        router: Router,
        *,
        not_found: Response,
        before: Callable[[Request], Response | None] = lambda _request: None,
        finish: Callable[[Request, Response], Response] = lambda _request, response: response,
        port: int = 0,
    ) -> None:
        self.router = router
        self.not_found = not_found
        self.before = before
        """Looks at a request first; what it returns is the answer (rate limits, 401)."""
        self.finish = finish
        """Adds what every answer carries (headers)."""
        self.faults: list[Fault] = []
        self.exchanges: list[Exchange] = []
        self.latency = 0.0
        """Seconds every answer takes."""
        self.most_at_once = 0
        """How many requests were ever under way together."""
        self._under_way = 0
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, with the API's prefix."""
        return f"http://127.0.0.1:{self._http.server_port}{self.router.prefix}"

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End; a request under way is not waited for."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request) -> Response | None:
        """Return what to send; None drops the connection."""
        with self._lock:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return self._answer(request)
        finally:
            with self._lock:
                self._under_way -= 1

    def _answer(self, request: Request) -> Response | None:
        if self.latency:
            time.sleep(self.latency)
        line = f"{request.method} {request.path}" + ("?" + _query(request) if request.query else "")
        with self._lock:
            fault = next(
                (f for f in self.faults if f.times != 0 and re.search(f.pattern, line)), None
            )
            if fault and fault.times is not None:
                fault.times -= 1
        if fault and fault.delay:
            time.sleep(fault.delay)
        if fault and not fault.after and (fault.drop or fault.response):
            return None if fault.drop else fault.response
        with self._lock:
            response = self.finish(request, self._route(request))
            self.exchanges.append(Exchange(request, response))
        if fault and fault.after and (fault.drop or fault.response):
            return None if fault.drop else fault.response
        return response

    def _route(self, request: Request) -> Response:
        refused = self.before(request)
        if refused:
            return refused
        found = self.router.find(request.method, request.path.removeprefix(self.router.prefix))
        if not found:
            return self.not_found
        handler, parameters = found
        return handler(request, **parameters)


def _query(request: Request) -> str:
    return "&".join(f"{key}={value}" for key, value in request.query.items())


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        self.sandbox = server
        super().__init__(address, _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: a log of requests would hold credentials."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        router = self.server.sandbox.router
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={key.lower(): value for key, value in self.headers.items()},
            body=body,
            base_url=f"{scheme}://{self.headers.get('Host', '')}{router.prefix}",
        )
        response = self.server.sandbox.answer(request)
        if response is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response)

    def _send(self, response: Response) -> None:
        headers = dict(response.headers)
        match response.body:
            case None:
                payload = b""
            case bytes():
                payload = response.body
            case str():
                payload = response.body.encode()
            case _:
                payload = json.dumps(response.body).encode()
                headers.setdefault("Content-Type", "application/json; charset=utf-8")
        # Without a `Date`: this machine's clock is not the sandbox's.
        self.send_response_only(response.status)
        for key, value in headers.items():
            self.send_header(key, value)
        if response.status not in (204, 304):
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if response.status not in (204, 304):
            self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve
