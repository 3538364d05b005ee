"""What must hold for any input holds for the seeds, and `fuzz.run` finds what does not hold."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from fuzz import run
from fuzz.source import Source, changed, noise

NAMES = run.targets()
needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not installed here"
)
BROKEN = """\
def seeds():
    return [b"a"]

def words():
    return ["!"]

def check(data):
    if b"!" in data:
        raise AssertionError("planted")
"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of one target, which one character breaks."""
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "broken.py").write_text(BROKEN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return "planted"


@pytest.mark.parametrize("name", NAMES)
def test_what_must_hold_for_any_bytes_holds_for_the_seeds(name: str) -> None:
    target = run.property_of(name)
    seeds = list(target.seeds())
    assert len(seeds) > 20
    for seed in (b"", *seeds):
        target.check(seed)


@needs_atheris
def test_a_planted_bug_is_found_and_can_be_replayed(
    planted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.run_all(["broken"], seconds=20, package=planted) == 1
    printed = capsys.readouterr().out
    assert "AssertionError: planted" in printed
    (found,) = tmp_path.glob("keyturn-fuzz-*/broken-crash-*")
    assert f"--replay broken {found}" in printed
    assert b"!" in found.read_bytes()
    with pytest.raises(AssertionError, match="planted"):
        run.property_of("broken", package=planted).check(found.read_bytes())


@needs_atheris
def test_a_target_that_does_not_even_start_is_no_success(
    planted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / planted / "broken.py"
    ends = "import sys\n\nif 'atheris' in sys.modules:\n    raise SystemExit(3)\n"
    file.write_text(BROKEN + ends, encoding="utf-8")
    assert run.run_all(["broken"], seconds=1, package=planted) == 1
    assert "did not end well" in capsys.readouterr().out


def test_a_file_is_replayed_without_atheris(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "found"
    file.write_bytes(b"\0version: 1")
    assert run.main(["--replay", "config", str(file)]) == 0
    assert "config holds for" in capsys.readouterr().out


def test_where_atheris_is_missing_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _name: None)
    assert run.main(["config"]) == 2
    assert "CPython up to 3.13 on Linux" in capsys.readouterr().err


def test_an_unknown_target_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(["nothing"])
    assert ended.value.code == 2
    assert "no target is called nothing; there are config, " in capsys.readouterr().err


def test_choices_are_taken_from_the_bytes_and_end_with_them() -> None:
    source = Source(b"\x07\x02ab\x01\x00rest")
    assert source.below(5) == 2
    assert source.take(9) == b"ab"
    assert source.below(1000) == 1
    assert source.rest() == b"rest"
    assert (source.below(9), source.take(9), source.rest(), source.pick("xy")) == (
        0,
        b"",
        b"",
        "x",
    )


def test_a_tree_is_changed_and_its_original_is_not() -> None:
    tree = {"a": [1, {"b": "c"}], "d": None}
    found = {repr(changed(tree, Source(noise(number)), ("atom",))) for number in range(60)}
    assert len(found) > 30
    assert tree == {"a": [1, {"b": "c"}], "d": None}
    assert changed(tree, Source(b""), ("atom",)) == tree
