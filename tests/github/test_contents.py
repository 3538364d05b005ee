from __future__ import annotations

from collections.abc import Iterator

import pytest

from keyturn.errors import NotPermitted, PlatformRefused, PlatformUnavailable
from keyturn.github.contents import Contents
from keyturn.sandbox import Response, Sandbox
from tests.github.worlds import TOKEN, client_of, fail, lines, world

RELEASE = ".github/workflows/release.yml"
TEXT = "on: push\n# \u00e4\u4f60\n"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    files = {
        RELEASE: TEXT,
        ".github/workflows/a b#?.yaml": "on: {}",
        ".github/workflows/notes.md": "no workflow",
        ".github/workflows/deep/x.yml": "no workflow",
        ".github/dependabot.yml": "version: 2",
    }
    with world(files=files) as made:
        made.github.add_repository("octo/empty")
        yield made


@pytest.fixture
def tree(box: Sandbox) -> Contents:
    return Contents(client_of(box), "octo/app")


def test_the_folder_is_one_request(box: Sandbox, tree: Contents) -> None:
    assert tree.list_workflows() == [".github/workflows/a b#?.yaml", RELEASE]
    assert len(lines(box)) == 1


def test_a_file_is_its_bytes(tree: Contents) -> None:
    assert tree.read(RELEASE) == TEXT.encode()
    assert tree.read(".github/workflows/a b#?.yaml") == b"on: {}"


@pytest.mark.parametrize(
    "path",
    ["missing.yml", "", "/", "..", "../../../user", ".github/../x", "./x", ".github/workflows"],
)
def test_what_is_no_file_of_the_repository_is_none(tree: Contents, path: str) -> None:
    assert tree.read(path) is None


def test_a_repository_without_workflows_has_none(box: Sandbox) -> None:
    assert Contents(client_of(box), "octo/empty").list_workflows() == []


def test_an_unseen_repository_is_not_an_empty_one(box: Sandbox) -> None:
    with pytest.raises(PlatformRefused):
        Contents(client_of(box), "octo/missing").list_workflows()


def test_a_missing_right_is_said(box: Sandbox) -> None:
    box.github.add_token(TOKEN, permissions={"issues"})
    with pytest.raises(NotPermitted) as caught:
        Contents(client_of(box), "octo/app").list_workflows()
    assert "contents=read" in caught.value.hint


def test_a_file_above_a_megabyte_is_said(box: Sandbox, tree: Contents) -> None:
    fail(box, RELEASE, Response(200, {"type": "file", "encoding": "none", "content": ""}))
    with pytest.raises(PlatformRefused, match="too large"):
        tree.read(RELEASE)


@pytest.mark.parametrize("content", [None, 7, "a", "!!!!", "\u00e4"])
def test_nonsense_is_an_outage(box: Sandbox, tree: Contents, content: object) -> None:
    fail(box, RELEASE, Response(200, {"type": "file", "encoding": "base64", "content": content}))
    with pytest.raises(PlatformUnavailable):
        tree.read(RELEASE)


@pytest.mark.parametrize("rows", [[{"type": "file"}], [{"type": "file", "name": 7}]])
def test_a_nonsense_folder_is_an_outage(box: Sandbox, tree: Contents, rows: object) -> None:
    fail(box, "workflows", Response(200, rows))
    with pytest.raises(PlatformUnavailable):
        tree.list_workflows()


def test_a_refusal_other_than_404_is_no_empty_folder(box: Sandbox, tree: Contents) -> None:
    fail(box, "contents", Response(422))
    with pytest.raises(PlatformRefused):
        tree.list_workflows()


def test_an_outage_is_one(box: Sandbox, tree: Contents) -> None:
    fail(box, "contents", Response(503))
    with pytest.raises(PlatformUnavailable):
        tree.read(RELEASE)
