"""The sandbox's SailPoint tenant: identities, their tokens, API clients and workflows, in memory.

It holds what a tenant holds and ages tokens as SailPoint does. It must not speak HTTP
(`sailpoint.py` does), nor know anything of keyturn's own view of tokens.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keyturn.sandbox.server import Clock

EVERYTHING = "sp:scopes:all"
# SailPoint help, generate_tokens, 2026-11.
MOST_PATS = 10
# spec:sailpoint-isc-v2025.json, accessTokenValiditySeconds, 2026-11.
SHORTEST_VALIDITY, LONGEST_VALIDITY = 15, 43200
# The description of `lastUsed`, 2026-11: written once a day.
_LAST_USED_STEP = timedelta(days=1)
SECRET_KEYS = ("oAuthClientSecret", "basicAuthPassword")
_REFERENCE = "$.secrets."


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, or a service account."""

    id: str
    name: str
    admin: bool


@dataclass(slots=True)
class Pat:
    """One personal access token, its secret included: the sandbox is the issuer."""

    id: str
    secret: str
    name: str
    owner: Identity
    scope: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    validity: int = LONGEST_VALIDITY
    last_used_at: datetime | None = None
    managed: bool = False
    confirmed: bool = False
    """Its owner said that it is to live for ever."""

    def is_alive(self, now: datetime) -> bool:
        """Say whether it can be logged in with."""
        return self.expires_at is None or now < self.expires_at


@dataclass(slots=True)
class Client:
    """One API client, its secret included."""

    id: str
    secret: str
    name: str
    scope: tuple[str, ...] | None
    created_at: datetime
    modified_at: datetime
    last_used_at: datetime | None = None
    validity: int = LONGEST_VALIDITY
    enabled: bool = True
    details: dict[str, Any] = field(default_factory=dict)
    """What else its creator said, as it was said."""

    def is_alive(self, now: datetime) -> bool:
        """Say whether it can be logged in with."""
        return self.enabled


@dataclass(slots=True)
class Workflow:
    """One workflow; secrets in its definition are references."""

    id: str
    name: str
    owner: Identity
    definition: dict[str, Any]
    created_at: datetime
    modified_at: datetime
    modified_by: Identity
    enabled: bool = False
    description: str | None = None
    trigger: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Jwt:
    """An access token: what a pair is logged in for."""

    value: str
    holder: Pat | Client
    scope: tuple[str, ...] | None
    """As it was at the log-in."""
    expires_at: datetime

    @property
    def user(self) -> Identity | None:
        """Whom it stands for; an API client stands for nobody."""
        return self.holder.owner if isinstance(self.holder, Pat) else None


class SailPointWorld:
    """Everything one tenant knows, under a clock that may be moved."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.identities: list[Identity] = []
        self.pats: list[Pat] = []
        self.clients: list[Client] = []
        self.workflows: list[Workflow] = []
        self.jwts: list[Jwt] = []
        self.parameters: list[dict[str, Any]] = []
        self.secrets: dict[str, str] = {}
        """What the references in definitions stand for."""
        self.has_parameter_storage = False
        self.keeps_jwts = True
        """Access tokens outlive the token they were made with. SailPoint does not say."""
        self.locks_enabled = False
        """The definition of an enabled workflow cannot be changed. SailPoint does not say."""
        self.hides_references = False
        """Secrets of definitions read back blank, not as references."""

    @property
    def now(self) -> datetime:
        """The time by the sandbox's clock."""
        return self.clock.now

    def add_identity(self, name: str, *, admin: bool = False) -> Identity:
        """Add an identity; an administrator may use everything that its scopes name."""
        identity = Identity(secrets.token_hex(16), name, admin)
        self.identities.append(identity)
        return identity

    def create_pat(
        self,
        name: str,
        *,
        owner: Identity,
        scope: Iterable[str] | None = (EVERYTHING,),
        expires_at: datetime | None = None,
        created_at: datetime | None = None,
        last_used_at: datetime | None = None,
        validity: int = LONGEST_VALIDITY,
        managed: bool = False,
        confirmed: bool | None = None,
    ) -> Pat:
        """Issue a personal access token; `expires_at` None means never."""
        pat = Pat(
            id=secrets.token_hex(16),
            secret=secrets.token_hex(32),
            name=name,
            owner=owner,
            scope=None if scope is None else tuple(scope),
            created_at=created_at or self.now,
            expires_at=expires_at,
            validity=validity,
            last_used_at=last_used_at,
            managed=managed,
            confirmed=expires_at is None if confirmed is None else confirmed,
        )
        self.pats.append(pat)
        return pat

    def create_client(
        self,
        name: str,
        *,
        scope: Iterable[str] | None = (EVERYTHING,),
        created_at: datetime | None = None,
        last_used_at: datetime | None = None,
        validity: int = LONGEST_VALIDITY,
        enabled: bool = True,
        details: Mapping[str, Any] | None = None,
    ) -> Client:
        """Issue an API client."""
        client = Client(
            id=str(uuid.uuid4()),
            secret=secrets.token_hex(32),
            name=name,
            scope=None if scope is None else tuple(scope),
            created_at=created_at or self.now,
            modified_at=created_at or self.now,
            last_used_at=last_used_at,
            validity=validity,
            enabled=enabled,
            details=dict(details or {}),
        )
        self.clients.append(client)
        return client

    def add_workflow(
        self,
        name: str,
        *,
        owner: Identity,
        steps: Mapping[str, Any],
        enabled: bool = False,
        description: str | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> Workflow:
        """Add a workflow; secrets in its steps go to the tenant's store."""
        definition = {"start": next(iter(steps), ""), "steps": dict(steps)}
        workflow = Workflow(
            id=str(uuid.uuid4()),
            name=name,
            owner=owner,
            definition=self.store_secrets(definition),
            created_at=self.now,
            modified_at=self.now,
            modified_by=owner,
            enabled=enabled,
            description=description,
            trigger=dict(trigger) if trigger else None,
        )
        self.workflows.append(workflow)
        return workflow

    def delete(self, held: Pat | Client) -> None:
        """Delete a token; what it was logged in for may live on."""
        if isinstance(held, Pat):
            self.pats.remove(held)
        else:
            self.clients.remove(held)
        if not self.keeps_jwts:
            self.jwts = [jwt for jwt in self.jwts if jwt.holder is not held]

    def log_in(self, id: str, secret: str) -> Jwt | None:
        """Return a new access token, or None for a pair that is dead or unknown."""
        holders: list[Pat | Client] = [*self.pats, *self.clients]
        for held in holders:
            if (held.id, held.secret) == (id, secret) and held.is_alive(self.now):
                self._use(held)
                ends = self.now + timedelta(seconds=held.validity)
                jwt = Jwt(_make_jwt(), held, held.scope, ends)
                self.jwts.append(jwt)
                return jwt
        return None

    def find_jwt(self, value: str) -> Jwt | None:
        """Return a living access token."""
        for jwt in self.jwts:
            if jwt.value == value and self.now < jwt.expires_at:
                return jwt
        return None

    def store_secrets(self, node: Any) -> Any:
        """Return a definition with every plain secret moved to the store."""
        if isinstance(node, list):
            return [self.store_secrets(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._store(value) if key in SECRET_KEYS else self.store_secrets(value)
            for key, value in node.items()
        }

    def secret_of(self, attributes: Mapping[str, Any], key: str = SECRET_KEYS[0]) -> str:
        """Return what a step would send; KeyError for a reference to nothing."""
        value: str = attributes[key]
        return self.secrets[value] if value.startswith(_REFERENCE) else value

    def _store(self, value: Any) -> Any:
        if not isinstance(value, str) or not value or value.startswith(_REFERENCE):
            return value
        reference = f"{_REFERENCE}{uuid.uuid4()}"
        self.secrets[reference] = value
        return reference

    def _use(self, held: Pat | Client) -> None:
        if held.last_used_at is None or self.now - held.last_used_at >= _LAST_USED_STEP:
            held.last_used_at = self.now


def _make_jwt() -> str:
    # Put together at run time: nothing in the repository may look like a token.
    head, body = (
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        for text in ('{"alg":"ES256","typ":"JWT"}', f'{{"jti":"{uuid.uuid4()}"}}')
    )
    return f"{head}.{body}.{secrets.token_urlsafe(32)}"
