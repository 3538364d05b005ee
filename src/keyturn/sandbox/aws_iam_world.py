"""The sandbox's AWS account: users, their access keys and the sessions of roles, in memory.

It must not speak HTTP (`aws_iam.py` does), nor know anything of keyturn's own view of tokens.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.sandbox.server import Clock

EVERYTHING = frozenset({"*"})

# The ids of AWS are base32.
_BASE32 = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user."""

    name: str
    path: str
    arn: str
    id: str
    created_at: datetime
    may: frozenset[str]
    """Permitted actions, such as `iam:ListUsers`; `*` is all."""


@dataclass(slots=True)
class AccessKey:
    """One access key, its secret included: the sandbox is the issuer."""

    id: str
    secret: str
    user: User
    created_at: datetime
    active: bool = True
    deleted: bool = False
    last_used_at: datetime | None = None
    service: str = "s3"
    """Which service it was last used for."""


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials, as a workflow gets them by OpenID Connect for a role."""

    id: str
    secret: str
    token: str
    role: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a request is from."""

    arn: str
    id: str
    secret: str
    may: frozenset[str]
    key: AccessKey | None = None
    """None: somebody with temporary credentials."""
    session_token: str | None = None


class World:
    """One account. Tests fill it with its methods."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.account = "123456789012"
        self.users: list[User] = []
        self.keys: list[AccessKey] = []
        self.sessions: list[Session] = []
        self.page_size = 1000
        """The most rows of one page, whatever is asked for: IAM may give fewer."""
        self.delay = timedelta(0)
        """How long AWS does not know a new key yet."""

    def add_user(self, name: str, *, path: str = "/", may: Iterable[str] = EVERYTHING) -> User:
        """Add an IAM user."""
        arn = f"arn:aws:iam::{self.account}:user{path}{name}"
        user = User(name, path, arn, _make_id("AIDA"), self.clock.now, frozenset(may))
        self.users.append(user)
        return user

    def create_key(
        self, user: User, *, active: bool = True, created_at: datetime | None = None
    ) -> AccessKey:
        """Make an access key, without looking at how many there are."""
        # Put together at run time: nothing in the repository may look like a key.
        key = AccessKey(
            _make_id("AKIA"),
            secrets.token_urlsafe(30),
            user,
            created_at or self.clock.now,
            active=active,
        )
        self.keys.append(key)
        return key

    def open_session(self, role: str, *, may: Iterable[str] = EVERYTHING) -> Session:
        """Give somebody temporary credentials for a role."""
        session = Session(
            _make_id("ASIA"),
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(90),
            role,
            frozenset(may),
        )
        self.sessions.append(session)
        return session

    def keys_of(self, user: User) -> list[AccessKey]:
        """Return the keys that a user has, inactive ones included."""
        return [key for key in self.keys if key.user == user and not key.deleted]

    def find_key(self, id: str) -> AccessKey | None:
        """Return a key that there is."""
        return next((key for key in self.keys if key.id == id and not key.deleted), None)

    def is_alive(self, key: AccessKey) -> bool:
        """Say whether the key works now."""
        known = self.clock.now >= key.created_at + self.delay
        return key.active and not key.deleted and known

    def find_identity(self, id: str) -> Identity | None:
        """Return who signs with this key; None for those that do not work."""
        key = self.find_key(id)
        if key is not None and self.is_alive(key):
            user = key.user
            return Identity(user.arn, user.id, key.secret, user.may, key)
        for session in self.sessions:
            if session.id == id:
                arn = f"arn:aws:sts::{self.account}:assumed-role/{session.role}/job"
                return Identity(
                    arn, _make_id("AROA"), session.secret, session.may, None, session.token
                )
        return None


def _make_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_BASE32) for _ in range(16))
