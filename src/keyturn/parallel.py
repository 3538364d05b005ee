"""A bounded pool and a bounded wait; their threads never keep the process alive.

The standard executors wait for their threads at exit, so that an interrupt would hang on the
slowest provider. It knows nothing of what it runs.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def within(seconds: float, call: Callable[[], _Result]) -> _Result:
    """Run in a thread of its own and wait. Raises TimeoutError, and leaves the thread to end.

    Neither a name that does not resolve nor an answer that drips in can be bounded otherwise: the
    HTTP libraries' timeouts hold for each read from the socket, and for no look-up at all.
    """
    outcome: Future[_Result] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # handed to the waiting thread, whatever it is
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return outcome.result(timeout=max(0.0, seconds))


def start(
    function: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int
) -> Callable[[], list[_Result]]:
    """Begin to apply a function to every item; the answer, when called, waits for all results.

    Results are in the order of the items. The function must not raise: what it raises is raised
    again by the answer, once the others are done.
    """
    todo: queue.SimpleQueue[tuple[int, _Item]] = queue.SimpleQueue()
    count = 0
    for numbered in enumerate(items):
        todo.put(numbered)
        count += 1
    results: dict[int, _Result] = {}
    raised: list[BaseException] = []
    finished: queue.SimpleQueue[None] = queue.SimpleQueue()

    def work() -> None:
        while True:
            try:
                index, item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                results[index] = function(item)
            except BaseException as error:
                raised.append(error)
            finished.put(None)

    for _ in range(min(workers, count)):
        threading.Thread(target=work, daemon=True).start()

    def wait() -> list[_Result]:
        for _ in range(count):
            finished.get()
        if raised:
            raise raised[0]
        return [results[index] for index in range(count)]

    return wait
