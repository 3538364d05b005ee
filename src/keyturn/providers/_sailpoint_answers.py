"""What SailPoint's answers about tokens look like, strictly, and what they mean as a `TokenStatus`.

Nothing here asks; an answer of another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, PlainValidator

from keyturn.model import Precision, State, TokenStatus
from keyturn.providers._answers import Instant, Shape
from keyturn.secret_value import SecretValue

_SECRET = re.compile(r"[\x21-\x7e]+")


def _parse_secret(value: object) -> SecretValue:
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        raise ValueError("not a secret")
    return SecretValue(value)


def format_instant(at: datetime) -> str:
    """Write an instant as SailPoint does: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_Text = Annotated[str, Field(min_length=1)]


class LogIn(Shape):
    """The answer to a log-in."""

    access_token: Annotated[SecretValue, PlainValidator(_parse_secret)]


class Owner(Shape):
    """The identity that a personal access token belongs to."""

    id: str
    name: str | None = None


class Answer(Shape, ABC):
    """A token as SailPoint shows it. Fields that are not named here are of no interest."""

    id: _Text
    name: str
    created: Instant
    scope: list[str] | None
    last_used: Instant | None = Field(None, alias="lastUsed")

    @property
    def is_managed(self) -> bool:
        """Say whether the platform made it for itself."""
        return False

    @abstractmethod
    def status(self, *, now: datetime, own: bool = False, current: bool = True) -> TokenStatus:
        """Say what the answer means at `now`.

        `own`: the log-in was made with this very token, so that its last use is keyturn's own.
        `current`: the flavour asked describes expiry dates.
        """

    def _never_used(self, *, own: bool) -> bool:
        return not own and "last_used" in self.model_fields_set and self.last_used is None


class Pat(Answer):
    """A personal access token."""

    owner: Owner
    managed: bool = False
    expiration_date: Instant | None = Field(None, alias="expirationDate")
    """None means never where the flavour describes it; it stays away or is null."""
    confirmed: bool = Field(False, alias="userAwareTokenNeverExpires")
    """Its owner said yes to its never expiring."""
    validity: int | None = Field(None, alias="accessTokenValiditySeconds")
    """How long an access token lives that it was logged in for."""

    @property
    def is_managed(self) -> bool:
        """Say whether the platform made it for itself, for a workflow for example."""
        return self.managed

    def status(self, *, now: datetime, own: bool = False, current: bool = True) -> TokenStatus:
        """Say what the answer means at `now`."""
        ends = self.expiration_date
        expired = ends is not None and ends <= now
        precision, remark = Precision.INSTANT, None
        if ends is None and current:
            precision = Precision.NEVER
            remark = "its owner confirmed that it never expires" if self.confirmed else None
        elif ends is None:
            precision = Precision.UNKNOWN
            remark = (
                "this version of the API does not say what a missing expiry date means;"
                " write `api: v2025`"
            )
        return TokenStatus(
            State.EXPIRED if expired else State.ACTIVE,
            precision,
            expires_at=ends,
            created_at=self.created,
            last_used_at=None if own else self.last_used,
            never_used=self._never_used(own=own),
            scopes=tuple(self.scope or ()),
            owner=self.owner.name or self.owner.id,
            token_id=self.id,
            reason=f"expired at {ends:%Y-%m-%d %H:%M} UTC" if expired else None,
            remark=remark,
        )


class MadePat(Pat):
    """A personal access token that was just made: the one answer that holds its secret."""

    secret: Annotated[SecretValue, PlainValidator(_parse_secret)]


class Client(Answer):
    """An API client: it has no expiry, so that its age and its idleness are what is judged."""

    enabled: bool

    def status(self, *, now: datetime, own: bool = False, current: bool = True) -> TokenStatus:
        """Say what the answer means."""
        return TokenStatus(
            State.ACTIVE if self.enabled else State.BLOCKED,
            Precision.NOT_APPLICABLE,
            created_at=self.created,
            last_used_at=None if own else self.last_used,
            never_used=self._never_used(own=own),
            scopes=tuple(self.scope or ()),
            token_id=self.id,
            reason=None if self.enabled else "is disabled",
        )


def name_owners(rows: Sequence[Answer]) -> dict[str, str]:
    """Return what each identity is called; by its id too where another has the same name."""
    names = {row.owner.id: row.owner.name or row.owner.id for row in rows if isinstance(row, Pat)}
    shared = Counter(name.casefold() for name in names.values())
    return {
        id: f"{name} ({id})" if shared[name.casefold()] > 1 else name for id, name in names.items()
    }
