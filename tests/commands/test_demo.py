"""The demonstration and the served sandbox, as a person starts them."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from keyturn.commands import demo, demo_rotation
from keyturn.commands.demo_stage import Stage
from keyturn.credentials import Credentials
from keyturn.errors import ExitCode, KeyturnError
from keyturn.github.runner import Runner
from keyturn.sandbox import Sandbox, example, rotation_example
from keyturn.settings import Settings
from tests.systems import needs_signals
from tests.world import World


def settings(root: Path, *, color: bool = False) -> Settings:
    return Settings(example.NOW, root, Runner(), Credentials({}), color=color)


def test_the_demonstration_tells_its_story(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run(settings(root), argparse.Namespace()) is ExitCode.OK
    told = capsys.readouterr().out
    for part in (
        "release-gitlab: expires 2026-11-26 00:00 UTC",
        "publish in .github/workflows/release.yml, Fri 2026-11-27 02:00 UTC",
        "has no expiry date",
        "was revoked",
        "[unused-secret]",
        "[missing-secret]",
        "[shadowed]",
        "[drifted]",
        "[schedule-stopped]",
        "[watcher-token]",
        "[owner-gone]",
        "[fails-silently]",
        "[failed-login]",
        "[replaceable]",
        "[setting-as-secret]",
        "[expiry-cliff]",
        "does not see it among its organization's secrets",
        "#1 release-gitlab expires 2026-11-26: publish fails from 2026-11-27 02:00 UTC",
        "labels keyturn; assigned to @alice",
        "and written to 0 times",
        "#1 is closed.",
        "Renewed:",
        "token identities :crit, milestone, ",
        "Nothing in this issue starts a write.",
        "killed by SIGKILL",
        "nothing is left over",
    ):
        assert part in told
    assert "\x1b" not in told
    assert "<!--" not in told


def test_the_demonstration_says_so_when_it_goes_wrong(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(example, "NOW", example.NOW + timedelta(days=400))
    with pytest.raises(KeyturnError, match="went wrong"):
        demo.run(settings(root, color=True), argparse.Namespace())
    assert "\x1b[1;36m" in capsys.readouterr().out


def test_a_rotation_is_killed_and_healed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox(example.NOW) as box:
        demo_rotation.tell(Stage(tmp_path, color=False, machine={}), box)
    told = capsys.readouterr().out
    place = 0
    for part in (
        "$ keyturn rotate\n",
        "billing-gitlab (gitlab): overlap",
        "1 rotation planned; nothing is changed yet",
        "$ keyturn rotate --apply",
        "killed by SIGKILL",
        "octo/billing:GITLAB_TOKEN              holds the new token",
        "octo/billing[production]:GITLAB_TOKEN  holds the old token",
        "the old one and the new one",
        "holds the new value, for the recovery key alone",
        "$ keyturn rotate --apply",
        "draining",
        "octo/billing[staging]:GITLAB_TOKEN     holds the new token",
        "the old one and the new one",
        "the sealed record                      is gone",
        "$ keyturn rotate --apply",
        "done",
        "tokens that work                       the new one\n",
        "nothing is left over",
    ):
        place = told.find(part, place) + len(part)
        assert place >= len(part), f"{part} is not told, or not in its place"
    made = [
        exchange
        for exchange in box.gitlab.server.exchanges
        if exchange.request.method == "POST" and exchange.request.path.endswith("/access_tokens")
    ]
    assert len(made) == 1
    repository = box.github.repository(rotation_example.REPOSITORY)
    assert not repository.issues
    assert {run.conclusion for run in repository.runs.values()} == {"success", "failure"}
    values = {token.value for token in box.gitlab.tokens}
    assert not [value for value in values if value in told]
    assert "keyturn-recovery" not in told
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"deploy.yml", "keyturn.yml"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STORED_AS", "ANOTHER", "it was to be killed"),
        ("_PAST_OVERLAP", timedelta(days=1), "there should be"),
    ],
)
def test_a_rotation_that_goes_otherwise_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object, said: str
) -> None:
    monkeypatch.setattr(demo_rotation, name, value)
    with Sandbox(example.NOW) as box, pytest.raises(KeyturnError, match=said) as raised:
        demo_rotation.tell(Stage(tmp_path, color=False, machine={}), box)
    assert not [t.value for t in box.gitlab.tokens if t.value in raised.value.message]


@needs_signals
def test_the_sandbox_is_served_until_stopped(world: World) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "keyturn", "sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
    ) as child:
        try:
            assert child.stdout is not None
            said = {}
            while "PACKAGES_TOKEN" not in said:
                name, _, value = child.stdout.readline().strip().partition("=")
                assert name, "it ended before it had said how to use it"
                said[name.removeprefix("export ")] = value
            _use(said, world)
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=10)
        finally:
            child.kill()
    assert child.returncode == 130
    assert "Traceback" not in err


def _use(said: dict[str, str], world: World) -> None:
    request = urllib.request.Request(
        f"{said['GITHUB_API_URL']}/repos/{said['GITHUB_REPOSITORY']}/actions/secrets",
        headers={"Authorization": f"Bearer {said['GITHUB_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert said["AWS_IAM_URL"].startswith("http")
    config = world.example.files[".github/keyturn.yml"]
    world.write(".github/keyturn.yml", config.replace(world.box.gitlab.url, said["GITLAB_URL"]))
    ran = world.check("--no-issues", **{**said, "GITHUB_ACTIONS": None})
    assert ran.code == 1


def test_a_port_that_is_taken_is_said(world: World) -> None:
    port = world.box.github.url.rpartition(":")[2]
    ran = world.run("sandbox", "--port", port)
    assert ran.code == 2
    assert f"--port {port}" in ran.err


@pytest.mark.parametrize("port", ["-1", "65530", "70000"])
def test_a_port_that_does_not_exist_is_said(world: World, port: str) -> None:
    ran = world.run("sandbox", "--port", port)
    assert ran.code == 2
    assert f"--port {port}" in ran.err
