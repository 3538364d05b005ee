"""Workflow commands: the lines of a log that GitHub's runner acts on.

Makes them and prints nothing. Format: actions/runner, ActionCommand.cs, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping


def command(name: str, message: str, *, properties: Mapping[str, object] | None = None) -> str:
    """Return a workflow command as one line, whatever the message and the properties hold."""
    given = ",".join(f"{key}={_escape(str(v), ':,')}" for key, v in (properties or {}).items())
    return f"::{name}{' ' if given else ''}{given}::{_escape(message)}"


def _escape(text: str, also: str = "") -> str:
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
