"""Asking GitHub about tokens: each thing once a run, throttling told from refusals.

It must not judge what an answer says about a token, and must not keep a credential where a `repr`
could show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.providers._answers import Digester, Memo, parse
from keyturn.providers._github_answers import Row, find_policy, is_throttled
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Reply, Transport

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PER_PAGE = 100
MOST_REVOKED = 1000
"""Values that one request may hold. GitHub's API description of /credentials/revoke, 2026-11."""

_Row = TypeVar("_Row", bound=Row)


class Api:
    """GitHub and its servers, as one run asks them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._memo = Memo()
        self._digester = Digester()
        self._dead: set[str] = set()
        """Digests of credentials that GitHub does not know; it shuts out who presents many."""

    def ask(self, url: str, path: str, secret: SecretValue) -> Reply:
        """GET one thing, once; the answer is 200, or 4xx in GitHub's own words."""

        def get() -> Reply:
            headers = _authorized(secret)
            return _judge(self._transport.request("GET", url + path, headers=headers))

        return self._memo.get(f"{self._digest(secret)} {url}{path}", get)

    def ask_rows(
        self, url: str, path: str, secret: SecretValue, shape: type[_Row], *, hint: str
    ) -> tuple[_Row, ...]:
        """Return a whole list, asked for once. Raises what `ask_rows_afresh` does."""

        def get() -> tuple[_Row, ...]:
            return self.ask_rows_afresh(url, path, secret, shape, hint=hint)

        return self._memo.get(f"{self._digest(secret)} {url}{path}", get)

    def ask_rows_afresh(
        self, url: str, path: str, secret: SecretValue, shape: type[_Row], *, hint: str
    ) -> tuple[_Row, ...]:
        """Return a whole list as it is now. `hint` says what the credential must be and may."""
        credential = f"{self._digest(secret)} {url}"
        if credential in self._dead:
            raise CredentialRejected("the credential was refused before in this run", hint=hint)
        rows: list[_Row] = []
        asked = {"per_page": _PER_PAGE}
        headers = _authorized(secret)
        for page in self._transport.pages(url + path, headers=headers, params=asked):
            if _judge(page).status == 401:
                self._dead.add(credential)
            if page.status != 200:
                raise refusal(page, hint=hint)
            rows += (parse(shape, row, host=page.host, vendor="GitHub") for row in _rows(page))
        return tuple(rows)

    def change(
        self, method: str, url: str, path: str, secret: SecretValue, *, json: Any, hint: str
    ) -> None:
        """Change something, once; whatever is not 204 is raised."""
        headers = _authorized(secret)
        reply = _judge(self._transport.request(method, url + path, headers=headers, json=json))
        if reply.status != 204:
            raise refusal(reply, hint=hint)

    def revoke_values(self, url: str, values: Sequence[SecretValue]) -> None:
        """Hand values in to be revoked, a batch at a time, and without any credential."""
        # GitHub refuses this call to whoever is signed in (API description, 2026-11).
        for start in range(0, len(values), MOST_REVOKED):
            asked = {"credentials": values[start : start + MOST_REVOKED]}
            path = f"{url}/credentials/revoke"
            reply = _judge(self._transport.request("POST", path, headers=_HEADERS, json=asked))
            if reply.status == 404:
                raise ProviderRefused(
                    f"{reply.host} cannot revoke tokens by their value",
                    hint="its owner deletes the token in the settings of the account",
                )
            if reply.status != 202:
                raise refusal(reply, hint="this is asked without a credential, on github.com only")

    def _digest(self, secret: SecretValue) -> str:
        return self._digester.digest(secret).hex()


def refusal(reply: Reply, *, hint: str) -> ProviderError:
    """Make the error of an answer that is not the one hoped for; `hint` says what would help."""
    host = reply.host
    if reply.status == 401:
        return CredentialRejected(
            f"the credential is refused by {host} (401)",
            hint=f"it has expired, was revoked or deleted, or was lost in a proxy; {hint}",
        )
    if reply.status == 403:
        return CredentialRejected(f"{host} forbids it to the credential (403)", hint=hint)
    if reply.status == 404:
        return TokenNotFound(f"{host} has no such thing, or hides it from who asks", hint=hint)
    if reply.status == 422:
        return ProviderRefused(f"{host} does not accept the request (422)", hint=hint)
    return ProviderUnavailable(f"{host} answers {reply.status}, which is not expected")


def said(reply: Reply) -> dict[str, Any] | None:
    """Return the object in which GitHub explains a refusal; None where it is no such thing."""
    try:
        words = reply.json()
    except ProviderUnavailable:
        return None
    return words if isinstance(words, dict) and isinstance(words.get("message"), str) else None


def _authorized(secret: SecretValue) -> dict[str, str | SecretValue]:
    return {**_HEADERS, "Authorization": SecretValue(f"Bearer {secret.reveal()}")}


def _judge(reply: Reply) -> Reply:
    """Pass on what GitHub itself says about the token or the right; raise for the rest."""
    if 200 <= reply.status < 300:
        return reply
    host = reply.host
    if reply.status not in (401, 403, 404, 422):
        raise ProviderUnavailable(f"{host} answers {reply.status}, which is not expected")
    words = said(reply)
    if words is None:
        raise ProviderUnavailable(
            f"{host} answers {reply.status}, and not in GitHub's words",
            hint="is the address right? a proxy or a firewall may answer in its place",
        )
    if find_policy(reply, words) is None and is_throttled(reply, words):
        raise ProviderUnavailable(
            f"{host} limits the rate of requests (403)",
            hint="ask again in an hour, and look whether dead tokens are presented often",
        )
    return reply


def _rows(page: Reply) -> list[Any]:
    rows = page.json()
    if not isinstance(rows, list):
        raise ProviderUnavailable(f"{page.host} answers with something that is not a list")
    return rows
