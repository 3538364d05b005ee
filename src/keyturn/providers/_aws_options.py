"""The `with:` block of AWS access keys, and what in a declaration can never work.

Nothing here asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from keyturn.model import Token
from keyturn.schema import BaseUrl, Strict

PAIR = ("access-key-id", "secret-access-key")
"""The parts of a token, and of a credential."""
SESSION = "session-token"
"""A credential's third part, where it is a temporary one."""
ASKED_WITH = (
    "name the variables of the key's id and secret as `value:`, or a manager's as `credential:`"
)

# The patterns of AWS's own description of IAM (botocore, iam/2010-05-08, 2026-11).
_User = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,128}$")]
_KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{16,128}$")]
_Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]{1,20}){1,3}-[0-9]{1,2}$")]


class Options(Strict):
    """Where an AWS access key is found."""

    url: BaseUrl = "https://iam.amazonaws.com"
    """The address of IAM; another in AWS's partitions for governments and China."""
    region: _Region = "us-east-1"
    """The region that IAM of this address stands in; the default for all but those partitions."""
    user: _User | None = None
    """The IAM user whose key it is; without it, the credential's own."""
    token_id: _KeyId | None = Field(None, alias="token-id")
    """The access key's id, which a rotation changes; without it, the user's newest active key."""

    @field_validator("url")
    @classmethod
    def _is_root(cls, url: str) -> str:
        if urlsplit(url).path:
            raise ValueError("holds a path; write the address alone")
        return url

    @property
    def sts_url(self) -> str:
        """Where the Security Token Service is asked: beside IAM, in the region."""
        host = urlsplit(self.url).netloc.lower()
        for domain in ("amazonaws.com", "amazonaws.com.cn"):
            if host.startswith("iam.") and host.endswith(f".{domain}"):
                return f"https://sts.{self.region}.{domain}"
        return self.url


def declaration_problems(token: Token) -> Iterator[str]:
    """Say what cannot work: nothing to ask with, nobody to look for, or half a pair."""
    options = Options.model_validate(dict(token.options))
    asking = token.credential_env or token.value_env
    if not asking:
        yield f"there is nothing to ask AWS with; {ASKED_WITH}"
    own = asking == token.value_env
    for variables, allowed in (
        (token.value_env, ()),
        (token.credential_env, () if own else (SESSION,)),
    ):
        if variables and set(variables) - set(allowed) not in ({""}, set(PAIR)):
            yield (
                "an AWS access key is two parts; name the variables of both, `access-key-id` and"
                " `secret-access-key`, or one that holds id:secret"
            )
    if asking and not own and options.user is None:
        yield "a manager must know whose key is meant; write the IAM user as `user:` in `with:`"
    if {stored.part for stored in token.secrets if stored.part} - set(PAIR):
        yield "a part that this token does not have; it has `access-key-id` and `secret-access-key`"
