"""Every block and every code span of the repository's Markdown files, with their places.

It judges nothing and runs nothing.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code."""

    page: str
    line: int
    language: str
    """What stands behind the fence; empty: nothing, or the block is indented."""
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Span:
    """Code within a sentence."""

    page: str
    line: int
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return the paths of all Markdown files that git has, or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", "--", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()})


@cache
def read(page: str) -> tuple[tuple[Block, ...], tuple[Span, ...]]:
    """Return what stands on a page as code, in its order."""
    tokens = MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text("utf-8"))
    blocks = tuple(_blocks(page, tokens))
    return blocks, tuple(_spans(page, tokens))


def blocks() -> list[Block]:
    """Return the blocks of all pages."""
    return [block for page in pages() for block in read(page)[0]]


def spans() -> list[Span]:
    """Return the spans of all pages."""
    return [span for page in pages() for span in read(page)[1]]


def _blocks(page: str, tokens: list[Token]) -> Iterator[Block]:
    for token in tokens:
        if token.type in ("fence", "code_block"):
            language = token.info.split()[0] if token.info.strip() else ""
            yield Block(page, _line(token), language, token.content)


def _spans(page: str, tokens: list[Token]) -> Iterator[Span]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "code_inline":
                # A table's cell writes the bar of `a|b` as `a\|b`; a line's end is a space.
                text = re.sub(r"\s+", " ", child.content.replace("\\|", "|"))
                yield Span(page, _line(token), text)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
