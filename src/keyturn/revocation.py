"""Kills tokens and watches them die: who is asked, in which order, and what is known afterwards.

It decides nothing about which tokens, and asks nobody for consent: that is the command's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from keyturn.errors import (
    CredentialMissing,
    ProviderError,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access, Provider, RevokingProvider, ValueRevokingProvider
from keyturn.model import State, Token, TokenStatus
from keyturn.schema import Strict, revise

_WAITS = (0.0, 2.0, 5.0, 13.0)
"""Seconds before each look at a revoked token: few, because some providers ban who presents dead
tokens, and spaced, because they need a moment."""


class Fate(StrEnum):
    """What is known of a token after it was revoked, or not."""

    DEAD = "dead"
    """The provider itself no longer takes or shows it."""
    ACCEPTED = "accepted"
    """The provider has accepted the revocation, and the token's death was not seen yet."""
    NOT_REVOKED = "not-revoked"
    """The provider refused."""
    UNKNOWN = "unknown"
    """The answer was lost: nobody knows."""

    @property
    def settled(self) -> bool:
        """Whether the token is known to be dead, or will be within the provider's own time."""
        return self in (Fate.DEAD, Fate.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Target:
    """One token to be killed."""

    name: str
    """The declaration's id, a list's key, or where a leak stands."""
    token: Token
    """The declaration through which its provider is asked."""
    access: Access | None
    token_id: str | None
    status: TokenStatus
    """What was known of it before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one token."""

    target: Target
    fate: Fate
    message: str


class Revoker:
    """Revokes and probes, with a new provider for every look: nothing remembered misleads it."""

    def __init__(
        self,
        make: Callable[[str], Provider],
        *,
        now: datetime,
        sleep: Callable[[float], None],
    ) -> None:
        self._make = make
        self._now = now
        self._sleep = sleep

    def revoke(self, targets: Sequence[Target]) -> list[Outcome]:
        """Revoke all first, then look at each: the last must not wait for the first to be dead."""
        sent = [
            (target, refused)
            for batch in self._batches(targets)
            for target, refused in zip(batch, self._send(batch), strict=True)
        ]
        return [refused or self._watch(target) for target, refused in sent]

    def _batches(self, targets: Sequence[Target]) -> list[list[Target]]:
        """Group what one request can kill: values, at a provider that takes many at once."""
        batches: dict[object, list[Target]] = {}
        for target in targets:
            provider = self._make(target.token.provider)
            many = isinstance(provider, ValueRevokingProvider) and target.token_id is None
            url = target.token.options.get("url")
            batches.setdefault((provider.name, url) if many else id(target), []).append(target)
        return list(batches.values())

    def _send(self, batch: Sequence[Target]) -> list[Outcome | None]:
        """Return, for each, why it is not going to die; None where it is."""
        try:
            self._revoke(batch)
        except ProviderUnavailable as error:
            # It may have been done all the same: what is dead was.
            told = f"nobody knows whether it was done: {error.told}"
            return [None if self._is_dead(t) else Outcome(t, Fate.UNKNOWN, told) for t in batch]
        except (ProviderError, CredentialMissing) as error:
            return [Outcome(target, Fate.NOT_REVOKED, error.told) for target in batch]
        return [None] * len(batch)

    def _revoke(self, batch: Sequence[Target]) -> None:
        first = batch[0]
        provider = self._make(first.token.provider)
        if len(batch) > 1:
            assert isinstance(provider, ValueRevokingProvider)
            values = [target.access.value[""] for target in batch if target.access]
            provider.revoke_values(values, url=first.token.options["url"])
            return
        assert isinstance(provider, RevokingProvider)
        provider.revoke(first.token, first.access, token_id=first.token_id, now=self._now)

    def _watch(self, target: Target) -> Outcome:
        provider = self._make(target.token.provider)
        assert isinstance(provider, RevokingProvider)
        for seconds in _WAITS:
            self._sleep(seconds)
            if self._is_dead(target):
                return Outcome(target, Fate.DEAD, "the provider no longer takes it")
        takes = provider.death_takes
        if takes:
            by = self._now + takes
            told = f"is revoked, and may go on working until {by:%Y-%m-%d %H:%M} UTC"
            return Outcome(target, Fate.ACCEPTED, told)
        told = "was revoked without an error, and its death could not be seen: look again"
        return Outcome(target, Fate.UNKNOWN, told)

    def _is_dead(self, target: Target) -> bool:
        """Present the value where this run has it, else ask whoever can see the token."""
        value = target.access.value if target.access else {}
        ways = [Access(value, own=True, value=value)] if value else []
        for access in (*ways, target.access):
            try:
                status = self._make(target.token.provider).inspect(
                    target.token, access, now=self._now
                )
            except TokenNotFound:
                return True
            except (ProviderError, CredentialMissing):
                continue
            return status.state in (State.REVOKED, State.EXPIRED)
        return False


def pin(token: Token, token_id: str | None, options_model: type[Strict]) -> Token:
    """Return the declaration so that it means the token of this id, and no namesake of it."""
    if token_id is None or "token_id" not in options_model.model_fields:
        return token
    numbers = [int(token_id)] if token_id.isdecimal() else []
    for id in (token_id, *numbers):
        options = revise(options_model, token.options, token=None, token_id=id)
        if options is not None:
            return replace(token, options=options)
    return token
