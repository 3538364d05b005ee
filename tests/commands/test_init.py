"""`keyturn init` as a whole: what it writes is accepted as it is, and nothing is overwritten."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keyturn.cli import main
from keyturn.first_setup.workflow import find_minute, render_workflow
from keyturn.sandbox import Fault, Response
from tests.systems import needs_links
from tests.world import World

CONFIG = ".github/keyturn.yml"
WORKFLOW = ".github/workflows/keyturn.yml"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
TOOLS = Path(sys.executable).parent

RELEASE = """\
name: release
on: { push: { tags: ["v*"] } }
jobs:
  publish:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v5
        with: { token: "${{ secrets.ROBOT_PAT }}" }
      - uses: aws-actions/configure-aws-credentials@v5
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          aws-region: ${{ secrets.AWS_REGION }}
      - uses: docker/login-action@v3
        with:
          username: ${{ secrets.DOCKER_USERNAME }}
          password: ${{ secrets.DOCKER_PASSWORD }}
      - run: npm publish && ./sync.sh
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN }}
          AZURE_PAT: ${{ secrets.AZURE_DEVOPS_PAT }}
          ISC_CLIENT_ID: ${{ secrets.ISC_CLIENT_ID }}
          ISC_CLIENT_SECRET: ${{ secrets.ISC_CLIENT_SECRET }}
          SYNOPTIC: ${{ secrets.SYNOPTIC_TOKEN }}
          DATABASE_URL: ${{ secrets.DATABASE_URL }}
  deploy:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - uses: actions/checkout@v5
        with: { token: "${{ secrets.DEPLOY_PAT }}" }
"""


class Place:
    """A checkout without any network."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        self.out = self.err = ""

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(self, *argv: str, at: str = "") -> int:
        environ = {"GITHUB_WORKSPACE": str(self.root / at), "GITHUB_REPOSITORY": "octo/app"}
        self.capsys.readouterr()
        code = main(argv, environ, now=NOW)
        self.out, self.err = self.capsys.readouterr()
        return code

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    place = Place(tmp_path / "checkout", capsys)
    place.root.mkdir()
    place.write(".git/HEAD", "ref: refs/heads/main\n")
    return place


def entries(text: str) -> dict[str, str]:
    """The entries that wait for a person, by id, without what comments them out."""
    lines = [line.removeprefix("# ") for line in text.partition("# To confirm")[2].splitlines()]
    found: dict[str, str] = {}
    id = ""
    for line in lines:
        if match := re.fullmatch(r"  - id: (\S+)", line):
            id = match[1].strip('"')
        if line.startswith("  - id: ") or (id and line.startswith("    ")):
            found[id] = found.get(id, "") + line + "\n"
    return found


def test_what_is_written_from_the_workflows_alone(place: Place) -> None:
    place.write(".github/workflows/release.yml", RELEASE)
    assert place.run("init") == 0
    assert place.out.splitlines() == [
        "octo/app: 14 secrets read by workflows",
        "  keyturn can ask about: robot-pat",
        "  to complete: aws, azure-devops-pat, database-url, deploy-pat, docker-password, "
        "gitlab-token, isc, npm-token, synoptic-token",
        "  no credential: AWS_REGION, DOCKER_USERNAME",
        "  where they are stored was not seen: taken for secrets of the repository",
        "",
        "wrote .github/keyturn.yml and .github/workflows/keyturn.yml. Next:",
        "  1. Complete .github/keyturn.yml: who issued what, and when it dies; then",
        "     `keyturn config check`. What stays undeclared, `keyturn check` lists.",
        "  2. Look at .github/workflows/keyturn.yml: it hands ROBOT_PAT to keyturn,",
        "     commit both, and run it once by hand (workflow_dispatch).",
        "  3. Let keyturn see which secrets are stored: docs/how-to/github-app.md.",
        place.out.splitlines()[-1],  # whether this installation knows its commit
    ]
    written = yaml.safe_load(place.read(CONFIG))
    assert written == {
        "version": 1,
        "tokens": [
            {
                "id": "robot-pat",
                "provider": "github",
                "value": "ROBOT_PAT",
                "secrets": ["ROBOT_PAT"],
            },
        ],
    }
    assert place.run("config", "check") == 0
    job = yaml.safe_load(place.read(WORKFLOW))["jobs"]["check"]
    assert job["steps"][-1]["env"] == {"ROBOT_PAT": "${{ secrets.ROBOT_PAT }}"}
    assert sorted(path.name for path in (place.root / ".github").iterdir()) == [
        "keyturn.yml",
        "workflows",
    ]


FILLED = {
    "YYYY-MM-DD": "2027-06-01",
    "ORGANIZATION": "acme",
    "TENANT": "acme",
    "PRIVATE_KEY_VARIABLE": "SYNOPTIC_KEY",
}


def test_every_entry_is_accepted_once_a_person_completed_it(place: Place) -> None:
    place.write(".github/workflows/release.yml", RELEASE)
    assert place.run("init") == 0
    waiting = entries(place.read(CONFIG))
    providers = {id: yaml.safe_load(text)[0]["provider"] for id, text in waiting.items()}
    assert providers == {
        "aws": "aws-iam",
        "azure-devops-pat": "azure-devops",
        "database-url": "declared",
        "deploy-pat": "github",
        "docker-password": "declared",
        "gitlab-token": "gitlab",
        "isc": "sailpoint",
        "npm-token": "declared",
        "synoptic-token": "synoptic",
    }
    pair = {"access-key-id": "AWS_ACCESS_KEY_ID", "secret-access-key": "AWS_SECRET_ACCESS_KEY"}
    assert yaml.safe_load(waiting["aws"])[0] == {
        "id": "aws",
        "provider": "aws-iam",
        "value": pair,
        "secrets": [{"name": name, "part": part} for part, name in pair.items()],
    }
    for text in waiting.values():
        for word, filling in FILLED.items():
            text = text.replace(word, filling)
        place.write(CONFIG, f"version: 1\ntokens:\n{text}")
        assert place.run("config", "check") == 0, place.err
    # What was forgotten is named with its line.
    place.write(CONFIG, "version: 1\ntokens:\n" + waiting["npm-token"])
    assert place.run("config", "check") == 2
    assert place.err.startswith("error: .github/keyturn.yml:5:14: 'expires': ")


def check_statically(text: str, folder: Path) -> None:
    path = folder / ".github/workflows/keyturn.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    commands = {
        "zizmor": ["--offline", "--no-progress", "--pedantic", "--no-config"],
        "check-jsonschema": ["--builtin-schema", "vendor.github-workflows"],
        "actionlint": [],
    }
    for name, flags in commands.items():
        tool = shutil.which(name, path=str(TOOLS)) or shutil.which(name)
        if tool is None:
            assert name == "actionlint"  # the others are among the development tools
            continue
        ran = subprocess.run([tool, *flags, str(path)], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("variables", [(), ("NPM_TOKEN", "ON")])
def test_the_workflow_is_accepted_by_the_public_checkers(
    tmp_path: Path, variables: tuple[str, ...]
) -> None:
    action = f"keyturn/keyturn@{'ab' * 20} # v0.1.0"
    check_statically(render_workflow("octo/app", action=action, variables=variables), tmp_path)


def test_the_workflow_asks_for_the_least(place: Place) -> None:
    assert place.run("init") == 0
    written = yaml.safe_load(place.read(WORKFLOW))
    assert written["permissions"] == {}
    job = written["jobs"]["check"]
    assert job["permissions"] == {"contents": "read", "issues": "write"}
    assert job["timeout-minutes"] == 10
    assert written["concurrency"] == {"group": "keyturn", "cancel-in-progress": False}
    checkout, own = job["steps"]
    assert checkout["with"] == {"persist-credentials": False}
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", checkout["uses"])
    assert "env" not in own


def read_example() -> str:
    root = Path(__file__).resolve().parents[2]
    return (root / "workflows-examples/check-scheduled.yml").read_text(encoding="utf-8")


def example_pin() -> str:
    (pin,) = re.findall(r"uses: keyturn/keyturn(@[0-9a-f]{40} # \S+)\n", read_example())
    assert isinstance(pin, str)
    return pin


def test_it_uses_what_the_example_uses(place: Place) -> None:
    assert place.run("init") == 0
    (line,) = [line for line in place.read(WORKFLOW).splitlines() if "actions/checkout@" in line]
    assert line in read_example().splitlines()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"vcs_info": {"vcs": "git", "commit_id": "c0" * 20}, "url": "x"}, f"@{'c0' * 20} # k"),
        ({"vcs_info": {"vcs": "git", "commit_id": "main"}, "url": "x"}, None),
        ({"dir_info": {}, "url": "file:///nowhere/at/all"}, None),
        ({"archive_info": {}, "url": "x"}, None),
        (None, None),
    ],
)
def test_the_action_is_pinned_to_what_is_installed(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: dict[str, object] | None,
    told: str | None,
) -> None:
    folder = tmp_path / "site/keyturn-0.1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: keyturn\nVersion: 0.1.0\n", encoding="utf-8")
    if source:
        (folder / "direct_url.json").write_text(json.dumps(source), encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    assert place.run("init") == 0
    expected = told or example_pin()  # a commit that is there, whatever was installed
    assert f"      - uses: keyturn/keyturn{expected}" in place.read(WORKFLOW)
    assert ("installation does not know its own" in place.out) == (told is None)


@given(st.from_regex(r"[A-Za-z0-9-]{1,20}/[A-Za-z0-9._-]{1,20}", fullmatch=True))
def test_the_minute_is_odd_and_always_the_same(repository: str) -> None:
    assert find_minute(repository) in range(1, 60, 2)
    assert find_minute(repository) == find_minute(repository.upper())


def test_the_minutes_of_many_repositories_differ() -> None:
    assert len({find_minute(f"octo/app-{number}") for number in range(200)}) == 30


@pytest.mark.parametrize("there", [CONFIG, "keyturn.yml", WORKFLOW])
def test_nothing_is_written_where_something_is(place: Place, there: str) -> None:
    place.write(there, "mine\n")
    before = sorted(place.root.rglob("*"))
    assert place.run("init") == 2
    assert (
        place.err.splitlines()[0] == f"keyturn: {there} is there already, and nothing was written"
    )
    assert sorted(place.root.rglob("*")) == before
    assert place.read(there) == "mine\n"


@needs_links
def test_a_link_to_nothing_is_something_too(place: Place) -> None:
    (place.root / ".github").mkdir()
    (place.root / CONFIG).symlink_to("nowhere.yml")
    assert place.run("init") == 2
    assert not (place.root / ".github/nowhere.yml").exists()


@needs_links
def test_nothing_is_written_outside_of_the_checkout(place: Place, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (place.root / ".github").symlink_to(tmp_path / "elsewhere")
    assert place.run("init") == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_it_is_run_at_the_top_of_the_checkout(place: Place) -> None:
    (place.root / "src").mkdir()
    assert place.run("init", at="src") == 2
    assert "not the top of the checkout" in place.err


def test_both_files_or_none(place: Place) -> None:
    place.write(".github/workflows", "a file\n")
    assert place.run("init") == 3
    assert place.err.startswith("keyturn: .github/workflows/keyturn.yml: ")
    assert sorted(path.name for path in (place.root / ".github").iterdir()) == ["workflows"]


def test_a_repository_without_any_secret(place: Place) -> None:
    assert place.run("init") == 0
    assert yaml.safe_load(place.read(CONFIG)) == {"version": 1}
    assert place.run("config", "check") == 0
    assert place.out == ".github/keyturn.yml: good; tokens declared: 0, secrets: 0\n"


HOSTILE = """\
on: push
jobs:
  a:
    runs-on: x
    environment: "pro\\"d\\n: - [\\u2028\\U0001f511 #"
    steps:
      - name: "one\\ntokens: []\\u202e\\uffff"
        uses: "actions/checkout@v5"
        with:
          token: "${{ secrets.TRUE }}"
      - name: "::add-mask::x"
        run: echo
        env: { "X": "${{ secrets['it; rm'] }} ${{ secrets['github_x'] }} ${{ secrets['9'] }}", \
        "A\\nB": "${{ secrets.NULL }}", ON: "${{ secrets['ON'] }}", N: "${{ secrets._ }}" }
"""


def test_names_are_other_peoples_words(place: Place) -> None:
    place.write(".github/workflows/odd #\x85\x07.yml", HOSTILE)
    place.write(".github/workflows/broken.yml", "on: [push\n")
    assert place.run("init") == 0
    assert place.run("config", "check") == 0, place.err
    text = place.read(CONFIG)
    assert text.isascii()
    assert set(entries(text)) == {"true", "null", "on", "token"}
    for entry in entries(text).values():
        ready = entry.replace("YYYY-MM-DD", "2027-06-01")
        place.write(CONFIG, f"version: 1\ntokens:\n{ready}")
        assert place.run("config", "check") == 0, place.err


@pytest.mark.parametrize("name", ["it: x", "9", "github_pat", "a-b", "A}}", "Ä"])
def test_a_name_that_no_secret_can_have_is_given_to_nobody(place: Place, name: str) -> None:
    step = RELEASE.replace("secrets.ROBOT_PAT", f"secrets['{name}']")
    place.write(".github/workflows/release.yml", step)
    assert place.run("init") == 0
    assert "keyturn can ask about" not in place.out
    assert place.run("config", "check") == 0
    job = yaml.safe_load(place.read(WORKFLOW))["jobs"]["check"]
    assert "env" not in job["steps"][-1]


@pytest.fixture
def fresh(world: World) -> World:
    """The example, with a token of every kind of place and without its two files."""
    (world.workspace / CONFIG).unlink()
    (world.workspace / WORKFLOW).unlink()
    return world


def test_with_a_credential_every_secret_stands_at_its_level(fresh: World) -> None:
    ran = fresh.run("init")
    assert ran.code == 0
    assert ran.writes == []
    assert fresh.box.gitlab.server.exchanges == []
    waiting = {
        id: yaml.safe_load(text.replace("YYYY-MM-DD", "2027-06-01"))[0]
        for id, text in entries((fresh.workspace / CONFIG).read_text(encoding="utf-8")).items()
    }
    assert waiting["packages-token-production"]["secrets"] == [
        {"environment": "production", "name": "PACKAGES_TOKEN"}
    ]
    assert waiting["monitoring-key"]["secrets"] == [
        {"organization": "octo", "name": "MONITORING_KEY"}
    ]
    assert waiting["gitlab-token"]["secrets"] == ["GITLAB_TOKEN"]
    assert "  read, stored nowhere: SMOKE_TEST_KEY" in ran.out
    assert "LEGACY_FTP_PASSWORD" in ran.out
    assert fresh.run("config", "check").code == 0
    after = fresh.check()
    assert after.code == 0
    assert after.rules("octo/storefront:GITLAB_TOKEN") == ["undeclared-secret"]


def test_what_it_writes_watches_a_github_token_at_once(fresh: World) -> None:
    value = "ghp_" + "r" * 36
    expires = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    fresh.box.github.add_token(value, kind="pat", login="octo-robot", expires=expires)
    fresh.repository.put_secret("ROBOT_PAT", value)
    fresh.write(".github/workflows/release.yml", RELEASE)
    assert "keyturn can ask about: robot-pat" in fresh.run("init").out
    job = yaml.safe_load((fresh.workspace / WORKFLOW).read_text(encoding="utf-8"))["jobs"]["check"]
    assert job["steps"][-1]["env"] == {"ROBOT_PAT": "${{ secrets.ROBOT_PAT }}"}
    ran = fresh.check("--no-issues", ROBOT_PAT=value)
    assert ran.token("robot-pat")["expires_at"] == "2026-12-01T09:30:00Z"
    assert "expiring" in ran.rules("robot-pat")


def test_a_token_that_may_list_nothing_is_no_obstacle(fresh: World) -> None:
    value = "ghs_" + "q" * 36
    fresh.box.github.add_token(value, permissions={"issues:write", "contents:read"})
    ran = fresh.run("init", GITHUB_TOKEN=value)
    assert ran.code == 0
    assert "taken for secrets of the repository" in ran.out
    assert "not every list of secrets may be seen" in ran.out


@pytest.mark.parametrize("status", [500, 401])
def test_no_draft_is_made_of_half_an_answer(fresh: World, status: int) -> None:
    fresh.box.github.server.faults.append(Fault("/secrets", Response(status, {})))
    ran = fresh.run("init")
    assert ran.code == 3
    assert "nothing was written" in ran.err
    assert not (fresh.workspace / CONFIG).exists()
    assert not (fresh.workspace / WORKFLOW).exists()


def test_what_only_an_unknown_use_calls_a_setting_waits_for_a_person(place: Place) -> None:
    place.write(
        ".github/workflows/call.yml",
        "on: push\njobs:\n  call:\n    uses: acme/shared/.github/workflows/deploy.yml@main\n"
        "    secrets: { region: '${{ secrets.THING }}' }\n",
    )
    assert place.run("init") == 0
    assert "no credential" not in place.out
    assert "provider: declared" in entries(place.read(CONFIG))["thing"]
