"""The `with:` block of `gitlab`: where a GitLab token is found, and the paths that follow from it.

Nothing here asks; what a declaration can never mean is refused before anything is sent.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from keyturn.schema import BaseUrl, Strict

PERSONAL = "/personal_access_tokens"

Kind = Literal["personal", "project", "group", "service-account", "deploy"]

_PLACE = re.compile(r"[\w.-]+(/[\w.-]+)*")
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
    def server(self) -> str:
        """The server, the same however its address is written; one host may have several."""
        parts = urlsplit(self.url)
        usual = {"https": 443, "http": 80}[parts.scheme]
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        return f"{parts.hostname}{port}{parts.path}"

    def key_of(self, token_id: int | str) -> str:
        """Return what tells a token from all others; deploy tokens are numbered on their own."""
        return f"{self.server}/{'deploy' if self.kind == 'deploy' else 'access'}/{token_id}"

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
