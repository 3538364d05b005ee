"""Programs that keyturn starts see no credential, and run nothing that a repository brings."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from keyturn.child_environ import child_environ, git_environ
from keyturn.commands.demo_stage import Stage
from keyturn.scan import run as scanning
from keyturn.scan.gitio import Git, GitError
from tests.scan.repositories import Repository
from tests.systems import needs_scripts

CANARY = "canary-" + "value" * 3
SECRETS = dict.fromkeys(
    (
        *("GITHUB_TOKEN", "KEYTURN_GITHUB_TOKEN", "GITLAB_MANAGER", "AWS_SECRET_ACCESS_KEY"),
        *("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "INPUT_TOKEN"),
        *("INPUT_DRY-RUN", "GIT_TOKEN", "GIT_PASSWORD", "GIT_ASKPASS", "SSH_ASKPASS", "GH_TOKEN"),
        *("KEYTURN_RECOVERY_KEY", "KEYTURN_HEARTBEAT_URL", "HTTPS_PROXY", "PIP_INDEX_URL"),
        *("GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "LD_PRELOAD"),
        *("PYTHONPATH", "PYTHONSTARTUP", "GIT_TRACE", "GIT_DIFF_OPTS"),
    ),
    CANARY,
)
HOOK = {
    "GIT_DIR": "/checkout/.git",
    "GIT_INDEX_FILE": "/checkout/.git/index.lock",
    "GIT_WORK_TREE": "/work",
    "GIT_PREFIX": "folder/",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}
NO_FETCHING = {"GIT_NO_LAZY_FETCH": "1"}
MACHINE = {"PATH": os.environ["PATH"], "HOME": "/home/me", "LANG": "C", "SYSTEMROOT": "C:/Windows"}

PRINTS_ITS_ENVIRONMENT = f"""\
#!{sys.executable} -I
import json, os
print(json.dumps([dict(os.environ), open("/proc/self/cmdline", "rb").read().decode()]))
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    found = Repository(tmp_path / "repository")
    monkeypatch.chdir(found.folder)
    return found


def test_what_passes() -> None:
    assert child_environ(MACHINE | HOOK | SECRETS) == MACHINE
    assert git_environ(MACHINE | HOOK | SECRETS) == MACHINE | HOOK | NO_FETCHING


@needs_scripts
def test_git_gets_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real child tells what it was given."""
    (tmp_path / "git").write_text(PRINTS_ITS_ENVIRONMENT)
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name, value in SECRETS.items():
        if name not in ("LD_PRELOAD", "PYTHONPATH"):
            monkeypatch.setenv(name, value)
    given, arguments = json.loads(Git(MACHINE | HOOK | SECRETS).output("anything"))
    # What Python itself adds at its start.
    assert {k: v for k, v in given.items() if k != "LC_CTYPE"} == MACHINE | HOOK | NO_FETCHING
    assert CANARY not in arguments


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc to look into")
def test_the_demonstration_s_children_get_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "here").mkdir()
    stage = Stage(tmp_path, color=False, machine=child_environ(MACHINE | SECRETS))
    with stage.start("here", {"GIVEN": "x"}, "--version") as child:
        read = ""
        while not read and child.poll() is None:  # empty until it has begun
            read = Path(f"/proc/{child.pid}/environ").read_text()
        stage.wait(child)
    assert child.returncode == 0
    given = dict(each.split("=", 1) for each in read.split("\0")[:-1])
    assert given == MACHINE | {"GIVEN": "x"}


SOURCES = {
    "staged": scanning.Options(scanning.STAGED),
    "files": scanning.Options(scanning.FILES, ("file.txt", "other.bin")),
    "history": scanning.Options(scanning.HISTORY, ("HEAD",)),
    "pushed": scanning.Options(scanning.PUSH, ("HEAD~1..HEAD",)),
}


@needs_scripts
@pytest.mark.parametrize("options", SOURCES.values(), ids=SOURCES)
def test_no_setting_and_no_file_of_a_repository_runs_anything(
    repository: Repository, options: scanning.Options, tmp_path: Path
) -> None:
    """A repository that was unpacked somewhere can hold any setting and any hook."""
    ran, trap = tmp_path / "ran", tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 >> {ran}\ncat\n")
    trap.chmod(0o755)
    (repository.folder / ".gitattributes").write_text("* diff=trap filter=trap merge=trap\n")
    for text in ("one\n", "two\n"):
        (repository.folder / "file.txt").write_text(text)
        (repository.folder / "other.bin").write_bytes(b"\0\1" + text.encode())
        repository.git("add", ".")
        repository.git("commit", "-q", "-m", text)
    (repository.folder / "file.txt").write_text("three\n")
    repository.git("add", ".")
    for name in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass"),
        *("diff.external", "diff.trap.command", "diff.trap.textconv", "filter.trap.clean"),
        *("filter.trap.smudge", "filter.trap.process", "gpg.program", "pager.diff", "pager.log"),
        *("credential.helper", "core.alternateRefsCommand", "interactive.diffFilter"),
    ):
        repository.git("config", name, str(trap))
    repository.git("config", "log.showSignature", "true")
    hooks = repository.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"):
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    scanning.scan(options, repository.environment)
    assert not ran.exists()
    repository.git("diff", "HEAD~1")
    assert ran.exists(), "the trap is none"


@needs_scripts
def test_what_a_clone_left_out_is_not_fetched(repository: Repository, tmp_path: Path) -> None:
    """The program that would fetch it is named by a setting of the clone."""
    ran, trap, clone = tmp_path / "ran", tmp_path / "trap", tmp_path / "clone"
    trap.write_text(f'#!/bin/sh\necho $0 >> {ran}\nexec git-upload-pack "$@"\n')
    trap.chmod(0o755)
    (repository.folder / "file.txt").write_text("one\n")
    repository.git("add", ".")
    repository.git("commit", "-q", "-m", "one")
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    source = f"file://{repository.folder}"
    repository.git("clone", "-q", "--no-checkout", "--filter=blob:none", source, str(clone))
    repository.git("-C", str(clone), "config", "remote.origin.uploadpack", str(trap))
    ask = ("-C", str(clone), "cat-file", "blob", "HEAD:file.txt")
    with pytest.raises(GitError, match="clone it whole"):
        Git(repository.environment).output(*ask)
    assert not ran.exists()
    repository.git(*ask)
    assert ran.exists(), "the trap is none"


def test_git_is_asked_about_a_folder_and_not_about_the_hook_s_repository(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("remote", "add", "origin", "https://github.com/octo/app")
    other = Repository(tmp_path / "other")
    environ = repository.environment | {"GIT_DIR": str(other.folder / ".git")}
    ask = ("config", "--get", "remote.origin.url")
    assert Git(environ).said(str(repository.folder), *ask) == "https://github.com/octo/app"
    assert Git(environ).said(str(other.folder), *ask) == ""
    assert Git(environ).said(str(tmp_path / "nowhere"), *ask) == ""
