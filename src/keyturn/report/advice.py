"""How a workflow does without a secret, for an issue: its steps, and the patch in a fence.

The patch quotes the repository's own file, which strangers may have written. Nothing can be escaped
inside a fence, so a patch with anything that is not plain text is not shown at all.
"""

from __future__ import annotations

import re

from keyturn.model import Advice
from keyturn.plain import log_safe, plain
from keyturn.report import escape
from keyturn.report.template import Markdown

_COPIED = re.compile(
    r"(`[^`\s][^`]*`|\$\{\{[^}]{0,200}\}\}|(?:https|api)://[^\s,;]*[^\s,;.]|\brepo:[^\s,;]*[^\s,;.])"
)
"""Addresses, claims and expressions: inside running text they would get a character of ours."""
_LONGEST = 12_000
"""Characters of a patch; an issue has room for 65,536 in all."""
_LONGEST_LINE = 700
"""Characters of a step, which names jobs, steps and files as strangers may have called them."""
_LONGEST_FENCE = 100
"""Backticks. They count twice, and nobody who means well writes as many in a row."""


def tell(line: str) -> Markdown:
    """Return a step as running text, in which what is to be copied stands as code."""
    if len(line) > _LONGEST_LINE:
        line = f"{line[:_LONGEST_LINE]}…"
    parts = _COPIED.split(line)
    # Every second part is what the expression found.
    return Markdown(
        "".join(
            escape.code(part.strip("`")) if number % 2 else _running(part)
            for number, part in enumerate(parts)
        )
    )


def _running(part: str) -> str:
    """Return running text with the spaces around it, which escaping would take away."""
    if not part.strip():
        return " " if part else ""
    return f"{' ' * part[0].isspace()}{escape.markdown(part)}{' ' * part[-1].isspace()}"


def fence(advice: Advice) -> Markdown | None:
    """Return the patch as a block of code; None where it is too long for an issue, or not plain.

    Line ends are a page's: a patch of a file with Windows' applies with --ignore-whitespace.
    """
    patch = advice.patch.replace("\r\n", "\n")
    inert = all(plain(line) == line for line in patch.split("\n")) and log_safe(patch) == patch
    longest = max((len(run) for run in re.findall("`+", patch)), default=0)
    if not patch or len(patch) > _LONGEST or longest > _LONGEST_FENCE or not inert:
        return None
    # Issues are known by hidden marks, which end where a comment ends.
    if "<!--" in patch or "-->" in patch:
        return None
    ticks = "`" * max(3, longest + 1)
    return Markdown(f"{ticks}diff\n{patch}{ticks}")
