"""A release is made, made again, and refused, in real repositories with a real remote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import release
from scripts.git import Refused
from tests.scripts.repositories import ACTION, CHANGELOG, DIGEST, Project, git, read_state

OTHER = "sha256:" + "cd" * 32
PINNED = ACTION.replace("Dockerfile", f"docker://ghcr.io/keyturn/keyturn:v0.2.0@{DIGEST}")


def printed(project: Project, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    assert release.main(words, project.root) == 0
    return dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())


def test_the_tag_is_a_commit_whose_action_names_the_image(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    head = git(project.root, "rev-parse", "HEAD")
    found = printed(project, capsys, "check", "0.2.0")
    assert found == {"tag": "v0.2.0", "commit": "", "digest": ""}
    found = printed(project, capsys, "tag", "0.2.0", DIGEST)
    commit = project.remote_tags()["v0.2.0"]
    assert found == {"tag": "v0.2.0", "commit": commit, "digest": DIGEST}
    assert git(project.remote, "rev-parse", f"{commit}^") == head
    assert git(project.remote, "show", f"{commit}:action.yml") + "\n" == PINNED
    assert git(project.remote, "diff", "--name-only", head, commit) == "action.yml"
    # The branch stays as it was, and so does the work tree.
    assert git(project.remote, "rev-parse", "main") == head
    assert git(project.root, "status", "--porcelain") == ""


def on_a_runner(project: Project, folder: Path) -> Project:
    """Clone as a job does: one commit deep, without tags."""
    git(
        folder.parent, "clone", "-q", "--depth=1", "--no-tags", project.remote.as_uri(), str(folder)
    )
    return Project(folder, project.remote)


def test_a_release_that_was_cut_off_is_run_again(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = printed(on_a_runner(project, tmp_path / "one"), capsys, "tag", "0.2.0", DIGEST)
    before = project.remote_tags()
    # Another runner, which has only what is on the remote: no image is built a second time.
    again = on_a_runner(project, tmp_path / "two")
    assert printed(again, capsys, "check", "0.2.0") == made
    assert printed(again, capsys, "tag", "0.2.0", DIGEST) == made
    assert project.remote_tags() == before == {"v0.2.0": made["commit"]}
    assert release.move_major(again.root, "0.2.0") == "v0 leads to v0.2.0"


def test_a_tag_that_somebody_annotated_is_followed_to_its_commit(project: Project) -> None:
    made = release.tag(project.root, "0.2.0", DIGEST)
    git(project.remote, "tag", "-d", "v0.2.0")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git(project.root, *who, "tag", "-a", "-m", "a note", "v0.2.0", made.commit)
    git(project.root, "push", "-q", "origin", "v0.2.0")
    assert release.check(project.root, "0.2.0") == made


@pytest.mark.parametrize("version", ["v0.2.0", "0.2", "0.2.0-rc1", "00.2.0", "0.2.0\n", ""])
def test_a_version_is_three_numbers(project: Project, version: str) -> None:
    with pytest.raises(Refused, match=r"X\.Y\.Z"):
        release.check(project.root, version)


REFUSALS = {
    "another version in the code": (
        "src/keyturn/__init__.py",
        '__version__ = "0.1.9"\n',
        "src/keyturn/__init__.py says 0.1.9, not 0.2.0",
    ),
    "no version in the code": ("src/keyturn/__init__.py", "\n", "__init__.py says nothing"),
    "another version in the changelog": (
        "CHANGELOG.md",
        CHANGELOG.replace("0.2.0", "0.3.0"),
        "CHANGELOG.md says 0.3.0, not 0.2.0",
    ),
    "entries without a version": (
        "CHANGELOG.md",
        CHANGELOG.replace("## [0.2.0]", "- Late.\n\n## [0.2.0]"),
        "under .Unreleased.; give them the version",
    ),
    "an action that is pinned": ("action.yml", PINNED, "releases start from main"),
    "an action that names two": ("action.yml", ACTION + ACTION, "releases start from main"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_may_not_be_released(project: Project, name: str) -> None:
    path, text, told = REFUSALS[name]
    project.commit(path, text)
    with pytest.raises(Refused, match=told):
        release.tag(project.root, "0.2.0", DIGEST)
    assert project.remote_tags() == {}


def test_a_dirty_tree_is_not_released(project: Project) -> None:
    project.write("left-over.txt", "")
    with pytest.raises(Refused, match="not clean"):
        release.tag(project.root, "0.2.0", DIGEST)
    assert project.remote_tags() == {}


@pytest.mark.parametrize(
    "digest", ["", "ab" * 32, "sha256:" + "AB" * 32, DIGEST + "0", DIGEST[:-1]]
)
def test_a_digest_is_well_formed(project: Project, digest: str) -> None:
    with pytest.raises(Refused, match="is no digest"):
        release.tag(project.root, "0.2.0", digest)
    assert project.remote_tags() == {}


def test_a_tag_is_never_moved(project: Project) -> None:
    made = release.tag(project.root, "0.2.0", DIGEST)
    with pytest.raises(Refused, match=f"out already, with the image {DIGEST}"):
        release.tag(project.root, "0.2.0", OTHER)
    project.commit("later.txt", "more\n")
    with pytest.raises(Refused, match="no release of this commit; raise the version"):
        release.tag(project.root, "0.2.0", DIGEST)
    assert project.remote_tags() == {"v0.2.0": made.commit}


def test_a_tag_by_hand_is_no_release(project: Project) -> None:
    git(project.root, "push", "-q", "origin", "HEAD:refs/tags/v0.2.0")
    with pytest.raises(Refused, match="no release of this commit"):
        release.check(project.root, "0.2.0")


def test_a_refusal_of_git_is_told_in_its_words(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project.root, "remote", "remove", "origin")
    assert release.main(["check", "0.2.0"], project.root) == 1
    error = capsys.readouterr().err
    assert "release: git ls-remote: " in error
    assert "'origin' does not appear to be a git repository" in error


def bump(project: Project, version: str) -> None:
    project.write("CHANGELOG.md", f"# Changelog\n\n## [Unreleased]\n\n## [{version}] - today\n")
    project.commit("src/keyturn/__init__.py", f'__version__ = "{version}"\n')


def test_the_major_tag_leads_to_the_newest_and_never_back(project: Project) -> None:
    first = release.tag(project.root, "0.2.0", DIGEST)
    assert release.move_major(project.root, "0.2.0") == "v0 leads to v0.2.0"
    assert project.remote_tags()["v0"] == first.commit
    bump(project, "0.10.0")
    newest = release.tag(project.root, "0.10.0", DIGEST)
    assert release.move_major(project.root, "0.10.0") == "v0 leads to v0.10.0"
    bump(project, "0.2.1")
    release.tag(project.root, "0.2.1", DIGEST)
    assert release.move_major(project.root, "0.2.1") == "v0 leads to v0.10.0"
    bump(project, "1.0.0")
    release.tag(project.root, "1.0.0", DIGEST)
    # Not before it is asked for, and only for its own releases.
    assert "v1" not in project.remote_tags()
    release.move_major(project.root, "1.0.0")
    assert project.remote_tags()["v0"] == newest.commit
    with pytest.raises(Refused, match=r"v2\.0\.0 is not out"):
        release.move_major(project.root, "2.0.0")


def test_the_page_is_a_draft_until_its_files_are_there(
    project: Project, gh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main(["publish", "0.2.0", "dist/a.whl"], project.root) == 1
    assert "v0.2.0 is not out; tag it first" in capsys.readouterr().err
    made = release.tag(project.root, "0.2.0", DIGEST)
    assert release.main(["publish", "0.2.0", "dist/a.whl", "sbom.json"], project.root) == 0
    found = read_state(gh)
    verbs = ["release list", "release create", "release upload", "release edit"]
    assert found["calls"] == verbs
    page = found["pages"]["v0.2.0"]
    assert not page["isDraft"]
    assert page["assets"] == [{"name": "a.whl"}, {"name": "sbom.json"}]
    assert "- A thing." in page["notes"]
    assert "- Another." not in page["notes"]
    assert f"keyturn/keyturn@{made.commit} # v0.2.0" in page["notes"]
    assert f"oci://ghcr.io/keyturn/keyturn@{DIGEST}" in page["notes"]
    # Once it is public nothing of it changes.
    assert release.publish(project.root, "0.2.0", ["dist/a.whl"]) == "v0.2.0 is published already"
    with pytest.raises(Refused, match=r"published without b\.whl"):
        release.publish(project.root, "0.2.0", ["dist/a.whl", "b.whl"])
    assert read_state(gh)["calls"] == [*verbs, *["release list", "release view"] * 2]


@pytest.mark.parametrize("step", ["release list", "release view"])
def test_no_second_page_is_made_when_github_does_not_tell(
    project: Project, gh: Path, step: str
) -> None:
    release.tag(project.root, "0.2.0", DIGEST)
    release.publish(project.root, "0.2.0", ["a.whl"])
    before = read_state(gh)
    gh.write_text(json.dumps(before | {"broken": [step]}))
    with pytest.raises(Refused, match=f"gh {step} failed"):
        release.publish(project.root, "0.2.0", ["a.whl"])
    assert read_state(gh)["pages"] == before["pages"]
    assert "release create" not in read_state(gh)["calls"][len(before["calls"]) :]


@pytest.mark.parametrize("step", ["release create", "release upload", "release edit"])
def test_a_page_that_was_cut_off_is_finished(
    project: Project, gh: Path, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release.tag(project.root, "0.2.0", DIGEST)
    gh.write_text(json.dumps(read_state(gh) | {"broken": [step]}))
    assert release.main(["publish", "0.2.0", "a.whl"], project.root) == 1
    assert f"gh {step} failed" in capsys.readouterr().err
    pages = read_state(gh)["pages"]
    assert all(page["isDraft"] for page in pages.values())
    gh.write_text(json.dumps(read_state(gh) | {"broken": []}))
    assert release.main(["publish", "0.2.0", "a.whl"], project.root) == 0
    assert not read_state(gh)["pages"]["v0.2.0"]["isDraft"]
