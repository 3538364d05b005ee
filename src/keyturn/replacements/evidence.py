"""PURE: what a row about an evidence says: when it holds of a step, and what is to change.

The rows stand in `registries` and `github_tokens`. Nothing here decides about a secret, whose
every use must have a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from keyturn.model import Consumer, Use

OIDC = ("id-token", "write")
"""The right to ask GitHub for a token that says which job this is."""
PACKAGES = ("packages", "write")
"""The right to push to ghcr.io, which knows the jobs of github.com only."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changes in a step and its job. Places are as in `Reference.key`: `with.password`."""

    drop: tuple[str, ...] = ()
    put: tuple[tuple[str, str], ...] = ()
    grants: tuple[tuple[str, str], ...] = ()
    """Permissions that the job needs, beside those it has."""
    prelude: tuple[tuple[str, str], ...] = ()
    """A step to stand before it, once in a job: `id`, `uses`, `with.owner`."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step, and what is to change in it."""

    consumer: Consumer
    change: Change


@dataclass(frozen=True, slots=True)
class Place:
    """A use of a secret with what stands around it."""

    use: Use
    consumer: Consumer
    repository: str
    steps: tuple[Consumer, ...]
    """Of its job, all of them."""
    events: frozenset[str]
    """What the workflows of the repository name under `on:`."""

    @property
    def key(self) -> str:
        """What the secret is given to, names of inputs in lower case."""
        key = self.use.reference.key
        return key.lower() if key.startswith("with.") else key

    def find_value(self, key: str) -> str:
        """Return what stands at a place of the step, empty where nothing does."""
        section, _, name = key.partition(".")
        values = self.consumer.inputs if section == "with" else self.consumer.env
        return values.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Replacement:
    """One evidence, and what to do about it."""

    id: str
    name: str
    """What comes in the secret's place, in a few words."""
    evidence: str
    """When it holds, for people."""
    keys: tuple[str, ...]
    """Where the step is given the secret."""
    source: str
    companions: tuple[str, ...] = ()
    """What is of no use any more without the secret."""
    action: str = ""
    since: tuple[int, ...] = ()
    """The first version of the action known to do without."""
    command: str = ""
    """What the script runs, as an expression; instead of an action."""
    refuses: str = ""
    """What no command of the script may hold: another registry, a value of its own."""
    demands: Mapping[str, str] = field(default_factory=dict)
    """What must stand at further places of the step, empty where nothing does."""
    holds: Callable[[Place], bool] = lambda _place: True
    """What else must be so."""
    patches: Callable[[Place], bool] = lambda _place: True
    """Whether `change` is all that is to be done; else people finish it by hand."""
    publishes: bool = False
    """It publishes a package, which no pull request may do."""
    change: Change = Change()
    publisher: tuple[str, ...] = ()
    """What to set up elsewhere; may name {owner}, {name}, {file}, {environment} and {subject}."""
    by_hand: str = ""
    """What is to be done where `patches` says no."""

    def matches(self, place: Place) -> bool:
        """Say whether the step does what the row is about, as far as that is certain."""
        if place.key not in (*self.keys, *self.companions):
            return False
        if self.publishes and any(t.event in _PULL_REQUESTS for t in place.use.triggers):
            return False
        if _is_asked_for(place):
            return False
        does = (
            place.consumer.action == self.action
            if self.action
            else _runs(self.command, self.refuses, place)
        )
        return (
            does
            and all(
                re.fullmatch(expected, place.find_value(key), re.IGNORECASE)
                for key, expected in self.demands.items()
            )
            and self.holds(place)
        )

    def is_old(self, place: Place) -> bool:
        """Say whether the action is an older version than the one known to do without."""
        version = find_version(place.consumer.uses)
        return bool(self.action) and version is not None and version < self.since[: len(version)]


_PULL_REQUESTS = ("pull_request", "pull_request_target")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HARMLESS = re.compile(
    r"(set|cd|echo|ls|mkdir|touch|chmod|printf|tee|python3? -m build|gem build|twine check"
    r"|(python3? -m )?pip install|npm (pack|version|test|run|config set provenance)"
    r"|cargo (build|test|check|package|clippy|fmt))(\s|$)"
)
"""Commands that need no credential and may stand beside the one that is looked for."""


def find_version(uses: str) -> tuple[int, ...] | None:
    """Return the version that a step pins its action to; (0,) for a branch, None for a commit."""
    ref = uses.partition("@")[2]
    if _COMMIT.fullmatch(ref):
        return None
    match = re.fullmatch(r"(?:release/)?v?(\d+(?:\.\d+)*)", ref)
    return tuple(map(int, match[1].split("."))) if match else (0,)


def _is_asked_for(place: Place) -> bool:
    """Say whether the step also looks at the variable that holds the secret: `if: env.TOKEN`."""
    section, _, name = place.key.partition(".")
    looks = re.compile(rf"\benv\.{name}\b|\benv\['{name}'\]", re.IGNORECASE)
    texts = (*place.consumer.conditions, *place.consumer.inputs.values())
    return section == "env" and any(looks.search(text) for text in texts)


def _runs(command: str, refuses: str, place: Place) -> bool:
    """Say whether a script runs a command and nothing else that may need the secret."""
    lines = place.consumer.script.replace("\\\n", " ").splitlines()
    kept = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    parts = [part.strip() for part in re.split(r"[\n;|]|(?<![<>])&", kept)]
    meant = [part for part in parts if re.match(command, part)]
    others = [part for part in parts if part and part not in meant]
    return (
        bool(meant)
        and all(_HARMLESS.match(part) for part in others)
        and not (refuses and re.search(refuses, kept))
    )
