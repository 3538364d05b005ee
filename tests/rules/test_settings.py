"""Stored secrets that hold no credential."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.assess import assess
from keyturn.model import (
    Consumer,
    Inventory,
    Policy,
    Reference,
    Scope,
    Secret,
    SecretRef,
    Severity,
    Store,
    Trigger,
    Use,
    Uses,
)

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=900)
PATH = ".github/workflows/deploy.yml"


def place(name: str, key: str) -> Reference:
    return Reference(PATH, 12, 9, name, job="deploy", step="Log in", key=key)


def read(name: str, key: str, consumer: Consumer | None = None) -> Use:
    consumers = (consumer,) if consumer else ()
    reference = place(name, key)
    return Use(name, PATH, "deploy", (Trigger("push"),), reference, consumers=consumers)


AZURE = Consumer(PATH, 10, "deploy", "Log in", uses="Azure/login@v2")
TENANT = read("AZURE_TENANT_ID", "with.tenant-id", AZURE)


def stored(name: str, *uses: Use, scope: Scope = Scope("octo", "app")) -> Secret:  # noqa: B008
    references = tuple(use.reference for use in uses)
    return Secret(SecretRef(scope, name), LONG_AGO, LONG_AGO, uses=uses, references=references)


def judge(secret: Secret, uses: Uses | None = None) -> list[str]:
    inventory = Inventory("octo/app", (secret,), uses=uses or Uses())
    return [finding.rule for finding in assess(inventory, (), defaults=Policy(), now=NOW)]


def test_a_setting_is_proposed_as_a_variable_and_never_warned_about() -> None:
    secret = stored("AZURE_TENANT_ID", TENANT)
    (found,) = assess(Inventory("octo/app", (secret,)), (), defaults=Policy(), now=NOW)
    assert (found.rule, found.severity) == ("setting-as-secret", Severity.INFO)
    assert found.subject == "octo/app:AZURE_TENANT_ID"
    assert found.message == (
        "holds no credential as far as its name and its uses tell (azure/login takes it as "
        "tenant-id); a variable (vars.AZURE_TENANT_ID) would do"
    )
    assert found.references == (TENANT.reference,)


ODD = read("AZURE_TENANT_ID", "env.API_TOKEN")


@pytest.mark.parametrize(
    ("secret", "rules"),
    [
        (stored("DOCKER_USERNAME", read("DOCKER_USERNAME", "run")), ["setting-as-secret"]),
        # One use that disagrees is enough.
        (stored("AZURE_TENANT_ID", TENANT, ODD), ["copy-too-old", "undeclared-secret"]),
        (
            stored("AWS_ACCESS_KEY_ID", read("AWS_ACCESS_KEY_ID", "run")),
            ["copy-too-old", "undeclared-secret"],
        ),
        # A hunch is none.
        (
            stored("THING", read("THING", "env.AWS_REGION")),
            ["copy-too-old", "undeclared-secret"],
        ),
        (replace(stored("AZURE_TENANT_ID", TENANT), declared_by="azure"), []),
        (replace(stored("AZURE_TENANT_ID", TENANT), ignored=True), []),
        (replace(stored("AZURE_TENANT_ID", TENANT), present=False), []),
        # Nothing to say about a variable where nothing reads it, or where there are none.
        (stored("AZURE_TENANT_ID"), ["unused-secret"]),
        (stored("AZURE_TENANT_ID", scope=Scope("octo")), []),
        (stored("AZURE_TENANT_ID", TENANT, scope=Scope("octo")), ["setting-as-secret"]),
        (
            stored("NPM_USERNAME", TENANT, scope=Scope("octo", "app", store=Store.DEPENDABOT)),
            [],
        ),
        (
            stored("AZURE_TENANT_ID", TENANT, scope=Scope("octo", "app", "production")),
            ["setting-as-secret"],
        ),
    ],
)
def test_what_is_said_of_one_secret(secret: Secret, rules: list[str]) -> None:
    assert judge(secret) == rules
