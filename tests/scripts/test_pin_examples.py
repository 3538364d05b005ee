"""The pins of keyturn are renewed after a release, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import pin_examples
from tests.scripts.repositories import Project, git, read_state

OLD, NEW = "1" * 40, "2" * 40
INIT = "src/keyturn/commands/init.py"
BEFORE = f"""- uses: actions/checkout@{OLD} # v6.0.2
- uses: keyturn/keyturn@{OLD} # main\r
- uses: keyturn/keyturn/composite@{OLD} # v0.1.0
- repo: https://github.com/keyturn/keyturn
  rev: v0.1.0
- repo: https://github.com/other/keyturn
  rev: v0.1.0
"""
AFTER = f"""- uses: actions/checkout@{OLD} # v6.0.2
- uses: keyturn/keyturn@{NEW} # v0.2.0\r
- uses: keyturn/keyturn/composite@{NEW} # v0.2.0
- repo: https://github.com/keyturn/keyturn
  rev: v0.2.0
- repo: https://github.com/other/keyturn
  rev: v0.1.0
"""


@pytest.fixture
def pinned(project: Project) -> Project:
    project.write("workflows-examples/a.yml", BEFORE)
    project.write("docs/how-to/a.md", BEFORE)
    project.write(INIT, f'PINNED = "keyturn/keyturn@{OLD} # main"')
    project.write("docs/picture.png", BEFORE)
    project.commit("tests/case.yml", BEFORE)
    project.write("docs/not-tracked.md", BEFORE)
    return project


def text(project: Project, path: str) -> str:
    return (project.root / path).read_bytes().decode()


def test_every_pin_of_keyturn_is_renewed_and_no_other(
    pinned: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pin_examples.main([NEW, "v0.2.0"], pinned.root) == 0
    assert capsys.readouterr().out == "3 files renewed\n"
    assert text(pinned, INIT) == f'PINNED = "keyturn/keyturn@{NEW} # v0.2.0"'
    for path in ("workflows-examples/a.yml", "docs/how-to/a.md"):
        assert text(pinned, path) == AFTER
    for path in ("docs/picture.png", "tests/case.yml", "docs/not-tracked.md"):
        assert text(pinned, path) == BEFORE
    assert pin_examples.renew(pinned.root, NEW, "v0.2.0") == []


@pytest.mark.parametrize("words", [(NEW[:7], "v0.2.0"), (NEW, "0.2.0"), (NEW, "main")])
def test_a_pin_is_a_whole_commit_and_a_version(
    pinned: Project, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert pin_examples.main(words, pinned.root) == 1
    assert "give a full commit and a tag" in capsys.readouterr().err
    assert text(pinned, "docs/how-to/a.md") == BEFORE


def test_one_pull_request_asks_for_it(pinned: Project, gh: Path) -> None:
    before = git(pinned.remote, "rev-parse", "main")
    words = [NEW, "v0.2.0", "--pull-request"]
    assert pin_examples.main(words, pinned.root) == 0
    assert read_state(gh)["requests"] == ["pins-v0.2.0"]
    changed = git(pinned.remote, "diff", "--name-only", "main", "pins-v0.2.0").split()
    assert changed == ["docs/how-to/a.md", INIT, "workflows-examples/a.yml"]
    # Run again from main, as another runner would: the branch is made anew, no second request.
    git(pinned.root, "switch", "-q", "main")
    assert pin_examples.main(words, pinned.root) == 0
    assert read_state(gh)["requests"] == ["pins-v0.2.0"]
    assert git(pinned.remote, "rev-parse", "main") == before


def test_no_pin_of_this_repository_is_left_out(root: Path) -> None:
    pin = r"keyturn/keyturn[a-z/]*@[0-9a-f]{40} #"
    # Tests pin what they like, and the changelog tells what was.
    names = git(root, "grep", "-lE", pin, "--", ":!tests", ":!CHANGELOG.md").splitlines()
    assert names
    assert {root / name for name in names} <= set(pin_examples.list_files(root))
