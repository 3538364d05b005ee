"""PURE: one step that a secret reaches -> what hides it there that the secret is dead, or missing.

What cannot be told for certain is no guard: nothing is said of scripts that are not understood, of
other shells than the POSIX ones, and of steps that only sign in, as a later step shows the failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from keyturn.expression_tree import (
    Access,
    Expression,
    Literal,
    Operation,
    Unreadable,
    find_expressions,
    parse,
)
from keyturn.expressions import is_token, parse_condition
from keyturn.model import Consumer, Use
from keyturn.silence.shell_guards import find_script_guard

_SIGNS_IN = re.compile(
    r"login|auth|credential|setup|checkout|app-token|cache|ssh-(?:agent|key)|import-|vault|secrets"
    r"|set-context|netrc"
)
"""In an action's name: it stores what it is given, and what needs that comes later."""
_STORES_LOGIN = re.compile(
    r"\b(?:login|auth|config|configure|credentials?|import|secrets?|set-url|keychain)\b"
    r"|GITHUB_(?:ENV|OUTPUT)|>(?![>\s]*/dev/null|&)"
)
"""In a script: the same. Who takes a secret to keep it does not look whether it is dead."""
_MOST_VARIABLES = 100
"""Of a step that is looked at: each of its uses of secrets looks at them all."""
_VERSION = re.compile(r"v(\d+)(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Guard:
    """What hides a failure, in words."""

    words: str
    hides_dead: bool
    """A token that is dead goes unseen; else only a secret that is missing, thus empty, does."""


@dataclass(frozen=True, slots=True)
class _Switch:
    """An action that only fails for a refused token where it is told to."""

    action: str
    input: str
    since: int = 0
    """The first major version that has it."""


_SWITCHES = (
    # Its `action.yml`: "On error, exit with non-zero code", default 'false' (2026-11).
    _Switch("codecov/codecov-action", "fail_ci_if_error"),
    # Its docs/additional-configurations.md: `errors` "defaults to `false` so failed requests do
    # not cause the step" to fail (2026-11); version 1 has no such input.
    _Switch("slackapi/slack-github-action", "errors", since=2),
)


def find_guard(use: Use, consumer: Consumer) -> Guard | None:
    """Return what hides a dead secret in a step, else what hides a missing one; None: neither."""
    name = use.reference.name
    if name is None or use.reference.path != consumer.path or _signs_in(consumer):
        return None
    if len(consumer.env) > _MOST_VARIABLES:
        return None
    if consumer.tolerated and not _STORES_LOGIN.search(_without_expressions(consumer.script)):
        return Guard("continue-on-error: true", hides_dead=True)
    switch = _find_switch(consumer)
    if switch:
        return switch
    variables = _variables(consumer, name)
    in_script = _judge_script(consumer, name, variables)
    if in_script and in_script.hides_dead:
        return in_script
    if any(_tests(text, consumer, name) for text in consumer.conditions):
        return Guard("its if: is false where the secret is empty", hides_dead=False)
    if in_script:
        return in_script
    if any(_falls_back(text, name) for text in _texts(consumer, use.reference.key)):
        return Guard("goes on with another token where the secret is empty", hides_dead=False)
    return None


def find_silence(uses: Iterable[Use], *, path: str, job: str, missing: bool = False) -> str:
    """Return what hides it in a job that these uses' secrets are dead, or missing; empty: nothing.

    Every step of the job that they reach must be guarded.
    """
    words: dict[str, None] = {}
    for use in uses:
        if (use.path, use.job) != (path, job):
            continue
        # What an `env:` of the job gives to all its steps may be used by any of them.
        if use.reference.step is None or not use.consumers:
            return ""
        for consumer in use.consumers:
            guard = find_guard(use, consumer)
            if guard is None or not (guard.hides_dead or missing):
                return ""
            words[guard.words] = None
    return ", ".join(words)


def _without_expressions(script: str) -> str:
    """Blank out `${{ secrets.TOKEN }}`, whose words are no command's."""
    for start, end in reversed(list(find_expressions(script))):
        script = f"{script[:start]}{script[end:]}"
    return script


def _signs_in(consumer: Consumer) -> bool:
    return bool(_SIGNS_IN.search(consumer.action))


def _find_switch(consumer: Consumer) -> Guard | None:
    for switch in _SWITCHES:
        if consumer.action != switch.action or not _is_since(consumer, switch.since):
            continue
        value = consumer.inputs.get(switch.input, "false").strip().lower()
        if value in ("false", "") and consumer.inputs.get("use_oidc", "false") == "false":
            return Guard(f"{switch.input} is not true", hides_dead=True)
    return None


def _is_since(consumer: Consumer, version: int) -> bool:
    match = _VERSION.fullmatch(consumer.uses.partition("@")[2])
    return version == 0 or (match is not None and int(match[1]) >= version)


def _judge_script(consumer: Consumer, name: str, variables: frozenset[str]) -> Guard | None:
    windows = "windows" in consumer.runner.lower() or "${{" in consumer.runner
    if not consumer.script or consumer.shell not in (("bash", "sh") if windows else _POSIX):
        return None
    expressions = frozenset(
        consumer.script[start - 3 : end + 2]
        for start, end in find_expressions(consumer.script)
        if _names(consumer.script, start, end, name, variables)
    )
    found = find_script_guard(consumer.script, variables=variables, expressions=expressions)
    return found and Guard(found[0], hides_dead=found[1])


_POSIX = ("", "bash", "sh")
"""`""` is bash but on Windows."""


def _variables(consumer: Consumer, name: str) -> frozenset[str]:
    """Return the variables of a step that hold the secret."""
    return frozenset(
        variable
        for variable, text in consumer.env.items()
        if any(_is_secret(text, start, end, name) for start, end in find_expressions(text))
    )


def _names(text: str, start: int, end: int, name: str, variables: frozenset[str]) -> bool:
    """Say whether an expression in a script stands for the secret, directly or through `env`."""
    tree = _parse(text, start, end)
    return _is_secret(text, start, end, name) or (
        isinstance(tree, Access)
        and tree.names[0] == "env"
        and tree.names[1:] in {(variable.lower(),) for variable in variables}
    )


def _is_secret(text: str, start: int, end: int, name: str) -> bool:
    """Say whether an expression can have the secret's value: it names it, and not in a test."""
    return _can_be(_parse(text, start, end), name)


def _can_be(tree: Expression | None, name: str) -> bool:
    match tree:
        case Access(names):
            return names == ("secrets", name.lower())
        case Operation("||", operands):
            return any(_can_be(part, name) for part in operands)
        case Operation("&&", operands):
            return _can_be(operands[-1], name)
        case Operation():
            return False
    return tree is not None and not isinstance(tree, Literal)


def _parse(text: str, start: int, end: int) -> Expression | None:
    try:
        return parse(text, start, end)
    except Unreadable:
        return None


def _tests(text: str, consumer: Consumer, name: str) -> bool:
    """Say whether a condition cannot be true where the secret is empty."""
    tree = parse_condition(text)
    parts = tree.operands if isinstance(tree, Operation) and tree.operator == "&&" else (tree,)
    return any(part is not None and _is_filled(part, consumer, name) for part in parts)


def _is_filled(tree: Expression, consumer: Consumer, name: str) -> bool:
    match tree:
        case Access(("secrets", _) as names):
            return names == ("secrets", name.lower())
        case Access(("env", variable)):
            inner = _variable(consumer, variable)
            return inner is not None and _is_filled(inner, consumer, name)
        case Operation("!=", (left, Literal(""))) | Operation("!=", (Literal(""), left)):
            return _is_filled(left, consumer, name)
        case Operation("==", (Access(("env", variable)), Literal("true"))):
            # `HAS_TOKEN: ${{ secrets.TOKEN != '' }}`, as a job's `if:` cannot read secrets
            inner = _variable(consumer, variable)
            return isinstance(inner, Operation) and _is_filled(inner, consumer, name)
    return False


def _variable(consumer: Consumer, wanted: str | None) -> Expression | None:
    """Return the expression that a variable is, where it is nothing else."""
    for variable, text in consumer.env.items():
        # `env.X` inside of a variable's own text is another, outer one.
        if variable.lower() == wanted and text.strip().startswith("${{") and "env" not in text:
            return parse_condition(text.strip())
    return None


def _texts(consumer: Consumer, key: str) -> Iterable[str]:
    """Return the text that a reference stands in."""
    group, _, name = key.partition(".")
    if group == "with":
        return (consumer.inputs.get(name.lower(), ""),)
    return (consumer.env.get(name, ""),) if group == "env" else ()


def _falls_back(text: str, name: str) -> bool:
    """Say whether a text is `secrets.NAME || another token`."""
    tree = parse_condition(text.strip()) if text.strip().startswith("${{") else None
    if not isinstance(tree, Operation) or tree.operator != "||":
        return False
    places = [index for index, part in enumerate(tree.operands) if is_token(part)]
    return any(
        isinstance(part, Access) and part.names == ("secrets", name.lower()) and index < places[-1]
        for index, part in enumerate(tree.operands)
    )
