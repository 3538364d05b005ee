"""`keyturn scan` as people start it, in real folders and repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.scan.corpus.sample import ALNUM, HEX, draw

TOKEN = "gl" + "pat-" + draw(Random(21), ALNUM, 20)
SECRET = draw(Random(22), HEX, 64)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def scan(folder: Path, *arguments: str, stdin: bytes = b"", **environ: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", "scan", *arguments],
        cwd=folder,
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)} | environ,
        input=stdin,
        capture_output=True,
        timeout=120,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a token in an old version, one on a branch, one ignored, one untracked."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("build/\n")
    (folder / "old.txt").write_text(f"{TOKEN}\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "old.txt").write_text("clean\n")
    git(folder, "commit", "-q", "-a", "-m", "second")
    (folder / "build").mkdir()
    (folder / "build/made.txt").write_text(f"{TOKEN}\n")
    (folder / "new.txt").write_text(f"{TOKEN}\n")
    return folder


def test_standard_input(tmp_path: Path) -> None:
    code, out, _ = scan(tmp_path, "--stdin", stdin=f"a\nb {TOKEN}\n".encode())
    assert code == 1
    assert out.startswith("<stdin>:2:3: gitlab-pat  glpat-…")
    assert scan(tmp_path, "--stdin", stdin=b"nothing")[0] == 0


def test_a_folder_respects_gitignore_unless_what_is_ignored_is_named(repository: Path) -> None:
    _, out, _ = scan(repository)
    assert [line.split(":")[0] for line in out.splitlines()[:1]] == ["new.txt"]
    assert "made.txt" not in out
    code, out, _ = scan(repository, "build")
    assert code == 1
    assert out.startswith("build/made.txt:1:1: gitlab-pat")


def test_all_means_the_work_tree_from_any_folder_of_it(repository: Path) -> None:
    (repository / "inner").mkdir()
    (repository / "inner/x.zip").write_bytes(b"PK\3\4" + b"x" * 40)
    code, out, err = scan(repository / "inner", "--all", GIT_CEILING_DIRECTORIES="")
    assert code == 1
    assert "new.txt:1:1" in out
    assert "x.zip: an archive, which is not opened" in err
    assert scan(repository / "inner", "--all", "--strict", GIT_CEILING_DIRECTORIES="")[0] == 3


def test_the_history_names_the_commit_that_brought_it_in(repository: Path) -> None:
    code, out, _ = scan(repository, "--history")
    first = git(repository, "rev-list", "--max-parents=0", "HEAD").strip()
    commit, _, rest = out.splitlines()[0].partition(":")
    assert code == 1
    assert first.startswith(commit)
    assert rest == "old.txt:1:1: gitlab-pat  glpat-…"
    assert scan(repository, "--history", "HEAD~1..HEAD")[0] == 0
    code, _, err = scan(repository, "--history", "nowhere..HEAD")
    assert code == 2
    assert "nowhere" in err
    assert scan(repository, "--history=--output=x")[0] == 2
    assert not (repository / "x").exists()


def test_a_line_that_another_scanner_accepts_in_a_commit_is_allowed_there(
    repository: Path,
) -> None:
    first = git(repository, "rev-list", "--max-parents=0", "HEAD").strip()
    ignored = repository / ".gitleaksignore"
    ignored.write_text(f"{first}:old.txt:gitlab-pat:1\n")
    code, out, _ = scan(repository, "--history", "--show-allowed")
    assert code == 0
    assert out.endswith("old.txt:1:1: gitlab-pat  allowed: .gitleaksignore\n")
    ignored.write_text(f"{'0' * 40}:old.txt:gitlab-pat:1\n")
    assert scan(repository, "--history")[0] == 1


def test_a_repository_without_commits_has_an_empty_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert scan(tmp_path, "--history")[:2] == (0, "")


def test_a_push_is_what_the_remote_does_not_have(repository: Path) -> None:
    first, second = git(repository, "rev-list", "--reverse", "HEAD").split()
    nothing = scan(repository, "--pre-push", PRE_COMMIT_FROM_REF=first, PRE_COMMIT_TO_REF=second)
    assert nothing[0] == 0
    (repository / "old.txt").write_text(f"{TOKEN}\nand {SECRET} of sailpoint: client_secret\n")
    git(repository, "commit", "-q", "-a", "-m", "third")
    third = git(repository, "rev-parse", "HEAD").strip()
    code, out, _ = scan(
        repository, "--pre-push", PRE_COMMIT_FROM_REF=second, PRE_COMMIT_TO_REF=third
    )
    assert code == 1
    assert "old.txt:1:1: gitlab-pat" in out
    # What the file held at the remote already is not this push's doing.
    assert (
        "gitlab-pat"
        not in scan(repository, "--pre-push", PRE_COMMIT_FROM_REF=first, PRE_COMMIT_TO_REF=third)[1]
    )


def test_reports_for_programs_hold_no_token(repository: Path) -> None:
    code, out, _ = scan(repository, "--format", "json", "--output", "sarif=out.sarif")
    assert code == 1
    report = json.loads(out)
    assert [leak["path"] for leak in report["leaks"]] == ["new.txt"]
    assert TOKEN not in out
    sarif = json.loads((repository / "out.sarif").read_text())
    assert len(sarif["runs"][0]["results"]) == 1
    assert TOKEN not in (repository / "out.sarif").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "there is no file or folder nowhere"),
        (("--stdin", "a"), "--stdin takes no paths"),
        (("--history", "HEAD", "a"), "--history takes no paths"),
        (("--staged", "--stdin"), "not allowed with"),
        (("--format", "markdown"), "is none of its values"),
        (
            ("--output", "markdown=x.md"),
            "a scan has no such format\n  hint: one of text, json, sarif",
        ),
    ],
)
def test_what_makes_no_sense_is_said(
    repository: Path, arguments: tuple[str, ...], told: str
) -> None:
    code, out, err = scan(repository, *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_a_format_that_a_scan_does_not_have_leaves_no_file_at_all(repository: Path) -> None:
    before = sorted(repository.iterdir())
    assert scan(repository, "--output", "json=a.json", "--output", "markdown=b.md")[0] == 2
    assert sorted(repository.iterdir()) == before


def test_every_other_form_of_output_is_written(repository: Path) -> None:
    outputs = ("text=a.txt", "json=a.json", "plain", "a=b")
    scan(repository, *(word for output in outputs for word in ("--output", output)))
    assert "new.txt:1:1: gitlab-pat" in (repository / "a.txt").read_text()
    assert (repository / "plain").read_text() == (repository / "a.txt").read_text()
    assert (repository / "a=b").read_text() == (repository / "a.txt").read_text()
    assert json.loads((repository / "a.json").read_text())["summary"]["leaks"] == 1


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_notes_are_always_told_and_what_was_not_scanned_unless_the_report_names_it(
    repository: Path, form: str
) -> None:
    (repository / ".gitleaksignore").write_text("nonsense\n")
    (repository / "x.zip").write_bytes(b"PK\3\4" + b"x" * 40)
    _, out, err = scan(repository, "--format", form)
    note = "keyturn: .gitleaksignore: line 1 is no fingerprint and accepts nothing\n"
    unread = "keyturn: not scanned: x.zip: an archive, which is not opened\n"
    assert err == (note + unread if form == "text" else note)
    assert ("x.zip" in out) is (form != "text")


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ('patterns: [{ id: a, keyword: b, regex: "(" }]', "regular expression"),
        ('patterns: [{ id: a, keyword: b, regex: "(?u)b" }]', "for text only"),
        ("patterns: [{ id: a, keyword: b }]", "regex"),
        ("generic: perhaps", "generic"),
    ],
)
def test_a_wrong_scan_block_is_named_with_its_line(repository: Path, block: str, told: str) -> None:
    (repository / "keyturn.yml").write_text(f"version: 1\nscan:\n  {block}\n")
    code, _, err = scan(repository)
    assert code == 2
    assert "keyturn.yml:3:" in err
    assert told in err


def test_the_generic_rule_is_off_unless_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'db_password = "{draw(Random(4), ALNUM, 24)}"\n')
    assert scan(tmp_path)[0] == 0
    (tmp_path / "keyturn.yml").write_text("version: 1\nscan: { generic: true }\n")
    code, out, _ = scan(tmp_path)
    assert code == 1
    assert out.startswith("a.py:1:16: generic-secret  …")


def test_a_huge_line_and_a_large_file_are_scanned_to_their_end(tmp_path: Path) -> None:
    (tmp_path / "line.js").write_bytes(b"x=1;" * 13_000_000 + TOKEN.encode() + b";" + b"y" * 1000)
    code, out, _ = scan(tmp_path, "line.js")
    assert code == 1
    assert out.startswith("line.js:1:")
