"""The sandbox's Azure DevOps: one organization's users, PATs, Entra tokens and policies, in memory.

It holds what Azure DevOps holds and ages it as Azure DevOps does. It must not speak HTTP
(`azure_devops.py` does), nor know anything of keyturn's own view of tokens.
"""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from keyturn.sandbox.server import Clock

FULL_ACCESS = "app_token"
ADMIN_SCOPES = "vso.graph vso.tokenadministration"

# learn.microsoft.com, use-personal-access-tokens-to-authenticate, 2026-11.
_LONGEST_LIFETIME = timedelta(days=365)
# learn.microsoft.com, admin-revoke-user-pats, 2026-11: up to one hour.
_REVOCATION_TAKES = timedelta(hours=1)
# The Azure DevOps Blog, as tech.hub.ms and docs.mend.io quote it, 2026-11.
_GLOBAL_BLOCKED = datetime(2026, 3, 15, tzinfo=UTC)
_GLOBAL_ENDED = datetime(2026, 12, 1, tzinfo=UTC)


class Violated(Exception):
    """Ends an act with the name of a `patTokenError`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a service principal, of the organization."""

    name: str
    """The principal name."""
    mail: str
    id: str
    descriptor: str
    admin: bool = False
    """One of the Project Collection Administrators."""
    person: bool = True
    """False: a service principal, which has no PATs."""


@dataclass(slots=True)
class Pat:
    """One personal access token, its value included: the sandbox is the issuer."""

    id: str
    value: str
    name: str
    user: User
    scope: str
    all_orgs: bool
    valid_from: datetime
    valid_to: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntraToken:
    """What Microsoft Entra gives a signed-in user, or a service principal, for about an hour."""

    value: str
    user: User
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """Rejects what was made before a moment, at authentication."""

    scopes: frozenset[str]
    created_before: datetime


@dataclass(slots=True)
class Policies:
    """What the tenant's administrators have forbidden."""

    longest: timedelta | None = None
    """The longest lifetime of a new PAT."""
    no_full_scope: bool = False
    no_global: bool = False
    no_new: bool = False
    """Nobody may make PATs."""


@dataclass(slots=True)
class AzureDevOpsWorld:
    """Everything one organization knows, under a clock that may be moved."""

    clock: Clock
    organization: str = "acme"
    users: list[User] = field(default_factory=list)
    pats: list[Pat] = field(default_factory=list)
    entra_tokens: list[EntraToken] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    policies: Policies = field(default_factory=Policies)
    revocation_takes: timedelta = _REVOCATION_TAKES
    """For how long a revoked PAT is still accepted."""
    account: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The organization's id."""

    @property
    def now(self) -> datetime:
        """The time by the sandbox's clock."""
        return self.clock.now

    def add_user(
        self, name: str, *, mail: str | None = None, admin: bool = False, person: bool = True
    ) -> User:
        """Add a person, or a service principal."""
        kind = "aad" if person else "aadsp"
        identity = str(uuid.uuid4())
        tail = base64.b64encode(identity.encode()).decode().rstrip("=")
        user = User(name, mail or name, identity, f"{kind}.{tail}", admin, person)
        self.users.append(user)
        return user

    def create_pat(
        self,
        name: str = "token",
        *,
        owner: User,
        scope: str = "vso.code",
        all_orgs: bool = False,
        valid_to: datetime | None = None,
        valid_from: datetime | None = None,
    ) -> Pat:
        """Issue a PAT, past every policy; by default it lives for thirty days."""
        pat = Pat(
            id=str(uuid.uuid4()),
            value=_make_value(),
            name=name,
            user=owner,
            scope=scope,
            all_orgs=all_orgs,
            valid_from=valid_from or self.now,
            valid_to=valid_to or self.now + timedelta(days=30),
        )
        self.pats.append(pat)
        return pat

    def sign_in(self, user: User, *, lifetime: timedelta = timedelta(hours=1)) -> EntraToken:
        """Issue an Entra token."""
        parts = [{"typ": "JWT"}, {"oid": user.id, "nonce": secrets.token_hex(8)}]
        texts = [_encode(json.dumps(part).encode()) for part in parts]
        value = ".".join([*texts, _encode(secrets.token_bytes(32))])
        token = EntraToken(value, user, self.now, self.now + lifetime)
        self.entra_tokens.append(token)
        return token

    def find(self, id: str) -> Pat:
        """Return a PAT by its authorization id. Raises KeyError."""
        for pat in self.pats:
            if pat.id == id.lower():
                return pat
        raise KeyError(id)

    def find_by_value(self, value: str) -> Pat | None:
        """Return the PAT of a value, dead or alive."""
        return next((pat for pat in self.pats if pat.value == value), None)

    def find_entra_token(self, value: str) -> EntraToken | None:
        """Return an Entra token that is accepted now."""
        for token in self.entra_tokens:
            if token.value == value:
                ruled_out = any(token.made_at < rule.created_before for rule in self.rules)
                return None if ruled_out or token.expires_at <= self.now else token
        return None

    def is_accepted(self, pat: Pat) -> bool:
        """Say whether a PAT still works: a revoked one does for a while."""
        if pat.valid_to <= self.now or (pat.all_orgs and self.now >= _GLOBAL_ENDED):
            return False
        if pat.revoked_at and pat.revoked_at + self.revocation_takes <= self.now:
            return False
        scopes = set(pat.scope.split())
        return not any(
            pat.valid_from < rule.created_before and rule.scopes & scopes for rule in self.rules
        )

    def state_of(self, pat: Pat) -> str:
        """Return what the lists call it: active, revoked or expired."""
        if pat.revoked_at:
            return "revoked"
        return "expired" if pat.valid_to <= self.now else "active"

    def revoke(self, id: str) -> None:
        """Revoke a PAT; a second time changes nothing. Raises KeyError."""
        pat = self.find(id)
        pat.revoked_at = pat.revoked_at or self.now

    def make(
        self, user: User, name: str, *, scope: str, valid_to: datetime, all_orgs: bool, cuts: bool
    ) -> Pat:
        """Make a PAT as its owner does. Raises Violated."""
        if self.policies.no_new and cuts:
            raise Violated("disablePatCreationPolicyViolation")
        valid_to = self._judge(
            name, scope, wanted=valid_to, all_orgs=all_orgs, since=self.now, cuts=cuts
        )
        return self.create_pat(name, owner=user, scope=scope, all_orgs=all_orgs, valid_to=valid_to)

    def change(
        self, pat: Pat, name: str, *, scope: str, valid_to: datetime, all_orgs: bool, cuts: bool
    ) -> None:
        """Change a PAT as its owner does. Raises Violated."""
        if pat.revoked_at:
            raise Violated("authorizationNotFound")
        if pat.valid_to <= self.now and cuts:
            raise Violated("expiredPatCannotBeExtended")
        # Description tokens 7.2: counted from the day the PAT was made.
        valid_to = self._judge(
            name, scope, wanted=valid_to, all_orgs=all_orgs, since=pat.valid_from, cuts=cuts
        )
        pat.name, pat.scope, pat.all_orgs, pat.valid_to = name, scope, all_orgs, valid_to

    def _judge(
        self,
        name: str,
        scope: str,
        *,
        wanted: datetime,
        all_orgs: bool,
        since: datetime,
        cuts: bool,
    ) -> datetime:
        """Return the date that is granted: 7.2 `cuts` it without a word, 7.1 refuses."""
        if not name:
            raise Violated("displayNameRequired")
        if not scope:
            raise Violated("invalidScope")
        if all_orgs and (self.policies.no_global or self.now >= _GLOBAL_BLOCKED):
            blocked = cuts and not self.policies.no_global
            raise Violated("globalPATCreationBlocked" if blocked else "globalPatPolicyViolation")
        if scope == FULL_ACCESS and self.policies.no_full_scope:
            raise Violated("fullScopePatPolicyViolation")
        if not self.now < wanted <= self.now + _LONGEST_LIFETIME:
            raise Violated("invalidValidTo")
        longest = self.policies.longest
        if longest is None or wanted <= since + longest:
            return wanted
        if not cuts:
            raise Violated("patLifespanPolicyViolation")
        return since + longest


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _make_value() -> str:
    # Put together at run time: nothing in the repository may look like a token. The old format,
    # 52 characters of base32.
    return base64.b32encode(secrets.token_bytes(40)).decode().lower()[:52]
