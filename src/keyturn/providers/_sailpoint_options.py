"""The `with:` block of SailPoint tokens, and what a declaration can never do.

Nothing here asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from keyturn.errors import ProviderRefused
from keyturn.interfaces import Abilities, Access
from keyturn.model import Capability, Token
from keyturn.schema import BaseUrl, Strict

Kind = Literal["pat", "api-client"]
Api = Literal["v2025", "v1", "v3", "beta", "v2024"]

CURRENT: tuple[Api, ...] = ("v2025", "v1")
"""The flavours that describe expiry dates, and what an empty one means."""
PAIR = ("client-id", "client-secret")
"""The parts of a token, and of a credential."""
ASKED_WITH = (
    "name the variables of the token's id and secret as `value:`, or a manager's as `credential:`"
)

_Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]


class Options(Strict):
    """Where a SailPoint token is found."""

    url: BaseUrl
    """The tenant's API: https://TENANT.api.identitynow.com."""
    kind: Kind = "pat"
    """A personal access token, or an API client."""
    api: Api = "v2025"
    """Which version of the API is asked; the older ones only tell."""
    owner: _Id | None = None
    """Whose token it is: an identity's id, or `me` for the credential's own identity."""
    token: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Its name, which survives rotation."""
    token_id: _Id | None = Field(None, alias="token-id")
    """Its id, which a rotation changes."""

    @field_validator("url")
    @classmethod
    def _is_root(cls, url: str) -> str:
        if urlsplit(url).path:
            raise ValueError("holds a path; write the address alone, and the version as `api:`")
        return url

    @field_validator("owner")
    @classmethod
    def _is_owned(cls, owner: str | None, info: ValidationInfo) -> str | None:
        if owner is not None and info.data.get("kind") == "api-client":
            raise ValueError("an API client belongs to nobody; take it out")
        return owner

    @field_validator("token_id")
    @classmethod
    def _one_of_both(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("token") is not None:
            raise ValueError("given together with `token`; keep the name, which survives rotation")
        return value


def declaration_problems(token: Token) -> Iterator[str]:
    """Say what cannot work: nothing to ask with, nothing to look for, or half a pair."""
    options = Options.model_validate(dict(token.options))
    asking = token.credential_env or token.value_env
    if not asking:
        yield f"there is nothing to ask SailPoint with; {ASKED_WITH}"
    for variables in (token.value_env, token.credential_env):
        if variables and set(variables) not in ({""}, set(PAIR)):
            yield (
                "a SailPoint token is two parts; name the variables of both, `client-id` and"
                " `client-secret`, or one that holds id:secret"
            )
    own = asking == token.value_env
    if asking and not own and options.token is None and options.token_id is None:
        yield "a manager must know which token is meant; write its name as `token:` in `with:`"
    if {stored.part for stored in token.secrets if stored.part} - set(PAIR):
        yield "a part that this token does not have; it has `client-id` and `client-secret`"


def check_changeable(options: Options, why_no_client: str) -> None:
    """Raise ProviderRefused where nobody can extend the token, or make another."""
    if options.kind == "api-client":
        raise ProviderRefused(
            why_no_client, hint="make one by hand, store its id and secret, then delete the old one"
        )
    if options.api not in CURRENT:
        raise ProviderRefused(
            f"the version {options.api} of the API does not describe expiry dates that are asked"
            " for; keyturn only reads there",
            hint="write `api: v2025` or `api: v1`",
        )


def find_abilities(options: Options, access: Access | None) -> Abilities:
    """Say what can be done for a token's next life, as far as nothing need be asked."""
    both = (Capability.EXTEND, Capability.MINT)
    why_not = _find_hindrance(options, access)
    if why_not:
        return Abilities(why_not=dict.fromkeys(both, why_not))
    return Abilities(frozenset(both), parts=frozenset({PAIR[0]}), secret_part=PAIR[1])


def _find_hindrance(options: Options, access: Access | None) -> str | None:
    try:
        check_changeable(options, "another API client is another identity")
    except ProviderRefused as error:
        return error.message
    if access is None:
        return "no id and secret to ask SailPoint with"
    if access.own or options.owner == "me":
        return None
    return (
        "only its owner can extend a personal access token, or make another beside it; where the"
        " credential is the owner's, write `owner: me`"
    )
