"""A checkout on disk: what it lists and reads, and that nothing outside of it is ever read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keyturn.errors import PlatformUnavailable
from keyturn.github.checkout import Checkout
from tests.systems import needs_links, needs_pipes

FOLDER = ".github/workflows"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.yml").write_text("outside")
    folder = tmp_path / "repo" / FOLDER
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_bytes(b"\xff raw \r\n")
    return tmp_path / "repo"


def test_workflows_are_listed_in_order_without_going_deeper(root):
    folder = root / FOLDER
    for name in ("b.yaml", "a.yml", "README.md", "x.yml.off", "C.yml"):
        (folder / name).write_text("x")
    (folder / "deeper").mkdir()
    (folder / "deeper/d.yml").write_text("x")
    (folder / "folder.yml").mkdir()
    names = ["C.yml", "a.yml", "b.yaml", "ci.yml"]
    assert Checkout(root).list_workflows() == [f"{FOLDER}/{name}" for name in names]


def test_bytes_are_read_as_they_are(root):
    assert Checkout(root).read(f"{FOLDER}/ci.yml") == b"\xff raw \r\n"


def test_a_checkout_without_workflows(tmp_path):
    assert Checkout(tmp_path).list_workflows() == []
    assert Checkout(tmp_path / "nowhere").list_workflows() == []
    (tmp_path / ".github").mkdir()
    (tmp_path / FOLDER).write_text("a file")
    assert Checkout(tmp_path).list_workflows() == []


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.yml",
        f"{FOLDER}/../../../outside/secret.yml",
        "missing/action.yml",
        FOLDER,
        "",
        "a\0b",
        "x" * 5000,
        f"{FOLDER}/ci.yml/action.yml",
    ],
)
def test_what_is_no_file_of_the_checkout_is_not_there(root, path):
    assert Checkout(root).read(path) is None


def test_an_absolute_path_is_not_read(root):
    assert Checkout(root).read(str(root.parent / "outside/secret.yml")) is None


@needs_links
def test_links_are_followed_inside_only(root):
    folder = root / FOLDER
    (folder / "in.yml").symlink_to("ci.yml")
    (folder / "out.yml").symlink_to(root.parent / "outside/secret.yml")
    (folder / "loop.yml").symlink_to("loop.yml")
    (folder / "dangling.yml").symlink_to("nothing.yml")
    (root / "tools").symlink_to(root.parent / "outside")
    checkout = Checkout(root)
    assert checkout.list_workflows() == [f"{FOLDER}/ci.yml", f"{FOLDER}/in.yml"]
    assert checkout.read(f"{FOLDER}/in.yml") == b"\xff raw \r\n"
    for path in (f"{FOLDER}/out.yml", f"{FOLDER}/loop.yml", "tools/secret.yml"):
        assert checkout.read(path) is None


@needs_links
def test_a_workflow_folder_outside_is_not_listed(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.yml").write_text("x")
    (tmp_path / "repo/.github").mkdir(parents=True)
    (tmp_path / "repo" / FOLDER).symlink_to(tmp_path / "outside")
    assert Checkout(tmp_path / "repo").list_workflows() == []


@needs_links
def test_a_root_that_is_a_link_is_the_checkout(root):
    link = root.parent / "link"
    link.symlink_to(root)
    assert Checkout(link).list_workflows() == [f"{FOLDER}/ci.yml"]


@needs_pipes
def test_a_pipe_is_not_waited_for(root):
    os.mkfifo(root / FOLDER / "pipe.yml")
    checkout = Checkout(root)
    assert checkout.list_workflows() == [f"{FOLDER}/ci.yml"]
    assert checkout.read(f"{FOLDER}/pipe.yml") is None


@pytest.mark.parametrize("method", ["read_bytes", "iterdir", "resolve"])
def test_what_cannot_be_read_is_said(root, monkeypatch, method):
    # The tests may run as root, whom no file mode stops.
    checkout = Checkout(root)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(PlatformUnavailable, match="cannot be read from the checkout: Perm"):
        checkout.list_workflows() if method == "iterdir" else checkout.read(f"{FOLDER}/ci.yml")
