"""PURE: the rule about runs that failed with what a dead token looks like.

What a run said is only compared with a table: nothing of it gets into a message, nor does its date,
which would change every night.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from keyturn.first_setup.guesses import CREDENTIAL, Sure, guess_secret
from keyturn.model import (
    FAILED_LOGIN,
    Evidence,
    Finding,
    Inspected,
    Inventory,
    Secret,
    State,
)
from keyturn.model.runs import FailedStep
from keyturn.rules import SEVERITIES
from keyturn.silence.faces import Face, find_face


def find_failed_logins(
    steps: Iterable[FailedStep],
    inventory: Inventory,
    tokens: Sequence[Inspected],
    *,
    now: datetime,
) -> Iterator[Finding]:
    """Yield one finding for each declared token, or undeclared secret, that a failure points at."""
    said: set[str] = set()
    known = {each.token.id: each for each in tokens}
    # Which run was the newest, and the order of its jobs, change from night to night.
    for step in sorted(steps, key=lambda step: (step.run.path, step.job, step.step)):
        secrets = _find_secrets(step, inventory)
        if any(_is_dead(known.get(secret.declared_by or ""), now) for secret in secrets):
            continue  # that explains it, and has its finding
        for secret in secrets:
            inspected = known.get(secret.declared_by or "")
            subject = inspected.token.id if inspected else str(secret.ref)
            face = find_face(step.log, issuer=_issuer(secret, inspected))
            if face is None or subject in said or _is_newer(secret, inspected, step):
                continue
            said.add(subject)
            yield Finding(
                FAILED_LOGIN,
                SEVERITIES[FAILED_LOGIN],
                subject,
                _describe(step, face, secrets) + _alive(inspected),
                references=tuple(use.reference for use in step.uses if use in secret.uses),
            )


def _find_secrets(step: FailedStep, inventory: Inventory) -> list[Secret]:
    """Return the stored secrets that the step was given and that can be credentials."""
    return [
        secret
        for secret in inventory.secrets
        if set(step.uses) & set(secret.uses)
        and not secret.ignored
        and secret.present is not False
        and (secret.declared_by or not guess_secret(secret.ref.name, secret.uses).is_setting)
    ]


def _issuer(secret: Secret, inspected: Inspected | None) -> str:
    """Return the provider, or who issues it by all appearances; empty where nobody can tell."""
    if inspected:
        return inspected.token.provider
    guess = guess_secret(secret.ref.name, secret.uses)
    if guess.sure is Sure.UNSURE:
        return ""
    return guess.issuer if guess.kind == CREDENTIAL else guess.kind


def _is_dead(inspected: Inspected | None, now: datetime) -> bool:
    if inspected is None:
        return False
    deadline = inspected.deadline
    return inspected.status.state.is_dead or bool(deadline and deadline.at <= now)


def _is_newer(secret: Secret, inspected: Inspected | None, step: FailedStep) -> bool:
    """Say whether what is stored, or its token, was made after the run began."""
    made = inspected.status.created_at if inspected else None
    return any(at and at > step.run.created_at for at in (secret.updated_at, made))


def _describe(step: FailedStep, face: Face, secrets: Sequence[Secret]) -> str:
    text = (
        f"a run of {step.run.path} failed in {step.job}, {step.step}, with what a dead token "
        f"looks like ({face.words})"
    )
    if len(secrets) == 1:
        return text
    names = ", ".join(secret.ref.name for secret in secrets)
    return f"{text}; it may be any of the secrets that the step has: {names}"


def _alive(inspected: Inspected | None) -> str:
    """Say that a provider knows better, where it does."""
    if inspected is None or inspected.status.state is not State.ACTIVE:
        return ""
    if inspected.status.evidence is not Evidence.PROVIDER:
        return ""
    return f"; {inspected.token.provider} says the token is alive: is the stored copy another one?"
