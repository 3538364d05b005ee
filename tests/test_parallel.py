from __future__ import annotations

import threading

import pytest

from keyturn import parallel


def test_results_are_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def double(number: int) -> int:
        if number == 1:
            assert first_may_end.wait(5)
        if number == 3:
            first_may_end.set()
        return number * 2

    assert parallel.start(double, [1, 2, 3], workers=2)() == [2, 4, 6]


def test_nothing_to_do_is_done_at_once() -> None:
    assert parallel.start(str, [], workers=4)() == []


def test_no_more_threads_than_allowed() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def count(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    parallel.start(count, range(20), workers=3)()
    assert 1 <= most <= 3


def test_an_error_waits_for_the_others_and_is_raised() -> None:
    done = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError("first")
        done.append(number)

    with pytest.raises(ValueError, match="first"):
        parallel.start(work, range(4), workers=1)()
    assert done == [1, 2, 3]


def test_its_threads_do_not_keep_the_process_alive() -> None:
    release = threading.Event()
    parallel.start(lambda _: release.wait(5), [1], workers=1)
    alive = [thread for thread in threading.enumerate() if "work" in thread.name]
    assert alive
    assert all(thread.daemon for thread in alive)
    release.set()
