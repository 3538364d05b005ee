"""`azure-devops`: personal access tokens (PATs) of one Azure DevOps organization.

A PAT cannot read its own date: a signed-in user's Entra token tells about that user's PATs, an
administrator's credential about everybody's. It must not touch SSH keys, which Azure DevOps lists
beside them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from keyturn.errors import CredentialRejected, ProviderRefused, TokenNotFound
from keyturn.instants import format_rfc3339
from keyturn.interfaces import (
    Abilities,
    Access,
    ExtendingProvider,
    ListingProvider,
    MintingProvider,
    SweepingProvider,
)
from keyturn.model import Capability, Listed, Minted, State, Token, TokenStatus
from keyturn.providers._answers import Digester, is_named, parse
from keyturn.providers._azure_answers import SIGNED_IN, Connection, NewPat, Pat, User, parse_guid
from keyturn.providers._azure_api import Session, is_sign_in, refusal, says_expired
from keyturn.schema import BaseUrl, Strict

if TYPE_CHECKING:
    from keyturn.transport import Reply, Transport

_ORGANIZATION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", re.ASCII)
_FULL_ACCESS = "app_token"


def _parse_organization(value: object) -> str:
    if isinstance(value, str) and _ORGANIZATION.fullmatch(value):
        return value
    raise ValueError("not an organization; write its name, as in https://dev.azure.com/NAME")


_Text = Annotated[str, Field(min_length=1, max_length=256)]


class Options(Strict):
    """Where a PAT is found."""

    organization: Annotated[
        str, BeforeValidator(_parse_organization), WithJsonSchema({"type": "string"})
    ]
    """The organization's name, as in `https://dev.azure.com/NAME`."""
    url: BaseUrl = "https://dev.azure.com"
    """The service's address, without the organization."""
    user: _Text | None = None
    """The owner's principal name, where an administrator asks."""
    token: _Text | None = None
    """Its name, which survives rotation."""
    token_id: (
        Annotated[
            str, BeforeValidator(parse_guid), WithJsonSchema({"type": "string", "format": "uuid"})
        ]
        | None
    ) = Field(None, alias="token-id")
    """Its authorization id, which a rotation changes."""

    @field_validator("url")
    @classmethod
    def _is_root(cls, url: str) -> str:
        if urlsplit(url).path:
            raise ValueError("holds a path; write the address alone, and `organization:` beside it")
        return url

    @field_validator("token_id")
    @classmethod
    def _one_of_both(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("token") is not None:
            raise ValueError("given together with `token`; keep the name, which survives rotation")
        return value

    @property
    def place(self) -> str:
        """Tells the organization from every other one."""
        return f"{urlsplit(self.url).netloc}/{self.organization.lower()}"


class AzureDevOps(ListingProvider, ExtendingProvider, MintingProvider, SweepingProvider):
    """Asks one organization with a PAT's own value, a user's Entra token, or an administrator's."""

    name = "azure-devops"
    # https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/admin-revoke-user-pats
    # 2026-11: a delay of up to one hour, until Microsoft Entra ID has processed it.
    death_takes: ClassVar[timedelta] = timedelta(hours=1)
    outlived_by: ClassVar[str] = (
        "the value itself may be accepted for up to an hour, until Microsoft Entra ID has processed"
        " the revocation"
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
        """Say what cannot work: nothing to ask with, or nothing to look for."""
        return tuple(_declaration_problems(token))

    def abilities(self, token: Token, access: Access | None) -> Abilities:
        """Return what a signed-in user's Entra token can do: without it a person has to."""
        both = (Capability.EXTEND, Capability.MINT)
        try:
            self._signed_in(token, access)
        except CredentialRejected:
            return Abilities(why_not=dict.fromkeys(both, SIGNED_IN))
        return Abilities(frozenset(both))

    @classmethod
    def creation_link(cls, token: Token, status: TokenStatus) -> str | None:
        """Return the page of the signed-in user's PATs; nothing in it can be filled in."""
        # Where "User settings > Personal access tokens" leads, 2026-11; Microsoft's pages describe
        # the way there, and no parameters.
        options = _read_options(token)
        return f"{options.url}/{options.organization}/_usersSettings/tokens"

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token. Raises ProviderError."""
        options = _read_options(token)
        session = self._session(options, access)
        if access is not None and access.own:
            return _inspect_self(session, token, now=now)
        found = [
            (status.state is State.ACTIVE, pat.valid_from, status)
            for pat, status in _list_of(session, options, now=now)
            if pat.id == options.token_id or is_named(options.token, pat.name)
        ]
        if not found:
            raise TokenNotFound(
                f"{session.host} lists no such token among those of this user",
                hint="it was deleted, has another name, or belongs to somebody else",
            )
        # The one that works, else the newest.
        return max(found, key=lambda item: item[:2])[2]

    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return the PATs of the signed-in user, of `user`, or of everybody."""
        options = _read_options(token)
        if access is not None and access.own:
            raise ProviderRefused("a PAT cannot list PATs", hint=_MANAGER)
        session = self._session(options, access)
        if options.user is None and not session.entra:
            rows = [row for user in session.ask_users() for row in _pats_of(session, user, now=now)]
        else:
            rows = [*_list_of(session, options, now=now)]
        return [Listed(f"{options.place}/{pat.id}", "", pat.name, status) for pat, status in rows]

    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token; None where nothing tells."""
        return f"{_read_options(token).place}/{status.token_id}" if status.token_id else None

    def extend(
        self,
        token: Token,
        access: Access | None,
        *,
        token_id: str,
        expires_at: datetime,
        now: datetime,
    ) -> TokenStatus:
        """Ask for a later date; return what was granted, read back. Sent once.

        Where a longest lifetime is set, the date is cut without a word to the day it was made and
        that lifetime. Raises ProviderError.
        """
        session = self._signed_in(token, access)
        pat = session.get_pat(token_id)
        body = {"authorizationId": pat.id, **_wishes(pat, pat.name, expires_at)}
        session.change_pat("PUT", body, Pat)
        return session.get_pat(token_id).status(now=now)

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
        """Make a PAT with the scopes and organizations of the one of id `like`. Sent once.

        Raises ProviderError; after ProviderUnavailable there may be a token of that name.
        """
        session = self._signed_in(token, access)
        if like is None:
            raise ProviderRefused("a PAT is made like another one, and its id is not known")
        made = session.change_pat("POST", _wishes(session.get_pat(like), name, expires_at), NewPat)
        return Minted({"": made.value}, made.status(now=now))

    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """Kill the PAT of this id: one's own, or as an administrator anybody's. Sent once."""
        options = _read_options(token)
        session = self._manager(options, access)
        if token_id is None:
            raise ProviderRefused("a PAT is revoked by its id, and its id is not known")
        if options.user is None and session.entra:
            session.revoke_pat(token_id)
        else:
            session.revoke_authorization(token_id)

    def revoke_everything_before(
        self, token: Token, access: Access | None, *, created_before: datetime, now: datetime
    ) -> None:
        """Reject what anybody made before a moment. Sent once.

        PATs are hit, and so is every JSON web token: sessions, pipelines, other tools. A rule names
        scopes, so that every user's PATs are read first. Nothing undoes it. Raises ProviderError.
        """
        session = self._manager(_read_options(token), access)
        if created_before > now:
            raise ProviderRefused("a rule needs a moment that has passed")
        session.forget()
        scopes = {
            scope
            for user in session.ask_users()
            for pat in session.ask_pats_of(user)
            for scope in pat.scope.split()
        }
        wanted = " ".join(sorted(scopes | {_FULL_ACCESS}))
        session.make_rule({"scopes": wanted, "createdBefore": format_rfc3339(created_before)})

    def _session(self, options: Options, access: Access | None) -> Session:
        secret = access.credential.get("") if access else None
        if secret is None:
            raise CredentialRejected("no credential to ask Azure DevOps with", hint=_ASKED_WITH)
        digest = self._digester.digest(secret)
        key = (options.url, options.organization.lower(), digest)
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = Session(
                    self.transport, options.url, organization=options.organization, secret=secret
                )
            return self._sessions[key]

    def _manager(self, options: Options, access: Access | None) -> Session:
        """Return the talk of a credential that is not the token itself."""
        if access is not None and access.own:
            raise CredentialRejected("a PAT can neither make, change nor end PATs", hint=_MANAGER)
        return self._session(options, access)

    def _signed_in(self, token: Token, access: Access | None) -> Session:
        """Return the talk of a signed-in user about own PATs."""
        options = _read_options(token)
        session = self._manager(options, access)
        if options.user is not None:
            raise CredentialRejected(
                "an administrator can neither make nor extend another user's PAT", hint=SIGNED_IN
            )
        if not session.entra:
            raise CredentialRejected("the credential is a PAT, which makes no PAT", hint=SIGNED_IN)
        return session


_ASKED_WITH = "name the variable of the PAT as `value:`, or a manager's as `credential:`"
_MANAGER = "name a signed-in user's Entra token or an administrator's credential as `credential:`"
_NO_DATE = f"a PAT cannot read its own date: {_MANAGER}"


def _read_options(token: Token) -> Options:
    return Options.model_validate(dict(token.options))


def _declaration_problems(token: Token) -> Iterator[str]:
    options = _read_options(token)
    asking = token.credential_env or token.value_env
    if not asking:
        yield f"there is nothing to ask Azure DevOps with; {_ASKED_WITH}"
    elif set(asking) != {""}:
        yield "Azure DevOps is asked with one value; write one variable, without parts"
    elif asking != token.value_env and options.token is None and options.token_id is None:
        yield "a manager must know which PAT is meant; write its name as `token:` in `with:`"
    if any(stored.part for stored in token.secrets) or set(token.value_env) - {""}:
        yield "a part, which a PAT does not have; take `part:` out"


def _inspect_self(session: Session, token: Token, *, now: datetime) -> TokenStatus:
    if session.entra:
        raise CredentialRejected("the value is a Microsoft Entra token, and not a PAT")
    reply = session.ask_self()
    if reply.status == 200:
        connection = parse(Connection, reply.json(), host=reply.host, vendor="Azure DevOps")
        if not connection.anonymous:
            return TokenStatus(
                State.ACTIVE, owner=connection.account, holds_copy=True, remark=_NO_DATE
            )
    elif reply.status != 401 and not is_sign_in(reply):
        raise refusal(reply, hint="a network or sign-in policy of the organization may forbid it")
    return _dead_self(reply, token, now=now)


def _dead_self(reply: Reply, token: Token, *, now: datetime) -> TokenStatus:
    """Say of what a refused PAT died, as far as anybody knows."""
    if says_expired(reply):
        return TokenStatus(State.EXPIRED, reason=f"has expired, says {reply.host}")
    why = f"is refused by {reply.host}"
    if token.declared_expiry is not None and token.declared_expiry <= now:
        return TokenStatus(State.EXPIRED, reason=f"{why}, and its declared date has passed")
    return TokenStatus(
        State.REVOKED,
        reason=f"{why}: it was revoked or has expired, is of another organization, or its owner"
        " must sign in again",
    )


def _list_of(
    session: Session, options: Options, *, now: datetime
) -> Iterator[tuple[Pat, TokenStatus]]:
    """Return the PATs of the user that the declaration is about."""
    if options.user is not None:
        return _pats_of(session, _find_user(session, options.user), now=now)
    if session.entra:
        return ((pat, pat.status(now=now, revoked=revoked)) for pat, revoked in session.ask_own())
    raise CredentialRejected(
        "a PAT does not see other PATs of its owner",
        hint="write the owner's principal name as `user:`, where it is an administrator's; else"
        " give a signed-in user's Entra token",
    )


def _pats_of(session: Session, user: User, *, now: datetime) -> Iterator[tuple[Pat, TokenStatus]]:
    owner = user.principal_name
    for pat in session.ask_pats_of(user):
        yield pat, pat.status(now=now, revoked=not pat.valid, owner=owner)


def _find_user(session: Session, name: str) -> User:
    """Return the user of a principal name, else of a mail address."""
    users, wanted = session.ask_users(), name.casefold()
    found = [user for user in users if (user.principal_name or "").casefold() == wanted]
    found = found or [user for user in users if (user.mail_address or "").casefold() == wanted]
    if len(found) == 1:
        return found[0]
    raise TokenNotFound(
        f"{session.host} lists no user of this principal name, or more than one",
        hint="`user:` is the name that the user signs in with",
    )


def _wishes(pat: Pat, name: str | None, expires_at: datetime) -> dict[str, object]:
    return {
        "displayName": name,
        "scope": pat.scope,
        "allOrgs": pat.accounts is None,
        "validTo": format_rfc3339(expires_at),
    }
