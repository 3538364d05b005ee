"""The grammar of GitHub's expressions: text -> tokens -> tree, in time linear in the text.

It knows no context and no function, and evaluates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

# GitHub refuses longer expressions (actions/runner, ExpressionConstants.MaxLength, 2026-11).
_MAX_LENGTH = 21_000
_MAX_DEPTH = 32
"""Of brackets; keeps the recursion far from Python's limit. GitHub's trees end at 50."""

_FENCE = re.compile(r"'|\}\}")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^']++|'')*+')
    |(?P<number>[-+]?\.?[0-9][^\s()\[\],!<>=&|']*+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*+)
    |(?P<operator>\|\||&&|[=!<>]=|[!<>()\[\],.*])
    |(?P<junk>.)""",
    re.VERBOSE | re.DOTALL,
)
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
_WORDS: dict[str, bool | float | None] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written out."""

    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """A context with what is taken from it: `github.event_name`, `secrets['A']`."""

    names: tuple[str | None, ...]
    """Lower-case, the context first; None for `*` and for a computed index."""
    offset: int
    computed: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    function: str
    """Lower-case."""
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and what it joins; `compare` stands for a chain of different comparisons."""

    operator: str
    operands: tuple[Expression, ...]


Expression: TypeAlias = Literal | Access | Call | Operation


class Unreadable(Exception):
    """Not an expression; GitHub refuses the workflow as well."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression."""

    kind: str
    text: str
    offset: int


def find_expressions(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of what stands between `${{` and `}}`; an open end reaches to the last.

    A `}}` inside quotes does not close.
    """
    end = 0
    while (start := text.find("${{", end)) >= 0:
        start += 3
        quoted = False
        end = len(text)
        for match in _FENCE.finditer(text, start):
            if match[0] == "'":
                quoted = not quoted
            elif not quoted:
                end = match.start()
                break
        yield start, end


def tokenize(text: str, start: int, end: int) -> Iterator[Token]:
    """Yield the tokens between two offsets; what belongs to no token has the kind `junk`."""
    for match in _TOKEN.finditer(text, start, end):
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "junk", match[0], match.start())


def parse(text: str, start: int, end: int) -> Expression:
    """Parse the expression between two offsets. Raises Unreadable."""
    if end - start > _MAX_LENGTH:
        raise Unreadable
    return _Parser(list(tokenize(text, start, end))).parse()


class _Parser:
    """A recursive descent over tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def parse(self) -> Expression:
        """Return the tree of the whole; raises Unreadable."""
        tree = self._binary(0)
        if self._next < len(self._tokens):
            raise Unreadable
        return tree

    def _take(self, *operators: str) -> str | None:
        """Step over the next token if it is one of these operators."""
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.kind == "operator" and token.text in operators:
                self._next += 1
                return token.text
        return None

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            raise Unreadable

    def _pop(self) -> Token:
        if self._next >= len(self._tokens):
            raise Unreadable
        self._next += 1
        return self._tokens[self._next - 1]

    def _nested(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Unreadable
        tree = self._binary(0)
        self._depth -= 1
        return tree

    def _binary(self, level: int) -> Expression:
        """Read one precedence level; a chain becomes one flat node, however long it is."""
        if level == len(_LEVELS):
            return self._unary()
        operands = [self._binary(level + 1)]
        operators = set()
        while operator := self._take(*_LEVELS[level]):
            operators.add(operator)
            operands.append(self._binary(level + 1))
        if not operators:
            return operands[0]
        flat = level < 2 or len(operands) == 2
        return Operation(operators.pop() if flat else "compare", tuple(operands))

    def _unary(self) -> Expression:
        negations = 0
        while self._take("!"):
            negations += 1
        tree = self._postfix()
        for _ in range(min(negations, 2 - negations % 2)):
            tree = Operation("!", (tree,))
        return tree

    def _postfix(self) -> Expression:
        head = self._primary()
        names: list[str | None] = []
        computed: list[Expression] = []
        while operator := self._take(".", "["):
            if operator == ".":
                names.append(self._property())
                continue
            if self._take("*"):
                names.append(None)
            else:
                index = self._nested()
                text = index.value if isinstance(index, Literal) else None
                names.append(text.lower() if isinstance(text, str) else None)
                computed.append(index)
            self._expect("]")
        if isinstance(head, Access):
            return Access((*head.names, *names), head.offset, tuple(computed))
        return Operation(".", (head, *computed)) if names else head

    def _property(self) -> str | None:
        if self._take("*"):
            return None
        token = self._pop()
        if token.kind != "name":
            raise Unreadable
        return token.text.lower()

    def _primary(self) -> Expression:
        if self._take("("):
            tree = self._nested()
            self._expect(")")
            return tree
        token = self._pop()
        if token.kind == "string":
            return Literal(token.text[1:-1].replace("''", "'"))
        if token.kind == "number":
            return Literal(_parse_number(token.text))
        if token.kind != "name":
            raise Unreadable
        if self._take("("):
            return Call(token.text.lower(), self._arguments())
        if token.text in _WORDS:
            return Literal(_WORDS[token.text])
        return Access((token.text.lower(),), token.offset)

    def _arguments(self) -> tuple[Expression, ...]:
        if self._take(")"):
            return ()
        arguments = [self._nested()]
        while self._take(","):
            arguments.append(self._nested())
        self._expect(")")
        return tuple(arguments)


def _parse_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(int(text, 0))
    except (ValueError, OverflowError) as error:
        raise Unreadable from error
