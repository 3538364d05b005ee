"""Kills tokens and watches them die: who is asked, in which order, and what is known afterwards.

It decides nothing about which tokens, and asks nobody for consent: that is the command's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache

from keyturn.errors import (
    CredentialMissing,
    ProviderError,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import (
    Access,
    ListingProvider,
    Provider,
    RevokingProvider,
    ValueRevokingProvider,
)
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
        """Revoke all first, then look at all: the last must not wait for the first to be dead."""
        refused: dict[int, Outcome] = {}
        sent: dict[object, list[Outcome]] = {}
        for batch in self._batches(targets):
            key = self._key(batch[0])
            known = sent.get(key)
            if known is None or any(each.fate is Fate.NOT_REVOKED for each in known):
                known = sent[key] = self._send(batch)
            else:  # another declaration of the same token: what was sent is not sent again
                known = [replace(each, target=batch[0]) for each in known]
            refused |= {id(outcome.target): outcome for outcome in known}
        seen = self._watch([target for target in targets if id(target) not in refused])
        return [refused.get(id(target)) or seen[id(target)] for target in targets]

    def _key(self, target: Target) -> object:
        """Return what tells one token from another, however it was declared."""
        provider = self._make(target.token.provider)
        if target.token_id is None or not isinstance(provider, ListingProvider):
            return id(target)
        return provider.name, provider.key_of(target.token, target.status)

    def _batches(self, targets: Sequence[Target]) -> list[list[Target]]:
        """Group what one request can kill: values, at a provider that takes many at once.

        What nobody could tell about goes apart: one value that is refused refuses its batch.
        """
        batches: dict[object, list[Target]] = {}
        for target in targets:
            provider, access = self._make(target.token.provider), target.access
            many = isinstance(provider, ValueRevokingProvider) and target.token_id is None
            many = many and access is not None and access.own and "" in access.value
            group = (provider.name, target.token.options.get("url"), target.status.state)
            batches.setdefault(group if many else id(target), []).append(target)
        return list(batches.values())

    def _send(self, batch: Sequence[Target]) -> list[Outcome]:
        """Revoke them; return an outcome for each that is not going to die, or may not be."""
        try:
            self._revoke(batch)
        except ProviderUnavailable as error:
            told = error.told
        except (ProviderError, CredentialMissing) as error:
            return [Outcome(target, Fate.NOT_REVOKED, error.told) for target in batch]
        except Exception as error:  # the others must die all the same
            told = f"keyturn failed on this answer ({type(error).__name__})"
        else:
            return []
        # It may have been done all the same: what is dead was.
        told = f"nobody knows whether it was done: {told}"
        alive = [target for target in batch if not self._is_dead(target, self._make)]
        return [Outcome(target, Fate.UNKNOWN, told) for target in alive]

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

    def _watch(self, targets: Sequence[Target]) -> dict[int, Outcome]:
        """Look at all together, a few times; each time nothing older is remembered."""
        outcomes: dict[int, Outcome] = {}
        alive = list(targets)
        for seconds in _WAITS:
            if not alive:
                break
            self._sleep(seconds)
            make = cache(self._make)
            dead = [target for target in alive if self._is_dead(target, make)]
            for target in dead:
                told = "the provider no longer takes it"
                outcomes[id(target)] = Outcome(target, Fate.DEAD, told)
            alive = [target for target in alive if id(target) not in outcomes]
        return outcomes | {id(target): self._unseen(target) for target in alive}

    def _unseen(self, target: Target) -> Outcome:
        """Say what is known of a token that was revoked, and that nobody saw dead."""
        provider = self._make(target.token.provider)
        assert isinstance(provider, RevokingProvider)
        takes = provider.death_takes
        if takes:
            by = self._now + takes
            told = f"is revoked, and may go on working until {by:%Y-%m-%d %H:%M} UTC"
            return Outcome(target, Fate.ACCEPTED, told)
        told = "was revoked without an error, and its death could not be seen: look again"
        return Outcome(target, Fate.UNKNOWN, told)

    def _is_dead(self, target: Target, make: Callable[[str], Provider]) -> bool:
        """Say whether whoever knew the token sees it dead, and its value is not taken either.

        The value may be another token's than the one of the id, so that it alone proves nothing.
        """
        access = target.access
        value = access.value if access else {}
        own = Access(value, own=True, value=value) if value else None
        if own and (target.token_id is None or (access and access.own)):
            return self._sees_dead(target, own, make) is True
        if self._sees_dead(target, access, make) is not True:
            return False
        return own is None or self._sees_dead(target, own, make) is not False

    def _sees_dead(
        self, target: Target, access: Access | None, make: Callable[[str], Provider]
    ) -> bool | None:
        """Ask about a token; None where nobody can tell."""
        try:
            provider = make(target.token.provider)
            status = provider.inspect(target.token, access, now=self._now)
        except TokenNotFound:
            # What a list showed before, and shows no more, is gone; else it proves nothing.
            return True if target.token_id and access and not access.own else None
        except Exception:
            return None
        return None if status.state is State.UNKNOWN else status.state.is_over


def pin(token: Token, token_id: str | None, options_model: type[Strict]) -> Token:
    """Return the declaration so that it means the token of this id, and no namesake of it."""
    if token_id is None or "token_id" not in options_model.model_fields:
        return token
    numbers = [int(token_id)] if token_id.isdecimal() else []
    unnamed = {"token": None} if "token" in options_model.model_fields else {}
    for id in (token_id, *numbers):
        options = revise(options_model, token.options, **unnamed, token_id=id)
        if options is not None:
            return replace(token, options=options)
    return token
