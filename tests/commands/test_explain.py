"""`keyturn explain`: the same words as the documentation."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from hatchling import build

from keyturn.cli import main
from keyturn.commands import explain
from keyturn.rules import SEVERITIES
from keyturn.sandbox import example
from keyturn.scan.patterns import GENERIC, PATTERNS


def explained(capsys: pytest.CaptureFixture[str], rule: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["explain", rule, "--color", "never"], {}, now=example.NOW)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize("rule", SEVERITIES)
def test_every_finding_is_explained_in_the_words_of_its_page(
    root: Path, capsys: pytest.CaptureFixture[str], rule: str
) -> None:
    code, out, _ = explained(capsys, rule)
    assert code == 0
    assert out.startswith(f"{rule} ({SEVERITIES[rule]})\n\nWhat it means. ")
    for part in ("Why it matters.", "What to do."):
        assert f"\n\n{part} " in out
    assert "**" not in out
    assert "](" not in out
    page = explain.sections((root / "docs/reference/findings.md").read_text(encoding="utf-8"))
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", page[rule].replace("**", ""))
    assert " ".join(out.split()).endswith(" ".join(plain.split()))


def test_a_leaks_rule_is_explained_by_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    pattern = next(row for row in PATTERNS if row.id == "gitlab-pat")
    code, out, _ = explained(capsys, "GitLab-PAT")
    assert code == 0
    assert all(word in out for word in (*pattern.keywords, pattern.proof, "keyturn: allow["))
    assert all(explain.describe(row) for row in PATTERNS)


def test_the_rule_without_a_format_is_explained_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = explained(capsys, GENERIC.id)
    assert (code, out.partition("\n")[0]) == (0, "generic-secret (leak)")
    assert "It is no vendor's format, and asked for by `scan.generic: true` alone." in " ".join(
        out.split()
    )
    assert out.count("`passphrase`") == 1
    assert "PASSPHRASE" not in out


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("expirng", "did you mean 'expiring'?"),
        ("gitlab-patt", "did you mean 'gitlab-pat'?"),
        ("zzzzzz", "known here: expired, "),
        ("::error::x\x1b[31m", "known here"),
    ],
)
def test_an_unknown_rule_is_a_mistake_with_a_hint(
    capsys: pytest.CaptureFixture[str], given: str, hint: str
) -> None:
    code, out, err = explained(capsys, given)
    assert (code, out) == (2, "")
    assert hint in err
    assert "\x1b" not in err
    assert not any(line.startswith("::") for line in err.splitlines())


def test_the_text_is_in_what_is_installed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    wheel = build.build_wheel(str(tmp_path))
    with zipfile.ZipFile(tmp_path / wheel) as packed:
        text = packed.read("keyturn/findings.md")
    assert text == (root / "docs/reference/findings.md").read_bytes()
