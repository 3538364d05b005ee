"""Makes random histories of a rotation, lives through them, and says what does not hold after.

A history is a list of moves that can be written down, so that what it shows can be shown again.
It judges nothing: `history_judging` does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any

from keyturn.rotation.known import Operation
from keyturn.rotation.machine import STOPS
from keyturn.sandbox.server import Fault, Response, Server
from tests.rotation.history_judging import judge
from tests.rotation.judging import Verdict, known
from tests.rotation.running import Gate, Processes, Ran, outputs, run
from tests.rotation.watching import Doom, Watch, held
from tests.rotation.worlds import (
    Azure,
    GitLab,
    GitLabPersonal,
    GitLabServiceAccount,
    Issued,
    Place,
    SailPoint,
    Synoptic,
    World,
)
from tests.rotation.worlds.base import WORKFLOW

Move = tuple[Any, ...]
"""What is done, and the numbers that say how."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_REPLIES = {
    "502": Response(502),
    "429": Response(429, {"message": "slow down"}, {"Retry-After": "0"}),
    "403": Response(
        403,
        {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
        {"Retry-After": "0"},
    ),
}
_ANEW = ("deploy", "--now")
"""What is rotated although it is not due: a fault in a run with nothing to do shows nothing."""
_CALLS = {
    "secrets": "^PUT .*/secrets/",
    "one secret": "^PUT .*/secrets/[A-Z]*_?DEPLOY[A-Z_]*$",
    "variables": "^(POST|PATCH|DELETE) .*/variables",
    "sealed": "^(GET|POST|PATCH) .*/variables(/KEYTURN_SEALED_|$)",
    "journal": "^PUT .*/contents/",
    "reading": "^GET .*/(secrets|runs|contents)",
    "canaries": "^(PUT|DELETE) .*/KEYTURN_CANARY",
    "acts": "^(POST|PUT|PATCH|DELETE) ",
}
"""What some of the requests of a run are."""
_QUIET = (0, 8, 24, 24, 36 * 24, 24, 24, 24, 24)
"""Hours before each run once the faults are over; the longest drain is between them."""
_MOST_RECOVERED = 2
"""How often a person has it tried again then."""


def draw(chance: random.Random, places: Sequence[Place]) -> list[Move]:
    """Return a history of six to fourteen moves."""
    return [_draw_move(chance, len(places), places) for _ in range(chance.randint(6, 14))]


def _draw_move(chance: random.Random, count: int, places: Sequence[Place]) -> Move:
    at, after, place = chance.randint(15, 110), chance.random() < 0.5, chance.randrange(count)
    write = chance.randint(1, 36)
    many = chance.choice([3, 12, 400])
    whose, reply = chance.choice(["github", "provider"]), chance.choice([*_REPLIES])
    kinds: list[tuple[int, Move]] = [
        (8, ("rotate",)),
        (4, ("killed", at, after)),
        (9, ("killed writing", write, after)),
        (2, ("lost", at, after)),
        (5, ("lost writing", write, after)),
        (6, ("broken", chance.choice([*_CALLS]), chance.choice(["502", "403", "lost"]), many)),
        (5, ("limits", reply, at, many, whose)),
        (2, ("away", chance.randint(1, 2))),
        (9, ("pass", chance.choice([1, 2, 8, 26, 50, 900, 900]),
             chance.choice(["used", "used", "nobody", "skipped", "unfinished"]))),
        (4, ("hand", place, chance.choice(["another", "old"]))),
        (2, ("unsealed",)),
        (2, ("sealed earlier",)),
        (4, ("recover",)),
        (2, ("abandon",)),
        (1, ("now",)),
        (1, ("leaked",)),
        (2, ("leaked killed", write, after)),
        (2, ("overlap", at, chance.choice([0, 2]))),
        (1, ("check",)),
    ]  # fmt: skip
    if any(each.environment for each in places):
        kinds += [(2, ("environment",))]
    return chance.choices([move for _, move in kinds], [weight for weight, _ in kinds])[0]


class History:
    """One world that is lived through."""

    def __init__(self, world: World, processes: Processes) -> None:
        self.world, self.processes = world, processes
        self.ran: list[Ran] = []
        self.watch = Watch(world)
        self.watch.install()
        self.hands: dict[Place, str] = {}
        """Place -> what a person wrote there last."""
        self.taken_out: set[str] = set()
        """Tokens that a person took out of a secret, which somebody may use elsewhere."""
        self._records: list[tuple[str, Any]] = []
        """Sealed records that there were, the newest last."""

    @property
    def provider(self) -> Server:
        """The provider's server."""
        server: Server = getattr(self.world.box, self.world.server).server
        return server

    def make(self, move: Move) -> None:
        """Do one thing."""
        getattr(self, "_" + str(move[0]).replace(" ", "_"))(*move[1:])
        self.watch.rest()
        for name, entry in self.shelf.entries.items():
            if name.startswith("KEYTURN_SEALED_") and (name, entry) not in self._records:
                self._records.append((name, entry))

    @property
    def shelf(self) -> Any:
        """The variables beside the journal."""
        return self.world.repositories[self.world.journal_repository].variables

    def _rotate(self, *argv: str, gate: Gate | None = None) -> None:
        self.ran.append(run(self.world, "rotate", "--apply", *argv, gate=gate))

    def _killed(self, at: int, after: bool) -> None:
        self._rotate(*_ANEW, gate=Gate(at, after=after))

    def _killed_writing(self, number: int, after: bool) -> None:
        self.watch.strike_at(number, after=after, writing=True)
        self._rotate(*_ANEW, gate=Doom(self.watch))

    def _lost_writing(self, number: int, after: bool) -> None:
        self.watch.strike_at(number, after=after, writing=True)
        self._rotate(*_ANEW)

    def _broken(self, calls: str, how: str, times: int) -> None:
        """Refuse some sort of request, or lose what it is answered."""
        servers = [self.provider] if calls == "acts" else [self.world.box.github.server]
        lost = how == "lost"
        reply = None if lost else _REPLIES[how]
        for server in servers:
            server.faults[:] = [Fault(_CALLS[calls], reply, drop=lost, after=lost, times=times)]
        self._rotate(*_ANEW)
        for server in servers:
            server.faults.clear()

    def _lost(self, at: int, after: bool) -> None:
        self.watch.strike_at(at, after=after)
        self._rotate(*_ANEW)

    def _limits(self, reply: str, at: int, times: int, whose: str) -> None:
        server = self.world.box.github.server if whose == "github" else self.provider
        answer = _REPLIES[reply]
        self.watch.strike_at(at, times=times, only=server, strike=lambda: answer)
        self._rotate(*_ANEW)

    def _away(self, days: int) -> None:
        self.provider.faults[:] = [Fault(".", Response(502), times=100_000)]
        for _ in range(days):
            self._rotate()
            self.world.live_on(_DAY)
        self.provider.faults.clear()

    def _pass(self, hours: int, how: str) -> None:
        world = self.world
        last = self.operations[-1] if self.operations else None
        lives_on = last and last.expires_at and last.expires_at - world.box.clock.now > 45 * _DAY
        # A token whose date comes before anything was done about it is nobody's mistake.
        step = timedelta(hours=hours if lives_on else min(hours, 26))
        if how == "used":
            world.live_on(step)
            return
        world.box.clock.advance(step)
        if how == "skipped":
            jobs = [("deploy", "skipped")]
            world.repository.add_run(WORKFLOW, event="push", conclusion="skipped", jobs=jobs)
        if how == "unfinished":
            begun = world.repository.add_run(WORKFLOW, event="push", status="in_progress")
            values = {value for place in world.places for value in held(world, place).values()}
            self.watch.running.append((begun, values))

    def _hand(self, index: int, what: str) -> None:
        place = self.world.places[index]
        if held(self.world, place):
            token = make_by_hand(self.world) if what == "another" else self.world.first
            if what == "another" and token.id != self.world.first.id:
                self.watch.by_hand.add(token.id)
            self._write(place, token)

    def _write(self, place: Place, token: Issued) -> None:
        # Within an hour of a run that was cut off it may be written over: a known gap.
        self.world.box.clock.advance(timedelta(minutes=61))
        was = self.world.of_place(place) if held(self.world, place) else None
        self.taken_out |= {was.id} if was else set()
        for part, suffix in self.world.parts:
            text = self.world.text_of(token, part)
            self.world.store(place, f"{place.prefix}DEPLOY{suffix}", text)
        self.hands[place] = token.id

    def _unsealed(self) -> None:
        for name in [*self.shelf.entries]:
            if name.startswith("KEYTURN_SEALED_"):
                self.shelf.drop(name)

    def _sealed_earlier(self) -> None:
        if self._records:
            name, entry = self._records[0]
            self.shelf.put(name, entry.value, at=self.world.box.clock.now)

    def _recover(self) -> None:
        self.watch.excused |= {self.world.first.value} if self.hands else set()
        self.ran.append(run(self.world, "recover", "--apply", "deploy"))

    def _abandon(self) -> None:
        self.ran.append(run(self.world, "recover", "--apply", "--abandon", "deploy"))

    def _now(self) -> None:
        self._rotate(*_ANEW)

    def _leaked(self) -> None:
        self.watch.leaked = True
        self._rotate(*_ANEW, "--leaked")

    def _leaked_killed(self, number: int, after: bool) -> None:
        self.watch.leaked = True
        self.watch.strike_at(number, after=after, writing=True)
        self._rotate(*_ANEW, "--leaked", gate=Doom(self.watch))

    def _overlap(self, at: int, hours: int) -> None:
        name = f"other{len(self.ran)}"

        def beside() -> None:
            self.world.box.clock.advance(hours * _HOUR)
            with self.world.in_run():
                other = self.processes.start(self.world, name)
                other.join(60)
            self.ran.append(Ran(other.exitcode, *outputs(self.world, name)))

        self.watch.strike_at(at, beside=beside)
        self._rotate(*_ANEW)

    def _check(self) -> None:
        ran = run(self.world, "check", "--fail-on", "never")
        self.ran.append(ran)

    def _environment(self) -> None:
        for name in {place.environment for place in self.world.places if place.environment}:
            self.world.repository.environments.pop(name, None)
            self.world.repository.add_environment(name)

    def settle(self) -> None:
        """End every fault, and run day after day until it is quiet."""
        for begun, _ in self.watch.running:
            begun.status, begun.conclusion = "completed", "success"
        recovered = 0
        for hours in _QUIET:
            if hours:
                self.world.live_on(timedelta(hours=hours))
            self._rotate()
            self._restore()
            stopped = any(each.phase in STOPS for each in self.unfinished)
            if stopped and recovered < _MOST_RECOVERED:
                recovered += 1
                self._recover()
            if self.operations and not self.unfinished and self.ran[-1].code == 0:
                return

    def _restore(self) -> None:
        """Do what one is told to where a secret is gone: store the token that works."""
        for place in self.world.places:
            if held(self.world, place):
                continue
            elsewhere = [self.world.of_place(p) for p in self.world.places if held(self.world, p)]
            living = [token for token in elsewhere if token and token.works]
            if living and (self.ran[-1].code == 4 or not self.unfinished):
                self._write(place, living[-1])

    @property
    def operations(self) -> list[Operation]:
        """Return what the journal tells of, the oldest first."""
        return list(known(self.world).operations.values())

    @property
    def unfinished(self) -> Collection[Operation]:
        """Return what is under way."""
        return known(self.world).unfinished()

    @property
    def told(self) -> bool:
        """Whether a person was told, by the last run and an issue."""
        opened = [i for i in self.world.repository.issues.values() if i.state == "open"]
        return self.ran[-1].code == 4 and bool(opened)


def make_by_hand(world: World) -> Issued:
    """Have a person make one more token; the first where there is no room for it."""
    box, seen = world.box, {token.id for token in world.tokens()}
    until = box.clock.now + timedelta(days=90)
    match world:
        case GitLab():
            box.gitlab.create_token(world.kind, "by hand", **_owner(world))
        case SailPoint():
            box.sailpoint.create_pat("by hand", owner=world.manager.owner)
        case Synoptic():
            box.synoptic.create_token(world.account, expires_at=until)
        case Azure():
            now = box.clock.now
            box.azure_devops.create_pat(
                "by hand", owner=world.person, valid_from=now, valid_to=until
            )
    return next((token for token in world.tokens() if token.id not in seen), world.first)


def _owner(world: GitLab) -> dict[str, Any]:
    """Return whose token it is; nobody is made twice."""
    if isinstance(world, GitLabServiceAccount):
        return {"owner": world.account, "group": 7}
    return {"owner": world.person} if isinstance(world, GitLabPersonal) else world.make()


def live(world: World, moves: Sequence[Move], processes: Processes) -> Verdict:
    """Live through a history, and say what does not hold after it."""
    history = History(world, processes)
    for move in moves:
        history.make(move)
    history.settle()
    broken = judge(history)
    lost = sum(text.startswith("1") for text in broken)
    orphans = sum(text.startswith("3") for text in broken)
    return Verdict(broken, lost, orphans, person=history.told, runs=len(history.ran))


def shorten(moves: Sequence[Move], still: Callable[[Sequence[Move]], bool]) -> list[Move]:
    """Return a history without the moves that what it shows does not need."""
    kept, at = list(moves), 0
    while at < len(kept):
        shorter = kept[:at] + kept[at + 1 :]
        if still(shorter):
            kept = shorter
        else:
            at += 1
    return kept
