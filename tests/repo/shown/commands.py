"""Tells the commands on a page from everything else, and takes them apart.

It runs nothing and knows no page by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.repo.shown.pages import Block, Span

TOOLS = (
    *("keyturn", "keyturn-scan", "make", "git", "pre-commit", "prek", "gh", "az", "glab", "aws"),
    *("curl", "docker", "podman", "pip", "python", "python3", ".venv/bin/[a-z-]+"),
)
SHELLS = ("sh", "bash", "console", "shell")
PROMPT = "$ "
_BEGINS = re.compile(rf"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:{'|'.join(TOOLS)}) ")
_COMMENT = re.compile(r"\s+# .*$", flags=re.MULTILINE)
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)")


@dataclass(frozen=True, slots=True)
class Command:
    """One command, as it stands, and what the page shows of its output."""

    text: str
    shown: str = ""

    @property
    def bare(self) -> str:
        """The command without what is said about it."""
        return _COMMENT.sub("", self.text).strip()

    @property
    def is_plain(self) -> bool:
        """Say whether it is keyturn's alone, so that a shell has nothing to do for it."""
        return self.bare.startswith("keyturn ") and not re.search(r"[$|;&<>`(*]", self.bare)


def is_shell(block: Block) -> bool:
    """Say whether a block holds commands, whatever it is labelled as."""
    if block.language in SHELLS:
        return True
    return block.language in ("", "text") and bool(_BEGINS.match(block.text))


def is_command(span: Span) -> bool:
    """Say whether a span is a command, and not the mere name of a tool."""
    return bool(_BEGINS.match(span.text.rstrip())) or span.text.startswith(".venv/bin/")


def commands(block: Block) -> list[Command]:
    """Return a block's commands in order; with prompts, with the output that follows each."""
    lines = block.text.splitlines()
    if not any(line.startswith(PROMPT) for line in lines):
        return [Command(text) for text in _split(lines)]
    found: list[Command] = []
    for line in lines:
        if line.startswith(PROMPT):
            found.append(Command(line.removeprefix(PROMPT)))
        else:
            found[-1] = Command(found[-1].text, f"{found[-1].shown}{line}\n")
    return found


def _split(lines: list[str]) -> list[str]:
    """Put together what goes over several lines: pipes, `&&`, a backslash, given lines."""
    found: list[str] = []
    rest = list(lines)
    while rest:
        text = rest.pop(0)
        while rest and text.rstrip().endswith(("|", "&&", "||", "\\")):
            text += "\n" + rest.pop(0)
        if heredoc := _HEREDOC.search(text):
            while rest and text.rpartition("\n")[2] != heredoc[1]:
                text += "\n" + rest.pop(0)
        if text.strip():
            found.append(text)
    return found
