"""What a person reads about leaks: where they are, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence

from keyturn.plain import count, log_safe, paint, plain
from keyturn.scan.review import Leak
from keyturn.scan.texts import Unread

_MOST_UNREAD = 10


def leaks_text(leaks: Sequence[Leak], *, staged: bool, color: bool) -> str:
    """Return one line for each leak, then how to mend it."""
    lines = []
    for leak in leaks:
        place = paint(f"{place_of(leak)}:", "1", color=color)
        doubt = " (its checksum is wrong: altered, or made up)" if leak.confidence == "low" else ""
        lines.append(f"{place} {paint(leak.rule, '31', color=color)}  {leak.preview}{doubt}")
    tokens, files = len({leak.mark for leak in leaks}), len({leak.path for leak in leaks})
    places = f", {len(leaks)} places" if len(leaks) > tokens else ""
    take = "git restore --staged FILE, " if staged else ""
    lines += (
        f"{count(tokens, 'token')} in {count(files, 'file')}{places}.",
        f"  mend: {take}take the value out, store it as a secret (gh secret set NAME); "
        "revoke it at its provider if it was ever committed",
        f"  not a secret? say so on its line:  keyturn: allow[{leaks[0].rule}] why",
    )
    return log_safe("\n".join(lines)) + "\n"


def allowed_text(allowed: Sequence[Leak]) -> str:
    """Return one line for each leak that is passed over, with the reason."""
    lines = [f"{place_of(leak)}: {leak.rule}  allowed: {plain(leak.allowed)}" for leak in allowed]
    return log_safe("\n".join(lines)) + "\n"


def remarks_text(notes: Sequence[str], unread: Sequence[Unread]) -> str:
    """Return the notes, then what was not scanned and why, the first few by name."""
    lines = [f"keyturn: not scanned: {plain(item.path)}: {item.why}" for item in unread]
    more = len(lines) - _MOST_UNREAD
    if more > 0:
        lines[_MOST_UNREAD:] = [f"keyturn: not scanned: {more} more (--format json names them)"]
    return "\n".join((*(f"keyturn: {note}" for note in notes), *lines))


def place_of(leak: Leak) -> str:
    """Return path:line:column, with the commit where there is one."""
    place = f"{plain(leak.path)}:{leak.line}:{leak.column}"
    return f"{leak.commit}:{place}" if leak.commit else place
