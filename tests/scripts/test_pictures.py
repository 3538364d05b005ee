"""What the README's pictures show is what keyturn really said; the browser is not tested here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import pictures


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "PORT", 0)  # other tests run at the same time
        return dict(pictures.pages())


def text(page: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]*>", "", page, flags=re.DOTALL)


def test_the_terminal_shows_the_whole_report_in_colors(pages: dict[str, str]) -> None:
    shown = text(pages["check"])
    assert "$ keyturn check --issues" in shown
    assert "First to break: deploy in .github/workflows/deploy.yml" in shown
    assert "2 errors" in shown
    assert '<span style="color:#ff6b6b' in pages["check"]
    assert "\x1b" not in pages["check"]


def test_the_issue_is_the_one_that_was_opened(pages: dict[str, str]) -> None:
    shown = text(pages["issue"])
    assert "release-gitlab expires 2026-11-26" in shown
    assert "gh secret set GITLAB_TOKEN --repo octo/storefront" in shown
    assert "<table>" in pages["issue"]


def test_the_readme_shows_every_picture(pages: dict[str, str], root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name in pages:
        assert f"(docs/images/{name}.png)" in readme
        assert (root / "docs/images" / f"{name}.png").stat().st_size > 10_000
