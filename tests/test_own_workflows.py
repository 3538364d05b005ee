"""Which workflows run keyturn by the clock, in the shapes that people write."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from keyturn.call_graph import read_uses
from keyturn.model import Uses

FOLDER = ".github/workflows/"
CLOCK = "on: {schedule: [{cron: '17 6 * * 1,4'}]}\n"
BOTH = "on:\n  push:\n  schedule:\n    - cron: '17 6 * * 1,4'\n"
STEPS = "jobs:\n  check:\n    runs-on: ubuntu-24.04\n    steps:\n"


class Files:
    """A SourceTree of texts."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def list_workflows(self) -> Sequence[str]:
        return sorted(path for path in self._files if path.startswith(FOLDER))

    def read(self, path: str) -> bytes | None:
        text = self._files.get(path)
        return None if text is None else text.encode()


def read(files: dict[str, str]) -> Uses:
    return read_uses(Files(files))


def step(text: str, *, on: str = CLOCK) -> dict[str, str]:
    return {f"{FOLDER}a.yml": f"{on}{STEPS}      - {text}\n"}


OWN = {
    "the action": "uses: keyturn/keyturn@v0",
    "the action, pinned": "uses: keyturn/keyturn@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v0",
    "a mirror of it": "uses: octo/keyturn@main",
    "the composite action": "uses: keyturn/keyturn/composite@v0",
    "the image": "uses: docker://ghcr.io/keyturn/keyturn:v0",
    "a blank command": "{uses: keyturn/keyturn@v0, with: {command: ' '}}",
    "to rotate": "{uses: keyturn/keyturn@v0, with: {command: rotate, args: --apply}}",
    "an expression for the command": "{uses: a/keyturn@v0, with: {command: '${{ inputs.x }}'}}",
    "the command": "run: keyturn check --fail-on warning",
    "the command after others": "run: pip install keyturn && keyturn check",
    "the command by a path": "run: .venv/bin/keyturn rotate --apply",
    "the command through a runner": "run: pipx run keyturn check",
    "the command as a module": "run: python -m keyturn check --no-issues",
    "the command in a container": "run: docker run --rm ghcr.io/keyturn/keyturn:v0 check",
    "the command over lines": '{run: "set -e\\nkeyturn  check -q\\n"}',
}
NOT_OWN = {
    "only the watch": "{uses: keyturn/keyturn@v0, with: {args: --watch-only}}",
    "only the watch, as a command": "run: keyturn check --watch-only",
    "another command": "{uses: keyturn/keyturn@v0, with: {command: scan}}",
    "the list": "run: keyturn inventory",
    "a comment": '{run: "# keyturn check is elsewhere\\ntrue\\n"}',
    "a script that may do anything": "run: ./keyturn.sh",
}
NOTHING = {
    "another action": "uses: actions/checkout@v5",
    "a name that begins like it": "uses: octo/key-turner@v1",
    "a check of another kind": "run: make check",
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_runs_keyturn_by_the_clock(text: str) -> None:
    (own,) = read(step(text)).own
    assert own.path == f"{FOLDER}a.yml"
    assert [trigger.cron for trigger in own.schedules] == ["17 6 * * 1,4"]


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_what_only_a_push_starts_is_not_watched(text: str) -> None:
    uses = read(step(text, on="on: [push, workflow_dispatch]\n"))
    assert uses.own == ()
    assert uses.own_known


@pytest.mark.parametrize("text", NOT_OWN.values(), ids=NOT_OWN)
def test_what_names_keyturn_and_may_or_may_not_check(text: str) -> None:
    uses = read(step(text))
    assert uses.own == ()
    assert not uses.own_known


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_is_something_else(text: str) -> None:
    uses = read(step(text))
    assert uses.own == ()
    assert uses.own_known


def test_only_the_schedules_that_start_the_very_step_count() -> None:
    text = (
        "on: {schedule: [{cron: '1 1 * * *'}, {cron: '2 2 * * *', timezone: Europe/Berlin}]}\n"
        "jobs:\n"
        "  check:\n    steps: [{uses: keyturn/keyturn@v0}]\n"
    )
    (own,) = read({f"{FOLDER}a.yml": text}).own
    assert [(each.cron, each.timezone) for each in own.schedules] == [
        ("1 1 * * *", "UTC"),
        ("2 2 * * *", "Europe/Berlin"),
    ]
    pushed = "{uses: keyturn/keyturn@v0, if: github.event_name == 'push'}"
    assert read(step(pushed, on=BOTH)).own == ()
    clocked = "{uses: keyturn/keyturn@v0, if: github.event_name == 'schedule'}"
    assert len(read(step(clocked, on=BOTH)).own) == 1


def test_local_workflows_and_actions_are_followed() -> None:
    called = f"on: workflow_call\n{STEPS}      - uses: keyturn/keyturn@v0\n"
    caller = f"{CLOCK}jobs:\n  a:\n    uses: ./.github/workflows/called.yml\n"
    (own,) = read({f"{FOLDER}called.yml": called, f"{FOLDER}a.yml": caller}).own
    assert own.path == f"{FOLDER}a.yml"
    action = "runs:\n  using: composite\n  steps:\n    - run: keyturn check\n      shell: bash\n"
    files = step("uses: ./tools/watch") | {"tools/watch/action.yml": action}
    assert [each.path for each in read(files).own] == [f"{FOLDER}a.yml"]


def test_what_leads_out_of_sight_may_be_keyturn() -> None:
    away = "jobs:\n  a:\n    uses: octo/.github/.github/workflows/tokens.yml@main\n"
    assert not read({f"{FOLDER}a.yml": CLOCK + away}).own_known
    assert read({f"{FOLDER}a.yml": "on: push\n" + away}).own_known
    # A file that nobody could read may be it, too.
    assert not read({f"{FOLDER}a.yml": "on: [\n"}).own_known
    assert read({}).own_known
