"""The `with:` block of `github`: where a GitHub token is found, and what can never be meant.

Nothing here asks; what a declaration can never mean is refused before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from keyturn.model import Token
from keyturn.schema import BaseUrl, Strict

Kind = Literal["personal", "fine-grained", "deploy-key"]

GITHUB = "https://api.github.com"
ONLY_ITSELF = "nobody but a personal token itself can ask GitHub about it"
_NAME = re.compile(r"[A-Za-z0-9][\w-]*", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]*/(?!\.{1,2}$)[\w.-]+", re.ASCII)

_FIELDS: dict[Kind, tuple[str, ...]] = {
    "personal": ("organization",),
    "fine-grained": ("organization", "token", "token_id"),
    "deploy-key": ("repository", "token", "token_id"),
}
"""The fields that a kind has beside `url` and `kind`."""
_PLACES: dict[Kind, str] = {"fine-grained": "organization", "deploy-key": "repository"}


class Options(Strict):
    """Where a GitHub token is found."""

    url: BaseUrl = GITHUB
    """The API's address; of GitHub Enterprise Server `https://HOST/api/v3`."""
    kind: Kind = "personal"
    """Who tells: a token about itself, an organization about a fine-grained one, a repository."""
    organization: Annotated[str, Field(max_length=100)] | None = None
    """Whose grants are looked through; of a personal token: whose policies it must satisfy."""
    repository: Annotated[str, Field(max_length=200)] | None = None
    """The deploy key's repository, `OWNER/NAME`."""
    token: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """The fine-grained token's name, or the deploy key's title."""
    token_id: Annotated[int, Field(ge=1)] | None = Field(None, alias="token-id")
    """The fine-grained token's id, or the deploy key's."""

    @field_validator("url")
    @classmethod
    def _is_the_api(cls, url: str) -> str:
        if urlsplit(url).hostname in ("github.com", "www.github.com"):
            raise ValueError(f"not the API's address; write {GITHUB}")
        return url

    @field_validator("organization", "repository", "token", "token_id")
    @classmethod
    def _is_of_kind(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("kind")
        if value is not None and kind and info.field_name not in _FIELDS[kind]:
            raise ValueError(f"means nothing to a {kind} token; take it out, or write another kind")
        return value

    @field_validator("organization")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and not _NAME.fullmatch(value):
            raise ValueError("not an organization's login; write it as in its address")
        return value

    @field_validator("repository")
    @classmethod
    def _is_full_name(cls, value: str | None) -> str | None:
        if value is not None and not _REPOSITORY.fullmatch(value):
            raise ValueError("not a repository; write OWNER/NAME")
        return value

    @field_validator("token_id")
    @classmethod
    def _one_of_both(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("token") is not None:
            raise ValueError("given together with `token`; write one of them")
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        place = _PLACES.get(self.kind)
        if place and getattr(self, place) is None:
            raise ValueError(f"a {self.kind} token is looked for in one; write `{place}:`")
        return self

    @property
    def path(self) -> str:
        """The path of the list that the token stands in."""
        if self.kind == "deploy-key":
            return f"/repos/{self.repository}/keys"
        return f"/orgs/{self.organization}/personal-access-tokens"


def declaration_problems(token: Token) -> Iterator[str]:
    """Say what cannot work: nothing to ask with, or nothing to look for."""
    options = Options.model_validate(dict(token.options))
    asking = token.credential_env or token.value_env
    own = asking == token.value_env
    if options.kind == "personal":
        if not token.value_env:
            yield f"{ONLY_ITSELF}; name the variable of its value as `value:`"
        elif not own:
            yield f"{ONLY_ITSELF}; take `credential:` out"
    elif not asking or own:
        yield f"a {options.kind} token cannot ask for itself; {RIGHTS[options.kind]}"
    elif options.token is None and options.token_id is None:
        yield "a manager must know which token is meant; write its name as `token:` in `with:`"
    if asking and set(asking) != {""}:
        yield "GitHub is asked with one token; write one variable, without parts"
    if any(stored.part for stored in token.secrets):
        yield "a part that this token does not have; it is one value, so take `part:` out"


RIGHTS: dict[Kind, str] = {
    "fine-grained": (
        "name as `credential:` the installation token of a GitHub App with the organization"
        " permission Personal access tokens (write, to revoke): nobody else is let in"
    ),
    "deploy-key": (
        "name as `credential:` a token with the repository permission Administration"
        " (write, to delete keys)"
    ),
}
"""What a list needs to be asked with."""
