"""The survey's seams: what one token's trouble does to the others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.config import Config
from keyturn.credentials import Credentials
from keyturn.errors import CredentialRejected, ProviderUnavailable, TokenNotFound
from keyturn.interfaces import Access, Provider
from keyturn.model import Evidence, FailureKind, Precision, State, Token, TokenStatus
from keyturn.schema import Strict
from keyturn.survey import World, take_survey
from keyturn.transport import Transport

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class EmptyTree:
    def list_workflows(self) -> list[str]:
        return []

    def read(self, path: str) -> None:
        return None


class Moody(Provider):
    """Answers for every token but the one called `bad`, for which it raises."""

    name = "moody"

    def __init__(self, transport: Transport, raised: Exception) -> None:
        super().__init__(transport)
        self.raised = raised
        self.seen: dict[str, Access | None] = {}

    @classmethod
    def options_model(cls) -> type[Strict]:
        return Strict

    def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
        self.seen[token.id] = access
        if token.id == "bad":
            raise self.raised
        return TokenStatus(State.ACTIVE, Precision.NEVER)


def survey(
    provider: Provider, *tokens: Token, outdated: Collection[str] = (), **environ: str
) -> Any:
    return take_survey(
        Config(tokens=tokens),
        World(EmptyTree(), None),
        repository="octo/app",
        providers={"moody": provider},
        credentials=Credentials(environ),
        now=NOW,
        outdated=outdated,
    )


@pytest.mark.parametrize(
    ("raised", "kind", "reason"),
    [
        (ProviderUnavailable("down"), FailureKind.PROVIDER_UNAVAILABLE, "down"),
        (CredentialRejected("who?"), FailureKind.CREDENTIAL_REJECTED, "who?"),
        (TokenNotFound("gone"), FailureKind.TOKEN_NOT_FOUND, "gone"),
        (KeyError("a detail"), FailureKind.PROVIDER_UNAVAILABLE, "keyturn failed on this answer"),
    ],
)
def test_one_tokens_trouble_stays_its_own(
    raised: Exception, kind: FailureKind, reason: str
) -> None:
    with Transport() as transport:
        found = survey(Moody(transport, raised), Token("bad", "moody"), Token("good", "moody"))
    bad, good = found.tokens
    assert (bad.status.state, bad.status.evidence) == (State.UNKNOWN, Evidence.NONE)
    assert reason in bad.status.reason
    assert "detail" not in bad.status.reason
    assert [(failure.kind, failure.subject) for failure in found.failures] == [(kind, "bad")]
    assert good.status.state is State.ACTIVE
    assert [finding.subject for finding in found.findings] == ["good"]


@pytest.mark.parametrize("id", ["bad", "good"])
def test_of_a_token_whose_old_value_was_given_nothing_is_said(id: str) -> None:
    with Transport() as transport:
        moody = Moody(transport, CredentialRejected("who?"))
        found = survey(moody, Token(id, "moody"), outdated={id})
    assert found.tokens[0].status.state is State.UNKNOWN
    assert (found.findings, found.failures) == ((), ())


def test_what_is_presented_is_the_credential_else_the_value() -> None:
    tokens = [
        Token("none", "moody"),
        Token("own", "moody", value_env={"": "V"}),
        Token("managed", "moody", value_env={"": "V"}, credential_env={"": "C"}),
        Token("same", "moody", value_env={"": "V"}, credential_env={"": "V"}),
    ]
    with Transport() as transport:
        provider = Moody(transport, ValueError())
        survey(provider, *tokens, V="the-value", C="the-credential")
    assert provider.seen["none"] is None
    shown = {
        id: (access.credential[""].reveal(), access.own)
        for id, access in provider.seen.items()
        if access
    }
    assert shown == {
        "own": ("the-value", True),
        "managed": ("the-credential", False),
        "same": ("the-value", True),
    }


@pytest.mark.parametrize(("given", "own"), [("same", True), ("another", False)])
def test_the_token_itself_under_another_name_is_its_own_value(given: str, own: bool) -> None:
    token = Token("good", "moody", value_env={"": "OWN"}, credential_env={"": "MANAGER"})
    with Transport() as transport:
        provider = Moody(transport, KeyError())
        survey(provider, token, OWN="same", MANAGER=given)
    access = provider.seen["good"]
    assert access
    assert access.own is own
