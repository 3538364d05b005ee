"""Revoking and watching, with a provider that answers as each case wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from keyturn.errors import (
    CredentialMissing,
    CredentialRejected,
    ProviderRefused,
    ProviderUnavailable,
    TokenNotFound,
)
from keyturn.interfaces import Access, ListingProvider, Provider, RevokingProvider
from keyturn.model import Listed, Precision, State, Token, TokenStatus
from keyturn.providers._aws_options import Options as AwsOptions
from keyturn.providers._gitlab_options import Options as GitLabOptions
from keyturn.providers.synoptic import Options as SynopticOptions
from keyturn.revocation import Fate, Outcome, Revoker, Target, pin
from keyturn.schema import Strict
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

NOW = datetime(2026, 11, 23, 6, 17, tzinfo=UTC)
ACTIVE = TokenStatus(State.ACTIVE, Precision.NEVER, token_id="7")
DEAD = TokenStatus(State.REVOKED, token_id="7")
Answer = TokenStatus | Exception


@dataclass
class Vendor:
    """What the provider's every instance answers, in turn; the last answer stays."""

    answers: list[Answer]
    refusal: Exception | None = None
    takes: timedelta = timedelta()
    own: Answer | None = None
    """What it answers to a token's own value, where that is something else."""
    log: list[str] = field(default_factory=list)

    def make(self, transport: Transport) -> Provider:
        vendor = self

        class Acme(ListingProvider, RevokingProvider):
            name: ClassVar[str] = "acme"
            death_takes: ClassVar[timedelta] = vendor.takes

            @classmethod
            def options_model(cls) -> type[Strict]:
                return Strict

            def inspect(self, token: Token, access: Access | None, *, now: datetime) -> TokenStatus:
                vendor.log.append(f"look {'own' if access and access.own else 'manager'}")
                answers = vendor.answers
                if access and access.own and vendor.own:
                    answers = [vendor.own]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, Exception):
                    raise answer
                return answer

            def list_tokens(
                self, token: Token, access: Access | None, *, now: datetime
            ) -> Sequence[Listed]:
                return ()

            def key_of(self, token: Token, status: TokenStatus) -> str | None:
                return status.token_id

            def revoke(
                self, token: Token, access: Access | None, *, token_id: str | None, now: datetime
            ) -> None:
                vendor.log.append(f"revoke {token_id}")
                refusal, vendor.refusal = vendor.refusal, None
                if refusal:
                    raise refusal

        return Acme(transport)


def target(*, value: bool = False, id: str | None = "7") -> Target:
    given = {"": SecretValue("the-value-itself")} if value else {}
    access = Access({"": SecretValue("the-manager")}, own=False, value=given)
    return Target("deploy", Token("deploy", "acme"), access, id, replace(ACTIVE, token_id=id))


def revoke(
    vendor: Vendor, targets: Sequence[Target], sleep: Callable[[float], None] = lambda _: None
) -> list[Outcome]:
    with Transport() as transport:
        revoker = Revoker(lambda _name: vendor.make(transport), now=NOW, sleep=sleep)
        return revoker.revoke(targets)


@pytest.mark.parametrize(
    ("answers", "refusal", "takes", "fate", "words"),
    [
        ([DEAD], None, 0, Fate.DEAD, "no longer takes it"),
        ([ACTIVE, ACTIVE, DEAD], None, 0, Fate.DEAD, "no longer"),
        ([TokenNotFound("gone")], None, 0, Fate.DEAD, "no longer"),
        ([ACTIVE], None, 0, Fate.UNKNOWN, "could not be seen"),
        ([ACTIVE], None, 60, Fate.ACCEPTED, "until 2026-11-23 07:17 UTC"),
        ([ProviderUnavailable("down")], None, 0, Fate.UNKNOWN, "could not be seen"),
        ([ACTIVE], ProviderRefused("it is protected"), 0, Fate.NOT_REVOKED, "protected"),
        ([ACTIVE], CredentialRejected("who?"), 60, Fate.NOT_REVOKED, "who?"),
        ([ACTIVE], ProviderUnavailable("lost"), 60, Fate.UNKNOWN, "nobody knows"),
        ([DEAD], ProviderUnavailable("lost"), 0, Fate.DEAD, "no longer"),
    ],
)
def test_what_is_known_afterwards(
    answers: list[Answer], refusal: Exception | None, takes: int, fate: Fate, words: str
) -> None:
    vendor = Vendor(list(answers), refusal, timedelta(minutes=takes))
    (outcome,) = revoke(vendor, [target()])
    assert outcome.fate is fate
    assert words in outcome.message
    assert fate.settled == (fate in (Fate.DEAD, Fate.ACCEPTED))
    assert vendor.log.count("revoke 7") == 1


def test_the_looks_are_few_and_spaced() -> None:
    slept: list[float] = []
    vendor = Vendor([ACTIVE])
    revoke(vendor, [target(), target(id="8")], slept.append)
    assert slept == [0.0, 2.0, 5.0, 13.0]
    assert vendor.log == ["revoke 7", "revoke 8", *["look manager"] * 8]


def test_all_are_revoked_before_any_is_watched() -> None:
    vendor = Vendor([DEAD])
    outcomes = revoke(vendor, [target(), target(id="8")])
    assert vendor.log == ["revoke 7", "revoke 8", "look manager", "look manager"]
    assert [outcome.target.token_id for outcome in outcomes] == ["7", "8"]


@pytest.mark.parametrize(
    ("refusal", "sent", "fates"),
    [
        (None, 1, [Fate.DEAD, Fate.DEAD]),
        (ProviderUnavailable("lost"), 1, [Fate.UNKNOWN, Fate.UNKNOWN]),
        # The other declaration's credential may have the right.
        (CredentialRejected("who?"), 2, [Fate.NOT_REVOKED, Fate.DEAD]),
    ],
)
def test_a_token_that_is_declared_twice_is_revoked_once(
    refusal: Exception | None, sent: int, fates: list[Fate]
) -> None:
    lost = isinstance(refusal, ProviderUnavailable)
    vendor = Vendor([ACTIVE if lost else DEAD], refusal)
    outcomes = revoke(vendor, [target(), target()])
    assert vendor.log.count("revoke 7") == sent
    assert [outcome.fate for outcome in outcomes] == fates


def test_a_mistake_of_keyturns_own_leaves_the_others_to_die() -> None:
    vendor = Vendor([ACTIVE, DEAD], ZeroDivisionError("a detail"))
    first, second = revoke(vendor, [target(), target(id="8")])
    assert (first.fate, second.fate) == (Fate.UNKNOWN, Fate.DEAD)
    assert "ZeroDivisionError" in first.message
    assert "detail" not in first.message


@pytest.mark.parametrize(
    ("manager", "own", "fate"),
    [
        (DEAD, DEAD, Fate.DEAD),
        (DEAD, CredentialRejected("cannot ask about itself"), Fate.DEAD),
        (DEAD, CredentialMissing("unset"), Fate.DEAD),
        (TokenNotFound("gone"), DEAD, Fate.DEAD),
        # The value goes on working.
        (DEAD, ACTIVE, Fate.UNKNOWN),
        # The value is another token's, which was dead before.
        (ACTIVE, DEAD, Fate.UNKNOWN),
        (ProviderUnavailable("down"), DEAD, Fate.UNKNOWN),
    ],
)
def test_the_value_is_presented_too_and_proves_nothing_alone(
    manager: Answer, own: Answer, fate: Fate
) -> None:
    vendor = Vendor([manager], own=own)
    (outcome,) = revoke(vendor, [target(value=True)])
    assert outcome.fate is fate


@pytest.mark.parametrize(
    ("own", "fate"),
    [(DEAD, Fate.DEAD), (TokenNotFound("logs in, and is not listed"), Fate.UNKNOWN)],
)
def test_without_an_id_only_the_value_tells(own: Answer, fate: Fate) -> None:
    # The name was not found before, so that not to find it says nothing.
    vendor = Vendor([TokenNotFound("no such name")], own=own)
    (outcome,) = revoke(vendor, [target(value=True, id=None)])
    assert outcome.fate is fate
    assert set(vendor.log) == {"revoke None", "look own"}


def test_a_pinned_declaration_means_one_token() -> None:
    options = GitLabOptions(kind="project", project="acme/tools", token="ci").model_dump()
    token = Token("deploy", "gitlab", options=options)
    pinned = pin(token, "42", GitLabOptions).options
    assert (pinned["token"], pinned["token_id"], pinned["project"]) == (None, 42, "acme/tools")
    aws = Token("t", "aws-iam", options=AwsOptions(user="ci").model_dump())
    key = "AKIA" + "Q" * 16
    assert pin(aws, key, AwsOptions).options["token_id"] == key
    assert pin(token, None, GitLabOptions) is token
    assert pin(token, "no number", GitLabOptions) is token
    assert pin(Token("t", "synoptic"), "7", SynopticOptions).options == {}
