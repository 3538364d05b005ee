"""Says which promises of a rotation do not hold, by the sandbox's own record.

What keyturn says of itself is believed in one thing only: how far its journal is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from keyturn.model.rotation import Phase
from keyturn.rotation.keys import journal_key
from keyturn.rotation.known import Known, fold
from keyturn.rotation.log import parse
from keyturn.rotation.machine import NEEDS_A_PERSON
from tests.rotation.leaks import find_leaks
from tests.rotation.running import Ran, Tap
from tests.rotation.worlds import World

_BRANCH = "refs/heads/keyturn/journal"
_OWN_MISTAKES = ("stopped by an error of its own", "Traceback")


@dataclass(slots=True)
class Verdict:
    """What came of one world that was cut off somewhere."""

    broken: list[str] = field(default_factory=list)
    """Promises that do not hold."""
    lost: int = 0
    """Secrets that hold nothing that works."""
    orphans: int = 0
    accepted_loss: bool = False
    """It ended with a person in the one window that cannot be closed, which was accepted."""
    person: bool = False
    """It ended with a person, who was told, where that was to be expected."""
    runs: int = 0


def journal(world: World) -> bytes:
    """Return the journal's bytes; none where there is no branch yet."""
    git = world.repositories[world.journal_repository].git
    head = git.refs.get(_BRANCH)
    if head is None:
        return b""
    _, blob = git.flat(git.commits[head].tree)["journal.jsonl"]
    return git.blobs[blob]


def known(world: World) -> Known:
    """Return what the journal tells."""
    return fold(parse(journal(world), journal_key(world.recovery)))


def judge(world: World, tap: Tap, ran: list[Ran], *, person: bool = False) -> Verdict:
    """Say which promises do not hold, now that all is quiet; `person`: it may end with one."""
    verdict = Verdict(runs=len(ran))
    phases = [operation.phase for operation in known(world).operations.values()]
    told = phases[-1:] in ([Phase.NEEDS_HUMAN], [Phase.STUCK]) and ran[-1].code == 4
    verdict.accepted_loss = world.may_lose and phases[-1:] == [Phase.NEEDS_HUMAN]
    verdict.person = person and told and not verdict.accepted_loss
    with_a_person = verdict.accepted_loss or verdict.person
    verdict.broken += [f"1: {place} holds what does not work" for place in _dead_places(world)]
    verdict.lost = len(verdict.broken)
    if verdict.accepted_loss:
        verdict.broken.clear()  # and whatever was made in that window has nobody to end it
    if world.presented_twice():
        verdict.broken.append("2: a spent token was presented again")
    left = [] if with_a_person else [*_orphans(world)]
    verdict.orphans = len(left)
    # What is sealed is kept for whoever goes on.
    verdict.broken += [f"3: {what} is left" for what in [*left, *_leftovers(world, verdict.person)]]
    verdict.broken += [
        f"4: {place} still held the token that was ended" for place in sorted(set(tap.early))
    ]
    verdict.broken += [f"5: a value is in {where}" for where in find_leaks(world, ran)]
    if not with_a_person and set(phases) != {Phase.DONE}:
        verdict.broken.append(f"6: it ended as {', '.join(phases) or 'nothing'}")
    issues = [i for i in world.repository.issues.values() if i.state == "open"]
    if len(issues) != (phases[-1:] != [] and phases[-1] in NEEDS_A_PERSON):
        verdict.broken.append(f"6: {len(issues)} issues are open")
    if any(mistake in each.err for each in ran for mistake in _OWN_MISTAKES):
        verdict.broken.append("6: a run stopped by an error of its own")
    return verdict


def _dead_places(world: World) -> Iterator[str]:
    for place in world.places:
        token = world.of_place(place)
        if token is None or not token.works:
            yield place.prefix or "the repository's secret"


def _orphans(world: World) -> Iterator[str]:
    stored = {token.id for place in world.places if (token := world.of_place(place))}
    for token in world.tokens():
        if not token.ended and token.id not in stored:
            yield "a live token that is stored nowhere"


def _leftovers(world: World, person: bool) -> Iterator[str]:
    shelves: list[Any] = [*world.octo.vaults.values()]
    for repository in world.repositories.values():
        shelves += [repository.variables, *repository.vaults.values()]
        shelves += [each.vault for each in repository.environments.values()]
    for shelf in shelves:
        for name in shelf.entries:
            sealed = name.startswith("KEYTURN_SEALED_") and not person
            if sealed or name.startswith("KEYTURN_CANARY_"):
                yield name.rpartition("_")[0]
