"""A job's `permissions:`, widened by what it needs, without taking away what it has.

A block of permissions takes away every right that it does not name. So nothing is written where it
is not certain what the job has, or that it needs no more than is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from keyturn import yaml_tree
from keyturn.replacements.patch_lines import Lines, NotExact

_HARMLESS_ACTION = re.compile(
    r"(actions/(checkout|cache|upload-artifact|download-artifact|setup-[a-z]+"
    r"|create-github-app-token)"
    r"|docker/(setup-[a-z-]+-action|login-action|metadata-action|build-push-action)"
    r"|ruby/setup-ruby|dtolnay/rust-toolchain|astral-sh/setup-uv|pypa/gh-action-pypi-publish"
    r"|rust-lang/crates-io-auth-action|rubygems/configure-rubygems-credentials"
    r"|aws-actions/(configure-aws-credentials|amazon-ecr-login)"
    r"|azure/(login|cli|webapps-deploy)"
    r"|google-github-actions/(auth|setup-gcloud|deploy-cloudrun)|hashicorp/(vault-action|setup-[a-z]+)"
    r"|codecov/codecov-action|jfrog/setup-jfrog-cli)@.*",
    re.IGNORECASE,
)
"""Actions that need no right of the job's token but to read its repository."""
_RELEASE_ACTION = re.compile(r"softprops/action-gh-release@.*", re.IGNORECASE)
_TOKEN = re.compile(
    r"github[._]token|\b(gh|hub)\s|\bgit\b[^\n;|&]*\b(push|tag)\b|semantic-release|release-it"
    r"|goreleaser|\blerna\b|changeset|standard-version|gh-(pages|deploy)|\bmike\s+deploy"
    r"|\bnpm\s+version|\b(rake|yarn|make|run|cargo)\s+release\b|\brelease:(prepare|perform)"
    r"|\b(npm|yarn|pnpm)\s+(run\s+)?deploy\b"
    r"|(?<![a-z])(release|publish|bump|version|tag)[\w-]*\.(sh|[mc]?[jt]s|py|rb)\b",
    re.IGNORECASE,
)
"""Signs of a script that acts on GitHub with the job's token, or with what a checkout left."""


def grant(lines: Lines, job: str, grants: Mapping[str, str]) -> None:
    """Give a job further permissions. Raises NotExact."""
    place = ("jobs", job, "permissions")
    own = lines.find(*place)
    everybody = lines.find("permissions")
    given = everybody if own is None else own
    if isinstance(given, yaml_tree.Scalar):
        if given.text != "write-all":
            raise NotExact
        return
    if isinstance(given, yaml_tree.Mapping):
        has = {key.text: value.text for key, value in given if isinstance(value, yaml_tree.Scalar)}
    else:
        _require_readers_only(lines, job, grants)
        # What a job without a block has is a setting of the repository; enough to check out.
        has = {"contents": "read"}
    missing = {name: level for name, level in grants.items() if has.get(name) != level}
    if given is not None and not missing:
        return
    if own is None:
        after = ("jobs", job, "runs-on")
        lines.add_section(place, [*(has | missing).items()], after=after)
        return
    for name, level in missing.items():
        if name in has:
            lines.replace((*place, name), level)
        else:
            lines.append(place, name, level)


def _require_readers_only(lines: Lines, job: str, grants: Mapping[str, str]) -> None:
    """Refuse a job of which a step may need more than to read the repository, and the grants."""
    steps = lines.find("jobs", job, "steps")
    actions = [
        step.get("uses")
        for step in (steps.items if isinstance(steps, yaml_tree.Sequence) else ())
        if isinstance(step, yaml_tree.Mapping) and step.get("uses")
    ]
    known = [_HARMLESS_ACTION]
    if grants.get("contents") == "write":
        known.append(_RELEASE_ACTION)
    for node in actions:
        text = node.text if isinstance(node, yaml_tree.Scalar) else ""
        if not any(pattern.fullmatch(text) for pattern in known):
            raise NotExact
    # An `env:` of the workflow hands it to every job.
    if any(
        _TOKEN.search(text) for place in (("jobs", job), ("env",)) for text in lines.texts(place)
    ):
        raise NotExact
