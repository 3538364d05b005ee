"""PURE: issues as the tracker has them, what their bodies tell, and what can be done to them.

A body belongs to people: everything outside the fence stays as it is, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

MAX_BODY = 60_000
"""Characters; GitHub takes 65,536, and people may add to a body."""

_CUT = "\n\n_The rest was cut; `keyturn check` prints all of it._"
_MARK = re.compile(
    r"<!-- keyturn:(token|notice)=([A-Za-z0-9][A-Za-z0-9._-]{0,63})"
    r"(?: repository=([A-Za-z0-9._-]+/[A-Za-z0-9._-]+))? -->"
)
_RELEASED = "<!-- keyturn:released -->"
# A begin without its end is left to people: the fence is the first begin that reaches an end
# before another begin.
_FENCE = re.compile(
    r"<!-- keyturn:begin(?P<memory>[^\r\n]{0,20000}) -->\r?\n"
    r"(?P<text>(?:(?!<!-- keyturn:begin).)*?)"
    r"<!-- keyturn:end -->",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Snooze:
    """What people asked for by a label: silence about what is a warning."""

    until: datetime
    labels: tuple[str, ...]
    """The labels that say so, of people who may."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as the tracker lists it."""

    number: int
    title: str
    body: str
    open: bool
    reason: str | None = None
    """Why it was closed: completed, not_planned, duplicate."""
    assignees: tuple[str, ...] = ()
    created_at: datetime | None = None
    locked: bool = False
    labels: tuple[str, ...] = ()
    snooze: Snooze | None = None
    overruled: bool = False
    """Who closed it may not set it aside."""

    @property
    def set_aside(self) -> bool:
        """Whether a person closed it without claiming that it is done."""
        return self.reason in ("not_planned", "duplicate") and not self.overruled


@dataclass(frozen=True, slots=True)
class Found:
    """The issues about one token, or of one notice."""

    open: tuple[Issue, ...] = ()
    """The oldest first."""
    closed: tuple[Issue, ...] = ()
    """The latest first."""

    @property
    def current(self) -> Issue | None:
        """The one that decides what is done."""
        return next(iter((*self.open, *self.closed)), None)

    @classmethod
    def of(cls, issues: Sequence[Issue]) -> Self:
        """Sort the issues about one thing."""
        ordered = sorted(issues, key=lambda issue: issue.number)
        return cls(
            open=tuple(issue for issue in ordered if issue.open),
            closed=tuple(issue for issue in reversed(ordered) if not issue.open),
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """What an issue is about; `repository` is empty where it is the tracker's own."""

    name: str
    """The id of a token, or the name of a notice."""
    repository: str = ""
    kind: str = "token"
    """`token`, or `notice` for an issue that is about none."""

    @property
    def mark(self) -> str:
        """The hidden mark in the body."""
        where = f" repository={self.repository}" if self.repository else ""
        return f"<!-- keyturn:{self.kind}={self.name}{where} -->"


@dataclass(frozen=True, slots=True)
class Life:
    """What tells one life of a token from the next; a renewal changes at least one of both."""

    token_id: str = ""
    """The provider's; empty where it did not say."""
    deadline: str = ""
    stored: str = ""
    """When the newest copy was written; tells lives apart only where nothing else can."""

    def continues(self, earlier: Life) -> bool:
        """Say whether this is the same life, as far as both are known."""
        pairs = ((self.token_id, earlier.token_id), (self.deadline, earlier.deadline))
        known = [now == then for now, then in pairs if now and then]
        if known:
            return all(known)
        # An older one means that the newest cannot be seen now.
        return not earlier.stored or self.stored <= earlier.stored

    def has_value_of(self, earlier: Life) -> bool | None:
        """Say whether it is the same token with the same value; None where nothing tells.

        Another date is no other value where the id stayed.
        """
        pairs = ((self.token_id, earlier.token_id), (self.deadline, earlier.deadline))
        return next((now == then for now, then in pairs if now and then), None)

    def including(self, earlier: Life) -> Life:
        """Return this life with what only an earlier look at it knew."""
        return Life(
            self.token_id or earlier.token_id,
            self.deadline or earlier.deadline,
            max(self.stored, earlier.stored),
        )


@dataclass(frozen=True, slots=True)
class Old:
    """The token that an issue asks to replace, as it was when that was first asked."""

    life: Life
    scopes: tuple[str, ...] = ()
    """Empty where nobody told them."""


def rule_of(fact: str) -> str:
    """Return the rule that a fact is about; of some it is `state` or `doubt`."""
    return fact.split()[0]


@dataclass(frozen=True, slots=True)
class Memory:
    """What an issue has said so far; holds names and dates, never a value."""

    life: Life
    facts: tuple[str, ...] = ()
    """Rules with their due dates, the token's state, and what is in doubt about its successor."""
    step: timedelta | None = None
    """The lowest rung of the ladder that was said; zero: the token is dead."""
    owners: Mapping[str, bool] = field(default_factory=dict)
    """Login -> assigned, or mentioned because that was refused."""
    reopened: bool = False
    """It was opened again after somebody closed it; that is done once."""
    resolved: bool = False
    """Closed by keyturn itself, for good."""
    old: Old | None = None
    """None where it asks for no other token."""

    @property
    def rules(self) -> frozenset[str]:
        """The rules whose findings it has said."""
        return frozenset(map(rule_of, self.facts)) - {"state", "doubt"}


class Kind(StrEnum):
    """What can be done about an issue."""

    OPEN = "open"
    UPDATE = "update"
    REOPEN = "reopen"
    CLOSE = "close"
    """As completed: the token is renewed."""
    DROP = "drop"
    """Close as not planned: the token is no longer declared."""
    FOLD = "fold"
    """Close as not planned: another issue is about the same."""
    END = "end"
    """Close as completed: a notice has nothing to say any more."""


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one issue; None and empty leave that part as it is."""

    kind: Kind
    subject: str
    """A token's id, or what a notice is called, which no token can be."""
    number: int = 0
    """0: the issue is yet to be opened."""
    title: str | None = None
    body: str | None = None
    comment: str | None = None
    assignees: tuple[str, ...] = ()
    """All that it is to have."""
    unlabel: tuple[str, ...] = ()
    """Labels to take off."""


def find_identity(body: str) -> Identity | None:
    """Return the first mark that stands outside the fence."""
    match = _MARK.search(_FENCE.sub("", body))
    return Identity(match[2], match[3] or "", match[1]) if match else None


def identify(name: str, kind: str, *, tracker: str, repository: str) -> Identity:
    """Return the identity of an issue about something of `repository`, kept in `tracker`."""
    same = tracker.lower() == repository.lower()
    return Identity(name, "" if same else repository, kind)


def group(issues: Iterable[Issue], kind: str, *, tracker: str, repository: str) -> dict[str, Found]:
    """Group the tracker's issues of one kind by what of `repository` they are about."""
    grouped: dict[str, list[Issue]] = {}
    for issue in issues:
        identity = find_identity(issue.body)
        if not identity or identity.kind != kind:
            continue
        if (identity.repository or tracker).lower() == repository.lower():
            grouped.setdefault(identity.name, []).append(issue)
    return {name: Found.of(found) for name, found in grouped.items()}


def read_memory(body: str) -> Memory | None:
    """Return what the fence remembers; None where it is missing or was edited out of shape."""
    match = _FENCE.search(body)
    if not match:
        return None
    try:
        data = json.loads(match["memory"])
        return _read(data) if data["v"] == 1 else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def write_body(body: str, *, identity: Identity, text: str, memory: Memory) -> str:
    """Return the body with the fence's text and memory replaced, or the fence put at its end.

    Returns the very same body where nothing but line ends would change.
    """
    body = body or f"{identity.mark}\n"
    known = read_memory(body)
    if known and _is_same_value(known.life, memory.life):
        text = _keep_ticks(body, text)
    outside = _FENCE.sub("", body, count=1)
    begin, end = f"<!-- keyturn:begin {_write(memory)} -->\n", "\n\n<!-- keyturn:end -->"
    room = MAX_BODY - len(outside) - len(begin) - len(end) - 2
    fence = begin + _shorten(text.strip(), room) + end
    match = _FENCE.search(body)
    if not match:
        return body + fence if body == f"{identity.mark}\n" else f"{body}\n\n{fence}"
    # GitHub's editor writes CRLF.
    if match[0].replace("\r\n", "\n") == fence:
        return body
    return body[: match.start()] + fence + body[match.end() :]


def with_memory(body: str, memory: Memory) -> str:
    """Return the body with another memory in its fence, and the text as it is."""
    match = _FENCE.search(body)
    if not match:
        return body
    return f"{body[: match.start('memory')]} {_write(memory)}{body[match.end('memory') :]}"


def _is_same_value(then: Life, now: Life) -> bool:
    """Say whether what was done with the value then is done now; another date is no other value."""
    if then.token_id and now.token_id:
        return then.token_id == now.token_id
    return now.continues(then)


def _keep_ticks(body: str, text: str) -> str:
    """Return the text with the boxes ticked that somebody ticked in the body.

    Of boxes that read the same, as many as were.
    """
    ticked = Counter(line[6:] for line in body.splitlines() if line[:6].lower() == "- [x] ")
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line[:6] == "- [ ] " and ticked[line[6:]] > 0:
            ticked[line[6:]] -= 1
            lines[number] = f"- [x] {line[6:]}"
    return "\n".join(lines)


def release_body(body: str) -> str:
    """Return the body of an issue that is no longer any token's."""
    return _MARK.sub(_RELEASED, body)


def _shorten(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    kept = text[: max(0, room - len(_CUT))]
    return kept[: kept.rfind("\n") + 1].rstrip() + _CUT


def _write(memory: Memory) -> str:
    data = {
        "v": 1,
        "life": [memory.life.token_id, memory.life.deadline, memory.life.stored],
        "facts": memory.facts,
        "step": None if memory.step is None else int(memory.step.total_seconds()),
        "owners": dict(memory.owners),
        "reopened": memory.reopened,
        "resolved": memory.resolved,
    }
    if memory.old:
        old = memory.old.life
        data["old"] = [old.token_id, old.deadline, old.stored, *memory.old.scopes]
    text = json.dumps(data, sort_keys=True)
    # Neither `-->` nor another mark can stand in it. Outside of strings there is no such character.
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.replace("--", "-\\u002d")


def _read(data: Any) -> Memory:
    step, owners, facts = data["step"], data["owners"], data["facts"]
    token_id, deadline, stored = data["life"]
    old = data.get("old")
    texts = [token_id, deadline, stored, *facts, *owners, *(old or ())]
    switches = [data["reopened"], data["resolved"], *owners.values()]
    numbers = [] if step is None else [step]
    if not (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(switch, bool) for switch in switches)
        and all(type(number) is int for number in numbers)
        and isinstance(facts, list)
    ):
        raise TypeError
    return Memory(
        life=Life(token_id, deadline, stored),
        facts=tuple(facts),
        step=None if step is None else timedelta(seconds=step),
        owners=owners,
        reopened=data["reopened"],
        resolved=data["resolved"],
        old=Old(Life(*old[:3]), tuple(old[3:])) if old else None,
    )
