"""One line on a terminal that says what is being done, and how far it is; then it is erased.

It is made of keyturn's own words and numbers, and never of a name: nothing in it has to be hidden.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, TypeVar, cast

from keyturn.plain import count
from keyturn.terminal import is_terminal

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_PACE = 0.1
"""Seconds between two drawings."""


class Progress:
    """What is being done now, for a person who waits; without a stream nobody is told.

    `patience`: seconds that a person waits without a word.
    """

    def __init__(self, stream: TextIO | None = None, *, patience: float = 1.0) -> None:
        self._stream = stream
        self._patience = patience
        self._lock = threading.Lock()
        self._said = ""
        self._counted = ""
        """Shown instead of what was said, as long as it is not done."""
        self._begin = 0.0
        """When the line may first be drawn; 0: not at all."""
        self._drawn = ""
        """What stands on the line."""
        self._inside_a_line = False
        """Somebody else has begun a line and not ended it."""

    def say(self, what: str) -> None:
        """Say what is being done from now on."""
        self._said = what
        self._draw()

    def each(
        self,
        function: Callable[[_Item], _Result],
        items: Sequence[_Item],
        *,
        what: Callable[[_Item], str],
        noun: str,
    ) -> Callable[[_Item], _Result]:
        """Return the function, counting for how many of the items it was done, in any threads."""
        done, lock = 0, threading.Lock()

        def counted(item: _Item) -> _Result:
            nonlocal done
            with lock:
                self._counted = f"{what(item)}: {done} of {count(len(items), noun)}"
            self._draw()
            try:
                return function(item)
            finally:
                with lock:
                    done += 1
                    if done == len(items):
                        self._counted = ""

        return counted

    def through(self, items: Iterable[_Item], *, what: str, noun: str) -> Iterator[_Item]:
        """Yield the items, counting them; the line is drawn in between, by no thread."""
        looked = 0.0
        for number, item in enumerate(items, start=1):
            now = time.monotonic()
            if now - looked >= _PACE:
                looked = now
                self._counted = f"{what}: {count(number, noun)}"
                self._draw()
            yield item

    def around(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Return the function, saying for how long it waits with what is being done."""

        def wait(seconds: float) -> None:
            said = self._said
            if seconds >= self._patience:
                self._said = f"{said}: waiting {seconds:.0f} s".removeprefix(": ")
            try:
                sleep(seconds)
            finally:
                self._said = said

        return wait

    @contextmanager
    def shown(self, *, ticking: bool = True) -> Iterator[None]:
        """Show what is said and counted until the end, once the patience is over.

        Without `ticking` it is only drawn anew with what is said: no process may be forked beside
        a thread.
        """
        if self._stream is None:
            yield
            return
        self._begin = time.monotonic() + self._patience
        stop = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(stop,), daemon=True)
        with ExitStack() as stack:
            stack.callback(self._end)
            # What anybody prints in the meantime comes between two drawings.
            stack.enter_context(redirect_stderr(self._make_way(self._stream)))
            if is_terminal(sys.stdout):
                stack.enter_context(redirect_stdout(self._make_way(sys.stdout)))
            if ticking:
                ticker.start()
                stack.callback(ticker.join)
                stack.callback(stop.set)
            yield

    def _make_way(self, stream: TextIO) -> TextIO:
        return cast("TextIO", _Between(stream, self))

    def _tick(self, stop: threading.Event) -> None:
        while not stop.wait(_PACE):
            self._draw()

    def _end(self) -> None:
        self._said = self._counted = ""
        self._begin = 0.0
        with self._lock:
            self._erase()
        self._inside_a_line = False

    def write_between(self, stream: TextIO, text: str) -> int:
        """Write to a stream where the line stands, which gives way."""
        with self._lock:
            self._erase()
            self._inside_a_line = not text.endswith("\n") if text else self._inside_a_line
            return stream.write(text)

    def _draw(self) -> None:
        with self._lock:
            if not self._begin or time.monotonic() < self._begin or self._inside_a_line:
                return
            # In the last column some terminals begin a new line.
            text = (self._counted or self._said)[: self._columns() - 1]
            if text != self._drawn:
                self._erase()
                self._write(text)
                self._drawn = text

    def _erase(self) -> None:
        if self._drawn:
            self._write("\r" + " " * len(self._drawn) + "\r")
            self._drawn = ""

    def _write(self, text: str) -> None:
        assert self._stream
        # A terminal that is gone is no reason to end: nobody waits at it.
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

    def _columns(self) -> int:
        assert self._stream
        with suppress(OSError, ValueError):
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        return 80


SILENT = Progress()
"""For those who are started by no person."""


class _Between:
    """A stream whose writes come between two drawings of the line."""

    def __init__(self, stream: TextIO, progress: Progress) -> None:
        self._stream = stream
        self._progress = progress

    def write(self, text: str) -> int:
        return self._progress.write_between(self._stream, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
