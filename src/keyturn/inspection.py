"""Asks providers about declared tokens, and for everything their credentials may see.

An error about one token is an answer about that token, never the end of a run. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from keyturn import parallel
from keyturn.credentials import Credentials
from keyturn.errors import (
    CredentialMissing,
    CredentialRejected,
    KeyturnError,
    ProviderRefused,
    TokenNotFound,
)
from keyturn.interfaces import Access, ListingProvider, Provider
from keyturn.model import (
    Evidence,
    Failure,
    FailureKind,
    Inspected,
    Listed,
    Sighting,
    State,
    Token,
    TokenStatus,
)
from keyturn.progress import SILENT, Progress
from keyturn.secret_value import SecretValue

WORKERS = 8
"""Tokens asked about at a time, over all providers: enough to hide latency, few enough that no
provider's abuse limits are near."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Inspector:
    """One run's way to its providers."""

    providers: Mapping[str, Provider]
    credentials: Credentials
    now: datetime
    progress: Progress = SILENT

    def start(
        self, tokens: Sequence[Token]
    ) -> Callable[[], list[tuple[TokenStatus, Failure | None]]]:
        """Begin to ask about tokens; the function returned waits for the answers, in order."""
        inspect = self.progress.each(
            self.inspect, tokens, what=lambda token: f"asking {token.provider}", noun="token"
        )
        return parallel.start(inspect, tokens, workers=WORKERS)

    def inspect(self, token: Token) -> tuple[TokenStatus, Failure | None]:
        """Ask about one token; every error is `unknown` with a reason."""

        def ask() -> TokenStatus:
            provider = self.providers[token.provider]
            return provider.inspect(token, self.access(token), now=self.now)

        answer = _attempt(ask)
        if isinstance(answer, TokenStatus):
            return answer, None
        failure = _failure(token, answer)
        missing = failure.kind is FailureKind.CREDENTIAL_MISSING
        reason = failure.kind.value if missing else f"{failure.kind.value}: {answer.message}"
        return TokenStatus(State.UNKNOWN, evidence=Evidence.NONE, reason=reason), failure

    def access(self, token: Token) -> Access | None:
        """Return what may be presented about a token. Raises CredentialMissing."""
        variables = token.credential_env or token.value_env
        if not variables:
            return None
        credential = self.credentials.get(variables)
        found = {part: self.credentials.find(name) for part, name in token.value_env.items()}
        value = {part: secret for part, secret in found.items() if secret is not None}
        # The token itself under another variable's name is no manager of it.
        own = variables == token.value_env or _are_same(credential, value)
        return Access(credential, own=own, value=value)

    def list_all(
        self, inspected: Sequence[Inspected], *, via: Container[str] | None = None
    ) -> tuple[tuple[Sighting, ...], tuple[Failure, ...]]:
        """Return every token that the credentials of these tokens may see, each once.

        `via`: only the credentials of the declarations of these ids are asked.
        """
        chosen = [each for each in inspected if via is None or each.token.id in via]
        asking = [each for each in chosen if self._can_list(each)]
        listing = self.progress.each(self._list, asking, what=_listing, noun="credential")
        answers = parallel.start(listing, asking, workers=WORKERS)()
        declared = {self._key(each): each.token.id for each in inspected}
        seen: dict[tuple[str, str], Sighting] = {}
        failures = [
            _no_list(each.token, self._why_no_list(each))
            for each in chosen
            if not self._can_list(each)
        ]
        for each, answer in zip(asking, answers, strict=True):
            if isinstance(answer, ProviderRefused):
                failures.append(_no_list(each.token, answer.told))
                continue
            if isinstance(answer, KeyturnError):
                failures.append(_failure(each.token, answer))
                continue
            for listed in answer:
                key = (each.token.provider, listed.key)
                if key not in seen:
                    seen[key] = Sighting(key[0], listed, each.token.id, declared.get(key))
        return tuple(seen[key] for key in sorted(seen)), tuple(failures)

    def _key(self, inspected: Inspected) -> tuple[str, str | None]:
        token, provider = inspected.token, self.providers[inspected.token.provider]
        if not isinstance(provider, ListingProvider):
            return token.provider, None
        return token.provider, provider.key_of(token, inspected.status)

    def _can_list(self, inspected: Inspected) -> bool:
        token = inspected.token
        if not isinstance(self.providers[token.provider], ListingProvider):
            return False
        # A token's own value is not presented again where it may be dead.
        own = not token.credential_env or token.credential_env == token.value_env
        return inspected.status.state is State.ACTIVE if own else True

    def _why_no_list(self, inspected: Inspected) -> str:
        if not isinstance(self.providers[inspected.token.provider], ListingProvider):
            return "its provider has no lists"
        return f"its own value, which would have to ask, is {inspected.status.state}"

    def _list(self, inspected: Inspected) -> Sequence[Listed] | KeyturnError:
        token = inspected.token
        provider = self.providers[token.provider]
        assert isinstance(provider, ListingProvider)
        return _attempt(lambda: provider.list_tokens(token, self.access(token), now=self.now))


def _are_same(one: Mapping[str, SecretValue], other: Mapping[str, SecretValue]) -> bool:
    return one.keys() == other.keys() and all(one[part].is_same(other[part]) for part in one)


def _listing(inspected: Inspected) -> str:
    return f"listing tokens of {inspected.token.provider}"


def _attempt(ask: Callable[[], _T]) -> _T | KeyturnError:
    try:
        return ask()
    except KeyturnError as error:
        return error
    except Exception as error:
        return KeyturnError(f"keyturn failed on this answer ({type(error).__name__})")


def _failure(token: Token, error: KeyturnError) -> Failure:
    return Failure(_kind(error), token.id, error.told)


def _no_list(token: Token, why: str) -> Failure:
    """Say that this kind of declaration shows no list, whoever asks: nothing failed."""
    return Failure(FailureKind.NOT_PERMITTED, token.id, f"lists nothing: {why}")


def _kind(error: KeyturnError) -> FailureKind:
    for shape, kind in _KINDS:
        if isinstance(error, shape):
            return kind
    return FailureKind.PROVIDER_UNAVAILABLE


_KINDS: tuple[tuple[type[KeyturnError], FailureKind], ...] = (
    (CredentialMissing, FailureKind.CREDENTIAL_MISSING),
    (CredentialRejected, FailureKind.CREDENTIAL_REJECTED),
    (TokenNotFound, FailureKind.TOKEN_NOT_FOUND),
    (ProviderRefused, FailureKind.PROVIDER_REFUSED),
)
