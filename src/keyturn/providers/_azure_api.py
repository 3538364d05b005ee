"""Asking Azure DevOps about tokens: each list once a run, and a sign-in page taken for what it is.

It must not judge what the answers say about a token, and must not keep a credential where a
`repr` could show it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.providers._answers import Memo, Shape, parse
from keyturn.providers._azure_answers import (
    SIGNED_IN,
    AdminPat,
    AdminPatPage,
    Outcome,
    Pat,
    PatPage,
    User,
    UserPage,
    find_error,
)
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Reply, Transport

_CLOUD, _CLOUD_LIFECYCLE = "dev.azure.com", "https://vssps.dev.azure.com"
_PATS, _GRAPH, _ADMIN = "7.2-preview.1", "7.1-preview.1", "7.1"
"""The versions of the three APIs, as the descriptions of 2026-11 name them."""
_PER_PAGE = 100
_MOST_PAGES = 500
# An Entra token is a JSON web token: three parts. No PAT holds a dot.
_ENTRA = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_EXPIRED = "The Personal Access Token used has expired"
_ADMINISTRATOR = (
    "it needs the scopes vso.tokenadministration and vso.graph, or an Entra token, and its owner"
    " must be one of the Project Collection Administrators"
)

_Page = TypeVar("_Page", bound=Shape)
_Row = TypeVar("_Row", bound=Pat)


class Session:
    """One credential's talk with one organization, for a run."""

    def __init__(
        self, transport: Transport, url: str, *, organization: str, secret: SecretValue
    ) -> None:
        self._transport = transport
        self._site = f"{url}/{organization}/_apis"
        lifecycle = _CLOUD_LIFECYCLE if urlsplit(url).hostname == _CLOUD else url
        self.host = urlsplit(lifecycle).netloc
        self._lifecycle = f"{lifecycle}/{organization}/_apis"
        self.entra = _ENTRA.fullmatch(secret.reveal()) is not None
        """A Microsoft Entra token, and not a PAT."""
        self._headers: dict[str, str | SecretValue] = {
            "Authorization": _authorization(secret, entra=self.entra),
            # Asks for 401 in place of a redirect to the sign-in page; not every host listens.
            "X-TFS-FedAuthRedirect": "Suppress",
        }
        self._memo = Memo()

    def forget(self) -> None:
        """Ask afresh from now on."""
        self._memo = Memo()

    def ask_self(self) -> Reply:
        """Ask who the service takes the credential for, once."""
        url = f"{self._site}/connectionData"
        return self._memo.get("self", lambda: self._send("GET", url, params={}))

    def ask_own(self) -> tuple[tuple[Pat, bool], ...]:
        """Return every PAT of the signed-in user, and whether it was revoked."""

        def ask() -> tuple[tuple[Pat, bool], ...]:
            # No member tells that a token was revoked; only the list of those does. It is read
            # last, so that what is revoked or made in between is not mistaken.
            every = self._ask_own("all")
            revoked = {pat.id for pat in self._ask_own("revoked")}
            return tuple((pat, pat.id in revoked) for pat in every)

        return self._memo.get("own", ask)

    def ask_users(self) -> tuple[User, ...]:
        """Return every person of the organization."""

        def ask() -> tuple[User, ...]:
            # As in Microsoft's own script for revocation: nobody else has PATs.
            pages = self._pages(
                "graph/users",
                {"api-version": _GRAPH, "subjectTypes": "aad,msa"},
                shape=UserPage,
                find_next=lambda reply, _page: reply.headers.get("x-ms-continuationtoken"),
            )
            return tuple(user for page in pages for user in page.rows)

        return self._memo.get("users", ask)

    def ask_pats_of(self, user: User) -> tuple[AdminPat, ...]:
        """Return every PAT of somebody, as an administrator."""

        def ask() -> tuple[AdminPat, ...]:
            pages = self._pages(
                f"tokenadmin/personalaccesstokens/{quote(user.descriptor, safe='')}",
                {"api-version": _ADMIN, "isPublic": "false"},
                shape=AdminPatPage,
                find_next=lambda _reply, page: page.following,
            )
            return tuple(pat for page in pages for pat in page.rows)

        return self._memo.get(f"pats {user.descriptor}", ask)

    def get_pat(self, token_id: str) -> Pat:
        """Ask afresh for one PAT of the signed-in user."""
        params = {"api-version": _PATS, "authorizationId": token_id}
        reply = self._ask("tokens/pats", params, hint=SIGNED_IN)
        return self._read_pat(reply, Pat)

    def change_pat(self, method: str, body: Mapping[str, Any], shape: type[_Row]) -> _Row:
        """Make or change a PAT of the signed-in user; sent once."""
        reply = self._act(
            method, "tokens/pats", params={"api-version": _PATS}, body=body, hint=SIGNED_IN
        )
        return self._read_pat(reply, shape)

    def revoke_pat(self, token_id: str) -> None:
        """Revoke a PAT of the signed-in user; sent once."""
        params = {"api-version": _PATS, "authorizationId": token_id}
        # Description tokens 7.2 says 200, its example 204, 2026-11.
        reply = self._act("DELETE", "tokens/pats", params=params, done=(200, 204), hint=SIGNED_IN)
        # No body is described; the same address refuses with an error inside 200 elsewhere.
        if b"patTokenError" in reply.body:
            _require_done(reply)

    def revoke_authorization(self, token_id: str) -> None:
        """Revoke anybody's PAT, as an administrator; sent once."""
        path = "tokenadmin/revocations"
        params = {"api-version": _ADMIN, "isPublic": "false"}
        body = [{"authorizationId": token_id}]
        self._act("POST", path, params=params, body=body, done=(204,), hint=_ADMINISTRATOR)

    def make_rule(self, body: Mapping[str, str]) -> None:
        """Reject all that was made before a moment, as an administrator; sent once."""
        path, params = "tokenadmin/revocationrules", {"api-version": _ADMIN}
        self._act("POST", path, params=params, body=body, done=(201,), hint=_ADMINISTRATOR)

    def _ask_own(self, shown: str) -> list[Pat]:
        # Every page wants the same filters.
        pages = self._pages(
            "tokens/pats",
            {"api-version": _PATS, "displayFilterOption": shown, "$top": _PER_PAGE},
            shape=PatPage,
            find_next=lambda _reply, page: page.following,
            hint=SIGNED_IN,
        )
        return [pat for page in pages for pat in page.rows]

    def _pages(
        self,
        path: str,
        params: Mapping[str, str | int],
        *,
        shape: type[_Page],
        find_next: Callable[[Reply, _Page], str | None],
        hint: str = _ADMINISTRATOR,
    ) -> list[_Page]:
        """Return every page of a list, or raise: never a part for the whole."""
        pages: list[_Page] = []
        seen: set[str] = set()
        asked = params
        while len(pages) < _MOST_PAGES:
            reply = self._ask(path, asked, hint=hint)
            pages.append(_parse(shape, reply))
            following = find_next(reply, pages[-1])
            if not following:
                return pages
            if following in seen:
                raise ProviderUnavailable(f"{reply.host} leads from a page back to the same page")
            seen.add(following)
            asked = {**params, "continuationToken": following}
        raise ProviderUnavailable(f"{self.host} lists more than {_MOST_PAGES} pages")

    def _ask(self, path: str, params: Mapping[str, str | int], *, hint: str) -> Reply:
        reply = self._send("GET", f"{self._lifecycle}/{path}", params=params)
        if reply.status != 200:
            raise refusal(reply, hint=hint)
        return reply

    def _act(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int],
        hint: str,
        body: Any = None,
        done: tuple[int, ...] = (200,),
    ) -> Reply:
        """Send once; `done` are the answers that mean that it was."""
        try:
            reply = self._send(method, f"{self._lifecycle}/{path}", params=params, body=body)
        finally:
            # What was listed before is no longer so, whatever has become of this.
            self.forget()
        if reply.status == 400:
            raise ProviderRefused(f"{reply.host} refuses what was asked of it (400)")
        if reply.status not in done:
            raise refusal(reply, hint=hint)
        return reply

    def _send(
        self, method: str, url: str, *, params: Mapping[str, str | int], body: Any = None
    ) -> Reply:
        reply = self._transport.request(
            method, url, headers=self._headers, params=params, json=body, redirects=True
        )
        if 300 <= reply.status < 400 and not is_sign_in(reply):
            raise ProviderUnavailable(
                f"{reply.host} answers with a redirect ({reply.status}), which a credential does"
                " not follow",
                hint="write the address and the organization's name as they are now",
            )
        return reply

    def _read_pat(self, reply: Reply, shape: type[_Row]) -> _Row:
        outcome = _require_done(reply)
        return parse(shape, outcome.pat, host=reply.host, vendor="Azure DevOps")


def is_sign_in(reply: Reply) -> bool:
    """Say whether the answer is the sign-in page, or the way to it, in place of a 401."""
    # GitHub issues MicrosoftDocs/azure-devops-docs#13661 (302 to `…/_signin`) and
    # microsoft/azure-devops-auth-samples#52 (203).
    # A proxy may make 203 of any answer: only a page is the sign-in page.
    if reply.status == 203:
        return "html" in reply.headers.get("content-type", "").lower()
    try:
        target = urlsplit(reply.headers.get("location", ""))
    except ValueError:
        return False
    return reply.status == 302 and target.path.rstrip("/").endswith("/_signin")


def says_expired(reply: Reply) -> bool:
    """Say whether a refusal tells that the PAT that was presented has expired."""
    # GitHub issue microsoft/azure-pipelines-agent#1559: percent-encoded in this header; as
    # `message` in the body elsewhere.
    told = reply.headers.get("x-tfs-serviceerror", "").replace("%20", " ")
    return _EXPIRED in told or _EXPIRED.encode() in reply.body


def refusal(reply: Reply, *, hint: str) -> ProviderError:
    """Return what an answer that is no success means for whoever asked."""
    host, status = reply.host, reply.status
    if says_expired(reply):
        return CredentialRejected(f"the credential is refused by {host}: it has expired")
    if is_sign_in(reply):
        return CredentialRejected(
            f"{host} shows its sign-in page ({status}): the credential is dead, or of a kind that"
            " may not do this",
            hint=hint,
        )
    if status in (401, 403):
        return CredentialRejected(
            f"{host} refuses the credential ({status}): it is dead, or may not do this", hint=hint
        )
    if status == 404:
        return TokenNotFound(
            f"{host} has no such organization, user or token, or hides it from this credential"
        )
    return ProviderUnavailable(f"{host} answers {status}, which is not expected")


def _require_done(reply: Reply) -> Outcome:
    """Return the answer of 200 about one token. Raises what its `patTokenError` means."""
    outcome = _parse(Outcome, reply)
    error = find_error(outcome, host=reply.host)
    if error:
        raise error
    return outcome


def _parse(shape: type[_Page], reply: Reply) -> _Page:
    return parse(shape, reply.json(), host=reply.host, vendor="Azure DevOps")


def _authorization(secret: SecretValue, *, entra: bool) -> SecretValue:
    value = secret.reveal()
    if entra:
        return SecretValue(f"Bearer {value}")
    # Encoded it could be sent, and would be refused like a dead one.
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise CredentialRejected(
            "the credential holds characters that no PAT has; it was not sent",
            hint="was it stored with a line break, a blank or typographic quotes?",
        )
    return SecretValue("Basic " + base64.b64encode(f":{value}".encode()).decode())
