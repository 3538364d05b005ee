"""Where a leak is, and that nothing of it is left but its place."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from keyturn.scan.engine import Engine
from keyturn.scan.review import Leak, Reviewer
from keyturn.scan.texts import Text
from tests.scan.corpus.sample import ALNUM, draw

RANDOM = Random(41)
ONE, TWO, THREE = ("gl" + "pat-" + draw(RANDOM, ALNUM, 20) for _ in range(3))


@pytest.fixture
def reviewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reviewer:
    monkeypatch.chdir(tmp_path)
    return Reviewer(Engine(), baseline="none.json")


def review(reviewer: Reviewer, text: str, **about: Any) -> list[Leak]:
    return reviewer.review(Text("a.txt", text.encode())._replace(**about))


def test_places_count_characters_and_lines(reviewer: Reviewer) -> None:
    found = review(reviewer, f"é {ONE} ü {TWO}\n\n  {THREE}\n", line=10)
    assert [(leak.line, leak.column) for leak in found] == [(10, 3), (10, 32), (12, 3)]


def test_only_what_touches_a_judged_range_counts(reviewer: Reviewer) -> None:
    text = f"{ONE}\n{TWO}\n"
    (leak,) = review(reviewer, text, judged=((len(ONE) + 1, len(text)),))
    assert leak.line == 2
    assert review(reviewer, text, judged=()) == []


def test_the_same_token_has_the_same_mark_and_no_leak_holds_a_token(reviewer: Reviewer) -> None:
    first, second, other = review(reviewer, f"{ONE}\n{ONE}\n{TWO}\n")
    assert first.mark == second.mark != other.mark
    assert all(token[6:] not in repr((first, other)) for token in (ONE, TWO))


def test_a_marker_counts_for_its_line_only(reviewer: Reviewer) -> None:
    found = review(reviewer, f"{ONE} # gitleaks:allow\n{TWO}\n")
    assert [leak.allowed for leak in found] == ["gitleaks:allow", ""]


def test_what_a_file_held_before_is_left_out(reviewer: Reviewer) -> None:
    reviewer.is_old = lambda path, token: (path, token) == ("a.txt", ONE.encode())
    assert [leak.line for leak in review(reviewer, f"{ONE}\n{TWO}\n")] == [2]
