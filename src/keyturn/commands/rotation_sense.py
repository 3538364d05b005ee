"""What a rotation refuses because it makes no sense, or is not what was agreed to.

It asks nobody, changes nothing, and decides nothing about tokens.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence

from keyturn.config.problems import suggest
from keyturn.errors import UsageError
from keyturn.model import Bounds, Plan, Skip
from keyturn.plan import compare, find_unsafe
from keyturn.report.plan import read_plan
from keyturn.rotation.keys import JournalKey
from keyturn.rotation.known import Operation
from keyturn.rotation.machine import STOPS
from keyturn.settings import Settings


def require_sense(settings: Settings, arguments: argparse.Namespace) -> None:
    """Refuse what contradicts itself, before anything is asked. Raises UsageError."""
    if settings.runner.untrusted_event:
        raise UsageError(
            f"nothing is rotated in a run that {settings.runner.event_name} started",
            hint="run it by schedule, by dispatch or on a push to the default branch",
        )
    if arguments.apply and settings.dry_run and not arguments.dry_run:
        raise UsageError("--apply acts now, and --at is another moment", hint="leave --at out")
    given = vars(arguments)
    if given.get("plan") and not arguments.apply:
        raise UsageError("--plan names what --apply is to carry out; add --apply")
    if given.get("plan") and arguments.tokens:
        raise UsageError("--plan says which tokens are rotated; leave their names out")
    if given.get("leaked") and not (arguments.tokens and arguments.now):
        raise UsageError("--leaked ends tokens at once; name them, and add --now")
    if arguments.break_lock and not arguments.apply:
        raise UsageError("--break-lock is for a run that acts; add --apply")
    forms = {settings.format, *(output.format for output in settings.outputs)}
    if forms - {"text", "json"}:
        raise UsageError("a rotation is told as text or json only")


def require_meant(
    arguments: argparse.Namespace, unfinished: Sequence[Operation], *, declared: Collection[str]
) -> None:
    """Refuse names for which there is nothing to try again, or to give up. Raises UsageError."""
    phases = {operation.token: operation.phase for operation in unfinished}
    for token in (*arguments.tokens, *arguments.abandon):
        if token in phases and token not in declared:
            raise UsageError(f"the rotation of {token} waits, and {undeclared(token)}")
        require_declared({token}, declared)
        if token not in phases:
            raise UsageError(f"no rotation of {token} is under way")
    for token in arguments.abandon:
        if phases[token] not in STOPS:
            raise UsageError(
                f"the rotation of {token} has not stopped: it is `{phases[token]}`",
                hint="only what needs a person can be given up; the next run goes on with others",
            )


def require_declared(named: Collection[str], declared: Collection[str]) -> None:
    """Refuse names of tokens that the configuration does not know. Raises UsageError."""
    unknown = set(named) - set(declared)
    if unknown:
        told = f"no token is declared as {', '.join(sorted(unknown))}"
        raise UsageError(told, hint=suggest(min(unknown), declared) if declared else "")


def undeclared(token: str) -> str:
    """Say what to do about a rotation whose token was renamed, or taken out."""
    return (
        f"no token is declared as {token} any more: declare it again as it was, have its rotation"
        " finished or given up, and change the declaration then"
    )


def require_ended_at_once(
    arguments: argparse.Namespace, plan: Plan, unfinished: Sequence[Operation]
) -> None:
    """Refuse `--leaked` for tokens whose rotation lets them live on. Raises UsageError."""
    ending = {operation.token for operation in unfinished if operation.facts.get("leaked")}
    for each in plan.skipped if arguments.leaked else ():
        named = each.token in arguments.tokens and each.token not in ending
        if named and each.reason is Skip.UNFINISHED:
            raise UsageError(f"{each.token}: {each.message}", hint=each.hint)


def read_saved(settings: Settings, path: str, key: JournalKey) -> Plan:
    """Return the plan that was agreed to. Raises UsageError, also where it was changed since."""
    try:
        return read_plan((settings.root / path).read_bytes(), sign=sign_with(key))
    except OSError as error:
        raise UsageError(f"--plan {path}: {error.strerror or 'cannot be read'}") from error


def sign_with(key: JournalKey) -> Callable[[str], str]:
    """Return what makes the mark of a plan that was made under a key."""
    # No line of a journal begins like this: neither can stand for the other.
    return lambda text: key.mac(b"plan\n" + text.encode())


def require_safe(
    plan: Plan, saved: Plan | None, bounds: Bounds, *, under_way: Collection[str], coarse: bool
) -> None:
    """Refuse a plan that must not be carried out, or that is not the saved one any more.

    What the saved one says of tokens that are under way is not looked at: it was begun already.
    `coarse`: everybody can read what is refused, so that it is not said of which token. Raises
    UsageError.
    """

    def told(what: str, problems: Sequence[str]) -> str:
        return what if coarse else f"{what}: {'; '.join(problems)}"

    if problems := find_unsafe(plan, bounds):
        raise UsageError(told("the plan is not safe", problems))
    if saved and (moved := compare(saved, plan, passing_over=under_way)):
        raise UsageError(
            told("the world moved since the plan was saved", moved),
            hint="look at a new plan, and save it again",
        )
