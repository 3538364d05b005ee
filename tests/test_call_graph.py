"""Which job uses which stored secret, through reusable workflows and local actions."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.call_graph import Sources, read_uses, resolve
from keyturn.errors import NotPermitted, PlatformError, PlatformRejected, PlatformUnavailable
from keyturn.expression_tree import Expression
from keyturn.expressions import can_hold
from keyturn.model import Failure, FailureKind, How, Use, Uses
from keyturn.workflows import parse_workflow

FOLDER = ".github/workflows"


class Files:
    """A source tree in memory; an exception in place of a text is raised."""

    def __init__(self, files: Mapping[str, str | PlatformError]) -> None:
        self.files = files

    def list_workflows(self) -> Sequence[str]:
        if isinstance(error := self.files.get(FOLDER), PlatformError):
            raise error
        return sorted(path for path in self.files if path.startswith(f"{FOLDER}/"))

    def read(self, path: str) -> bytes | None:
        found = self.files.get(path)
        if isinstance(found, PlatformError):
            raise found
        return None if found is None else textwrap.dedent(found).encode()


def read(**workflows: str) -> Uses:
    return read_uses(Files({f"{FOLDER}/{name}.yml": text for name, text in workflows.items()}))


def told(use: Use) -> str:
    """One use on one line: name, workflow, job, events, then what is out of the ordinary."""
    path = use.path.removeprefix(f"{FOLDER}/").removesuffix(".yml")
    events = ",".join(trigger.event for trigger in use.triggers)
    line = f"{use.name} {path}: {use.job} [{events}]"
    if use.environment or not use.environment_known:
        line += f" in {use.environment or '?'}"
    return line + (" optional" if use.reference.optional else "")


def lines(uses: Uses) -> list[str]:
    return [told(use) for use in uses.uses]


# Every case: what one workflow file alone says.
SINGLE = {
    "a token of one step": (
        """
        on: {release: {types: [published]}}
        jobs:
          publish:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v5
              - run: npm publish
                env: { NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}" }
        """,
        ["NPM_TOKEN ci: publish [release]"],
    ),
    "docker login, only where something is pushed": (
        """
        on: [push, pull_request]
        jobs:
          image:
            steps:
              - if: github.event_name != 'pull_request'
                uses: docker/login-action@v3
                with:
                  username: ${{ secrets.DOCKER_USERNAME }}
                  password: ${{ secrets.DOCKER_PASSWORD }}
        """,
        ["DOCKER_USERNAME ci: image [push]", "DOCKER_PASSWORD ci: image [push]"],
    ),
    "coverage, which may fail": (
        """
        on: [push]
        jobs:
          test:
            strategy: { matrix: { python: ["3.12", "3.13"] } }
            name: Test ${{ matrix.python }}
            steps:
              - uses: codecov/codecov-action@v5
                with: { token: "${{ secrets.CODECOV_TOKEN }}", fail_ci_if_error: false }
        """,
        ["CODECOV_TOKEN ci: test [push]"],
    ),
    "a fallback chain": (
        """
        on: {schedule: [{cron: '7 3 * * *'}]}
        jobs:
          agent:
            steps:
              - uses: actions/github-script@v8
                with:
                  github-token: ${{ secrets.MCP || secrets.BOT || secrets.GITHUB_TOKEN }}
        """,
        ["MCP ci: agent [schedule] optional", "BOT ci: agent [schedule] optional"],
    ),
    "skipped when empty": (
        """
        on: push
        jobs:
          notify:
            env: { HAS_HOOK: "${{ secrets.SLACK_WEBHOOK != '' }}" }
            steps:
              - if: env.HAS_HOOK == 'true'
                run: curl "$HOOK"
                env: { HOOK: "${{ secrets.SLACK_WEBHOOK }}" }
        """,
        ["SLACK_WEBHOOK ci: notify [push] optional", "SLACK_WEBHOOK ci: notify [push]"],
    ),
    "env of the workflow counts for every job": (
        """
        on: push
        env: { SEMGREP: "${{ secrets.SEMGREP_APP_TOKEN }}" }
        jobs:
          a: { steps: [{ run: x }] }
          b: { if: github.event_name == 'schedule', steps: [{ run: x }] }
        """,
        ["SEMGREP_APP_TOKEN ci: a [push]", "SEMGREP_APP_TOKEN ci: b []"],
    ),
    "env of a job": (
        """
        on: workflow_dispatch
        jobs:
          a:
            name: Deploy
            environment: production
            env: { TOKEN: "${{ secrets.DEPLOY }}" }
            steps: [{ run: ./deploy }]
        """,
        ["DEPLOY ci: Deploy [workflow_dispatch] in production"],
    ),
    "an environment by expression": (
        """
        on: push
        jobs:
          a:
            environment: { name: "${{ matrix.target }}" }
            steps: [{ run: "./deploy ${{ secrets.DEPLOY }}" }]
        """,
        ["DEPLOY ci: a [push] in ?"],
    ),
    "credentials of containers": (
        """
        on: push
        jobs:
          a:
            container: { image: x, credentials: { password: "${{ secrets.QUAY }}" } }
            services: { db: { image: y, credentials: { password: "${{ secrets.ACR }}" } } }
        """,
        ["QUAY ci: a [push]", "ACR ci: a [push]"],
    ),
    "a GitHub App": (
        """
        on: [push]
        jobs:
          a:
            steps:
              - id: app
                uses: actions/create-github-app-token@v2
                with: { app-id: "${{ vars.APP_ID }}", private-key: "${{ secrets.PRIVATE_KEY }}" }
              - env: { GH_TOKEN: "${{ steps.app.outputs.token }}" }
        """,
        ["PRIVATE_KEY ci: a [push]"],
    ),
    "a step called secrets": (
        """
        on: push
        jobs:
          a:
            steps:
              - id: esc-secrets
                uses: pulumi/esc-action@v1
              - env:
                  TOKEN: ${{ steps.esc-secrets.outputs.NPM_TOKEN }}
                  # TOKEN: ${{ secrets.OLD_TOKEN }}
        """,
        [],
    ),
    "an anchored env": (
        """
        on: push
        jobs:
          a: { env: &env { URL: "${{ secrets.DATABASE_URL }}" } }
          b: { env: *env }
        """,
        ["DATABASE_URL ci: a [push]", "DATABASE_URL ci: b [push]"],
    ),
    "an anchored job": (
        """
        on: push
        jobs:
          a: &job
            steps: [{ run: "echo ${{ secrets.A }}" }]
          b: *job
        """,
        ["A ci: a [push]", "A ci: b [push]"],
    ),
    "one job for each event": (
        """
        on: {schedule: [{cron: 0 1 * * *}], push: , workflow_dispatch: }
        jobs:
          nightly:
            if: ${{ github.event_name == 'schedule' && github.repository == 'octo/app' }}
            env: { A: "${{ secrets.NIGHTLY }}" }
          rest:
            if: github.event_name != 'schedule'
            env: { A: "${{ secrets.REST }}" }
          off:
            if: false
            env: { A: "${{ secrets.OFF }}" }
          complex:
            if: contains(github.event_name, 'push') || github.actor == 'x'
            env: { A: "${{ secrets.COMPLEX }}" }
        """,
        [
            "NIGHTLY ci: nightly [schedule]",
            "REST ci: rest [push,workflow_dispatch]",
            "OFF ci: off []",
            "COMPLEX ci: complex [schedule,push,workflow_dispatch]",
        ],
    ),
    "a remote reusable workflow": (
        """
        on: pull_request
        jobs:
          review:
            name: Review
            uses: octo/shared/.github/workflows/review.yml@v1
            secrets: { token: "${{ secrets.REVIEW_TOKEN }}", me: "${{ secrets.GITHUB_TOKEN }}" }
        """,
        ["REVIEW_TOKEN ci: Review [pull_request]"],
    ),
    "only callable": (
        """
        on: workflow_call
        jobs:
          a: { env: { A: "${{ secrets.A }}" } }
        """,
        [],
    ),
    "callable and started": (
        """
        on: [workflow_call, push]
        jobs:
          a: { env: { A: "${{ secrets.A }}" } }
        """,
        ["A ci: a [push]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), SINGLE.values(), ids=SINGLE)
def test_one_workflow(text, expected):
    uses = read(ci=text)
    assert lines(uses) == expected
    assert uses.complete
    assert uses.failures == ()


PUBLISH = """\
on:
  workflow_call:
    secrets: { token: { required: true }, slack: { required: false } }
jobs:
  publish:
    name: Publish it
    steps:
      - run: npm publish
        env: { NODE_AUTH_TOKEN: "${{ secrets.token }}" }
      - if: github.event_name != 'push'
        run: curl ${{ secrets.SLACK }}
"""


def test_a_secret_is_followed_under_its_new_name():
    uses = read(
        publish=PUBLISH,
        release="""
        on: [push, release]
        jobs:
          release:
            uses: ./.github/workflows/publish.yml
            secrets:
              token: ${{ secrets.NPM_TOKEN }}
              SLACK: ${{ secrets.SLACK }}
        """,
    )
    assert lines(uses) == [
        "NPM_TOKEN release: release / Publish it [push,release]",
        "SLACK release: release / Publish it [release]",
    ]
    place = uses.uses[0].reference
    assert (place.path, place.line, place.name) == (f"{FOLDER}/publish.yml", 9, "TOKEN")
    assert [(ref.name, ref.how, ref.path[len(FOLDER) + 1 :]) for ref in uses.references] == [
        ("TOKEN", How.EXPRESSION, "publish.yml"),
        ("SLACK", How.EXPRESSION, "publish.yml"),
        ("NPM_TOKEN", How.PASSED, "release.yml"),
        ("SLACK", How.PASSED, "release.yml"),
    ]


# Every case: the job `call` of a workflow started by a push, and how it hands on to PUBLISH.
CALLS = {
    "inherit": ("secrets: inherit", ["TOKEN", "SLACK"]),
    "nothing": ("with: { x: 1 }", []),
    "the run's own token": ("secrets: { token: '${{ secrets.GITHUB_TOKEN }}' }", []),
    "an input": ("secrets: { token: '${{ inputs.token }}' }", []),
    "two for one": (
        "secrets: { token: '${{ secrets.A || secrets.B }}' }",
        ["A optional", "B optional"],
    ),
    "twice the same": ("secrets: { token: '${{ secrets.A }}${{ secrets.A }}' }", ["A"]),
    "names without case": ("secrets: { TOKEN: '${{ SECRETS.npm_token }}' }", ["NPM_TOKEN"]),
    "passed and never read": ("secrets: { other: '${{ secrets.UNREAD }}' }", []),
}


@pytest.mark.parametrize(("how", "expected"), CALLS.values(), ids=CALLS)
def test_what_a_caller_hands_on(how, expected):
    caller = f"on: push\njobs:\n  call:\n    uses: ./.github/workflows/publish.yml\n    {how}\n"
    uses = read(ci=caller, publish=PUBLISH.replace("if: github.event_name != 'push'", "if: true"))
    want = [f"{name.split()[0]} ci: call / Publish it [push]" for name in expected]
    want = [
        line + name.removeprefix(name.split()[0]) for line, name in zip(want, expected, strict=True)
    ]
    assert lines(uses) == want
    assert uses.complete


def test_a_secret_that_is_passed_and_never_read_is_a_reference():
    uses = read(
        ci="""
        on: push
        jobs:
          call:
            uses: ./.github/workflows/publish.yml
            secrets: { other: "${{ secrets.UNREAD }}" }
        """,
        publish=PUBLISH,
    )
    assert "UNREAD" in {reference.name for reference in uses.references}


def test_several_levels_and_names():
    uses = read(
        a="""
        on: push
        jobs:
          one:
            if: github.event_name == 'push'
            uses: ./.github/workflows/b.yml
            secrets: { first: "${{ secrets.STORED || secrets.OLD }}" }
        """,
        b="""
        on: workflow_call
        jobs:
          two:
            name: Second
            uses: ./.github/workflows/c.yml
            secrets: inherit
        """,
        c="""
        on: workflow_call
        jobs:
          three:
            uses: ./.github/workflows/d.yml
            secrets: { last: "${{ secrets.first }}", more: "${{ secrets.STORED }}" }
        """,
        d="""
        on: workflow_call
        env: { A: "${{ secrets.last }}" }
        jobs:
          four: { steps: [{ run: "echo ${{ secrets.more }}" }] }
        """,
    )
    assert lines(uses) == [
        "STORED a: one / Second / three / four [push] optional",
        "OLD a: one / Second / three / four [push] optional",
    ]


def test_the_called_job_gets_the_secrets_of_its_own_environment():
    uses = read(
        ci="""
        on: push
        jobs:
          map:
            uses: ./.github/workflows/deploy.yml
            secrets: { KEY: "${{ secrets.KEY }}", RENAMED: "${{ secrets.STORED }}" }
          all:
            uses: ./.github/workflows/deploy.yml
            secrets: inherit
        """,
        deploy="""
        on: { workflow_call: { secrets: { MAYBE: { required: false } } } }
        jobs:
          run:
            environment: production
            steps:
              - run: ${{ secrets.KEY }} ${{ secrets.RENAMED }}
              - run: ${{ secrets.OWN }} ${{ secrets.MAYBE }}
        """,
    )
    assert lines(uses) == [
        "KEY ci: map / run [push] in production",
        "STORED ci: map / run [push]",
        "OWN ci: map / run [push] in production",
        "MAYBE ci: map / run [push] in production optional",
        "KEY ci: all / run [push] in production",
        "RENAMED ci: all / run [push] in production",
        "OWN ci: all / run [push] in production",
        "MAYBE ci: all / run [push] in production",
    ]


def test_what_a_workflow_declares_as_not_required_its_callers_may_not_have():
    uses = read(
        ci="on: push\njobs:\n  call: { uses: ./.github/workflows/a.yml, secrets: inherit }\n",
        a="""
        on:
          push:
          workflow_call: { secrets: { A: { required: false }, B: { required: true }, C: } }
        jobs:
          a:
            steps:
              - run: ${{ secrets.A }} ${{ secrets.B }} ${{ secrets.c }} ${{ secrets.D }}
        """,
    )
    assert [(use.path[-6:], use.name) for use in uses.uses if not use.required] == [
        ("/a.yml", "A"),
        ("/a.yml", "C"),
        ("ci.yml", "A"),
        ("ci.yml", "C"),
    ]
    assert not any(use.reference.optional for use in uses.uses)


def test_the_callers_conditions_hold_for_the_called_jobs():
    uses = read(
        ci="""
        on: { push: , schedule: [{ cron: 0 0 * * * }], release: }
        jobs:
          call:
            if: github.event_name != 'push'
            uses: ./.github/workflows/b.yml
            secrets: inherit
        """,
        b="""
        on: workflow_call
        jobs:
          run:
            if: github.event_name != 'release'
            steps: [{ run: "${{ secrets.A }}", if: github.event_name != 'schedule' }]
          other: { env: { B: "${{ secrets.B }}" } }
        """,
    )
    assert lines(uses) == ["A ci: call / run []", "B ci: call / other [schedule,release]"]


def test_env_of_the_caller_does_not_reach_the_called_workflow():
    uses = read(
        ci="""
        on: push
        env: { A: "${{ secrets.A }}" }
        jobs:
          call: { uses: ./.github/workflows/publish.yml }
          here: { steps: [{ run: x }] }
        """,
        publish=PUBLISH,
    )
    assert lines(uses) == ["A ci: here [push]"]


def test_workflows_that_call_each_other_end():
    uses = read(
        a="""
        on: push
        jobs:
          a: { uses: ./.github/workflows/b.yml, secrets: inherit }
        """,
        b="""
        on: [workflow_call, release]
        jobs:
          b: { uses: ./.github/workflows/b.yml, secrets: inherit }
          c: { uses: ./.github/workflows/a.yml, secrets: inherit }
          d: { env: { A: "${{ secrets.A }}" } }
        """,
    )
    assert lines(uses) == ["A a: a / d [push]", "A b: d [release]"]


def call(name: str, *, count: int = 1, on: str = "workflow_call") -> str:
    jobs = [
        f"  j{i}: {{uses: ./.github/workflows/{name}.yml, secrets: inherit}}" for i in range(count)
    ]
    return "\n".join([f"on: {on}", "jobs:", *jobs])


def test_ten_levels_are_followed_as_github_does():
    def chain(length: int) -> dict[str, str]:
        files = {f"w{i}": call(f"w{i + 1}") for i in range(1, length)}
        leaf = "on: workflow_call\njobs: {z: {env: {A: '${{ secrets.A }}'}}}"
        return {**files, "w0": call("w1", on="push"), f"w{length}": leaf}

    assert len(read(**chain(9)).uses) == 1
    assert read(**chain(10)).uses == ()


def test_calls_without_end_are_not_understood():
    files = {f"w{i}": call(f"w{i + 1}", count=30) for i in range(1, 6)}
    leaf = "on: workflow_call\njobs: {z: {env: {A: '${{ secrets.A }}'}}}"
    plain = "on: push\njobs: {a: {env: {B: '${{ secrets.B }}'}}}"
    uses = read(**files, w0=call("w1", count=30, on="push"), w6=leaf, plain=plain)
    assert [failure.subject for failure in uses.failures] == [f"{FOLDER}/w0.yml"]
    assert not uses.complete
    assert lines(uses) == ["B plain: a [push]"]


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("uses: octo/x/.github/workflows/a.yml@v1\n    secrets: inherit", False),
        ("uses: ./.github/workflows/missing.yml\n    secrets: inherit", False),
        ("uses: ./.github/workflows/publish.yml\n    secrets: inherit", True),
        ("uses: octo/x/.github/workflows/a.yml@v1\n    secrets: {a: '${{ secrets.A }}'}", True),
        ("env: {A: '${{ toJSON(secrets) }}'}", False),
        ("steps: [{run: '${{ secrets[matrix.x] }}'}]", False),
        (
            "uses: octo/x/.github/workflows/a.yml@v1\n    secrets: {a: '${{ toJSON(secrets) }}'}",
            False,
        ),
    ],
)
def test_where_any_secret_may_be_meant_nothing_is_complete(text, complete):
    uses = read(ci=f"on: push\njobs:\n  a:\n    {text}\n", publish=PUBLISH)
    assert uses.complete is complete
    assert uses.failures == ()


def test_what_is_passed_to_a_workflow_that_is_not_understood_breaks_the_caller():
    uses = read(
        ci="""
        on: push
        jobs:
          a: { uses: ./.github/workflows/bad.yml, secrets: { x: "${{ secrets.A }}" } }
        """,
        bad="jobs: [",
    )
    assert lines(uses) == ["A ci: a [push]"]
    assert [failure.kind for failure in uses.failures] == [FailureKind.NOT_UNDERSTOOD]


ACTION_USER = """
on: [push, release]
jobs:
  a:
    environment: production
    steps:
      - if: github.event_name == 'release'
        uses: ./tools/publish/
        with: { token: "${{ secrets.PASSED }}" }
"""


def test_local_actions_are_read():
    tree = Files(
        {
            f"{FOLDER}/ci.yml": ACTION_USER,
            "tools/publish/action.yaml": """\
            runs:
              using: composite
              steps:
                - run: echo ${{ secrets.INSIDE }}
                - uses: ./tools/deeper
                - uses: ./tools/publish
                - uses: ../outside
                - uses: ./../outside
            """,
            "tools/deeper/action.yml": """\
            runs:
              using: composite
              args: ["${{ secrets.ARGUMENT }}"]
              steps: [{ name: Deep, run: "echo ${{ secrets.DEEP }}", if: false }]
            """,
            "../outside/action.yml": "runs: {steps: [{run: '${{ secrets.NEVER }}'}]}",
        }
    )
    uses = read_uses(tree)
    assert lines(uses) == [
        "PASSED ci: a [release] in production",
        "INSIDE ci: a [release] in production",
        "ARGUMENT ci: a [release] in production",
        "DEEP ci: a [] in production",
    ]
    assert [(r.path, r.line, r.job, r.step) for r in uses.references] == [
        (f"{FOLDER}/ci.yml", 9, "a", "#1"),
        ("tools/deeper/action.yml", 3, None, None),
        ("tools/deeper/action.yml", 4, None, "Deep"),
        ("tools/publish/action.yaml", 4, None, "#1"),
    ]
    assert uses.complete


def test_an_action_at_the_root():
    workflow = "on: push\njobs: {a: {steps: [{uses: ./}]}}"
    action = "runs: {steps: [{run: 'echo ${{ secrets.A }}'}]}"
    uses = read_uses(Files({f"{FOLDER}/ci.yml": workflow, "action.yml": action}))
    assert lines(uses) == ["A ci: a [push]"]


def test_too_many_local_actions_are_said():
    steps = "\n".join(f"      - uses: ./a{i}" for i in range(501))
    uses = read(ci=f"on: push\njobs:\n  a:\n    steps:\n{steps}\n")
    assert [failure.message for failure in uses.failures] == [
        "more than 500 local actions are used"
    ]


@pytest.mark.parametrize("name", ["dependabot.yml", "dependabot.yaml"])
def test_dependabot_reads_its_own_names(name):
    text = "registries: {npm: {token: '${{secrets.FEED}}'}}"
    uses = read_uses(Files({f".github/{name}": text}))
    assert uses == Uses(dependabot_names=frozenset({"FEED"}))


GOOD = "on: push\njobs: {a: {env: {A: '${{ secrets.A }}'}}}"
REFUSED = NotPermitted("may not read contents")
DOWN = PlatformUnavailable("no answer")


@pytest.mark.parametrize(
    ("files", "failure"),
    [
        (
            {f"{FOLDER}/b.yml": "jobs: x"},
            Failure(
                FailureKind.NOT_UNDERSTOOD,
                f"{FOLDER}/b.yml",
                f"{FOLDER}/b.yml:1:7: `jobs` is not a mapping",
            ),
        ),
        (
            {f"{FOLDER}/b.yml": REFUSED},
            Failure(FailureKind.NOT_PERMITTED, f"{FOLDER}/b.yml", "may not read contents"),
        ),
        (
            {f"{FOLDER}/b.yml": DOWN},
            Failure(FailureKind.GITHUB_UNAVAILABLE, f"{FOLDER}/b.yml", "no answer"),
        ),
        (
            {".github/dependabot.yml": PlatformRejected("who?")},
            Failure(FailureKind.GITHUB_UNAVAILABLE, ".github/dependabot.yml", "who?"),
        ),
    ],
)
def test_one_file_that_fails_is_said_and_the_others_are_read(files, failure):
    uses = read_uses(Files({f"{FOLDER}/a.yml": GOOD, **files}))
    assert uses.failures == (failure,)
    assert lines(uses) == ["A a: a [push]"]
    assert not uses.complete


def test_a_list_that_fails_leaves_nothing_but_the_failure():
    uses = read_uses(Files({FOLDER: DOWN, f"{FOLDER}/a.yml": GOOD}))
    assert uses.failures == (Failure(FailureKind.GITHUB_UNAVAILABLE, FOLDER, "no answer"),)
    assert (uses.uses, uses.complete) == ((), False)


def test_a_file_that_is_gone_since_the_list_is_left_out():
    class Vanishing(Files):
        def read(self, path: str) -> bytes | None:
            return None

    assert read_uses(Vanishing({f"{FOLDER}/a.yml": GOOD})) == Uses()


NAMES = st.sampled_from(["a", "b", "c", "missing"])
JOBS = st.lists(st.tuples(NAMES, st.sampled_from(["inherit", "{x: '${{ secrets.X }}'}", "{}"])))
EVENTS = st.sampled_from(["push", "workflow_call", "[push, workflow_call]"])


@given(st.dictionaries(NAMES, st.tuples(EVENTS, JOBS), max_size=3))
def test_any_graph_comes_to_an_end(graph):
    texts = {
        name: "\n".join(
            [f"on: {events}", "env: {E: '${{ secrets.X }}'}", "jobs:", "  z: {}"]
            + [
                f"  j{i}: {{uses: ./.github/workflows/{callee}.yml, secrets: {how}}}"
                for i, (callee, how) in enumerate(jobs)
            ]
        )
        for name, (events, jobs) in graph.items()
        if name != "missing"
    }
    for use in read(**texts).uses:
        assert use.name == "X"
        assert use.path.removeprefix(f"{FOLDER}/").removesuffix(".yml") in texts


def test_a_condition_is_judged_once_for_each_event(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def count(condition: Expression | None, *, event: str, repository: str) -> bool:
        judged.append(event)
        return can_hold(condition, event=event, repository=repository)

    monkeypatch.setattr("keyturn.call_graph.can_hold", count)
    steps = "      - &s {run: x, if: \"github.event_name != 'push'\", env: {A: '${{secrets.A}}'}}\n"
    text = f"on: [push, release]\njobs:\n  a:\n    steps:\n{steps}" + "      - *s\n" * 50
    workflow = parse_workflow(".github/workflows/a.yml", text.encode())
    uses = resolve(workflow, Sources({workflow.path: workflow}, {})).uses
    assert {trigger.event for use in uses for trigger in use.triggers} == {"release"}
    assert sorted(judged) == ["push", "release"]


CONSUMERS = """
on: push
permissions: { contents: read }
env: { REGION: eu, DEPLOY_KEY: "${{ secrets.DEPLOY_KEY }}" }
jobs:
  ship:
    if: github.ref == 'refs/heads/main'
    env: { NPM_TOKEN: "${{ secrets.NPM }}" }
    steps:
      - uses: Docker/Login-Action@v3
        continue-on-error: true
        with: { Password: "${{ secrets.DOCKER }}" }
      - name: Publish
        if: env.NPM_TOKEN != ''
        run: npm publish
      - run: ./deploy.sh "$DEPLOY_KEY"
        env: { REGION: us }
  call:
    uses: octo/shared/.github/workflows/release.yml@v1
    secrets: { token: "${{ secrets.PASSED }}" }
"""


def test_every_use_knows_the_steps_that_its_value_reaches() -> None:
    found = {
        (use.name, use.reference.key): [(c.label, c.action) for c in use.consumers]
        for use in read(ci=CONSUMERS).uses
    }
    assert found == {
        ("DOCKER", "with.Password"): [("#1", "docker/login-action")],
        ("NPM", "env.NPM_TOKEN"): [("Publish", "")],
        ("DEPLOY_KEY", "env.DEPLOY_KEY"): [("#3", "")],
        ("PASSED", "secrets.token"): [("call", "octo/shared/.github/workflows/release.yml")],
    }


def test_a_step_knows_what_stands_around_it() -> None:
    steps = {c.label: c for use in read(ci=CONSUMERS).uses for c in use.consumers}
    login, publish, deploy = steps["#1"], steps["Publish"], steps["#3"]
    assert (login.tolerated, dict(login.inputs)) == (True, {"password": "${{ secrets.DOCKER }}"})
    assert publish.conditions == ("github.ref == 'refs/heads/main'", "env.NPM_TOKEN != ''")
    assert (publish.script, publish.tolerated, publish.line) == ("npm publish", False, 13)
    assert (deploy.env["REGION"], publish.env["REGION"]) == ("us", "eu")
    assert deploy.permissions == {"contents": "read"}


def test_the_files_that_name_a_secret_are_kept_as_they_are() -> None:
    uses = read(ci=CONSUMERS, plain="on: push\njobs: { a: { steps: [{ run: make }] } }\n")
    assert list(uses.texts) == [f"{FOLDER}/ci.yml"]
    assert uses.texts[f"{FOLDER}/ci.yml"] == CONSUMERS
