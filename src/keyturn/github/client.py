"""GitHub's REST API through PyGithub's requester: one request at a time, every answer judged here.

It must never send the credential anywhere but to the API's own address, nor quote an answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from github import Github
from github.Auth import Auth
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
)
from urllib3 import BaseHTTPResponse, Retry
from urllib3.connectionpool import ConnectionPool

from keyturn import __version__, parallel
from keyturn.errors import PlatformRefused, PlatformUnavailable, UsageError
from keyturn.github.answer import (
    NONSENSE,
    Answer,
    NotAnAnswer,
    Unanswered,
    explain,
    read_instant,
    read_text,
    refusal,
)
from keyturn.instants import EXPIRY_HEADER, parse_token_expiry
from keyturn.parse import is_loopback, parse_base_url, split_address
from keyturn.retry_after import parse_http_date
from keyturn.secret_value import SecretValue

_log = logging.getLogger(__name__)

API_VERSION = "2022-11-28"
PAGE_SIZE = 100

_TIMEOUT = 15
"""Seconds of silence. GitHub itself gives up on a request after ten."""
_DEADLINE = 30
"""Seconds for a whole answer, however slowly it comes."""
_PAUSES = (0.5, 2.0)
"""Seconds before a GET is tried again; a write is never."""
_PATIENCE = 60
"""Seconds that a whole run waits for rate limits."""
_UNANSWERED_LIMIT = 3
"""Requests in a row without a usable answer, after which GitHub is not asked again in the run."""
_WRITE_SPACING = 1.0
"""GitHub docs, "Best practices for using the REST API", 2026-11: a second between writes."""
_MAX_PAGES = 300


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What of a repository decides whether and how issues are written."""

    full_name: str
    """As GitHub writes it now."""
    private: bool
    """Internal ones count as private."""
    default_branch: str
    has_issues: bool
    archived: bool
    organization: str = ""
    """The login of the organization that owns it; empty where a person does."""
    pushed_at: datetime | None = None
    """When something was pushed last, to any branch."""


class _Bearer(Auth):
    """Keeps the credential a SecretValue until the header is written."""

    def __init__(self, value: SecretValue) -> None:
        self._value = value

    @property
    def token_type(self) -> str:
        return "Bearer"

    @property
    def token(self) -> str:
        return self._value.reveal()


class _SendOnce(Retry):
    """Repeats nothing, and stops what PyGithub 2.10 would do by itself in `Requester.__requestRaw`.

    It follows a 301 and loses the query on the way, so that another list would come back, and
    after a 202 it asks again for ever.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return status_code == 301 or (status_code == 202 and method == "GET")

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if response is not None:
            response.close()
            raise NotAnAnswer
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _Direct(HTTPRequestsConnectionClass):
    """Plain HTTP, which is for loopback only; a proxy is not on loopback."""

    def __init__(self, host: str, port: int | None = None, **options: Any) -> None:
        super().__init__(host, port, **options)
        self.session.trust_env = False


class Client:
    """Asks and tells GitHub, serially. Everything it raises is a PlatformError."""

    def __init__(
        self, requester: Requester, *, pauses: tuple[float, ...], sleep: Callable[[float], None]
    ) -> None:
        self.facts: dict[str, RepositoryFacts] = {}
        """What was learned of repositories in this run, by name in lower case."""
        self.first_date: datetime | None = None
        """What GitHub's clock showed in the first answer that told."""
        self.token_ends: datetime | None = None
        """When the credential ends, as the last answer that told said; a personal token's only."""
        self.scopes: str | None = None
        """The scopes of the credential, by commas; None unless it is a classic personal token."""
        self._dated_at = 0.0
        self._requester = requester
        self._pauses = pauses
        self._sleep = sleep
        self._lock = threading.Lock()
        self._patience = float(_PATIENCE)
        self._unanswered = 0
        self._given_up = ""

    def get(self, path: str, /, *, needs: str = "", **parameters: str | int) -> Any:
        """Return the parsed answer; `needs` names the right that a refusal would be about."""
        return self._judged("GET", path, needs, parameters=parameters).data()

    def find_redirect(self, path: str, *, needs: str = "") -> str:
        """Return the address that GitHub sends on to; the credential does not follow."""
        with self._lock:
            answer = self._ask("GET", path, {}, None)
        address = answer.headers.get("location", "")
        if answer.status == 302 and address:
            return address
        if 200 <= answer.status < 300:
            raise PlatformUnavailable(NONSENSE)
        raise refusal(answer, f"GET {path}", needs)

    def get_all(
        self, path: str, *, rows: str = "", needs: str = "", **parameters: str | int
    ) -> list[dict[str, Any]]:
        """Return every row of a list, under the member `rows` where the answer is an object.

        Pages are counted here and the address in the `Link` header is never used: it could lead
        the credential elsewhere.
        """
        found: list[dict[str, Any]] = []
        for page in range(1, _MAX_PAGES + 1):
            paging = {"per_page": PAGE_SIZE, "page": page}
            answer = self._judged("GET", path, needs, parameters={**parameters, **paging})
            data = answer.data()
            if rows:
                data = data.get(rows) if isinstance(data, dict) else None
            if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
                raise PlatformUnavailable(NONSENSE)
            found += data
            if 'rel="next"' not in answer.headers.get("link", ""):
                return found
        raise PlatformUnavailable(f"GitHub lists more than {_MAX_PAGES} pages")

    def exists(self, path: str, *, needs: str = "") -> bool:
        """Say whether GitHub has something, by 404 or not."""
        try:
            self._judged("GET", path, needs)
        except PlatformRefused as error:
            if error.status != 404:
                raise
            return False
        return True

    def send(self, verb: str, path: str, body: Mapping[str, Any], *, needs: str = "") -> Any:
        """POST, PATCH, PUT or DELETE, once; repeated only where a rate limit refused it."""
        return self._judged(verb, path, needs, body=body).data()

    def ask_again(self) -> None:
        """Forget that GitHub was given up in this run; for what must not be lost to an outage."""
        self._given_up, self._unanswered, self._patience = "", 0, float(_PATIENCE)

    def clock(self) -> datetime | None:
        """Return what GitHub's clock shows now; None where no answer told it."""
        gone = timedelta(seconds=time.monotonic() - self._dated_at)
        return self.first_date and self.first_date + gone

    def _judged(
        self,
        verb: str,
        path: str,
        needs: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        with self._lock:
            answer = self._ask(verb, path, parameters or {}, body)
        if 200 <= answer.status < 300:
            return answer
        raise refusal(answer, f"{verb} {path}", needs)

    def _ask(
        self,
        verb: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: Mapping[str, Any] | None,
    ) -> Answer:
        """Return the last answer; try again where that can do no harm and may help."""
        if self._given_up:
            raise PlatformUnavailable(self._given_up)
        pauses = list(self._pauses) if verb == "GET" else []
        waited = False
        while True:
            try:
                answer = self._once(verb, path, parameters, body)
            except Unanswered as unanswered:
                if not (unanswered.again and pauses):
                    self._count_unanswered()
                    raise unanswered.error from None
                wait = pauses.pop(0)
            else:
                if answer.limited:
                    wait = self._limit(answer, waited=waited)
                    waited = True
                elif answer.status >= 500 and pauses:
                    wait = pauses.pop(0)
                else:
                    # An error of its own is an answer: another endpoint may do better.
                    self._unanswered = 0
                    return answer
            self._sleep(wait)

    def _once(
        self,
        verb: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: Mapping[str, Any] | None,
    ) -> Answer:
        headers = {"Accept": "application/vnd.github+json"}

        def exchange() -> tuple[int, Any, str]:
            return self._requester.requestJson(verb, path, dict(parameters), headers, body)

        try:
            status, answered, text = parallel.within(_DEADLINE, exchange)
        except TimeoutError:
            late = f"GitHub did not answer {verb} {path} in full within {_DEADLINE} s"
            raise Unanswered(late) from None
        except Exception as error:  # whatever the libraries raise may quote what was sent
            raise explain(error, f"{verb} {path}") from None
        _log.debug("GitHub answered %s to %s %s", status, verb, path)
        if self.first_date is None:
            self.first_date = parse_http_date(answered.get("date", ""))
            self._dated_at = time.monotonic()
        self.scopes = answered.get("x-oauth-scopes") or self.scopes
        if EXPIRY_HEADER in answered:
            # A form that is not known is no reason to doubt the answer.
            with suppress(ValueError):
                self.token_ends = parse_token_expiry(answered[EXPIRY_HEADER])
        return Answer(status, answered, text)

    def _limit(self, answer: Answer, *, waited: bool) -> float:
        """Return the seconds to wait for a rate limit, or give up on GitHub for this run."""
        asked = answer.number("retry-after")
        if asked is not None and asked <= self._patience and not waited:
            self._patience -= asked
            return asked
        reset = answer.number("x-ratelimit-reset")
        until = ""
        if asked is not None:
            until = f"; it asks to come again in {asked} s"
        elif reset is not None:
            until = f" until {datetime.fromtimestamp(reset, UTC):%Y-%m-%d %H:%M UTC}"
        self._given_up = f"GitHub limits the rate of requests{until}"
        raise PlatformUnavailable(self._given_up)

    def _count_unanswered(self) -> None:
        self._unanswered += 1
        if self._unanswered >= _UNANSWERED_LIMIT:
            self._given_up = (
                f"GitHub gave no usable answer to {_UNANSWERED_LIMIT} requests in a row; "
                "it was not asked again in this run"
            )


def connect(
    *,
    base_url: str,
    token: SecretValue,
    ca_bundle: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Client:
    """Return a client of the API at `base_url`; nothing is asked yet. Raises UsageError."""
    try:
        address = parse_base_url(base_url)
    except ValueError as error:
        raise UsageError(f"GITHUB_API_URL: {error}") from error
    # At DEBUG, PyGithub logs whole requests and answers, and urllib3 every address.
    for name in ("github", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    local = is_loopback(split_address(address).hostname or "")
    # The classes are taken over by an instance when it is made.
    Requester.injectConnectionClasses(_Direct, HTTPSRequestsConnectionClass)
    github = Github(
        auth=_Bearer(token),
        base_url=address,
        timeout=_TIMEOUT,
        user_agent=f"keyturn/{__version__}",
        per_page=PAGE_SIZE,
        verify=ca_bundle or True,
        retry=_SendOnce(0, read=False),
        seconds_between_requests=0,
        seconds_between_writes=0 if local else _WRITE_SPACING,
        lazy=True,
        api_version=API_VERSION,
    )
    Requester.resetConnectionClasses()
    return Client(github.requester, pauses=(0.0, 0.0) if local else _PAUSES, sleep=sleep)


def api_path(*segments: str) -> str:
    """Return a path of encoded segments.

    Raises PlatformRefused for a segment that no encoding keeps from climbing to another endpoint.
    """
    if any(segment in ("", ".", "..") for segment in segments):
        raise PlatformRefused("GitHub has nothing under such a name", status=404)
    # Names from JSON can hold half a character, which is nobody's name.
    return "/" + "/".join(quote(segment, safe="", errors="replace") for segment in segments)


def repository_path(repository: str, *segments: str) -> str:
    """Return a path below `/repos/owner/name`."""
    return api_path("repos", *repository.split("/"), *segments)


def repository_facts(client: Client, repository: str) -> RepositoryFacts:
    """Return the facts about `owner/name`, asking once in a run. Raises PlatformError."""
    known = client.facts.get(repository.lower())
    if known:
        return known
    data = client.get(repository_path(repository), needs="Metadata: read")
    if not isinstance(data, dict):
        raise PlatformUnavailable(NONSENSE)
    facts = RepositoryFacts(
        full_name=read_text(data, "full_name"),
        # Where this is not said, the careful reading is that everybody can see it.
        private=data.get("private") is True,
        default_branch=read_text(data, "default_branch"),
        has_issues=data.get("has_issues") is not False,
        archived=data.get("archived") is True,
        organization=_owning_organization(data.get("owner")),
        pushed_at=read_instant(data, "pushed_at"),
    )
    client.facts[repository.lower()] = facts
    return facts


def _owning_organization(owner: Any) -> str:
    if not isinstance(owner, dict) or owner.get("type") != "Organization":
        return ""
    return read_text(owner, "login")
