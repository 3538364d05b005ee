"""`aws-iam`: the access keys of IAM users, asked about with a key itself or with a manager's.

A user has two keys at most, and a key is two secrets that change together. It never deletes the
key that signs its own requests.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyturn.errors import (
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Abilities, Access, ListingProvider, MintingProvider, find_pair
from keyturn.model import Capability, Listed, Minted, Precision, State, Token, TokenStatus
from keyturn.providers._answers import Digester
from keyturn.providers._aws_answers import AccessKey, LastUsed
from keyturn.providers._aws_api import Session, open_session
from keyturn.providers._aws_options import PAIR, Options, declaration_problems
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport

# IAM User Guide, "IAM and AWS STS quotas"; it cannot be raised.
_MOST_KEYS = 2
# A key that asks was last used for asking these.
_OURS = frozenset({"iam", "sts"})

_DEAD = "is not known to AWS: it was deleted, or is inactive"
_NO_EXPIRY = "AWS gives access keys no expiry date: it lives until it is deleted"
_UNTOLD_AGE = "when it was made is not known, because it may not iam:ListAccessKeys itself"
_UNTOLD_USE = "when it was last used is not known, because iam:GetAccessKeyLastUsed is missing"


class AwsIam(ListingProvider, MintingProvider):
    """Asks IAM of one AWS account, with a token's own pair or with a manager's."""

    name = "aws-iam"
    # IAM User Guide, "Disabling permissions for temporary security credentials".
    outlived_by = (
        "temporary credentials that were made with it (GetSessionToken, GetFederationToken) work"
        " on until they end, 36 hours at most, unless the user's permissions are taken away"
    )

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, str, bytes], Session] = {}
        self._digester = Digester()
        self._young: set[str] = set()
        """Keys made in this run, which AWS may not know everywhere yet."""

    @classmethod
    def options_model(cls) -> type[Options]:
        """Return the model of the `with:` block."""
        return Options

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        """Say what cannot work: nothing to ask with, nobody to look for, or half a pair."""
        return tuple(declaration_problems(token))

    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token."""
        options = Options.model_validate(dict(token.options))
        return f"{urlsplit(options.url).netloc}/{status.token_id}" if status.token_id else None

    def abilities(self, token: Token, access: Access | None) -> Abilities:
        """Return that a user gets a second key, from a manager or by the first; without a name."""
        if access is None:
            why_not = {Capability.MINT: "no access key to ask AWS with"}
            return Abilities(why_not=why_not, lists_names=False)
        return Abilities(
            frozenset({Capability.MINT}),
            parts=frozenset({PAIR[0]}),
            secret_part=PAIR[1],
            lists_names=False,
        )

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one key. Raises ProviderError."""
        options = Options.model_validate(dict(token.options))
        session = self._session(options, access)
        if access is not None and access.own:
            return self._inspect_itself(session, options, _id_of(access), now=now)
        return _status(session, _find_meant(session, options, access, now=now), now=now)

    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return the keys of every user of the account; with a key's own value, of its user.

        A manager that may not list users sees the keys of `user:` alone.

        Raises ProviderError.
        """
        options = Options.model_validate(dict(token.options))
        session = self._session(options, access)
        users: list[str | None] = [None]
        if access is not None and not access.own:
            users = self._users(session, options, now=now)
        return [
            Listed(f"{session.host}/{row.id}", "", None, _status(session, row, now=now))
            for user in users
            for row in _list(session, user, now=now)
        ]

    def _users(self, session: Session, options: Options, *, now: datetime) -> list[str | None]:
        """Return whose keys the credential may see: all users', or only the one's that is named."""
        try:
            found = session.memo.get("users", lambda: session.ask_users(now=now))
        except CredentialRejected:
            if options.user is None:
                raise
            return [options.user]
        return [user.name for user in found]

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
        """Make a second key of the user; AWS gives it neither a name nor a date. Sent once.

        Raises ProviderError.
        """
        options = Options.model_validate(dict(token.options))
        session = open_session(self.transport, options, access)
        rows = session.ask_keys(options.user, now=now)
        like = like or _id_of(access)
        if like is not None and like not in {row.id for row in rows}:
            raise ProviderRefused(
                "the key is none of the user's, and a new one would have the user's rights",
                hint="look at `user:` in `with:`; a key that was deleted cannot be made again",
            )
        if len(rows) >= _MOST_KEYS:
            raise ProviderRefused(
                f"the user has {_MOST_KEYS} access keys, which is all that AWS allows: there is no"
                " room for a new one beside the old",
                hint="delete the one that nobody uses; an inactive one takes up room too",
            )
        try:
            made = session.create_key(options.user, now=now)
        finally:
            self._forget()
        self._young.add(made.id)
        parts = {PAIR[0]: SecretValue(made.id), PAIR[1]: made.secret, "": made.secret}
        return Minted(parts, replace(made.status(), remark=_NO_EXPIRY))

    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """Set a key inactive, then delete it; each sent once.

        Raises ProviderError. ProviderRefused, before anything is sent, for the key that signs.
        """
        options = Options.model_validate(dict(token.options))
        session = open_session(self.transport, options, access)
        token_id = token_id or _id_of(access)
        if token_id is None:
            raise ProviderError("neither the key's id nor its value says which one to delete")
        if session.is_own(token_id):
            raise ProviderRefused(
                "the key is the one that would sign its own deletion; nothing was changed",
                hint="name the key of a manager, or the user's other key, as `credential:`",
            )
        rows = session.ask_keys(options.user, now=now)
        row = next((row for row in rows if row.id == token_id), None)
        if row is None:
            if self._is_alive(session, options, access, token_id, now=now):
                raise ProviderRefused(
                    "the key is none of the user's, but AWS knows it; nothing was changed",
                    hint="look at `user:` in `with:`, and at whose account the credential is",
                )
            return
        try:
            if row.is_active:
                session.deactivate_key(options.user, token_id, now=now)
            session.delete_key(options.user, token_id, now=now)
        except TokenNotFound:
            # Somebody else was faster.
            pass
        finally:
            self._forget()
        self._young.discard(token_id)

    def _inspect_itself(
        self, session: Session, options: Options, token_id: str | None, *, now: datetime
    ) -> TokenStatus:
        identity = session.ask_identity(now=now)
        if identity is None and token_id in self._young:
            raise ProviderUnavailable(
                f"{session.host} does not know the new key yet",
                hint="AWS needs seconds, at times minutes, until a new key works everywhere",
            )
        if identity is None:
            return TokenStatus(
                State.REVOKED, Precision.NOT_APPLICABLE, token_id=token_id, reason=_DEAD
            )
        if identity.user is None or not _is_same(identity.user, options.user):
            raise ProviderRefused(
                "the value works, but is no access key of the user that is meant",
                hint="look at `user:` in `with:`; temporary credentials of a role are no tokens",
            )
        alive = TokenStatus(
            State.ACTIVE,
            Precision.NOT_APPLICABLE,
            owner=identity.user,
            token_id=token_id,
            holds_copy=True,
            remark=_UNTOLD_AGE,
        )
        try:
            rows = _list(session, None, now=now)
        except CredentialRejected:
            # Most keys may not ask about themselves; that they work is known all the same.
            return alive
        row = next((row for row in rows if row.id == token_id), None)
        if row is None:
            raise ProviderUnavailable(f"{session.host} knows the key, but does not list it yet")
        status = _status(session, row, now=now)
        return replace(status, owner=identity.user, holds_copy=True)

    def _is_alive(
        self,
        session: Session,
        options: Options,
        access: Access | None,
        token_id: str,
        *,
        now: datetime,
    ) -> bool:
        """Say whether there is such a key elsewhere: by its own value, else among all users'."""
        if access and _id_of(access) == token_id and find_pair(access.value, *PAIR):
            own = open_session(self.transport, options, Access(access.value, own=True))
            return own.ask_identity(now=now) is not None
        try:
            session.ask_last_used(token_id, now=now)
        except (CredentialRejected, TokenNotFound):
            # Which of both AWS answers for a key of nobody is not documented.
            return False
        return True

    def _session(self, options: Options, access: Access | None) -> Session:
        """Return the run's session of a credential, so that each list is asked once.

        What changes something opens one of its own instead, which remembers nothing.
        """
        session = open_session(self.transport, options, access)
        digest = self._digester.digest(*session.credential)
        with self._lock:
            return self._sessions.setdefault((options.url, options.region, digest), session)

    def _forget(self) -> None:
        """Let nothing that was told before a change be believed after it."""
        with self._lock:
            self._sessions.clear()


def _id_of(access: Access | None) -> str | None:
    """Return the id of the key whose own value, or id alone, was given to this run."""
    if access is None:
        return None
    pair = find_pair(access.value, *PAIR)
    part = pair[0] if pair else access.value.get(PAIR[0])
    return part.reveal() if part else None


def _is_same(name: str, wanted: str | None) -> bool:
    # IAM tells no two users apart by upper and lower case.
    return wanted is None or name.casefold() == wanted.casefold()


def _list(session: Session, user: str | None, *, now: datetime) -> tuple[AccessKey, ...]:
    return session.memo.get(f"keys {user}", lambda: session.ask_keys(user, now=now))


def _find_meant(
    session: Session, options: Options, access: Access | None, *, now: datetime
) -> AccessKey:
    """Return the key of the id, or of the value given to this run, else the one that is in use."""
    wanted = options.token_id or _id_of(access)
    rows = _list(session, options.user, now=now)
    found = [row for row in rows if wanted in (None, row.id)]
    if not found:
        raise TokenNotFound(
            f"{session.host} lists no such access key of the user",
            hint="it was deleted, or belongs to another user",
        )
    # The one that works, else the newest.
    return max(found, key=lambda row: (row.is_active, row.created))


def _status(session: Session, row: AccessKey, *, now: datetime) -> TokenStatus:
    """Return what is known about a key, its last use included where that may be asked."""

    def ask() -> LastUsed:
        return session.ask_last_used(row.id, now=now)

    status = row.status()
    try:
        last = session.memo.get(f"use {row.id}", ask).last
    except CredentialRejected:
        return replace(status, remark=_UNTOLD_USE)
    if session.is_own(row.id) and (last.at is None or last.service in _OURS):
        return status
    return replace(status, last_used_at=last.at, never_used=last.at is None)
