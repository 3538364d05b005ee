"""PURE: what a stored token of GitHub is used for, where the job's own token or an App's will do.

One row per evidence; each names the page that says so.
"""

from __future__ import annotations

import re

from keyturn.replacements.evidence import PACKAGES, Change, Place, Replacement

_EXPRESSION = re.compile(r"\$\{\{ {0,9}([^}\s][^}]{0,200}?) {0,9}\}\}")
_IMAGE = re.compile(r"ghcr\.io/([^\s\"',]*)")
_HANDS_ON = re.compile(
    r"\.docker\b|dockerconfigjson|docker-registry|--with-registry-auth|docker[- ]compose"
)
"""The login for a cluster, or images that another file names."""
_ELSEWHERE = re.compile(r"github\.com|\bgit\s+(clone|submodule|remote|ls-remote)")
_OWN_IMAGES = (
    "${{github.repository}}",
    "${{github.repository_owner}}/",
    "$github_repository",
    "${github_repository",
)


def _names_own_images(place: Place) -> bool:
    """Say whether every image that the job names at ghcr.io belongs to the repository's owner.

    And whether nobody who runs on after the job's token has ended is given the login.
    """
    owner = place.repository.partition("/")[0].lower()
    own = (f"{owner}/", *_OWN_IMAGES)
    images = [
        image
        for step in place.steps
        for text in (*step.inputs.values(), *step.env.values(), step.script)
        for image in _IMAGE.findall(_EXPRESSION.sub(r"${{\1}}", text.lower()))
    ]
    scripts = "\n".join(step.script for step in place.steps)
    return (
        bool(images)
        and all(image.startswith(own) for image in images)
        and not _HANDS_ON.search(scripts)
    )


def _only_names_the_tag(place: Place) -> bool:
    """Say whether nothing else is started by a release that is made of a tag already pushed."""
    events = {trigger.event for trigger in place.use.triggers}
    return events == {"push"} and "release" not in place.events


def _stays_at_home(place: Place) -> bool:
    """Say whether no script takes the credential that a checkout leaves to another repository."""
    return not any(_ELSEWHERE.search(step.script) for step in place.steps)


def _is_other_repository(place: Place) -> bool:
    named = place.find_value("with.repository").lower()
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+", named)) and named != place.repository.lower()


_APP = (
    "Register a GitHub App, install it on the repositories that the job works on and no others, "
    "with the rights that it needs there (Contents: read to check out, write to push; Pull "
    "requests: write to open them; Workflows: write where what is pushed changes one; Members of "
    "the organization: read to ask a team for a review).",
    "Store the App's client id as the variable APP_CLIENT_ID, and its private key as the secret "
    "APP_PRIVATE_KEY, of this repository or of the job's environment. Where a rule of a branch "
    "lets the old token's owner pass, let the App pass. Its token ends after an hour: a longer job "
    "needs a new one before it pushes.",
)
_APP_SOURCE = (
    "actions/create-github-app-token README, v3, and issue 128 about the hour (read 2026-11)"
)


def _app(key: str, *scope: tuple[str, str]) -> Change:
    """Return the change that puts an App's token in a token's place."""
    step = (
        ("id", "keyturn-app"),
        ("uses", "actions/create-github-app-token@v3"),
        ("with.client-id", "${{ vars.APP_CLIENT_ID }}"),
        ("with.private-key", "${{ secrets.APP_PRIVATE_KEY }}"),
    )
    return Change(put=((key, "${{ steps.keyturn-app.outputs.token }}"),), prelude=(*step, *scope))


ROWS = (
    Replacement(
        id="ghcr",
        name="the job's own GITHUB_TOKEN",
        evidence="`docker/login-action` at `ghcr.io`, in a job that names images of the "
        "repository's own owner only and hands the login to nobody",
        action="docker/login-action",
        keys=("with.password",),
        companions=("with.username",),
        demands={"with.registry": r"ghcr\.io"},
        holds=_names_own_images,
        change=Change(
            put=(
                ("with.username", "${{ github.actor }}"),
                ("with.password", "${{ secrets.GITHUB_TOKEN }}"),
            ),
            grants=(PACKAGES,),
        ),
        publisher=(
            "On the page of each package that exists already, under Manage Actions access, give "
            "{owner}/{name} the role Write; also of those that a Dockerfile starts from. For a job "
            "that only pulls, Read and `packages: read` do.",
        ),
        source='GitHub docs, "Working with the Docker registry": GITHUB_TOKEN publishes the '
        "packages of the workflow's repository (read 2026-11)",
    ),
    Replacement(
        id="release",
        name="the job's own GITHUB_TOKEN",
        evidence="`softprops/action-gh-release` with `token`, for a tag that was pushed, where no "
        "workflow starts on `release`",
        action="softprops/action-gh-release",
        keys=("with.token",),
        demands=dict.fromkeys(
            (
                "with.repository",
                "with.tag_name",
                "with.target_commitish",
                "with.discussion_category_name",
                "env.GITHUB_REPOSITORY",
            ),
            "",
        ),
        # What this token does starts no workflow (GitHub docs, "GITHUB_TOKEN", 2026-11).
        holds=_only_names_the_tag,
        change=Change(drop=("with.token",), grants=(("contents", "write"),)),
        source='softprops/action-gh-release README, "Permissions" (read 2026-11)',
    ),
    Replacement(
        id="checkout-other",
        name="a GitHub App's token",
        evidence="`actions/checkout` of another repository with `token`",
        action="actions/checkout",
        keys=("with.token",),
        demands={"with.submodules": "(false)?", "with.github-server-url": "", "with.ssh-key": ""},
        holds=_is_other_repository,
        change=_app("with.token", ("with.owner", "{owner}"), ("with.repositories", "{name}")),
        publisher=(
            *_APP,
            "Where the job only reads the other repository, a read-only deploy key of it given as "
            "`ssh-key` does as well, without an App.",
        ),
        source=_APP_SOURCE,
    ),
    Replacement(
        id="checkout",
        name="a GitHub App's token",
        evidence="`actions/checkout` of the repository itself with `token`, in a job whose scripts "
        "name no other repository",
        action="actions/checkout",
        keys=("with.token",),
        demands={
            "with.repository": "",
            "with.submodules": "(false)?",
            "with.github-server-url": "",
            "with.ssh-key": "",
        },
        holds=_stays_at_home,
        change=_app("with.token"),
        publisher=(
            *_APP,
            "The App's token reaches this repository only; a job that works on others too has to "
            "name them under `repositories` of actions/create-github-app-token.",
        ),
        source=_APP_SOURCE,
    ),
    Replacement(
        id="create-pull-request",
        name="a GitHub App's token",
        evidence="`peter-evans/create-pull-request` with `token`",
        action="peter-evans/create-pull-request",
        keys=("with.token",),
        demands=dict.fromkeys(("with.push-to-fork", "with.branch-token", "with.path"), ""),
        change=_app("with.token"),
        publisher=_APP,
        source=_APP_SOURCE,
    ),
)
"""Every evidence about a token of GitHub. No two hold of one place."""
