"""Asking one SailPoint tenant with one pair of id and secret, which is logged in once a run.

It must not judge what the answers say about a token, and must not keep a secret where a `repr`
could show it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access
from keyturn.providers._answers import Memo, Shape, parse
from keyturn.providers._sailpoint_answers import LogIn
from keyturn.providers._sailpoint_options import ASKED_WITH, PAIR, Options
from keyturn.providers._sailpoint_workflows import Workflow
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Reply, Transport

VENDOR = "SailPoint"
PATS, CLIENTS, WORKFLOWS = "personal-access-tokens", "oauth-clients", "workflows"
# Described in this flavour only.
_PARAMETERS = "/parameter-storage/v1/parameters"
_READS_WORKFLOWS = "the scope sp:workflow:read, of an administrator"
_MAX_BODY = 2 << 20
_MAX_WORKFLOWS = 32 << 20
"""The list holds every definition in full."""

_Row = TypeVar("_Row", bound=Shape)


class Session:
    """One pair's talk with one tenant. The access token (JWT) it gets stays in here."""

    def __init__(
        self,
        transport: Transport,
        options: Options,
        pair: tuple[SecretValue, ...],
        changed: Callable[[], None],
    ) -> None:
        self.host = urlsplit(options.url).netloc
        self.memo = Memo()
        self._transport = transport
        self._options = options
        self._id, self._secret = pair
        self._changed = changed
        self._gate = threading.Lock()
        self._jwt: SecretValue | None = None
        self._refusal: ProviderError | None = None

    def is_own(self, token_id: str) -> bool:
        """Say whether it is this very token that logs in."""
        return self._id.reveal() == token_id

    def own_path(self, collection: str) -> str:
        """Return where the token that logs in stands in a collection."""
        return self.path(collection, self._id.reveal())

    @property
    def credential(self) -> tuple[SecretValue, SecretValue]:
        """The pair that asks."""
        return self._id, self._secret

    def can_log_in(self) -> bool:
        """Say whether the tenant takes the pair. Raises ProviderUnavailable."""
        try:
            self._log_in()
        except CredentialRejected:
            return False
        return True

    def path(self, collection: str, id: str = "") -> str:
        """Return where a collection, or one of it, stands in the flavour that is asked."""
        api = self._options.api
        root = f"/{collection}/v1" if api == "v1" else f"/{api}/{collection}"
        return f"{root}/{quote(id, safe='')}" if id else root

    def ask(
        self,
        path: str,
        *,
        needs: str,
        params: Mapping[str, str | int] | None = None,
        max_body: int = _MAX_BODY,
    ) -> Reply:
        """GET; `needs` names the right, for a person. Raises ProviderError unless it is 200."""
        jwt = self._log_in()
        reply = self._send("GET", path, jwt, params=params, max_body=max_body)
        if reply.status == 401:
            # An access token may live no longer than 15 seconds: one that worked has expired.
            jwt = self._log_in(stale=jwt)
            reply = self._send("GET", path, jwt, params=params, max_body=max_body)
        if reply.status == 400:
            raise ProviderUnavailable(f"{self.host} does not understand the question (400)")
        return self._judge(reply, needs=needs)

    def ask_list(
        self,
        path: str,
        shape: type[_Row],
        *,
        needs: str,
        params: Mapping[str, str | int] | None = None,
        max_body: int = _MAX_BODY,
    ) -> tuple[_Row, ...]:
        """Return every row of a list; SailPoint describes no pages of these. Raises as `ask`."""
        try:
            rows = self.ask(path, needs=needs, params=params, max_body=max_body).json()
        except TokenNotFound as error:
            # A whole list that is not there says nothing about any token.
            raise ProviderUnavailable(
                f"{self.host} has no such list, or hides it from this credential (404)",
                hint="does `api:` name a version that the tenant has?",
            ) from error
        if not isinstance(rows, list):
            raise ProviderUnavailable(f"{self.host} answers with something that is not a list")
        return tuple(parse(shape, row, host=self.host, vendor=VENDOR) for row in rows)

    def ask_workflows(self) -> tuple[Workflow, ...]:
        """Return every workflow with its definition. Raises as `ask`."""
        path = self.path(WORKFLOWS)
        return self.ask_list(path, Workflow, needs=_READS_WORKFLOWS, max_body=_MAX_WORKFLOWS)

    def ask_workflow(self, id: str) -> Workflow:
        """Return one workflow. Raises as `ask`."""
        path = self.path(WORKFLOWS, id)
        reply = self.ask(path, needs=_READS_WORKFLOWS, max_body=_MAX_WORKFLOWS)
        return parse(Workflow, reply.json(), host=self.host, vendor=VENDOR)

    def has_parameter_storage(self) -> bool:
        """Say whether the tenant shows its Parameter Storage to the credential."""
        try:
            self.ask(_PARAMETERS, needs="sp:parameter-storage:read", params={"limit": 1})
        except ProviderError:
            return False
        return True

    def act(
        self,
        method: str,
        path: str,
        *,
        needs: str,
        json: Any = None,
        patch: Sequence[Mapping[str, Any]] | None = None,
        refused: str = "",
    ) -> Reply:
        """Change something, sent once; `refused` says what a 400 may be about, for a person.

        Raises ProviderRefused where SailPoint understood and will not; nothing was changed then.
        """
        body = json if patch is None else list(patch)
        kind = None if patch is None else "application/json-patch+json"
        jwt = self._log_in()
        try:
            reply = self._send(method, path, jwt, json=body, content_type=kind)
        finally:
            # What was listed before is no longer so, whatever has become of this.
            self._changed()
        if reply.status in (400, 409) and _is_said(reply):
            raise ProviderRefused(f"{self.host} refuses the change ({reply.status})", hint=refused)
        return self._judge(reply, needs=needs)

    def _send(
        self,
        method: str,
        path: str,
        jwt: SecretValue,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        content_type: str | None = None,
        max_body: int = _MAX_BODY,
    ) -> Reply:
        headers: dict[str, str | SecretValue] = {
            "Authorization": SecretValue(f"Bearer {jwt.reveal()}")
        }
        if content_type:
            headers["Content-Type"] = content_type
        return self._transport.request(
            method,
            self._options.url + path,
            headers=headers,
            params=params,
            json=json,
            max_body=max_body,
        )

    def _log_in(self, *, stale: SecretValue | None = None) -> SecretValue:
        """Return an access token: the one there is, unless it is `stale`.

        What was refused or failed stays so: a dead pair is not presented for every token.
        """
        with self._gate:
            if self._refusal:
                raise type(self._refusal)(self._refusal.message, hint=self._refusal.hint)
            if self._jwt is None or self._jwt is stale:
                try:
                    self._jwt = self._ask_access_token()
                except ProviderError as error:
                    self._refusal = error
                    raise
            return self._jwt

    def _ask_access_token(self) -> SecretValue:
        form: dict[str, str | SecretValue] = {
            "grant_type": "client_credentials",
            "client_id": self._id,
            "client_secret": self._secret,
        }
        url = f"{self._options.url}/oauth/token"
        reply = self._transport.request("POST", url, headers={}, form=form)
        if reply.status == 200:
            return parse(LogIn, reply.json(), host=self.host, vendor=VENDOR).access_token
        # RFC 6749, 5.2: a client that is not known may be told so by 401 or by 400.
        error = _said(reply).get("error")
        if error and (reply.status == 401 or (reply.status, error) == (400, "invalid_client")):
            raise CredentialRejected(
                f"{self.host} does not log the credential in: it has expired, was deleted, or is"
                " no such pair of id and secret"
            )
        raise ProviderUnavailable(
            f"{self.host} answers a log-in with {reply.status}, which is not expected",
            hint="is it the address of the API, https://TENANT.api.identitynow.com?",
        )

    def _judge(self, reply: Reply, *, needs: str) -> Reply:
        """Return a success; raise for the rest."""
        if reply.status < 300:
            return reply
        if reply.status in (401, 403, 404) and not _is_said(reply):
            raise ProviderUnavailable(
                f"{self.host} answers {reply.status}, and not in SailPoint's words",
                hint="is the address right? a proxy or a firewall may answer in its place",
            )
        match reply.status:
            case 401:
                raise CredentialRejected(
                    f"{self.host} refuses an access token that it has just given (401)"
                )
            case 403:
                raise CredentialRejected(
                    f"{self.host} does not let the credential do this (403)",
                    hint=f"it needs {needs}",
                )
            case 404:
                raise TokenNotFound(
                    f"{self.host} has no such thing, or hides it from this credential (404)",
                    hint="it was deleted, is of the other `kind:`, or `api:` names a version that"
                    " the tenant does not have",
                )
        raise ProviderUnavailable(f"{self.host} answers {reply.status}, which is not expected")


def open_session(
    transport: Transport,
    options: Options,
    access: Access | None,
    *,
    changed: Callable[[], None] = lambda: None,
) -> Session:
    """Return a session that has asked nothing yet. Raises CredentialRejected without a pair.

    `changed` is called after every attempt to change something.
    """
    pair = access.find_pair(*PAIR) if access else None
    if pair is None:
        raise CredentialRejected("no id and secret to ask SailPoint with", hint=ASKED_WITH)
    return Session(transport, options, pair, changed)


def _said(reply: Reply) -> dict[str, Any]:
    """Return the object in which a refusal is explained; empty where there is none."""
    try:
        words = reply.json()
    except ProviderUnavailable:
        return {}
    return words if isinstance(words, dict) else {}


def _is_said(reply: Reply) -> bool:
    return bool(_said(reply))
