"""`gitlab`: personal, project, group, service-account and deploy tokens of one GitLab server.

It presents a token's own value as seldom as can be: GitLab counts that as a use, bans addresses
that present dead tokens, and punishes the whole family of one that is presented to be replaced.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlencode

from keyturn.errors import CredentialRejected, ProviderRefused
from keyturn.interfaces import (
    Abilities,
    Access,
    ListingProvider,
    MintingProvider,
    ReplacingProvider,
)
from keyturn.model import Listed, Minted, Token, TokenStatus
from keyturn.providers import _gitlab_acts as acts
from keyturn.providers._answers import Digester
from keyturn.providers._gitlab_api import Server, Session
from keyturn.providers._gitlab_inspect import (
    inspect_as_manager,
    inspect_self,
    list_as_manager,
    list_as_owner,
)
from keyturn.providers._gitlab_options import Options
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport


class GitLab(ListingProvider, MintingProvider, ReplacingProvider):
    """Asks a GitLab server, with a token's own value or with a manager's credential."""

    name = "gitlab"
    # Deploy tokens and the others of GitLab's kinds cannot ask for their own end.
    leak_rules: ClassVar[frozenset[str]] = frozenset({"gitlab-pat"})

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._lock = threading.Lock()
        self._servers: dict[str, Server] = {}
        self._sessions: dict[tuple[str, bytes], Session] = {}
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
        """Return what GitLab's API has for this kind of token and credential."""
        return acts.find_abilities(_options(token), access)

    @classmethod
    def creation_link(cls, token: Token, status: TokenStatus) -> str | None:
        """Return the form for a personal token; the other kinds' forms cannot be filled in."""
        # GitLab docs, user/profile/personal_access_tokens.md, "Prefill personal access token name
        # and scopes", 2026-11: `name`, and `scopes` separated by commas; nothing for the date.
        options = _options(token)
        if options.kind != "personal":
            return None
        query = {"name": options.token or token.id, "scopes": ",".join(status.scopes)}
        given = {key: text for key, text in query.items() if text}
        filled = urlencode(given, quote_via=quote, safe=",", errors="replace")
        return f"{options.url}/-/user_settings/personal_access_tokens?{filled}"

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token. Raises ProviderError."""
        options, session, own = self._open(token, access)
        if own:
            return inspect_self(session, now=now)
        return inspect_as_manager(session, options, now=now)

    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return what the declared place holds, or the user, or an administrator's whole server."""
        options, session, own = self._open(token, access)
        if own:
            return list_as_owner(session, options, now=now)
        return list_as_manager(session, options, now=now)

    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token."""
        options = _options(token)
        return options.key_of(status.token_id) if status.token_id else None

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
        """Make a second token like the one of id `like`. Sent once. Raises ProviderError."""
        options, session, own = self._open(token, access)
        if own and options.kind in ("project", "group"):
            raise CredentialRejected(
                f"a {options.kind} token cannot make another",
                hint="name a personal token of a maintainer or owner as `credential:`",
            )
        if like is None:
            raise ProviderRefused("the id of the token that the new one is to be like is missing")
        with self._changing(options):
            return acts.mint(session, options, like=like, name=name, expires_at=expires_at, now=now)

    def replace(
        self,
        token: Token,
        access: Access | None,
        *,
        token_id: str,
        expires_at: datetime,
        now: datetime,
    ) -> Minted:
        """Swap the token of this id for a new one. Sent once, and never again.

        A token replaces itself only where it was just seen alive; from then on this instance
        refuses to present it, unless GitLab plainly refused. Raises ProviderError.
        """
        options, session, own = self._open(token, access)
        with self._changing(options):
            return acts.replace(
                session, options, own=own, token_id=token_id, expires_at=expires_at, now=now
            )

    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """Kill the token of this id, or `access.value` where none is known. Sent once."""
        options, session, own = self._open(token, access)
        with self._changing(options):
            if own:
                acts.revoke_itself(session, token_id=token_id)
            elif token_id is not None:
                acts.revoke(session, options, token_id=token_id, now=now)
            else:
                acts.revoke_itself(self._session(options, _own_value(options, access)))

    def _open(self, token: Token, access: Access | None) -> tuple[Options, Session, bool]:
        """Return what is declared, whom to ask, and whether with the token's own value."""
        options = _options(token)
        secret = access.credential.get("") if access else None
        if access is None or secret is None:
            raise CredentialRejected("no credential to ask GitLab with", hint=_ASKED_WITH)
        if access.own and options.kind == "deploy":
            raise CredentialRejected("a deploy token cannot ask GitLab about itself")
        return options, self._session(options, secret), access.own

    def _session(self, options: Options, secret: SecretValue) -> Session:
        where, digest = options.server, self._digester.digest(secret)
        with self._lock:
            server = self._servers.setdefault(where, Server(self.transport, options.url))
            session = self._sessions.setdefault((where, digest), Session(server, secret))
        session.check_unspent()
        return session

    @contextmanager
    def _changing(self, options: Options) -> Iterator[None]:
        """Let every session with a server forget what it knows, once something may have changed."""
        try:
            yield
        finally:
            with self._lock:
                sessions = [
                    session
                    for (where, _), session in self._sessions.items()
                    if where == options.server
                ]
            for session in sessions:
                session.forget()


def _own_value(options: Options, access: Access | None) -> SecretValue:
    value = access.value.get("") if access else None
    if value is None or options.kind == "deploy":
        raise ProviderRefused("neither the id of the token is known, nor a value that can say it")
    return value


def _options(token: Token) -> Options:
    return Options.model_validate(dict(token.options))


_ASKED_WITH = "name the variable of the token's value as `value:`, or a manager's as `credential:`"


def _declaration_problems(token: Token) -> Iterator[str]:
    options = _options(token)
    asking = token.credential_env or token.value_env
    own = asking == token.value_env
    deploy = options.kind == "deploy"
    if not asking:
        yield f"there is nothing to ask GitLab with; {_ASKED_WITH}"
    elif deploy and own:
        yield (
            "a deploy token cannot ask GitLab about itself;"
            " name a maintainer's token as `credential:`"
        )
    elif set(asking) != {""}:
        yield "GitLab is asked with one token; write one variable, without parts"
    elif not own and options.token is None and options.token_id is None:
        yield "a manager must know which token is meant; write its name as `token:` in `with:`"
    parts = {stored.part for stored in token.secrets if stored.part} | set(token.value_env) - {""}
    if parts - ({"username", "token"} if deploy else set()):
        yield "a part that this token does not have; a deploy token has `username` and `token`"
