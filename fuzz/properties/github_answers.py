"""Any answer of GitHub: what it says, or an error that quotes nothing; no check ever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from github.Requester import Requester

from fuzz.answers import Tape, Told, judge_error, record, repeatable, scene_seeds
from fuzz.properties import forget_values
from fuzz.source import Source
from keyturn.commands.watching import add_watch
from keyturn.config import load
from keyturn.credentials import Credentials
from keyturn.errors import JournalBroken, PlatformError
from keyturn.github.answer import NotAnAnswer
from keyturn.github.client import Client, connect, repository_facts
from keyturn.github.contents import Contents
from keyturn.github.failed_runs import GitHubFailedRuns
from keyturn.github.issues import converge
from keyturn.github.journal_branch import JournalBranch
from keyturn.github.members import GitHubMembers
from keyturn.github.runner import Runner
from keyturn.github.runs import GitHubRuns
from keyturn.github.secret_writer import GitHubSecretWriter
from keyturn.github.secrets import GitHubSecrets
from keyturn.github.variables import GitHubVariables
from keyturn.github.write_budget import WriteBudget
from keyturn.model import Scope, SecretRef, Survey
from keyturn.providers import make_all
from keyturn.report import render
from keyturn.report.issue import IssueText
from keyturn.sandbox import Sandbox, gallery
from keyturn.sandbox.example import NOW, fill
from keyturn.secret_value import SecretValue
from keyturn.settings import Settings
from keyturn.silence.failed_logins import add_failed_logins
from keyturn.survey import World, take_survey
from tests.shapes import TRANSPORT

_Act = Callable[[Client], object]
_REPOSITORY = gallery.REPOSITORY
_SCOPE = Scope("octo", "platform")
_SINCE = NOW - timedelta(days=7)
_CONFIG = load(
    b"""\
version: 1
defaults: { owners: ["@alice", "@octo/platform"] }
issues: { dashboard: true }
tokens:
  - { id: feed, provider: declared, expires: 2026-12-09, secrets: [FEED_PASSWORD] }
  - { id: old, provider: declared, expires: 2026-11-01, secrets: [GITLAB_TOKEN] }
  - { id: registry, provider: declared, expires: 2027-09-01,
      secrets: [{ organization: octo, name: REGISTRY_TOKEN }] }
""",
    "keyturn.yml",
    repository=_REPOSITORY,
)
_API = "https://api.github.com"
_ROOT = Path(__file__).parents[2]


class _Logs(GitHubFailedRuns):
    """Reads no log from elsewhere: nothing is fetched here."""

    def read_log(self, repository: str, job_id: int) -> str | None:
        return "##[group]Run x\n##[endgroup]\nfatal: Authentication failed for 'https://feeds.example/'"


def _survey(client: Client) -> Survey:
    url = Runner().server_url
    members = GitHubMembers(client, _REPOSITORY, url=url)
    survey = take_survey(
        _CONFIG,
        World(Contents(client, _REPOSITORY), GitHubSecrets(client), members=members),
        repository=_REPOSITORY,
        providers=make_all(_CONFIG.tokens, TRANSPORT),
        credentials=Credentials({}),
        now=NOW,
    )
    return add_failed_logins(survey, _Logs(client, api_url=_API, ca_bundle=None))


def _check(client: Client) -> None:
    """Do all that a check does, with its issues, and say it in every form."""
    settings = Settings(NOW, _ROOT, Runner(), Credentials({}), repository=_REPOSITORY)
    survey = add_watch(_survey(client), settings, _CONFIG, client)
    text = IssueText(_REPOSITORY, Runner().server_url, NOW, lambda _token, _status: None)
    done = converge(client, survey, text, tracker=_REPOSITORY, dashboard=True)
    for form in ("text", "json", "markdown", "sarif"):
        assert render(survey, form, server_url=Runner().server_url)
    assert all("\n" not in failure.message for failure in (*survey.failures, *done.failures))


def _runs(client: Client) -> None:
    runs = GitHubRuns(client)
    runs.prove_readable(_REPOSITORY)
    for run in runs.list_ended(_REPOSITORY, begun_by=NOW, since=_SINCE):
        runs.with_jobs(run)
    runs.list_unfinished(_REPOSITORY)
    runs.list_successful(_REPOSITORY, [".github/workflows/feed.yml"], since=_SINCE)


def _variables(client: Client) -> None:
    variables = GitHubVariables(client, _REPOSITORY, _budget())
    variables.names()
    variables.put("KEYTURN_HEAD", "x")
    variables.get("KEYTURN_HEAD")
    variables.delete("KEYTURN_HEAD")


def _journal(client: Client) -> None:
    branch = JournalBranch(client, _REPOSITORY)
    branch.read()
    branch.create(b"{}\n")
    branch.read()


def _write(client: Client) -> None:
    writer = GitHubSecretWriter(client, _budget())
    ref = SecretRef(_SCOPE, "GITLAB_TOKEN")
    writer.prove_writable(ref, "1a2b3c4d")
    writer.write(ref, SecretValue("x" * 20))
    writer.list_readers(SecretRef(Scope("octo"), "REGISTRY_TOKEN"))
    writer.remove_canaries(_SCOPE)


def _budget() -> WriteBudget:
    return WriteBudget(clock=lambda: 0.0, sleep=lambda _: None)


def _facts(client: Client) -> None:
    repository_facts(client, _REPOSITORY)


_ACTS: tuple[_Act, ...] = (_check, _check, _runs, _variables, _journal, _write, _facts)
"""The second check finds the issues that the first one opened."""


@dataclass(frozen=True, slots=True)
class _Scene:
    act: _Act
    told: list[Told]


def _scenes() -> Iterator[_Scene]:
    with repeatable(), Sandbox(NOW) as box:
        fill(box)
        token = SecretValue(gallery.fill(box).environ["GITHUB_TOKEN"])
        for act in _ACTS:
            client = connect(base_url=box.github.server.url, token=token)

            def do(act: _Act = act, client: Client = client) -> None:
                act(client)

            yield _Scene(act, record([box.github.server], do))


_SCENES = list(_scenes())


class _Teller:
    """Stands where PyGithub's requester stands, and tells what is on a tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def requestJson(self, verb: str, *_asked: object) -> tuple[int, Mapping[str, str], str]:
        told = self._tape.tell()
        if told.status == 301 or (told.status == 202 and verb == "GET"):
            raise NotAnAnswer  # as the client's own rule for the real one has it
        return told.status, dict(told.headers), told.body.decode("utf-8", "replace")


def seeds() -> Iterator[bytes]:
    """Yield the true answers of every scene, then changed ones."""
    return scene_seeds(len(_SCENES))


def check(data: bytes) -> None:
    """Play a scene, its answers changed as the bytes say."""
    forget_values()
    source = Source(data)
    scene = source.pick(_SCENES)
    teller = cast(Requester, _Teller(Tape(scene.told, source)))
    try:
        scene.act(Client(teller, pauses=(0.0, 0.0), sleep=lambda _: None))
    except (PlatformError, JournalBroken) as error:
        assert scene.act is not _check, error.told
        judge_error(error)
