"""What Azure DevOps' answers about tokens look like, strictly, and what they mean.

Nothing here asks; an answer of another shape is ProviderUnavailable, never a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator

from keyturn.errors import (
    BlockedByPolicy,
    CredentialRejected,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.instants import format_instant
from keyturn.model import Precision, State, TokenStatus
from keyturn.providers._answers import Shape
from keyturn.retirements import GLOBAL_PAT
from keyturn.secret_value import SecretValue

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,7})?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_GLOBAL = (
    f"it is a {GLOBAL_PAT}, good for every organization of its owner: Azure DevOps ends all of"
    " these, whatever their own date"
)


def _parse_instant(value: object) -> object:
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError("not an instant")
    # The administrator's list leaves the zone out: description tokenadmin 7.1, examples, 2026-11.
    # Seven digits are one more than Python keeps.
    text = match[1] + (match[2] or "")[:7] + (match[3] or "Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not an instant") from error


def parse_guid(value: object) -> str:
    """Parse an id as Azure DevOps writes it, to lower case. Raises ValueError."""
    if isinstance(value, str) and _GUID.fullmatch(value):
        return value.lower()
    raise ValueError("not an authorization id; it looks like 3d3aca0c-9ad3-4b07-8334-08ec8b1ddc32")


def _parse_secret(value: object) -> SecretValue:
    if isinstance(value, str) and value:
        return SecretValue(value)
    raise ValueError("no value")


_Instant = Annotated[datetime, BeforeValidator(_parse_instant)]
_Guid = Annotated[str, BeforeValidator(parse_guid)]


class Pat(Shape):
    """A personal access token, as its owner's list shows it: neither its state nor its last use."""

    id: _Guid = Field(alias="authorizationId")
    name: str | None = Field(alias="displayName")
    scope: str
    accounts: list[str] | None = Field(alias="targetAccounts")
    """Null means every organization of the owner; the field is always there."""
    valid_from: _Instant = Field(alias="validFrom")
    valid_to: _Instant = Field(alias="validTo")

    def status(
        self, *, now: datetime, revoked: bool = False, owner: str | None = None
    ) -> TokenStatus:
        """Say what the answer means at `now`."""
        state, reason = State.ACTIVE, None
        if self.valid_to <= now:
            state, reason = State.EXPIRED, f"expired at {format_instant(self.valid_to)}"
        elif revoked:
            state, reason = State.REVOKED, "was revoked"
        everywhere = self.accounts is None
        return TokenStatus(
            state,
            Precision.INSTANT,
            expires_at=self.valid_to,
            created_at=self.valid_from,
            scopes=tuple(self.scope.split()),
            owner=owner,
            token_id=self.id,
            reason=reason,
            sort=GLOBAL_PAT if everywhere else None,
            remark=_GLOBAL if everywhere else None,
        )


class NewPat(Pat):
    """A personal access token at the only moment at which its value is told."""

    value: Annotated[SecretValue, PlainValidator(_parse_secret)] = Field(alias="token")


class AdminPat(Pat):
    """A personal access token, as an administrator's list shows it."""

    valid: bool = Field(alias="isValid")
    """False: it was revoked, or has expired."""


class PatPage(Shape):
    """A page of the caller's own tokens."""

    rows: list[Pat] = Field(alias="patTokens")
    following: str | None = Field(None, alias="continuationToken")
    """Empty on the last page."""


class AdminPatPage(Shape):
    """A page of somebody's tokens."""

    rows: list[AdminPat] = Field(alias="value")
    following: str | None = Field(None, alias="continuationToken")


class User(Shape):
    """A person of the organization."""

    descriptor: str
    principal_name: str | None = Field(None, alias="principalName")
    mail_address: str | None = Field(None, alias="mailAddress")


class UserPage(Shape):
    """A page of users; a header names the next one."""

    rows: list[User] = Field(alias="value")


class _Text(Shape):
    text: str = Field(alias="$value")


class _Properties(Shape):
    account: _Text | None = Field(None, alias="Account")


class _Identity(Shape):
    descriptor: str
    properties: _Properties = _Properties(Account=None)


class Connection(Shape):
    """Who the service takes the caller for."""

    user: _Identity = Field(alias="authenticatedUser")

    @property
    def anonymous(self) -> bool:
        """The credential was not accepted, but the organization shows something to everybody."""
        # https://github.com/azsk/DevOpsKit, ContextHelper.ps1: what an invalid token gets.
        return self.user.descriptor.startswith("System:PublicAccess;")

    @property
    def account(self) -> str | None:
        """The owner's principal name."""
        return self.user.properties.account.text if self.user.properties.account else None


class Outcome(Shape):
    """The answer about one token: its HTTP status is 200 even where nothing was done."""

    pat: Any = Field(None, alias="patToken")
    error: str = Field(alias="patTokenError")


_NOT_FOUND = {
    "authorizationNotFound",
    "hostAuthorizationNotFound",
    "invalidAuthorizationId",
    "tokenNotFound",
}
_NOT_ALLOWED = {"accessDenied", "invalidUserId", "invalidUserType", "userIdRequired"}
_OUTAGES = {
    "failedToIssueAccessToken",
    "failedToReadOrgPolicy",
    "failedToReadTenantPolicy",
    "failedToUpdateAccessToken",
}
_POLICIES = {
    "disablePatCreationPolicyViolation": "nobody, or only those on its list, may make a PAT there",
    "fullScopePatPolicyViolation": "PATs with full access are forbidden; give it the scopes that"
    " it needs",
    "globalPATCreationBlocked": "PATs for all organizations can no longer be made or renewed; make"
    " one for each organization by hand",
    "globalPatPolicyViolation": "PATs for all organizations are forbidden; make one for each"
    " organization by hand",
    "patLifespanPolicyViolation": "a PAT may not live that long there; ask for a shorter lifetime",
}
_REFUSALS = {
    "deploymentHostNotSupported",
    "displayNameRequired",
    "duplicateHash",
    "expiredPatCannotBeExtended",
    "invalidAudience",
    "invalidClient",
    "invalidClientId",
    "invalidClientType",
    "invalidDisplayName",
    "invalidScope",
    "invalidSource",
    "invalidSourceIP",
    "invalidSubject",
    "invalidTargetAccounts",
    "invalidToken",
    "invalidTokenType",
    "invalidValidTo",
    "sourceNotSupported",
    "sshPolicyDisabled",
}

SIGNED_IN = (
    "own PATs are shown, made, extended and revoked for a signed-in user's Microsoft Entra token"
    " only; service principals, managed identities and PATs cannot"
)


def find_error(outcome: Outcome, *, host: str) -> ProviderError | None:
    """Return what a `patTokenError` means; None where everything went well."""
    # Every name is one of description tokens 7.2, 2026-11, so that it may stand in a message.
    name = outcome.error
    if name == "none":
        return None
    refused = f"{host} refuses"
    if name in _POLICIES:
        return BlockedByPolicy(f"{refused} by a policy ({name})", hint=_POLICIES[name])
    if name in _NOT_FOUND:
        return TokenNotFound(f"{host} has no such token, or not of this user ({name})")
    if name in _NOT_ALLOWED:
        return CredentialRejected(f"{refused} the credential ({name})", hint=SIGNED_IN)
    if name in _REFUSALS:
        return ProviderRefused(f"{refused} ({name})")
    if name in _OUTAGES:
        return ProviderUnavailable(f"{host} fails by itself ({name})")
    return ProviderUnavailable(f"{host} refuses for a reason that keyturn does not know")
