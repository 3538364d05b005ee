"""PURE: whether a job that reads a secret expects that it may not be there.

For `missing-secret` alone, which would rather say nothing: what hides a failure is told elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from keyturn.model import Consumer, Use

_MOST = 20_000
"""Characters of a script; of a longer one nothing is said."""
_WHOLE = re.compile(r"\s*\$\{\{(?:[^}]|\}(?!\}))*\}\}\s*")
"""A text that is one expression, and so is empty where the secret is."""
_SECRET = re.compile(r"\bsecrets[ \t]{0,9}(?:\.|\[')[ \t]{0,9}([a-z_][\w-]*)", re.IGNORECASE)
_VARIABLE = re.compile(r"\benv[ \t]{0,9}\.[ \t]{0,9}([a-z_][\w-]*)", re.IGNORECASE)

_B = r"[ \t]{0,9}"
_VALUE = (
    rf"(?:\$env:(\w+)|\$\{{?(\w+)\}}?"
    rf"|\$\{{\{{{_B}(?:env\.([\w-]+)|(secrets\.[\w-]+)){_B}\}}\}})"
)
_HELD = rf"[\"']?{_VALUE}[\"']?"
_EMPTY = r"(?:\"\"|'')"
_TEST = re.compile(
    rf"-[nz][ \t]{_B}{_HELD}|{_HELD}{_B}(?:!=|==?|-ne|-eq){_B}{_EMPTY}"
    rf"|{_EMPTY}{_B}(?:!=|==?){_B}{_HELD}|\[[ \t](?:!{_B})?{_HELD}[ \t]\]"
    rf"|\bif{_B}\((?:-not|!)?{_B}{_HELD}{_B}\)|IsNullOr\w+\({_B}{_HELD}|\$\{{(\w+):?[-+]",
    re.IGNORECASE,
)
_FAILS = re.compile(r"\b(?:exit|return)[ \t]+[1-9]|\bfalse\b")
_BRANCH_END = re.compile(r"\bfi\b|^[ \t]*\}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Script:
    """What one script says of values that may be empty."""

    tested: frozenset[str]
    """Variables, and secrets as `secrets.name`, in lower case."""
    commented: frozenset[str]
    """Secrets that only stand in its comments, in lower case."""


class Expectations:
    """Judges the uses of one repository; each script is read once, however many secrets it has."""

    def __init__(self) -> None:
        self._scripts: dict[str, _Script] = {}

    def allow_absence(self, use: Use) -> bool:
        """Say whether the job does without the secret, or tests whether it is there.

        A test that ends the job with an error demands the secret.
        """
        spare = use.reference.optional or not use.required
        return spare or any(self._is_tested(use, each) for each in use.consumers)

    def is_commented_out(self, use: Use) -> bool:
        """Say whether the secret only stands in comments of a script."""
        if use.reference.key != "run" or not use.consumers:
            return False
        name = (use.reference.name or "").lower()
        return all(name in self._read(each.script).commented for each in use.consumers)

    def _is_tested(self, use: Use, consumer: Consumer) -> bool:
        if use.reference.key == "run":
            tested = f"secrets.{use.reference.name}".lower()
        else:
            variable = use.reference.key.removeprefix("env.")
            if not _WHOLE.fullmatch(consumer.env.get(variable, "")):
                return False
            tested = variable.lower()
            if any(tested in map(str.lower, _VARIABLE.findall(c)) for c in consumer.conditions):
                return True
        return len(consumer.script) > _MOST or tested in self._read(consumer.script).tested

    def _read(self, script: str) -> _Script:
        if script not in self._scripts:
            self._scripts[script] = _Script(_find_tested(script), _find_commented(script))
        return self._scripts[script]


def _find_tested(script: str) -> frozenset[str]:
    """Return what a script has a way to go on without."""
    if len(script) > _MOST:
        return frozenset()
    return frozenset(
        name.lower()
        for match in _TEST.finditer(script)
        if not _demands(script, match.end())
        for name in match.groups()
        if name
    )


def _demands(script: str, start: int) -> bool:
    """Say whether what follows a test, to the end of its branch or line, ends with an error."""
    end = _BRANCH_END.search(script, start)
    stop = end.start() if end else script.find("\n", start)
    return bool(_FAILS.search(script, start, stop if stop >= 0 else len(script)))


def _find_commented(script: str) -> frozenset[str]:
    live: set[str] = set()
    commented: set[str] = set()
    for line in script.splitlines():
        found = live if not line.lstrip().startswith("#") else commented
        found |= {name.lower() for name in _SECRET.findall(line)}
    return frozenset(commented - live)
