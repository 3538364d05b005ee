"""Asking GitLab about tokens: each list once a run, dead credentials never twice, bans noticed.

What changes something is sent once. It must not judge what the answers say about a token, and must
not keep a credential where a `repr` could show it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.providers._answers import Memo, parse
from keyturn.providers._gitlab_answers import Answer, find_death
from keyturn.providers._gitlab_options import PERSONAL
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Reply, Transport

_PER_PAGE = 100
_SEVERAL = 3
"""Rejected tokens after which a refusal without a reason is taken for a ban of this address."""
_OK = frozenset({200})
_DONE = frozenset({200, 201, 204})
_REFUSED = frozenset({400, 401, 403, 404})
_NOT_DONE = _REFUSED | {405, 409, 422}

_Row = TypeVar("_Row", bound=Answer)


class Server:
    """One GitLab server, and what this run has learned about its patience."""

    def __init__(self, transport: Transport, url: str) -> None:
        self.host = urlsplit(url).netloc
        self._transport = transport
        self._api = f"{url}/api/v4"
        self._lock = threading.Lock()
        self._rejected = 0
        self._banned = False

    def ask(self, path: str, secret: SecretValue) -> Reply:
        """GET one thing; the answer is 200, or 4xx in GitLab's own words."""
        self._check_ban()
        headers = {"PRIVATE-TOKEN": secret}
        reply = self._transport.request("GET", self._api + path, headers=headers)
        return self._judge(reply, good=_OK, refused=_REFUSED)

    def change(self, method: str, path: str, secret: SecretValue, body: Any = None) -> Reply:
        """Send once what changes something; the answer is a success, or 4xx in GitLab's words."""
        self._check_ban()
        headers = {"PRIVATE-TOKEN": secret}
        reply = self._transport.request(method, self._api + path, headers=headers, json=body)
        return self._judge(reply, good=_DONE, refused=_NOT_DONE)

    def ask_pages(
        self, path: str, secret: SecretValue, params: Mapping[str, str | int]
    ) -> Iterator[Reply]:
        """GET a list, page by page, until the last or the first that is not 200."""
        self._check_ban()
        headers = {"PRIVATE-TOKEN": secret}
        for reply in self._transport.pages(self._api + path, headers=headers, params=params):
            yield self._judge(reply, good=_OK, refused=_REFUSED)

    def suspect_ban(self) -> None:
        """Take a refusal without a reason for a ban, if enough tokens were rejected before it."""
        with self._lock:
            self._banned = self._banned or self._rejected >= _SEVERAL
        self._check_ban()

    def _check_ban(self) -> None:
        if self._banned:
            raise ProviderUnavailable(
                f"{self.host} refuses this address after {self._rejected} rejected tokens;"
                " it is not asked again in this run",
                hint="take the dead tokens out of the configuration and wait for the ban to end",
            )

    def _judge(self, reply: Reply, *, good: Set[int], refused: Set[int]) -> Reply:
        with self._lock:
            self._rejected += reply.status == 401
        if reply.status in good:
            return reply
        if reply.status not in refused:
            raise ProviderUnavailable(f"{self.host} answers {reply.status}, which is not expected")
        if said(reply) is None:
            if reply.status == 403:
                self.suspect_ban()
            raise ProviderUnavailable(
                f"{self.host} answers {reply.status}, and not in GitLab's words",
                hint="is the address right? a proxy or a firewall may answer in its place",
            )
        return reply


class Session:
    """One credential's talk with one server, for a run."""

    def __init__(self, server: Server, secret: SecretValue) -> None:
        self.server = server
        self._secret = secret
        self._memo = Memo()
        self._gate = threading.Lock()
        self._changing = threading.Lock()
        self._accepted = False
        self._spent = False
        self._rejection: ProviderError | None = None

    def ask_self(self) -> Reply:
        """Ask the credential about itself, once."""
        return self._memo.get(f"{PERSONAL}/self", self.look_at_self)

    def look_at_self(self) -> Reply:
        """Ask the credential about itself, anew."""
        return self.server.ask(f"{PERSONAL}/self", self._secret)

    def ask_one(self, path: str, shape: type[_Row]) -> _Row:
        """Ask for one token by its address, once. Raises TokenNotFound or CredentialRejected."""
        return self._memo.get(path, lambda: self.look_at_one(path, shape))

    def look_at_one(self, path: str, shape: type[_Row]) -> _Row:
        """Ask for one token by its address, anew. Raises as `ask_one`."""
        reply = self._as_manager(path, lambda: [self.server.ask(path, self._secret)])[0]
        return parse(shape, reply.json(), host=self.server.host, vendor="GitLab")

    def ask_list(
        self, path: str, shape: type[_Row], params: Mapping[str, str | int]
    ) -> tuple[_Row, ...]:
        """Return every token of a collection, all pages, asked once. Raises as `ask_one`."""
        return self._memo.get(
            _list_key(path, params), lambda: self.look_at_list(path, shape, params)
        )

    def look_at_list(
        self, path: str, shape: type[_Row], params: Mapping[str, str | int]
    ) -> tuple[_Row, ...]:
        """Return every token of a collection, all pages, asked anew. Raises as `ask_one`."""
        asked = {**params, "per_page": _PER_PAGE}
        pages = self._as_manager(path, lambda: [*self.server.ask_pages(path, self._secret, asked)])
        return tuple(
            parse(shape, row, host=self.server.host, vendor="GitLab")
            for page in pages
            for row in _rows(page)
        )

    def has_list(self, path: str, params: Mapping[str, str | int]) -> bool:
        """Say whether `ask_list` would answer without asking."""
        return self._memo.has(_list_key(path, params))

    def change(self, method: str, path: str, body: Any = None) -> Reply:
        """Send once what changes something; a refusal is an answer. Raises ProviderError.

        One at a time: no other thread may find out too late that the credential is spent.
        """
        with self._changing:
            self.check_unspent()
            return self.server.change(method, path, self._secret, body)

    def change_itself(self, path: str, body: Any) -> Reply:
        """Send what swaps the credential for a new one: at most once in its life.

        GitLab kills the whole family of a dead token that comes there again (docs,
        personal_access_tokens.md, 2026-11). Only a plain refusal leaves the credential unspent; a
        lost answer or a 401 does not.
        """
        with self._changing:
            self.check_unspent()
            self._spent = True
            reply = self.server.change("POST", path, self._secret, body)
            self._spent = reply.status not in _NOT_DONE - {401}
            return reply

    def check_unspent(self) -> None:
        """Raise CredentialRejected if the credential was given up for a new one in this run."""
        if self._spent:
            raise CredentialRejected(
                "the value was sent to be replaced in this run, and is not presented again",
                hint="look at GitLab which token lives; the new value is asked about instead",
            )

    def forget(self) -> None:
        """Drop what was learned by asking, because something has changed since."""
        self._memo = Memo()

    def _as_manager(self, path: str, ask: Callable[[], list[Reply]]) -> list[Reply]:
        # Until one answer shows that the credential works, nothing else is sent with it: a dead
        # one must not be presented once for each token it was to ask about.
        with nullcontext() if self._accepted else self._gate:
            if self._rejection:
                raise CredentialRejected(self._rejection.message, hint=self._rejection.hint)
            replies = ask()
            if replies[-1].status != 200:
                raise self._refusal(path, replies[-1])
            self._accepted = True
            return replies

    def _refusal(self, path: str, reply: Reply) -> ProviderError:
        host = self.server.host
        words = said(reply) or {}
        if reply.status == 404:
            return TokenNotFound(
                f"{host} has no such token, project or group, or hides it from this credential"
            )
        if reply.status == 403 and words.get("error") == "insufficient_scope":
            return CredentialRejected(
                f"{host} wants a scope that the credential does not have",
                hint="it needs read_api to ask about other tokens, and api to rotate them",
            )
        if reply.status == 401:
            dead = self._find_rejection(words)
            if dead:
                self._rejection = dead
                return dead
            # The credential lives, so the 401 is about what it asked for.
            if path.startswith(f"{PERSONAL}/"):
                return TokenNotFound(f"{host} has no such token, or hides it from this credential")
        if reply.status == 400:
            return ProviderUnavailable(f"{host} does not understand the question (400)")
        return CredentialRejected(
            f"{host} does not show these tokens to the credential",
            hint="project tokens are shown to maintainers, group tokens to owners, and other"
            " people's tokens to administrators",
        )

    def _find_rejection(self, words: Mapping[str, Any]) -> CredentialRejected | None:
        """Tell a 401 about the credential from GitLab's 401 for what a living one may not see."""
        death = find_death(words)
        if death is None and not self._accepted:
            own = self.ask_self()
            if own.status == 200:
                self._accepted = True
            else:
                death = find_death(said(own) or {}) or "is not known, or was revoked or deleted"
        if death is None:
            return None
        return CredentialRejected(f"the credential is refused by {self.server.host}: it {death}")


def said(reply: Reply) -> dict[str, Any] | None:
    """Return the object in which GitLab explains a refusal; None where it is no such thing."""
    try:
        words = reply.json()
    except ProviderUnavailable:
        return None
    return words if isinstance(words, dict) else None


def _rows(page: Reply) -> list[Any]:
    rows = page.json()
    if not isinstance(rows, list):
        raise ProviderUnavailable(f"{page.host} answers with something that is not a list")
    return rows


def _list_key(path: str, params: Mapping[str, str | int]) -> str:
    return f"{path}?{sorted(params.items())}"
