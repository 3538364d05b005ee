"""`gitlab`: personal, project, group, service-account and deploy tokens of one GitLab server.

It reads only, and presents each token's own value at most once a run: GitLab counts that as a
use, and bans addresses that present dead tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import quote

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from keyturn.errors import CredentialRejected, ProviderError, TokenNotFound
from keyturn.interfaces import Access, Provider
from keyturn.model import Precision, State, Token, TokenStatus
from keyturn.providers._answers import parse
from keyturn.providers._gitlab_answers import (
    EXPIRED,
    REVOKED,
    AccessToken,
    DeployToken,
    find_death,
)
from keyturn.providers._gitlab_api import PERSONAL, Server, Session, said
from keyturn.schema import BaseUrl, Strict
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport

Kind = Literal["personal", "project", "group", "service-account", "deploy"]

_PLACE = re.compile(r"[\w.-]+(/[\w.-]+)*")
# What keyturn mints is called by the base name, `kt-` and its operation's id.
_OPERATION = r"( kt-[0-9a-z]{8})?"
# GitLab, lib/gitlab/sql/pattern.rb, 2026-11: shorter words are compared as a whole.
_SHORTEST_SEARCHED = 3


def _parse_place(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and _PLACE.fullmatch(value):
        return value
    raise ValueError("not an id or path; write its number, or its path such as acme/tools")


_Place = Annotated[
    str,
    BeforeValidator(_parse_place),
    WithJsonSchema({"type": ["integer", "string"], "description": "Its number or full path."}),
]
_Id = Annotated[int, Field(ge=1)]


class Options(Strict):
    """Where a GitLab token is found."""

    url: BaseUrl = "https://gitlab.com"
    """The server's address, without `/api/v4`."""
    kind: Kind = "personal"
    """What sort of token it is."""
    project: _Place | None = None
    """Whose token it is: of a project or deploy token."""
    group: _Place | None = None
    """Whose token it is: of a group, service-account or deploy token."""
    service_account: _Id | None = Field(None, alias="service-account")
    """The service account's user id."""
    user: _Id | None = None
    """The owner's user id, of a personal token that an administrator asks about."""
    token: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Its name, which survives rotation."""
    token_id: _Id | None = Field(None, alias="token-id")
    """Its id, which a rotation changes."""

    @field_validator("url")
    @classmethod
    def _is_root(cls, url: str) -> str:
        if url.endswith("/api/v4"):
            raise ValueError("holds the path of the API; write the address without /api/v4")
        return url

    @field_validator("project", "group", "service_account", "user")
    @classmethod
    def _is_of_kind(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("kind")
        if value is not None and kind and info.field_name not in _FIELDS[kind]:
            raise ValueError(f"a {kind} token has none; take it out, or write another `kind:`")
        return value

    @field_validator("token_id")
    @classmethod
    def _one_of_both(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("token") is not None:
            raise ValueError("given together with `token`; keep the name, which survives rotation")
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        given = {field for field in _FIELDS[self.kind] if getattr(self, field) is not None}
        if self.kind == "deploy":
            if len(given) != 1:
                raise ValueError("a deploy token is of one place; write `project:` or `group:`")
        elif self.kind != "personal":
            for field in _FIELDS[self.kind]:
                if field not in given:
                    name = field.replace("_", "-")
                    raise ValueError(f"a {self.kind} token is looked for in one; write `{name}:`")
        return self

    @property
    def path(self) -> str:
        """The path of the list that the token stands in."""
        place = (
            f"/projects/{quote(self.project, safe='')}"
            if self.project
            else f"/groups/{quote(self.group or '', safe='')}"
        )
        match self.kind:
            case "personal":
                return PERSONAL
            case "service-account":
                return f"{place}/service_accounts/{self.service_account}{PERSONAL}"
            case "deploy":
                return f"{place}/deploy_tokens"
            case _:
                return f"{place}/access_tokens"

    @property
    def filters(self) -> dict[str, str | int]:
        """What the list is narrowed by: only personal tokens may be those of a whole instance."""
        if self.kind != "personal":
            return {}
        if self.user:
            return {"user_id": self.user}
        words = (self.token or "").split()
        searchable = any(len(word) >= _SHORTEST_SEARCHED for word in words)
        return {"search": self.token or ""} if searchable else {}


_FIELDS: dict[Kind, tuple[str, ...]] = {
    "personal": ("user",),
    "project": ("project",),
    "group": ("group",),
    "service-account": ("group", "service_account"),
    "deploy": ("project", "group"),
}
"""The fields that only some kinds have."""


class GitLab(Provider):
    """Asks a GitLab server, with a token's own value or with a manager's credential."""

    name = "gitlab"

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._lock = threading.Lock()
        self._servers: dict[str, Server] = {}
        self._sessions: dict[tuple[str, bytes], Session] = {}
        self._key = secrets.token_bytes(32)

    @classmethod
    def options_model(cls) -> type[Options]:
        """Return the model of the `with:` block."""
        return Options

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        """Say what cannot work: nothing to ask with, or nothing to look for."""
        return tuple(_declaration_problems(token))

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token. Raises ProviderError."""
        options = Options.model_validate(dict(token.options))
        secret = access.credential.get("") if access else None
        if access is None or secret is None:
            raise CredentialRejected("no credential to ask GitLab with", hint=_ASKED_WITH)
        session = self._session(options.url, secret)
        if access.own:
            if options.kind == "deploy":
                raise CredentialRejected("a deploy token cannot ask GitLab about itself")
            return _inspect_self(session, now=now)
        return _inspect_as_manager(session, options, now=now)

    def _session(self, url: str, secret: SecretValue) -> Session:
        # The same credential comes as another object for every token; a keyed digest tells.
        digest = hmac.digest(self._key, secret.reveal().encode(), hashlib.sha256)
        with self._lock:
            server = self._servers.setdefault(url, Server(self.transport, url))
            return self._sessions.setdefault((url, digest), Session(server, secret))


_ASKED_WITH = "name the variable of the token's value as `value:`, or a manager's as `credential:`"


def _declaration_problems(token: Token) -> Iterator[str]:
    options = Options.model_validate(dict(token.options))
    asking = token.credential_env or token.value_env
    own = asking == token.value_env
    deploy = options.kind == "deploy"
    if not asking:
        yield f"there is nothing to ask GitLab with; {_ASKED_WITH}"
    elif deploy and own:
        yield (
            "a deploy token cannot ask GitLab about itself;"
            " name a maintainer's token as `credential:`"
        )
    elif set(asking) != {""}:
        yield "GitLab is asked with one token; write one variable, without parts"
    elif not own and options.token is None and options.token_id is None:
        yield "a manager must know which token is meant; write its name as `token:` in `with:`"
    parts = {stored.part for stored in token.secrets if stored.part} | set(token.value_env) - {""}
    if parts - ({"username", "token"} if deploy else set()):
        yield "a part that this token does not have; a deploy token has `username` and `token`"


def _inspect_self(session: Session, *, now: datetime) -> TokenStatus:
    reply = session.ask_self()
    host = session.server.host
    if reply.status == 200:
        return parse(AccessToken, reply.json(), host=host, vendor="GitLab").status(
            now=now, own=True
        )
    words = said(reply) or {}
    if reply.status == 401:
        death = find_death(words)
        if death == EXPIRED:
            return TokenStatus(State.EXPIRED, Precision.UNKNOWN, reason=f"{EXPIRED}, says {host}")
        # GitLab docs, personal_access_tokens.md, 2026-11: a daily job deletes revoked tokens,
        # after which their values are as unknown as any other.
        why = f"{REVOKED}, says" if death else "was revoked or deleted: its value is unknown to"
        return TokenStatus(State.REVOKED, Precision.UNKNOWN, reason=f"{why} {host}")
    if reply.status == 403:
        return _refused_self(session.server, words)
    if reply.status == 404:
        raise TokenNotFound(f"{host} has no such token, or no token can ask it about itself")
    raise CredentialRejected(f"{host} says that the value is not an access token")


def _refused_self(server: Server, words: dict[str, object]) -> TokenStatus:
    """Tell why a token that GitLab knows may not even ask about itself."""
    if words.get("error") == "insufficient_scope":
        raise CredentialRejected(
            f"{server.host} knows the token, but it lacks the scope to ask about itself",
            hint="name a manager's token as `credential:`, with the scope read_api or api",
        )
    # GitLab, lib/gitlab/auth/user_access_denied_reason.rb, 2026-11: blocked, deactivated, terms
    # not accepted, password expired, each after "403 Forbidden - ".
    if str(words.get("message")).startswith("403 Forbidden - "):
        return TokenStatus(
            State.BLOCKED,
            Precision.UNKNOWN,
            reason=f"is refused by {server.host} with its owner: blocked, or a step is due",
        )
    server.suspect_ban()
    raise CredentialRejected(f"{server.host} refuses the token (403) and does not say why")


def _inspect_as_manager(session: Session, options: Options, *, now: datetime) -> TokenStatus:
    shape = DeployToken if options.kind == "deploy" else AccessToken
    path, filters, token_id = options.path, options.filters, options.token_id
    # Service-account tokens have no address of their own.
    by_id = token_id is not None and options.kind != "service-account"
    if by_id and not session.has_list(path, filters):
        return session.ask_one(f"{path}/{token_id}", shape).status(now=now)
    if options.token is None and token_id is None:
        raise ProviderError("the declaration does not say which token is meant")
    found = [
        (status.state is State.ACTIVE, row.id, status)
        for row in session.ask_list(path, shape, filters)
        if row.id == token_id or _is_named(options.token, row.name)
        for status in [row.status(now=now)]
    ]
    if not found:
        raise TokenNotFound(
            f"{session.server.host} lists no such token among those the credential may see",
            hint="it was deleted, has another name, or belongs to somebody else",
        )
    # The one that works, else the newest: ids grow.
    return max(found, key=lambda item: item[:2])[2]


def _is_named(base: str | None, name: str) -> bool:
    return base is not None and bool(re.fullmatch(re.escape(base) + _OPERATION, name))
