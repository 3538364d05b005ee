"""Sees every request of a history: what it ends, and who holds that; and has things happen at one.

It draws nothing and decides nothing about a history.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from keyturn.sandbox.github_world import Run
from keyturn.sandbox.server import Request, Response, Server
from tests.rotation.running import Gate, Killed, Tap
from tests.rotation.worlds import Issued, Place, World


@dataclass(slots=True)
class Watch(Tap):
    """Sees what every request does, and has something happen at one of them."""

    writing: bool = False
    """Only requests that change something are counted, and struck."""
    writes: int = 0
    beside: Callable[[], None] | None = None
    """What happens before the struck request is answered, which is answered all the same."""
    running: list[tuple[Run, set[str]]] = field(default_factory=list)
    """Unfinished runs, and the values that they hold."""
    by_hand: set[str] = field(default_factory=set)
    """Ids of the tokens that a person made."""
    excused: set[str] = field(default_factory=set)
    """Values that a person wrote into a secret and said to be right."""
    broken: list[str] = field(default_factory=list)
    leaked: bool = False
    ours: set[str] = field(default_factory=set)
    """Ids of the tokens that came to be at a request."""

    def strike_at(self, number: int, **how: Any) -> None:
        """Have the request of that number struck, from now on."""
        self.after, self.times, self.writing = False, 1, False
        self.strike, self.only, self.beside = (lambda: None), None, None
        for name, value in how.items():
            setattr(self, name, value)
        self.at = number + (self.writes if self.writing else self.count)

    def rest(self) -> None:
        """Strike nothing more."""
        self.at = 0

    def _wrap(self, server: Server) -> Callable[[Request], Response | None]:
        answer = server.answer

        def answered(request: Request) -> Response | None:
            with self._lock:
                self.methods.append(request.method)
                self.writes += request.method != "GET"
                mine = self._is_struck(request, server)
                self.times -= mine
                beside = self.beside if mine else None
            if beside:
                beside()  # other runs ask meanwhile
                mine = False
            if mine and not self.after:
                return self.strike()
            with self._lock:
                before = self._tokens(request)
                response = answer(request)
                self._compare(before, self._tokens(request))
            return self.strike() if mine else response

        return answered

    def _is_struck(self, request: Request, server: Server) -> bool:
        if not self.at or self.times <= 0 or self.only not in (None, server):
            return False
        if self.writing:
            return request.method != "GET" and self.at <= self.writes
        return self.at <= self.count

    def _tokens(self, request: Request) -> list[Issued]:
        return [] if request.method == "GET" else self.world.tokens()

    def _compare(self, before: list[Issued], after: list[Issued]) -> None:
        alive = {token.id for token in before if not token.ended}
        self.ours |= {token.id for token in after} - {token.id for token in before}
        ended = [token for token in after if token.ended and token.id in alive]
        if self.world.strategy != "overlap" or self.leaked:
            return
        for token in ended:
            if token.id in self.by_hand:
                self.broken.append("4: a token that somebody made by hand was ended")
            for place in self.world.places:
                if token.value in set(held(self.world, place).values()) - self.excused:
                    self.broken.append(f"4: {name_of(place)} held the token that was ended")
            for run_, values in self.running:
                if run_.status != "completed" and token.value in values:
                    self.broken.append("4: an unfinished run held the token that was ended")


class Doom(Gate):
    """Kills a run at the request that is struck, whose answer never comes."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def _within(self, _seconds: float, call: Callable[[], Any]) -> Any:
        try:
            if self._dead:
                raise Killed
            return call()
        finally:
            if self._watch.times <= 0:
                self._dead = True
                raise Killed


def held(world: World, place: Place) -> dict[str, str]:
    """Return what a place holds; nothing where it is gone."""
    with suppress(KeyError):
        return world.held(place)
    return {}


def name_of(place: Place) -> str:
    """Return how a place is called in a complaint."""
    return place.prefix or "the repository's secret"
