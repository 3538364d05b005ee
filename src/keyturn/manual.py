"""PURE: how a person replaces a token by hand, and what is in doubt about a token put in its place.

It names secrets and dates, never a value, and writes no Markdown.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from keyturn.instants import format_rfc3339
from keyturn.issues.case import Case
from keyturn.issues.state import Life, Old
from keyturn.model import (
    Evidence,
    Inspected,
    Level,
    Secret,
    SecretRef,
    Skip,
    Skipped,
    State,
    Store,
)
from keyturn.plain import log_safe, name_some, plain
from keyturn.plan.choice import Candidate, choose_strategy
from keyturn.plan.dates import find_spread

_RENEWING = frozenset(
    {
        "expired",
        "expiring",
        "revoked",
        "blocked-by-policy",
        "never-expires",
        "lifetime-too-long",
    }
)
"""Rules whose findings another token ends."""
_STORING = frozenset({"stale-copy", "missing-secret", "copy-too-old"})
"""Rules whose findings the value ends, stored anew. Nobody can read it any more."""
_MOST_REMEMBERED = 6000
"""Characters of scopes in an issue's memory; what is longer is compared by hand."""
_MOST_NAMED = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Steps:
    """What a person does, and what the next run looks at."""

    scopes: tuple[str, ...]
    """What the new token may do, and no more; empty where nobody tells."""
    days: int | None
    """How long it is to live."""
    commands: tuple[str, ...]
    """One for each secret, to be typed as they are; the value is asked for."""
    others: tuple[tuple[SecretRef, str], ...]
    """Secrets without a command, and why."""
    parts: tuple[tuple[SecretRef, str], ...]
    """Secrets that hold a part of the token only."""
    proofs: tuple[str, ...]
    """What must be seen before the issue is closed; clauses."""


def is_by_hand(candidate: Candidate) -> bool:
    """Say whether only a person can make the token's successor, whatever is declared."""
    if candidate.inspected.status.state in (State.REVOKED, State.BLOCKED):
        return True
    choice = choose_strategy(candidate)
    return isinstance(choice, Skipped) and choice.reason is Skip.MANUAL


def find_steps(case: Case, server: str) -> Steps | None:
    """Return how the token is replaced by hand; None where nothing asks for that.

    `server` is the host of the GitHub that holds the secrets.
    """
    asked = {finding.rule for finding in case.findings} & (_RENEWING | _STORING)
    if not case.by_hand or not (asked or case.doubts or case.unproven):
        return None
    copies = [copy for copy in case.copies if not copy.ignored]
    found = [_command(copy, server) for copy in copies]
    return Steps(
        _wanted_scopes(case),
        _wanted_days(case.inspected),
        commands=tuple(each for each in found if isinstance(each, str)),
        others=tuple(each for each in found if not isinstance(each, str)),
        parts=tuple((s.ref, s.part) for s in case.inspected.token.secrets if s.part),
        proofs=tuple(_proofs(case)),
    )


def recall(case: Case, life: Life, known: Old | None) -> Old | None:
    """Return what an issue is to remember of the token that it asks to replace.

    As long as it is asked for, the first look counts: what is put in its place is measured by it.
    """
    rules = {finding.rule for finding in case.findings}
    if case.inspected.status.state is State.UNKNOWN:
        return known
    if known and (not rules or rules & (_RENEWING | _STORING)):
        return known
    if not rules & _RENEWING:
        return None
    scopes = case.inspected.status.scopes
    return Old(life, scopes if len(json.dumps(scopes)) <= _MOST_REMEMBERED else ())


def find_doubts(case: Case, life: Life) -> tuple[tuple[str, str], ...]:
    """Say what is wrong with the token that was put in the old one's place.

    Empty as long as nothing was done, and where all is well.
    """
    old, status = case.old, case.inspected.status
    if old is None or status.state is State.UNKNOWN:
        return ()
    same = life.has_value_of(old.life)
    if status.state is State.ACTIVE and not same:
        return tuple(_flaws(case, old))
    copies = [copy for copy in case.copies if copy.present and not copy.ignored]
    written = sum(_written_since(copy, old) for copy in copies)
    if not case.findings or not written:
        return ()
    so_far = f"{written} of {len(copies)} secrets were written since"
    if status.state is not State.ACTIVE:
        return (("value", f"{so_far}, and what is there now is {status.state} all the same"),)
    return (("value", f"{so_far}, and {_why_same(case)}"),)


def has_compared(case: Case) -> bool:
    """Say whether the scopes of the new token could be compared with those of the old one."""
    return bool(case.old and case.old.scopes and case.inspected.status.scopes)


def _written_since(copy: Secret, old: Old) -> bool:
    then = old.life.stored
    return bool(copy.updated_at and then and format_rfc3339(copy.updated_at) > then)


def _why_same(case: Case) -> str:
    status, provider = case.inspected.status, case.inspected.token.provider
    if status.evidence is Evidence.DECLARED:
        return "the configuration still has the old date: write the new one after expires"
    if status.holds_copy:
        return "the value that this run was given is still the old one"
    return (
        f"{provider} still shows the old token: the old value was stored again, or the new token"
        " is not the one that the configuration names"
    )


def _flaws(case: Case, old: Old) -> Iterator[tuple[str, str]]:
    status, wanted = case.inspected.status, case.inspected.token.rotate.lifetime
    more = [scope for scope in status.scopes if scope not in old.scopes]
    if old.scopes and more:
        yield (
            "scopes",
            f"the new token has scopes that the old one had not: {name_some(more, _MOST_NAMED)}",
        )
    written = [copy.updated_at for copy in case.copies if copy.updated_at]
    begin = status.created_at or max(written, default=None)
    least = wanted - find_spread(wanted) - _DAY if wanted else None
    if wanted and least and status.expires_at and begin and status.expires_at - begin < least:
        lives, want = (status.expires_at - begin).days, wanted.days
        yield "lifetime", f"the new token lives {lives} days, and {want} are wanted"


def _wanted_scopes(case: Case) -> tuple[str, ...]:
    return case.old.scopes if case.old else case.inspected.status.scopes


def _wanted_days(inspected: Inspected) -> int | None:
    """Return what is declared, else how long the old one lives, as far as the policy lets it."""
    status, token = inspected.status, inspected.token
    lifetime = token.rotate.lifetime
    if not lifetime and status.expires_at and status.created_at:
        lifetime = min(status.expires_at - status.created_at, token.policy.max_lifetime)
    return max(lifetime.days, 1) if lifetime else None


def _proofs(case: Case) -> Iterator[str]:
    inspected, scopes = case.inspected, _wanted_scopes(case)
    status, provider = inspected.status, inspected.token.provider
    if status.evidence is Evidence.DECLARED:
        yield "the new date stands in the configuration, after expires: nobody can be asked for it"
    elif inspected.token.value_env and not _has_manager(inspected):
        yield f"the value given to the run is another one than now, and {provider} takes it"
    else:
        yield f"{provider} shows another token than now where the configuration looks, and it works"
    if len(case.copies) > 1:
        yield "every secret above was written since"
    if scopes:
        yield "it has no scope that the old one had not"
    elif status.evidence is not Evidence.DECLARED:
        yield "its scopes are not looked at, because those of the old one are not known"
    if inspected.token.rotate.lifetime:
        yield f"it lives {inspected.token.rotate.lifetime.days} days"


def _has_manager(inspected: Inspected) -> bool:
    token = inspected.token
    return bool(token.credential_env) and token.credential_env != token.value_env


def _command(copy: Secret, server: str) -> str | tuple[SecretRef, str]:
    """Return the command that stores a secret, or why there is none."""
    # GitHub CLI manual, gh secret set, 2026-11: without --body the value is asked for, or read from
    # standard input; without --visibility an organization's secret becomes private.
    ref = copy.ref
    words = ["gh", "secret", "set", ref.name, *_place(ref)]
    if ref.scope.store is not Store.ACTIONS:
        words += ["--app", ref.scope.store.value]
    line = shlex.join(words)
    if ref.level is Level.ORGANIZATION:
        if copy.visibility in ("all", "private"):
            line += f" --visibility {copy.visibility}"
        elif copy.visibility == "selected":
            # Written out, since gh takes an empty list alone for a private secret.
            line += f" --visibility selected --repos {_selected(ref, server)}"
        else:
            return ref, "who may read it cannot be seen, and gh would let private repositories only"
    line = _at(server) + line
    if line != log_safe(plain(line)) or set(line) & set("<>`"):
        return ref, "it has a name that is no good in a command"
    return line


def _place(ref: SecretRef) -> list[str]:
    scope = ref.scope
    if ref.level is Level.ORGANIZATION:
        return ["--org", scope.owner]
    place = ["--repo", scope.full_name]
    return [*place, "--env", scope.environment] if scope.environment else place


def _at(server: str) -> str:
    """Return what a command begins with to ask another server than gh's own."""
    return "" if server == "github.com" else f"GH_HOST={shlex.quote(server)} "


def _selected(ref: SecretRef, server: str) -> str:
    """Return what expands to the repositories that read it now: gh replaces the whole list."""
    path = f"orgs/{ref.scope.owner}/{ref.scope.store}/secrets/{ref.name}/repositories"
    listing = ["gh", "api", "--paginate", path, "--jq", ".repositories[].name"]
    return f'"$({_at(server)}{shlex.join(listing)} | paste -sd, -)"'
