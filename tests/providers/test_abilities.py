"""What each provider can do about a rotation, by declaration and credential alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from keyturn import providers
from keyturn.interfaces import (
    Abilities,
    Access,
    ExtendingProvider,
    MintingProvider,
    ReplacingProvider,
)
from keyturn.model import Capability, Token
from keyturn.secret_value import SecretValue
from keyturn.transport import Transport

EXTEND, MINT, REPLACE = Capability.EXTEND, Capability.MINT, Capability.REPLACE
CLASSES = {EXTEND: ExtendingProvider, MINT: MintingProvider, REPLACE: ReplacingProvider}

PAT = "p" * 52
ENTRA = ".".join(["e" * 20, "n" * 20, "t" * 20])
PAIR = "id:secret"


def own(value: str = PAT) -> Access:
    parts = {"": SecretValue(value)}
    return Access(parts, own=True, value=parts)


def manager(value: str = PAT, **parts: str) -> Access:
    """A manager's credential, and what of the token's own value is given to the run."""
    given = {part: SecretValue(text) for part, text in parts.items()}
    return Access({"": SecretValue(value)}, own=False, value=given)


def abilities(name: str, options: Mapping[str, Any], access: Access | None) -> Abilities:
    # Whoever sent anything would need a transport.
    provider = providers.load(name)(cast(Transport, None))
    return provider.abilities(Token("t", name, options=options), access)


HERE = {"url": "https://gitlab.example.com"}
PROJECT = {"kind": "project", "project": "acme/tools"}
GROUP = {"kind": "group", "group": "acme"}
SERVICE = {"kind": "service-account", "group": "acme", "service-account": 9}
DEPLOY = {"kind": "deploy", "project": "acme/tools"}
CHOSEN, MADE = {"username": "ci-robot"}, {"username": "gitlab+deploy-token-7"}

TENANT = {"url": "https://acme.api.identitynow.com"}
CLIENT = {**TENANT, "kind": "api-client"}

ACME = {"organization": "acme"}
USER = {**ACME, "user": "alice@example.com"}

# provider, options, access, can, words of every reason
CASES: list[tuple[str, dict[str, Any], Access | None, set[Capability], dict[Capability, str]]] = [
    # personal
    ("gitlab", {}, own(), {REPLACE}, {MINT: "own value"}),
    ("gitlab", {}, manager(), {REPLACE}, {MINT: "gitlab.com"}),
    ("gitlab", {"url": "https://GitLab.com/"}, manager(), {REPLACE}, {MINT: "gitlab.com"}),
    ("gitlab", HERE, own(), {REPLACE}, {MINT: "own value"}),
    ("gitlab", HERE, manager(), {MINT, REPLACE}, {}),
    ("gitlab", {}, None, set(), {MINT: "no credential", REPLACE: "no credential"}),
    # of a place
    ("gitlab", PROJECT, own(), {REPLACE}, {MINT: "own value"}),
    ("gitlab", PROJECT, manager(), {MINT, REPLACE}, {}),
    ("gitlab", GROUP, own(), {REPLACE}, {MINT: "own value"}),
    ("gitlab", GROUP, manager(), {MINT, REPLACE}, {}),
    ("gitlab", SERVICE, own(), {REPLACE}, {MINT: "own value"}),
    ("gitlab", SERVICE, manager(), {MINT, REPLACE}, {}),
    ("gitlab", DEPLOY, own(), set(), {MINT: "own value", REPLACE: "no deploy tokens"}),
    ("gitlab", DEPLOY, manager(), {MINT}, {REPLACE: "no deploy tokens"}),
    # of an owner
    ("sailpoint", TENANT, own(PAIR), {EXTEND, MINT}, {}),
    ("sailpoint", {**TENANT, "api": "v1"}, own(PAIR), {EXTEND, MINT}, {}),
    ("sailpoint", {**TENANT, "owner": "me"}, manager(PAIR), {EXTEND, MINT}, {}),
    ("sailpoint", TENANT, manager(PAIR), set(), dict.fromkeys((EXTEND, MINT), "`owner: me`")),
    (
        "sailpoint",
        {**TENANT, "owner": "2c91"},
        manager(PAIR),
        set(),
        dict.fromkeys((EXTEND, MINT), "`owner: me`"),
    ),
    ("sailpoint", TENANT, None, set(), dict.fromkeys((EXTEND, MINT), "no id and secret")),
    ("sailpoint", CLIENT, own(PAIR), set(), dict.fromkeys((EXTEND, MINT), "another identity")),
    ("sailpoint", CLIENT, manager(PAIR), set(), dict.fromkeys((EXTEND, MINT), "another identity")),
    *(
        (
            "sailpoint",
            {**TENANT, "api": api},
            own(PAIR),
            set(),
            dict.fromkeys((EXTEND, MINT), f"version {api}"),
        )
        for api in ("v3", "beta", "v2024")
    ),
    # of a signed-in user
    ("azure-devops", ACME, manager(ENTRA), {EXTEND, MINT}, {}),
    ("azure-devops", ACME, manager(), set(), dict.fromkeys((EXTEND, MINT), "service principals")),
    ("azure-devops", ACME, own(), set(), dict.fromkeys((EXTEND, MINT), "service principals")),
    ("azure-devops", ACME, None, set(), dict.fromkeys((EXTEND, MINT), "service principals")),
    ("azure-devops", USER, manager(), set(), dict.fromkeys((EXTEND, MINT), "signed-in user")),
    ("azure-devops", USER, manager(ENTRA), set(), dict.fromkeys((EXTEND, MINT), "signed-in user")),
    # the rest
    ("synoptic", {}, manager(), {MINT}, {}),
    ("synoptic", {}, own(), set(), {MINT: "private key"}),
    ("synoptic", {}, None, set(), {MINT: "private key"}),
    ("aws-iam", {"user": "ci"}, manager(PAIR), {MINT}, {}),
    ("aws-iam", {}, own(PAIR), {MINT}, {}),
    ("aws-iam", {}, None, set(), {MINT: "no access key"}),
    ("github", {}, own(), set(), {}),
    ("github", {"kind": "deploy-key", "repository": "o/r"}, manager(), set(), {}),
    ("declared", {}, None, set(), {}),
]


@pytest.mark.parametrize(("name", "options", "access", "can", "why_not"), CASES)
def test_what_can_be_done(name, options, access, can, why_not):
    found = abilities(name, options, access)
    assert found.can == can
    assert found.why_not.keys() == why_not.keys()
    for capability, words in why_not.items():
        assert words in found.why_not[capability]
        assert not found.why_not[capability].endswith(".")


@pytest.mark.parametrize(("name", "options", "access", "can", "why_not"), CASES)
def test_what_a_class_has_can_be_done_or_is_explained(name, options, access, can, why_not):
    has = {each for each, kind in CLASSES.items() if issubclass(providers.load(name), kind)}
    assert can | why_not.keys() == has
    assert not can & why_not.keys()


def test_every_provider_that_can_do_something_has_a_case():
    able = {n for n in providers.names() if issubclass(providers.load(n), tuple(CLASSES.values()))}
    assert able <= {case[0] for case in CASES}


@pytest.mark.parametrize(
    ("name", "options", "access", "parts", "secret_part", "lists_names"),
    [
        ("gitlab", PROJECT, manager(), set(), "", True),
        ("gitlab", DEPLOY, manager(), {"username"}, "token", True),
        ("gitlab", DEPLOY, manager(token=PAT), {"username"}, "token", True),
        ("gitlab", DEPLOY, manager(**MADE), {"username"}, "token", True),
        ("gitlab", DEPLOY, manager(**CHOSEN), set(), "token", True),
        ("sailpoint", TENANT, own(PAIR), {"client-id"}, "client-secret", True),
        ("azure-devops", ACME, manager(ENTRA), set(), "", True),
        ("synoptic", {}, manager(), set(), "", False),
        ("aws-iam", {}, own(PAIR), {"access-key-id"}, "secret-access-key", False),
        ("aws-iam", {"user": "ci"}, manager(PAIR), {"access-key-id"}, "secret-access-key", False),
    ],
)
def test_what_changes_with_it(name, options, access, parts, secret_part, lists_names):
    found = abilities(name, options, access)
    assert (found.parts, found.secret_part) == (parts, secret_part)
    assert found.lists_names is lists_names


@pytest.mark.parametrize(
    ("name", "options", "differs"),
    [
        ("gitlab", PROJECT, ("a new project token has a bot user of its own",)),
        ("gitlab", GROUP, ("a new group token has a bot user of its own",)),
        ("gitlab", HERE, ()),
        ("gitlab", SERVICE, ()),
        ("gitlab", DEPLOY, ()),
        ("sailpoint", {**TENANT, "owner": "me"}, ()),
        ("synoptic", {}, ()),
    ],
)
def test_what_is_not_the_same(name, options, differs):
    found = abilities(name, options, manager(PAIR)).differs
    assert tuple(text.partition(":")[0] for text in found) == differs
