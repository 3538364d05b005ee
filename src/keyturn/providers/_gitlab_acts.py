"""Makes, replaces and revokes GitLab's tokens; each act is sent once, after a fresh look.

It must never present a token that may be dead to an address that replaces tokens: GitLab answers
that by revoking every token that came after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from keyturn.errors import (
    BlockedByPolicy,
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Abilities, Access
from keyturn.model import Capability, Minted, State, TokenStatus
from keyturn.providers._answers import parse
from keyturn.providers._gitlab_answers import (
    AccessToken,
    DeployToken,
    Made,
    find_death,
    is_dead,
)
from keyturn.providers._gitlab_api import Session, said
from keyturn.providers._gitlab_inspect import read_self, shape_of
from keyturn.providers._gitlab_options import PERSONAL, Options

if TYPE_CHECKING:
    from keyturn.transport import Reply

_DEFAULT_USERNAME = re.compile(r"gitlab\+deploy-token-\d+")

_RIGHTS = {
    "personal": "a token with the scope api, of the same user or an administrator",
    "project": "a personal access token with the scope api, of a maintainer of the project",
    "group": "a personal access token with the scope api, of an owner of the group",
    "service-account": "a token with the scope api, of an owner of the top-level group",
    "deploy": "a token with the scope api, of a maintainer of the project or an owner of the group",
}
"""What changes tokens of each kind."""
_ADMINISTRATOR = "a token with the scope api, of an administrator of the server"
_ITSELF = "the scope api or self_rotate"
_ANY = "a token that works"

# 365 days at most, 400 behind a flag, less where an Ultimate administrator says so, none where
# expiry is not enforced. GitLab docs, personal_access_tokens.md, 2026-11.
_LIMIT = (
    "the limit is the server's: 365 days unless its administrators say otherwise;"
    " write a shorter `lifetime:` in `rotate:`"
)
_FINE_GRAINED = "the server wants fine-grained tokens; make one by hand, and declare that"
_NO_PERSONAL = "gitlab.com lets nobody make a personal token by its API"
_NO_SWAP = "GitLab replaces no deploy tokens in place"


def find_abilities(options: Options, access: Access | None) -> Abilities:
    """Say what can be done for a token's next life, as far as nothing need be asked."""
    why_not = dict(_find_hindrances(options, access))
    deploy = options.kind == "deploy"
    another_bot = (
        f"a new {options.kind} token has a bot user of its own: what the old one's was allowed by"
        " name, the new one's is not"
    )
    return Abilities(
        frozenset({Capability.MINT, Capability.REPLACE} - why_not.keys()),
        why_not,
        parts=frozenset({"username"} if deploy and not _has_chosen_name(access) else ()),
        secret_part="token" if deploy else "",
        differs=(another_bot,) if options.kind in ("project", "group") else (),
    )


def _find_hindrances(options: Options, access: Access | None) -> Iterator[tuple[Capability, str]]:
    if access is None:
        yield Capability.MINT, "no credential to ask GitLab with"
        yield Capability.REPLACE, "no credential to ask GitLab with"
    elif access.own:
        yield (
            Capability.MINT,
            "a token's own value makes no other token, or could not end the old one later",
        )
    elif _is_personal_at_gitlab_com(options):
        yield Capability.MINT, _NO_PERSONAL
    if options.kind == "deploy":
        yield Capability.REPLACE, _NO_SWAP


def _is_personal_at_gitlab_com(options: Options) -> bool:
    # GitLab docs, user_tokens.md, 2026-11: made on self-managed and Dedicated only.
    return options.kind == "personal" and urlsplit(options.url).hostname == "gitlab.com"


def _has_chosen_name(access: Access | None) -> bool:
    """Say whether this run was given a deploy token's username, and GitLab did not make it."""
    username = access.value.get("username") if access else None
    return username is not None and not _DEFAULT_USERNAME.fullmatch(username.reveal())


def mint(
    session: Session,
    options: Options,
    *,
    like: str,
    name: str,
    expires_at: datetime,
    now: datetime,
) -> Minted:
    """Make a token with the rights of another beside it. Raises ProviderError."""
    if _is_personal_at_gitlab_com(options):
        raise ProviderRefused(
            _NO_PERSONAL,
            hint="let it be replaced in place, or use a project's, a group's or a service"
            " account's token",
        )
    expiry = _expiry(options, expires_at, now=now)
    old = _look(session, options, like)
    body: dict[str, Any] = {"name": name, "scopes": old.scopes, "expires_at": expiry}
    path, right = options.path, _RIGHTS[options.kind]
    if isinstance(old, DeployToken):
        # A username that was chosen is kept: it is part of what is stored.
        if old.username and not _DEFAULT_USERNAME.fullmatch(old.username):
            body["username"] = old.username
    else:
        body |= _copied(options, old)
        if options.kind == "personal":
            path, right = f"/users/{old.user_id}{PERSONAL}", _ADMINISTRATOR
    reply = session.change("POST", path, body)
    _check_done(reply, right=right)
    return _minted(options, reply, now=now)


def replace(
    session: Session,
    options: Options,
    *,
    own: bool,
    token_id: str,
    expires_at: datetime,
    now: datetime,
) -> Minted:
    """Swap a token for a new one, the old dying at once. Raises ProviderError."""
    if options.kind == "deploy":
        raise ProviderRefused(
            _NO_SWAP,
            hint="use `strategy: overlap`: a second one is made, and the first deleted",
        )
    body = {"expires_at": _expiry(options, expires_at, now=now)}
    if not own and _look(session, options, token_id).revoked:
        raise ProviderRefused("the token was revoked; GitLab replaces only tokens that are not")
    # The last question before: a dead credential, whoever's, must not come to that address.
    itself = _look_at_self(session)
    if itself is None:
        raise CredentialRejected(
            f"{session.server.host} does not accept the credential, which was therefore not"
            " presented to a replacement",
            hint="it expired or was revoked, or another run replaced it",
        )
    if own and str(itself.id) != token_id:
        raise _another_token()
    if not own and str(itself.id) == token_id:
        # What is presented would die with the swap, and nobody has written down that it was.
        raise ProviderRefused(
            "the credential is the very token that it would replace",
            hint="name it as `value:` and leave `credential:` out, or name another token there",
        )
    if own:
        reply, right = session.change_itself(f"{PERSONAL}/self/rotate", body), _ITSELF
    else:
        right = _RIGHTS[options.kind]
        reply = session.change("POST", f"{options.path}/{token_id}/rotate", body)
    _check_done(reply, right=right)
    # GitLab docs, personal_access_tokens.md, 2026-11, say 200; its API description says 201.
    return _minted(options, reply, now=now)


def revoke(session: Session, options: Options, *, token_id: str, now: datetime) -> None:
    """Kill a token by its id; one that is dead already is no error. Raises ProviderError."""
    path = f"{options.path}/{_checked(token_id)}"
    reply = session.change("DELETE", path)
    if reply.status >= 300 and _lives(session, options, token_id, now=now):
        _check_done(reply, right=_RIGHTS[options.kind])


def revoke_itself(session: Session, *, token_id: str | None = None) -> None:
    """Kill the token that is presented; one that is dead already is no error.

    Raises ProviderError, without having sent anything that changes, where it is another one.
    """
    itself = _look_at_self(session)
    if itself is None:
        return
    if token_id not in (None, str(itself.id)):
        raise _another_token()
    reply = session.change("DELETE", f"{PERSONAL}/self")
    # Somebody else may have been faster.
    if find_death(said(reply) or {}) is None:
        _check_done(reply, right=_ANY)


def _look(session: Session, options: Options, token_id: str) -> AccessToken | DeployToken:
    """Return one token as it is now. Raises TokenNotFound."""
    checked = _checked(token_id)
    # Service-account tokens have no address of their own.
    if options.kind != "service-account":
        return session.look_at_one(f"{options.path}/{checked}", shape_of(options))
    found = _find(session, options, checked)
    if found is None:
        raise TokenNotFound(f"{session.server.host} lists no such token of the service account")
    return found


def _find(session: Session, options: Options, token_id: str) -> AccessToken | DeployToken | None:
    rows = session.look_at_list(options.path, shape_of(options), {})
    return next((row for row in rows if str(row.id) == token_id), None)


def _lives(session: Session, options: Options, token_id: str, *, now: datetime) -> bool:
    """Look whether there is anything left to kill.

    A place that shows its tokens and not this one has forgotten it. Of personal tokens only an
    administrator can tell that from somebody else's: TokenNotFound.
    """
    found = (
        _look(session, options, token_id)
        if options.kind == "personal"
        else _find(session, options, token_id)
    )
    return found is not None and found.status(now=now).state is State.ACTIVE


def _look_at_self(session: Session) -> AccessToken | None:
    """Return the token that is presented, as it is now; None where GitLab says that it is dead."""
    reply = session.look_at_self()
    if reply.status == 401 and is_dead(said(reply) or {}):
        return None
    if reply.status != 200:
        raise CredentialRejected(
            f"{reply.host} does not take the credential for an access token that works"
            f" ({reply.status})"
        )
    return read_self(reply)


def _minted(options: Options, reply: Reply, *, now: datetime) -> Minted:
    """Return what was made: its value is kept, whatever the rest of the answer looks like."""
    data, host = reply.json(), reply.host
    made = parse(Made, data, host=host, vendor="GitLab")
    try:
        status = parse(shape_of(options), data, host=host, vendor="GitLab").status(now=now)
    except ProviderUnavailable as error:
        reason = f"was made, but {error.message}"
        status = TokenStatus(State.UNKNOWN, token_id=str(made.id), reason=reason)
    return Minted(made.parts, status)


def _copied(options: Options, old: AccessToken) -> dict[str, Any]:
    """Return what else a token like another has. Raises ProviderRefused where that is not told."""
    if old.granular_scopes:
        raise ProviderRefused(
            "a fine-grained token cannot be made again by GitLab's API",
            hint="let it be replaced in place: a replacement keeps its rights",
        )
    copied: dict[str, Any] = {"description": old.description} if old.description else {}
    if options.kind in ("project", "group"):
        if old.access_level is None:
            raise ProviderRefused(
                f"GitLab does not tell the role of the old {options.kind} token",
                hint="its bot is no longer a member; make a new token by hand",
            )
        copied["access_level"] = old.access_level
    return copied


def _expiry(options: Options, expires_at: datetime, *, now: datetime) -> str:
    """Return the date to ask for: never later than wanted. Raises ProviderRefused."""
    wanted = expires_at.astimezone(UTC)
    if options.kind == "deploy":
        dead, text = wanted <= now, f"{wanted:%Y-%m-%dT%H:%M:%SZ}"
    else:
        # Dead from 00:00 UTC of the date on.
        dead, text = wanted.date() <= now.astimezone(UTC).date(), f"{wanted:%Y-%m-%d}"
    if dead:
        raise ProviderRefused(
            f"a token that ends on {wanted:%Y-%m-%d} would be dead at once",
            hint="GitLab's dates end at 00:00 UTC; write a longer `lifetime:` in `rotate:`",
        )
    return text


def _checked(token_id: str) -> str:
    # It becomes part of a path, where `self` would mean another token.
    if not re.fullmatch(r"[0-9]{1,19}", token_id):
        raise TokenNotFound("GitLab has no token of this id: its ids are whole numbers")
    return token_id


def _another_token() -> ProviderError:
    return ProviderRefused(
        "the value belongs to another token than the one that is meant; nothing was changed",
        hint="it was replaced elsewhere, or the variable holds the value of something else",
    )


def _check_done(reply: Reply, *, right: str) -> None:
    """Raise what a refusal means; nothing was changed then."""
    if reply.status < 300:
        return
    host, words = reply.host, said(reply) or {}
    needed = f"it needs {right}"
    death = find_death(words)
    if death is not None:
        raise CredentialRejected(f"the credential is refused by {host}: it {death}")
    if words.get("error") == "insufficient_scope":
        raise CredentialRejected(f"{host} wants a scope the credential does not have", hint=needed)
    if reply.status == 404:
        raise TokenNotFound(f"{host} has no such token, project or group", hint=needed)
    if reply.status in (401, 403):
        raise CredentialRejected(
            f"{host} does not let the credential do that ({reply.status})", hint=needed
        )
    raise _not_acceptable(reply, words, needed=needed)


def _not_acceptable(reply: Reply, words: Mapping[str, Any], *, needed: str) -> ProviderError:
    """Tell apart what GitLab puts into a 400.

    The words are those of app/models/personal_access_token.rb and of the services that make and
    rotate tokens.
    """
    host, text = reply.host, str(words).lower()
    if "expir" in text:
        return BlockedByPolicy(f"{host} does not allow this date of expiry", hint=_LIMIT)
    if "fine-grained" in text:
        return BlockedByPolicy(f"{host} no longer allows this kind of token", hint=_FINE_GRAINED)
    if "permission" in text:
        return CredentialRejected(f"the credential may not do that on {host}", hint=needed)
    if "limit reached" in text:
        return ProviderRefused(
            f"{host} allows no further token there", hint="revoke those that nobody uses"
        )
    return ProviderRefused(f"{host} refuses what was asked for ({reply.status})", hint=needed)
