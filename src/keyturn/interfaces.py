"""What the stages need from the outside, as narrow contracts; no implementation here.

A provider's capabilities are its base classes: `Provider` inspects; the others list, extend, mint,
replace and revoke. `Provider.abilities` says which of them one declaration and one credential
leave. Whatever changes something is sent once: after a ProviderUnavailable nobody
knows whether it was done, and the caller looks before it asks again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from keyturn.model import (
    Capability,
    Listed,
    Minted,
    Scope,
    Secret,
    SecretRef,
    Token,
    TokenStatus,
)
from keyturn.model.runs import WorkflowRun
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
    value: Mapping[str, SecretValue] = field(default_factory=dict)
    """Part -> the token's own value, as far as this run was given it; with `own` the same as the
    credential."""

    def find_pair(self, *names: str) -> tuple[SecretValue, ...] | None:
        """Return the credential's parts of these names, or one value written `first:second`.

        None where some are missing.
        """
        return find_pair(self.credential, *names)


def find_pair(parts: Mapping[str, SecretValue], *names: str) -> tuple[SecretValue, ...] | None:
    """Return the parts of these names, or one value written `first:second`; else None."""
    if all(name in parts for name in names):
        return tuple(parts[name] for name in names)
    whole = parts.get("")
    pieces = whole.reveal().split(":", len(names) - 1) if whole else []
    if len(pieces) != len(names) or not all(pieces):
        return None
    return tuple(SecretValue(piece) for piece in pieces)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What can be done about a rotation with one declaration and one credential."""

    can: frozenset[Capability] = frozenset()
    why_not: Mapping[Capability, str] = field(default_factory=dict)
    """Why one is missing that the provider has for others, for a person; a clause."""
    parts: frozenset[str] = frozenset()
    """What else changes with a new token, besides the secret value."""
    secret_part: str = ""
    """The name under which the secret value is a part too."""
    differs: tuple[str, ...] = ()
    """What is not the same about a token that is made anew, for a person."""
    lists_names: bool = True
    """Minted tokens can be found again by their name."""


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

    def abilities(self, token: Token, access: Access | None) -> Abilities:
        """Say what can be done about the token's next life, as far as nothing need be asked."""
        kinds = {
            Capability.EXTEND: ExtendingProvider,
            Capability.MINT: MintingProvider,
            Capability.REPLACE: ReplacingProvider,
        }
        return Abilities(frozenset(each for each, kind in kinds.items() if isinstance(self, kind)))

    @classmethod
    def creation_link(cls, token: Token, status: TokenStatus) -> str | None:
        """Return the page where a person makes a token like it, filled in where that is documented.

        None where no page has an address that is known. Its host comes from the configuration, and
        it stays the same as long as the token does.
        """
        return None

    @abstractmethod
    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        """Ask about one token, presenting the credential once.

        `access` is None where the declaration names no credential. Raises ProviderError when the
        provider did not tell; a dead token is an answer, not an error.
        """


class ListingProvider(Provider):
    """Lists what an owner or an administrator sees."""

    @abstractmethod
    def list_tokens(
        self, token: Token, access: Access | None, *, now: datetime
    ) -> Sequence[Listed]:
        """Return every token that the credential may see where the declaration looks.

        All of them or an error: never a part for the whole. Raises ProviderError; ProviderRefused
        where this kind of declaration has no list.
        """

    @abstractmethod
    def key_of(self, token: Token, status: TokenStatus) -> str | None:
        """Return the key under which a list shows the token; None where nothing tells."""


class RevokingProvider(Provider):
    """Kills a token for good."""

    death_takes: ClassVar[timedelta] = timedelta(0)
    """How long a revoked token may go on working, by the provider's own word."""
    outlived_by: ClassVar[str] = ""
    """What goes on working after the token's death, for a person; empty: nothing."""
    leak_rules: ClassVar[frozenset[str]] = frozenset()
    """The scanner's rules whose finds `revoke` kills with nothing but the value itself."""

    @classmethod
    def outlives(cls, token: Token) -> str:
        """Return `outlived_by`, as far as it is true of this declaration."""
        return cls.outlived_by

    @abstractmethod
    def revoke(
        self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
    ) -> None:
        """Kill the token of this id, or `access.value` where the provider has no ids.

        A token that is dead already is no error. Sent once. Raises ProviderError.
        """


class ValueRevokingProvider(RevokingProvider):
    """Kills many tokens in one request, by their values alone."""

    @abstractmethod
    def revoke_values(self, values: Sequence[SecretValue], *, url: str) -> None:
        """Kill the tokens of these values at one server; what is dead already is no error.

        Each request is sent once. Raises ProviderError.
        """


class SweepingProvider(RevokingProvider):
    """Kills everything that was made before a moment, whoever owns it."""

    @abstractmethod
    def revoke_everything_before(
        self, token: Token, access: Access | None, *, created_before: datetime, now: datetime
    ) -> None:
        """Refuse, from now on, all that was made before. Sent once. Raises ProviderError."""


class ExtendingProvider(Provider):
    """Moves the date and keeps the value."""

    @abstractmethod
    def extend(
        self,
        token: Token,
        access: Access | None,
        *,
        token_id: str,
        expires_at: datetime,
        now: datetime,
    ) -> TokenStatus:
        """Ask for a later date; return what was granted, read back. Sent once.

        The date may be earlier than asked for, or have not moved. Raises ProviderError.
        """


class MintingProvider(RevokingProvider):
    """Makes a second live token beside the first, and retires the first."""

    @abstractmethod
    def mint(
        self,
        token: Token,
        access: Access | None,
        *,
        like: str | None,
        name: str,
        expires_at: datetime,
        now: datetime,
    ) -> Minted:
        """Make a token with the rights of the one of id `like`, or of `access.value`. Sent once.

        What can be known to fail is refused before anything is sent that makes something. Raises
        ProviderError; after ProviderUnavailable there may be a token that nobody knows the value
        of.
        """


class ReplacingProvider(Provider):
    """Swaps in place: the old value dies at once."""

    @abstractmethod
    def replace(
        self,
        token: Token,
        access: Access | None,
        *,
        token_id: str,
        expires_at: datetime,
        now: datetime,
    ) -> Minted:
        """Make a new value for the token of this id, which dies. Sent once, and never again.

        Raises ProviderError; after ProviderUnavailable the old value may be dead and the new one
        lost.
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


class Members(Protocol):
    """Knows who belongs to the organization of the checked repository."""

    @property
    def url(self) -> str:
        """The API of the GitHub whose people they are."""
        ...

    def find_gone(self, logins: Sequence[str]) -> frozenset[str]:
        """Return those of them who are no members, and have no rights of their own there.

        Raises PlatformError; NotPermitted where this credential cannot tell.
        """
        ...


class SourceTree(Protocol):
    """Reads the files of the checked repository, from a checkout or through the API."""

    def list_workflows(self) -> Sequence[str]:
        """Return the paths of the files in `.github/workflows`."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None where there is no such file. Raises PlatformError."""
        ...


class SecretWriter(Protocol):
    """Writes secrets, each once; to write the same value again is harmless."""

    def find(self, ref: SecretRef) -> Secret | None:
        """Return what is shown of a secret; None where its collection has no such name."""
        ...

    def write(self, ref: SecretRef, value: SecretValue) -> datetime:
        """Store a value and return the new `updated_at`; an organization's visibility stays.

        Raises PlatformError; after PlatformUnavailable the hint says whether it was seen to change.
        """
        ...

    def prove_writable(self, ref: SecretRef, operation: str) -> None:
        """Write a canary beside a secret and delete it. Raises PlatformError."""
        ...

    def list_readers(self, ref: SecretRef) -> Sequence[str]:
        """Return the repositories that see an organization's secret, as owner/name.

        Raises PlatformError; NotPermitted where that is not told.
        """
        ...

    def remove_canaries(self, scope: Scope) -> Sequence[str]:
        """Delete the canaries that a crash left, and return their names."""
        ...


class Variables(Protocol):
    """Text by name, in one repository; read by everybody who may read its variables."""

    def get(self, name: str) -> str | None:
        """Return the text; None where there is none. Raises PlatformError."""
        ...

    def put(self, name: str, text: str) -> None:
        """Make or change it. Raises PlatformError; PlatformUnavailable where it is not seen."""
        ...

    def delete(self, name: str) -> None:
        """Delete it; one that is gone already is fine. Raises PlatformError."""
        ...


class Copies(Protocol):
    """Copies of a token's value that its provider itself holds, in what it runs for people."""

    def find(self, token_id: str) -> Sequence[str]:
        """Return the places that hold a token now, in other people's words.

        Raises ProviderError, CredentialRejected where this credential may not see them.
        """
        ...

    def write(
        self, *, old_id: str, new_id: str, parts: Mapping[str, SecretValue]
    ) -> Mapping[str, str]:
        """Put the new token wherever the old one stands; each place is written once.

        Return place -> why it still holds the old one, for a person; empty where it does not.
        Raises ProviderUnavailable where nobody knows.
        """
        ...


class Runs(Protocol):
    """Lists workflow runs."""

    def prove_readable(self, repository: str) -> None:
        """Raise PlatformError where the repository's runs cannot be listed."""
        ...

    def list_unfinished(self, repository: str) -> Sequence[WorkflowRun]:
        """Return every run that has not ended, or raise PlatformError."""
        ...

    def list_successful(
        self, repository: str, paths: Iterable[str], *, since: datetime
    ) -> Sequence[WorkflowRun]:
        """Return runs of these workflow files, begun since, that ended well."""
        ...

    def list_ended(
        self, repository: str, *, begun_by: datetime, since: datetime
    ) -> Sequence[WorkflowRun]:
        """Return runs begun at an instant or earlier that ended at `since` or later."""
        ...

    def with_jobs(self, run: WorkflowRun) -> WorkflowRun:
        """Return a run with its jobs."""
        ...
