"""What GitLab's answers about tokens look like, strictly, and what they mean as a `TokenStatus`.

Nothing here asks, and the value of a new token is kept as a `SecretValue` only. An answer of
another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict

from keyturn.model import Precision, State, TokenStatus
from keyturn.providers._answers import Instant, Shape
from keyturn.secret_value import SecretValue

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

EXPIRED, REVOKED = "has expired", "was revoked"
"""What GitLab says of a dead token; reasons are predicates, as findings are."""


def _parse_day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("not a date")
    # GitLab docs, personal_access_tokens.md, 2026-11: dead at midnight UTC of the date itself,
    # so that the last good day is the one before.
    return datetime.combine(date.fromisoformat(value), time(), UTC)


def _parse_secret(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError("not a value")
    return SecretValue(value)


_Secret = Annotated[SecretValue, BeforeValidator(_parse_secret)]
_Day = Annotated[datetime, BeforeValidator(_parse_day)]


class Answer(Shape, ABC):
    """A token as GitLab shows it. Fields that are not named here are of no interest."""

    id: int
    name: str
    revoked: bool
    scopes: list[str]

    @abstractmethod
    def status(self, *, now: datetime) -> TokenStatus:
        """Say what the answer means at `now`."""


class AccessToken(Answer):
    """A personal, project, group or service-account token."""

    active: bool
    created_at: Instant
    expires_at: _Day | None
    """Null means never; the field is always there."""
    user_id: int
    last_used_at: Instant | None = None
    description: str | None = None
    access_level: int | None = None
    """Of project and group tokens whose bot is still a member."""
    granular_scopes: list[Any] | None = None
    """Of fine-grained tokens, from GitLab 19.6."""

    def status(self, *, now: datetime, own: bool = False) -> TokenStatus:
        """Say what the answer means at `now`; `own`: the token asked about itself."""
        state, reason = State.ACTIVE, None
        if self.revoked:
            state, reason = State.REVOKED, REVOKED
        # Inactive and not revoked means expired by GitLab's own clock:
        # app/models/personal_access_token.rb, 2026-11.
        elif not self.active or (self.expires_at is not None and self.expires_at <= now):
            state, reason = State.EXPIRED, _reason_expired(self.expires_at)
        return TokenStatus(
            state,
            Precision.DAY if self.expires_at else Precision.NEVER,
            expires_at=self.expires_at,
            created_at=self.created_at,
            # Asking with the token itself is a use, so that what it shows is keyturn's own.
            last_used_at=None if own else self.last_used_at,
            never_used=not own
            and "last_used_at" in self.model_fields_set
            and self.last_used_at is None,
            scopes=tuple(self.scopes),
            owner=f"user {self.user_id}",
            token_id=str(self.id),
            reason=reason,
            holds_copy=own,
        )


class DeployToken(Answer):
    """A deploy token: its expiry is an instant, and neither its age nor its use is shown."""

    expired: bool
    expires_at: Instant | None
    username: str | None = None

    def status(self, *, now: datetime) -> TokenStatus:
        """Say what the answer means at `now`."""
        state, reason = State.ACTIVE, None
        if self.revoked:
            state, reason = State.REVOKED, REVOKED
        elif self.expired or (self.expires_at is not None and self.expires_at <= now):
            state, reason = State.EXPIRED, _reason_expired(self.expires_at)
        return TokenStatus(
            state,
            Precision.INSTANT if self.expires_at else Precision.NEVER,
            expires_at=self.expires_at,
            scopes=tuple(self.scopes),
            token_id=str(self.id),
            reason=reason,
        )


class Made(Shape):
    """What must be in the answer to what made a token: the only one that ever holds its value."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: int
    token: _Secret
    username: _Secret | None = None
    """Of deploy tokens."""

    @property
    def parts(self) -> dict[str, SecretValue]:
        """The value's parts, as the contract names them."""
        pair = {"username": self.username, "token": self.token} if self.username else {}
        return {"": self.token, **pair}


def find_death(words: Mapping[str, Any]) -> str | None:
    """Return why GitLab says that the token just presented is dead; None where it says nothing."""
    if words.get("error") != "invalid_token":
        return None
    # The texts that GitLab's clients quote, 2026-11: "Token is expired. …", "Token was revoked. …"
    description = str(words.get("error_description")).lower()
    if "expired" in description:
        return EXPIRED
    return REVOKED if "revoked" in description else None


def is_dead(words: Mapping[str, Any]) -> bool:
    """Say whether a 401 to a token's question about itself means that no such token lives.

    Living ones get a 401 too: where a proof of possession is wanted, or impersonation is switched
    off. GitLab, lib/api/api_guard.rb, 2026-11.
    """
    return words.get("message") == "401 Unauthorized" or find_death(words) is not None


def _reason_expired(expires_at: datetime | None) -> str:
    return f"expired at {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else EXPIRED
