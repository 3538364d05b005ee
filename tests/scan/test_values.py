from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from keyturn.scan.engine import Engine
from keyturn.scan.files import read
from keyturn.scan.review import Leak, Reviewer
from keyturn.scan.texts import Text
from keyturn.scan.values import read_values
from tests.scan.corpus.sample import ALNUM, draw
from tests.systems import needs_links

VALUES = ["gl" + "pat-" + draw(Random(seed), ALNUM, 20) for seed in range(3)]


def leaks_of(folder: Path, name: str) -> list[Leak]:
    reviewer = Reviewer(Engine(), baseline=str(folder / "none.json"))
    texts = [text for text in read(str(folder / name)) if isinstance(text, Text)]
    return [leak._replace(path=name) for text in texts for leak in reviewer.review(text)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_every_value_is_read_again_from_its_place(tmp_path: Path, encoding: str) -> None:
    lines = ["# ä", *(f"  token = {value}" for value in VALUES), ""]
    (tmp_path / "a.env").write_text("\n".join(lines), encoding=encoding)
    leaks = leaks_of(tmp_path, "a.env")
    assert len(leaks) == 3
    found = read_values(tmp_path, leaks)
    assert [found[leak].reveal() for leak in leaks] == VALUES


@needs_links
def test_what_has_moved_gone_or_lies_outside_is_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for folder in (tmp_path, inside):
        (folder / "a.env").write_text(f"token = {VALUES[0]}\n")
    (leak,) = leaks_of(inside, "a.env")
    (inside / "link.env").symlink_to(tmp_path / "a.env")
    (inside / "loop.env").symlink_to(inside / "loop.env")
    elsewhere = [
        leak._replace(line=2),
        leak._replace(column=1),
        leak._replace(rule="npm-token"),
        *(
            leak._replace(path=path)
            for path in (
                "b.env",
                "../a.env",
                str(tmp_path / "a.env"),
                "link.env",
                "loop.env",
                "",
                "a\0b",
                "\ud800",
                "x" * 5000,
            )
        ),
    ]
    assert read_values(inside, elsewhere) == {}
    assert list(read_values(inside, [leak])) == [leak]


def test_one_place_in_several_commits_is_one_value(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(f"token = {VALUES[0]}\n")
    (leak,) = leaks_of(tmp_path, "a.env")
    leaks = [leak._replace(commit=commit) for commit in ("0a1b2c3", "4d5e6f7")]
    found = read_values(tmp_path, leaks)
    assert [found[each].reveal() for each in leaks] == [VALUES[0]] * 2
