"""What AWS's answers about access keys look like, strictly, and what they mean as a `TokenStatus`.

Nothing here asks; an answer of another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from keyturn.model import Precision, State, TokenStatus
from keyturn.providers._answers import Shape
from keyturn.secret_value import SecretValue

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)
_SECRET = re.compile(r"[\x21-\x7e]+")
_USER = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(?:user/(?:[^/]+/)*)?(?P<name>[^/]+)")


def _parse_instant(value: object) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("not an instant")
    return datetime.fromisoformat(value).astimezone(UTC)


def _parse_secret(value: object) -> SecretValue:
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        raise ValueError("not a secret")
    return SecretValue(value)


def _parse_list(value: object) -> object:
    # An element without any in it says nothing of what might be.
    return [] if value == "" else value


_Instant = Annotated[datetime, BeforeValidator(_parse_instant)]
_Text = Annotated[str, Field(min_length=1)]


class Refusal(Shape):
    """Why AWS says no."""

    code: _Text = Field(alias="Code")
    message: str = Field("", alias="Message")


class Identity(Shape):
    """Who a key stands for: the answer to GetCallerIdentity."""

    arn: _Text = Field(alias="Arn")

    @property
    def user(self) -> str | None:
        """The IAM user's name, or `root`; None for a role, a federated user or a service."""
        match = _USER.fullmatch(self.arn)
        return match["name"] if match else None


class LastUse(Shape):
    """When an access key was last used; without a date, never."""

    at: _Instant | None = Field(None, alias="LastUsedDate")
    service: _Text = Field(alias="ServiceName")


class LastUsed(Shape):
    """The answer to GetAccessKeyLastUsed."""

    user: str | None = Field(None, alias="UserName")
    last: LastUse = Field(alias="AccessKeyLastUsed")


class AccessKey(Shape):
    """An access key as the list shows it."""

    id: _Text = Field(alias="AccessKeyId")
    user: str | None = Field(None, alias="UserName")
    state: Literal["Active", "Inactive"] = Field(alias="Status")
    created: _Instant = Field(alias="CreateDate")

    @property
    def is_active(self) -> bool:
        """Say whether AWS takes it."""
        return self.state == "Active"

    def status(self) -> TokenStatus:
        """Say what the answer means; access keys have no expiry."""
        return TokenStatus(
            State.ACTIVE if self.is_active else State.BLOCKED,
            Precision.NOT_APPLICABLE,
            created_at=self.created,
            owner=self.user,
            token_id=self.id,
            reason=None if self.is_active else "is inactive",
        )


class MadeKey(AccessKey):
    """An access key that was just made: the one answer that holds its secret."""

    secret: Annotated[SecretValue, PlainValidator(_parse_secret)] = Field(alias="SecretAccessKey")


class Made(Shape):
    """The answer to CreateAccessKey."""

    key: MadeKey = Field(alias="AccessKey")


class User(Shape):
    """An IAM user."""

    name: _Text = Field(alias="UserName")


class Page(Shape):
    """A part of a list."""

    is_truncated: Literal["true", "false"] = Field("false", alias="IsTruncated")
    marker: _Text | None = Field(None, alias="Marker")


class KeyPage(Page):
    """A part of a user's access keys."""

    rows: Annotated[list[AccessKey], BeforeValidator(_parse_list)] = Field(
        alias="AccessKeyMetadata"
    )


class UserPage(Page):
    """A part of an account's users."""

    rows: Annotated[list[User], BeforeValidator(_parse_list)] = Field(alias="Users")
