"""What the stages need from the outside, as narrow contracts; no implementation here.

A provider's capabilities are its base classes: `Provider` inspects; later subclasses list, mint,
extend, replace and revoke (docs/explanation/decisions.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from keyturn.model import Scope, Secret, Token, TokenStatus
from keyturn.secret_value import SecretValue

if TYPE_CHECKING:
    from keyturn.transport import Transport


@dataclass(frozen=True, slots=True)
class Access:
    """What may be presented to a provider about one token."""

    credential: Mapping[str, SecretValue]
    """Part -> value; a single value stands under the empty part."""
    own: bool
    """The credential is the token's own value."""


class Provider(ABC):
    """Knows the tokens of one vendor. One instance serves a whole run, from several threads."""

    name: ClassVar[str]

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    @classmethod
    @abstractmethod
    def options_model(cls) -> Any:
        """Return the pydantic model of the provider's `with:` block (keyturn.schema)."""

    @classmethod
    def check_declaration(cls, token: Token) -> Sequence[str]:
        """Say what in a declaration can never work with this provider; nothing is asked."""
        return ()

    @abstractmethod
    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token, presenting the credential once.

        `access` is None where the declaration names no credential. Raises ProviderError when the
        provider did not tell; a dead token is an answer, not an error.
        """


class SecretStore(Protocol):
    """Lists the secrets GitHub holds: names and dates, never values."""

    def list_secrets(self, scope: Scope) -> Sequence[Secret]:
        """Return every secret of one collection. Raises PlatformError."""
        ...

    def list_visible_organization_secrets(self, owner: str, repository: str) -> Sequence[Secret]:
        """Return the organization's Actions secrets that a repository sees."""
        ...

    def list_environments(self, owner: str, repository: str) -> Sequence[str]:
        """Return the names of a repository's environments."""
        ...


class SourceTree(Protocol):
    """Reads the files of the checked repository, from a checkout or through the API."""

    def list_workflows(self) -> Sequence[str]:
        """Return the paths of the files in `.github/workflows`."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None where there is no such file. Raises PlatformError."""
        ...
