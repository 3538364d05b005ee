from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyturn.commands import config as command
from keyturn.credentials import Credentials
from keyturn.errors import ConfigError, ExitCode, UsageError
from keyturn.github.runner import Runner
from keyturn.settings import Settings


def settings(root: Path, repository: str = "octo/app") -> Settings:
    return Settings(
        now=datetime(2026, 11, 22, tzinfo=UTC),
        root=root,
        runner=Runner.from_environ({}),
        credentials=Credentials({}),
        repository=repository,
    )


@pytest.mark.parametrize("repository", ["octo/app", ""])
def test_a_good_configuration_is_said_to_be_good(tmp_path: Path, capsys, repository):
    (tmp_path / "keyturn.yml").write_text(
        "version: 1\ntokens:\n  - { id: a, provider: declared, secrets: [A, B] }\n"
    )
    code = command.run(settings(tmp_path, repository), Namespace(action="check"))
    assert code == ExitCode.OK
    assert capsys.readouterr().out == "keyturn.yml: good; tokens declared: 1, secrets: 2\n"


def test_a_bad_one_is_refused_with_every_problem(tmp_path: Path):
    (tmp_path / "keyturn.yml").write_text("version: 2\nwatsh: {}\n")
    with pytest.raises(ConfigError) as caught:
        command.run(settings(tmp_path), Namespace(action="check"))
    assert [(p.path, p.line) for p in caught.value.problems] == [
        ("keyturn.yml", 1),
        ("keyturn.yml", 2),
    ]


def test_none_at_all_is_said(tmp_path: Path):
    with pytest.raises(UsageError, match=r"neither \.github/keyturn\.yml nor keyturn\.yml"):
        command.check(settings(tmp_path))


def test_the_schema_is_printed(tmp_path: Path, capsys):
    assert command.run(settings(tmp_path), Namespace(action="schema")) == ExitCode.OK
    printed = json.loads(capsys.readouterr().out)
    assert {"declared", "gitlab"} <= printed["$defs"].keys()
