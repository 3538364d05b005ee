"""Says what does not hold after a history, by the sandbox's own record.

What keyturn says is believed in two things only: how far its journal is, and what it told a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from keyturn.errors import SealedBroken
from keyturn.model.rotation import Phase
from keyturn.rotation.sealed import open_sealed, variable_name
from tests.rotation.leaks import find_leaks
from tests.rotation.watching import held, name_of
from tests.rotation.worlds import Issued

if TYPE_CHECKING:
    from tests.rotation.histories import History

_OWN_MISTAKES = ("stopped by an error of its own", "Traceback")


def judge(history: History) -> list[str]:
    """Say what does not hold, now that all is quiet."""
    broken = [*history.watch.broken, *_judge_places(history)]
    if history.world.presented_twice():
        broken.append("2: a spent token was presented again")
    broken += _judge_orphans(history)
    broken += [f"5: a value is in {where}" for where in find_leaks(history.world, history.ran)]
    for each in history.ran:
        if each.code not in (None, 0, 2, 3, 4):
            broken.append(f"6: a run ended with {each.code}")
        if any(mistake in each.err + each.out for mistake in _OWN_MISTAKES):
            broken.append("6: a run stopped by an error of its own")
    return sorted(set(broken))


def _judge_places(history: History) -> Iterator[str]:
    for place in history.world.places:
        token = history.world.of_place(place) if held(history.world, place) else None
        if token is not None and token.works:
            continue
        by_hand = token is not None and history.hands.get(place) == token.id
        if by_hand or history.world.may_lose:
            continue
        if not history.told:
            silent = "" if history.unfinished or history.ran[-1].code else ", and all seems well"
            yield f"1: {name_of(place)} holds what does not work, nobody is told{silent}"
        elif not _is_kept(history):
            yield f"1: {name_of(place)} holds what does not work, and no value is kept"


def _is_kept(history: History) -> bool:
    """Say whether a living value is in a sealed record, or the old token lives."""
    alive = {token.id for token in history.world.tokens() if token.works}
    for each in history.operations:
        entry = history.shelf.get(variable_name(each.id))
        with suppress(SealedBroken):
            if (
                entry
                and open_sealed(
                    history.world.recovery, entry.value, operation=each.id, token="deploy"
                ).new_id
                in alive
            ):
                return True
    return bool(history.operations) and history.operations[-1].old_id in alive


def _judge_orphans(history: History) -> Iterator[str]:
    stored = {t.id for p in history.world.places if held(history.world, p)
              and (t := history.world.of_place(p))}  # fmt: skip
    if history.world.may_lose and history.told:
        return  # whatever was made in that window has nobody to end it
    printed = " ".join(each.out + each.err for each in history.ran)
    last = history.operations[-1] if history.operations else None
    for token in history.world.tokens():
        if token.ended or token.id in stored | history.taken_out:
            continue
        if token.id in history.watch.ours and not (token.id in printed or _may_be(history, token)):
            yield "3: a live token that is stored nowhere is left"
        retired = last and last.phase is Phase.DONE and last.old_id == token.id
        if retired and history.world.strategy == "overlap":
            yield "3: the old token lives on after all is done"


def _may_be(history: History, token: Issued) -> bool:
    """Say whether it is the one in a sealed record that a person is told of."""
    return history.told and any(each.new_id == token.id for each in history.unfinished)
