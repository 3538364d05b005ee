"""`keyturn-scan` as a process of its own, in real repositories."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.scan.corpus.sample import ALNUM, draw

TOKEN = "gl" + "pat-" + draw(Random(7), ALNUM, 20)
OTHER = "gl" + "pat-" + draw(Random(8), ALNUM, 20)


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def hook(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from keyturn.scan.hook import run; run()", *arguments],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def stage(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    git(folder, "--literal-pathspecs", "add", "--", name)


def test_a_clean_commit_passes_without_a_word(repository: Path) -> None:
    stage(repository, "a.py", "print('hello')\n")
    done = hook(repository, "a.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_leak_is_placed_previewed_and_explained(repository: Path) -> None:
    stage(repository, "conf/a.yml", f"one: 1\n  två: {TOKEN}\n")
    done = hook(repository, "conf/a.yml")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "conf/a.yml:2:8: gitlab-pat  glpat-…"
    assert lines[1] == "1 token in 1 file."
    assert "git restore --staged" in lines[2]
    assert "keyturn: allow[gitlab-pat]" in lines[3]
    assert TOKEN[6:] not in done.stdout + done.stderr


def test_only_added_lines_are_judged(repository: Path) -> None:
    stage(repository, "a.txt", f"old {TOKEN}\n" + "x\n" * 30)
    git(repository, "commit", "-q", "-m", "before the hook")
    stage(repository, "a.txt", f"old {TOKEN}\n" + "x\n" * 29 + f"new {OTHER}\n")
    done = hook(repository, "a.txt")
    assert done.returncode == 1
    assert "a.txt:31:5" in done.stdout
    assert "a.txt:1:" not in done.stdout


def test_named_files_without_a_staged_change_are_scanned_whole(repository: Path) -> None:
    stage(repository, "tracked.txt", f"{TOKEN}\n")
    git(repository, "commit", "-q", "-m", "before the hook")
    (repository / "tracked.txt").write_text("clean on disk only\n")
    (repository / "untracked.txt").write_text(f"{OTHER}\n")
    stage(repository, "staged.txt", "fine\n")
    done = hook(repository, "staged.txt", "tracked.txt", "untracked.txt")
    assert done.returncode == 1
    assert "tracked.txt:1:1: gitlab-pat" in done.stdout
    assert "untracked.txt:1:1: gitlab-pat" in done.stdout


def test_names_may_be_written_in_any_way_and_folders_mean_what_is_in_them(
    repository: Path,
) -> None:
    stage(repository, "conf/a.txt", f"{TOKEN}\n")
    stage(repository, "b.txt", "fine\n")
    git(repository, "commit", "-q", "-m", "before the hook", "b.txt")
    # On disk all is well: only what is staged is not.
    (repository / "conf/a.txt").write_text("fine\n")
    names = ("./conf/a.txt", "conf//a.txt", str(repository / "conf/a.txt"), "conf", "conf/", ".")
    for name in names:
        done = hook(repository, name)
        assert done.returncode == 1, name
        assert done.stdout.startswith("conf/a.txt:1:1: gitlab-pat"), name
    inner = hook(repository / "conf", "../conf/a.txt")
    assert inner.stdout.startswith("a.txt:1:1: gitlab-pat")
    assert hook(repository, "b.txt").returncode == 0
    (repository / "empty").mkdir()
    done = hook(repository, "empty")
    assert "not scanned: empty: a folder with nothing tracked in it" in done.stderr
    git(repository, "commit", "-q", "-m", "all of it")
    assert hook(repository, "conf").returncode == 1


def test_an_encoded_token_at_the_start_of_an_added_line_is_found_in_a_large_patch(
    repository: Path,
) -> None:
    encoded = base64.b64encode(f"the token is {TOKEN} and more\n".encode()).decode()
    stage(repository, "big.txt", "some filler, line after line\n" * 6000 + encoded + "\n")
    done = hook(repository, "big.txt")
    assert done.returncode == 1
    assert done.stdout.startswith("big.txt:6001:1: gitlab-pat")


def test_what_is_not_named_is_left_out(repository: Path) -> None:
    # pre-commit's `exclude` works by not naming a file.
    stage(repository, "fixtures/a.txt", f"{TOKEN}\n")
    stage(repository, "b.txt", "fine\n")
    assert hook(repository, "b.txt").returncode == 0
    assert hook(repository).returncode == 1


def test_what_cannot_be_read_is_said(repository: Path) -> None:
    (repository / "a.zip").write_bytes(b"PK\3\4" + bytes(40))
    done = hook(repository, "a.zip", "nowhere.txt")
    assert done.returncode == 0
    assert "not scanned: a.zip: an archive" in done.stderr
    assert "not scanned: nowhere.txt: No such file" in done.stderr
    assert hook(repository, "--strict", "a.zip").returncode == 3


def test_notes_stand_before_what_cannot_be_read(repository: Path) -> None:
    stage(repository, "a.txt", f"{TOKEN}\n")
    (repository / ".gitleaksignore").write_text("nonsense\n")
    done = hook(repository, "a.txt", "nowhere.txt")
    assert done.returncode == 1
    assert done.stderr == (
        "keyturn: .gitleaksignore: line 1 is no fingerprint and accepts nothing\n"
        "keyturn: not scanned: nowhere.txt: No such file or directory\n"
    )


def test_a_commit_message_is_judged_down_to_the_scissors(tmp_path: Path) -> None:
    message = tmp_path / "COMMIT_EDITMSG"
    scissors = "# ------------------------ >8 ------------------------"
    message.write_text(f"use it\n\n{scissors}\n+ {TOKEN}\n")
    assert hook(tmp_path, "--commit-msg", str(message)).returncode == 0
    message.write_text(f"use {TOKEN}\n")
    assert hook(tmp_path, "--commit-msg", str(message)).returncode == 1


def test_outside_a_repository_it_says_so(tmp_path: Path) -> None:
    done = hook(tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert done.returncode == 2
    assert "not a git repository" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_baseline_stops_the_commit_with_a_word(repository: Path) -> None:
    stage(repository, "a.txt", f"{TOKEN}\n")
    (repository / ".secrets.baseline").write_text("{")
    done = hook(repository, "a.txt")
    assert done.returncode == 2
    assert ".secrets.baseline" in done.stderr


def test_a_marker_and_our_baseline_are_honoured(repository: Path) -> None:
    stage(repository, "a.txt", f"{TOKEN}  # keyturn: allow[gitlab-pat] long dead\n{OTHER}\n")
    written = hook(repository, "--write-baseline", ".keyturn-baseline.json", "a.txt")
    assert written.returncode == 0, written.stderr
    assert "1 token accepted" in written.stderr
    assert hook(repository, "a.txt").returncode == 0
    shown = hook(repository, "--show-allowed", "a.txt").stdout
    assert "a.txt:1:1: gitlab-pat  allowed: keyturn: allow long dead" in shown
    assert "a.txt:2:1: gitlab-pat  allowed: .keyturn-baseline.json" in shown


def test_a_scan_block_in_the_configuration_is_obeyed(repository: Path) -> None:
    (repository / "keyturn.yml").write_text(
        "\ufeffversion: 1\nscan:\n  allow-paths: [vendor/*]\n"
        '  patterns: [{ id: acme, keyword: acme_, regex: "acme_[a-z]{8}" }]\n'
    )
    stage(repository, "vendor/a.txt", f"{TOKEN}\n")
    stage(repository, "b.txt", "acme_" + "qwertyui\n")
    done = hook(repository, "vendor/a.txt", "b.txt")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "b.txt:1:1: acme  acme_…"
    assert "vendor" not in done.stdout


def test_a_wrong_configuration_is_named_with_its_line(repository: Path) -> None:
    (repository / "keyturn.yml").write_text("version: 1\nscan:\n  patern: []\n")
    done = hook(repository)
    assert done.returncode == 2
    assert "keyturn.yml:3:" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_a_hostile_file_name_stays_inert(repository: Path) -> None:
    name = "::error::a\x1b[2J\nb.txt"
    stage(repository, name, f"{TOKEN}\n")
    done = hook(repository, name)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert not done.stdout.startswith("::")
    assert "\\x1b[2J\\nb.txt:1:1: gitlab-pat" in done.stdout
