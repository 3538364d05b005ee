"""PURE: the script of a step -> its commands, as far as a reader without a shell can tell them.

It runs and expands nothing. A script with anything that it does not know (functions, groups,
`case`) is refused as a whole, so that nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from keyturn.expression_tree import find_expressions

_MOST = 20_000
"""Characters of a script; nobody reviews a longer one in a workflow."""
_DEEPEST = 20
"""Of substitutions, and of `if` and loops, inside each other."""

_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_OPERATOR = re.compile(r"&&|\|\||\|&|;;|[|;\n()]|&(?!>)")
_REDIRECT = re.compile(r"[0-9]*(?:&>>?|<<<|<<-?|<>|>>|[<>]&|>\||[<>])")
_HEREDOC = re.compile(r"[0-9]*<<-?")
_PLAIN = re.compile(r"[^\s;|&()<>'\"`$\\]+")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
_OPENING = frozenset({"if", "while", "until"})
_UNKNOWN = frozenset({"{", "}", "case", "esac", "function", "select", "coproc", "eval", "trap"})
_QUIET = frozenset({"!", "time", "sudo", "command", "exec", "env"})
"""Words before the one that names a command."""


class Unclear(Exception):
    """A script that this reader does not understand."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a pipeline."""

    words: tuple[str, ...]
    """As written, quotes and substitutions in place; redirections are words of their own."""

    @property
    def text(self) -> str:
        """Its words with blanks between."""
        return " ".join(self.words)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Its words from the command's name on: without assignments and `sudo`."""
        for index, word in enumerate(self.words):
            if word not in _QUIET and not _ASSIGNMENT.match(word):
                return self.words[index:]
        return ()

    @property
    def name(self) -> str:
        """The command's name; empty where there are assignments only."""
        return next(iter(self.arguments), "")

    @property
    def assigned(self) -> tuple[str, ...]:
        """The variables that it sets, `export` included."""
        words = self.words[1:] if self.words[:1] == ("export",) else self.words
        found = []
        for word in words:
            match = _ASSIGNMENT.match(word)
            if not match:
                break
            found.append(match[1])
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Chain:
    """Pipelines that `&&` and `||` join: what a shell with `-e` judges as one."""

    pipelines: tuple[tuple[Command, ...], ...]
    operators: tuple[str, ...] = ()
    """What stands between the pipelines."""
    tested: bool = False
    """It is the condition of an `if` or a loop, or runs in the background: it cannot fail."""
    under: tuple[tuple[Chain, ...], ...] = ()
    """The conditions of the `if` in whose first branch it stands, the outermost first."""

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands of all its pipelines."""
        return tuple(command for pipeline in self.pipelines for command in pipeline)

    @property
    def text(self) -> str:
        """Everything it says, on one line."""
        return " ".join(command.text for command in self.commands)


@lru_cache(maxsize=128)
def read_script(script: str) -> tuple[Chain, ...]:
    """Return the chains of a script in their order. Raises Unclear.

    It is asked once for each secret of a step, and for each workflow that calls the step's.
    """
    if len(script) > _MOST:
        raise Unclear
    return _Builder().build(_tokens(script.replace("\r\n", "\n")))


@dataclass(slots=True)
class _Frame:
    """An `if` or a loop that is open."""

    is_if: bool
    conditions: list[Chain]
    branch: str = "test"


class _Builder:
    """Joins tokens to chains, and knows which `if` they stand in."""

    def __init__(self) -> None:
        self._chains: list[Chain] = []
        self._frames: list[_Frame] = []
        self._words: list[str] = []
        self._pipeline: list[Command] = []
        self._pipelines: list[tuple[Command, ...]] = []
        self._operators: list[str] = []

    def build(self, tokens: Iterator[tuple[str, str]]) -> tuple[Chain, ...]:
        """Return the chains. Raises Unclear where something stays open."""
        for kind, text in tokens:
            if kind == "word":
                self._take(text)
            elif text in ("|", "|&"):
                self._end_command()
            elif text in ("&&", "||"):
                self._end_pipeline()
                self._operators.append(text)
            elif text in ("\n", ";", "&"):
                if text == "\n" and not (self._words or self._pipeline) and self._operators:
                    continue  # a line may end behind `&&`
                self._end_chain(background=text == "&")
            else:
                raise Unclear
        self._end_chain()
        if self._frames:
            raise Unclear
        return tuple(self._chains)

    def _take(self, word: str) -> None:
        if self._words:
            self._words.append(word)
            return
        fresh = not self._pipeline and not self._pipelines
        if word in _UNKNOWN:
            raise Unclear
        if word in _OPENING or word == "for":
            if not fresh or len(self._frames) == _DEEPEST:
                raise Unclear
            self._frames.append(_Frame(word == "if", []))
            if word == "for":  # its words test nothing
                self._words.append(word)
        elif word in ("then", "do", "else", "elif"):
            self._turn(word)
        elif word in ("fi", "done"):
            if not self._frames:
                raise Unclear
            self._frames.pop()
            self._words.append(word)
        else:
            self._words.append(word)

    def _turn(self, word: str) -> None:
        if not self._frames:
            raise Unclear
        self._frames[-1].branch = "test" if word == "elif" else word
        if word == "elif":
            self._frames[-1].is_if = False  # what it tests holds in this branch alone

    def _end_command(self) -> None:
        if self._words:
            self._pipeline.append(Command(tuple(self._words)))
            self._words = []

    def _end_pipeline(self) -> None:
        self._end_command()
        if self._pipeline:
            self._pipelines.append(tuple(self._pipeline))
            self._pipeline = []

    def _end_chain(self, *, background: bool = False) -> None:
        self._end_pipeline()
        if not self._pipelines:
            return
        frame = self._frames[-1] if self._frames else None
        tests = frame is not None and frame.branch == "test"
        chain = Chain(
            tuple(self._pipelines),
            tuple(self._operators),
            tested=tests or background,
            under=tuple(
                tuple(f.conditions) for f in self._frames if f.is_if and f.branch == "then"
            ),
        )
        if frame and tests:
            frame.conditions.append(chain)
        self._chains.append(chain)
        self._pipelines, self._operators = [], []


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield words and operators; comments are left out, bodies of heredocs are words."""
    expressions = {start - 3: end + 2 for start, end in find_expressions(text)}
    index, waiting = 0, []
    while index < len(text):
        if blank := _BLANK.match(text, index):
            index = blank.end()
        elif text[index] == "#":
            index = _line_end(text, index)
        elif redirect := _REDIRECT.match(text, index):
            index = redirect.end()
            if text.startswith("(", index):  # `<(command)`
                index = _close(text, index + 1, ")", expressions, 0)
            yield "word", text[redirect.start() : index]
            if _HEREDOC.fullmatch(redirect[0]):
                waiting.append(redirect[0].endswith("-"))
        elif operator := _OPERATOR.match(text, index):
            index = operator.end()
            if operator[0] == "\n" and waiting:
                raise Unclear  # without the word that ends it
            yield "operator", operator[0]
        else:
            start, index = index, _word_end(text, index, expressions)
            yield "word", text[start:index]
            if waiting:
                body = _line_end(text, index)
                if "<<" in text[index:body] or len(waiting) > 1:
                    raise Unclear
                mark = re.sub(r"['\"\\]", "", text[start:index])
                stop = _heredoc_end(text, body, mark, tabs=waiting.pop())
                # What stands behind the mark on its line belongs to the command still.
                yield from _tokens(text[index:body])
                yield "word", text[body:stop]
                index = stop


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _heredoc_end(text: str, index: int, mark: str, *, tabs: bool) -> int:
    """Return where the line break behind a heredoc stands."""
    while index < len(text):
        end = _line_end(text, index + 1)
        line = text[index + 1 : end]
        if (line.lstrip("\t") if tabs else line) == mark:
            return end
        index = end
    raise Unclear


def _word_end(text: str, index: int, expressions: dict[int, int]) -> int:
    start = index
    while index < len(text):
        plain = _PLAIN.match(text, index)
        if plain:
            index = plain.end()
        elif text[index] in "'\"`$\\":
            index = _part_end(text, index, expressions, 0)
        else:
            break
    if index == start:
        raise Unclear
    return index


def _part_end(text: str, index: int, expressions: dict[int, int], depth: int) -> int:
    """Return the end of a quoted, escaped or substituted part that begins at `index`."""
    if index in expressions:
        return expressions[index]
    if depth > _DEEPEST:
        raise Unclear
    sign = text[index]
    if sign == "\\":
        return min(index + 2, len(text))
    if sign == "'":
        end = text.find("'", index + 1)
        if end < 0:
            raise Unclear
        return end + 1
    if sign in '"`':
        return _close(text, index + 1, sign, expressions, depth + 1)
    following = text[index + 1 : index + 2]
    if following in ("(", "{"):
        closing = ")" if following == "(" else "}"
        return _close(text, index + 2, closing, expressions, depth + 1)
    return index + 1


def _close(text: str, index: int, closing: str, expressions: dict[int, int], depth: int) -> int:
    """Return what follows the sign that closes something. Raises Unclear where none does."""
    if depth > _DEEPEST:
        raise Unclear
    while index < len(text):
        sign = text[index]
        if sign == closing:
            return index + 1
        if sign in '$\\`"' or (sign == "'" and closing == ")"):
            index = _part_end(text, index, expressions, depth)
        elif sign == "(" and closing == ")":
            index = _close(text, index + 1, ")", expressions, depth + 1)
        else:
            index += 1
    raise Unclear
