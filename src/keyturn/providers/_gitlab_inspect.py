"""Reads what GitLab tells about tokens: one by its own value, one or all by a manager's credential.

It changes nothing, and asks each thing once a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from keyturn.errors import CredentialRejected, ProviderError, ProviderRefused, TokenNotFound
from keyturn.model import Listed, Precision, State, TokenStatus
from keyturn.providers._answers import is_named, parse
from keyturn.providers._gitlab_answers import (
    EXPIRED,
    AccessToken,
    DeployToken,
    find_death,
    is_dead,
)
from keyturn.providers._gitlab_api import Server, Session, said
from keyturn.providers._gitlab_options import Options

if TYPE_CHECKING:
    from keyturn.transport import Reply

_READING = frozenset({"api", "read_api"})


def shape_of(options: Options) -> type[AccessToken] | type[DeployToken]:
    """Return what the answers about this kind of token look like."""
    return DeployToken if options.kind == "deploy" else AccessToken


def read_self(reply: Reply) -> AccessToken:
    """Return what a token was told about itself. Raises ProviderUnavailable."""
    return parse(AccessToken, reply.json(), host=reply.host, vendor="GitLab")


def inspect_self(session: Session, *, now: datetime) -> TokenStatus:
    """Ask the credential about itself; a dead one is an answer. Raises ProviderError."""
    reply = session.ask_self()
    host = session.server.host
    if reply.status == 200:
        return read_self(reply).status(now=now, own=True)
    words = said(reply) or {}
    if reply.status == 401:
        return _dead_self(host, words)
    if reply.status == 403:
        return _refused_self(session.server, words)
    if reply.status == 404:
        raise TokenNotFound(f"{host} has no such token, or no token can ask it about itself")
    raise CredentialRejected(f"{host} says that the value is not an access token")


def _dead_self(host: str, words: Mapping[str, object]) -> TokenStatus:
    death = find_death(words)
    if death:
        state = State.EXPIRED if death == EXPIRED else State.REVOKED
        return TokenStatus(state, Precision.UNKNOWN, reason=f"{death}, says {host}")
    if not is_dead(words):
        raise CredentialRejected(
            f"{host} refuses the token (401), and does not say that it is dead",
            hint="GitLab may want a proof of possession (DPoP), or take no impersonation",
        )
    # GitLab docs, personal_access_tokens.md, 2026-11: a daily job deletes revoked tokens, after
    # which their values are as unknown as any other.
    reason = f"was revoked or deleted, or is another server's: its value is unknown to {host}"
    return TokenStatus(State.REVOKED, Precision.UNKNOWN, reason=reason)


def _refused_self(server: Server, words: Mapping[str, object]) -> TokenStatus:
    """Tell why a token that GitLab knows may not even ask about itself."""
    if words.get("error") == "insufficient_scope":
        raise CredentialRejected(
            f"{server.host} knows the token, but it lacks the scope to ask about itself",
            hint="name a manager's token as `credential:`, with the scope read_api or api",
        )
    # GitLab, lib/gitlab/auth/user_access_denied_reason.rb, 2026-11: blocked, deactivated, terms
    # not accepted, password expired, each after "403 Forbidden - ".
    if str(words.get("message")).startswith("403 Forbidden - "):
        return TokenStatus(
            State.BLOCKED,
            Precision.UNKNOWN,
            reason=f"is refused by {server.host} with its owner: blocked, or a step is due",
        )
    server.suspect_ban()
    raise CredentialRejected(f"{server.host} refuses the token (403) and does not say why")


def inspect_as_manager(session: Session, options: Options, *, now: datetime) -> TokenStatus:
    """Ask about one of the tokens that the credential may see. Raises ProviderError."""
    path, filters, token_id = options.path, options.filters, options.token_id
    shape = shape_of(options)
    # Service-account tokens have no address of their own.
    by_id = token_id is not None and options.kind != "service-account"
    if by_id and not session.has_list(path, filters):
        return session.ask_one(f"{path}/{token_id}", shape).status(now=now)
    if options.token is None and token_id is None:
        raise ProviderError("the declaration does not say which token is meant")
    found = [
        (status.state is State.ACTIVE, row.id, status)
        for row in session.ask_list(path, shape, filters)
        if row.id == token_id or is_named(options.token, row.name)
        for status in [row.status(now=now)]
    ]
    if not found:
        raise TokenNotFound(
            f"{session.server.host} lists no such token among those the credential may see",
            hint="it was deleted, has another name, or belongs to somebody else",
        )
    # The one that works, else the newest: ids grow.
    return max(found, key=lambda item: item[:2])[2]


def list_as_owner(session: Session, options: Options, *, now: datetime) -> Sequence[Listed]:
    """List with a token's own value: what its user has, or its project or group."""
    status = inspect_self(session, now=now)
    if status.state is not State.ACTIVE:
        raise CredentialRejected(f"the value that is to list tokens {status.reason}")
    if not _READING.intersection(status.scopes):
        raise ProviderRefused(
            "the token may not list any, itself included",
            hint="it would need the scope read_api; or name a manager's token as `credential:`",
        )
    mine = read_self(session.ask_self())
    # An administrator's value would list everybody's.
    filters = {"user_id": mine.user_id} if options.kind == "personal" else {}
    return [
        Listed(
            options.key_of(row.id),
            options.kind,
            row.name,
            status if row.id == mine.id else row.status(now=now),
        )
        for row in session.ask_list(options.path, AccessToken, filters)
    ]


def list_as_manager(session: Session, options: Options, *, now: datetime) -> Sequence[Listed]:
    """List what the place holds; of personal tokens, all that the credential may see."""
    filters = {"user_id": options.user} if options.user else {}
    return [
        Listed(options.key_of(row.id), options.kind, row.name, row.status(now=now))
        for row in session.ask_list(options.path, shape_of(options), filters)
    ]
