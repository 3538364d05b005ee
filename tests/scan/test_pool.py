"""Many files in several processes: nothing twice, nothing lost, and a lost process is noticed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from keyturn.scan.pool import FEW, WorkerLost, judge_all
from keyturn.scan.review import Leak
from keyturn.scan.texts import Unread

MANY = [f"folder/{number} \udcff" for number in range(FEW * 5)]


def judge(path: str) -> Iterator[Leak | Unread]:
    if path.endswith("7 \udcff"):
        yield Unread(path, "a seven")
    else:
        yield Leak(path, 1, 2, 3, "rule", "pre…", "likely")


@pytest.mark.parametrize("files", [MANY, MANY[:10], []])
def test_every_file_is_judged_once(files: list[str]) -> None:
    found = judge_all(iter(files), judge, lambda: None)
    assert sorted(item.path for item in found) == sorted(files)
    assert sum(isinstance(item, Unread) for item in found) == sum("7 " in path for path in files)
    assert {type(item) for item in found} <= {Leak, Unread}


def test_only_many_files_are_worth_preparing_for() -> None:
    called: list[int] = []
    judge_all(iter(MANY[:10]), judge, lambda: called.append(1))
    assert called == []
    judge_all(iter(MANY), judge, lambda: called.append(1))
    assert called == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one process there")
def test_a_process_that_dies_is_noticed() -> None:
    parent = os.getpid()

    def dying(path: str) -> Iterator[Leak | Unread]:
        if path == MANY[-1] and os.getpid() != parent:
            os._exit(9)
        yield from judge(path)

    with pytest.raises(WorkerLost):
        judge_all(iter(MANY), dying, lambda: None)
