"""The sandbox's GitLab: users, projects, groups and their tokens, kept in memory.

It holds what GitLab holds and ages tokens as GitLab does. It must not speak HTTP (`gitlab.py`
does), nor know anything of keyturn's own view of tokens.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from keyturn.sandbox.server import Clock

PERSONAL, PROJECT, GROUP = "personal", "project", "group"
SERVICE_ACCOUNT, DEPLOY = "service-account", "deploy"
MAINTAINER, GUEST, STRANGER = "maintainer", "guest", "stranger"

# GitLab docs, personal_access_tokens.md, 2026-11: updated at most every ten minutes.
_LAST_USED_STEP = timedelta(minutes=10)
# GitLab docs, personal_access_tokens.md, 2026-11: without a date, a rotated token gets a week
# where expiry is enforced.
_ROTATED_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class User:
    """A person, a bot of a project or group, or a service account."""

    id: int
    name: str
    admin: bool = False
    role: str = MAINTAINER
    """In every project and group: a guest sees them, a stranger does not."""
    project: int | None = None
    """The project whose bot this is."""
    group: int | None = None
    """The group whose bot or service account this is."""
    service_account: bool = False


@dataclass(slots=True)
class Token:
    """One token, its value included: the sandbox is the issuer."""

    id: int
    value: str
    kind: str
    name: str
    user: User
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    """The instant of death: for all but deploy tokens 00:00 UTC of a date."""
    family: int
    """The id of the first token of a chain of rotations."""
    last_used_at: datetime | None = None
    revoked: bool = False
    description: str | None = None
    access_level: int = 40
    """Of project and group tokens."""
    username: str | None = None
    """Of deploy tokens, where it was chosen."""

    def is_expired(self, now: datetime) -> bool:
        """Say whether the date has come: the date itself is the first dead day."""
        return self.expires_at is not None and self.expires_at <= now

    def is_active(self, now: datetime) -> bool:
        """Say whether the token works."""
        return not self.revoked and not self.is_expired(now)


class GitLabWorld:
    """Everything one GitLab server knows, under a clock that may be moved."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tokens: list[Token] = []
        self.projects: dict[int, str] = {}
        """Id -> path with namespace."""
        self.groups: dict[int, str] = {}
        self.users: list[User] = []
        # GitLab docs, settings/account_and_limit_settings.md, 2026-11.
        self.longest_lifetime: timedelta | None = timedelta(days=365)
        """How long a new token may live; None: the server does not enforce expiry."""
        self.families_revoked = 0
        """How often reuse detection has struck."""
        self._ids = iter(range(1001, 1_000_000))
        self.root = self.add_user("root", admin=True)

    @property
    def now(self) -> datetime:
        """The time by the sandbox's clock."""
        return self.clock.now

    @property
    def latest_expiry(self) -> date | None:
        """The last date that a token made today may have; None: there is none."""
        lifetime = self.longest_lifetime
        return None if lifetime is None else (self.now + lifetime).date()

    def add_user(self, name: str, admin: bool = False, *, role: str = MAINTAINER) -> User:
        """Add a person, with a role in every project and group."""
        return self._add(User(0, name, admin=admin, role=role))

    def add_project(self, id: int, path: str) -> int:
        """Add a project; `path` holds its namespace."""
        self.projects[id] = path
        return id

    def add_group(self, id: int, path: str) -> int:
        """Add a top-level group."""
        self.groups[id] = path
        return id

    def add_service_account(self, group: int, name: str) -> User:
        """Add a service account of a group."""
        return self._add(User(0, name, group=group, service_account=True))

    def create_token(
        self,
        kind: str = PERSONAL,
        name: str = "token",
        *,
        owner: User | None = None,
        project: int | None = None,
        group: int | None = None,
        scopes: Iterable[str] = ("api",),
        expires_on: date | datetime | None = None,
        created_at: datetime | None = None,
        last_used_at: datetime | None = None,
        description: str | None = None,
        access_level: int = 40,
        username: str | None = None,
    ) -> Token:
        """Issue a token; `expires_on` None means never.

        Personal tokens belong to `owner` (else root), service-account tokens to `owner`, which is
        made where not given; project, group and deploy tokens get a bot of their own.
        """
        id = next(self._ids)
        if owner is None:
            owner = self._default_owner(kind, id, project=project, group=group)
        token = Token(
            id=id,
            value=_make_value(kind),
            kind=kind,
            name=name,
            user=owner,
            scopes=tuple(scopes),
            created_at=created_at or self.now,
            expires_at=_instant(expires_on),
            family=id,
            last_used_at=last_used_at,
            description=description,
            access_level=access_level,
            username=username,
        )
        self.tokens.append(token)
        return token

    def find(self, id: int) -> Token:
        """Return a token by id. Raises KeyError."""
        for token in self.tokens:
            if token.id == id:
                return token
        raise KeyError(id)

    def revoke(self, id: int) -> None:
        """Revoke a token, at once."""
        self.find(id).revoked = True

    def delete(self, id: int) -> None:
        """Forget a token, as the daily clean-up does with revoked ones."""
        self.tokens.remove(self.find(id))

    def rotate(self, id: int, expires_on: date | None = None) -> Token:
        """Replace a token: the old one is dead at once, the new one has another id and value."""
        old = self.find(id)
        old.revoked = True
        if expires_on is None and self.longest_lifetime is not None:
            expires_on = (self.now + _ROTATED_LIFETIME).date()
        new = replace(
            old,
            id=next(self._ids),
            value=_make_value(old.kind),
            created_at=self.now,
            expires_at=_instant(expires_on),
            last_used_at=None,
            revoked=False,
        )
        self.tokens.append(new)
        return new

    def revoke_family(self, token: Token) -> None:
        """Revoke every member of a chain of rotations, as reuse detection does."""
        self.families_revoked += 1
        for member in self.tokens:
            if member.family == token.family:
                member.revoked = True

    def use(self, token: Token) -> None:
        """Note that a token was presented and accepted."""
        if token.last_used_at is None or self.now - token.last_used_at >= _LAST_USED_STEP:
            token.last_used_at = self.now

    def _default_owner(
        self, kind: str, token_id: int, *, project: int | None, group: int | None
    ) -> User:
        if kind == PERSONAL:
            return self.root
        # An unknown place is a mistake of the caller: KeyError.
        place = self.projects[project] if project is not None else self.groups[group or 0]
        account = kind == SERVICE_ACCOUNT
        name = f"{place.replace('/', '_')}_bot_{token_id}"
        return self._add(User(0, name, project=project, group=group, service_account=account))

    def _add(self, user: User) -> User:
        user = replace(user, id=len(self.users) + 1)
        self.users.append(user)
        return user


def _make_value(kind: str) -> str:
    # Put together at run time: nothing in the repository may look like a token.
    prefix = "gldt" if kind == DEPLOY else "glpat"
    return f"{prefix}-{secrets.token_hex(10)}"


def _instant(expires_on: date | datetime | None) -> datetime | None:
    if expires_on is None or isinstance(expires_on, datetime):
        return expires_on
    return datetime.combine(expires_on, time(), UTC)
