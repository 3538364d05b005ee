"""Who may still hold the old value: repositories, their unfinished runs, and what cannot be seen.

What that means is judged by `drain`; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from keyturn.errors import NotPermitted, PlatformError, PlatformUnavailable, TokenNotFound
from keyturn.model import Level, SecretRef, Store
from keyturn.model.runs import WorkflowRun
from keyturn.rotation.case import Case
from keyturn.rotation.drain import (
    Consumer,
    Holder,
    Verdict,
    find_holders,
    first_proof,
    latest,
    may_retire,
)

_MOST_READERS = 100
"""Repositories whose runs are listed for one organization's secret: some requests for each."""
_CLOCKS = timedelta(hours=1)
"""Longer than it takes to ask: a run that was queued meanwhile holds the old value too."""

_MOST_ASKED = 20
"""Runs whose jobs are asked for to find a proof of use, the newest first."""


def judge(case: Case) -> tuple[Verdict, tuple[Holder, ...]]:
    """Return whether the old token may be retired, and the runs that can still hold it.

    Raises PlatformUnavailable before the cap where GitHub does not tell of the runs now.
    """
    stored, old_expiry = case.stored_at, case.old.expires_at
    cap = timedelta(seconds=case.operation.facts["cap"])
    # The dates of what this run has stored itself lie after its beginning, which is `case.now`.
    now = max(case.now, case.ledger.clock())
    blind = _Blind(over=now >= latest(stored, cap=cap, old_expiry=old_expiry))
    consumers = list(_consumers(case, blind))
    holders = find_holders(consumers, stored)
    if any(holder.jobs_would_tell for holder in holders):
        consumers = _with_jobs(case, consumers, holders, blind)
        holders = find_holders(consumers, stored)
    proof = _find_proof(case, consumers, blind)
    verdict = may_retire(
        stored=stored,
        holders=holders,
        proof=proof or _used_since(case, max(stored.values())),
        overlap=timedelta(seconds=case.operation.facts["overlap"]),
        cap=cap,
        old_expiry=old_expiry,
        now=now,
        unseen=blind.to,
    )
    return verdict, holders


class _Blind:
    """What of the runs that can hold the old value cannot be seen, and why."""

    def __init__(self, *, over: bool) -> None:
        self._over = over
        """Nothing that does not answer keeps the old token alive any more."""
        self.to: list[str] = []

    @contextmanager
    def spot(self, what: str) -> Iterator[None]:
        """Note that something is not seen; one that may be seen the next time raises on."""
        try:
            yield
        except PlatformUnavailable as error:
            if not self._over:
                raise
            self.to.append(f"{what} ({error.message})")
        except PlatformError as error:
            self.to.append(f"{what} ({error.message})")


def _with_jobs(
    case: Case, consumers: list[Consumer], holders: Sequence[Holder], blind: _Blind
) -> list[Consumer]:
    """Return the consumers with the jobs of the runs that are held for environments alone."""
    known: dict[tuple[str, int], WorkflowRun] = {}
    for run in (holder.run for holder in holders if holder.jobs_would_tell):
        with blind.spot(f"jobs of {run.html_url}"):
            known[run.repository, run.id] = case.outside.runs.with_jobs(run)
    return [
        replace(each, runs=tuple(known.get((r.repository, r.id), r) for r in each.runs))
        for each in consumers
    ]


def _find_proof(case: Case, consumers: Sequence[Consumer], blind: _Blind) -> datetime | None:
    """Return when a job that got the new value ended well, by the newest run that tells so."""
    stored = case.stored_at
    ended = sorted(_successful(case, consumers, blind), key=lambda run: run.created_at)
    maybe = [run for run in reversed(ended) if first_proof(consumers, stored, [run])]
    for run in maybe[:_MOST_ASKED]:
        with blind.spot(f"jobs of {run.html_url}"):
            proof = first_proof(consumers, stored, [case.outside.runs.with_jobs(run)])
            if proof:
                return proof
    return None


def _successful(case: Case, consumers: Sequence[Consumer], blind: _Blind) -> Sequence[WorkflowRun]:
    """Return the runs that read the token's secrets and ended well since it was stored."""
    since = min(case.stored_at.values())
    found: list[WorkflowRun] = []
    for consumer in consumers:
        paths = {use.path for use in consumer.uses}
        if paths:
            with blind.spot(f"runs of {consumer.repository} that ended well"):
                found += case.outside.runs.list_successful(consumer.repository, paths, since=since)
    return found


def _consumers(case: Case, blind: _Blind) -> Iterator[Consumer]:
    """Yield every repository whose runs may read a destination, with its unfinished runs."""
    for consumer in _readers(case, blind):
        with blind.spot(f"runs of {consumer.repository}"):
            runs = tuple(case.outside.runs.list_unfinished(consumer.repository))
            yield replace(consumer, runs=runs)


def _readers(case: Case, blind: _Blind) -> list[Consumer]:
    """Return every repository whose runs may read a destination; no run is asked for."""
    refs, inventory = _refs(case), case.outside.inventory
    uses = tuple(use for secret in inventory.secrets if secret.ref in refs for use in secret.uses)
    found = _owners(refs)
    for ref in refs:
        if ref.level is Level.ORGANIZATION:
            with blind.spot(f"repositories that see {ref}"):
                seen = case.outside.writer.list_readers(ref)
                if len(seen) > _MOST_READERS:
                    raise NotPermitted(f"more than {_MOST_READERS} see it")
                found |= set(seen)
    checked = inventory.repository
    others = sorted(name for name in found if name.lower() != checked.lower())
    # What the workflows of others read is not known: any run may hold the value.
    unknown = [Consumer(name, complete=False) for name in others]
    return [Consumer(checked, uses, inventory.uses.complete), *unknown]


def _refs(case: Case) -> list[SecretRef]:
    """Return the destinations that workflow runs can read."""
    refs = [stored.ref for stored in case.destinations.values()]
    return [ref for ref in refs if ref.scope.store is not Store.CODESPACES]


def _owners(refs: Iterable[SecretRef]) -> set[str]:
    return {ref.scope.full_name for ref in refs if ref.scope.repository}


def prove_runs_readable(case: Case) -> None:
    """Raise PlatformError where the runs of a repository that holds a destination are not seen."""
    for repository in sorted({case.outside.inventory.repository, *_owners(_refs(case))}):
        case.outside.runs.prove_readable(repository)


def find_busy(case: Case) -> str:
    """Return which unfinished runs hold the value that a swap would end; empty where none does.

    The run that keyturn itself is in is not one of them: it has what it needs. Nor are those of
    repositories that cannot be seen; nothing but the old token's end would tell that they are over.
    """
    swapped = dict.fromkeys(_refs(case), case.ledger.clock() + _CLOCKS)
    blind = _Blind(over=False)
    consumers = list(_consumers(case, blind))
    holders = find_holders(consumers, swapped)
    holders = find_holders(_with_jobs(case, consumers, holders, blind), swapped)
    runs = [holder.run for holder in holders if holder.run.id != case.outside.run_id]
    if not runs:
        return ""
    shown = ", ".join(run.html_url for run in runs[:3]) + (", …" if len(runs) > 3 else "")
    what = "1 unfinished run holds" if len(runs) == 1 else f"{len(runs)} unfinished runs hold"
    return f"{what} the value that would die: {shown}"


def was_held(case: Case, since: datetime) -> bool:
    """Say whether a run that could hold the old value ended at `since` or later, or has not ended.

    Where that is not told, none is known of.
    """
    stored, blind = case.stored_at, _Blind(over=True)
    for consumer in _readers(case, blind):
        with blind.spot(consumer.repository):
            ended = case.outside.runs.list_ended(
                consumer.repository, begun_by=max(stored.values()), since=since
            )
            if find_holders([replace(consumer, runs=tuple(ended))], stored):
                return True
    return False


def _used_since(case: Case, stored: datetime) -> datetime | None:
    """Return when the new token was last used by somebody else than keyturn, if it was."""
    new_id, access = case.operation.new_id, case.access()
    if new_id is None or access is None or access.own or case.token.value_env:
        return None
    with suppress(TokenNotFound):
        used = case.look_at(new_id).last_used_at
        # Keyturn itself presented it before it was stored anywhere.
        return used if used and used > stored else None
    return None
