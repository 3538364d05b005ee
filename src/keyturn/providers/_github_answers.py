"""What GitHub's answers about tokens and keys look like, strictly, and what they mean.

Nothing here asks; an answer of another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyturn.errors import ProviderUnavailable
from keyturn.instants import EXPIRY_HEADER, parse_token_expiry
from keyturn.model import Deadline, DeadlineReason, Precision, State, TokenStatus
from keyturn.providers._answers import Instant, Shape

if TYPE_CHECKING:
    from keyturn.transport import Reply

UNUSED = "GitHub removes a personal token that nobody has used for a year"
_UNUSED_LIFE = timedelta(days=365)
UNUSED_SOURCE = "GitHub docs, token-expiration-and-revocation.md, 2026-11"

_LONGEST = re.compile(r"lifetime is greater than (\d{1,5}) days?\b", re.ASCII)


class Account(Shape):
    """A user. Fields that are not named are of no interest."""

    login: str


class Row(Shape, ABC):
    """One entry of a list that a manager reads."""

    id: int
    """What it is ended by."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What people call it."""

    @property
    @abstractmethod
    def token_number(self) -> int:
        """The id of the token itself; ids grow."""

    @abstractmethod
    def status(self, *, now: datetime) -> TokenStatus:
        """Say what the entry means at `now`."""


class Grant(Row):
    """What an organization granted to a fine-grained token, which has another id than its grant."""

    token_id: int
    token_name: str
    owner: Account
    permissions: dict[str, dict[str, str]]
    """Category -> permission -> level."""
    access_granted_at: Instant
    token_expired: bool
    token_expires_at: Instant | None
    """Null means never; the field is always there."""
    token_last_used_at: Instant | None

    @property
    def name(self) -> str:
        return self.token_name

    @property
    def token_number(self) -> int:
        return self.token_id

    def status(self, *, now: datetime) -> TokenStatus:
        """Say what the entry means at `now`; when the token itself was made is not told."""
        expires = self.token_expires_at
        expired = self.token_expired or (expires is not None and expires <= now)
        reason = f"expired at {expires:%Y-%m-%d %H:%M} UTC" if expires else "has expired"
        removal = min(self.token_last_used_at or self.access_granted_at, now) + _UNUSED_LIFE
        # A token made anew keeps its grant: what is listed after that instant was not removed.
        lives = not expired and removal > now
        return TokenStatus(
            State.EXPIRED if expired else State.ACTIVE,
            Precision.INSTANT if expires else Precision.NEVER,
            expires_at=expires,
            last_used_at=self.token_last_used_at,
            never_used=self.token_last_used_at is None,
            scopes=tuple(
                sorted(
                    f"{permission}:{level}"
                    for category in self.permissions.values()
                    for permission, level in category.items()
                )
            ),
            owner=self.owner.login,
            token_id=str(self.token_id),
            reason=reason if expired else None,
            ends=(
                (Deadline(removal, DeadlineReason.IDLE_REMOVAL, UNUSED_SOURCE),) if lives else ()
            ),
            remark=UNUSED,
        )


class DeployKey(Row):
    """A repository's SSH key."""

    title: str
    created_at: Instant
    read_only: bool
    added_by: str | None = None
    last_used: Instant | None = None
    enabled: bool = True

    @property
    def name(self) -> str:
        return self.title

    @property
    def token_number(self) -> int:
        return self.id

    def status(self, *, now: datetime) -> TokenStatus:
        """Say what the entry means; a deploy key has no expiry."""
        return TokenStatus(
            State.ACTIVE if self.enabled else State.BLOCKED,
            Precision.NOT_APPLICABLE,
            created_at=self.created_at,
            last_used_at=self.last_used,
            never_used="last_used" in self.model_fields_set and self.last_used is None,
            scopes=("read",) if self.read_only else ("read", "write"),
            owner=self.added_by,
            token_id=str(self.id),
            reason=None if self.enabled else "is switched off at GitHub",
        )


def find_expiry(reply: Reply) -> datetime | None:
    """Return when the token that was presented ends, as the answer's header says.

    Raises ProviderUnavailable where the header holds anything but one of its two known forms.
    """
    text = reply.headers.get(EXPIRY_HEADER)
    try:
        return None if text is None else parse_token_expiry(text)
    except ValueError:
        raise ProviderUnavailable(
            f"{reply.host} answers in a form keyturn does not know (header {EXPIRY_HEADER})",
            hint="is it GitHub, and is keyturn up to date?",
        ) from None


def find_policy(reply: Reply, words: Mapping[str, Any]) -> str | None:
    """Return why a policy refuses a personal token that lives; None where it is no such thing."""
    # As quoted in integrations/terraform-provider-github#1391 and NixOS/org#247: "The
    # 'X' organization (or enterprise) forbids access via a fine-grained personal access tokens
    # (or: a personal access tokens (classic)) if the token's lifetime is greater than 366 days."
    # A kind that is forbidden altogether (mislav/hub#3363): "forbids access via a personal access
    # token with fine-grained permissions."
    message = str(words.get("message"))
    if reply.status != 403 or not (
        "forbids access via" in message and "personal access token" in message
    ):
        return None
    longest = _LONGEST.search(message)
    if longest:
        return (
            f"is refused by a policy of its organization or enterprise, says {reply.host}:"
            f" it may live {longest[1]} days and lives longer"
        )
    return (
        f"is refused by a policy of its organization or enterprise, says {reply.host}:"
        " personal tokens of its kind are not let in"
    )


def is_unknown_value(reply: Reply, words: Mapping[str, Any]) -> bool:
    """Say whether GitHub does not know the token; whoever else answers 401 knows of none.

    "Requires authentication" means that the header was lost on the way, say in a proxy.
    """
    return reply.status == 401 and "bad credentials" in str(words.get("message")).lower()


def is_throttled(reply: Reply, words: Mapping[str, Any]) -> bool:
    """Say whether a 403 is about how often was asked, and not about what."""
    # GitHub docs, rate-limits-for-the-rest-api.md, 2026-11. The last one is what octokit knows as
    # too many logins: after several bad credentials GitHub refuses good ones too for a while.
    message = str(words.get("message")).lower()
    return reply.status == 403 and (
        reply.headers.get("x-ratelimit-remaining") == "0"
        or "retry-after" in reply.headers
        or any(said in message for said in ("rate limit", "abuse detection", "login attempts"))
    )
