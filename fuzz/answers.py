"""Answers of the sandbox, written down and told again with a few things changed.

So what is fuzzed begins behind a true answer, and every request gets one, whatever it asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

from fuzz.source import Source, changed, noise
from keyturn.errors import KeyturnError
from keyturn.sandbox.server import Response, Server

CANARY = "kanarienvogel"
"""Put into bodies and headers; no message may quote what a server says."""
_CHANGED = 8
"""So many seeds of each scene have changed answers."""
_NOISE = 96
"""Bytes of choices in each of them."""
_STATUSES = (
    200, 201, 202, 204, 206, 301, 302, 304, 400, 401, 403, 404, 409, 410, 418, 422, 429, 451, 500,
    503,
)  # fmt: skip
_HEADERS = {
    "link": ('<https://e.example/?page=2>; rel="next"', '<http://[>; rel="next"', "<>;;"),
    "x-next-page": ("2", "0", "-1", "9" * 30, "²", "x"),
    "retry-after": ("0", "1", "9" * 40, "-1", "1.5", "Wed, 99 x", "Mon, 23 Nov 2026 06:17:00 GMT"),
    "date": ("", "Mon, 23 Nov 2026 06:17:00 GMT", "Mon, 23 Nov 99999 06:17:00 GMT", "0"),
    "ratelimit-reset": ("1", "9" * 12, "x"),
    "x-ratelimit-reset": ("0", "1795000000", "9999999999", "x"),
    "x-ratelimit-remaining": ("0", "x"),
    "content-encoding": ("gzip", "identity", "x"),
    "location": ("https://e.example/", CANARY, "http://["),
    "x-oauth-scopes": ("", "repo, gist", CANARY, ",,"),
    "x-accepted-github-permissions": ("secrets=read", CANARY, "a=b; c=admin"),
    "github-authentication-token-expiration": ("2026-12-01 00:00:00 UTC", "0", CANARY),
    "x-github-sso": (CANARY,),
    "www-authenticate": (f'Bearer error="{CANARY}"',),
}
_ATOMS = (
    CANARY, f"{CANARY} ", [CANARY], {"id": CANARY}, "ACTIVE", "expired", "revoked", "1", 7,
    "2026-11-26", "2026-11-26T00:00:00.000Z", "2026-11-26T00:00:00+02:00", "99999-01-01T00:00:00Z",
    "0000-00-00", "NEVER", "octo", "octo/platform", "alice", "all", "selected", "failure",
)  # fmt: skip
_WORDS = (
    b"<", b">", b"</", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&lt;", b"<?xml",
    b'"', b"null", b"[" * 2000, b"{}", b",", b"\xff", b"\0", b"1e999", b"-0", b"9" * 5000,
    CANARY.encode(), b"<Code>Throttling</Code>",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One answer as it goes over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@contextmanager
def repeatable() -> Iterator[None]:
    """Let the sandbox draw the same values every time, so that what was found can be replayed."""
    drawn = Random(7)
    with (
        patch("secrets.token_bytes", lambda size=32: drawn.randbytes(size)),
        patch("secrets.choice", drawn.choice),
        patch("uuid.uuid4", lambda: UUID(bytes=drawn.randbytes(16), version=4)),
    ):
        yield


def record(servers: Sequence[Server], act: Callable[[], object]) -> list[Told]:
    """Return what servers of the sandbox answer while something is done."""
    before = [len(server.exchanges) for server in servers]
    act()
    return [
        _told(exchange.response)
        for server, known in zip(servers, before, strict=True)
        for exchange in server.exchanges[known:]
    ]


def _told(response: Response) -> Told:
    body = response.body
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else b""
    if body is not None and not raw:
        raw = json.dumps(body).encode()
    headers = tuple((name.lower(), value) for name, value in response.headers.items())
    return Told(response.status, headers, raw)


class Tape:
    """Tells recorded answers in their order, the last one again and again."""

    def __init__(self, recorded: Sequence[Told], source: Source) -> None:
        self._recorded = recorded
        self._source = source
        self._next = 0

    def tell(self) -> Told:
        """Return the next answer, changed as the source says."""
        told = self._recorded[min(self._next, len(self._recorded) - 1)]
        self._next += 1
        source = self._source
        status = source.pick(_STATUSES) if source.below(4) == 3 else told.status
        headers = dict(told.headers)
        for _ in range(source.below(3)):
            name = source.pick(list(_HEADERS))
            headers[name] = source.pick(_HEADERS[name])
        return Told(status, tuple(headers.items()), self._body(told.body))

    def _body(self, body: bytes) -> bytes:
        source = self._source
        match source.below(4):
            case 0:
                return body
            case 1:
                return _spliced(body, source)
            case 2:
                return source.take(64)
        try:
            tree: Any = json.loads(body)
        except ValueError:
            return _spliced(body, source)
        return json.dumps(changed(tree, source, _ATOMS)).encode()


def scene_seeds(scenes: int) -> Iterator[bytes]:
    """Yield the true answers of so many scenes, which are picked by number, then changed ones."""
    for number in range(scenes):
        yield bytes([number])
        for salt in range(_CHANGED):
            yield bytes([number]) + noise(number * _CHANGED + salt, _NOISE)


def judge_error(error: KeyturnError) -> None:
    """Let an error say something, in one line, and quote nothing of what a server says."""
    assert error.message
    assert CANARY not in error.told, error.told
    assert "\n" not in error.told, error.told


def _spliced(body: bytes, source: Source) -> bytes:
    for _ in range(1 + source.below(3)):
        at = source.below(len(body) + 1)
        body = body[:at] + source.pick(_WORDS) + body[at + source.below(8) :]
    return body
