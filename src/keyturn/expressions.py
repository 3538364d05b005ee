"""GitHub's expression language: which secrets a text reads, and under which event it can be true.

It only reads: no expression is ever evaluated beyond comparing `github.event_name` and the names of
the repository and of its owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keyturn.expression_tree import (
    Access,
    Call,
    Expression,
    Literal,
    Operation,
    Token,
    Unreadable,
    find_expressions,
    parse,
    tokenize,
)


@dataclass(frozen=True, slots=True)
class SecretUse:
    """One use of the `secrets` context in a text."""

    name: str | None
    """Upper-case; None where any secret may be meant."""
    offset: int
    """Where the word `secrets` stands in the text, from 0."""
    optional: bool
    """The expression does without the secret."""


def find_secrets(text: str, *, condition: bool = False) -> Iterator[SecretUse]:
    """Yield the uses of stored secrets in the order of the text; `GITHUB_TOKEN` is not stored.

    A `condition` (`if:`) is an expression even without `${{ }}`. An expression that cannot be read
    and mentions the context counts as one that may mean any secret.
    """
    if "secrets" not in text.lower():
        return
    bare = condition and "${{" not in text
    for start, end in [(0, len(text))] if bare else find_expressions(text):
        try:
            found = _find_uses(parse(text, start, end), optional=condition)
        except Unreadable:
            yield from _find_mentions(tokenize(text, start, end))
        else:
            yield from sorted(found, key=lambda use: use.offset)


def parse_condition(text: str) -> Expression | None:
    """Parse the text of an `if:`; None where nothing can be said about when it is true."""
    start, end = 0, len(text)
    if "${{" in text:
        spans = list(find_expressions(text))
        start, end = spans[0]
        whole = text[:start].strip() == "${{" and text[end:].strip() == "}}"
        if len(spans) > 1 or not whole:
            return None  # a text with an expression inside is a non-empty text: true
    try:
        return parse(text, start, end)
    except Unreadable:
        return None


def can_hold(condition: Expression | None, *, event: str, repository: str = "") -> bool:
    """Say whether a condition can be true in a run that `event` started.

    `repository` is owner/name, empty where it is not known: forks keep the workflows of the project
    that they come from, with jobs that only run there.
    """
    known = {"event_name": event}
    if repository:
        known |= {"repository": repository, "repository_owner": repository.partition("/")[0]}
    return condition is None or _truth(condition, known) is not False


def _find_mentions(tokens: Iterator[Token]) -> Iterator[SecretUse]:
    """Find the context's name where there is no tree to tell what is done with it."""
    before = ""
    for token in tokens:
        if token.kind == "name" and token.text.lower() == "secrets" and before != ".":
            yield SecretUse(None, token.offset, optional=False)
        before = token.text


def _find_uses(tree: Expression, *, optional: bool) -> list[SecretUse]:
    """List the secrets of a tree; `optional` says that its value is only tested."""
    match tree:
        case Access():
            return _find_access(tree, optional=optional)
        case Call(function, arguments):
            return _find_arguments(function, arguments, optional=optional)
        case Operation("||", operands):
            return _find_alternatives(operands, optional=optional)
        case Operation("&&", operands):
            tested = [use for part in operands[:-1] for use in _find_uses(part, optional=True)]
            names = {use.name for use in tested} - {None}
            last = _find_uses(operands[-1], optional=optional)
            # `secrets.A != '' && secrets.A`: read only where it is there
            return tested + [
                SecretUse(use.name, use.offset, use.optional or use.name in names) for use in last
            ]
        case Operation(".", operands):
            return [use for part in operands for use in _find_uses(part, optional=False)]
        case Operation(_, operands):
            return [use for part in operands for use in _find_uses(part, optional=True)]
    return []


def _find_access(tree: Access, *, optional: bool) -> list[SecretUse]:
    inner = [use for part in tree.computed for use in _find_uses(part, optional=False)]
    if tree.names[0] != "secrets":
        return inner
    name = tree.names[1] if len(tree.names) > 1 else None
    if name == "github_token":
        return inner
    if name is None:
        return [SecretUse(None, tree.offset, optional=False), *inner]
    return [SecretUse(name.upper(), tree.offset, optional), *inner]


def _find_arguments(
    function: str, arguments: tuple[Expression, ...], *, optional: bool
) -> list[SecretUse]:
    """List the secrets of a call: `contains` only tests, `case` hands on, the others need them."""
    found: list[SecretUse] = []
    for index, argument in enumerate(arguments):
        flag = function in ("contains", "startswith", "endswith")
        if function == "case":
            tested = index % 2 == 0 and index < len(arguments) - 1
            flag = tested or optional
        found += _find_uses(argument, optional=flag)
    return found


def _find_alternatives(operands: tuple[Expression, ...], *, optional: bool) -> list[SecretUse]:
    """List the secrets of `A || B`: one with a real alternative can be done without.

    The last is needed, unless a token stands before it: `inputs.token || secrets.A` needs A in a
    run without that input. `condition && secrets.A || secrets.B` chooses, so needs both.
    """
    found: list[SecretUse] = []
    last = max((i for i, part in enumerate(operands) if not _is_empty(part)), default=-1)
    token_before = False
    for index, part in enumerate(operands):
        chooses = isinstance(part, Operation) and part.operator == "&&"
        spare = index < last or token_before
        found += _find_uses(part, optional=optional or (spare and not chooses))
        token_before = token_before or is_token(part)
    return found


def _is_empty(tree: Expression) -> bool:
    return isinstance(tree, Literal) and not tree.value


def is_token(tree: Expression) -> bool:
    """Say whether a tree is a secret, or the job's own token."""
    if not isinstance(tree, Access):
        return False
    return tree.names[0] == "secrets" or tree.names == ("github", "token")


def _truth(tree: Expression, known: Mapping[str, str]) -> bool | None:
    """Tell whether a tree is true where these facts hold; None where that cannot be told."""
    match tree:
        case Literal(value):
            return bool(value) and value == value  # NaN is false
        case Call("always", ()):
            return True
        case Operation("!", (part,)):
            inner = _truth(part, known)
            return None if inner is None else not inner
        case Operation("&&" | "||" as operator, operands):
            decisive = operator == "||"
            truths = {_truth(part, known) for part in operands}
            return decisive if decisive in truths else None if None in truths else not decisive
        case Operation("==" | "!=" as operator, (left, right)):
            texts = _text(left, known), _text(right, known)
            return None if None in texts else (texts[0] == texts[1]) == (operator == "==")
    return None


def _text(tree: Expression, known: Mapping[str, str]) -> str | None:
    """Return a known text as GitHub compares it, without regard to case."""
    if isinstance(tree, Literal) and isinstance(tree.value, str):
        return tree.value.lower()
    if isinstance(tree, Access) and len(tree.names) == 2 and tree.names[0] == "github":
        found = known.get(tree.names[1] or "")
        return None if found is None else found.lower()
    return None
