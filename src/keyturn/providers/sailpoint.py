"""`sailpoint`: personal access tokens and API clients of one Identity Security Cloud tenant.

It logs a pair of id and secret in once a run, and asks with what it gets for that. It writes no
workflow: `destinations/sailpoint_workflows.py` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import (
    Abilities,
    Access,
    ExtendingProvider,
    ListingProvider,
    MintingProvider,
    find_pair,
)
from keyturn.model import Listed, Minted, Precision, State, Token, TokenStatus
from keyturn.providers._answers import Digester, is_named, parse
from keyturn.providers._sailpoint_answers import (
    Answer,
    Client,
    MadePat,
    Pat,
    format_instant,
    name_owners,
)
from keyturn.providers._sailpoint_api import CLIENTS, PATS, VENDOR, Session, open_session
from keyturn.providers._sailpoint_options import (
    CURRENT,
    PAIR,
    Kind,
    Options,
    check_changeable,
    declaration_problems,
    find_abilities,
)
from keyturn.providers._sailpoint_workflows import index_places
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport

# SailPoint help, generate_tokens, 2026-11.
_MOST_PATS = 10

# Scopes of the descriptions' `security`, 2026-11.
_READS_ALL = (
    "the scope sp:all-personal-access-tokens:read, of an administrator; for its own identity's"
    " tokens sp:my-personal-access-tokens:read and `owner: me`"
)
_READS_OWN = "the scope sp:my-personal-access-tokens:read, of a person: an API client has no tokens"
_READS_CLIENTS = "the scope sp:oauth-client:read, of an administrator"
_EXTENDS = (
    "to be the owner's own, with the scope sp:my-personal-access-tokens:manage: nobody else can"
    " change a personal access token"
)
_MINTS = "the scope sp:my-personal-access-tokens:manage"
_REVOKES = {
    "pat": "to be the owner's, with the scope sp:my-personal-access-tokens:manage, or an"
    " administrator's with sp:all-personal-access-tokens:manage",
    "api-client": "the scope sp:oauth-client:manage, of an administrator",
}


class SailPoint(ListingProvider, ExtendingProvider, MintingProvider):
    """Asks a SailPoint tenant, with a token's own pair or with a manager's."""

    name = "sailpoint"
    # spec:sailpoint-isc-v2025.json, accessTokenValiditySeconds, 2026-11: 43200 at most.
    outlived_by = (
        "access tokens that were logged in for before may work on until they expire by themselves,"
        " 12 hours at most; SailPoint does not say whether deletion ends them"
    )

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, str, bytes], Session] = {}
        self._digester = Digester()

    @classmethod
    def options_model(cls) -> type[Options]:
        """Return the model of the `with:` block."""
        return Options

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        """Say what cannot work: nothing to ask with, nothing to look for, or half a pair."""
        return tuple(declaration_problems(token))

    def abilities(self, token: Token, access: Access | None) -> Abilities:
        """Return what the owner's own credential can do: nobody else's can do anything."""
        return find_abilities(Options.model_validate(dict(token.options)), access)

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token, and which workflows hold a copy. Raises ProviderError."""
        options = Options.model_validate(dict(token.options))
        session = self._session(options, access)
        if access is None or not access.own:
            return _add_places(session, _inspect_as_manager(session, options, now=now))
        if not session.can_log_in():
            # The log-in's refusal has one wording for all that can be wrong with a pair.
            reason = f"has expired or was deleted: {session.host} does not log it in"
            return TokenStatus(State.REVOKED, Precision.UNKNOWN, reason=reason)
        try:
            status = _inspect_self(session, options, now=now)
        except TokenNotFound as error:
            # It logs in, so that it is alive, whatever is shown of it.
            raise ProviderError(
                f"{session.host} logs the token in, but does not show it",
                hint="is `kind:` right, `pat` or `api-client`?",
            ) from error
        return _add_places(session, replace(status, holds_copy=True))

    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return the tenant's personal access tokens and API clients. Raises ProviderError.

        With `owner`, and with a token's own value, only one identity's tokens are looked at.
        """
        options = Options.model_validate(dict(token.options))
        session = self._session(options, access)
        rows = _list_all(session, options, own=access is not None and access.own)
        owners = name_owners([row for _, row in rows])
        found = []
        for kind, row in rows:
            status = _add_places(session, _status(session, options, row, now=now))
            if isinstance(row, Pat):
                status = replace(status, owner=owners[row.owner.id])
            key = f"{session.host}/{kind}/{row.id}"
            found.append(Listed(key, kind, row.name, status, managed=row.is_managed))
        return found

    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token."""
        options = Options.model_validate(dict(token.options))
        if status.token_id is None:
            return None
        return f"{urlsplit(options.url).netloc}/{options.kind}/{status.token_id}"

    def extend(
        self,
        token: Token,
        access: Access | None,
        *,
        token_id: str,
        expires_at: datetime,
        now: datetime,
    ) -> TokenStatus:
        """Move the date of one of the credential's own tokens. Sent once. Raises ProviderError."""
        options = Options.model_validate(dict(token.options))
        check_changeable(options, "An API client has no expiry date that could be moved")
        session = self._open(options, access)
        change = {"op": "replace", "path": "/expirationDate", "value": format_instant(expires_at)}
        session.act(
            "PATCH",
            session.path(PATS, token_id),
            needs=_EXTENDS,
            patch=[change],
            refused="is the date in the future?",
        )
        for row in _ask_pats(session, "me"):
            if row.id == token_id:
                return _status(session, options, row, now=now)
        raise ProviderUnavailable(f"{session.host} does not list the token that it has changed")

    def mint(
        self,
        token: Token,
        access: Access | None,
        *,
        like: str | None,
        name: str,
        expires_at: datetime,
        now: datetime,
    ) -> Minted:
        """Make a token beside one of the credential's own identity. Sent once.

        What is known to fail is looked for first: another's token, a name taken, no free slot.
        Raises ProviderError.
        """
        options = Options.model_validate(dict(token.options))
        check_changeable(
            options, "Another API client is another identity, and is not made by keyturn"
        )
        session = self._open(options, access)
        pattern = _check_mintable(session, like or _id_of(access), name)
        body: dict[str, Any] = {
            "name": name,
            "scope": pattern.scope,
            "expirationDate": format_instant(expires_at),
        }
        if pattern.validity is not None:
            body["accessTokenValiditySeconds"] = pattern.validity
        reply = session.act(
            "POST",
            session.path(PATS),
            needs=_MINTS,
            json=body,
            refused=f"an identity has {_MOST_PATS} personal access tokens at most, of different"
            " names, and their date must be in the future",
        )
        made = parse(MadePat, reply.json(), host=session.host, vendor=VENDOR)
        parts = {PAIR[0]: SecretValue(made.id), PAIR[1]: made.secret, "": made.secret}
        return Minted(parts, made.status(now=now))

    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """Delete a token; one that is gone already is no error. Sent once.

        Raises ProviderError.
        """
        options = Options.model_validate(dict(token.options))
        session = self._open(options, access)
        token_id = token_id or _id_of(access)
        if token_id is None:
            raise ProviderError("neither the token's id nor its value says which one to delete")
        path = session.path(PATS if options.kind == "pat" else CLIENTS, token_id)
        try:
            session.act("DELETE", path, needs=_REVOKES[options.kind])
        except TokenNotFound:
            # Gone, unless its own value still logs in: then it was not looked for in its place.
            if access and _id_of(access) == token_id and self._logs_in(options, access):
                raise

    def _open(self, options: Options, access: Access | None) -> Session:
        """Return a session for an act: it remembers nothing, and all forget what it changed."""
        return open_session(self.transport, options, access, changed=self._forget)

    def _forget(self) -> None:
        with self._lock:
            self._sessions.clear()

    def _logs_in(self, options: Options, access: Access) -> bool:
        """Say whether the tenant takes the token's own value now."""
        own = Access(access.value, own=True)
        return open_session(self.transport, options, own).can_log_in()

    def _session(self, options: Options, access: Access | None) -> Session:
        """Return the run's session of a credential, so that each list is asked once."""
        session = open_session(self.transport, options, access)
        digest = self._digester.digest(*session.credential)
        with self._lock:
            return self._sessions.setdefault((options.url, options.api, digest), session)


def _id_of(access: Access | None) -> str | None:
    """Return the id of the token whose own value was given to this run."""
    pair = find_pair(access.value, *PAIR) if access else None
    return pair[0].reveal() if pair else None


def _check_mintable(session: Session, like: str | None, name: str) -> Pat:
    """Return the token to copy, if another can be made beside it. Raises ProviderRefused."""
    mine = _ask_pats(session, "me")
    pattern = next((row for row in mine if row.id == like), None)
    if pattern is None:
        raise ProviderRefused(
            "the token is none of the credential's own identity, and a new one would be",
            hint="name a personal access token of its owner as `credential:`",
        )
    if any(row.name == name for row in mine):
        raise ProviderRefused("its owner has a personal access token of this name already")
    if sum(not row.is_managed for row in mine) >= _MOST_PATS:
        raise ProviderRefused(
            f"its owner has {_MOST_PATS} personal access tokens, which is all that SailPoint"
            " allows: there is no room for a new one beside the old",
            hint="delete one that nobody uses, or write `strategy: extend`",
        )
    return pattern


def _ask_pats(session: Session, owner: str | None) -> tuple[Pat, ...]:
    params = {"owner-id": owner} if owner else {}
    needs = _READS_OWN if owner == "me" else _READS_ALL
    return session.ask_list(session.path(PATS), Pat, needs=needs, params=params)


def _list_pats(session: Session, owner: str | None) -> tuple[Pat, ...]:
    return session.memo.get(f"{PATS} {owner}", lambda: _ask_pats(session, owner))


def _list_clients(session: Session) -> tuple[Client, ...]:
    def ask() -> tuple[Client, ...]:
        return session.ask_list(session.path(CLIENTS), Client, needs=_READS_CLIENTS)

    return session.memo.get(CLIENTS, ask)


def _list_all(session: Session, options: Options, *, own: bool) -> list[tuple[Kind, Answer]]:
    """Return what the credential may see; a kind that it may not list, it sees none of."""
    if own and options.kind == "api-client":
        raise ProviderRefused("an API client stands for nobody, and is shown no list")
    lists: dict[Kind, Callable[[], Sequence[Answer]]] = {
        "pat": lambda: _list_pats(session, "me" if own else options.owner),
    }
    if not own and options.owner is None:
        lists["api-client"] = lambda: _list_clients(session)
    found: list[tuple[Kind, Answer]] = []
    for kind, ask in lists.items():
        try:
            found += [(kind, row) for row in ask()]
        except CredentialRejected:
            if kind == options.kind:
                raise
    return found


def _inspect_self(session: Session, options: Options, *, now: datetime) -> TokenStatus:
    """Find the token that has just logged in."""
    if options.kind == "api-client":
        # The one call that is open to a client without a user: spec `applicationAuth`, 2026-11.
        path = session.own_path(CLIENTS)

        def ask() -> Client:
            reply = session.ask(path, needs="the scope sp:oauth-client:read")
            return parse(Client, reply.json(), host=session.host, vendor=VENDOR)

        return _status(session, options, session.memo.get(path, ask), now=now)
    for row in _list_pats(session, "me"):
        if session.is_own(row.id):
            return _status(session, options, row, now=now)
    raise TokenNotFound(f"{session.host} does not list the token among its owner's")


def _inspect_as_manager(session: Session, options: Options, *, now: datetime) -> TokenStatus:
    if options.token is None and options.token_id is None:
        raise ProviderError("the declaration does not say which token is meant")
    pats = options.kind == "pat"
    rows = _list_pats(session, options.owner) if pats else _list_clients(session)
    found = [row for row in rows if not row.is_managed and _is_meant(options, row)]
    if not found:
        raise TokenNotFound(
            f"{session.host} lists no such token among those the credential may see",
            hint="it was deleted, has another name, or belongs to somebody else",
        )
    owners = {row.owner.id for row in found if isinstance(row, Pat)}
    if len(owners) > 1:
        raise ProviderError(
            f"{len(owners)} identities have a token of this name",
            hint="write whose it is as `owner:` in `with:`, an identity's id or `me`",
        )
    judged = [(_status(session, options, row, now=now), row.created) for row in found]
    # The one that works, else the newest.
    return max(judged, key=lambda item: (item[0].state is State.ACTIVE, item[1]))[0]


def _is_meant(options: Options, row: Answer) -> bool:
    if options.token is None:
        return row.id == options.token_id
    return is_named(options.token, row.name)


def _status(session: Session, options: Options, row: Answer, *, now: datetime) -> TokenStatus:
    return row.status(now=now, own=session.is_own(row.id), current=options.api in CURRENT)


def _add_places(session: Session, status: TokenStatus) -> TokenStatus:
    """Add which workflows hold a copy; where that is not told, say so and leave the rest."""
    remarks = [status.remark] if status.remark else []
    places: tuple[str, ...] = ()
    has_storage = False
    try:
        held = session.memo.get("places", lambda: index_places(session.ask_workflows()))
        places = held.get(status.token_id or "", ())
    except ProviderError as error:
        remarks.append(f"which workflows hold a copy of it is not known: {error.told}")
    if places:
        has_storage = session.memo.get("parameter storage", session.has_parameter_storage)
    if has_storage:
        remarks.append("the tenant has Parameter Storage, which may hold it once for all workflows")
    return replace(status, places=places, remark="; ".join(remarks) or None)
