"""From a hit in a text to a leak in a report: its place, its preview, and whether it is allowed.

Here the value ends: what comes out can be printed, sent to another process and kept.
"""

from __future__ import annotations

import os

from keyturn.scan.record import Record
from keyturn.scan.texts import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyturn.scan.baseline import Baseline
    from keyturn.scan.baselines import Baselines
    from keyturn.scan.engine import Engine, Hit
    from keyturn.secret_value import SecretValue


class Leak(Record):
    """One token in a file, without its value."""

    path: str
    line: int
    column: int
    """In characters, from 1."""
    end_line: int
    rule: str
    preview: str
    """The public prefix and an ellipsis."""
    confidence: str
    """`certain`: its checksum is right; `likely`; `low`: its checksum is not."""
    commit: str = ""
    """Of a scan of the history."""
    allowed: str = ""
    """Why it is passed over; empty: it is not."""
    fingerprint: str = ""
    """For the baseline that is being written; empty: the value could be guessed from it."""
    mark: str = ""
    """The same for the same token, within one scan."""


class Reviewer:
    """Judges texts: the engine, and what people have allowed."""

    def __init__(self, engine: Engine, *, baseline: str, accepting: Baseline | None = None) -> None:
        """Use our `baseline`, and the other scanners' lists in the current folder.

        With `accepting`, which is to be written, leaks carry its fingerprints.
        """
        self.is_old: Callable[[str, bytes], bool] | None = None
        """Says whether a file already held something before what is judged; it is left out."""
        self._engine = engine
        self._baseline = baseline
        self._key = os.urandom(16)
        self._accepting = accepting
        self._ours = accepting
        self._theirs: Baselines | None = None

    def load(self) -> tuple[Baseline, Baselines]:
        """Read what people have accepted, once. Raises BaselineError."""
        from keyturn.scan.baseline import Baseline
        from keyturn.scan.baselines import Baselines

        self._ours = self._ours or Baseline.load(self._baseline)
        self._theirs = self._theirs or Baselines.load(".")
        return self._ours, self._theirs

    def review(self, text: Text) -> list[Leak]:
        """Return what was found in a text, the allowed included."""
        hits = [
            hit
            for hit in self._engine.find(text.data)
            if _is_judged(text, hit) and not self._is_old(text, hit)
        ]
        return [self._leak(text, hit, *place) for hit, place in placed(text, hits)]

    def _is_old(self, text: Text, hit: Hit) -> bool:
        held = text.data[hit.start : hit.end]
        return self.is_old is not None and self.is_old(text.path, held)

    def _leak(self, text: Text, hit: Hit, line: int, column: int, marked: bool) -> Leak:
        accepting = self._accepting
        fingerprint = accepting.fingerprint(hit.row.id, hit.secret) if accepting else ""
        return Leak(
            text.path,
            line,
            column,
            line + text.data.count(b"\n", hit.start, hit.end),
            hit.row.id,
            f"{hit.prefix}…",
            hit.confidence,
            text.commit,
            self._allowed(text, hit, line, marked),
            fingerprint,
            self._mark(hit.secret),
        )

    def _mark(self, secret: SecretValue) -> str:
        import hmac

        return hmac.digest(self._key, secret.reveal().encode(), "sha256")[:8].hex()

    def _allowed(self, text: Text, hit: Hit, line: int, marked: bool) -> str:
        if marked:
            from keyturn.scan.markers import marker_for

            marker = marker_for(text.data, hit.start, hit.end, hit.row.id)
            if marker:
                return f"{marker.kind} {marker.reason}".strip()
        ours, theirs = self.load()
        if ours.accepts(hit.row.id, hit.secret):
            return ours.path
        return theirs.accepts(text.path, line, hit.secret) or ""


def _is_judged(text: Text, hit: Hit) -> bool:
    return text.judged is None or any(
        hit.start < end and hit.end > start for start, end in text.judged
    )


def placed(text: Text, hits: list[Hit]) -> Iterator[tuple[Hit, tuple[int, int, bool]]]:
    """Yield each hit with its line, its column, and whether the text holds any marker.

    One walk through the text, however many hits stand on a line.
    """
    if not hits:
        return
    from keyturn.scan.markers import may_hold_marker

    marked = may_hold_marker(text.data)
    at, line, column = 0, text.line, 1
    for hit in hits:
        lines = text.data.count(b"\n", at, hit.start)
        if lines:
            line, column, at = line + lines, 1, text.data.rfind(b"\n", at, hit.start) + 1
        column += len(text.data[at : hit.start].decode("utf-8", "replace"))
        at = hit.start
        yield hit, (line, column, marked)
