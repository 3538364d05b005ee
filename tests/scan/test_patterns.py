"""The table itself: its order, its expressions, and that it loads nothing."""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.scan.anchors import SPECIAL
from keyturn.scan.checksums import CHECKS
from keyturn.scan.engine import Engine
from keyturn.scan.pattern import CHECKSUM, CONTEXT, Pattern
from keyturn.scan.patterns import GENERIC, PATTERNS
from keyturn.scan.structure import CHECKS as STRUCTURES
from tests.scan.corpus.build import SAMPLES

REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT}
ROWS = [*PATTERNS, GENERIC]


def test_there_are_enough_rows_and_no_two_of_a_name() -> None:
    assert len(PATTERNS) >= 250
    assert len({row.id for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_well_formed(row: Pattern) -> None:
    assert row.keywords
    assert row.source
    assert row.regex.isascii()
    assert re.compile(row.regex.encode()).groups <= 1
    assert not row.check or row.check in CHECKS or row.check in STRUCTURES
    assert row.check or row.proof != CHECKSUM
    if row.proof == CONTEXT:
        assert all(word == word.lower() and len(word) >= 4 for word in row.keywords), row.keywords
    assert all(len(word) >= 3 for word in row.keywords if word not in SPECIAL)


def test_every_row_has_a_sample() -> None:
    assert {row.id for row in PATTERNS} == {sample.rule for sample in SAMPLES}


def _nested(tree: Any, *, inside: bool = False) -> Iterator[str]:
    """Say which repetitions without a bound stand within another one."""
    for operation, argument in tree:
        if operation in REPEATS:
            least, most, body = argument
            endless = most == sre.MAXREPEAT
            if inside and endless:
                yield f"{{{least},{most}}}"
            yield from _nested(body, inside=inside or endless)
        elif operation is sre.BRANCH:
            for branch in argument[1]:
                yield from _nested(branch, inside=inside)
        elif operation in (sre.SUBPATTERN, sre.ASSERT, sre.ASSERT_NOT):
            yield from _nested(argument[-1], inside=inside)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_no_repetition_without_bound_stands_in_another(row: Pattern) -> None:
    assert list(_nested(parser.parse(row.regex))) == []


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no alarms there")
@settings(max_examples=12)
@given(data=st.data())
def test_hostile_input_is_judged_in_time(data: st.DataObject) -> None:
    # A quarter of a megabyte made of one row's literal and what nearly is its token: what grows
    # with the square of that takes minutes.
    row = data.draw(st.sampled_from(ROWS))
    word = data.draw(st.sampled_from(row.keywords)).encode()
    filler = data.draw(st.sampled_from([b"", b"a", b"A1b2", b" ", b"\n", b"-", b".", b"=", b":'"]))
    many = data.draw(st.sampled_from([0, 1, 19, 200, 2000]))
    unit = word + filler * many
    text = unit * (250_000 // len(unit))
    signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(60)
    try:
        Engine([row], bulk=True).find(text)
    finally:
        signal.alarm(0)


@pytest.mark.parametrize("filler", [b"A" * 75, b"A1b2" * 20, b"%41" * 25, b"_-" * 30])
def test_names_of_secrets_by_the_hundred_cost_little(filler: bytes) -> None:
    # Each was once looked for again at every character around it: four milliseconds a name.
    text = (b"Pwd" + filler + b"\xdc{") * 1000
    began = time.process_time()
    Engine([GENERIC]).find(text)
    assert time.process_time() - began < 2


def _too_slow(*_: object) -> None:
    raise AssertionError("this does not end in time")


def test_the_table_loads_nothing_heavy() -> None:
    code = (
        "import sys; import keyturn.scan.patterns\n"
        "heavy = {'dataclasses', 'logging', 'inspect', 'pydantic', 'typing', 're', 'enum'}\n"
        "sys.exit(repr(heavy & set(sys.modules)))\n"
    )
    # -S: site-packages of a development environment import these for their own ends.
    script = "import sys; sys.path[:0] = sys.argv[1:]\n" + code
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, *sys.path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == "set()"
