"""The outside is tied to the inside: docs, action.yml, README and examples say what is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from keyturn import __version__
from keyturn.rules import SEVERITIES
from tests import pages
from tests.repo import cli_page, rules_page
from tests.world import World

CLI_PAGE = "docs/reference/cli.md"
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "workflows-examples/README.md",
)


def load(root: Path, path: str) -> Any:
    return yaml.safe_load((root / path).read_text(encoding="utf-8"))


def section(root: Path, path: str, heading: str) -> str:
    return pages.section((root / path).read_text(encoding="utf-8"), f"## {heading}")


def first_column(table: str) -> set[str]:
    return {name for row in pages.rows(table) for name in re.findall(r"`([^`]+)`", row[0])}


def test_every_rule_has_its_section(root: Path) -> None:
    findings = (root / "docs/reference/findings.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", findings, flags=re.MULTILINE)[1:]
    told = {text.partition("\n")[0].strip("` "): text for text in sections}
    assert set(SEVERITIES) <= set(told)
    for rule in SEVERITIES:
        for part in ("What it means", "Why it matters", "What to do"):
            assert part.lower() in told[rule].lower(), f"{rule}: {part}"


def test_every_rule_of_a_scan_has_its_row(root: Path) -> None:
    assert root / "docs/reference/rules.md" == rules_page.PAGE
    text = rules_page.PAGE.read_text(encoding="utf-8")
    assert text == rules_page.page(text), "renew it: python -m tests.repo.rules_page"


def test_every_command_and_flag_has_its_row(root: Path) -> None:
    assert root / CLI_PAGE == cli_page.PAGE
    text = cli_page.PAGE.read_text(encoding="utf-8")
    assert text == cli_page.page(text), "renew it: python -m tests.repo.cli_page"
    told = first_column(section(root, CLI_PAGE, "Flags in detail"))
    assert set() < told <= cli_page.flags(), "no command takes it"


def test_the_newest_version_in_the_changelog_is_this_one(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d[^\]]*)\]", text, flags=re.MULTILINE)[0] == __version__


def test_the_index_names_every_page_once(root: Path) -> None:
    index = root / "docs" / "README.md"
    targets = re.findall(r"\]\(([^)#:]+\.md)\)", index.read_text(encoding="utf-8"))
    told = [path for path in targets if not path.startswith("../")]
    pages = {path.relative_to(index.parent).as_posix() for path in index.parent.rglob("*.md")}
    assert sorted(told) == sorted(pages - {"README.md"})
    headings = re.findall(r"^## (.+)$", index.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings == ["Tutorial", "How to", "Reference", "Explanation"]


def test_links_between_documents_lead_somewhere(root: Path) -> None:
    pages = [root / name for name in DOCUMENTS] + sorted((root / "docs").rglob("*.md"))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target, place in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text):
            if "://" in target:
                continue
            other = page.parent / target if target else page
            assert other.exists(), f"{page.name}: {target}"
            if place and other.suffix == ".md":
                assert place in anchors(other), f"{page.name}: {target}#{place}"


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of a page's headings, where each stands once."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def test_the_examples_app_token_may_do_all_that_check_asks(root: Path, world: World) -> None:
    (job,) = load(root, "workflows-examples/check-scheduled.yml")["jobs"].values()
    (app,) = [step for step in job["steps"] if step.get("id") == "app"]
    areas = {
        f"{key.removeprefix('permission-').replace('-', '_')}:{level}"
        for key, level in app["with"].items()
        if key.startswith("permission-")
    }
    assert areas
    # What a person's App cannot have is left out: nobody leaves a person.
    assert "# permission-members: read\n" in (
        root / "workflows-examples/check-scheduled.yml"
    ).read_text("utf-8")
    areas.add("members:read")
    value = "ghs_" + "p" * 36
    world.box.github.add_token(value, permissions=areas)
    ran = world.check(GITHUB_TOKEN=value)
    assert ran.report["errors"] == []
    assert len(world.repository.issues) == 3
