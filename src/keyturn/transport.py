"""The one HTTP client policy towards providers: deadlines, GET-only retries, clean errors.

It must never send a credential anywhere but to the address it was given, and must never put a
header, a query or a body into a message or a log.
"""

from __future__ import annotations

import json
import logging
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx

from keyturn import __version__, parallel
from keyturn.errors import CredentialRejected, ProviderUnavailable, UsageError
from keyturn.parse import is_loopback
from keyturn.retry_after import asked_wait, is_number
from keyturn.secret_value import SecretValue

_log = logging.getLogger(__name__)

_RETRIES = 2
_RETRIED_STATUSES = frozenset({429, 502, 503, 504})
_MAX_BODY = 2 << 20
_MAX_PAGES = 500
_LIST_DEADLINE = 120
"""Seconds for all pages of a list."""
_UNREACHABLE_AFTER = 3
"""Requests in a row, each with its retries, after which a host is not tried again in the run."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_NEXT_LINK = re.compile(r'<([^<>]*)>\s*;[^<>]*\brel="?next"?')
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of 2xx or 4xx; everything else was raised as an error."""

    host: str
    """As configured, for messages."""
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the parsed body. Raises ProviderUnavailable where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ProviderUnavailable(
                f"{self.host} answers with something that is not JSON",
                hint="a proxy, a login page or a maintenance page may stand in between",
            ) from error


@dataclass(slots=True)
class _Origin:
    """What one run remembers about one scheme, host and port."""

    held_until: float = 0.0
    held_for: float = 0.0
    failures: int = 0
    """Requests in a row that got no answer at all."""


class _Failed(Exception):
    """One attempt got no answer; carries what to tell, and whether another would be in vain."""

    def __init__(self, error: ProviderUnavailable, *, final: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.final = final


class Transport:
    """Sends requests for one run, from several threads. Use it in a `with` block.

    `read_timeout`, `deadline` and `patience` are seconds: of silence, for one request with all
    its retries, and for which one host may hold up the run in all by asking to come again later.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        read_timeout: float = 10.0,
        deadline: float = 30.0,
        patience: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadline = deadline
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._origins: dict[str, _Origin] = {}
        # httpx tells whole URLs at INFO, httpcore headers at DEBUG.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = _make_client(ca_bundle, httpx.Timeout(read_timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | SecretValue],
        params: Mapping[str, str | int | SecretValue] | None = None,
        json: Any = None,
        form: Mapping[str, str | SecretValue] | None = None,
        once: bool = False,
        redirects: bool = False,
        max_body: int = _MAX_BODY,
    ) -> Reply:
        """Send and return an answer of 2xx or 4xx. Raises ProviderUnavailable otherwise.

        GET is tried up to three times, unless it is to be sent `once`; everything else is sent
        once and never again, because an answer that was lost may stand for something done. With
        `redirects` an answer of 3xx is returned too; it is never followed. `params`, `json` (in any
        depth) and `form` may hold secret values.
        """
        address, host = _check_url(url)
        sent = {"Accept": "application/json"} | {k: _header_value(v) for k, v in headers.items()}

        def build() -> httpx.Request:
            return self._client.build_request(
                method,
                url,
                headers=sent,
                params=_revealed(params),
                json=_revealed(json),
                data=_revealed(form),
            )

        with self._lock:
            origin = self._origins.setdefault(address, _Origin())
        if origin.failures >= _UNREACHABLE_AFTER:
            raise ProviderUnavailable(f"{host} did not answer before in this run; not asked again")
        attempts = 1 + (_RETRIES if method == "GET" and not once else 0)
        try:
            reply = self._try(build, host, origin, attempts=attempts, max_body=max_body)
        except _Failed as failed:
            with self._lock:
                origin.failures += 1
            raise failed.error from failed
        with self._lock:
            origin.failures = 0
        return reply if redirects and 300 <= reply.status < 400 else _refuse_status(reply)

    def pages(
        self,
        url: str,
        *,
        headers: Mapping[str, str | SecretValue],
        params: Mapping[str, str | int],
    ) -> Iterator[Reply]:
        """GET a list page by page, as GitLab cuts it: `Link: rel="next"`, else `x-next-page`.

        Only the query of a next link is used, on the given address, so that no answer can send
        the credential elsewhere. Ends after the first answer that is not a success.
        """
        end = self._clock() + _LIST_DEADLINE
        for _ in range(_MAX_PAGES):
            reply = self.request("GET", url, headers=headers, params=params)
            yield reply
            following = _next_page(reply, params)
            if reply.status >= 300 or following is None:
                return
            params = following
            if self._clock() > end:
                late = f"{reply.host} did not list everything within {_LIST_DEADLINE} s"
                raise ProviderUnavailable(late)
        raise ProviderUnavailable(f"{reply.host} lists more than {_MAX_PAGES} pages")

    def _try(
        self,
        build: Callable[[], httpx.Request],
        host: str,
        origin: _Origin,
        *,
        attempts: int,
        max_body: int,
    ) -> Reply:
        """Return the last reply, or raise what the last attempt without one raised."""
        end = self._clock() + self._deadline
        for attempt in range(1, attempts + 1):
            outcome: Reply | _Failed
            try:
                outcome = self._once(build, host, end, max_body)
            except _Failed as failed:
                outcome = failed
            if isinstance(outcome, Reply):
                final = outcome.status not in _RETRIED_STATUSES
                asked = asked_wait(outcome.headers)
            else:
                final, asked = outcome.final, None
            if final or attempt == attempts:
                break
            if not self._wait(_backoff(attempt) if asked is None else asked, origin, end):
                break
        if isinstance(outcome, _Failed):
            raise outcome
        return outcome

    def _wait(self, seconds: float, origin: _Origin, end: float) -> bool:
        """Sleep, if the request's deadline and the host's share of the run allow it."""
        now = self._clock()
        with self._lock:
            # Threads that wait for the same host at the same time hold the run up once.
            extra = max(0.0, now + seconds - max(now, origin.held_until))
            if now + seconds >= end or origin.held_for + extra > self._patience:
                return False
            origin.held_for += extra
            origin.held_until = max(origin.held_until, now + seconds)
        self._sleep(seconds)
        return True

    def _once(
        self, build: Callable[[], httpx.Request], host: str, end: float, max_body: int
    ) -> Reply:
        def exchange() -> Reply:
            response = self._client.send(build(), stream=True)
            try:
                body = self._read(response, host, end, max_body)
            finally:
                response.close()
            # The host alone: paths and queries of some providers hold values.
            _log.debug("%s answered %s", host, response.status_code)
            return Reply(host, response.status_code, dict(response.headers), body)

        try:
            return parallel.within(end - self._clock(), exchange)
        except TimeoutError:
            late = f"{host} did not answer in full within {self._deadline:g} s"
            raise _Failed(ProviderUnavailable(late), final=True) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise _explain(error, host) from error

    def _read(self, response: httpx.Response, host: str, end: float, max_body: int) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ProviderUnavailable(f"{host} answers compressed, which was not asked for")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > max_body:
                raise ProviderUnavailable(f"{host} answers with more than {max_body >> 20} MiB")
            if self._clock() > end:
                raise TimeoutError
        return bytes(body)


def _make_client(ca_bundle: str | None, timeout: httpx.Timeout) -> httpx.Client:
    try:
        verify = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True
        return httpx.Client(
            verify=verify,
            timeout=timeout,
            follow_redirects=False,
            headers={"User-Agent": f"keyturn/{__version__}", "Accept-Encoding": "identity"},
            # A session cookie given to one credential must not be sent along with another.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # http:// is for loopback only, and a proxy is not on loopback.
            mounts={"http://": None},
        )
    # ImportError: a SOCKS proxy, which needs a library that keyturn does not bring.
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise UsageError(
            "the proxy or CA settings of the environment cannot be used",
            hint="look at HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE",
        ) from error


def _check_url(url: str) -> tuple[str, str]:
    """Return origin and host as written; refuse what would show a credential on the way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise ProviderUnavailable("not asked: what is given is no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ProviderUnavailable(
            f"not asked: a credential for {host} would travel in the clear",
            hint="the address must start with https://",
        )
    if parts.username is not None:
        raise ProviderUnavailable(f"not asked: the address of {host} holds a user name")
    return f"{parts.scheme}://{parts.netloc.lower()}", parts.netloc


def _header_value(value: str | SecretValue) -> str:
    text = value.reveal() if isinstance(value, SecretValue) else value
    # Checked here because the HTTP library quotes what it refuses.
    if not _HEADER_VALUE.fullmatch(text):
        raise CredentialRejected(
            "the credential holds characters that no HTTP header can carry; it was not sent",
            hint="was it stored with a line break, a blank or typographic quotes?",
        )
    return text


def _revealed(data: Any) -> Any:
    """Return the data as it is sent, with the characters of every secret value in it."""
    if isinstance(data, SecretValue):
        return data.reveal()
    if isinstance(data, Mapping):
        return {key: _revealed(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_revealed(item) for item in data]
    return data


def _backoff(attempt: int) -> float:
    return 0.5 * attempt * random.SystemRandom().uniform(0.5, 1.0)


def _refuse_status(reply: Reply) -> Reply:
    """Pass an answer of 2xx and 4xx on; raise for the rest, which is nothing about the token."""
    status, host = reply.status, reply.host
    if 200 <= status < 300 or (400 <= status < 500 and status != 429):
        return reply
    if 300 <= status < 400:
        raise ProviderUnavailable(
            f"{host} answers with a redirect ({status}), which a credential does not follow",
            hint="write the address, and the path, that it has now",
        )
    asked = asked_wait(reply.headers)
    when = "" if asked is None else f"; it asks to come again in {asked:.0f} s"
    what = "limits the rate of requests" if status == 429 else "answers with an error of its own"
    raise ProviderUnavailable(f"{host} {what} ({status}){when}")


def _explain(error: BaseException, host: str) -> _Failed:
    """Say in plain words what went wrong; the library's own words may quote what was sent."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    final, hint = False, ""
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
        text, final = f"{host} shows a certificate that is not trusted", True
        hint = "a company's own authority is named by SSL_CERT_FILE"
    elif any(isinstance(c, ssl.SSLError) for c in causes):
        text = f"no secure connection to {host} could be made"
    elif any(isinstance(c, socket.gaierror) for c in causes):
        text = f"the name {host} cannot be resolved"
    elif isinstance(error, httpx.ProxyError):
        text = f"the proxy does not let requests to {host} pass"
    elif isinstance(error, httpx.TimeoutException):
        text = f"{host} did not answer in time"
    elif isinstance(error, httpx.ConnectError):
        text = f"{host} cannot be reached"
    elif isinstance(error, httpx.TransportError):
        text = f"{host} broke the connection off"
    else:
        text, final = f"{host} is not an address that can be asked", True
    return _Failed(ProviderUnavailable(text, hint=hint), final=final)


def _next_page(reply: Reply, params: Mapping[str, str | int]) -> dict[str, str | int] | None:
    link = _NEXT_LINK.search(reply.headers.get("link", ""))
    if link:
        try:
            query = dict(parse_qsl(urlsplit(link[1]).query))
        except ValueError:
            query = {}
        following = {**params, **query}
        if following == params:
            raise ProviderUnavailable(f"{reply.host} names the same page again as the next one")
        return following
    number = reply.headers.get("x-next-page", "").strip()
    return {**params, "page": int(number)} if is_number(number, 9) else None
